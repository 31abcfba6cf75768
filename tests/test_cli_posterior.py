"""``priormap contrast`` and ``priormap sample``: what they print, write and refuse."""

import json

import numpy as np
import pytest
import xarray as xr

import priormap
from priormap.cli import run

QUICK = ["--draws", "200", "--tune", "200", "--chains", "2", "--seed", "7"]


@pytest.fixture
def table(tmp_path):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    y = X @ [2.0, 0.0, -1.0] + rng.normal(size=60)
    rows = "\n".join(",".join(map(str, row)) for row in np.column_stack([X, y]).tolist())
    path = tmp_path / "data.csv"
    path.write_text(f"a,b,c,y\n{rows}\n")
    return str(path)


def test_contrast_prints_modes_beside_posteriors(table, capsys):
    assert run(["contrast", table, "--target", "y", *QUICK]) == 0
    out = capsys.readouterr().out
    assert "0 of 400 posterior draws hold a zero" in out
    assert "Gaussian(scale=" in out
    assert "Laplace(scale=" in out
    assert "negligible: within 0.1 sd(y) per sd(x)" in out
    assert "\x1b[" not in out


def test_contrast_as_json_holds_the_numbers_of_python(table, capsys):
    arguments = ["--prior", "laplace", "--scale", "0.2", "--sigma", "1", "--no-standardize"]
    assert run(["contrast", table, "--target", "y", *arguments, *QUICK, "--json", "-"]) == 0
    found = json.loads(capsys.readouterr().out)
    (block,) = found["priors"]
    data = priormap.Regression.from_csv(table, target="y", sigma=1.0)
    fit = priormap.find_map(data, priormap.Laplace(0.2))
    assert [row["mode"] for row in block["coefficients"]] == fit.coef.tolist()
    assert block["draws"] == 400
    assert block["draws_with_zero"] == 0
    assert block["zeros_mode"] == int((fit.coef == 0).sum())
    assert block["sampling"]["random_seed"] == 7


def test_sample_writes_a_file_that_arviz_reads_and_a_seed_repeats(table, tmp_path, capsys):
    files = [tmp_path / "one.nc", tmp_path / "two.nc"]
    for file in files:
        assert run(["sample", table, "--target", "y", "-o", str(file), *QUICK]) == 0
    assert "written:" in capsys.readouterr().out
    trees = [xr.open_datatree(file, engine="h5netcdf").load() for file in files]
    for tree in trees:
        tree.close()
    first, second = (tree["posterior"]["coef"].to_numpy() for tree in trees)
    assert first.shape == (2, 200, 3)
    np.testing.assert_array_equal(first, second)
    assert list(trees[0]["posterior"]["feature"].to_numpy()) == ["a", "b", "c"]
    assert trees[0].attrs["method"] == "exact"


@pytest.mark.parametrize(("method", "prior"), [("exact", "gaussian"), ("gibbs", "laplace")])
def test_a_method_may_be_named(method, prior, table, tmp_path, capsys):
    file = tmp_path / "draws.nc"
    arguments = ["--target", "y", "-o", str(file), "--method", method, "--prior", prior]
    assert run(["sample", table, *arguments, "--draws", "1000", "--seed", "1"]) == 0
    assert f"by method {method}" in capsys.readouterr().out
    with xr.open_datatree(file, engine="h5netcdf") as tree:
        assert tree.attrs["method"] == method


def test_sample_includes_large_groups_on_request(table, tmp_path):
    file = tmp_path / "draws.nc"
    arguments = ["--prior", "gaussian", "--include", "log_likelihood"]
    assert run(["sample", table, "--target", "y", "-o", str(file), *arguments, *QUICK]) == 0
    with xr.open_datatree(file, engine="h5netcdf") as tree:
        assert tree["log_likelihood"]["y"].shape == (2, 200, 60)
        assert "posterior_predictive" not in tree


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["sample", "-o", "-"], "name a file"),
        (["sample", "-o", "{old}"], "exists"),
        (["sample", "-o", "{new}", "--draws", "0"], "draws must be a positive integer"),
        (["sample", "-o", "{new}", "--prior", "gaussian", "--method", "gibbs"], "gibbs"),
        (["sample", "-o", "{new}", "--method", "magic"], "--method"),
        (["sample", "-o", "{new}", "--seed", "-1"], "--seed must be an integer"),
        (["sample"], "--output"),
        (["contrast", "--rope", "0"], "rope"),
        (["contrast", "--chains", "-2"], "chains"),
        (["contrast", "--json", "{old}"], "exists"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(arguments, words, table, tmp_path, capsys):
    old, new = tmp_path / "old.nc", tmp_path / "new.nc"
    old.write_text("kept")
    command, *rest = [text.format(old=old, new=new) for text in arguments]
    assert run([command, table, "--target", "y", *rest]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert words in captured.err
    assert len(captured.err.splitlines()) == 1
    assert old.read_text() == "kept"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data.csv", "old.nc"]


def test_an_interrupted_run_leaves_no_file(table, tmp_path, monkeypatch):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("priormap.sample", interrupted, raising=False)
    file = tmp_path / "draws.nc"
    assert run(["sample", table, "--target", "y", "-o", str(file)]) == 130
    monkeypatch.undo()
    monkeypatch.setattr(xr.DataTree, "to_netcdf", interrupted)
    assert run(["sample", table, "--target", "y", "-o", str(file), *QUICK]) == 130
    assert [path.name for path in tmp_path.iterdir()] == ["data.csv"]
