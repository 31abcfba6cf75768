"""Evidence of several families on one axis: against closed forms, and what the figure draws."""

import io
import json

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from priormap import (
    Gaussian,
    HalfCauchy,
    HalfNormal,
    Laplace,
    PriormapError,
    Regression,
    SpikeAndSlab,
    compare_evidence,
    plot_evidence,
    plots,
    savage_dickey,
)
from priormap.cli import run
from priormap.criteria.averaged_models import evidence_of_models
from priormap.criteria.gaussian_curves import GaussianCurves
from priormap.criteria.scale_family import ScaleFamily
from priormap.model.model import Model
from priormap.model.prior_predictive import prior_r2

PRIORS = {
    "ridge": Gaussian(2.0),
    "lasso": Laplace(0.5),
    "spike": SpikeAndSlab(0.3, Gaussian(0.8)),
}


@pytest.fixture(scope="module")
def data():
    X = np.random.default_rng(0).normal(size=(60, 4))
    y = X @ [1.0, 0.3, 0.0, 0.0] + np.random.default_rng(1).normal(size=60)
    return Regression(X, y, sigma=HalfNormal(1.0))


@pytest.fixture(scope="module")
def found(data):
    return compare_evidence(data, PRIORS, random_seed=0)


def test_curves_and_points_are_the_evidence(data, found):
    curves, rows = found.curves, found.summary
    gaussian = GaussianCurves.of(ScaleFamily.of(data, PRIORS["ridge"]))
    part = curves[curves["prior"] == "ridge"]
    exact, _ = gaussian.evidence(part["scale"].to_numpy())
    np.testing.assert_allclose(part["log_evidence"], exact, rtol=1e-10)
    around = gaussian.evidence(np.array([1.0, 2.0, 4.0]))[0]
    row = rows.loc["ridge", ["at_half", "log_evidence", "at_double"]]
    np.testing.assert_allclose(row.to_numpy(dtype=float), around, rtol=1e-10)
    spike = evidence_of_models(Model(data, PRIORS["spike"]), None).value
    assert rows.loc["spike", "log_evidence"] == pytest.approx(spike, abs=0.02)
    for name in PRIORS:
        part = curves[curves["prior"] == name]
        assert rows.loc[name, "best"] == part["log_evidence"].max()
        assert (part["log_evidence"] >= part["log_evidence"].max() - 12.5).all()


def test_both_axes_are_those_of_the_prior(data, found):
    for name, prior in PRIORS.items():
        row = found.summary.loc[name]
        assert row["prior_sd"] == pytest.approx(float(prior.sd))
        assert row["r2"] == pytest.approx(prior_r2(data, prior).median, abs=0.03)


def test_the_sentence_compares_at_own_and_at_best_scales(found):
    best = found.summary["best"].sort_values()
    assert f"each at its best scale {best.index[-1]} is ahead of {best.index[-2]}" in found.sentence
    assert "At their own scales" in found.sentence
    assert "says as much of the scales" in str(found.blocks())
    assert found.to_dict()["random_seed"] == 0


def test_the_figure_draws_the_curves_and_the_priors(found):
    axes = plot_evidence(found, axes=Figure(figsize=(4, 5)).subplots(2))
    table = plots.evidence_table(found)
    assert table["value"].max() == 0
    for panel, key in zip(axes, ("prior_sd", "r2"), strict=True):
        drawn = {line.get_label(): line for line in panel.get_lines()}
        for name in PRIORS:
            part = table[table["prior"] == name]
            np.testing.assert_array_equal(drawn[name].get_xdata(), part[key])
            np.testing.assert_array_equal(drawn[name].get_ydata(), part["value"])
            (x,) = drawn[f"own scale {name}"].get_xdata()
            assert x == found.summary.loc[name, key]
    assert found.sentence in plots.evidence_caption(found)


@pytest.mark.parametrize(
    ("prior", "said"),
    [
        (Gaussian(np.inf), "is flat in some column and improper"),
        (Gaussian(HalfCauchy(1.0)), "learns its scale"),
        (SpikeAndSlab(0.3, Laplace(1.0)), "is not estimated, because"),
    ],
)
def test_what_has_no_curve_is_refused(data, prior, said):
    with pytest.raises(PriormapError, match=said):
        compare_evidence(data, {"one": prior})


def test_another_thing_is_no_comparison():
    with pytest.raises(PriormapError, match="what compare_evidence"):
        plot_evidence("found")


def test_the_command_prints_writes_and_draws_what_python_returns(tmp_path, capsys):
    X = np.random.default_rng(3).normal(size=(30, 2))
    frame = pd.DataFrame(X, columns=["a", "b"]).assign(y=X[:, 0])
    path, picture, curves = (tmp_path / name for name in ("x.csv", "evidence.svg", "curves.csv"))
    frame.to_csv(path, index=False)
    priors = ["--prior", "ridge", "--prior", "lasso", "--scale", "1", "--scale", "0.5"]
    given = ["evidence", str(path), "--target", "y", "--sigma", "1", *priors, "--no-standardize"]
    given += ["--draws", "200", "--seed", "1", "--column", "b"]
    assert run([*given, "--csv", str(curves), "--figure", str(picture)]) == 0
    out = capsys.readouterr().out
    data = Regression.from_csv(path, target="y", sigma=1.0)
    pair = {"gaussian": Gaussian(1.0), "laplace": Laplace(0.5)}
    options = {"draws": 200, "random_seed": 1}
    found = compare_evidence(data, pair, **options)
    assert found.sentence in out
    assert out.count("Lindley") == 1
    assert picture.read_text().startswith("<?xml")
    assert pd.read_csv(curves)["log_evidence"].to_numpy() == pytest.approx(
        found.curves["log_evidence"].to_numpy(), nan_ok=True
    )
    assert run([*given, "--json", "-"]) == 0
    told = json.load(io.StringIO(capsys.readouterr().out))
    assert told["sentence"] == found.sentence
    assert [one["sentence"] for one in told["columns"]] == [
        savage_dickey(data, prior, "b", **options).sentence for prior in pair.values()
    ]
    assert run([*given, "--column", "c"]) == 2
    assert "column 'c' is unknown" in capsys.readouterr().err
