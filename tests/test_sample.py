"""`sample` from definitions: its schema, its densities, and the posterior by every route."""

import os
import threading
from contextlib import nullcontext

import arviz_base
import arviz_stats
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import sparse, stats

import priormap as pmap
from priormap import ElasticNet, Gaussian, Laplace, Regression, sample
from priormap.errors import PriormapError, PriormapWarning
from priormap.model import Model
from priormap.posterior.convergence import warn_of_bad_diagnostics
from priormap.posterior.kernels import draw_mixture
from priormap.priors.densities import HalfCauchy, HalfNormal, HalfStudentT, InverseGamma, Jeffreys

LIMIT = 4.5  # Monte Carlo errors; one mean in 150,000 lies beyond
GROUPS = ("log_likelihood", "posterior_predictive")


def make_data(n=40, p=3, seed=0, sigma=None, x_unit=2.0, y_unit=3.0, **options):
    """Correlated, shifted columns in units of their own."""
    rng = np.random.default_rng(seed)
    X = x_unit * (3.0 + rng.standard_normal((n, p)) @ (np.eye(p) + 0.3))
    coef = np.where(np.arange(p) % 2, 0.4, -1.0) * (np.arange(p) < 4)
    y = y_unit * (5.0 + X @ coef / x_unit + rng.standard_normal(n))
    return Regression(X, y, sigma=sigma, **options)


def errors_between(one, two):
    """Differences of posterior means and sds of two runs, in Monte Carlo errors."""
    scores = []
    for name in one["posterior"].data_vars:
        a, b = (tree["posterior"].dataset[[name]] for tree in (one, two))
        for kind, statistic in (("mean", xr.Dataset.mean), ("sd", xr.Dataset.std)):
            error = np.hypot(*(arviz_stats.mcse(x, method=kind)[name].to_numpy() for x in (a, b)))
            dims = ["chain", "draw"]
            gap = (statistic(a, dims)[name] - statistic(b, dims)[name]).to_numpy()
            scores.extend(np.ravel(gap / error))
    return np.abs(scores)


def error_of_mean(values, exact):
    """Distance of a mean over chain and draw from its exact value, in Monte Carlo errors."""
    error = arviz_stats.mcse(values.to_dataset(name="x"), method="mean")["x"].to_numpy()
    return np.abs((values.mean(["chain", "draw"]).to_numpy() - exact) / error)


LEARNT = {
    "gaussian": Gaussian(HalfNormal(4.0)),
    "laplace": Laplace(HalfNormal(4.0)),
    "elastic net": ElasticNet(1.0, 1.5, hyperprior=HalfNormal(4.0)),
}


@pytest.fixture(scope="module", params=LEARNT)
def learnt(request):
    """A tree with every variable and every group, its data and its prior."""
    data = make_data(sigma=HalfNormal(5.0), names=["a", "b", "c"], standardize=True)
    prior = LEARNT[request.param]
    tree = sample(data, prior, draws=1000, random_seed=1, include=GROUPS, progressbar=False)
    return data, prior, tree


class TestSchema:
    def test_groups_dims_and_coordinates(self, learnt):
        data, _, tree = learnt
        assert set(tree.children) == {
            *("posterior", "sample_stats", "log_prior", "observed_data", "constant_data"),
            *GROUPS,
        }
        posterior = tree["posterior"]
        assert posterior["coef"].dims == ("chain", "draw", "feature")
        assert posterior["coef"].shape == (4, 1000, 3)
        assert list(posterior["feature"].to_numpy()) == ["a", "b", "c"]
        for name in ("intercept", "sigma", "scale"):
            assert posterior[name].dims == ("chain", "draw")
        assert tree["sample_stats"]["lp"].dims == ("chain", "draw")
        assert tree["log_likelihood"]["y"].dims == ("chain", "draw", "obs_id")
        assert tree["posterior_predictive"]["y"].shape == (4, 1000, 40)
        assert tree["constant_data"]["X"].dims == ("obs_id", "feature")
        np.testing.assert_array_equal(tree["constant_data"]["X"], data.X)
        np.testing.assert_array_equal(tree["observed_data"]["y"], data.y)
        for group in tree.children.values():
            assert {variable.dtype for variable in group.data_vars.values()} == {np.dtype(float)}

    def test_it_is_the_tree_that_arviz_base_would_make(self, learnt):
        data, _, tree = learnt
        arrays = {
            name: {variable: values.to_numpy() for variable, values in group.data_vars.items()}
            for name, group in tree.children.items()
        }
        dims = {"coef": ["feature"], "y": ["obs_id"], "X": ["obs_id", "feature"]}
        coords = {"feature": list(data.names), "obs_id": np.arange(data.n_rows)}
        made = arviz_base.from_dict(arrays, coords=coords, dims=dims)
        assert set(made.children) == set(tree.children)
        for name, group in made.children.items():
            ours = tree[name].to_dataset().drop_attrs()
            xr.testing.assert_identical(ours, group.to_dataset().drop_attrs())
            assert {k: v.dtype for k, v in ours.coords.items()} == {
                k: v.dtype for k, v in group.coords.items()
            }

    def test_nothing_in_it_grows_with_the_rows(self):
        data = make_data(n=500, sigma=HalfNormal(5.0))
        tree = sample(data, Gaussian(1.0), draws=5, chains=1, random_seed=1)
        assert np.shares_memory(tree["constant_data"]["X"].to_numpy(), data.X)
        assert np.shares_memory(tree["observed_data"]["y"].to_numpy(), data.y)
        for name in ("observed_data", "constant_data"):
            assert isinstance(tree[name].indexes["obs_id"], pd.RangeIndex)
        large = [v for group in tree.children.values() for v in group.data_vars.values()]
        assert sum(v.size >= data.n_rows for v in large) == 2

    def test_only_unknowns_are_variables_and_large_groups_wait_for_a_request(self):
        tree = sample(make_data(sigma=1.0, intercept=False), Gaussian(1.0), draws=10, chains=2)
        assert set(tree["posterior"].data_vars) == {"coef"}
        assert not set(GROUPS) & set(tree.children)
        assert tree.attrs["sigma"] == 1.0

    def test_include_takes_one_name(self):
        tree = sample(make_data(sigma=1.0), Gaussian(1.0), draws=5, include="log_likelihood")
        assert set(GROUPS) & set(tree.children) == {"log_likelihood"}

    def test_attributes_tell_how_to_repeat_the_run(self, learnt):
        _, prior, tree = learnt
        attributes = tree.attrs
        assert attributes["method"] == "exact"
        assert attributes["prior"] == repr(prior)
        assert attributes["noise"] == "HalfNormal(scale=5.0)"
        assert attributes["random_seed"] == 1
        assert attributes["sampling_time"] > 0
        assert attributes["inference_library"] == "priormap"
        assert attributes["inference_library_version"] == pmap.__version__
        assert attributes["numpy_version"] == np.__version__
        assert attributes.items() <= tree["posterior"].attrs.items()
        if not isinstance(prior, Gaussian):
            kernel = "hamiltonian" if isinstance(prior, Laplace) else "mixture"
            assert attributes["kernel"] == kernel
            assert attributes["tune"] == 1000
            assert attributes["max_rhat"] == pytest.approx(
                max(values.max() for values in arviz_stats.rhat(tree["posterior"].dataset).values())
            )
        else:
            assert attributes["tune"] == 0
            assert np.isfinite(attributes["log_evidence"])

    def test_arviz_stats_works_on_it(self, learnt):
        _, _, tree = learnt
        assert len(arviz_stats.summary(tree)) == 6
        assert (arviz_stats.ess(tree)["coef"] > 400).all()
        assert (arviz_stats.rhat(tree)["coef"] < 1.02).all()
        assert np.isfinite(arviz_stats.loo(tree).elpd)
        sensitivity = arviz_stats.psense(tree, group="prior")
        values = [np.ravel(sensitivity[name]) for name in ("coef", "sigma", "scale")]
        assert np.isfinite(np.concatenate(values)).all()

    @pytest.mark.filterwarnings("ignore:The data type .* does not have a Zarr V3 specification")
    @pytest.mark.parametrize("engine", ["h5netcdf", "zarr"])
    def test_it_survives_a_file(self, learnt, tmp_path, engine):
        pytest.importorskip(engine)
        _, _, tree = learnt
        path, options = tmp_path / "draws", {}
        if engine == "zarr":
            options = {"consolidated": False}  # a warning otherwise: no part of zarr 3
            tree.to_zarr(path, **options)
        else:
            tree.to_netcdf(path, engine=engine)
        with xr.open_datatree(path, engine=engine, **options) as back:
            assert back.attrs == tree.attrs
            assert set(back.children) == set(tree.children)
            for name, group in tree.children.items():
                xr.testing.assert_identical(
                    back[name].to_dataset().drop_attrs(), group.to_dataset().drop_attrs()
                )

    def test_the_largest_seed_and_a_fresh_one_are_recorded(self, tmp_path):
        data = make_data(sigma=1.0)
        sample(data, Gaussian(), draws=5, random_seed=2**63 - 1).to_netcdf(
            tmp_path / "draws.nc", engine="h5netcdf"
        )
        fresh = sample(data, Gaussian(), draws=5)
        again = sample(data, Gaussian(), draws=5, random_seed=fresh.attrs["random_seed"])
        xr.testing.assert_equal(fresh["posterior"].dataset, again["posterior"].dataset)


class TestDensities:
    def test_lp_is_our_log_posterior_draw_by_draw(self, learnt):
        data, prior, tree = learnt
        posterior = tree["posterior"]
        for chain, draw in [(0, 0), (1, 17), (3, 999)]:
            at = posterior.dataset.isel(chain=chain, draw=draw)
            exact = pmap.log_posterior(
                data,
                prior,
                at["coef"].to_numpy(),
                float(at["intercept"]),
                float(at["sigma"]),
                float(at["scale"]),
            )
            assert float(tree["sample_stats"]["lp"][chain, draw]) == pytest.approx(exact, abs=1e-9)

    @pytest.mark.parametrize("family", [Gaussian, Laplace])
    def test_lp_with_flat_columns_wide_rows_and_priors_scaled_by_noise(self, family):
        data = make_data(n=8, p=10, sigma=HalfStudentT(4.0, 3.0))
        scale = np.where(np.arange(10) == 1, np.inf, 0.7)
        prior = family(scale, scaled_by_noise=True)
        with pytest.warns(PriormapWarning) if family is Laplace else nullcontext():
            tree = sample(data, prior, draws=20, tune=0, chains=2, random_seed=2)
        for draw in (0, 19):
            at = tree["posterior"].dataset.isel(chain=1, draw=draw)
            exact = pmap.log_posterior(
                data, prior, at["coef"].to_numpy(), float(at["intercept"]), float(at["sigma"])
            )
            assert float(tree["sample_stats"]["lp"][1, draw]) == pytest.approx(exact, rel=1e-9)

    def test_log_prior_and_log_likelihood_sum_to_lp(self, learnt):
        _, _, tree = learnt
        total = tree["log_likelihood"]["y"].sum("obs_id")
        for values in tree["log_prior"].data_vars.values():
            total = total + (values.sum("feature") if "feature" in values.dims else values)
        np.testing.assert_allclose(total, tree["sample_stats"]["lp"], atol=1e-9)

    def test_log_likelihood_is_scipys(self, learnt):
        data, _, tree = learnt
        at = tree["posterior"].dataset.isel(chain=2, draw=5)
        centre = float(at["intercept"]) + data.X @ at["coef"].to_numpy()
        np.testing.assert_allclose(
            tree["log_likelihood"]["y"].isel(chain=2, draw=5),
            stats.norm(centre, float(at["sigma"])).logpdf(data.y),
        )

    def test_posterior_predictive_is_the_line_and_its_noise(self, learnt):
        data, _, tree = learnt
        posterior = tree["posterior"]
        X = xr.DataArray(data.X, dims=("obs_id", "feature"))
        line = posterior["intercept"] + (posterior["coef"].drop_vars("feature") * X).sum("feature")
        noise = ((tree["posterior_predictive"]["y"] - line) / posterior["sigma"]).to_numpy()
        assert stats.kstest(noise.ravel()[:20_000], "norm").pvalue > 1e-4
        assert np.abs(noise.mean((0, 1)) * np.sqrt(4000)).max() < LIMIT

    def test_the_noise_of_predictions_has_the_size_of_sigma(self, learnt):
        data, _, tree = learnt
        posterior = tree["posterior"]
        X = xr.DataArray(data.X, dims=("obs_id", "feature"))
        line = posterior["intercept"] + (posterior["coef"].drop_vars("feature") * X).sum("feature")
        noise = (tree["posterior_predictive"]["y"] - line) / posterior["sigma"]
        assert float((noise**2).mean()) == pytest.approx(1, abs=LIMIT * np.sqrt(2 / noise.size))

    def test_predictive_variance_is_that_of_noise_and_posterior(self):
        """``sigma**2 (1 + 1/n) + x'Vx`` with ``V = (X'X / sigma**2 + I / t**2)^-1``, centred x."""
        data, draws = make_data(sigma=2.0), 5000
        tree = sample(data, Gaussian(0.7), draws, random_seed=3, include="posterior_predictive")
        X = data.X - data.X.mean(axis=0)
        V = np.linalg.inv(X.T @ X / 2.0**2 + np.eye(X.shape[1]) / 0.7**2)
        exact = 2.0**2 * (1 + 1 / len(X)) + np.einsum("ij,jk,ik->i", X, V, X)
        found = tree["posterior_predictive"]["y"].var(("chain", "draw")).to_numpy()
        error = np.sqrt(2 / (4 * draws))
        assert np.abs(found / exact - 1).max() < LIMIT * error
        assert np.abs((found / exact).mean() - 1) < error  # most of it is noise of its own

    def test_the_intercept_given_the_rest_is_normal(self, learnt):
        data, _, tree = learnt
        posterior = tree["posterior"]
        slopes = posterior["coef"].to_numpy() @ data.X.mean(axis=0)
        centre = data.y.mean() - slopes
        score = (posterior["intercept"] - centre) / (posterior["sigma"] / np.sqrt(data.n_rows))
        assert stats.kstest(score.to_numpy().ravel(), "norm").pvalue > 1e-4

    def test_sparse_columns_give_the_draws_of_dense_ones(self):
        dense = make_data(sigma=2.0)
        thin = Regression(sparse.csr_array(dense.X), dense.y, sigma=2.0)
        one, two = (
            sample(data, Gaussian(1.0), draws=50, random_seed=1, include="log_likelihood")
            for data in (dense, thin)
        )
        np.testing.assert_allclose(one["posterior"]["coef"], two["posterior"]["coef"])
        np.testing.assert_allclose(one["log_likelihood"]["y"], two["log_likelihood"]["y"])
        assert "constant_data" not in two.children


class TestClosedForms:
    @pytest.mark.parametrize("method", ["exact", "gibbs"])
    @pytest.mark.parametrize("prior", [Laplace(0.5), ElasticNet(0.5, 0.8)])
    def test_orthogonal_columns_have_the_posterior_mean_of_one_coefficient(self, prior, method):
        rng = np.random.default_rng(3)
        X = np.linalg.qr(rng.standard_normal((30, 4)) - 0.0)[0] * [1.0, 2.0, 4.0, 8.0]
        y = X @ [2.0, 0.3, -0.5, 0.0] + rng.standard_normal(30)
        data = Regression(X, y, sigma=0.8, intercept=False)
        tree = sample(data, prior, draws=3000, method=method, random_seed=4)
        square = (X**2).sum(axis=0)
        exact = [
            prior.posterior_mean(z, 0.8 / np.sqrt(s))
            for z, s in zip(X.T @ y / square, square, strict=True)
        ]
        assert error_of_mean(tree["posterior"]["coef"], exact).max() < LIMIT

    def test_a_gaussian_prior_is_conjugate(self):
        data = make_data(sigma=2.5, standardize=True)
        tree = sample(data, Gaussian(3.0), draws=4000, random_seed=5)
        X, y = data.X - data.X.mean(axis=0), data.y - data.y.mean()
        precision = X.T @ X / 2.5**2 + np.diag(data.column_sd**2 / 3.0**2)
        mean, cov = np.linalg.solve(precision, X.T @ y / 2.5**2), np.linalg.inv(precision)
        coef = tree["posterior"]["coef"]
        assert error_of_mean(coef, mean).max() < LIMIT
        whitened = (coef.to_numpy().reshape(-1, 3) - mean) @ np.linalg.cholesky(precision)
        assert stats.kstest(whitened.ravel(), "norm").pvalue > 1e-4
        assert np.abs(np.cov(whitened.T) - np.eye(3)).max() < LIMIT * np.sqrt(2 / len(whitened))
        assert np.isfinite(cov).all()

    def test_log_evidence_is_the_density_of_orthonormal_contrasts(self):
        data = make_data(n=12, sigma=2.0)
        tree = sample(data, Gaussian(0.7), draws=5)
        contrast = np.linalg.svd(np.ones((1, 12)))[2][1:]
        Z = contrast @ data.X
        exact = stats.multivariate_normal(cov=4.0 * np.eye(11) + 0.49 * Z @ Z.T)
        assert tree.attrs["log_evidence"] == pytest.approx(exact.logpdf(contrast @ data.y))


def one_column_means(data, prior):
    """Posterior means of coef, sigma and scale with one column, by sums over a 3-d grid."""
    x, y = data.X[:, 0] - data.X[:, 0].mean(), data.y - data.y.mean()
    xx, xy, yy = x @ x, x @ y, y @ y
    b_hat, wide = xy / xx, 40 * np.sqrt(yy / xx / len(y))
    side = wide * np.sinh(np.linspace(0, 12, 150)) / np.sinh(12)
    b = np.concatenate([-side[:0:-1], side])
    b = np.sort(np.concatenate([b, b_hat + b]))
    known = isinstance(data.sigma, float)
    log_sigma = np.linspace(-4, 4, 1 if known else 81) + 0.5 * np.log(yy / len(y))
    log_sigma = np.log([data.sigma]) if known else log_sigma
    log_scale = np.linspace(-9, 5, 101)
    sigma, scale = np.exp(log_sigma)[:, None], np.exp(log_scale)[None, :]
    unit = scale * (sigma if prior.scaled_by_noise else 1.0)
    f = -(len(y) - 1) * np.log(sigma) + prior.hyperprior.logpdf(scale) + np.log(scale)
    if not known:
        f = f + data.sigma.logpdf(sigma) + np.log(sigma)
    family = stats.norm if isinstance(prior, Gaussian) else stats.laplace
    rss = yy - 2 * b * xy + b**2 * xx
    f = f - 0.5 * rss[:, None, None] / sigma**2 + family.logpdf(b[:, None, None], scale=unit)
    weight = np.gradient(b)[:, None, None] * np.exp(f - f.max())
    weight /= weight.sum()
    return [float((weight * v).sum()) for v in (b[:, None, None], sigma, scale)]


ONE_COLUMN = {
    "half-normal": (HalfNormal(2.0), False),
    "inverse gamma, by noise": (InverseGamma(3.0, 4.0), True),
    "known": (1.5, False),
    "jeffreys": (Jeffreys(), False),
}


@pytest.mark.parametrize("case", ONE_COLUMN)
@pytest.mark.parametrize("family", [Gaussian, Laplace])
def test_learnt_scale_and_sigma_of_one_column_against_quadrature(family, case):
    noise, by_noise = ONE_COLUMN[case]
    data = make_data(n=15, p=1, sigma=noise, x_unit=1.0, y_unit=1.0, seed=2)
    prior = family(HalfNormal(1.5), scaled_by_noise=by_noise)
    tree = sample(data, prior, draws=5000, random_seed=6)
    names = ("coef", "scale") if case == "known" else ("coef", "sigma", "scale")
    exact = dict(zip(("coef", "sigma", "scale"), one_column_means(data, prior), strict=True))
    for name in names:
        assert error_of_mean(tree["posterior"][name], exact[name]).max() < LIMIT


NUTS = {  # one sigma, one shape of the data and one kind of prior each
    "laplace, standardize": ({"sigma": HalfNormal(3.0), "standardize": True}, Laplace(1.0)),
    "gaussian, learnt scale": ({"sigma": HalfStudentT(4.0, 5.0)}, Gaussian(HalfNormal(1.0))),
    "laplace, by noise": (
        {"sigma": InverseGamma(3.0, 20.0), "p": 2},
        Laplace(0.3, scaled_by_noise=True),
    ),
    "elastic net, no intercept": (
        {"sigma": HalfNormal(3.0), "intercept": False},
        ElasticNet(0.5, 0.8),
    ),
    "known noise, some flat": ({"sigma": 2.5}, Laplace([0.5, np.inf, 0.5])),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", NUTS)
def test_nuts_agrees_with_the_exact_route(case):
    options, prior = NUTS[case]
    data = make_data(**options)
    nuts_options = {"chains": 2, "cores": 1, "target_accept": 0.95, "progressbar": False}
    nuts = sample(data, prior, 1000, tune=700, method="nuts", random_seed=6, **nuts_options)
    assert nuts.attrs["method"] == "nuts"
    assert nuts["sample_stats"]["diverging"].sum() == nuts.attrs["n_divergences"] == 0
    assert errors_between(sample(data, prior, 3000, random_seed=7), nuts).max() < LIMIT


AGREE = {
    "known sigma": ({"sigma": 2.5}, {"scale": 0.8}),
    "default noise": ({}, {"scale": 0.8}),
    "jeffreys": ({"sigma": Jeffreys()}, {"scale": 0.8}),
    "scaled by noise": ({"sigma": InverseGamma(2.0, 5.0)}, {"scale": 0.3, "scaled_by_noise": True}),
    "standardize": ({"sigma": HalfNormal(3.0), "standardize": True}, {"scale": 1.0}),
    "no intercept": ({"sigma": HalfNormal(3.0), "intercept": False}, {"scale": 0.5}),
    "flat mixed in": ({"sigma": HalfNormal(3.0)}, {"scale": [0.5, np.inf, 0.5]}),
    "wide": ({"n": 12, "p": 20, "sigma": 2.5}, {"scale": 0.8}),
    "wide, one flat": ({"n": 12, "p": 14, "sigma": 2.5}, {"scale": [np.inf] + 13 * [0.8]}),
}


@pytest.mark.parametrize("case", AGREE)
def test_exact_and_gibbs_agree(case, monkeypatch):
    data_options, prior_options = AGREE[case]
    data, prior = make_data(**data_options), Laplace(**prior_options)
    if data.n_features > data.n_rows:  # both routes would take scale mixtures
        others = "priormap.posterior.kernels.choice.expected_work"
        monkeypatch.setattr(others, lambda *_: {"alternating": 1.0})
    exact, gibbs = (
        sample(data, prior, draws=3000, method=method, random_seed=7)
        for method in ("exact", "gibbs")
    )
    assert exact.attrs["kernel"] != gibbs.attrs["kernel"] or data.n_features == 3
    assert errors_between(exact, gibbs).max() < LIMIT


def test_the_comparison_of_routes_sees_a_wrong_prior():
    data = make_data(sigma=2.5)
    one = sample(data, Laplace(0.8), draws=3000, random_seed=7)
    two = sample(data, Laplace(0.5), draws=3000, method="gibbs", random_seed=7)
    assert errors_between(one, two).max() > 1.5 * LIMIT


class TestSeeds:
    @pytest.mark.parametrize(
        ("prior", "method"),
        [(Gaussian(1.0), "exact"), (Laplace(1.0), "exact"), (Laplace(HalfCauchy(1.0)), "gibbs")],
    )
    def test_draws_depend_on_the_seed_only(self, prior, method, monkeypatch):
        data = make_data(sigma=HalfNormal(3.0))
        monkeypatch.setattr("priormap.posterior.sampling.warn_of_bad_diagnostics", lambda _: None)

        def draw(seed):
            return sample(data, prior, 50, method=method, random_seed=seed, include=GROUPS)

        first = draw(1)
        monkeypatch.setattr(os, "cpu_count", lambda: 1)
        one_core, other = draw(np.int64(1)), draw(2)
        for name in ("posterior", "posterior_predictive"):
            xr.testing.assert_equal(first[name].dataset, one_core[name].dataset)
        coef = first["posterior"]["coef"].to_numpy()
        assert not np.isin(coef, other["posterior"]["coef"].to_numpy()).any()
        assert len(np.unique(coef)) == coef.size, "chains or draws repeat"

    def test_no_draw_is_zero(self):
        data = make_data(n=12, p=20, sigma=3.0)
        tree = sample(data, Laplace(0.05), draws=1000, random_seed=1)
        assert (tree["posterior"]["coef"] != 0).all()


class TestRefusals:
    @pytest.mark.parametrize(
        ("options", "sentence"),
        [
            ({"draws": 0}, "draws must be a positive integer, got 0"),
            ({"draws": 10.0}, "draws must be a positive integer, got 10.0"),
            ({"draws": True}, "draws must be a positive integer, got True"),
            ({"chains": -2}, "chains must be a positive integer, got -2"),
            ({"tune": -1}, "tune must be zero or a positive integer, got -1"),
            ({"tune": "many"}, "tune must be zero or a positive integer, got 'many'"),
            ({"method": "vb"}, "method must be one of auto, exact, gibbs, nuts, got 'vb'"),
            ({"method": "gibbs"}, "method='gibbs' is for mixtures of normals"),
            ({"random_seed": -1}, "random_seed must be an integer from 0"),
            ({"random_seed": 1.0}, "random_seed must be an integer from 0"),
            ({"random_seed": True}, "random_seed must be an integer from 0"),
            ({"random_seed": 2**63}, "random_seed must be an integer from 0"),
            ({"random_seed": "one"}, "random_seed must be an integer from 0"),
            ({"include": "loglik"}, "include names the unknown group 'loglik'"),
            ({"include": ["y", 3]}, "include names the unknown group 'y'"),
            ({"include": 5}, "include must be a collection of"),
            ({"include": None}, "include must be a collection of"),
            ({"target_accept": 0.9}, "'target_accept' is an option of method='nuts'"),
        ],
    )
    def test_arguments(self, options, sentence):
        with pytest.raises(PriormapError, match=sentence):
            sample(make_data(sigma=1.0), Gaussian(1.0), **options)

    def test_data_and_prior(self):
        with pytest.raises(PriormapError, match="data must be a Regression, got list"):
            sample([1, 2], Gaussian(1.0))
        with pytest.raises(PriormapError, match="prior must be Gaussian"):
            sample(make_data(), "lasso")
        with pytest.raises(PriormapError, match="scale has 2 entries but X has 3 columns"):
            sample(make_data(), Laplace([1.0, 2.0]))

    @pytest.mark.filterwarnings("ignore:y is constant")
    @pytest.mark.parametrize("family", [Gaussian, Laplace])
    @pytest.mark.parametrize("method", ["exact", "nuts"])
    def test_improper_posteriors_are_refused_before_anything_is_drawn(self, family, method):
        rng = np.random.default_rng(1)
        X = rng.standard_normal((6, 8))
        y = rng.standard_normal(6)
        low_rank, tall = X[:, :2] @ rng.standard_normal((2, 8)), X.T
        exact = tall @ np.arange(1.0, 7.0)
        some_flat = np.array([np.inf] * 2 + [1.0] * 4)
        half = HalfNormal(1.0)
        cases = [
            (X, y, 1.0, {"scale": np.inf}, "8 columns have a flat prior"),
            (X[:, :5], y, Jeffreys(), {"scale": np.inf}, "leave no rows to learn sigma from"),
            (X, y, Jeffreys(), {"scale": 1.0}, "Jeffreys' prior of sigma is not integrable"),
            (tall, exact, half, {"scale": 1.0}, "the columns fit y exactly"),
            (low_rank, low_rank[:, 0], half, {"scale": 1.0}, "the columns fit y exactly"),
            (tall, tall[:, 1], half, {"scale": some_flat, "scaled_by_noise": True}, "fit y exac"),
            (tall, np.full(8, 2.0), Jeffreys(), {"scale": 1.0}, "y is constant"),
        ]
        for design, response, noise, options, sentence in cases:
            with pytest.raises(PriormapError, match=sentence):
                sample(Regression(design, response, noise), family(**options), method=method)

    @pytest.mark.filterwarnings("ignore:y is constant")
    @pytest.mark.parametrize("family", [Gaussian, Laplace])
    def test_proper_neighbours_of_improper_posteriors_are_drawn(self, family):
        rng = np.random.default_rng(1)
        X, y = rng.standard_normal((6, 8)), rng.standard_normal(6)
        exact = X.T @ np.arange(1.0, 7.0)
        cases = [
            (X[:, :5], y, 1.0, {"scale": np.inf}),
            (X[:, :5], y, HalfNormal(1.0), {"scale": np.inf}),
            (X[:, :5], np.full(6, 2.0), HalfNormal(1.0), {"scale": 1.0}),
            (X, y, HalfNormal(1.0), {"scale": 1.0}),
            (X, y, Jeffreys(), {"scale": 1.0, "scaled_by_noise": True}),
            (X.T, exact, InverseGamma(4.0, 20.0), {"scale": 1.0}),
            (X.T, exact, HalfNormal(1.0), {"scale": 1.0, "scaled_by_noise": True}),
            (X.T, np.full(8, 2.0), InverseGamma(2.0, 1.0), {"scale": 1.0}),
            (X.T, np.full(8, 2.0), 1.0, {"scale": 1.0}),
        ]
        for design, response, noise, options in cases:
            tree = sample(
                Regression(design, response, noise), family(**options), 2000, random_seed=1
            )
            for values in tree["posterior"].data_vars.values():
                assert np.isfinite(values).all()


class TestDiagnostics:
    def test_draws_that_are_no_numbers_are_bad_news(self):
        with pytest.warns(PriormapWarning, match="r-hat is not defined.*sample size is 0"):
            warn_of_bad_diagnostics(
                {"max_rhat": np.nan, "min_ess_bulk": np.nan, "min_ess_tail": 900.0}
            )

    def test_a_bad_run_warns_once_where_it_was_called(self):
        data = make_data(sigma=HalfNormal(3.0))
        with pytest.warns(PriormapWarning, match="r-hat is up to|effective sample size") as caught:
            tree = sample(data, Laplace(1.0), draws=20, random_seed=1)
        assert len(caught) == 1
        assert caught[0].filename == __file__
        smallest = min(tree.attrs["min_ess_bulk"], tree.attrs["min_ess_tail"])
        assert f"an effective sample size is {smallest:.0f} (should be 400)" in str(
            caught[0].message
        )
        assert tree.attrs["min_ess_bulk"] == pytest.approx(
            min(values.min() for values in arviz_stats.ess(tree["posterior"].dataset).values())
        )

    @pytest.mark.parametrize("draws", [1, 3])
    def test_too_few_draws_to_judge_warn_too(self, draws):
        with pytest.warns(PriormapWarning, match="effective sample size is 0") as caught:
            sample(make_data(sigma=1.0), Laplace(1.0), draws=draws, random_seed=1)
        assert len(caught) == 1

    def test_independent_draws_need_no_diagnosis(self):
        tree = sample(make_data(), Gaussian(1.0), draws=1, chains=1, random_seed=1)
        assert "max_rhat" not in tree.attrs


class TestInterruption:
    @pytest.mark.parametrize("interrupt", [KeyboardInterrupt, RuntimeError])
    def test_a_failing_progress_bar_stops_every_chain_after_its_block(self, interrupt, monkeypatch):
        calls, draws, seed = [], 3_000_000, np.random.SeedSequence(1)
        monkeypatch.setattr(os, "cpu_count", lambda: 2)
        data = make_data(n=20, p=1, sigma=1.0)
        threads = threading.active_count()

        def progress(done):
            calls.append(done)
            if threading.current_thread().name.endswith("_1"):  # not the one waited for first
                raise interrupt("enough")

        with pytest.raises(interrupt, match="enough"):
            draw_mixture(Model(data, Laplace(1.0)), "exact", 2, draws, 0, seed, progress)
        assert max(calls) < draws / 10
        assert threading.active_count() == threads

    def test_progress_counts_every_draw(self):
        calls = []
        draw_mixture(
            *(Model(make_data(sigma=1.0), Laplace(1.0)), "exact", 2, 250, 100),
            np.random.SeedSequence(1),
            calls.append,
        )
        assert calls == sorted(calls)
        assert calls[-1] == 700


@pytest.mark.parametrize("rows", [5, 20])  # more and fewer rows than columns
@pytest.mark.parametrize("prior", [Laplace(0.5), ElasticNet(0.5, 1.0)], ids=str)
def test_constant_columns_alone_leave_their_prior(rows, prior):
    with pytest.warns(PriormapWarning, match="constant"):
        data = Regression(np.ones((rows, 8)), np.arange(rows) ** 0.5)
    draws = sample(data, prior, draws=1000, random_seed=4)["posterior"]
    sd = draws["coef"].std(("chain", "draw")).to_numpy()
    # 4,000 nearly independent draws: the sd of a Laplace prior is known to 1.8 %
    np.testing.assert_allclose(sd, prior.sd, rtol=0.09)
