"""Projection predictive selection, against its definition and where the truth is known."""

import json

import numpy as np
import pytest
from matplotlib.figure import Figure
from scipy import optimize, sparse

import priormap as pm
from priormap import plots
from priormap.cli import run
from priormap.criteria.projection import Projector
from priormap.priors import PRIORS


def regression(n=120, p=8, support=(0, 3), sigma=1.0, seed=0, **options):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) * np.geomspace(0.2, 5, p)
    b = np.zeros(p)
    b[list(support)] = 2.0 / np.std(X[:, list(support)], axis=0)
    return pm.Regression(X, 3 + X @ b + rng.normal(size=n), sigma=sigma, **options)


@pytest.fixture(scope="module")
def found():
    return pm.project(regression(), pm.Laplace(1.0), random_seed=1)


def test_the_whole_model_is_the_reference(found):
    posterior = found.posterior["posterior"]["coef"].to_numpy().reshape(-1, 8)
    which = np.linspace(0, len(posterior) - 1, 1000).astype(int)
    np.testing.assert_allclose(found.draws(8), posterior[which], rtol=1e-8, atol=1e-10)
    last = found.table.iloc[-1]
    assert last["divergence"] == last["elpd_diff"] == last["diff_se"] == 0.0


def test_nested_submodels_lose_less_and_less(found):
    assert (np.diff(found._projector.divergences, axis=1) <= 1e-9).all()
    assert (found.table["divergence"].diff().dropna() <= 0).all()


def test_a_projection_minimises_the_divergence(found):
    """By its definition: of normals with the submodel's mean and any sigma, the nearest."""
    data, size = found.data, 3
    names = [data.names.index(name) for name in found.order[:size]]
    X = data.X - data.X.mean(axis=0)
    coef = found.posterior["posterior"]["coef"].to_numpy().reshape(-1, 8)[0]
    fit = X @ coef

    def divergence(at):
        left = fit - X[:, names] @ at[:-1]
        ratio = np.exp(2 * at[-1])
        return 0.5 * (120 * np.log(ratio) + (120 + left @ left) / ratio - 120)

    best = optimize.minimize(divergence, np.zeros(size + 1), method="BFGS", tol=1e-10)
    assert found._projector.divergences[0, size] == pytest.approx(best.fun, rel=1e-6)
    np.testing.assert_allclose(found.draws(size)[0, names], best.x[:-1], rtol=1e-4)
    assert found._projector.sigmas[0, size] == pytest.approx(np.exp(best.x[-1]), rel=1e-5)


def test_orthogonal_columns_keep_their_draws():
    rng = np.random.default_rng(2)
    Q = np.linalg.qr(np.column_stack([np.ones(50), rng.normal(size=(50, 4))]))[0][:, 1:]
    data = pm.Regression(Q * 7, Q @ [9.0, -20, 4, 1] + rng.normal(size=50), sigma=1.0)
    found = pm.project(data, pm.Gaussian(1.0), random_seed=1)
    posterior = found.draws(4)
    size = np.abs(posterior.mean(axis=0))
    assert [data.names.index(name) for name in found.order] == np.argsort(-size).tolist()
    for k in range(5):
        kept = np.isin(data.names, found.order[:k])
        np.testing.assert_allclose(found.draws(k), posterior * kept, atol=1e-10)
        lost = 49 * (posterior[:, ~kept] ** 2).sum(axis=1)
        exact = 25 * np.log1p(lost / 50)
        np.testing.assert_allclose(found._projector.divergences[:, k], exact, atol=1e-8)


@pytest.mark.parametrize("kind", PRIORS)
def test_the_support_is_found_under_every_prior(kind):
    data = regression(standardize=True)
    prior = kind() if not kind.scales else pm.prior_for(data, kind, r2=0.7)
    found = pm.project(data, prior, draws=400, random_seed=1)
    assert set(found.order[:2]) == {"x0", "x3"}
    assert found.suggested == 2
    assert set(np.flatnonzero(found.coef())) == {0, 3}
    assert "2 of 8 columns predict as well" in found.sentence


@pytest.mark.filterwarnings("ignore:these draws")
@pytest.mark.parametrize("kind", PRIORS)
def test_the_other_sparse_summaries_are_there_under_every_prior(kind):
    data = regression(standardize=True)
    prior = kind() if not kind.scales else pm.prior_for(data, kind, r2=0.7)
    table = pm.contrast(data, {"a": prior}, draws=400, random_seed=1).coefficients
    for sparse_answer in ("savs", "dss"):
        assert {0, 3} <= set(np.flatnonzero(table[sparse_answer]))
        assert np.isfinite(table[sparse_answer]).all()


def test_the_reference_is_exact_leave_one_out(found):
    """Under a Gaussian prior the reference's density has a closed form."""
    data = regression()
    gaussian = pm.project(data, pm.Gaussian(1.0), draws=1000, random_seed=1)
    exact = pm.compare_priors(data, {"a": pm.Gaussian(1.0)}, random_seed=1).table["elpd"].item()
    assert gaussian.table["elpd"].iloc[-1] == pytest.approx(exact, abs=0.5)


def test_held_out_folds_agree_with_leave_one_out(found):
    folds = pm.project(regression(), pm.Laplace(1.0), folds=6, draws=400, random_seed=1)
    assert folds.suggested == found.suggested == 2
    error = np.hypot(folds.table["elpd_se"], found.table["elpd_se"])
    assert (np.abs(folds.table["elpd"] - found.table["elpd"]) < error).all()


def test_noise_alone_needs_no_column():
    rng = np.random.default_rng(9)
    data = pm.Regression(rng.normal(size=(80, 5)), rng.normal(size=80), sigma=1.0)
    found = pm.project(data, pm.Laplace(0.05), random_seed=1)
    assert found.suggested == 0
    assert found.sentence.endswith("none.")
    assert not found.coef().any()


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("sigma", [1.0, None])
def test_more_columns_than_rows_collinear_and_sparse(intercept, sigma):
    rng = np.random.default_rng(4)
    X = rng.normal(size=(30, 50))
    X[:, 7] = X[:, 2]  # the same column twice
    y = 4 * X[:, 2] + rng.normal(size=30)
    for table in (X, sparse.csr_matrix(X)):
        data = pm.Regression(table, y, sigma=sigma, intercept=intercept)
        found = pm.project(data, pm.Horseshoe(0.05), most=12, draws=300, random_seed=1)
        assert len(found.order) == len(set(found.order)) == 12
        assert not {"x2", "x7"} <= set(found.order)
        assert np.isfinite(found.table.drop(columns="feature").to_numpy()).all()


@pytest.mark.parametrize("unit", [1e-120, 1e120])
def test_no_unit_matters(unit):
    one = regression()
    other = pm.Regression(one.X, one.y * unit, sigma=unit)
    a = pm.project(one, pm.Laplace(1.0), draws=200, random_seed=3)
    b = pm.project(other, pm.Laplace(unit), draws=200, random_seed=3)
    assert a.order == b.order
    np.testing.assert_allclose(a.table["elpd_diff"], b.table["elpd_diff"], rtol=1e-5, atol=1e-6)


def test_given_draws_are_the_reference():
    data, prior = regression(), pm.StudentT(4, 1.0)
    tree = pm.sample(data, prior, draws=500, chains=2, random_seed=8)
    found = pm.project(data, prior, posterior=tree, random_seed=1)
    coef = tree["posterior"]["coef"].to_numpy().reshape(-1, 8)
    np.testing.assert_allclose(found.draws(8), coef, rtol=1e-8, atol=1e-10)
    assert found.posterior is tree


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"most": 0}, "most must be a positive integer"),
        ({"folds": 1}, "folds must be at least 2"),
        ({"draws": 0}, "draws must be a positive integer"),
        ({"random_seed": -3}, "seed"),
    ],
)
def test_what_cannot_be_used_is_refused(options, words, found):
    with pytest.raises(pm.PriormapError, match=words):
        pm.project(regression(), pm.Laplace(1.0), **options)
    with pytest.raises(pm.PriormapError, match="size must be at most 8"):
        found.draws(9)
    with pytest.raises(pm.PriormapError, match="found must be what project"):
        pm.plot_projection(None)
    with pytest.raises(pm.PriormapError, match="other columns than data"):
        pm.project(regression(p=5), pm.Laplace(1.0), posterior=found.posterior)


def test_constant_columns():
    rng = np.random.default_rng(0)
    X = np.column_stack([np.ones(40), rng.normal(size=40)])
    with pytest.warns(pm.PriormapWarning, match="is constant"):
        data = pm.Regression(X, X[:, 1] * 3 + rng.normal(size=40), sigma=1.0)
    found = pm.project(data, pm.Laplace(1.0), random_seed=1)
    assert found.order == ("x1",)
    assert found.suggested == 1


def test_the_figure_and_what_programs_read(found):
    axes = pm.plot_projection(found, ax=Figure().subplots(), labels={"x0": "age"})
    lines = {line.get_label(): line.get_xydata() for line in axes.get_lines()}
    table = plots.projection_table(found)
    np.testing.assert_array_equal(lines["suggested"], [[2, table["difference"][2]]])
    assert any("age" in tick.get_text() for tick in axes.get_xticklabels())
    assert found.sentence in plots.projection_caption(found)
    record = json.loads(json.dumps(found.to_dict()))
    assert record["suggested"] == 2
    assert record["coefficients"]["x1"] == 0.0
    assert found.sentence in repr(found)


def test_the_command(tmp_path, capsys):
    figure = tmp_path / "sizes.png"
    words = ["project", "--seed=1", "--draws=400", f"--figure={figure}"]
    assert run(words) == 0
    out = capsys.readouterr().out
    assert "columns predict as well as the whole posterior" in out
    assert figure.read_bytes().startswith(b"\x89PNG")
    assert run(["project", "--most=0"]) == 2


def test_a_projector_of_draws_that_are_all_zero():
    data = regression()
    projector = Projector.of(data, np.zeros((10, 8)), np.ones(10), 8)
    assert projector.order.tolist() == list(range(8))
    assert (projector.divergences == 0).all()
