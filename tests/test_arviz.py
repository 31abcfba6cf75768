"""Draws in ArviZ, directly from its version 1 on and by one step before, and what they hold."""

import warnings

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats

from priormap import (
    Gaussian,
    HalfCauchy,
    HalfNormal,
    Horseshoe,
    Jeffreys,
    Laplace,
    PriormapError,
    Regression,
    SpikeAndSlab,
    pymc_model,
    sample,
    to_inference_data,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # an announcement of ArviZ 0.23
    import arviz as az

IS_NEW = not az.__version__.startswith("0.")
STEPS = [to_inference_data, *([lambda tree: tree] if IS_NEW else [])]
EVERYTHING = ("log_likelihood", "posterior_predictive", "prior", "effect")


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(2.0, [1.0, 5.0], (40, 2)), columns=["age", "bmi"])
    frame.index = [f"patient {k}" for k in range(40)]
    y = frame["age"] - 0.1 * frame["bmi"] + rng.normal(size=40)
    return Regression(frame, y, sigma=HalfNormal(2.0), standardize=True)


@pytest.fixture(scope="module")
def trees(data):
    priors = {"laplace": Laplace(0.5), "gaussian": Gaussian(0.5)}
    return {
        name: sample(data, prior, random_seed=1, include=EVERYTHING)
        for name, prior in priors.items()
    }


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.filterwarnings("ignore")  # of ArviZ, about its own future
def test_arviz_summarises_compares_and_plots_our_draws(trees, step):
    tree = step(trees["laplace"])
    table = az.summary(tree, var_names=["coef", "sigma"])
    assert list(table.index) == ["coef[age]", "coef[bmi]", "sigma"]
    mean = float(trees["laplace"]["posterior"]["coef"].sel(feature="age").mean())
    assert float(table["mean"].iloc[0]) == pytest.approx(mean, abs=0.01)
    loo = az.loo(tree)
    assert -90 < getattr(loo, "elpd", getattr(loo, "elpd_loo", None)) < -40
    ranks = az.compare({name: step(tree) for name, tree in trees.items()})
    assert set(ranks.index) == {"laplace", "gaussian"}
    az.plot_forest(tree, var_names=["coef"])
    if IS_NEW:
        az.plot_prior_posterior(tree, var_names=["coef"])
    else:
        az.plot_dist_comparison(tree, var_names=["coef"])


def test_what_is_no_tree_is_refused():
    for tree in (xr.DataTree(), 3.0, None):
        with pytest.raises(PriormapError, match="tree must be what sample returns"):
            to_inference_data(tree)


# what the tree holds


@pytest.mark.parametrize(
    ("index", "labels"),
    [
        (["Graz", "Linz", "Wien"], ["Graz", "Linz", "Wien"]),
        ([7, 3, 5], [7, 3, 5]),
        (pd.date_range("2026-01-01", periods=3), pd.date_range("2026-01-01", periods=3)),
        (pd.date_range("2026-01-01", periods=3, tz="CET"), None),
        (pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)]), None),
        (pd.Categorical(["u", "v", "u"]), ["u", "v", "u"]),
    ],
)
def test_rows_keep_their_labels_and_go_to_a_file(index, labels, tmp_path):
    frame = pd.DataFrame({"x": [0.0, 1.0, 3.0]}, index=index)
    data = Regression(frame, [0.1, 1.2, 2.9], sigma=0.5)
    tree = sample(data, Gaussian(1.0), draws=5, random_seed=1, include="log_likelihood")
    expected = [str(label) for label in frame.index] if labels is None else list(labels)
    for group in ("observed_data", "constant_data", "log_likelihood"):
        assert list(tree[group].indexes["obs_id"]) == expected
    tree.to_netcdf(tmp_path / "draws.nc", engine="h5netcdf")
    with xr.open_datatree(tmp_path / "draws.nc", engine="h5netcdf") as read:
        assert list(read["observed_data"].indexes["obs_id"]) == expected
    assert [str(row) for row in pymc_model(data, Gaussian(1.0)).coords["obs_id"]][1][:4] == str(
        expected[1]
    )[:4]


def test_plain_arrays_have_row_numbers():
    data = Regression([[0.0], [1.0], [3.0]], [0.1, 1.2, 2.9], sigma=0.5)
    tree = sample(data, Gaussian(1.0), draws=5, random_seed=1)
    assert isinstance(tree["observed_data"].indexes["obs_id"], pd.RangeIndex)


def test_effects_are_coefficients_times_the_sd_of_their_columns(data, trees):
    for group in ("posterior", "prior"):
        found = trees["laplace"][group].to_dataset()
        sd = xr.DataArray(data.X.std(axis=0), dims="feature")
        np.testing.assert_allclose(found["effect"], found["coef"] * sd, rtol=1e-12)
        assert found["coef"].attrs["units"] == "y per unit of the column"
        assert found["effect"].attrs["units"] == "y per standard deviation of the column"
        assert found["sigma"].attrs["units"] == "y"


def test_a_learnt_scale_tells_its_units(data):
    plain = sample(data, Gaussian(HalfCauchy(1.0)), draws=5, chains=1, tune=9, random_seed=1)
    assert plain["posterior"]["scale"].attrs["units"] == "y per standard deviation of the column"


@pytest.mark.parametrize("by_noise", [False, True])
@pytest.mark.parametrize("noise", [1.7, HalfNormal(2.0)])
@pytest.mark.parametrize("standardize", [False, True])
def test_the_prior_group_has_the_prior(data, noise, by_noise, standardize):
    prior = Laplace([0.5, 2.0], scaled_by_noise=by_noise, hyperprior=HalfNormal(3.0))
    data = Regression(data.X, data.y, sigma=noise, standardize=standardize)
    tree = sample(data, prior, 1000, random_seed=2, include="prior")
    drawn = tree["prior"].to_dataset()
    assert set(drawn.data_vars) == set(tree["posterior"].data_vars) - {"intercept"}
    unit = drawn["scale"] * drawn.get("sigma", 1.7) ** by_noise
    speaks_of = data.X.std(axis=0) if standardize else np.ones(2)
    sizes = drawn["coef"] / unit * xr.DataArray(speaks_of / np.array([0.5, 2.0]), dims="feature")
    assert stats.kstest(sizes.to_numpy().ravel(), stats.laplace.cdf).pvalue > 1e-3
    assert stats.kstest(drawn["scale"].to_numpy().ravel() / 3.0, "halfnorm").pvalue > 1e-3
    if "sigma" in drawn:
        assert stats.kstest(drawn["sigma"].to_numpy().ravel() / 2.0, "halfnorm").pvalue > 1e-3


def test_other_draws_do_not_depend_on_what_is_included(data):
    options = {"draws": 20, "random_seed": 3}
    few = sample(data, Gaussian(0.5), **options, include="posterior_predictive")
    more = sample(data, Gaussian(0.5), **options, include=EVERYTHING)
    for group in few.children:
        names = list(few[group].data_vars)
        xr.testing.assert_equal(few[group].to_dataset(), more[group].to_dataset()[names])


def test_prior_draws_of_a_point_mass_hold_exact_zeros(data):
    tree = sample(data, SpikeAndSlab(0.3), 1000, random_seed=4, include="prior")
    share = float((tree["prior"]["coef"] == 0).mean())
    assert abs(share - 0.7) < 5 * np.sqrt(0.3 * 0.7 / 8000)


@pytest.mark.parametrize(
    ("prior", "noise", "sentence"),
    [
        (Laplace([1.0, np.inf]), 1.0, "is flat for column 'x1', .*; leave 'prior' out of include"),
        (Horseshoe(1.0), Jeffreys(), "improper"),
    ],
)
def test_what_has_no_draws_before_the_data_is_refused(data, prior, noise, sentence):
    data = Regression(data.X, data.y, sigma=noise)
    with pytest.raises(PriormapError, match=sentence):
        sample(data, prior, draws=5, random_seed=1, include="prior")


def test_what_there_is_not_to_include_is_refused(data):
    with pytest.raises(PriormapError, match=r"unknown group 'effects'; there are .* prior, effect"):
        sample(data, Gaussian(1.0), include="effects")
