"""``priormap figures``: every figure with its caption and numbers, checked before it draws."""

import io
import re
import sys
import xml.etree.ElementTree as ET
from collections import Counter

import matplotlib.image
import numpy as np
import pandas as pd
import pytest

from priormap import Gaussian, Laplace, PriormapError, PriormapWarning, Regression, contrast, plots
from priormap.cli import run
from priormap.plots import geometry, paths, predictive, save_figure, write_figures
from priormap.plots.figure import Figure
from priormap.plots.gallery import data_pictures, prior_pictures
from priormap.plots.register import FIGURES
from priormap.plots.style import without_windows
from priormap.posterior.rao_blackwell import RaoBlackwell

OWN = ["prior-shapes", "pull", "shrinkage", "shrinkage-profile"]
OF_DATA = [
    "prior-predictive",
    "geometry",
    "path-gaussian",
    "path-laplace",
    "coefficient-shrinkage",
    "contrast",
    "posterior-vs-map",
    "nonzero-counts",
    "joint-gaussian",
    "joint-laplace",
]


def frame(n=40, p=3):
    rng = np.random.default_rng(4)
    X = rng.normal(size=(n, p))
    y = X @ np.resize([1.0, -0.6, 0.0], p) + rng.normal(0.0, 0.7, n)
    return pd.DataFrame(X, columns=[f"c{j}" for j in range(p)]).assign(y=y)


@pytest.fixture(scope="module")
def table():
    rows = frame()
    data = Regression(rows.drop(columns="y"), rows["y"], sigma=0.7)
    return contrast(data, {"gaussian": Gaussian(0.5), "laplace": Laplace(0.1)}, random_seed=1)


@pytest.fixture(scope="module")
def folder(table, tmp_path_factory):
    """All figures of the table as PNG, with their numbers."""
    folder = tmp_path_factory.mktemp("figures")
    write_figures(folder, "png", table, tables=True)
    return folder


@pytest.fixture
def data_file(tmp_path):
    file = tmp_path / "rows.csv"
    frame().to_csv(file, index=False)
    return file


def refused(capsys, *arguments):
    assert run(["figures", *map(str, arguments)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err


# what is written


def test_without_data_those_of_the_priors_and_their_captions(tmp_path, capsys):
    folder = tmp_path / "new" / "deep"
    assert run(["figures", "-o", str(folder)]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out == [str(folder / name) for name in [f"{n}.png" for n in OWN] + ["captions.txt"]]
    assert sorted(out) == sorted(map(str, folder.iterdir()))
    text = (folder / "captions.txt").read_text(encoding="utf-8")
    blocks = dict(block.split("\n", 1) for block in text.strip().split("\n\n"))
    assert blocks == {
        "prior-shapes.png": plots.prior_shapes_caption(),
        "pull.png": plots.pull_caption(),
        "shrinkage.png": plots.shrinkage_caption(),
        "shrinkage-profile.png": plots.shrinkage_profile_caption(),
    }


def test_with_data_every_figure_its_caption_and_its_numbers(data_file, tmp_path, capsys):
    folder = tmp_path / "out"
    arguments = ["--target", "y", "--sigma", "0.7", "--data", "-o", str(folder), "--format", "svg"]
    pair = ["--feature", "c2", "--feature", "c1"]
    assert run(["figures", str(data_file), *arguments, *pair]) == 0
    written = [line.rpartition("/")[2] for line in capsys.readouterr().out.splitlines()]
    assert sorted(written) == sorted(path.name for path in folder.iterdir())
    figures = [name.removesuffix(".svg") for name in written if name.endswith(".svg")]
    assert figures == OWN + OF_DATA
    captions = (folder / "captions.txt").read_text(encoding="utf-8")
    for name in figures:
        assert f"{name}.svg\n" in captions
        root = ET.parse(folder / f"{name}.svg").getroot()
        tags = {element.tag.rpartition("}")[2] for element in root.iter()}
        assert "text" not in tags, "glyphs are paths"
        description = next(e.text for e in root.iter() if e.tag.endswith("}description"))
        assert f"{name}.svg\n{description}\n" in captions + "\n", "the caption is in the metadata"
        numbers = pd.read_csv(folder / f"{name}.csv")
        assert len(numbers) > 2
    modes = pd.read_csv(folder / "coefficient-shrinkage.csv")
    rows = frame()
    X = np.column_stack([np.ones(40), rows.drop(columns="y")])
    free = np.linalg.lstsq(X, rows["y"], rcond=None)[0][1:] * np.std(X[:, 1:], axis=0)
    found = modes.drop_duplicates("feature").set_index("feature")["least_squares"]
    np.testing.assert_allclose(found[["c0", "c1", "c2"]], free, rtol=1e-9)
    points = pd.read_csv(folder / "geometry-points.csv")
    assert (set(points["x_feature"]), set(points["y_feature"])) == ({"c2"}, {"c1"})
    assert "Coefficients of c2 and c1 under" in captions


def test_a_table_is_that_of_the_figure_beside_it(table, folder):
    data = table.modes["laplace"].data
    for name, expected in {
        "path-laplace": plots.path_table(data, Laplace(0.1)),
        "path-laplace-posterior": plots.path_posterior_table(data, Laplace(0.1)),
        "contrast": plots.contrast_table(table),
        "nonzero-counts-points": plots.nonzero_counts_points_table(table),
        "pull-steps": plots.pull_steps_table(),
    }.items():
        text = expected.to_csv(index=False)
        assert (folder / f"{name}.csv").read_text(encoding="utf-8") == text
        pd.testing.assert_frame_equal(pd.read_csv(io.StringIO(text)), expected, check_dtype=False)


def test_the_same_figures_are_the_same_bytes(table, tmp_path, monkeypatch):
    def two(*given):
        return [p for p in data_pictures(*given) if p.name in {"geometry", "path-laplace"}]

    monkeypatch.setattr("priormap.plots.writing.data_pictures", two)
    first, second = (write_figures(tmp_path / name, "pdf", table) for name in ("one", "two"))
    assert len(first) == 7
    for a, b in zip(first, second, strict=True):
        assert a.read_bytes() == b.read_bytes()
        assert b"/Type3" not in a.read_bytes()


def test_nothing_is_cut_off_at_the_border(folder):
    images = sorted(folder.glob("*.png"))
    assert len(images) == 14
    for path in images:
        image = matplotlib.image.imread(path)[..., :3]
        for border in (image[0], image[-1], image[:, 0], image[:, -1]):
            assert (border == 1).all(), path.name
        assert image.shape[1] == 3.4 * 300


def test_figures_for_files_open_no_window(table):
    plt = sys.modules.get("matplotlib.pyplot")
    opened = plt.get_fignums() if plt else []
    with without_windows():
        axes = plots.plot_contrast(table)
    assert axes.figure.get_size_inches()[0] == 3.4
    plt = sys.modules.get("matplotlib.pyplot")
    assert (plt.get_fignums() if plt else []) == opened


def test_names_of_files_are_known_before_the_data(table):
    pictures = data_pictures(list(table.priors), lambda: table, ("c0", "c1"))
    assert [picture.name for picture in pictures] == OF_DATA
    odd = data_pictures(["my / prior"], lambda: table, ("c0", "c1"))
    assert "path-my-prior" in [picture.name for picture in odd]
    assert [picture.name for picture in prior_pictures()] == OWN


def test_one_column_has_all_figures_but_those_of_two(tmp_path, capsys):
    file = tmp_path / "one.csv"
    frame(p=1).to_csv(file, index=False)
    folder = tmp_path / "out"
    command = ["figures", str(file), "--target", "y", "--sigma", "0.7", "-o", str(folder)]
    assert run(command) == 0
    out, err = capsys.readouterr()
    missing = {"geometry.png", "joint-gaussian.png", "joint-laplace.png"}
    assert set(re.findall(r"warning: (\S+) is left out", err)) == missing
    assert "plot_path and plot_posterior_vs_map show one" in err
    assert not missing & {path.name for path in folder.iterdir()}
    assert len(out.splitlines()) == 12


def test_more_columns_than_a_figure_shows_are_counted(tmp_path):
    rows = frame(n=80, p=16)
    data = Regression(rows.drop(columns="y"), rows["y"], sigma=0.7)
    many = contrast(data, {"ridge": Gaussian(0.5)}, random_seed=1)
    write_figures(tmp_path, "svg", many)
    captions = (tmp_path / "captions.txt").read_text(encoding="utf-8")
    assert "Shown are 12 of 16 columns; 4 left out." in captions
    assert "Shown are 4 of 16 columns; 12 left out." in captions
    assert "13 other columns are grey." in captions


def test_every_density_is_computed_once_for_all_files(table, tmp_path, monkeypatch):
    """Drawing, caption and table of a figure read the same numbers."""
    counts = Counter()

    def counted(owner, name):
        computed = getattr(owner, name)

        def count(*given, **options):
            counts[name] += 1
            return computed(*given, **options)

        monkeypatch.setattr(owner, name, count)

    counted(RaoBlackwell, "density")
    counted(RaoBlackwell, "joint_density")
    counted(geometry, "two_columns")
    for name in ("drawn_of", "distribution_table", "quantile_table"):
        counted(predictive, name)
    counted(paths, "path_table")
    write_figures(tmp_path, "svg", table, tables=True)
    features, priors = table.data.n_features, len(table.priors)
    assert counts == {
        "density": features * (priors - 1),  # that under the Gaussian prior is normal
        "joint_density": priors - 1,
        "two_columns": 1,
        "drawn_of": 1,
        "distribution_table": 1,
        "quantile_table": 1,
        "path_table": priors,
    }


@pytest.mark.parametrize("entry", FIGURES, ids=lambda entry: entry.name)
def test_the_register_says_what_there_is(entry):
    loaded = entry.load()
    assert issubclass(loaded, Figure)
    assert all(callable(getattr(plots, name)) for name in entry.functions)
    assert {"of", "compute", "draw", "caption"} <= set(vars(loaded))


# bad input


def test_an_existing_file_is_refused_before_anything_is_drawn(tmp_path, capsys, monkeypatch):
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "shrinkage.png").write_bytes(b"mine")
    monkeypatch.setattr("priormap.tables.contrast", lambda *_, **__: pytest.fail("computed"))
    monkeypatch.setattr("priormap.plots.writing.rendered", lambda *_: pytest.fail("drawn"))
    for data in ([], ["--dataset", "diabetes"]):
        error = refused(capsys, *data, "-o", folder)
        assert re.search(r"shrinkage\.png exists; name another folder, or replace .*--force", error)
    (folder / "shrinkage.png").rename(folder / "path-laplace.png")
    assert "path-laplace.png exists" in refused(capsys, "--dataset", "diabetes", "-o", folder)
    (folder / "path-laplace.png").rename(folder / "pull.csv")
    assert "pull.csv exists" in refused(capsys, "-o", folder, "--data")
    assert (folder / "pull.csv").read_bytes() == b"mine"


def test_force_replaces_and_leaves_strangers_alone(tmp_path, capsys):
    (tmp_path / "pull.png").write_bytes(b"old")
    (tmp_path / "mine.png").write_bytes(b"mine")
    assert run(["figures", "-o", str(tmp_path), "--force"]) == 0
    assert (tmp_path / "pull.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "mine.png").read_bytes() == b"mine"


def test_places_and_options_that_cannot_be_used(tmp_path, capsys, data_file, monkeypatch):
    file = tmp_path / "file"
    file.write_text("")
    assert "is a file; name another" in refused(capsys, "-o", file / "below")
    assert "bmp" in refused(capsys, "-o", tmp_path, "--format", "bmp")
    assert "--target needs data" in refused(capsys, "-o", tmp_path, "--target", "y")
    assert "--feature needs data" in refused(capsys, "-o", tmp_path, "--feature", "a")
    both = refused(capsys, data_file, "--dataset", "diabetes", "-o", tmp_path)
    assert "two sources; give one" in both
    assert "needs --target" in refused(capsys, data_file, "-o", tmp_path)
    monkeypatch.setattr("priormap.tables.contrast", lambda *_, **__: pytest.fail("computed"))
    some = [data_file, "--target", "y", "-o", tmp_path / "out"]
    assert "'zz', which is no column" in refused(
        capsys, *some, "--feature", "c0", "--feature", "zz"
    )
    assert "two different column names" in refused(capsys, *some, "--feature", "c0")
    monkeypatch.setattr("os.access", lambda *_: False)
    assert "no permission to write" in refused(capsys, "-o", tmp_path / "locked")
    assert not (tmp_path / "out").exists()


def test_in_python_too(table, tmp_path):
    write_figures(tmp_path)
    with pytest.raises(PriormapError, match=r"exists; .*force=True"):
        write_figures(tmp_path)
    with pytest.raises(PriormapError, match="table must be what contrast"):
        write_figures(tmp_path / "a", "png", {"no": "contrast"})
    with pytest.raises(PriormapError, match="'zz', which is no column"):
        write_figures(tmp_path / "a", "png", table, features=("c0", "zz"))
    assert not (tmp_path / "a").exists()


def test_a_figure_that_refuses_its_data_is_a_warning(tmp_path):
    rows = frame(n=12, p=20)
    data = Regression(rows.drop(columns="y"), rows["y"], sigma=0.7)
    wide = contrast(data, {"ridge": Gaussian(0.5)}, random_seed=1)
    with pytest.warns(
        PriormapWarning, match=r"coefficient-shrinkage.svg is left out: .*plot_contr"
    ):
        written = write_figures(tmp_path, "svg", wide)
    assert "coefficient-shrinkage.svg" not in [path.name for path in written]
    assert "geometry.svg" in [path.name for path in written]


def test_an_interrupted_write_leaves_neither_part_nor_damage(tmp_path, monkeypatch):
    (tmp_path / "pull.png").write_bytes(b"old")

    def fail(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", fail)
    with pytest.raises(PriormapError, match="No space left on device"):
        write_figures(tmp_path, force=True)
    assert [path.name for path in tmp_path.iterdir()] == ["pull.png"]
    assert (tmp_path / "pull.png").read_bytes() == b"old"


def test_an_axes_of_a_figure_without_window_is_saved_as_any_other(tmp_path):
    with without_windows():
        axes = plots.plot_pull()
    assert save_figure(axes, tmp_path / "pull.pdf", caption="a").exists()
