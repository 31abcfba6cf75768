"""The PyMC model has our log density, on rows and on moments, and samples from it."""

import itertools

import numpy as np
import pytest
import xarray as xr
from scipy import sparse, stats

from logistic_prior import Chi, Logistic, logistic_variable
from priormap import (
    ElasticNet,
    Gaussian,
    HalfCauchy,
    HalfNormal,
    HalfStudentT,
    InverseGamma,
    Jeffreys,
    Laplace,
    PriormapError,
    Regression,
    find_map,
    log_posterior,
    sample,
)
from priormap.posterior.pymc import pymc_find_map, pymc_model, sample_nuts
from priormap.posterior.pymc.inference import quiet_pymc
from priormap.posterior.pymc.model import triangular_root
from priormap.posterior.pymc.variables import COEFFICIENTS, POSITIVE, load_pymc


def elastic_net(scale, **options):
    """Elastic net prior with this l1_scale, and an l2_scale that is flat where it is."""
    if np.ndim(scale) or isinstance(scale, float):
        l2_scale = np.where(np.isinf(scale), np.inf, [1.5, 0.4, np.inf][: np.size(scale)])
        return ElasticNet(scale, l2_scale if np.ndim(scale) else l2_scale[0], **options)
    return ElasticNet(0.8, 0.3, hyperprior=scale, **options)


SCALES = {
    "scalar": {"scale": 0.7},
    "per column": {"scale": [0.3, 1.0, 20.0]},
    "flat": {"scale": np.inf},
    "partly flat": {"scale": [0.5, np.inf, 2.0]},
    "learnt": {"scale": HalfCauchy(0.6)},
    "learnt, per column": {"scale": [0.3, np.inf, 20.0], "hyperprior": InverseGamma(1.5, 0.9)},
}
NOISES = [1.3, HalfNormal(2.0), HalfStudentT(4, 3.0), InverseGamma(2.5, 3.0), Jeffreys()]
# family, by_noise, standardize, intercept
OPTIONS = list(itertools.product([Gaussian, Laplace, elastic_net], *[[False, True]] * 3))
# Each noise with each kind of scale; the stride makes all options meet in pairs (tested below)
COMBINATIONS = [
    (noise, scale, *OPTIONS[(5 * i + 7 * j) % 24])
    for i, noise in enumerate(NOISES)
    for j, scale in enumerate(SCALES)
]


def rows(n=12, p=3, seed=0):
    """A shifted and rescaled design: a missing shift or scale cannot hide."""
    rng = np.random.default_rng(seed)
    X = rng.normal(5.0, 1.0, (n, p)) * np.geomspace(0.1, 10.0, p)
    return X, 3.0 + X @ rng.normal(size=p) + rng.normal(size=n)


def points(data, prior, n=3, seed=1):
    """Random values of everything unknown, away from the mode and in the caller's units."""
    rng = np.random.default_rng(seed)
    for _ in range(n):
        sigma, scale = rng.uniform(0.3, 4.0, 2)
        yield {
            "coef": rng.normal(0, 2, data.n_features),
            "intercept": float(rng.normal(0, 5)) if data.intercept else 0.0,
            "sigma": data.sigma if isinstance(data.sigma, float) else float(sigma),
            "scale": None if prior.hyperprior is None else float(scale),
        }


def log_density(data, model, jacobian=False):
    """The model's log density as a function of a point in the caller's units."""
    compiled = model.compile_logp(jacobian=jacobian, mode="FAST_COMPILE")
    names = [variable.name for variable in model.value_vars]

    def at(point):
        coordinates = {
            "coef": lambda: point["coef"],
            "intercept_centred__": lambda: point["intercept"] + data.unit.x_mean @ point["coef"],
            "sigma_log__": lambda: np.log(point["sigma"]),
            "scale_log__": lambda: np.log(point["scale"]),
        }
        return float(compiled({name: np.asarray(coordinates[name]()) for name in names}))

    return at


@pytest.mark.parametrize(
    ("noise", "scale", "family", "by_noise", "standardize", "intercept"), COMBINATIONS
)
def test_log_density_is_ours(noise, scale, family, by_noise, standardize, intercept):
    data = Regression(*rows(), sigma=noise, intercept=intercept, standardize=standardize)
    prior = family(**SCALES[scale], scaled_by_noise=by_noise)
    for likelihood in ("rows", "moments"):
        density = log_density(data, pymc_model(data, prior, likelihood))
        for point in points(data, prior):
            ours = log_posterior(data, prior, **point)
            assert density(point) == pytest.approx(ours, rel=1e-12, abs=1e-8)


@pytest.fixture(params=["registered", "unknown"])
def translation(request, monkeypatch):
    """With the line of a prior that priormap does not have in the table of PyMC, and without."""
    if request.param == "registered":
        monkeypatch.setitem(COEFFICIENTS, Logistic, logistic_variable)
    return request.param


@pytest.mark.parametrize("by_noise", [False, True])
@pytest.mark.parametrize("scale", SCALES)
def test_log_density_of_a_prior_and_densities_that_are_not_ours(translation, scale, by_noise):
    data = Regression(*rows(), sigma=Chi(3.0, 1.5))
    options = SCALES[scale] if "hyperprior" not in SCALES[scale] else SCALES["per column"]
    options = {"scale": Chi(3.0, 0.6)} if scale == "learnt" else options
    prior = Logistic(**options, scaled_by_noise=by_noise)
    density = log_density(data, pymc_model(data, prior))
    for point in points(data, prior):
        ours = log_posterior(data, prior, **point)
        assert density(point) == pytest.approx(ours, rel=1e-12, abs=1e-8)


def test_the_gradient_of_a_prior_without_a_variable_is_its_pull():
    data = Regression(*rows(), sigma=1.3)
    prior = Logistic([0.5, 2.0, 7.0])
    model = pymc_model(data, prior, "moments")
    flat = pymc_model(data, Logistic(np.inf), "moments")
    slopes = [m.compile_dlogp(mode="FAST_COMPILE") for m in (model, flat)]
    for point in points(data, prior):
        at = {"coef": point["coef"], "intercept_centred__": np.asarray(point["intercept"])}
        names = [variable.name for variable in model.value_vars]
        bound, free = (slope({name: at[name] for name in names}) for slope in slopes)
        first = 0 if names[0] == "coef" else 1
        pull = (free - bound)[first : first + 3]
        np.testing.assert_allclose(pull, prior.pull(point["coef"]), rtol=1e-9)


def test_auto_samples_any_prior_by_nuts(translation):
    rng = np.random.default_rng(2)
    x = rng.normal(size=20)
    data = Regression(x[:, None], 0.6 * x + rng.normal(size=20), sigma=1.0, intercept=False)
    tree = sample(data, Logistic(0.3), 1000, chains=2, random_seed=3, progressbar=False)
    b = np.linspace(-3, 3, 4001)
    log_density = stats.norm.logpdf(data.y[:, None], x[:, None] * b).sum(axis=0)
    weights = np.exp(log_density + stats.logistic.logpdf(b, scale=0.3))
    mean = weights @ b / weights.sum()
    sd = np.sqrt(weights @ (b - mean) ** 2 / weights.sum())
    coef = tree["posterior"]["coef"].to_numpy()
    assert tree.attrs["method"] == "nuts"
    assert abs(coef.mean() - mean) < 5 * sd / np.sqrt(tree.attrs["min_ess_bulk"])
    for method in ("exact", "gibbs"):
        with pytest.raises(PriormapError, match=rf"method='{method}' is for .* is not one; use"):
            sample(data, Logistic(0.3), method=method)


def test_other_samplers_need_a_variable():
    data = Regression(*rows(), sigma=1.3)
    with pytest.raises(PriormapError, match=r"'nutpie' cannot call Logistic.* no variable"):
        sample_nuts(data, Logistic(0.3), nuts_sampler="nutpie")


def test_every_density_of_ours_has_a_variable_of_pymc_or_no_draws():
    assert set(POSITIVE) == {type(noise) for noise in NOISES[1:-1]} | {HalfCauchy}


def test_the_combinations_meet_in_pairs():
    """Every value of every option is tried with every value of every other one."""
    columns = [[str(value) for value in column] for column in zip(*COMBINATIONS, strict=True)]
    assert [len(set(column)) for column in columns] == [5, 6, 3, 2, 2, 2]
    for one, other in itertools.combinations(columns, 2):
        assert len(set(zip(one, other, strict=True))) == len(set(one)) * len(set(other))


SCIPY_NOISE = [
    (HalfNormal(2.0), lambda s: stats.halfnorm.logpdf(s, scale=2.0)),
    (HalfStudentT(4, 3.0), lambda s: stats.t.logpdf(s, 4, scale=3.0) + np.log(2)),
    (
        InverseGamma(2.5, 3.0),
        lambda s: stats.invgamma.logpdf(s**2, 2.5, scale=3.0) + np.log(2 * s),
    ),
    (Jeffreys(), lambda s: np.log(2 * s) - np.log(s**2)),
]


@pytest.mark.parametrize(("noise", "log_noise"), SCIPY_NOISE)
@pytest.mark.parametrize(("family", "frozen"), [(Gaussian, stats.norm), (Laplace, stats.laplace)])
def test_our_log_density_is_scipys(family, frozen, noise, log_noise):
    X, y = rows()
    data = Regression(X, y, sigma=noise, standardize=True)
    scale = np.array([0.3, np.inf, 2.0])
    prior = family(scale, scaled_by_noise=True, hyperprior=HalfCauchy(0.6))
    for point in points(data, prior):
        coef, sigma, learnt = point["coef"], point["sigma"], point["scale"]
        proper = [0, 2]
        scipys = (
            stats.norm.logpdf(y, point["intercept"] + X @ coef, sigma).sum()
            + frozen.logpdf(
                coef[proper], scale=sigma * learnt * scale[proper] / X.std(axis=0)[proper]
            ).sum()
            + log_noise(sigma)
            + stats.halfcauchy.logpdf(learnt, scale=0.6)
        )
        assert log_posterior(data, prior, **point) == pytest.approx(scipys, rel=1e-12)


def test_samplers_see_the_jacobian_of_the_logarithms_and_no_other():
    data = Regression(*rows(), sigma=HalfNormal(2.0))
    prior = Laplace(HalfCauchy(0.6))
    model = pymc_model(data, prior, "moments")
    plain, transformed = log_density(data, model), log_density(data, model, jacobian=True)
    for point in points(data, prior):
        jacobian = np.log(point["sigma"]) + np.log(point["scale"])
        assert transformed(point) - plain(point) == pytest.approx(jacobian, abs=1e-9)


@pytest.mark.parametrize("likelihood", ["rows", "moments"])
def test_a_sparse_design_has_the_density_of_the_dense_one(likelihood):
    X, y = rows(n=40, p=5)
    X *= np.random.default_rng(2).random(X.shape) < 0.4
    prior = Laplace(0.5)
    dense = Regression(X, y, sigma=HalfNormal(1.0))
    data = Regression(sparse.csr_array(X), y, sigma=HalfNormal(1.0))
    density = log_density(data, pymc_model(data, prior, likelihood))
    for point in points(data, prior):
        ours = log_posterior(dense, prior, **point)
        assert density(point) == pytest.approx(ours, rel=1e-12)


# the rows folded into a triangle


def designs():
    rng = np.random.default_rng(3)
    t = np.linspace(-1, 1, 3000)
    ordinary = rng.normal(2.0, 3.0, (5000, 60)), rng.normal(size=5000)  # several blocks
    return {
        "several blocks": ordinary,
        "more columns than rows": (rng.normal(size=(8, 20)), rng.normal(size=8)),
        "polynomial": (np.vander(t, 12)[:, :-1], np.sin(5 * t) + 0.1 * rng.normal(size=len(t))),
        "means that dwarf": (1e6 + rng.normal(size=(50, 3)), rng.normal(size=50)),
        "sparse": (sparse.random_array((500, 30), density=0.1, rng=rng), rng.normal(size=500)),
    }


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("name", designs())
def test_the_triangle_keeps_sums_of_squares(name, intercept):
    X, y = designs()[name]
    data = Regression(X, y, sigma=1.0, intercept=intercept)
    root = triangular_root(data)
    n_columns = data.n_features + 1 + intercept
    assert root.shape == (min(data.n_rows, n_columns), n_columns)
    X = X.toarray() if sparse.issparse(X) else X
    rng = np.random.default_rng(4)
    centred = np.hstack([np.ones((len(y), int(intercept))), X - data.unit.x_mean])
    response = y - data.unit.y_mean
    # at random and at the best fit, where the residual is small beside its terms
    for unknowns in (rng.normal(size=n_columns - 1), np.linalg.lstsq(centred, response)[0]):
        direct = np.linalg.norm(response - centred @ unknowns)
        folded = np.linalg.norm(root[:, -1] - root[:, :-1] @ unknowns)
        rounding = np.finfo(float).eps * np.linalg.norm(np.abs(centred) @ np.abs(unknowns))
        assert folded == pytest.approx(direct, rel=1e-12, abs=50 * rounding)


# the model as users of PyMC see it


def test_names_dims_and_coordinates():
    data = Regression(*rows(), sigma=HalfNormal(1.0), names=["age", "bmi", "bp"])
    model = pymc_model(data, Laplace(1.0))
    assert model.coords["feature"] == ("age", "bmi", "bp")
    assert model.coords["obs_id"] == tuple(range(12))
    assert dict(model.named_vars_to_dims) == {
        "coef": ("feature",),
        "X": ("obs_id", "feature"),
        "y": ("obs_id",),
    }
    assert {variable.name for variable in model.free_RVs} == {"coef", "intercept", "sigma"}
    assert [variable.name for variable in model.observed_RVs] == ["y"]


def test_what_is_known_is_no_variable():
    data = Regression(*rows(), sigma=1.5, intercept=False)
    model = pymc_model(data, Laplace(1.0), "moments")
    assert [variable.name for variable in model.free_RVs] == ["coef"]
    assert model["sigma"].get_value() == 1.5
    assert [potential.name for potential in model.potentials] == ["likelihood"]


@pytest.mark.parametrize(
    ("noise", "cdf"),
    [
        (InverseGamma(2.5, 3.0), lambda s: stats.invgamma.cdf(s**2, 2.5, scale=3.0)),
        (HalfStudentT(4, 3.0), lambda s: 2 * stats.t.cdf(s, 4, scale=3.0) - 1),
    ],
)
def test_proper_priors_have_draws(noise, cdf):
    model = pymc_model(Regression(*rows(), sigma=noise), Laplace(1.0, scaled_by_noise=True))
    pm = load_pymc()
    sigma, coef = pm.draw([model["sigma"], model["coef"]], 2000, mode="FAST_COMPILE", random_seed=5)
    assert stats.kstest(sigma, cdf).pvalue > 1e-3
    assert stats.kstest(coef[:, 1] / sigma, stats.laplace.cdf).pvalue > 1e-3
    assert stats.kstest(coef[:, 1], stats.laplace.cdf).pvalue < 1e-3  # negative control


def test_elastic_nets_have_draws():
    prior = ElasticNet([0.5, 1.0, 2.0], 0.8, scaled_by_noise=True, hyperprior=InverseGamma(3, 2))
    model = pymc_model(Regression(*rows(), sigma=2.0), prior)
    pm = load_pymc()
    scale, coef = pm.draw([model["scale"], model["coef"]], 2000, mode="FAST_COMPILE", random_seed=5)
    size = np.abs(coef) / scale[:, None] / 2.0
    for j, s in enumerate([0.5, 1.0, 2.0]):  # a normal cut to the positive side
        cdf = stats.truncnorm(0.8 / s, np.inf, loc=-(0.8**2) / s, scale=0.8).cdf
        assert stats.kstest(size[:, j], cdf).pvalue > 1e-3
        assert stats.kstest(1.15 * size[:, j], cdf).pvalue < 1e-3  # negative control


def test_improper_priors_refuse_to_be_drawn_from():
    data = Regression(*rows(), sigma=Jeffreys())
    cases = {"sigma": 1.0, "intercept": 1.0, "coef": [1.0, np.inf, 1.0]}
    priors = [(name, Laplace(scale)) for name, scale in cases.items()]
    for name, prior in [*priors, ("coef", ElasticNet(cases["coef"], cases["coef"]))]:
        model = pymc_model(data, prior)
        with pytest.raises(PriormapError, match=f"^{name} has an improper prior"):
            load_pymc().draw(model[name], mode="FAST_COMPILE")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"likelihood": "row"}, "likelihood must be 'moments' or 'rows', got 'row'"),
        ({"prior": Laplace([1.0, 2.0])}, "scale has 2 entries but X has 3 columns"),
        ({"prior": "lasso"}, "prior must be Gaussian"),
    ],
)
def test_bad_input(arguments, sentence):
    with pytest.raises(PriormapError, match=sentence):
        pymc_model(**({"data": Regression(*rows()), "prior": Laplace(1.0)} | arguments))


# sampling and climbing


@pytest.mark.slow
@pytest.mark.parametrize("likelihood", ["rows", "moments"])
def test_nuts_finds_the_closed_form_posterior(likelihood):
    X, y = rows(n=30)
    data = Regression(X, y, sigma=1.3, standardize=True)
    chains = {"draws": 500, "tune": 500, "chains": 2, "cores": 1, "random_seed": 6}
    tree = sample_nuts(data, Gaussian(0.8), likelihood=likelihood, **chains)
    assert type(tree).__name__ == "DataTree"
    coef = tree.posterior["coef"]
    assert coef.dims == ("chain", "draw", "feature")
    assert list(coef["feature"].values) == ["x0", "x1", "x2"]
    precision = np.diag((X.std(axis=0) / 0.8) ** 2) + data.moments.xtx / 1.3**2
    sd = np.sqrt(np.diag(np.linalg.inv(precision)))
    mean = np.linalg.solve(precision, data.moments.xty / 1.3**2)
    # at least 200 of the 1000 draws count as independent: 5 standard errors
    assert np.abs((coef.mean(("chain", "draw")) - mean) / sd).max() < 5 / np.sqrt(200)
    assert np.abs(coef.std(("chain", "draw")) / sd - 1).max() < 5 / np.sqrt(2 * 200)
    centre = tree.posterior["intercept"] + (coef * data.unit.x_mean).sum("feature")
    assert abs(float(centre.mean()) - y.mean()) < 5 * 1.3 / np.sqrt(30) / np.sqrt(200)


@pytest.mark.slow
def test_nuts_finds_the_moments_of_an_elastic_net_posterior():
    """Coefficients of orthogonal columns are independent, with means in closed form."""
    X = np.linalg.qr(np.random.default_rng(2).normal(size=(24, 3)))[0]
    y = X @ [3.0, 0.8, -0.2] + 0.1 * np.random.default_rng(3).normal(size=24)
    prior = ElasticNet(0.5, [1.0, 2.0, np.inf])
    data = Regression(X, y, sigma=0.7, intercept=False)
    tree = sample_nuts(data, prior, draws=500, tune=500, chains=2, cores=1, random_seed=6)
    coef = tree.posterior["coef"]
    exact, sd = prior.posterior_mean(X.T @ y, 0.7), coef.std(("chain", "draw")).to_numpy()
    assert np.abs((coef.mean(("chain", "draw")) - exact) / sd).max() < 5 / np.sqrt(200)


@pytest.mark.slow
def test_nuts_repeats_itself_from_a_seed_on_any_number_of_cores():
    data = Regression(*rows(), sigma=HalfNormal(1.0))
    prior = Laplace(HalfCauchy(1.0))
    chains = {"draws": 20, "tune": 30, "chains": 2, "random_seed": 7}
    one, two = (sample_nuts(data, prior, cores=cores, **chains) for cores in (1, 2))
    assert set(one.posterior.data_vars) == {"coef", "intercept", "sigma", "scale"}
    for name in one.posterior.data_vars:
        assert np.array_equal(one.posterior[name], two.posterior[name])
    assert len(np.unique(one.posterior["sigma"])) > 20  # the chains differ
    draw = one.posterior.isel(chain=0, draw=11)
    point = {name: draw[name].values for name in draw.data_vars}
    sigma, scale = float(point.pop("sigma")), float(point.pop("scale"))
    ours = log_posterior(data, prior, sigma=sigma, scale=scale, **point) + np.log(sigma * scale)
    assert float(one.sample_stats["lp"][0, 11]) == pytest.approx(ours, abs=1e-8)


@pytest.mark.parametrize(("compiler", "mode"), [("", {"mode": "NUMBA"}), ("g++", None)])
def test_nuts_compiles_with_numba_where_there_is_no_compiler(compiler, mode, monkeypatch):
    pm = load_pymc()
    import pytensor

    calls = []
    monkeypatch.setattr(pm, "sample", lambda **options: calls.append(options) or xr.DataTree())
    with pytensor.config.change_flags(cxx=compiler):
        sample_nuts(Regression(*rows(), sigma=1.0), Laplace(1.0))
    assert calls[0].get("compile_kwargs") == mode


def test_predictions_on_new_rows():
    X, y = rows()
    model = pymc_model(Regression(X, y, sigma=1e-3), Gaussian(2.0))
    coef = np.array([1.0, 2.0, -1.0])
    draw = xr.Dataset(
        {
            "coef": (("chain", "draw", "feature"), [[coef]]),
            "intercept": (("chain", "draw"), [[4.0]]),
        },
        coords={"feature": list(model.coords["feature"])},
    )
    pm = load_pymc()
    with quiet_pymc(), model:
        pm.set_data({"X": X[:4]}, coords={"obs_id": np.arange(4)})
        new = pm.sample_posterior_predictive(
            draw,
            return_inferencedata=False,
            progressbar=False,
            random_seed=8,
            compile_kwargs={"mode": "FAST_COMPILE"},
        )
    np.testing.assert_allclose(new["y"][0, 0], 4.0 + X[:4] @ coef, atol=6e-3)


@pytest.mark.slow
def test_find_map_of_pymc_reaches_a_smooth_mode_and_misses_exact_zeros():
    rng = np.random.default_rng(9)
    X = rng.normal(size=(50, 6))
    y = X @ [2.0, 0.05, -1.0, 0.0, 0.02, 0.0] + rng.normal(size=50)
    data = Regression(X, y, sigma=1.0)
    smooth = pymc_find_map(data, Gaussian(0.5), "moments")
    np.testing.assert_allclose(smooth.coef, find_map(data, Gaussian(0.5)).coef, atol=1e-3)
    assert smooth.sigma == 1.0
    mode, found = (find(data, Laplace(0.05)) for find in (find_map, pymc_find_map))
    zero = mode.coef == 0
    assert zero.sum() >= 2
    assert not (found.coef[zero] == 0).any()
    np.testing.assert_allclose(found.coef, mode.coef, atol=0.2)
