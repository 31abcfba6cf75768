"""`contrast` against its definitions: modes, draws, intervals, regions, degrees of freedom."""

import arviz_stats
import numpy as np
import pytest

from priormap import (
    ElasticNet,
    Gaussian,
    Laplace,
    PriormapError,
    Regression,
    contrast,
    find_map,
    sample,
)
from priormap.display.blocks import Table
from priormap.priors.densities import HalfCauchy, HalfNormal, InverseGamma, Jeffreys
from priormap.tables.fit_measures import mode_degrees_of_freedom
from priormap.tables.named_priors import listed


def make_data(n=50, p=5, seed=0, **options):
    rng = np.random.default_rng(seed)
    X = (3.0 + rng.standard_normal((n, p)) @ (np.eye(p) + 0.3)) * 2.0 ** np.arange(p)
    signal = np.where(np.arange(p) < 2, 1.0, 0.0) / 2.0 ** np.arange(p)
    return Regression(X, 5.0 + X @ signal + rng.standard_normal(n), **options)


PRIORS = {"ridge": Gaussian(1.0), "lasso": Laplace(0.05)}


@pytest.fixture(scope="module")
def known():
    data = make_data(sigma=1.0, standardize=True)
    return data, contrast(data, PRIORS, draws=2000, random_seed=1)


def rows_of(table, name):
    return table.coefficients[table.coefficients["prior"] == name]


def drawn(table, name):
    return table.posteriors[name]["posterior"]["coef"].to_numpy().reshape(-1, 5)


class TestCoefficients:
    def test_one_row_per_prior_and_column(self, known):
        data, table = known
        assert list(table.coefficients["prior"]) == ["ridge"] * 5 + ["lasso"] * 5
        assert list(table.coefficients["feature"]) == 2 * list(data.names)
        assert list(table.summary.index) == ["ridge", "lasso"]

    @pytest.mark.parametrize("name", PRIORS)
    def test_the_mode_is_find_maps(self, known, name):
        data, table = known
        fit = find_map(data, PRIORS[name])
        np.testing.assert_array_equal(rows_of(table, name)["mode"], fit.coef)
        np.testing.assert_array_equal(rows_of(table, name)["is_zero"], fit.coef == 0)
        assert table.modes[name].certificate.is_mode
        assert table.summary.loc[name, "zeros_mode"] == (fit.coef == 0).sum()
        assert table.summary.loc[name, "sigma_mode"] == 1.0

    @pytest.mark.parametrize("name", PRIORS)
    def test_the_posterior_is_samples(self, known, name):
        data, table = known
        coef = sample(data, PRIORS[name], 2000, random_seed=1)["posterior"]["coef"].to_numpy()
        np.testing.assert_array_equal(drawn(table, name), coef.reshape(-1, 5))

    @pytest.mark.parametrize("name", PRIORS)
    def test_columns_summarise_the_draws(self, known, name):
        data, table = known
        rows, coef = rows_of(table, name), drawn(table, name)
        np.testing.assert_allclose(rows["mean"], coef.mean(axis=0))
        np.testing.assert_allclose(rows["median"], np.median(coef, axis=0))
        np.testing.assert_allclose(rows["sd"], coef.std(axis=0, ddof=1))
        np.testing.assert_allclose(rows["prob_positive"], (coef > 0).mean(axis=0))
        region = 0.1 * data.y.std() / data.X.std(axis=0)
        np.testing.assert_allclose(rows["rope"], region)
        np.testing.assert_allclose(rows["prob_rope"], (abs(coef) <= region).mean(axis=0))
        assert table.summary.loc[name, "expected_in_rope"] == pytest.approx(rows.prob_rope.sum())

    def test_the_interval_is_the_shortest_and_arvizs(self, known):
        data, table = known
        wide = contrast(data, {"ridge": PRIORS["ridge"]}, draws=2000, random_seed=1, hdi_prob=0.5)
        for prob, tab in ((0.95, table), (0.5, wide)):
            rows, coef = rows_of(tab, "ridge"), np.sort(drawn(tab, "ridge"), axis=0)
            exact = arviz_stats.hdi(tab.posteriors["ridge"]["posterior"]["coef"], prob=prob)
            np.testing.assert_allclose(rows[["hdi_low", "hdi_high"]], exact.to_numpy())
            inside = (coef >= rows["hdi_low"].to_numpy()) & (coef <= rows["hdi_high"].to_numpy())
            np.testing.assert_allclose(inside.mean(axis=0), prob, atol=0.001)
            held = int(prob * len(coef))
            shortest = (coef[held:] - coef[:-held]).min(axis=0)
            np.testing.assert_allclose(rows["hdi_high"] - rows["hdi_low"], shortest, rtol=0.01)

    @pytest.mark.parametrize("noise", [1.0, HalfNormal(2.0)])
    def test_savs_is_its_formula_at_the_posterior_means_of_coef_and_sigma(self, noise):
        data = make_data(sigma=noise)
        table = contrast(data, {"ridge": Gaussian(0.4)}, draws=300, random_seed=2)
        draws = table.posteriors["ridge"]["posterior"]
        mean = draws["coef"].mean(("chain", "draw")).to_numpy()
        sigma = noise if isinstance(noise, float) else float(draws["sigma"].mean())
        m, square = mean * data.X.std(axis=0) / sigma, len(data.y)
        exact = np.sign(m) * np.maximum(np.abs(m) * square - m**-2, 0) / square
        savs = rows_of(table, "ridge")["savs"] / sigma * data.X.std(axis=0)
        np.testing.assert_allclose(savs, exact, rtol=1e-9)
        assert (exact == 0).any()
        assert (exact != 0).any()

    def test_a_wider_region_holds_more(self, known):
        data, table = known
        wide = contrast(data, {"lasso": PRIORS["lasso"]}, draws=500, random_seed=1, rope=0.3)
        np.testing.assert_allclose(
            rows_of(wide, "lasso")["rope"], 3 * rows_of(table, "lasso")["rope"]
        )


@pytest.mark.parametrize(("names", "said"), [("a", "a"), ("ab", "a and b"), ("abc", "a, b and c")])
def test_names_are_listed_in_a_sentence(names, said):
    assert listed(list(names)) == said


class TestSummary:
    def test_the_lasso_mode_has_zeros_and_no_draw_has(self, known):
        _, table = known
        assert table.summary.loc["lasso", "zeros_mode"] > 0
        assert table.summary.loc["ridge", "zeros_mode"] == 0
        assert list(table.summary["draws"]) == [8000, 8000]
        assert list(table.summary["draws_with_zero"]) == [0, 0]

    def test_draws_with_a_zero_are_counted(self, monkeypatch):
        def with_zeros(*arguments, **options):
            tree = sample(*arguments, **options)
            tree["posterior"]["coef"][0, :7, 2] = 0.0
            tree["posterior"]["coef"][0, 3:10, 1] = 0.0
            return tree

        monkeypatch.setattr("priormap.tables.posterior_contrast.sample", with_zeros)
        table = contrast(make_data(sigma=1.0), {"ridge": Gaussian(1.0)}, draws=100, random_seed=1)
        assert table.summary.loc["ridge", "draws_with_zero"] == 10

    def test_degrees_of_freedom_are_the_trace_of_the_hat_matrix(self, known):
        data, table = known
        X = data.X - data.X.mean(axis=0)
        ridge = np.diag(data.column_sd**2)
        exact = np.trace(X @ np.linalg.solve(X.T @ X + ridge, X.T))
        assert table.summary.loc["ridge", "dof_mode"] == pytest.approx(exact)
        # the squared length of a draw is a sum of chi-squares with variance below 2 dof
        error = np.sqrt(2 * exact / 8000)
        assert abs(table.summary.loc["ridge", "dof_posterior"] - exact) < 4.5 * error
        lasso = table.summary.loc["lasso"]
        assert lasso["dof_mode"] == 5 - lasso["zeros_mode"]

    def test_degrees_of_freedom_are_traces_at_each_drawn_sigma(self):
        """Averaged over the draws, which is not the trace at their mean."""
        data, scale = make_data(n=8, sigma=HalfCauchy(1.0)), 0.3
        table = contrast(data, {"ridge": Gaussian(scale)}, draws=500, random_seed=1)
        X = data.X - data.X.mean(axis=0)

        def trace(sigma):
            inverse = np.linalg.inv(X.T @ X + (sigma / scale) ** 2 * np.eye(5))
            return np.trace(X @ inverse @ X.T)

        sigma = table.posteriors["ridge"]["posterior"]["sigma"].to_numpy().ravel()
        exact = np.mean([trace(s) for s in sigma])
        assert table.summary.loc["ridge", "dof_posterior"] == pytest.approx(exact, rel=1e-9)
        assert abs(trace(sigma.mean()) / exact - 1) > 0.01

    @pytest.mark.parametrize(
        "prior",
        [
            ElasticNet(0.05, 0.5),
            ElasticNet([0.02, np.inf, 0.05, 0.02, np.inf], [0.5, 0.1, np.inf, 0.3, np.inf]),
        ],
        ids=["one of each scale", "parts missing"],
    )
    def test_degrees_of_freedom_are_the_divergence_of_the_fit(self, prior):
        data = make_data(n=20, sigma=1.0, standardize=True)
        fit, h, slopes = find_map(data, prior), 1e-4, []
        assert 0 < fit.support.sum() < 5
        for i in range(20):
            moved = np.outer([1, -1], h * (np.arange(20) == i))
            fits = [
                find_map(Regression(data.X, data.y + m, 1.0, standardize=True), prior)
                for m in moved
            ]
            slopes.append((fits[0].predict(data.X) - fits[1].predict(data.X))[i] / (2 * h))
        # the intercept is a degree of freedom that is not counted
        assert mode_degrees_of_freedom(fit) == pytest.approx(sum(slopes) - 1, rel=1e-8)

    @pytest.mark.parametrize("prior", [Laplace(0.2), ElasticNet(0.2, 0.3)], ids=repr)
    def test_degrees_of_freedom_are_the_derivative_of_the_posterior_mean(self, prior):
        """One column: the slope of the prior's own `posterior_mean`."""
        rng = np.random.default_rng(4)
        x = rng.standard_normal(30)
        data = Regression(x[:, None], 0.2 * x + rng.standard_normal(30), 1.0, intercept=False)
        sd, z = 1 / np.linalg.norm(x), x @ data.y / (x @ x)
        slope = np.diff(prior.posterior_mean([z - 1e-4, z + 1e-4], sd))[0] / 2e-4
        table = contrast(data, {"lasso": prior}, draws=5000, random_seed=1)
        assert table.summary.loc["lasso", "dof_posterior"] == pytest.approx(slope, rel=0.05)

    def test_sizes_are_lengths_over_that_of_least_squares(self, known):
        data, table = known
        X, y = data.X - data.X.mean(axis=0), data.y - data.y.mean()
        norm = np.linalg.norm(X, axis=0)
        size = np.linalg.norm(norm * np.linalg.lstsq(X, y)[0])
        for name in PRIORS:
            rows, row = rows_of(table, name), table.summary.loc[name]
            for what in ("mode", "mean"):
                exact = np.linalg.norm(norm * rows[what]) / size
                assert row[f"size_{what}"] == pytest.approx(exact)
                rss = ((y - X @ rows[what].to_numpy()) ** 2).sum()
                assert row[f"r2_{what}"] == pytest.approx(1 - rss / (y @ y))
            for what in ("savs", "dss"):
                assert row[f"nonzero_{what}"] == (rows[what] != 0).sum()

    def test_the_sentence_says_the_numbers(self, known):
        _, table = known
        lines = repr(table).splitlines()
        row = table.summary.loc["lasso"]
        assert lines[1].startswith(
            f"lasso: the mode has {row['zeros_mode']} of 5 coefficients exactly zero; "
            "0 of 8000 posterior draws hold a zero."
        )
        assert f"{row['expected_in_rope']:.1f} coefficients" in lines[1]
        html = table._repr_html_()
        assert lines[0] in html
        assert html.count("<tr") == 12  # two tables of five rows and a header


class TestModels:
    def test_a_learnt_scale_has_the_mode_at_its_median(self):
        data = make_data(sigma=HalfNormal(2.0))
        prior = Laplace(HalfCauchy(0.3))
        table = contrast(data, {"lasso": prior}, draws=2000, random_seed=1)
        fit, posterior = table.modes["lasso"], table.posteriors["lasso"]["posterior"]
        assert float(fit.prior.scale) == pytest.approx(float(posterior["scale"].median()))

    def test_a_learnt_factor_stretches_both_scales_of_an_elastic_net(self):
        data = make_data(sigma=1.0)
        prior = ElasticNet(0.1, [1.0, 0.5, 1.0, 2.0, np.inf], hyperprior=HalfCauchy(0.3))
        table = contrast(data, {"net": prior}, draws=2000, random_seed=1)
        fit, posterior = table.modes["net"], table.posteriors["net"]["posterior"]
        assert fit.prior == prior.with_scale(float(posterior["scale"].median()))
        assert table.summary.loc["net", "family"] == "ElasticNet"
        assert table.summary.loc["net", "draws_with_zero"] == 0

    @pytest.mark.parametrize("family", [Gaussian, Laplace, ElasticNet])
    def test_more_columns_than_rows(self, family):
        data = make_data(n=10, p=15, sigma=InverseGamma(4.0, 3.0), standardize=True)
        table = contrast(data, {"prior": family(0.3)}, draws=2000, random_seed=1)
        row = table.summary.loc["prior"]
        assert np.isnan(row["size_mode"])
        assert 0 < row["dof_posterior"] < 10
        assert np.isfinite(table.coefficients[["mode", "mean", "savs", "dss"]]).all(axis=None)

    def test_where_no_joint_mode_exists_it_is_the_mode_at_the_median_of_sigma(self):
        data = make_data(n=10, p=15, sigma=HalfNormal(2.0))
        with pytest.raises(PriormapError):
            find_map(data, Gaussian(0.3))
        table = contrast(data, {"ridge": Gaussian(0.3)}, draws=1000, random_seed=1)
        sigma = float(table.posteriors["ridge"]["posterior"]["sigma"].median())
        assert table.summary.loc["ridge", "sigma_mode"] == pytest.approx(sigma)

    @pytest.mark.filterwarnings("ignore:column")
    def test_a_constant_column_is_always_negligible(self):
        X = make_data().X.copy()
        X[:, 3] = 7.0
        data = Regression(X, make_data().y, sigma=1.0)
        table = contrast(data, {"ridge": Gaussian(1.0)}, draws=100, random_seed=1)
        row = table.coefficients.iloc[3]
        assert row["rope"] == np.inf
        assert row["prob_rope"] == 1.0
        assert row["savs"] == row["dss"] == 0.0


class TestBadInput:
    @pytest.mark.parametrize(
        ("priors", "options", "sentence"),
        [
            (Gaussian(1.0), {}, "priors must be a dict"),
            ({}, {}, "priors must be a dict"),
            ({"a": "ridge"}, {}, "prior must be Gaussian"),
            ({1: Gaussian(1.0)}, {}, "priors must be named by strings"),
            (PRIORS, {"rope": -0.1}, "rope must be a positive finite number"),
            (PRIORS, {"rope": "wide"}, "rope must be a positive finite number"),
            (PRIORS, {"hdi_prob": 1.0}, "hdi_prob must lie between 0 and 1"),
            (PRIORS, {"hdi_prob": 95}, "hdi_prob must lie between 0 and 1"),
            (PRIORS, {"draws": 0}, "draws must be a positive integer"),
            (PRIORS, {"method": "gibbs"}, "method='gibbs' is for mixtures of normals"),
        ],
    )
    def test_arguments(self, priors, options, sentence):
        with pytest.raises(PriormapError, match=sentence):
            contrast(make_data(sigma=1.0), priors, **options)

    def test_data(self):
        with pytest.raises(PriormapError, match="data must be a Regression"):
            contrast([1.0], PRIORS)

    def test_an_improper_posterior(self):
        data = make_data(n=10, p=15, sigma=Jeffreys())
        with pytest.raises(PriormapError, match="the posterior is improper"):
            contrast(data, PRIORS)


def test_the_contrast_says_which_scale_makes_a_zero():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(50, 3))
    data = Regression(X, X @ [2.0, 0.2, 0.0] + rng.normal(size=50))
    table = contrast(data, {"ridge": Gaussian(1.0), "lasso": Laplace(0.05)}, random_seed=1)
    assert list(table.zero_up_to) == ["lasso"]
    at = table.zero_up_to["lasso"]
    fit = table.modes["lasso"]
    np.testing.assert_array_equal(fit.coef == 0, at >= 0.05)
    below = find_map(data.with_noise(fit.sigma), Laplace(float(at[0]) * 0.999))
    assert below.coef[0] == 0
    above = find_map(data.with_noise(fit.sigma), Laplace(float(at[0]) * 1.001))
    assert above.coef[0] != 0
    shown = [block for block in table.blocks() if isinstance(block, Table)]
    assert shown[1].header[-1] == "zero up to scale"
    assert "zero up to scale" not in shown[0].header
