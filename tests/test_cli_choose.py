"""``priormap choose`` and ``priormap path``: what they print, write and refuse."""

import io
import json
import re

import numpy as np
import pandas as pd
import pytest

import priormap
from priormap.cli import run
from priormap.cli.options import Criterion
from priormap.criteria import METHODS

QUICK = ["--draws", "250", "--seed", "1"]


@pytest.fixture
def table(tmp_path):
    rng = np.random.default_rng(3)
    X = rng.uniform(-1.7, 1.7, size=(60, 3))
    y = X @ [2.0, 0.0, -1.0] + rng.normal(size=60)
    rows = "\n".join(",".join(map(str, row)) for row in np.column_stack([X, y]).tolist())
    path = tmp_path / "data.csv"
    path.write_text(f"a,b,c,y\n{rows}\n")
    return [str(path), "--target", "y"]


def test_the_methods_are_those_of_the_register():
    assert tuple(Criterion) == METHODS


def test_choose_prints_one_row_per_method(table, capsys):
    assert run(["choose", *table, "--prior", "laplace", *QUICK]) == 0
    out = capsys.readouterr().out
    for method in ("cv", "cv_1se", "loo", "empirical_bayes", "hyperprior", "universal"):
        assert f"\n  {method} " in out
        assert f"\n  {method}: " in out
    assert "the posterior mean of the noise sd" in out
    assert "HalfCauchy(" in out


def test_choose_as_json_holds_the_numbers_of_python(table, capsys):
    arguments = ["--method", "cv", "--method", "evidence", "--sigma", "1", "--json", "-"]
    assert run(["choose", *table, "--prior", "gaussian", *arguments, *QUICK]) == 0
    found = json.loads(capsys.readouterr().out)
    (block,) = found["priors"]
    data = priormap.Regression.from_csv(table[0], target="y", sigma=1.0, standardize=True)
    choice = priormap.choose_scale(data, "gaussian", ["cv", "evidence"], random_seed=1)
    assert [row["scale"] for row in block["optima"]] == choice.optima["scale"].tolist()
    assert [row["value"] for row in block["curves"]] == choice.curves["value"].tolist()
    assert block["sigma"] == 1.0
    assert block["family"] == "Gaussian"


def test_choose_compares_families_in_one_csv(table, capsys):
    assert run(["choose", *table, "--method", "cv", "--csv", "-", *QUICK]) == 0
    found = pd.read_csv(io.StringIO(capsys.readouterr().out))
    assert found["prior"].unique().tolist() == ["gaussian", "laplace"]
    assert found["method"].tolist() == ["cv", "cv_1se"] * 2
    assert found.columns[0] == "prior"


def test_choose_leads_with_what_is_flat_and_prints_its_seed(table, capsys):
    arguments = ["--prior", "gaussian", "--method", "cv", "--repeats", "3"]
    assert run(["choose", *table, *arguments, "--seed", "7"]) == 0
    out = capsys.readouterr().out
    assert out.index("Flat from ") < out.index("\n  method ")
    assert "mean of 3 shufflings" in out
    assert "The seed of this run is 7." in out
    assert re.search(r"HalfStudentT\(4, [\d.]{1,5}\)", out)  # four digits of sd(y)


def test_scales_can_be_widened_where_the_optimum_may_lie_beyond(table, capsys):
    arguments = ["--prior", "gaussian", "--method", "evidence", "--sigma", "1"]
    assert run(["choose", *table, *arguments, "--scales", "0.001,0.01"]) == 0
    told = capsys.readouterr()
    assert "best at the largest scale, 0.01; the optimum may lie beyond it: give wider" in told.out
    assert run(["choose", *table, *arguments, "--scales", "0.001,100"]) == 0
    assert "beyond" not in capsys.readouterr().out


@pytest.mark.parametrize("seed", [0, 1])
def test_the_default_run_on_the_built_in_data_can_be_trusted(capsys, seed):
    assert run(["choose", "--seed", str(seed), "--repeats", "1"]) == 0
    told = capsys.readouterr()
    assert "trusted" not in told.out + told.err
    assert told.err == ""


def test_choose_draws_its_curves(table, tmp_path, capsys):
    file = tmp_path / "choice.png"
    arguments = ["--prior", "gaussian", "--method", "evidence", "--figure", str(file)]
    assert run(["choose", *table, *arguments]) == 0
    assert file.read_bytes().startswith(b"\x89PNG")
    assert run(["choose", *table, *arguments]) == 2
    assert "exists" in capsys.readouterr().err


def test_without_arguments_choose_takes_the_diabetes_data(capsys):
    assert run(["choose", "--method", "cv", "--seed", "0"]) == 0
    out = capsys.readouterr().out
    assert "diabetes" in out
    assert "Gaussian prior" in out
    assert "Laplace prior" in out


def test_path_prints_the_knots(table, capsys):
    assert run(["path", *table, "--sigma", "1"]) == 0
    out = capsys.readouterr().out
    data = priormap.Regression.from_csv(table[0], target="y", sigma=1.0, standardize=True)
    path = priormap.map_path(data, priormap.Laplace())
    assert f"{len(path.scales)} knots of the Laplace prior" in out
    assert f"{path.scales[0]:.6g}" in out
    assert "inf" in out


def test_path_as_csv_is_every_coefficient(table, capsys):
    assert run(["path", *table, "--sigma", "1", "--csv", "-"]) == 0
    found = pd.read_csv(io.StringIO(capsys.readouterr().out))
    data = priormap.Regression.from_csv(table[0], target="y", sigma=1.0, standardize=True)
    path = priormap.map_path(data, priormap.Laplace())
    np.testing.assert_array_equal(found["coef"].to_numpy().reshape(-1, 3), path.coef)
    np.testing.assert_allclose(found["alpha"][::3], 1 / (60 * path.scales))
    assert (found["is_zero"] == (found["coef"] == 0)).all()
    assert found["feature"].tolist()[:3] == ["a", "b", "c"]


@pytest.mark.parametrize("prior", ["gaussian", "elastic_net"])
def test_path_on_a_grid(table, capsys, prior):
    arguments = ["--prior", prior, "--points", "7", "--json", "-"]
    assert run(["path", *table, *arguments]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["path"]) == 7
    assert not found["is_knots"]
    alphas = [row["alpha"] for row in found["path"]]
    assert all(np.diff(alphas) < 0)
    assert run(["path", *table, "--prior", prior]) == 0
    assert "100 scales" in capsys.readouterr().out


def test_choose_takes_an_elastic_net(table, capsys):
    assert run(["choose", *table, "--prior", "elastic_net", "--method", "cv", *QUICK]) == 0
    assert "Scale of the ElasticNet prior" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["choose", "--folds", "1"], "folds must be at least 2"),
        (["choose", "--prior", "gaussian", "--method", "universal"], "Gaussian prior has not"),
        (["choose", "--figure", "x.png"], "give --prior once"),
        (["choose", "--prior", "laplace", "--figure", "x.txt"], "must end in .png, .svg or .pdf"),
        (["choose", "--method", "bayes"], "bayes"),
        (["choose", "--scales", "3"], "--scales must be two positive numbers LOW,HIGH"),
        (["choose", "--scales", "3,1"], "LOW below HIGH, got '3,1'"),
        (["choose", "--repeats", "0"], "repeats"),
        (["path", "--points", "1"], "--points must be at least 2"),
        (["path", "--sigma", "unknown"], "give --sigma a number"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(table, capsys, arguments, message):
    command, *rest = arguments
    quick = [] if command == "path" or "--method" in rest else ["--method", "cv"]
    assert run([command, *table, *rest, *quick]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_a_prior_may_be_called_by_its_fit(table, capsys):
    assert run(["compare", *table, "--prior", "ridge", "--prior", "Lasso", "--json", "-"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [one["prior"] for one in found["priors"]] == ["gaussian", "laplace"]
    assert run(["compare", *table, "--prior", "gumbel"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("priormap: --prior 'gumbel' is unknown; choose one of: gaussian, lapl")
