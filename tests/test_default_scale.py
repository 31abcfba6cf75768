"""The default scale lets the columns explain half of var(y) before the data; conflicts are loud.

Longley (1967), "An appraisal of least squares programs for the electronic computer from the
point of view of the user", JASA 62(319), as NIST's Statistical Reference Datasets have it; and
the cement of Woods, Steinour and Starke (1932), in Hald (1952), "Statistical theory with
engineering applications", p. 647.
"""

import io
import json
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from priormap import Gaussian, Laplace, Regression, StudentT, write_report
from priormap.cli import choices, run
from priormap.criteria.gaussian_curves import GaussianCurves
from priormap.criteria.scale_conflict import scale_conflict
from priormap.criteria.scale_family import ScaleFamily
from priormap.errors import PriormapError, PriormapWarning
from priormap.model.prior_predictive import PriorPredictive, even_factor
from priormap.priors import PRIORS
from priormap.priors.densities import HalfCauchy, HalfStudentT

LONGLEY = """y,deflator,gnp,unemployed,armed,population,year
60323,83.0,234289,2356,1590,107608,1947
61122,88.5,259426,2325,1456,108632,1948
60171,88.2,258054,3682,1616,109773,1949
61187,89.5,284599,3351,1650,110929,1950
63221,96.2,328975,2099,3099,112075,1951
63639,98.1,346999,1932,3594,113270,1952
64989,99.0,365385,1870,3547,115094,1953
63761,100.0,363112,3578,3350,116219,1954
66019,101.2,397469,2904,3048,117388,1955
67857,104.6,419180,2822,2857,118734,1956
68169,108.4,442769,2936,2798,120445,1957
66513,110.8,444546,4681,2637,121950,1958
68655,112.6,482704,3813,2552,123366,1959
69564,114.2,502601,3931,2514,125368,1960
69331,115.7,518173,4806,2572,127852,1961
70551,116.9,554894,4007,2827,130081,1962
"""
CEMENT = """y,a,b,c,d
78.5,7,26,6,60
74.3,1,29,15,52
104.3,11,56,8,20
87.6,11,31,8,47
95.9,7,52,6,33
109.2,11,55,9,22
102.7,3,71,17,6
72.5,1,31,22,44
93.1,2,54,18,22
115.9,21,47,4,26
83.8,1,40,23,34
113.3,11,66,9,12
109.4,10,68,8,12
"""


def wide(n=40, p=120, factors=None, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p))
    if factors:  # nearly collinear columns that fit y all but exactly
        X = rng.normal(size=(n, factors)) @ rng.normal(size=(factors, p)) + 1e-3 * X
    y = 1e4 + 30 * X[:, :3].sum(axis=1) + rng.normal(size=n)
    return pd.DataFrame(X, columns=[f"x{j}" for j in range(p)]).assign(y=y).to_csv(index=False)


TABLES = {
    "longley": LONGLEY,
    "cement": CEMENT,
    "wide": wide(),
    "collinear": wide(60, 30, factors=3),
}


def regression(text, sigma=None, **options):
    data = Regression.from_frame(pd.read_csv(io.StringIO(text)), "y", sigma=1.0, **options)
    return data.with_noise(sigma or HalfStudentT(4, data.y_sd))


@pytest.fixture
def tables(tmp_path):
    for name, text in TABLES.items():
        (tmp_path / f"{name}.csv").write_text(text)
    return tmp_path


def median_r2(data, prior):
    """By the definition, with other random numbers than those of the package."""
    rng, draws, one = np.random.default_rng(7), 480_000 // data.n_features, prior
    X = (data.X - data.X.mean(axis=0)) / (data.column_sd if data.standardize else 1.0)
    sigma = data.noise.rvs(draws, rng)
    factor = np.ones(draws)
    if prior.hyperprior is not None:
        factor, one = prior.hyperprior.rvs(draws, rng), prior.stretched(1.0)
    size = factor * np.std(one.rvs((draws, data.n_features), rng) @ X.T, axis=1)
    return float(np.median(size**2 / (size**2 + sigma**2)))


@pytest.fixture
def seen(monkeypatch):
    """Every model that a command line settles on, without the work that follows."""
    found = []

    def stop(*given, **options):
        found.append(choices.choose(*given, **options))
        raise PriormapError("seen")

    monkeypatch.setitem(sys.modules, "priormap.cli.choices", SimpleNamespace(choose=stop))
    return found


@pytest.mark.parametrize("scale", [[], ["--scale", "learn"]], ids=["default", "learnt"])
@pytest.mark.parametrize("name", TABLES)
def test_half_of_y_is_explained_before_the_data(name, scale, tables, seen, capsys):
    data = [str(tables / f"{name}.csv"), "--target", "y", *scale]
    for command, more in {
        "contrast": ["--no-standardize"],
        "rank": ["--prior=elastic_net", "--prior=student_t", "--prior=horseshoe"],
        "sample": ["-o", str(tables / "out.nc")],
        "report": ["-o", str(tables / "out.html")],
        "figures": ["-o", str(tables / "out")],
    }.items():
        assert run([command, *data, *more]) == 2
        assert capsys.readouterr().err.endswith("priormap: seen\n")
    assert len(seen) == 5
    for one in seen:
        for prior in one.priors.values():
            r2 = median_r2(one.data, prior)
            assert abs(r2 - 0.5) < 0.05  # three errors of the draws, here and there


def test_every_family_in_any_units():
    for kind in (kind for kind in PRIORS if kind.scales):
        for unit in (1e-100, 1.0, 1e100):
            frame = pd.read_csv(io.StringIO(CEMENT)) * [unit, 1, 1, 1, 1]
            data = Regression.from_frame(frame, "y", sigma=unit, standardize=True)
            data = data.with_noise(HalfStudentT(4, data.y_sd))
            prior = kind().stretched(even_factor(data, kind()))
            assert abs(np.median(PriorPredictive.of(data, prior).r2) - 0.5) < 1e-4


def test_strong_fits_keep_their_columns(tables, capsys):
    """Least squares explains 0.995 of Longley's y and 0.982 of the cement's."""
    for name, least in {"longley": 0.985, "cement": 0.975, "collinear": 0.985}.items():
        assert run(["contrast", str(tables / f"{name}.csv"), "--target=y", "--json=-"]) == 0
        for prior in json.loads(capsys.readouterr().out)["priors"]:
            assert prior["r2_mode"] > least
            assert prior["r2_mean"] > least
            assert prior["zeros_mode"] < prior["features"]
            assert not prior["other_modes"]


def test_compare_keeps_columns_where_they_outnumber_rows(tables, capsys):
    assert run(["compare", str(tables / "wide.csv"), "--target=y", "--json=-"]) == 0
    found = json.loads(capsys.readouterr().out)
    lasso = next(one for one in found["priors"] if one["prior"] == "laplace")
    assert 0 < sum(row["map"] != 0 for row in lasso["coefficients"]) < 40
    assert "its posterior mean under a Gaussian prior of learnt scale" in found["choices"][1]


@pytest.mark.parametrize("prior", ["gaussian", "laplace"])
def test_a_scale_is_learnt_on_request(prior, tables, capsys):
    said = [str(tables / "longley.csv"), "--target=y", f"--prior={prior}", "--scale=learn"]
    assert run(["contrast", *said, "--seed=1", "--json=-"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert f"{prior} learnt under HalfCauchy(" in found["choices"][-1]
    assert found["warnings"] == []
    assert found["priors"][0]["r2_mean"] > 0.99


def test_one_prior_may_learn_and_another_not(tables, capsys):
    both = ["--prior=laplace", "--prior=laplace", "--scale=learn", "--scale=1000"]
    assert run(["contrast", str(tables / "longley.csv"), "--target=y", *both]) == 0
    said = capsys.readouterr().out
    assert "laplace 1000 as given" in said
    assert "\nlaplace learnt under HalfCauchy(" in said


@pytest.mark.parametrize("command", [["compare"], ["audit", "COEFS", "--prior=laplace"]])
def test_a_mode_has_one_scale(command, tables, capsys):
    coefs = tables / "coefs.csv"
    coefs.write_text("feature,coef\na,1\nb,1\nc,1\nd,1\n")
    words = [str(coefs) if word == "COEFS" else word for word in command]
    data = [str(tables / "cement.csv"), "--target=y"]
    assert run([*words, *data, "--scale=learn"]) == 2
    assert "a mode has one scale; give a number" in capsys.readouterr().err


def test_conflict_is_the_exact_loss_of_evidence():
    data = regression(LONGLEY, standardize=True)
    curves = GaussianCurves.of(ScaleFamily.of(data, Gaussian()))
    grid = np.geomspace(1, 1e6, 2001)
    values = curves.evidence(grid)[0]
    for scale in (1.0, 124.0, 1e3, 1e6):
        found = scale_conflict(data, Gaussian(scale))
        lost = values.max() - curves.evidence(np.array([scale]))[0][0]
        assert found.nats == pytest.approx(lost, abs=1e-3)
        assert found.factor * scale == pytest.approx(grid[values.argmax()], rel=0.01)
        assert found.is_loud == (scale != 1e3)


def test_conflict_of_scales_per_column_and_of_other_priors():
    data = regression(CEMENT, sigma=2.4)
    vector = scale_conflict(data, Gaussian([0.01, 0.02, 0.03, 0.04]))
    assert vector.is_loud
    assert "multiply the scales by " in str(vector)
    assert "of a normal prior with its sd; take the scale " in str(
        scale_conflict(data, Laplace(1e-4))
    )
    by_noise = scale_conflict(data, Gaussian(1e-3, scaled_by_noise=True))
    plain = scale_conflict(data, Gaussian(2.4e-3))  # the same at this sigma
    assert by_noise.nats == pytest.approx(plain.nats)
    assert by_noise.factor == pytest.approx(plain.factor)


def test_no_conflict_where_none_can_be_told():
    data = regression(CEMENT, sigma=2.4)
    for prior in (Gaussian(np.inf), StudentT(3, 1e-6), Laplace(HalfCauchy(1.0))):
        assert scale_conflict(data, prior) is None
    with pytest.warns(PriormapWarning, match="constant"):
        dull = Regression(data.X, np.ones(13), sigma=1.0), Regression(np.ones((13, 2)), data.y)
    for one in dull:
        assert scale_conflict(one, Gaussian(1e-6)) is None


@pytest.mark.parametrize("command", ["contrast", "rank", "sample", "report", "figures"])
def test_a_contradicted_scale_is_said_with_the_one_to_take(command, tables, capsys):
    out = ["-o", str(tables / "out.html")] if command in {"sample", "report", "figures"} else []
    words = [str(tables / "longley.csv"), "--target=y", "--prior=gaussian", "--scale=124"]
    assert run([command, *words, *out, "--seed=1", "--draws=200"]) == 0
    said = capsys.readouterr().err
    assert "gaussian: the scale contradicts the data by " in said
    assert " nats of log evidence; take --scale 1.78e+03" in said


def test_a_report_says_what_contradicts_the_data_and_what_the_default_expects(tmp_path):
    data, options = regression(CEMENT, standardize=True), {"draws": 100, "random_seed": 1}
    even = Gaussian(even_factor(data, Gaussian()))
    priors = {"narrow": Gaussian(0.1), "even": even}
    page = write_report(data, priors, tmp_path / "page.md", **options).read_text()
    short, rest = page.split("## The data", 1)
    beliefs = rest.split("## What each prior believes", 1)[1]
    for part in (short, beliefs):
        assert "narrow: the scale contradicts the data by 14" in part
        assert "nats of log evidence; take the scale 5.9" in part
        assert "even: the scale" not in part
    row = next(line for line in beliefs.splitlines() if "with sigma as unknown, median" in line)
    assert float(row.split("|")[3]) == pytest.approx(0.5, abs=0.001)
