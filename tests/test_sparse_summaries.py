"""SAVS and DSS against their formulas, in any units."""

import numpy as np
import pytest
from sklearn.linear_model import lars_path

from priormap import Gaussian, Laplace, Regression, sample
from priormap.priors.densities import HalfNormal
from priormap.tables.sparse_summaries import decoupled_selection, savs


def make_data(n=100, p=8, seed=1, **options):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) @ (np.eye(p) + 0.2)
    coef = np.where(np.arange(p) < 3, [2.0, -1.5, 1.0, *np.zeros(p - 3)], 0.0)
    return Regression(X, 3.0 + X @ coef + rng.standard_normal(n), **options)


def posterior_of(data, prior, draws=1000):
    posterior = sample(data, prior, draws, random_seed=1)["posterior"]
    coef = posterior["coef"].to_numpy().reshape(-1, data.n_features)
    known = isinstance(data.sigma, float)
    sigma = np.full(len(coef), data.sigma) if known else posterior["sigma"].to_numpy().ravel()
    return coef, sigma


def rescaled(data, x_unit, y_unit):
    """The same data in other units, shifted."""
    noise = data.sigma * y_unit if isinstance(data.sigma, float) else HalfNormal(2.0 * y_unit)
    return Regression(data.X * x_unit + 5.0, data.y * y_unit - 2.0, sigma=noise)


class TestSavs:
    def test_the_formula_on_unit_columns(self):
        rng = np.random.default_rng(2)
        X = rng.standard_normal((30, 4))
        X = (X - X.mean(axis=0)) / X.std(axis=0)
        data, mean = Regression(X, X[:, 0], sigma=1.0), np.array([0.9, -0.4, 0.2, 0.0])
        square = (X**2).sum(axis=0)
        exact = [
            np.sign(m) * max(abs(m) * s - 1 / m**2, 0.0) / s if m else 0.0
            for m, s in zip(mean, square, strict=True)
        ]
        np.testing.assert_allclose(savs(data, mean, 1.0), exact)
        assert exact[1] != 0 == exact[2]

    def test_the_threshold_is_the_cube_root_of_rows(self):
        """``|m| |x|**2 > m**-2`` keeps a coefficient above ``n**(-1/3)`` noise sds per sd of x."""
        data = make_data()
        edge = 100 ** (-1 / 3) * 2.0 / data.column_sd
        assert not savs(data, 0.999 * edge, 2.0).any()
        assert savs(data, 1.001 * edge, 2.0).all()

    def test_units_do_not_matter(self):
        data, mean = make_data(), np.linspace(-1.0, 1.0, 8)
        x_unit = 10.0 ** np.arange(-4, 4)
        other = rescaled(make_data(sigma=1.0), x_unit, 1e3)
        np.testing.assert_allclose(
            savs(other, mean * 1e3 / x_unit, 1e3), savs(data, mean, 1.0) * 1e3 / x_unit
        )

    def test_it_shrinks_and_never_changes_a_sign(self):
        data, mean = make_data(), np.linspace(-1.0, 1.0, 8)
        kept = savs(data, mean, 1.0)
        assert (abs(kept) <= abs(mean)).all()
        assert (kept * mean >= 0).all()


class TestDecoupledSelection:
    @pytest.mark.parametrize("prior", [Gaussian(1.0), Laplace(0.5)])
    @pytest.mark.parametrize("noise", [1.0, HalfNormal(2.0)])
    def test_it_keeps_the_strong_truth_and_drops_noise(self, prior, noise):
        data = make_data(sigma=noise)
        chosen = decoupled_selection(data, *posterior_of(data, prior)) != 0
        assert chosen[:3].all()
        assert not chosen[3:].all()

    def test_a_truth_without_signal_below_the_noise_keeps_fewer(self):
        """Control: the support follows the data and is not always the same three."""
        data = make_data(sigma=1.0)
        turned = Regression(data.X[:, ::-1], data.y, sigma=1.0)
        chosen = decoupled_selection(turned, *posterior_of(turned, Gaussian(1.0))) != 0
        assert chosen[-3:].all()
        assert not chosen[:5].all()

    def test_units_do_not_matter(self):
        data = make_data(sigma=1.0)
        coef, sigma = posterior_of(data, Gaussian(1.0), 300)
        x_unit = 10.0 ** np.arange(-4, 4)
        other = decoupled_selection(rescaled(data, x_unit, 1e3), coef * 1e3 / x_unit, sigma * 1e3)
        np.testing.assert_allclose(
            other, decoupled_selection(data, coef, sigma) * 1e3 / x_unit, rtol=1e-7, atol=0
        )

    def test_draws_that_agree_leave_nothing_to_drop(self):
        """Without noise and without spread only the posterior mean explains as much."""
        data = make_data(sigma=1.0)
        coef = np.tile(np.linspace(0.5, 2.0, 8), (100, 1))
        chosen = decoupled_selection(data, coef, np.full(100, 1e-9))
        np.testing.assert_allclose(chosen, coef[0], rtol=1e-8)

    def test_it_is_a_point_of_the_path_of_its_objective(self):
        """Kept columns have gradient ``lambda / |m_j|`` of one lambda, the others less."""
        data = make_data(sigma=1.0)
        coef, sigma = posterior_of(data, Gaussian(1.0))
        chosen, mean = decoupled_selection(data, coef, sigma), coef.mean(axis=0)
        X = data.X - data.X.mean(axis=0)
        pull = X.T @ X @ (mean - chosen) * np.abs(mean)
        kept = chosen != 0
        assert 0 < kept.sum() < 8
        np.testing.assert_allclose(pull[kept] * np.sign(chosen[kept]), abs(pull).max(), rtol=1e-6)

    def test_the_chosen_point_explains_as_much_and_no_sparser_path_point_was_passed_over(self):
        data = make_data(sigma=1.0)
        coef, sigma = posterior_of(data, Gaussian(1.0), 500)
        chosen = decoupled_selection(data, coef, sigma)
        X = data.X - data.X.mean(axis=0)
        fits = coef @ X.T
        noise, signal = len(X) * sigma**2, (fits**2).sum(axis=1)

        def interval(point):
            lost = ((fits - X @ point) ** 2).sum(axis=1)
            return np.quantile(signal / (signal + noise + lost), (0.05, 0.95))

        target = (signal / (signal + noise)).mean()
        low, high = interval(chosen)
        assert low <= target <= high
        assert interval(np.zeros(8))[1] < target

    def test_the_sparsest_knot_is_taken_that_a_90_percent_interval_allows(self):
        """Of scikit-learn's path; a narrower interval would keep more columns."""
        narrower = 0
        for seed in range(8):
            rng, data, sigma = np.random.default_rng(seed), make_data(40, seed=seed), 1.5
            X = data.X - data.X.mean(axis=0)
            root = np.linalg.cholesky(np.linalg.inv(X.T @ X)).T
            coef = np.linalg.lstsq(X, data.y)[0] + sigma * rng.standard_normal((400, 8)) @ root
            fits, mean = coef @ X.T, coef.mean(axis=0)
            knots = lars_path(X * np.abs(mean), X @ mean, method="lasso")[2].T * np.abs(mean)
            lost = ((fits - (knots @ X.T)[:, None]) ** 2).sum(axis=2)
            signal, noise = (fits**2).sum(axis=1), 40 * sigma**2
            target, explained = (signal / (signal + noise)).mean(), signal / (signal + noise + lost)

            def first(mass, target=target, explained=explained):
                return int((np.quantile(explained, 0.5 + mass / 2, axis=1) >= target).argmax())

            assert (np.diff(np.count_nonzero(knots, axis=1)) >= 0).all()
            chosen = decoupled_selection(data, coef, np.full(400, sigma))
            np.testing.assert_allclose(chosen, knots[first(0.9)], rtol=1e-6, atol=1e-9)
            narrower += first(0.9) != first(0.7)
        assert narrower > 2

    def test_more_columns_than_rows(self):
        data = make_data(n=12, p=20, sigma=1.0)
        coef, sigma = posterior_of(data, Gaussian(1.0))
        chosen = decoupled_selection(data, coef, sigma)
        assert np.isfinite(chosen).all()
        assert 0 < (chosen != 0).sum() <= 20

    @pytest.mark.filterwarnings("ignore:column")
    def test_a_constant_column_and_a_zero_mean_stay_out(self):
        X = make_data().X.copy()
        X[:, 0] = 2.0
        data = Regression(X, make_data().y, sigma=1.0)
        coef, sigma = posterior_of(data, Gaussian(1.0), 100)
        coef[:, 5] = 0.0
        chosen = decoupled_selection(data, coef, sigma)
        assert chosen[0] == chosen[5] == 0
        assert not decoupled_selection(data, 0 * coef, sigma).any()
