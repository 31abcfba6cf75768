"""Modes under penalties that are not convex: brute force, closed forms, what is said of them."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats
from scipy.special import kv

import priormap as pmap
from priormap.cli import run
from priormap.model import log_posterior

HEAVY = [pmap.Cauchy(0.1), pmap.StudentT(2.5, 0.2), pmap.NormalGamma(0.7, 0.4)]
UNKNOWN = pmap.HalfNormal(3.0)


def minus_log_density(prior, b):
    """From the definition of each family, in code that shares nothing with the priors."""
    b = np.asarray(b, dtype=float)
    if isinstance(prior, pmap.NormalGamma):
        x, order = np.abs(b) / prior.scale, prior.shape - 0.5
        with np.errstate(invalid="ignore"):
            terms = order * np.log(np.where(x > 0, x, 1e-290)) + np.log(
                kv(order, np.maximum(x, 1e-290))
            )
        return -terms.sum(axis=-1)
    df = getattr(prior, "df", 1.0)
    return -stats.t.logpdf(b, df, scale=prior.scale).sum(axis=-1)


def objective(data, prior, sigma):
    X, y = np.asarray(data.X), data.y

    def value(b):
        r = y - X @ b - data.intercept * (y.mean() - X.mean(axis=0) @ b)
        return 0.5 * r @ r / sigma**2 + float(minus_log_density(prior, b))

    return value


def drawn(n, p, seed, coef, noise=1.0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) + rng.normal(size=(n, 1))
    return X, X @ coef + noise * rng.normal(size=n)


@pytest.mark.parametrize("prior", HEAVY, ids=repr)
@pytest.mark.parametrize("z", [0.05, 0.9, 2.0, 2.6, 3.4, -4.0, 30.0])
def test_one_coefficient_has_the_local_modes_of_a_grid(prior, z):
    data = pmap.Regression([[1.0]], [z], sigma=1.0, intercept=False)
    fit = pmap.find_map(data, prior)
    half = np.arange(1, 200_001) * 1.1 / 200_000 * abs(z)
    grid = np.concatenate([-half[::-1], [0.0], half])
    f = 0.5 * (z - grid) ** 2 + minus_log_density(prior, grid[:, None])
    inner = (f[1:-1] < f[:-2]) & (f[1:-1] <= f[2:])
    lowest = grid[1:-1][inner]
    found = [fit.coef[0], *(point.coef[0] for point in fit.others)]
    assert sorted(found) == pytest.approx(sorted(lowest), abs=2e-5 * abs(z))
    assert fit.coef[0] == pytest.approx(grid[np.argmin(f)], abs=2e-5 * abs(z))
    assert fit.coef[0] == pytest.approx(float(prior.shrink(z, 1.0)), abs=1e-9)
    assert all(point.log_posterior <= fit.log_posterior for point in fit.others)


@pytest.mark.parametrize("prior", HEAVY, ids=repr)
@pytest.mark.parametrize("p", [2, 3])
def test_no_descent_from_a_grid_of_starts_ends_higher(prior, p):
    for seed in range(2):
        coef = np.array([2.0, 0.3, -0.8])[:p]
        X, y = drawn(12, p, seed, coef)
        data = pmap.Regression(X, y, sigma=1.0)
        fit, value = pmap.find_map(data, prior), objective(data, prior, 1.0)
        supports = itertools.product((False, True), repeat=p)
        best = np.inf
        for support in supports:
            support = np.array(support)
            for start in itertools.product((-1.0, 0.1, 2.0), repeat=int(support.sum())):

                def on_support(b, support=support, value=value):
                    full = np.zeros(p)
                    full[support] = b
                    return value(full)

                if not support.any():
                    best = min(best, value(np.zeros(p)))
                    continue
                ended = optimize.minimize(on_support, np.array(start) + 1e-3, method="Nelder-Mead")
                best = min(best, ended.fun)
        assert value(fit.coef) <= best + 1e-6
        assert fit.certificate.is_local_mode


def test_orthogonal_designs_have_the_rule_of_one_dimension():
    rng = np.random.default_rng(0)
    Q, _ = np.linalg.qr(rng.normal(size=(40, 6)))
    z = np.array([0.2, 1.0, 2.0, 3.0, -5.0, 12.0])
    y = Q @ z + 0.1 * rng.normal(size=40)
    data = pmap.Regression(Q, y, sigma=0.7, intercept=False)
    for prior in HEAVY:
        expected = prior.shrink(Q.T @ y, 0.7)
        assert pmap.find_map(data, prior).coef == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("sigma", [1.0, UNKNOWN, None], ids=str)
@pytest.mark.parametrize("shape", [(40, 5), (20, 60)], ids=str)
@pytest.mark.parametrize("by_noise", [False, True])
def test_limits_are_the_classical_modes(sigma, shape, by_noise):
    n, p = shape
    X, y = drawn(n, p, 3, np.r_[2.0, -1.0, np.zeros(p - 2)])
    if p > n and sigma is not None:
        sigma = 1.0 if isinstance(sigma, float) else pmap.InverseGamma(3.0, 1.0)
    if p > n and sigma is None:
        pytest.skip("unbounded")
    data = pmap.Regression(X, y, sigma=sigma, standardize=True)
    one = pmap.find_map(data, pmap.NormalGamma(1.0, 0.3, scaled_by_noise=by_noise))
    lasso = pmap.find_map(data, pmap.Laplace(0.3, scaled_by_noise=by_noise))
    assert one.coef == pytest.approx(lasso.coef, abs=1e-8)
    assert ((one.coef == 0) == (lasso.coef == 0)).all()
    assert one.sigma == pytest.approx(lasso.sigma, rel=1e-8)
    round_ = pmap.find_map(data, pmap.StudentT(1e9, 0.3, scaled_by_noise=by_noise))
    ridge = pmap.find_map(data, pmap.Gaussian(0.3, scaled_by_noise=by_noise))
    assert round_.coef == pytest.approx(ridge.coef, abs=1e-6)
    assert round_.sigma == pytest.approx(ridge.sigma, rel=1e-6)
    assert round_.intercept == pytest.approx(ridge.intercept, abs=1e-6)


@pytest.mark.parametrize("by_noise", [False, True])
@pytest.mark.parametrize("standardize", [False, True])
@pytest.mark.parametrize("sigma", [1.3, UNKNOWN], ids=str)
def test_every_point_is_stationary_by_differences_of_the_log_posterior(
    by_noise, standardize, sigma
):
    X, y = drawn(25, 4, 1, np.array([2.0, -0.7, 0.2, 0.0]))
    X *= [1.0, 30.0, 0.1, 1.0]
    data = pmap.Regression(X, y, sigma=sigma, standardize=standardize)
    scale = np.array([1.0, 2.0, 0.5, np.inf]) * 0.05
    for prior in (
        pmap.Cauchy(scale, scaled_by_noise=by_noise),
        pmap.NormalGamma(0.8, scale, scaled_by_noise=by_noise),
    ):
        fit = pmap.find_map(data, prior)
        for point in (fit, *fit.others):
            here = np.append(point.coef, [point.intercept, point.sigma])

            def height(v, prior=prior):
                return log_posterior(data, prior, v[:4], v[4], None if sigma == 1.3 else v[5])

            spans = np.append(1 / X.std(axis=0), [1.0, 1.0])
            for j in range(5 if sigma == 1.3 else 6):
                if here[j] == 0 and isinstance(prior, pmap.NormalGamma):
                    continue
                step = np.zeros(6)
                step[j] = 1e-5 * spans[j]
                slope = (height(here + step) - height(here - step)) / 2e-5
                assert abs(slope) < 1e-3
        assert fit.log_posterior == max([fit.log_posterior, *(o.log_posterior for o in fit.others)])


def test_a_weak_prior_leaves_the_objective_convex_which_proves_the_mode():
    X, y = drawn(60, 3, 0, np.array([1.0, 0.0, -1.0]))
    fit = pmap.find_map(pmap.Regression(X, y, sigma=1.0), pmap.Cauchy(5.0))
    assert fit.certificate.is_mode
    assert fit.certificate.grade == "mode"
    assert fit.certificate.verdict.startswith("This is the mode")
    assert not fit.others


def test_the_certificate_tells_highest_stationary_and_other_points_apart():
    data = pmap.Regression([[1.0]], [5.0], sigma=1.0, intercept=False)
    prior = pmap.Cauchy(0.1)
    fit = pmap.find_map(data, prior)
    assert not fit.certificate.is_mode
    assert fit.certificate.grade == "stationary"
    assert "nothing proves" in fit.certificate.verdict
    assert "One other stationary point" in repr(fit)
    (other,) = fit.others
    lower = pmap.audit(data, prior, other.coef)
    assert lower.grade == "stationary"
    assert not lower.is_highest
    assert lower.below == pytest.approx(fit.log_posterior - other.log_posterior)
    assert not lower.is_mode
    assert "higher in log density" in lower.verdict
    wrong = pmap.audit(data, prior, [4.0])
    assert wrong.grade == "another point"
    assert not wrong.is_stationary
    assert pmap.audit(data, prior, fit.coef).is_highest
    saddle = optimize.brentq(lambda b: b - 5.0 + 2 * b / (0.01 + b**2), 0.1, 1.0)
    between = pmap.audit(data, prior, [saddle])
    assert between.is_stationary
    assert not between.is_local_mode
    assert fit.to_dict()["others"][0]["coef"] == other.coef.tolist()


@pytest.mark.filterwarnings("ignore:column 'x3' is constant")
@pytest.mark.parametrize("scale", [1e-300, 1e-160, 1e-8, 1e8, 1e160, 1e300])
@pytest.mark.parametrize("sigma", [0.5, None])
def test_scales_beyond_any_sense(scale, sigma):
    X, y = drawn(30, 3, 5, np.array([2.0, 0.0, 1.0]))
    X = np.column_stack([X, np.ones(30)])
    data = pmap.Regression(X, y, sigma=sigma)
    for prior in (pmap.Cauchy(scale), pmap.StudentT(4.0, scale), pmap.NormalGamma(0.8, scale)):
        fit = pmap.find_map(data, prior)
        assert fit.certificate.is_stationary
        assert np.isfinite(fit.coef).all()
        assert fit.coef[3] == 0
        if scale > 1:
            free = np.linalg.lstsq(np.column_stack([X[:, :3], np.ones(30)]), y)[0][:3]
            assert fit.coef[:3] == pytest.approx(free, rel=1e-5)


@pytest.mark.parametrize("unit", [1e-140, 1e-30, 1e30, 1e140])
def test_units_do_not_matter(unit):
    X, y = drawn(30, 3, 5, np.array([2.0, 0.0, 1.0]))
    for sigma in (0.5, None):
        plain = pmap.find_map(pmap.Regression(X, y, sigma=sigma), pmap.NormalGamma(0.7, 0.2))
        noise = None if sigma is None else sigma * unit
        data = pmap.Regression(X, y * unit, sigma=noise)
        fit = pmap.find_map(data, pmap.NormalGamma(0.7, 0.2 * unit))
        assert fit.coef / unit == pytest.approx(plain.coef, rel=1e-9)
        assert fit.sigma / unit == pytest.approx(plain.sigma, rel=1e-9)


def test_more_columns_than_rows_and_graded_columns():
    rng = np.random.default_rng(2)
    X = rng.normal(size=(30, 80)) * np.geomspace(1e-6, 1e6, 80)
    y = X[:, 0] * 3e6 + rng.normal(size=30)
    data = pmap.Regression(X, y, sigma=1.0, standardize=True)
    for prior in (pmap.Cauchy(0.02), pmap.NormalGamma(0.7, 0.1)):
        fit = pmap.find_map(data, prior)
        assert fit.certificate.is_local_mode
        assert fit.coef[0] == pytest.approx(3e6, rel=0.25)


def test_what_has_no_mode_is_refused_with_the_reason():
    X, y = drawn(20, 2, 0, np.array([1.0, 0.0]))
    data = pmap.Regression(X, y, sigma=1.0)
    for prior in (pmap.Horseshoe(0.3), pmap.NormalGamma(0.5), pmap.SpikeAndSlab(0.5)):
        with pytest.raises(pmap.PriormapError, match="has no exact mode: "):
            pmap.find_map(data, prior)
        with pytest.raises(pmap.PriormapError, match="has no exact mode: "):
            pmap.audit(data, prior, [0.0, 0.0])
        with pytest.raises(pmap.PriormapError, match="has no exact mode: "):
            pmap.map_path(data, prior, [1.0])
    few = pmap.Regression(X[:3], y[:3])
    with pytest.raises(pmap.PriormapError, match="grows without bound"):
        pmap.find_map(few, pmap.Cauchy(1.0))
    with pytest.raises(pmap.PriormapError, match="is learnt"):
        pmap.find_map(data, pmap.Cauchy(pmap.HalfCauchy(1.0)))
    with pytest.raises(pmap.PriormapError, match=r"Cauchy\(scale=1\) has no penalised fit"):
        pmap.compare_map(data, {"c": pmap.Cauchy(1.0)})
    with pytest.raises(pmap.PriormapError, match="give scales="):
        pmap.map_path(data, pmap.Cauchy(1.0))
    with pytest.raises(pmap.PriormapError, match="no power"):
        pmap.map_path(data, pmap.Cauchy(1.0), [1.0], along="power")
    with pytest.raises(pmap.PriormapError, match=r"has no penalty \(l1, l2\)"):
        pmap.plot_geometry(data, {"c": pmap.Cauchy(1.0)})


def test_a_path_is_the_highest_point_at_every_scale():
    X, y = drawn(20, 3, 0, np.array([2.0, 0.5, 0.0]))
    data = pmap.Regression(X, y, sigma=1.0)
    path = pmap.map_path(data, pmap.NormalGamma(0.7), [0.05, 0.5])
    for k, scale in enumerate(path.scales):
        fit = pmap.find_map(data, pmap.NormalGamma(0.7, float(scale)))
        assert path.coef[k] == pytest.approx(fit.coef, abs=1e-12)
        assert path.at(float(scale)) == pytest.approx(fit.coef, abs=1e-12)
        assert path.certificate(k).is_stationary


def test_beside_the_posterior_and_in_a_comparison():
    X, y = drawn(40, 3, 0, np.array([2.0, 0.5, 0.0]))
    data = pmap.Regression(X, y)
    priors = {"t": pmap.StudentT(3, 0.5), "ng": pmap.NormalGamma(0.7, 0.5)}
    table = pmap.contrast(data, priors, draws=300, random_seed=0)
    for name, prior in priors.items():
        fit = pmap.find_map(data, prior)
        mode = table.coefficients.query("prior == @name")["mode"].to_numpy()
        assert mode == pytest.approx(fit.coef)
        assert 0 < table.summary.loc[name, "dof_mode"] <= 3.5
    found = pmap.compare_priors(data, priors, draws=300, folds=3, random_seed=0).table
    assert (found["rmse_mode"] < 2).all()
    assert (found["zeros"] >= 0).all()


def test_degrees_of_freedom_are_the_slope_of_the_fit():
    X, y = drawn(20, 3, 4, np.array([2.0, 0.5, 0.0]))
    prior, step = pmap.Cauchy(0.3), 1e-5

    def fitted(y):
        fit = pmap.find_map(pmap.Regression(X, y, sigma=1.0, intercept=False), prior)
        return X @ fit.coef

    from priormap.tables.fit_measures import mode_degrees_of_freedom

    slopes = [
        (fitted(y + step * e) - fitted(y - step * e))[i] / (2 * step)
        for i, e in enumerate(np.eye(20))
    ]
    fit = pmap.find_map(pmap.Regression(X, y, sigma=1.0, intercept=False), prior)
    assert mode_degrees_of_freedom(fit) == pytest.approx(sum(slopes), rel=1e-5)


def test_command_line(tmp_path, capsys):
    X, y = drawn(40, 3, 0, np.array([2.0, 0.5, 0.0]))
    table, coefs = tmp_path / "table.csv", tmp_path / "coefs.csv"
    pd.DataFrame(X, columns=list("abc")).assign(y=y).to_csv(table, index=False)
    data = pmap.Regression.from_csv(table, target="y", sigma=1.0, standardize=True)
    fit = pmap.find_map(data, pmap.NormalGamma(0.7, 0.5))
    fit.to_frame()["coef"].to_csv(coefs)
    given = [str(coefs), str(table), "--target", "y", "--sigma", "1"]
    assert run(["audit", *given, "--prior", "cauchy", "--scale", "0.5"]) == 4
    assert "no stationary point" in capsys.readouterr().out
