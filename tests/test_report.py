"""The report: whole or absent, its numbers those of the tables, names of the user escaped."""

import os
import re
import subprocess
import sys
import warnings
from html import unescape
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy import integrate, stats

import priormap
from priormap import (
    ElasticNet,
    Gaussian,
    HalfCauchy,
    HalfNormal,
    InverseGamma,
    Jeffreys,
    Laplace,
    PriormapError,
    PriormapWarning,
    Regression,
    contrast,
    write_report,
)
from priormap.cli import run
from priormap.display.blocks import Picture
from priormap.report.beliefs import beliefs_table
from priormap.report.figures import FIGURES, _path_draws
from priormap.report.methods import number
from priormap.report.pages import inline_svg, mathml
from priormap.report.places import Place, place_of
from priormap.report.reproducing import fingerprint, source_of
from report_pages import HOSTILE, QUICK, hostile_report, tree

FEW = ["--draws", "50", "--tune", "50", "--prior", "gaussian"]
HEADINGS = [
    "In short",
    "The data",
    "What each prior believes",
    "The mode and the posterior",
    "Which prior the data favour",
    "The mode is the penalised fit",
    "Diagnostics",
    "Methods",
    "Make it again",
]


def small(n=40, p=3, seed=0, **options):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p))
    y = 2.0 * X[:, 0] + rng.normal(size=n)
    return Regression(X, y, **({"sigma": 1.0} | options))


@pytest.fixture(autouse=True)
def _few_draws_are_meant(monkeypatch):
    monkeypatch.setattr("priormap.report.figures._PATH_DRAWS", 30)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "these draws are not to be trusted", PriormapWarning)
        yield


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    return hostile_report(tmp_path_factory.mktemp("hostile") / "page.html").read_text("utf-8")


@pytest.fixture(scope="module")
def page(hostile):
    return tree(hostile)


@pytest.fixture
def csv(tmp_path):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    y = X @ [2.0, 0.0, -1.0] + rng.normal(size=60)
    rows = "\n".join(",".join(map(str, row)) for row in np.column_stack([X, y]).tolist())
    path = tmp_path / "data.csv"
    path.write_text(f"a,b,c,y\n{rows}\n")
    return path


# the page as a document


def test_it_is_one_document_without_script_or_address(hostile, page):
    assert hostile.startswith("<!doctype html>")
    (html,) = (child for child in page.children if not isinstance(child, str))
    assert html.attributes["lang"] == "en"
    assert not list(page.all("script", "img", "link", "iframe", "object"))
    for element in page.all():
        for name, value in element.attributes.items():
            assert not name.startswith("on")
            if name.endswith(("href", "src")):
                assert value.startswith("#")
    style = next(page.all("style")).text
    assert "url(" not in style
    assert "@import" not in style


def test_ids_are_unique_and_every_reference_arrives(hostile, page):
    ids = [element.attributes["id"] for element in page.all() if "id" in element.attributes]
    assert len(ids) == len(set(ids)) > 100
    pointed = re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)|aria-\w+by="([^"]+)"', hostile)
    assert {one for groups in pointed for one in groups if one} <= set(ids)


def test_headings_go_down_one_step_at_a_time(page):
    levels = [int(element.tag[1]) for element in page.all("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert [element.text for element in page.all("h2")] == HEADINGS


def test_tables_name_their_rows_and_columns(page):
    tables = list(page.all("table"))
    assert len(tables) >= 8
    for table in tables:
        assert next(table.all("caption")).text.strip()
        head, body = next(table.all("thead")), next(table.all("tbody"))
        columns = list(head.all("th"))
        assert all(cell.attributes["scope"] == "col" for cell in columns)
        for line in body.all("tr"):
            first, *rest = (cell for cell in line.children if not isinstance(cell, str))
            assert first.attributes["scope"] == "row"
            assert len(rest) == len(columns) - 1


def test_pictures_have_words(page):
    pictures = [svg for figure in page.all("figure") for svg in figure.all("svg")]
    assert len(pictures) >= 5
    by_id = {e.attributes["id"]: e for e in page.all() if "id" in e.attributes}
    for svg in pictures:
        assert svg.attributes["role"] == "img"
        assert len(by_id[svg.attributes["aria-labelledby"]].text) > 10
        assert len(by_id[svg.attributes["aria-describedby"]].text) > 60
        assert "viewbox" in svg.attributes
        assert "width" not in svg.attributes


def test_what_scrolls_can_be_reached_by_keyboard(page):
    for element in page.all("div"):
        if element.attributes.get("class") in {"table", "formula", "code"}:
            assert element.attributes["tabindex"] == "0"
            assert element.attributes["aria-label"]


def test_names_of_the_user_are_text(hostile, page):
    names = {cell.text for cell in page.all("th")}
    assert set(HOSTILE) <= names
    assert next(page.all("title")).text == "What a penalty believes about y </title>"
    assert "<script" not in hostile
    assert "<b>ridge" not in hostile
    assert "<i>file" not in hostile


def test_the_formulas_are_mathml(page):
    formulas = list(page.all("math"))
    assert len(formulas) >= 10
    numbers = {element.text for element in page.all("mn")}
    assert "50" in numbers  # rows


# numbers


def cells_of(page, caption):
    """Exact numbers of the table with this beginning of its caption, by row."""
    (table,) = (t for t in page.all("table") if next(t.all("caption")).text.startswith(caption))
    found = {}
    for line in next(table.all("tbody")).all("tr"):
        values = [float(data.attributes["value"]) for data in line.all("data")]
        found[next(line.all("th")).text] = values
    return found


def test_numbers_are_those_of_the_tables(tmp_path, monkeypatch):
    monkeypatch.setattr("priormap.report.figures.FIGURES", ())
    data = small()
    priors = {"ridge": Gaussian(0.5), "lasso": Laplace(0.1)}
    page = tree(write_report(data, priors, tmp_path / "r.html", **QUICK).read_text("utf-8"))
    table = contrast(data, priors, **QUICK)
    comparison = priormap.compare_map(data, priors)
    summary = cells_of(page, "Mode and posterior in one table")
    assert summary["coefficients exactly zero in the mode"] == table.summary["zeros_mode"].tolist()
    assert summary["R² of the posterior mean"] == table.summary["r2_mean"].tolist()
    for name in priors:
        mode = cells_of(page, f"{name}: the exact mode")
        rows = comparison.coefficients[comparison.coefficients["prior"] == name]
        columns = ["map", "penalised", "difference", "difference_default"]
        for feature, *values in rows[["feature", *columns]].to_numpy().tolist():
            assert mode[feature] == values
        posterior = cells_of(page, f"{name}: mode and posterior")
        rows = table.coefficients[table.coefficients["prior"] == name]
        columns = ["mode", "mean", "sd", "prob_positive", "prob_rope", "savs", "dss"]
        for feature, *values in rows[["feature", *columns]].to_numpy().tolist():
            assert posterior[feature] == values
        zeros = [e for e in page.all("td") if "zero" in e.attributes.get("class", "")]
        assert all(e.text == "0" for e in zeros)
    assert bool(zeros) == bool(table.summary["zeros_mode"].sum())


PRIORS = [Gaussian(0.7), Laplace(0.3), ElasticNet(0.3, 0.5), ElasticNet(0.5, 50.0)]


@pytest.mark.parametrize("prior", PRIORS, ids=repr)
def test_beliefs_are_integrals_of_the_density(prior):
    for share in (0.5, 0.95, 0.99):
        size = float(prior.interval(share))
        mass, _ = integrate.quad(lambda b: np.exp(float(prior.logpdf(b))), 0, size)
        assert 2 * mass == pytest.approx(share, abs=1e-9)
        assert float(prior.probability(size)) == pytest.approx(share, rel=1e-9)


def test_beliefs_of_limits():
    assert Gaussian(2.0).interval(0.95) == pytest.approx(2 * stats.norm.ppf(0.975))
    assert Laplace(np.inf).interval(0.5) == np.inf
    assert Gaussian(np.inf).probability(1.0) == 0.0
    np.testing.assert_allclose(Laplace([1.0, 2.0]).interval(0.5), [np.log(2), np.log(4)])


def test_a_constant_column_has_no_effect():
    data = small(p=2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PriormapWarning)
        wider = Regression(np.column_stack([data.X, np.ones(40)]), data.y, sigma=1.0)
        for own in (False, True):
            fits = [
                priormap.find_map(one, Laplace([0.3, 0.2, 0.1][: one.n_features] if own else 0.3))
                for one in (data, wider)
            ]
            # the last two rows are of draws
            first, second = (beliefs_table({"a": fit}, 0.1) for fit in fits)
            assert [row[1].text for row in first.rows[1:7]] == [
                row[1].text for row in second.rows[1:7]
            ]


def test_the_belief_about_r2_is_that_of_draws():
    data = small(p=2, sigma=0.5)
    fit = priormap.find_map(data, Laplace(0.4, scaled_by_noise=True))
    rows = {row[0].text: row[1] for row in beliefs_table({"a": fit}, 0.1).rows}
    coefs = Laplace(0.2).rvs((20000, 2), np.random.default_rng(3))
    explained = (coefs @ (data.X - data.X.mean(axis=0)).T).var(axis=1)
    expected = np.median(explained / (explained + 0.25))
    found = rows["R² that it expects of all columns at this sigma, median"].value
    assert found == pytest.approx(expected, abs=4 * 0.5 / np.sqrt(4000))  # a density near one


def test_beliefs_do_not_depend_on_the_units_of_columns():
    data = small(sigma=2.0)
    wide = Regression(data.X * [1.0, 10.0, 0.1], data.y, sigma=2.0)
    scaled = Laplace([0.4, 0.04, 4.0])
    for by_noise, factor in ((False, 1.0), (True, 2.0)):
        one = contrast(data, {"a": Laplace(0.4, scaled_by_noise=by_noise)}, **QUICK)
        two = contrast(wide, {"a": Laplace(scaled.scale, scaled_by_noise=by_noise)}, **QUICK)
        first, second = (beliefs_table(table.modes, 0.1) for table in (one, two))
        for left, right in zip(first.rows[1:], second.rows[1:], strict=True):
            assert left[1].text == right[1].text
        low = 0.4 * factor * np.sqrt(2) * data.column_sd
        assert float(first.rows[1][1].text.split(" to ")[0]) == pytest.approx(low.min(), rel=1e-3)


# reproduction


def exact(value):
    return eval(source_of(value), {"pmap": priormap})


@pytest.mark.parametrize(
    "value",
    [
        Gaussian(1 / 3),
        Laplace([0.1, 1 / 3], scaled_by_noise=True),
        Laplace(HalfCauchy(1 / 7)),
        ElasticNet(1 / 3, np.inf),
        Gaussian(np.inf),
        HalfNormal(1 / 3),
        InverseGamma(2.0, 1 / 3),
        Jeffreys(),
    ],
    ids=repr,
)
def test_code_of_priors_is_exact(value):
    assert exact(value) == value


def test_the_code_on_the_page_gives_its_numbers(csv, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("priormap.report.figures.FIGURES", FIGURES[:1] + FIGURES[4:5])
    command = ["report", "data.csv", "--target", "y", "--draws", "100", "--tune", "100"]
    assert run([*command, "-o", "r.html"]) == 0
    text = (tmp_path / "r.html").read_text("utf-8")
    page = tree(text)
    (code,) = (c.text for c in page.all("code") if c.attributes["class"] == "language-python")
    script = code + (
        "table.coefficients.to_csv('numbers.csv', index=False)\n"
        "print(sum(len(one.coefficients) for one in comparisons.values()))\n"
    )
    flags = ["-W", "ignore::priormap.PriormapWarning"]
    done = subprocess.run(
        [sys.executable, *flags, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": str(Path(priormap.__file__).parents[1])},
    )
    assert done.stdout.splitlines()[-1] == "6"
    rows = np.genfromtxt("numbers.csv", delimiter=",", names=True, dtype=None, encoding="utf-8")
    for name in ("gaussian", "laplace"):
        shown = cells_of(page, f"{name}: mode and posterior")
        for line in rows[rows["prior"] == name]:
            mode, mean, *_ = shown[line["feature"]]
            assert (mode, mean) == (line["mode"], line["mean"])
    (shell,) = (c.text for c in page.all("code") if c.attributes["class"] == "language-sh")
    capsys.readouterr()
    assert run([*shell.split()[1:], "--force"]) == 0
    assert (tmp_path / "r.html").read_text("utf-8") == text


def test_the_default_data_have_code_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("priormap.report.figures.FIGURES", ())
    assert run(["report", *FEW]) == 0
    page = tree((tmp_path / "report.html").read_text("utf-8"))
    (code,) = (c.text for c in page.all("code") if c.attributes["class"] == "language-python")
    session = {}
    exec(code.split("# the mode")[0], session)
    assert session["data"].n_rows == 442
    stated = next(t for t in page.all("th") if t.text.startswith("SHA-256"))
    assert fingerprint(session["data"]) in page.text
    assert stated


def test_the_fingerprint_tells_data_apart():
    data = small()
    X = np.array(data.X)
    assert fingerprint(Regression(X, data.y)) == fingerprint(data)
    from scipy import sparse

    assert fingerprint(Regression(sparse.csr_array(X), data.y, sigma=1.0)) == fingerprint(data)
    X[3, 1] = np.nextafter(X[3, 1], 9)
    assert fingerprint(Regression(X, data.y)) != fingerprint(data)
    assert fingerprint(Regression(data.X, data.y, names=("x0", "x1", "z"))) != fingerprint(data)


def test_without_a_seed_the_page_states_the_one_it_took(tmp_path, monkeypatch):
    monkeypatch.setattr("priormap.report.figures.FIGURES", ())
    options = QUICK | {"random_seed": None}
    pages = [
        write_report(small(p=1), {"a": Gaussian(1.0)}, tmp_path / f"{k}.html", **options)
        for k in range(2)
    ]
    seeds = [re.search(r"random_seed=(\d+)", page.read_text("utf-8"))[1] for page in pages]
    assert seeds[0] != seeds[1]


# shapes of data


@pytest.mark.parametrize(
    "data",
    [
        small(p=1),
        small(n=20, p=35, sigma=None, seed=1),
        small(p=3, sigma=Jeffreys(), standardize=True),
        small(p=3, intercept=False),
    ],
    ids=["one column", "more columns than rows", "unknown noise", "no intercept"],
)
def test_every_shape_of_data_has_a_page(data, tmp_path, monkeypatch):
    monkeypatch.setattr("priormap.report.figures._MOST_PATHS", 0)  # fifteen posteriors each
    priors = {"ridge": Gaussian(0.5), "lasso": Laplace(0.1)}
    page = tree(write_report(data, priors, tmp_path / "r.html", **QUICK).read_text("utf-8"))
    shown = cells_of(page, "lasso: mode and posterior")
    assert len(shown) == min(data.n_features, 30)
    left = re.search(r"The 30 columns that move y most; (\d+) more are left out", page.text)
    assert (left is not None) == (data.n_features > 30)
    if left:
        assert int(left[1]) == data.n_features - 30
        effect = contrast(data, priors, **QUICK).coefficients.groupby("feature")["mean"]
        size = (
            effect.apply(lambda mean: mean.abs().max())
            * dict(zip(data.names, data.unit.x_norm, strict=True)).values().__len__() ** 0
        )
        assert set(shown) <= set(size.index)


def test_scales_of_their_own_and_flat_columns(tmp_path, monkeypatch):
    monkeypatch.setattr("priormap.report.figures.FIGURES", ())
    data = small()
    priors = {"own": Laplace([0.1, 0.2, np.inf]), "noise": Gaussian(1.0, scaled_by_noise=True)}
    text = write_report(data, priors, tmp_path / "r.html", **QUICK).read_text("utf-8")
    assert "every column has its own penalty" in text
    assert "∞" in text


def test_wide_data_get_fewer_posteriors_along_their_path():
    fits = {p: priormap.find_map(small(n=20, p=p), Laplace(0.5)) for p in (3, 60, 320)}
    draws = [_path_draws(fit) for fit in fits.values()]
    assert draws[0] > draws[1] > draws[2] == 0
    exact = priormap.find_map(small(n=20, p=320), Gaussian(0.5))
    assert _path_draws(exact) == draws[0]


# Markdown


def test_markdown_has_its_figures_beside_it(tmp_path):
    path = hostile_report(tmp_path / "my report.md")
    text = path.read_text("utf-8")
    linked = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text)
    assert {link.split("/")[0] for link in linked} == {"my%20report_files"}
    files = {one.name for one in (tmp_path / "my report_files").iterdir()}
    assert {link.split("/")[1] for link in linked} == files
    assert len(files) >= 5
    assert all((tmp_path / "my report_files" / name).read_bytes()[1:4] == b"PNG" for name in files)
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    assert r"\<script\>alert(1)\</script\>" in prose
    assert "<script" not in prose.replace(r"\<script", "")
    assert r"pipe \| star \* \`tick\` \$x\$" in text
    assert r"\frac{" in text


def test_markdown_tables_are_tables(tmp_path):
    path = write_report(small(p=1), {"ridge": Gaussian(1.0)}, tmp_path / "r.md", **QUICK)
    blocks = re.findall(r"^\|.*\n\|:---(?:\|.*\n)+", path.read_text("utf-8"), re.MULTILINE)
    assert len(blocks) >= 6
    for block in blocks:
        lines = block.splitlines()
        assert re.fullmatch(r"\|:---\|(---:\|)+", lines[1])
        assert len(lines) > 2
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in lines}) == 1


# places


def test_an_existing_report_is_kept_unless_forced(tmp_path):
    path = tmp_path / "r.html"
    path.write_text("kept")
    with pytest.raises(PriormapError, match="exists"):
        write_report(None, None, path)  # refused before it looks at anything else
    assert path.read_text() == "kept"
    Place(path, "html", force=True).write("new")
    assert path.read_text() == "new"


def test_only_pictures_are_replaced(tmp_path):
    path = tmp_path / "r.md"
    Place(path, "markdown", force=False).write("", {"one.png": b""})
    path.unlink()
    with pytest.raises(PriormapError, match="r_files exists"):
        Place(path, "markdown", force=False)
    (tmp_path / "r_files" / "thesis.tex").write_text("years of work")
    with pytest.raises(PriormapError, match=r"thesis\.tex"):
        Place(path, "markdown", force=True)
    assert (tmp_path / "r_files" / "thesis.tex").read_text() == "years of work"


@pytest.mark.parametrize(
    ("name", "format", "expected"),
    [
        ("r.html", None, "html"),
        ("r.md", None, "markdown"),
        ("r.MARKDOWN", None, "markdown"),
        ("r", None, "html"),
        ("r.txt", "markdown", "markdown"),
        ("r.md", "html", "html"),
    ],
)
def test_the_ending_names_the_format_unless_it_is_given(name, format, expected, tmp_path):
    assert place_of(tmp_path / name, format, force=False).format == expected


def test_an_unknown_format_is_refused(tmp_path):
    with pytest.raises(PriormapError, match="format must be html or markdown, got 'pdf'"):
        write_report(None, None, tmp_path / "r.pdf", format="pdf")


@pytest.mark.parametrize("images", [None, {"one.png": b"new"}], ids=["html", "markdown"])
@pytest.mark.parametrize("failure", [KeyboardInterrupt, OSError(28, "No space left on device")])
@pytest.mark.parametrize("method", ["write_text", "write_bytes", "rename", "replace"])
@pytest.mark.parametrize("old", [False, True])
def test_a_failure_while_writing_leaves_what_was_there(
    images, failure, method, old, tmp_path, monkeypatch
):
    place = Place(tmp_path / "r.md", "markdown" if images else "html", force=True)
    if old:
        place.write("old", images and {"old.png": b"old"})
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    def fails(self, *args, **options):
        raise failure

    monkeypatch.setattr(f"pathlib.Path.{method}", fails)
    if images is None and method in {"write_bytes", "rename"}:
        place.write("new")  # HTML needs neither
        assert [path.read_text() for path in tmp_path.iterdir()] == ["new"]
        return
    expected = KeyboardInterrupt if failure is KeyboardInterrupt else PriormapError
    with pytest.raises(expected):
        place.write("new", images)
    monkeypatch.undo()
    after = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert after == before
    assert old or list(tmp_path.iterdir()) == []


def test_a_new_report_replaces_an_old_one_whole(tmp_path):
    place = Place(tmp_path / "r.md", "markdown", force=True)
    place.write("old", {"old.png": b"old"})
    place.write("new", {"new.png": b"new"})
    assert {path.name for path in tmp_path.rglob("*")} == {"r.md", "r_files", "new.png"}
    assert place.file.read_text() == "new"


def test_an_interrupted_figure_leaves_nothing(tmp_path, monkeypatch):
    def interrupted(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("priormap.plots.embedding.embedded_figure", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_report(small(p=1), {"ridge": Gaussian(1.0)}, tmp_path / "r.html", **QUICK)
    assert list(tmp_path.iterdir()) == []


def test_progress_is_told_no_figure_stays_open_and_one_that_refuses_leaves_a_sentence(
    tmp_path, monkeypatch
):
    from matplotlib import pyplot as plt

    def refuses(*args, **options):
        raise PriormapError("scale <is> odd")

    monkeypatch.setattr("priormap.plots.one_coefficient.Shrinkage.compute", refuses)
    before, told, data = plt.get_fignums(), [], small(p=1, standardize=True)
    options = QUICK | {"progress": told.append}
    path = write_report(data, {"ridge": Gaussian(1.0)}, tmp_path / "r.html", **options)
    said = unescape(path.read_text("utf-8"))
    assert "What each prior does to one effect: not drawn, because scale <is> odd." in said
    assert plt.get_fignums() == before
    assert told[0] == "sampling the posteriors"
    assert told[-1] == "writing the page"
    assert len(told) > 4


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-o", "{old}"], "exists"),
        (["-o", "{folder}"], "is a folder"),
        (["-o", "{folder}/no/r.html"], "does not exist"),
        (["-o", "-"], "name a file"),
        (["-o", "{new}", "--format", "pdf"], "--format"),
        (["-o", "{new}", "--prior", "gumbel"], "--prior"),
        (["-o", "{new}", "--draws", "0"], "draws must be a positive integer"),
        (["-o", "{new}", "--rope", "-1"], "rope"),
        (["-o", "{new}", "--sigma", "none"], "sigma"),
        (["-o", "{new}", "--target", "z"], "target 'z' is not a column"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(arguments, words, csv, tmp_path, capsys):
    old, new = tmp_path / "old.html", tmp_path / "new.html"
    old.write_text("kept")
    rest = [text.format(old=old, new=new, folder=tmp_path) for text in arguments]
    target = [] if "--target" in rest else ["--target", "y"]
    assert run(["report", str(csv), *target, *rest]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert words in captured.err
    assert len(captured.err.splitlines()) == 1
    assert old.read_text() == "kept"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data.csv", "old.html"]


def test_a_folder_that_may_not_be_written_is_refused_first(tmp_path, monkeypatch):
    monkeypatch.setattr("os.access", lambda *args: False)  # root may write anywhere
    with pytest.raises(PriormapError, match="cannot be written"):
        write_report(None, None, tmp_path / "r.html")


def test_the_shell_is_quiet_in_a_pipe_and_choices_are_on_the_page(
    csv, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr("priormap.report.figures.FIGURES", ())
    path = tmp_path / "r.html"
    assert run(["report", str(csv), "--target", "y", *FEW, "-o", str(path)]) == 0
    captured = capsys.readouterr()
    assert "\x1b[" not in captured.out + captured.err
    assert captured.out.splitlines()[-1] == f"written: {path}"
    text = unescape(path.read_text("utf-8"))
    about_data, *choices = captured.out.splitlines()[:-1]
    assert len(choices) == 3
    assert "data.csv, 60 rows" in about_data
    page = tree(path.read_text("utf-8"))
    items = [item.text for item in page.all("li")]
    for said in choices:  # without the options that make another choice
        sentence = re.sub(r" \([^()]*--[^()]*\)", "", said)
        assert sentence[0].upper() + sentence[1:] in items
    assert "data.csv" in text
    prose = "".join(e.text for e in page.all("p", "li", "th", "td", "figcaption", "caption"))
    assert "--" not in prose
    assert str(tmp_path) not in text


def test_a_terminal_sees_what_is_under_way(csv, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("priormap.report.figures.FIGURES", ())
    monkeypatch.setattr("rich.console.Console.is_terminal", True)
    path = tmp_path / "r.html"
    assert run(["report", str(csv), "--target", "y", *FEW, "-o", str(path)]) == 0
    captured = capsys.readouterr()
    assert "\x1b[" in captured.err
    assert "writing the page" in captured.err
    assert "\x1b[" not in captured.out


# pieces


def test_inline_svg_gives_every_picture_its_own_names():
    svg = (
        b'<?xml version="1.0"?><!DOCTYPE svg><svg width="10pt" height="5pt" viewBox="0 0 10 5">'
        b'<metadata>x</metadata><defs><style type="text/css">*{a:b}</style><clipPath id="p1"/>'
        b'</defs><!-- id="no" --><g id="a" clip-path="url(#p1)"><use xlink:href="#a"/></g></svg>'
    )
    text = inline_svg(Picture("fig", "A & B", "caption", svg))
    assert text == (
        '<svg viewBox="0 0 10 5" role="img" aria-labelledby="fig-title" '
        'aria-describedby="fig-caption"><title id="fig-title">A &amp; B</title><defs>'
        '<clipPath id="fig-p1"/></defs><g id="fig-a" clip-path="url(#fig-p1)">'
        '<use xlink:href="#fig-a"/></g></svg>'
    )


def test_numbers_in_formulas_have_powers_of_ten():
    assert number(-1.5) == "-1.5"
    assert number(2e-12) == r"2 \times 10^{-12}"
    assert number(np.inf) == r"\infty"


def test_formulas_are_signs_and_words_that_a_browser_can_read():
    (formula,) = tree(mathml(r"\sigma^{2} \sim \mathrm{l1\_ratio} \cdot -2.5")).all("math")
    said = [(e.tag, e.text) for e in formula.all("mi", "mo", "mn", "mtext")]
    assert said == [
        *(("mi", "σ"), ("mn", "2"), ("mo", "∼"), ("mtext", "l1_ratio")),
        *(("mo", "·"), ("mo", "−"), ("mn", "2.5")),
    ]
    assert "xmlns" not in mathml("a")
