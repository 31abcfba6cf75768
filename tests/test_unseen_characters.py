"""Names that hold what moves a terminal: shown as escapes in every text, kept in every file."""

import json
import re
import unicodedata

import numpy as np
import pandas as pd
import pytest
from matplotlib import font_manager, rc_context
from matplotlib.figure import Figure
from matplotlib.text import Text

import priormap as pmap
from priormap.cli import run
from priormap.display.csv import as_csv
from priormap.display.json import as_json
from priormap.errors import PriormapError, PriormapWarning, visible
from priormap.plots import fonts, plot_contrast, plot_geometry_panel, save_figure

NAMES = [
    *("esc\x1b[31m", "bell\x07", "turned\u202e", "csi\x9b31m", "zero\u200b", "line\nend"),
    *("return\r", "[red]tag", "$x$", "paragraph\u2029", "del\x7f", "年齢"),
]
TARGET = "t\x1b]0;title\x07"
UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, len(NAMES)))
    return pd.DataFrame(X, columns=NAMES).assign(**{TARGET: 2 * X[:, 0] + rng.normal(size=40)})


@pytest.fixture
def csv(frame, tmp_path):
    path = tmp_path / "x.csv"
    path.write_text(as_csv(frame), encoding="utf-8", newline="")
    return str(path)


def unseen(text):
    return {one for one in text if one != "\n" and unicodedata.category(one) in UNSEEN}


COMMANDS = {
    "compare": ["--prior", "laplace"],
    "contrast": ["--prior", "laplace", "--draws", "50", "--seed", "1"],
    "path": ["--prior", "laplace"],
    "explain": ["sklearn.Lasso", "--alpha", "0.1"],
    "convert": ["0.1", "--from", "sklearn.Lasso", "--to", "glmnet", "--data"],
}


@pytest.mark.parametrize("terminal", [False, True])
@pytest.mark.parametrize("name", COMMANDS)
def test_commands_show_escapes(name, terminal, csv, capsys, monkeypatch):
    if terminal:
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setenv("COLUMNS", "150")
    words = COMMANDS[name]
    data = [*words, csv] if name in {"explain", "convert"} else [csv, *words]
    assert run([name, *data, "--target", TARGET]) == 0
    shown = capsys.readouterr()
    out = re.sub(r"\x1b\[[0-9;]*m", "", shown.out)
    assert not unseen(out + shown.err)
    if name in {"compare", "contrast", "explain"}:
        assert r"esc\x1b[31m" in out
        assert "[red]tag" in out  # no markup


@pytest.mark.parametrize(
    "words",
    [["--target", "no\x1b"], [], ["--prior", "\x1b"], ["--sig\x9b"], ["--json", "no\u202e/q"]],
)
def test_refusals_show_escapes(words, csv, capsys):
    assert run(["compare", csv, *words]) == 2
    assert not unseen(capsys.readouterr().err)


def test_names_out_of_bytes_that_are_no_text(capsys):
    assert run(["compare", "\udcff.csv", "--target", "y"]) == 2
    assert r"\udcff.csv does not exist" in capsys.readouterr().err


def test_json_and_csv_hold_the_names(csv, tmp_path, capsys):
    assert run(["compare", csv, "--target", TARGET, "--prior", "laplace", "--json", "-"]) == 0
    out = capsys.readouterr().out
    assert not unseen(out)
    (prior,) = json.loads(out)["priors"]
    assert [row["feature"] for row in prior["coefficients"]] == NAMES
    table = tmp_path / "table.csv"
    assert run(["compare", csv, "--target", TARGET, "--prior", "laplace", "--csv", str(table)]) == 0
    assert pd.read_csv(table)["feature"].tolist() == NAMES
    assert as_json({"a\x85": "\udcff"}) == '{\n  "a\\u0085": "\\udcff"\n}\n'


def test_results_warnings_and_errors_show_escapes(frame):
    data = pmap.Regression.from_frame(frame, TARGET, sigma=1.0)
    fit = pmap.find_map(data, pmap.Laplace(0.1))
    explained = pmap.explain_penalty("sklearn.Lasso", alpha=0.1, data=data, coef=fit.coef)
    for result in (fit, fit.certificate, explained, pmap.compare_map(data, {"\x1b": fit.prior})):
        assert not unseen(f"{result!r}{result}")
        if hasattr(result, "_repr_html_"):
            assert not unseen(result._repr_html_())
    twin = frame.assign(**{"\x1bc": frame[NAMES[1]]})
    with pytest.warns(PriormapWarning) as caught:
        pmap.Regression.from_frame(twin, TARGET, sigma=1.0)
    assert not any(unseen(str(one.message)) for one in caught)
    assert str(PriormapError("a\nb\x00")) == r"a\nb\x00"
    assert visible("naïve 年齢 a\N{NO-BREAK SPACE}b") == "naïve 年齢 a\N{NO-BREAK SPACE}b"


@pytest.mark.parametrize("name", ["r.html", "r.md"])
def test_pages_show_escapes(name, csv, tmp_path, capsys):
    page = tmp_path / name
    few = ["--prior", "laplace", "--draws", "50", "--seed", "1"]
    assert run(["report", csv, "--target", TARGET, "-o", str(page), *few]) == 0
    assert not unseen(page.read_text(encoding="utf-8"))
    assert not unseen(capsys.readouterr().err)


# figures


@pytest.fixture(scope="module")
def two():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(50, 2))
    return X, X @ [1.0, 0.5] + rng.normal(size=50)


def panel(two, names, **style):
    with rc_context(style):
        ax = Figure().subplots()
        data = pmap.Regression(*two, sigma=1.0, names=names)
        plot_geometry_panel(data, pmap.Laplace(1.0), ax=ax)
    return ax


def test_labels_are_plain_and_show_escapes(two, tmp_path):
    ax = panel(two, ["$x$ in $", "a\x1b\n"])
    assert ax.get_xlabel().endswith("$x$ in $")
    assert not ax.xaxis.label.get_parse_math()
    assert ax.get_ylabel().endswith(r"a\x1b\n")
    save_figure(ax, tmp_path / "a.svg", caption="\x1b")
    assert not unseen((tmp_path / "a.svg").read_text(encoding="utf-8"))


def test_a_font_that_has_the_characters_is_taken(two, tmp_path):
    ax = panel(two, ["возраст", "age"], **{"font.family": "cmss10"})
    assert ax.xaxis.label.get_fontfamily()[0] == "cmss10"
    assert "DejaVu Sans" in ax.xaxis.label.get_fontfamily()
    assert ax.yaxis.label.get_fontfamily() == ["cmss10"]


def test_what_no_font_has_is_said_once(two, monkeypatch, tmp_path):
    monkeypatch.setattr(fonts, "_system_fonts", dict)
    fonts._fallback.cache_clear()
    with pytest.warns(PriormapWarning, match="no font here has 年, 齢") as caught:
        ax = panel(two, ["年齢", "年"])
    assert len(caught) == 1
    save_figure(ax, tmp_path / "a.png")  # matplotlib says no more of it
    fonts._fallback.cache_clear()


def test_a_system_with_such_a_font_shows_no_box(two, tmp_path):
    families, lacking = fonts._fallback(frozenset("年齢"))
    if lacking:
        pytest.skip("no font here has CJK")
    ax = panel(two, ["年齢", "年"])
    path = font_manager.findfont(font_manager.FontProperties(family=[families[0]]))
    assert font_manager.get_font(path).get_char_index(ord("年"))
    assert families[0] in ax.xaxis.label.get_fontfamily()
    for ending in ("png", "svg", "pdf"):
        save_figure(ax, tmp_path / f"a.{ending}")


def test_texts_of_the_caller_stay(two):
    figure = Figure()
    ax = figure.subplots()
    ax.set_title("$R^2$ by me")
    data = pmap.Regression(*two, sigma=1.0)
    plot_contrast(pmap.contrast(data, {"a": pmap.Gaussian(1.0)}, random_seed=1), ax=ax)
    (mine,) = (one for one in figure.findobj(Text) if "R^2" in one.get_text())
    assert mine.get_parse_math()
