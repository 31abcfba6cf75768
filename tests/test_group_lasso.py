"""Priors on the norms of groups: an independent solver, limits, certificates and refusals."""

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, optimize

import priormap as pmap

FACTORS = {"first": ["a", "b", "c"], "second": ["d", "e"]}
PLACES = ([0, 1, 2], [3, 4], [5])


def frame(seed=0, n=40, scales=(1.0, 1.0, 1.0, 1.0, 1.0, 1.0)):
    rng = np.random.default_rng(seed)
    X = (rng.normal(size=(n, 6)) + rng.normal(size=(n, 1))) * scales
    y = X[:, :3] @ (np.array([1.0, -0.5, 0.3]) / scales[:3]) + rng.normal(size=n)
    return pd.DataFrame(X, columns=list("abcdef")).assign(y=y)


def by_proximal_steps(X, y, lam, steps=20_000):
    """Proximal gradient descent with momentum (FISTA), which shares no code with the solver."""
    X, y = X - X.mean(axis=0), y - y.mean()
    rate = 1 / np.linalg.norm(X, 2) ** 2
    b = ahead = np.zeros(X.shape[1])
    t = 1.0
    for _ in range(steps):
        moved = ahead + rate * X.T @ (y - X @ ahead)
        new = np.zeros_like(b)
        for group, weight in zip(PLACES, lam, strict=True):
            size = np.linalg.norm(moved[group])
            if size > rate * weight:
                new[group] = moved[group] * (1 - rate * weight / size)
        t, before = (1 + np.sqrt(1 + 4 * t**2)) / 2, t
        ahead, b = new + (before - 1) / t * (new - b), new
    return b


@pytest.mark.parametrize("scale", [0.02, 0.1, 0.5, 5.0])
@pytest.mark.parametrize("by_size", [False, True])
def test_the_mode_is_that_of_proximal_gradient_descent(scale, by_size):
    table = frame()
    data = pmap.Regression.from_frame(table, target="y", sigma=1.2)
    fit = pmap.find_map(data, pmap.Laplace(scale, groups=FACTORS, by_size=by_size))
    weights = np.sqrt([3, 2, 1]) if by_size else np.ones(3)
    expected = by_proximal_steps(
        table[list("abcdef")].to_numpy(), table["y"].to_numpy(), 1.44 / scale * weights
    )
    assert fit.coef == pytest.approx(expected, abs=1e-8)
    assert ((fit.coef == 0) == (expected == 0)).all()
    assert fit.certificate.is_mode
    assert fit.certificate.relative_gap < 1e-10
    assert fit.certificate.kkt_residual < 1e-12


@pytest.mark.parametrize("sigma", [1.0, None])
@pytest.mark.parametrize("by_noise", [False, True])
@pytest.mark.parametrize("standardize", [False, True])
def test_groups_of_one_column_are_the_lasso(sigma, by_noise, standardize):
    table = frame(1, scales=(1.0, 30.0, 0.1, 1.0, 1.0, 1.0))
    data = pmap.Regression.from_frame(table, target="y", sigma=sigma, standardize=standardize)
    alone = pmap.find_map(data, pmap.Laplace(0.1, by_noise, groups=list("abcdef")))
    lasso = pmap.find_map(data, pmap.Laplace(0.1, by_noise))
    assert alone.coef == pytest.approx(lasso.coef, abs=1e-7, rel=1e-7)
    assert ((alone.coef == 0) == (lasso.coef == 0)).all()
    assert alone.sigma == pytest.approx(lasso.sigma, rel=1e-8)
    assert alone.log_posterior == pytest.approx(lasso.log_posterior)


@pytest.mark.parametrize("by_noise", [False, True])
def test_a_joint_mode_is_the_highest_log_posterior(by_noise):
    table = frame(2)
    data = pmap.Regression.from_frame(table, target="y", sigma=pmap.HalfNormal(2.0))
    prior = pmap.Laplace(0.2, by_noise, groups=FACTORS)
    fit = pmap.find_map(data, prior)

    def lower(v):
        return -pmap.log_posterior(data, prior, v[:6], v[6], np.exp(v[7]))

    start = np.append(fit.coef, [fit.intercept, np.log(fit.sigma)])
    options = {"maxiter": 20_000, "maxfev": 20_000, "xatol": 1e-9, "fatol": 1e-12}
    ended = optimize.minimize(lower, start + 0.05, method="Nelder-Mead", options=options)
    assert fit.log_posterior >= -ended.fun - 1e-9
    assert fit.certificate.is_mode


def test_the_density_integrates_to_one():
    data = pmap.Regression(np.eye(2), [0.0, 1.0], sigma=1.0, intercept=False)
    for by_size in (False, True):
        prior = pmap.Laplace([0.5, 0.8], groups=["g", "g"], by_size=by_size)
        settled = prior.for_columns(data.names)
        # the same on every ellipse: rings of area 2 pi r s_1 s_2 dr
        total, _ = integrate.quad(
            lambda r, p=settled: 2 * np.pi * r * 0.4 * np.exp(p.logpdf([0.5 * r, 0.0]).sum()), 0, 60
        )
        assert total == pytest.approx(1.0, abs=1e-8)


def test_audit_and_labels():
    table = frame()
    data = pmap.Regression.from_frame(table, target="y", sigma=1.0, standardize=True)
    by_label = pmap.Laplace(0.1, groups=["u", "u", "u", "v", "v", "w"])
    fit = pmap.find_map(data, by_label)
    same = pmap.find_map(data, pmap.Laplace(0.1, groups=FACTORS))
    assert fit.coef == pytest.approx(same.coef, abs=1e-12)
    assert (fit.coef[3:5] == 0).all() or (fit.coef[3:5] != 0).all()
    assert pmap.audit(data, by_label, fit.coef).is_mode
    assert not pmap.audit(data, by_label, fit.coef * 1.01).is_mode


def test_more_columns_than_rows():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 90))
    data = pmap.Regression(X, X[:, :3] @ [2.0, 1.0, -1.0] + rng.normal(size=30), sigma=1.0)
    prior = pmap.Laplace(0.1, groups=np.repeat(np.arange(30), 3))
    fit = pmap.find_map(data, prior)
    assert fit.certificate.is_mode
    assert fit.coef[:3].all()
    sizes = np.count_nonzero(fit.coef.reshape(30, 3), axis=1)
    assert set(sizes) == {0, 3}


def test_refusals():
    table = frame()
    data = pmap.Regression.from_frame(table, target="y", sigma=1.0)
    prior = pmap.Laplace(0.1, groups=FACTORS)
    for groups, said in (
        ({"g": ["a", "z"]}, "names 'z', which X has not"),
        ({"g": ["a"], "h": ["a"]}, "names 'a' twice"),
        (["u", "v"], "2 labels but X has 6 columns"),
    ):
        with pytest.raises(pmap.PriormapError, match=said):
            pmap.find_map(data, pmap.Laplace(0.1, groups=groups))
    for groups in (3, "abc", {}, {"g": "ab"}, {"g": []}):
        with pytest.raises(pmap.PriormapError, match="groups"):
            pmap.Laplace(0.1, groups=groups)
    for verb in (
        lambda: pmap.find_map(data, pmap.Laplace(pmap.HalfCauchy(1.0), groups=FACTORS)),
        lambda: pmap.compare_map(data, {"g": prior}),
        lambda: pmap.map_path(data, prior),
        lambda: pmap.map_path(data, prior, [1.0], along="power"),
        lambda: pmap.prior_sensitivity(data, prior),
        lambda: prior.logpdf(0.5),
        lambda: prior.shrink(0.5, 1.0),
        lambda: pmap.plot_prior_shapes({"g": prior}),
    ):
        with pytest.raises(pmap.PriormapError, match="Laplace"):
            verb()


@pytest.mark.parametrize("unit", [1e-140, 1e-30, 1e30, 1e140])
def test_units_and_scales_do_not_matter(unit):
    table = frame()
    X, y = table[list("abcdef")], table["y"]
    for sigma in (1.0, None):
        plain = pmap.find_map(pmap.Regression(X, y, sigma=sigma), pmap.Laplace(0.1, groups=FACTORS))
        data = pmap.Regression(X, y * unit, sigma=None if sigma is None else unit)
        fit = pmap.find_map(data, pmap.Laplace(0.1 * unit, groups=FACTORS))
        assert fit.coef / unit == pytest.approx(plain.coef, rel=1e-8)
        assert fit.certificate.is_mode


@pytest.mark.filterwarnings("ignore:column 'e' is constant")
@pytest.mark.parametrize("scale", [1e-200, 1e-8, 1e8, 1e200])
def test_scales_beyond_any_sense(scale):
    table = frame().assign(e=1.0)
    data = pmap.Regression.from_frame(table, target="y", sigma=1.0)
    fit = pmap.find_map(data, pmap.Laplace(scale, groups=FACTORS))
    assert fit.certificate.is_mode
    assert fit.coef[4] == 0
    if scale < 1:
        assert not fit.coef.any()
    else:
        rows = np.column_stack([table[list("abcdf")], np.ones(len(table))])
        free = np.linalg.lstsq(rows, table["y"])[0][:5]
        assert fit.coef[[0, 1, 2, 3, 5]] == pytest.approx(free, rel=1e-5)


def test_it_is_a_value_like_other_priors():
    import copy
    import pickle

    prior = pmap.Laplace(0.5, groups=FACTORS)
    assert pickle.loads(pickle.dumps(prior)) == copy.deepcopy(prior) == prior
    assert prior != pmap.Laplace(0.5, groups=FACTORS, by_size=True)
    assert prior != pmap.Laplace(0.5, groups={"first": ["a"]})
    assert prior != pmap.Laplace(0.5)
    assert "groups={'first': ['a', 'b', 'c'], 'second': ['d', 'e']}" in repr(prior)
    assert "groups" in prior._repr_html_()
    assert pmap.Laplace(0.5, groups=None) == pmap.Laplace(0.5)
