"""Choosing a scale: each criterion against its definition or another library, one axis for all."""

import time

import numpy as np
import pytest
from scipy import stats
from sklearn.linear_model import ElasticNetCV, LassoCV, Ridge
from sklearn.model_selection import GroupKFold, KFold, RepeatedKFold

from logistic_prior import Logistic
from priormap import (
    ElasticNet,
    Gaussian,
    HalfNormal,
    Laplace,
    PriormapError,
    PriormapWarning,
    Regression,
    choose_scale,
    criteria,
    find_map,
    sample,
)
from priormap.criteria import (
    CRITERIA,
    METHODS,
    Criterion,
    ScaleChoice,
    leave_one_out,
    posterior_runs,
)
from priormap.criteria.choosing import default_scales
from priormap.criteria.control_variates import ControlVariates
from priormap.criteria.criterion import Optimum, peak
from priormap.criteria.cross_validation import FoldErrors
from priormap.criteria.folds import split
from priormap.criteria.gaussian_curves import GaussianCurves
from priormap.criteria.hyperprior import density_of_log, posterior_of_scale
from priormap.criteria.leave_one_out import row_densities, some_rows, totals
from priormap.criteria.scale_family import ScaleFamily
from priormap.criteria.universal import universal_scale
from priormap.display import progress

QUICK = {"draws": 250, "chains": 4, "random_seed": 2}


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(3)
    X = 4.0 + rng.uniform(-1.7, 1.7, size=(60, 6)) @ (np.eye(6) + 0.2)
    y = 1.0 + X @ [1.0, 0.5, -0.5, 0.0, 0.0, 0.2] + rng.normal(size=60)
    return Regression(X, y, sigma=1.0, names=list("abcdef"))


@pytest.fixture(scope="module")
def laplace(data):
    """All methods at once, on known noise."""
    return choose_scale(data, "laplace", **QUICK)


# cross-validation


def test_lasso_errors_are_those_of_scikit_learn_on_the_same_folds(data):
    folds = list(KFold(5).split(data.X))
    alphas = np.geomspace(1e-3, 0.5, 20)[::-1]
    theirs = LassoCV(alphas=alphas, cv=folds, tol=1e-12, max_iter=10**6).fit(data.X, data.y)
    family = ScaleFamily.of(data, "laplace")
    scales = data.sigma**2 / (data.n_rows * alphas)
    errors = FoldErrors(family, folds, "alpha", scales).at(scales)
    np.testing.assert_allclose(errors, theirs.mse_path_.T, rtol=1e-7)


def test_elastic_net_errors_are_those_of_scikit_learn_on_the_same_folds(data):
    folds = list(KFold(4).split(data.X))
    alpha, ratio = 0.05, 0.7
    theirs = ElasticNetCV(
        alphas=[2 * alpha, alpha], l1_ratio=ratio, cv=folds, tol=1e-12, max_iter=10**6
    ).fit(data.X, data.y)
    prior = ElasticNet.from_elastic_net(alpha, ratio, data.sigma, data.n_rows)
    errors = FoldErrors(ScaleFamily.of(data, prior), folds, "alpha", np.array([0.5, 1.0]))
    np.testing.assert_allclose(errors.at(np.array([1.0]))[:, 0], theirs.mse_path_[1], rtol=1e-7)


@pytest.mark.parametrize("standardize", [True, False])
def test_ridge_errors_are_those_of_scikit_learn_on_the_same_folds(data, standardize):
    data = Regression(data.X, data.y, sigma=1.3, standardize=standardize)
    folds, scales = list(KFold(5).split(data.X)), np.array([0.05, 0.4, 3.0])
    sd = data.X.std(axis=0) if standardize else np.ones(6)
    found = FoldErrors(ScaleFamily.of(data, "gaussian"), folds, "prior", scales).at(scales)
    for k, (train, test) in enumerate(folds):
        for j, scale in enumerate(scales):
            fit = Ridge(alpha=(1.3 / scale) ** 2).fit(data.X[train] / sd, data.y[train])
            error = np.mean((data.y[test] - fit.predict(data.X[test] / sd)) ** 2)
            np.testing.assert_allclose(found[k, j], error, rtol=1e-9)


def test_a_held_prior_is_a_weaker_alpha_on_a_fold(data):
    """Fewer rows leave the sum of squares smaller and the prior's penalty as it was."""
    folds = list(KFold(5).split(data.X))
    family, scales = ScaleFamily.of(data, "laplace"), np.array([0.03, 0.3])
    held = FoldErrors(family, folds, "prior", scales).at(scales)
    moved = FoldErrors(family, folds, "alpha", scales).at(scales * 0.8)
    np.testing.assert_allclose(held, moved, rtol=1e-9)


def test_the_one_standard_error_rule(data):
    choice = choose_scale(data, "gaussian", "cv", random_seed=2)
    curve, optima = choice.curves, choice.optima
    best = curve.loc[curve["value"].idxmin()]
    assert optima.loc["cv", "value"] <= best["value"]
    limit = optima.loc["cv", "value"] + optima.loc["cv", "se"]
    assert optima.loc["cv_1se", "value"] <= limit + 1e-9
    outside = curve.loc[curve["scale"] < optima.loc["cv_1se", "scale"], "value"]
    assert (outside > limit).all()
    assert optima.loc["cv_1se", "scale"] < optima.loc["cv", "scale"]
    assert (optima.loc[["cv", "cv_1se"], "alpha"].diff().iloc[1]) > 0


def test_the_standard_error_is_that_of_the_mean_over_folds(data):
    folds = list(KFold(4, shuffle=True, random_state=0).split(data.X))
    choice = choose_scale(data, "gaussian", "cv", folds=folds, random_seed=1)

    def errors(scale):
        """Of scikit-learn's ridge fits."""
        ridge = Ridge(alpha=(data.sigma / scale) ** 2)
        fits = [
            ridge.fit(data.X[train], data.y[train]).predict(data.X[test]) for train, test in folds
        ]
        return [
            np.mean((data.y[test] - fit) ** 2) for (_, test), fit in zip(folds, fits, strict=True)
        ]

    best, strong = choice.optima.loc["cv"], choice.optima.loc["cv_1se"]
    found = errors(best["scale"])
    assert best["value"] == pytest.approx(np.mean(found), rel=1e-9)
    assert best["se"] == pytest.approx(stats.sem(found), rel=1e-9)
    assert np.mean(errors(strong["scale"])) == pytest.approx(np.mean(found) + stats.sem(found))
    for scale, error in choice.curves.iloc[::10][["scale", "se"]].to_numpy():
        assert error == pytest.approx(stats.sem(errors(scale)), rel=1e-7)


def test_folds_are_shuffled_and_of_equal_size(data, rng):
    folds = split(data, 7, rng)
    tests = np.sort(np.concatenate([test for _, test in folds]))
    np.testing.assert_array_equal(tests, np.arange(60))
    assert {len(test) for _, test in folds} == {8, 9}
    assert not any(set(train) & set(test) for train, test in folds)
    assert any(np.ptp(test) > 9 for _, test in folds)


# leave-one-out, hyperprior, universal rule


def loo_from_draws(data, tree, rows):
    """Density, standard error and largest k-hat from the draws of one posterior."""
    found = row_densities(data, tree, rows)
    return *totals(found.left_out, data.n_rows), found.khat.max()


def test_laplace_loo_is_that_of_arviz_stats(data):
    import arviz_stats

    tree = sample(data, Laplace(0.3), include="log_likelihood", random_seed=3)
    elpd, se, khat = loo_from_draws(data, tree, np.arange(60))
    theirs = arviz_stats.loo(tree, pointwise=True, reff=1.0)
    assert abs(elpd - theirs.elpd) < 0.01  # it puts one draw less into the tail
    assert abs(se - theirs.se) < 0.1
    assert abs(khat - float(theirs.pareto_k.max())) < 0.1


def test_laplace_loo_is_the_refitted_density(data):
    """Leave a row out for real: the mean of its density over draws of the other rows."""
    small = Regression(data.X[:20, :2], data.y[:20], sigma=1.5)
    elpd = loo_from_draws(small, sample(small, Laplace(0.3), random_seed=3), np.arange(20))[0]
    direct = []
    for i in range(20):
        others = np.delete(np.arange(20), i)
        rest = Regression(small.X[others], small.y[others], sigma=1.5)
        draws = sample(rest, Laplace(0.3), random_seed=i)["posterior"]
        fitted = draws["intercept"].to_numpy() + draws["coef"].to_numpy() @ small.X[i]
        density = stats.norm.pdf(small.y[i], fitted, 1.5)
        direct.append(np.log(density.mean()))
    assert abs(elpd - np.sum(direct)) < 0.1
    assert abs(np.sum(direct) - _in_sample(small)) > 1  # negative control: rows not left out


def _in_sample(data):
    draws = sample(data, Laplace(0.3), random_seed=3)["posterior"]
    fitted = draws["intercept"].to_numpy()[..., None] + draws["coef"].to_numpy() @ data.X.T
    return np.log(stats.norm.pdf(data.y, fitted, data.sigma).mean(axis=(0, 1))).sum()


def test_a_sample_of_rows_stands_for_all(rng):
    assert some_rows(10, 20, rng).tolist() == list(range(10))
    chosen = some_rows(1000, 50, rng)
    assert len(set(chosen.tolist())) == 50


def test_the_hyperprior_is_evidence_times_prior(data):
    """The posterior of a learnt scale, from independent draws, against the exact curve."""
    family = ScaleFamily.of(data, "gaussian")
    curves = GaussianCurves.of(family)
    scales = np.geomspace(1e-3, 1e3, 4000)
    logs = curves.log_evidence(scales, 1.0) + family.hyperprior.logpdf(scales) + np.log(scales)
    cdf = np.cumsum(np.exp(logs - logs.max()))
    draws, _ = posterior_of_scale(family, 1000, 4, 1)
    for probability in (0.1, 0.5, 0.9):
        exact = scales[np.searchsorted(cdf / cdf[-1], probability)]
        share = (draws < exact).mean()
        assert abs(share - probability) < 4 * np.sqrt(probability * (1 - probability) / 4000)
    middle = np.array([np.quantile(draws, 0.5)])
    density = np.exp(logs - logs.max()) / (cdf[-1] * np.log(scales[1] / scales[0]))
    assert abs(density_of_log(draws, middle)[0] / np.interp(middle[0], scales, density) - 1) < 0.15


def test_the_default_hyperprior_has_no_units(data):
    unit = ScaleFamily.of(data, "laplace").hyperprior.scale
    grown = Regression(data.X * 10, data.y * 1000, sigma=1000.0)
    np.testing.assert_allclose(ScaleFamily.of(grown, "laplace").hyperprior.scale, unit * 100)


def test_the_universal_rule(data):
    standard = Regression(data.X, data.y, sigma=1.3, standardize=True)
    scale = universal_scale(ScaleFamily.of(standard, "laplace"))
    assert np.isclose(1.3**2 / scale, 1.3 * np.sqrt(2 * 60 * np.log(6)))
    scaled = universal_scale(ScaleFamily.of(standard, Laplace(1.0, True)))
    assert np.isclose(scaled, scale / 1.3)


def test_the_universal_rule_leaves_out_constant_columns(data):
    with pytest.warns(PriormapWarning, match="constant"):
        wider = Regression(np.column_stack([data.X, np.full(60, 3.0)]), data.y, sigma=1.0)
    found = universal_scale(ScaleFamily.of(wider, "laplace"))
    assert found == pytest.approx(universal_scale(ScaleFamily.of(data, "laplace")), rel=1e-12)


def test_noise_alone_is_thresholded_by_the_universal_rule():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 30))
    nonzero = []
    for _ in range(20):
        noise = Regression(X, rng.normal(size=200), sigma=1.0, standardize=True)
        scale = universal_scale(ScaleFamily.of(noise, "laplace"))
        nonzero.append(int((find_map(noise, Laplace(scale)).coef != 0).sum()))
    assert np.mean(np.array(nonzero) > 0) < 0.5
    assert np.mean(nonzero) < 1


# the choice as a whole


def test_all_methods_are_there_with_their_alpha(data, laplace):
    methods = ["cv", "cv_1se", "loo", "empirical_bayes", "hyperprior", "universal"]
    assert laplace.optima.index.tolist() == methods
    assert set(laplace.curves["method"]) == {"cv", "loo", "evidence", "hyperprior"}
    scales = laplace.optima["scale"]
    np.testing.assert_allclose(laplace.optima["alpha"], 1 / (60 * scales))
    np.testing.assert_allclose(laplace.optima["lambda"], 1 / scales)
    np.testing.assert_allclose(laplace.optima["prior_sd"], np.sqrt(2) * scales)
    for method in methods:
        prior = laplace.prior(method)
        assert isinstance(prior, Laplace)
        found = int((find_map(data, prior).coef != 0).sum())
        assert found == laplace.optima.loc[method, "nonzero"]
    row = laplace.optima.loc["hyperprior"]
    assert row["low"] < row["scale"] < row["high"]
    loo = laplace.curves[laplace.curves["method"] == "loo"]
    assert loo.loc[loo["value"].idxmax(), "khat"] < 0.7
    assert "known noise" in repr(laplace)
    assert "<table" in laplace._repr_html_()


def test_an_elastic_net_keeps_its_ratio(data):
    choice = choose_scale(data, ElasticNet(0.5, 2.0), ["cv", "evidence"], **QUICK)
    for method, row in choice.optima.iterrows():
        prior = choice.prior(method)
        assert prior.l2_scale == pytest.approx(4 * prior.l1_scale)
        assert row["prior_sd"] == pytest.approx(prior.sd)
        assert row["alpha"] == pytest.approx(prior.to_elastic_net(1.0, 60)[0])


def test_gaussian_optima_are_those_of_their_curves(data):
    choice = choose_scale(data, Gaussian, ["loo", "empirical_bayes"], random_seed=0)
    for curve, method in (("loo", "loo"), ("evidence", "empirical_bayes")):
        part = choice.curves[choice.curves["method"] == curve]
        best = part.loc[part["value"].idxmax()]
        assert choice.optima.loc[method, "value"] >= best["value"]
        assert abs(np.log(choice.optima.loc[method, "scale"] / best["scale"])) < 0.2
    np.testing.assert_allclose(choice.optima["alpha"], 1 / choice.optima["scale"] ** 2)


def test_the_same_seed_gives_the_same_choice(data, laplace):
    again = choose_scale(data, "laplace", **QUICK)
    assert again.curves.equals(laplace.curves)
    assert again.optima.equals(laplace.optima)


def test_units_change_nothing_but_units(data):
    methods = ["cv", "loo", "evidence"]
    here = choose_scale(data, "gaussian", methods, random_seed=1).optima
    grown = Regression(data.X * 1e-3, data.y * 1e4, sigma=1e4)
    there = choose_scale(grown, "gaussian", methods, random_seed=1).optima
    np.testing.assert_allclose(there["scale"], here["scale"] * 1e7, rtol=1e-4)


def test_relative_scales_are_kept(data):
    relative = [1.0, 2.0, 1.0, 1.0, 0.5, 1.0]
    choice = choose_scale(data, Laplace(relative), "cv", random_seed=0)
    chosen = choice.prior("cv")
    np.testing.assert_allclose(chosen.scale, choice.optima.loc["cv", "scale"] * np.array(relative))


def test_unknown_noise_names_its_sigma(data):
    unknown = Regression(data.X, data.y, sigma=HalfNormal(3.0))
    for family in (Gaussian(scaled_by_noise=True), "gaussian"):
        choice = choose_scale(unknown, family, ["cv", "loo", "evidence"], random_seed=0)
        assert 0.7 < choice.sigma < 1.4
        assert "posterior mean of the noise sd" in choice.sigma_origin
        assert "posterior mean of the noise sd" in repr(choice)


@pytest.mark.filterwarnings("ignore:loo")  # few draws
def test_sampled_methods_under_unknown_noise(data):
    unknown = Regression(data.X, data.y, sigma=HalfNormal(3.0))
    choice = choose_scale(unknown, "laplace", ["loo", "evidence"], **QUICK)
    known = choose_scale(data, "laplace", ["loo", "evidence"], **QUICK)
    ratio = np.log(choice.optima["scale"] / known.optima["scale"])
    assert ratio.abs()["empirical_bayes"] < 0.3


def test_more_columns_than_rows(rng):
    X = rng.normal(size=(20, 40))
    data = Regression(X, X[:, 0] * 2 + rng.normal(size=20), sigma=1.0)
    for family in ("gaussian", "laplace"):
        choice = choose_scale(data, family, "cv", folds=4, random_seed=0)
        assert np.isfinite(choice.curves["value"]).all()
    choice = choose_scale(data, "gaussian", ["loo", "evidence"])
    assert np.isfinite(choice.curves["value"]).all()


def test_the_default_scales_reach_from_nothing_to_everything(data):
    family = ScaleFamily.of(data, "laplace")
    scales = default_scales(family, GaussianCurves.of(family))
    assert not find_map(data, family.prior_at(scales[0])).coef.any()
    assert find_map(data, family.prior_at(scales[-1])).coef.all()


def test_an_optimum_at_the_end_of_the_scales_is_told(data):
    with pytest.warns(PriormapWarning, match="best at the largest scale"):
        choice = choose_scale(data, "gaussian", "evidence", scales=[0.001, 0.002])
    assert any("may lie beyond" in note for note in choice.notes)


def test_a_peak_is_refined():
    grid = np.geomspace(0.1, 10, 9)
    found = peak(lambda s: -((np.log(s) - 0.3) ** 2), grid, -((np.log(grid) - 0.3) ** 2))
    assert abs(np.log(found) - 0.3) < 1e-4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"prior_family": "gausian"}, "did you mean gaussian"),
        ({"prior_family": "gumbel"}, "unknown; "),
        ({"prior_family": 3}, "prior must be"),
        ({"prior_family": Gaussian(np.inf)}, "flat"),
        ({"prior_family": Laplace([1.0, 2.0])}, "2 entries but X has 6"),
        ({"methods": "evidens"}, "did you mean evidence"),
        ({"methods": []}, "methods is empty"),
        ({"methods": 3}, "methods must be a list of names"),
        ({"methods": "universal"}, "Gaussian prior has not"),
        ({"scales": [1.0, -1.0]}, "positive and finite"),
        ({"scales": [1.0, np.inf]}, "inf is flat"),
        ({"scales": [1.0]}, "at least 2"),
        ({"scales": [1.0, 1.0]}, "twice"),
        ({"methods": "cv", "draws": 0}, "draws must be a positive integer"),
        ({"folds": 1}, "folds must be at least 2"),
        ({"folds": 61}, "of the 60 rows"),
        ({"folds": "5"}, "folds must be a number"),
        ({"folds": [([0, 1], [99])]}, "row numbers from 0 to 59"),
        ({"folds": [([0, 1, 2], [3])]}, "at least 2"),
        ({"folds": [3, 4]}, "pairs"),
        ({"hold": "lambda"}, "hold must be"),
        ({"random_seed": -1}, "random_seed"),
        ({"methods": "hyperprior", "draws": 0}, "draws must be a positive integer"),
    ],
)
def test_bad_input_is_told_in_one_sentence(data, arguments, message):
    given = {"prior_family": "gaussian", "methods": "cv"} | arguments
    with pytest.raises(PriormapError, match=message):
        choose_scale(data, **given)


def test_data_that_speak_for_no_scale():
    rng = np.random.default_rng(0)
    with pytest.warns(PriormapWarning):
        flat = Regression(rng.normal(size=(9, 2)), np.ones(9), sigma=1.0)
    with pytest.raises(PriormapError, match="y is constant"):
        choose_scale(flat, "gaussian")
    with pytest.raises(PriormapError, match="data must be a Regression"):
        choose_scale(rng.normal(size=(9, 2)), "gaussian")


def test_a_method_that_chose_nothing_has_no_prior(laplace):
    with pytest.raises(PriormapError, match="did you mean cv"):
        laplace.prior("vc")


def test_the_methods_have_names():
    assert METHODS == ("cv", "loo", "evidence", "empirical_bayes", "hyperprior", "universal")


# the register


def flat(text):
    return " ".join(text.split())


@pytest.mark.parametrize("one", CRITERIA, ids=lambda one: one.name)
def test_what_is_said_of_a_criterion_is_what_its_record_says(one, laplace):
    verb, result = flat(choose_scale.__doc__), flat(ScaleChoice.__doc__)
    assert all(f'``"{name}"``' in verb for name in one.names)
    assert one.value in result
    assert bool(one.curve) == bool(one.label) == bool(one.value)
    assert bool(one.curve) == (laplace.curves["method"] == one.name).any()
    assert set(one.said) <= set(laplace.optima.index)
    assert one.best in {"", *one.said}


def test_the_optima_are_those_of_the_register(laplace):
    assert laplace.optima.index.tolist() == [name for one in CRITERIA for name in one.said]
    assert laplace.curves["method"].unique().tolist() == [c.name for c in CRITERIA if c.curve]


def test_a_new_criterion_is_one_record_and_one_line(data, monkeypatch):
    rule = Criterion(
        "noise",
        {"noise": "the noise"},
        lambda study: [Optimum("noise", study.family.sigma, np.nan, np.nan, "scale of the noise")],
        why_not=lambda study: "" if study.family.sigma < 2 else "is for little noise",
    )
    monkeypatch.setattr(criteria, "CRITERIA", (*CRITERIA, rule))
    choice = choose_scale(data, "laplace", ["noise", "cv"], random_seed=0)
    assert choice.optima.index.tolist() == ["noise", "cv", "cv_1se"]
    assert choice.prior("noise") == Laplace(1.0)
    with pytest.raises(PriormapError, match="method 'noise' is for little noise"):
        choose_scale(data.with_noise(3.0), "laplace", "noise")
    with pytest.raises(PriormapError, match="did you mean noise"):
        choose_scale(data, "laplace", "nois")


def test_a_prior_without_a_mode_is_refused_in_its_own_words(data):
    for methods in ("cv", ["loo", "cv"]):
        with pytest.raises(PriormapError, match=r"'cv' predicts by the mode: .* 2 log cosh"):
            choose_scale(data, Logistic, methods)
    with pytest.raises(PriormapError, match="which a logistic prior has not"):
        choose_scale(data, Logistic, "universal")
    family = ScaleFamily.of(data, Logistic)
    assert np.isnan(family.alpha([1.0, 2.0])).all()
    assert default_scales(family, GaussianCurves.of(family)).shape == (100,)


# how well the data know it


@pytest.fixture(scope="module")
def flat_data():
    """Ten columns that ridge hardly needs to shrink: the curve is flat to its right."""
    rng = np.random.default_rng(11)
    X = rng.normal(size=(120, 10))
    return Regression(X, X @ rng.normal(size=10) + 2 * rng.normal(size=120), sigma=2.0)


def test_repeats_of_the_folds_make_the_optimum_stand_still(flat_data):
    def spread(**options):
        chosen = [
            choose_scale(flat_data, "gaussian", "cv", random_seed=seed, **options)
            for seed in range(6)
        ]
        return np.ptp(np.log([one.optima.loc["cv", "scale"] for one in chosen]))

    assert spread() < 0.5 * spread(repeats=1)


def test_one_repeat_is_plain_cross_validation(data):
    once = choose_scale(data, "gaussian", "cv", repeats=1, random_seed=2)
    rng = np.random.default_rng(np.random.SeedSequence(2).spawn(1)[0])
    folds = split(data, 5, rng)
    given = choose_scale(data, "gaussian", "cv", folds=folds, random_seed=2)
    assert once.curves.equals(given.curves)
    assert "shufflings" not in once.optima.loc["cv", "meaning"]
    twice = choose_scale(data, "gaussian", "cv", repeats=2, random_seed=2)
    assert "mean of 2 shufflings" in twice.optima.loc["cv", "meaning"]


def test_repeats_do_not_shrink_the_error_over_rows(data):
    """More shufflings of the same rows are no more rows."""
    errors = [
        choose_scale(data, "gaussian", "cv", repeats=times, random_seed=3).optima.loc["cv", "se"]
        for times in (2, 40)
    ]
    assert 0.5 < errors[1] / errors[0] < 2


def test_the_flat_range_is_within_one_standard_error(data):
    choice = choose_scale(data, "laplace", "cv", random_seed=2)
    best, curve = choice.optima.loc["cv"], choice.curves
    inside = curve["value"] <= best["value"] + best["se"]
    assert (
        curve.loc[~inside, "scale"].lt(best["low"]).sum()
        + curve.loc[~inside, "scale"].gt(best["high"]).sum()
        == (~inside).sum()
    )
    assert best["low"] == choice.optima.loc["cv_1se", "scale"]
    assert best["low"] < best["scale"] < best["high"]
    (said,) = choice.lead
    assert said.startswith(f"Flat from {best['low']:.3g} to {best['high']:.3g} (the largest scale)")
    assert best["high"] == pytest.approx(curve["scale"].max())
    assert repr(choice).splitlines()[1] == said


def test_the_error_of_leave_one_out_is_that_of_differences(data):
    choice = choose_scale(data, "gaussian", "loo")
    curve, best = choice.curves.set_index("scale"), choice.optima.loc["loo"]
    family = ScaleFamily.of(data, "gaussian")
    scales = np.array([curve.index[20], best["scale"]])
    densities = GaussianCurves.of(family).loo_densities(scales, np.arange(60))
    behind = densities[:, 1] - densities[:, 0]
    assert curve["value"].iloc[20] == pytest.approx(densities[:, 0].sum(), rel=1e-9)
    assert curve["se"].iloc[20] == pytest.approx(behind.std(ddof=1) * np.sqrt(60), rel=1e-6)
    inside = best["value"] - curve["value"] <= curve["se"]
    assert curve.index[inside].min() >= best["low"]
    assert curve.index[inside].max() <= best["high"]


def test_the_best_of_sampled_leave_one_out_is_the_top_of_its_curve(laplace):
    curve = laplace.curves[laplace.curves["method"] == "loo"]
    top, best = curve.loc[curve["value"].idxmax()], laplace.optima.loc["loo"]
    assert best["scale"] == top["scale"]
    assert best["value"] == pytest.approx(top["value"], rel=1e-12)
    assert top["se"] == 0
    assert best["low"] <= best["scale"] <= best["high"]


def test_optima_of_sampled_leave_one_out_lie_together(data):
    """Over seeds they differ by a step of the scales or two, and their curves by hundredths."""
    found = [choose_scale(data, "laplace", "loo", random_seed=seed) for seed in range(4)]
    best = [one.optima.loc["loo", "scale"] for one in found]
    assert max(best) < 1.6 * min(best)
    assert np.std([one.curves["value"].max() for one in found]) < 0.02


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("sigma", [1.0, HalfNormal(3.0)], ids=["known", "unknown"])
@pytest.mark.parametrize(
    "prior", [Laplace(0.3), Laplace(0.3, scaled_by_noise=True), ElasticNet(0.4, 0.6)], ids=repr
)
def test_control_variates_have_mean_zero(data, prior, sigma, intercept):
    data = Regression(data.X, data.y, sigma=sigma, intercept=intercept)
    family = ScaleFamily.of(data, prior)
    scale = float(np.ravel(prior.spread / family.prior.spread)[0])
    tree = sample(data, family.prior_at(scale), draws=1000, random_seed=2)

    def worst(at):
        """Largest mean in its standard errors, of independent draws."""
        means = ControlVariates.of(family, tree, at).means
        assert len(means) == (6 + intercept + (sigma != 1.0)) * (9 + intercept + (sigma != 1.0)) / 2
        return np.abs(means).max() * 4000

    assert worst(scale) < 6
    assert worst(2 * scale) > 12  # negative control: slopes of another prior


def test_control_variates_take_noise_out_and_leave_the_mean(data):
    family, rows = ScaleFamily.of(data, "laplace"), np.arange(60)
    with_, without, told = [], [], []
    for seed in range(8):
        tree, _ = posterior_runs.sample_quietly(data, Laplace(0.3), 250, 4, seed)
        controls = ControlVariates.of(family, tree, 0.3)
        found, moved = leave_one_out._row_densities(data, tree, rows, controls)
        with_.append(found.left_out.sum())
        without.append(row_densities(data, tree, rows).left_out.sum())
        told.append(controls.error(moved, 4))
    assert np.std(with_) < 0.4 * np.std(without)
    assert np.std(with_, ddof=1) < 2 * np.mean(told)
    assert abs(np.mean(with_) - np.mean(without)) < 3 * np.std(without) / np.sqrt(8)


def test_too_few_draws_or_no_formula_leave_averages_as_they_are(data):
    tree, _ = posterior_runs.sample_quietly(data, Laplace(0.3), 20, 4, 1)
    family = ScaleFamily.of(data, "laplace")
    controls, numbers = ControlVariates.of(family, tree, 0.3), np.arange(80.0)
    assert controls.correction(numbers) == 0
    assert controls.error(numbers, 4) > 0


def test_the_lead_says_by_which_rule_and_where_scales_end(data):
    choice = choose_scale(data, "gaussian", ["cv", "loo"], random_seed=2)
    (said,) = choice.lead
    assert "by cv (one standard error at the smallest error)" in said
    assert "by loo (one standard error of the difference to the best)" in said
    for method in ("cv", "loo"):
        ends = bool(choice.optima.loc[method, "high"] > 0.999 * choice.curves["scale"].max())
        shown = f"to {choice.optima.loc[method, 'high']:.3g}{' (the largest scale)' * ends} by"
        assert f"{shown} {method}" in said
    (said,) = choose_scale(data, "gaussian", "loo", scales=np.geomspace(0.1, 1e4, 9)).lead
    assert "to 1e+04 (the largest scale) by loo" in said
    assert "smallest" not in said


def test_folds_take_what_splits(data):
    folds = KFold(4, shuffle=True, random_state=0)
    ours = choose_scale(data, "gaussian", "cv", folds=folds, random_seed=1)
    pairs = choose_scale(data, "gaussian", "cv", folds=list(folds.split(data.X)), random_seed=1)
    assert ours.optima.equals(pairs.optima)
    with pytest.raises(PriormapError, match=r"of a GroupKFold says .*give the pairs"):
        choose_scale(data, "gaussian", "cv", folds=GroupKFold(3))
    with pytest.raises(PriormapError, match="repeats = 2 needs folds as a number"):
        choose_scale(data, "gaussian", "cv", folds=folds, repeats=2)


def test_repeated_folds_count_each_row_once(data):
    """Ten repeats of scikit-learn's folds have the error of five folds, not of fifty."""
    folds = RepeatedKFold(n_splits=5, n_repeats=10, random_state=0)
    one = choose_scale(data, "gaussian", "cv", folds=folds, random_seed=1).curves
    errors = FoldErrors(
        ScaleFamily.of(data, "gaussian"), list(folds.split(data.X)), "prior", one["scale"]
    ).at(one["scale"].to_numpy())
    np.testing.assert_allclose(one["se"], errors.std(axis=0, ddof=1) / np.sqrt(5), rtol=1e-9)


def test_an_elastic_net_says_every_number_of_its_prior_and_call(data):
    choice = choose_scale(data, ElasticNet(0.5, 2.0), "cv", repeats=1, random_seed=1)
    for method, row in choice.optima.iterrows():
        prior = choice.prior(method)
        alpha, ratio = prior.to_elastic_net(1.0, 60)
        assert [row["l1_scale"], row["l2_scale"]] == [prior.l1_scale, prior.l2_scale]
        assert [row["alpha"], row["l1_ratio"]] == pytest.approx([alpha, ratio])
    assert "l1_ratio" in repr(choice)


def test_draws_that_do_not_suffice_are_drawn_again(data, monkeypatch):
    asked = []

    def few(data, prior, draws, chains, seed):
        asked.append(draws)
        return None, "r-hat is up to 1.1" if draws < 100 else ""

    monkeypatch.setattr(posterior_runs, "sample_quietly", few)
    assert posterior_runs.sample_enough(data, Laplace(1.0), 50, 4, 1) == (None, "")
    assert asked == [50, 200]


def test_the_seed_is_told(data):
    choice = choose_scale(data, "gaussian", "evidence")
    assert f"The seed of this run is {choice.random_seed}." in repr(choice)


def test_what_is_slow_says_so_once(monkeypatch, capsys):
    monkeypatch.setattr(progress, "_SLOW", 0.01)
    with progress.told_if_slow(True, "loo of the Laplace prior"):
        time.sleep(0.2)
    assert capsys.readouterr().err == "loo of the Laplace prior: at work for 0.01 s ...\n"
    with progress.told_if_slow(None, "loo"):
        time.sleep(0.05)
    assert capsys.readouterr().err == ""
