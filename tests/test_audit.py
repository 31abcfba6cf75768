"""`audit`: what a vector from anywhere is the mode of, and by how much it is not."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import (
    ElasticNet as ElasticNetRegression,
    Lasso,
    LinearRegression,
    LogisticRegression,
    Ridge,
)
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    PolynomialFeatures,
    RobustScaler,
    StandardScaler,
)

from priormap import (
    ElasticNet,
    Gaussian,
    Laplace,
    Penalty,
    PriormapError,
    Regression,
    audit,
    find_map,
)
from priormap.auditing.other_penalty import name_of_factor, slips_of
from priormap.mode.certificate import Shortfall

N, P, SIGMA = 60, 6, 1.3
TIGHT = {"tol": 1e-15, "max_iter": 1_000_000}


def problem(seed=0, scale=1.0, shift=0.0):
    """Correlated columns of different sizes whose means are not zero, times and plus units."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(N, P)) @ (np.eye(P) + 0.3) * np.geomspace(0.5, 4, P) + 2.0
    y = X @ np.array([2.0, -1.5, 0.0, 0.0, 0.5, 0.0]) + SIGMA * rng.normal(size=N) + 7.0
    return scale * X + shift, 3.0 * scale * y - shift


def penalty(l1=0.0, l2=0.0):
    return Penalty(np.full(P, float(l1)), np.full(P, float(l2)))


def quiet_fit(model, X, y):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(X, y)


def objective(data, one, coef):
    residual = data.y - data.X @ coef
    residual -= residual.mean() * data.intercept
    return 0.5 * residual @ residual + one.value(coef)


# the mode itself


@pytest.mark.parametrize("units", [(1.0, 0.0), (1e-3, 40.0), (1e4, -7.0)])
@pytest.mark.parametrize("prior", [Gaussian(0.3), Laplace(0.05), ElasticNet(0.05, 0.4)])
def test_the_mode_is_the_mode_whoever_wrote_it_down(prior, units, tmp_path):
    X, y = problem(1, *units)
    data = Regression(pd.DataFrame(X, columns=list("abcdef")), y, sigma=SIGMA * units[0])
    fit = find_map(data, prior)
    series = pd.Series(fit.coef, index=data.names)[::-1]
    file = tmp_path / "coefs.csv"
    table = pd.DataFrame({"feature": ["(Intercept)", *data.names], "coef": [1.0, *fit.coef]})
    table.to_csv(file, index=False)
    sources = [fit.coef, series, dict(series), file, str(file), list(fit.coef)]
    for source in sources:
        certificate = audit(data, prior, source)
        assert certificate.is_mode
        assert certificate.shortfall is None
    by_penalty = audit(data, Penalty.from_prior(prior, data, data.sigma), fit.coef)
    assert by_penalty.is_mode


@pytest.mark.parametrize(
    "scalers",
    [
        (StandardScaler(),),
        (StandardScaler(with_mean=False),),
        (StandardScaler(with_std=False),),
        (MaxAbsScaler(),),
        (MinMaxScaler((-1, 3)),),
        (RobustScaler(),),
        (StandardScaler(), "passthrough", MinMaxScaler()),
    ],
    ids=str,
)
def test_coefficients_behind_scalers_come_back_in_the_units_of_the_columns(scalers):
    X, y = problem(2)
    model = make_pipeline(*scalers, Ridge(alpha=0.0, solver="svd")).fit(X, y)
    least_squares = audit(Regression(X, y, sigma=1.0), Gaussian(np.inf), model)
    assert least_squares.is_mode


def test_an_estimator_that_saw_no_names_is_taken_in_the_order_of_the_columns():
    X, y = problem(2)
    data = Regression(pd.DataFrame(X, columns=list("abcdef")), y, sigma=1.0)
    assert audit(data, Gaussian(1.0), Ridge(alpha=1.0, solver="svd").fit(X, y)).is_mode
    named = Ridge(alpha=1.0, solver="svd").fit(pd.DataFrame(X, columns=list("abcdef")), y)
    assert audit(Regression(X, y, sigma=1.0), Gaussian(1.0), named).is_mode


# what the excess and the zeros are


@pytest.mark.parametrize("size", [1e-6, 1e-2, 1.0])
def test_the_excess_is_exact_and_the_zeros_that_differ_are_named(size):
    X, y = problem(3)
    data = Regression(X, y, sigma=SIGMA)
    one = Penalty.from_prior(Laplace(0.04), data, SIGMA)
    mode = find_map(data, Laplace(0.04)).coef
    assert (mode == 0).any()
    rng = np.random.default_rng(4)
    other = mode + size * rng.normal(size=P)
    dropped = int(np.flatnonzero(mode)[0])
    other[dropped] = 0.0
    certificate = audit(data, Laplace(0.04), other)
    best = objective(data, one, mode)
    expected = objective(data, one, other) / best - 1
    assert certificate.shortfall.excess == pytest.approx(expected, rel=1e-8)
    assert certificate.shortfall.zero_here == (f"x{dropped}",)
    was_zero = tuple(f"x{j}" for j in np.flatnonzero(mode == 0))
    assert certificate.shortfall.zero_at_mode == was_zero
    np.testing.assert_allclose(certificate.shortfall.mode, mode, rtol=1e-12)
    assert f"x{dropped} is zero here but not at the mode" in certificate.verdict


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ("a", "a is zero"),
        ("ab", "a and b are zero"),
        ("abc", "a, b and c are zero"),
        ("abcde", "a, b, c and 2 more are zero"),
    ],
)
def test_zeros_that_differ_are_listed_in_a_sentence(names, said):
    here = Shortfall(0.1, tuple(names), (), np.zeros(5), None).reason
    assert here.startswith(f"{said} here but not at the mode. ")
    both = Shortfall(0.1, ("x",), tuple(names), np.zeros(5), None).reason
    assert both.startswith(f"x is zero here but not at the mode; {said} at the mode but not here. ")


def test_a_certificate_in_numbers():
    """As JSON has it: what is proven, and the penalty of which the vector is the mode instead."""
    X, y = problem(3)
    data, prior = Regression(X, y, sigma=SIGMA), Laplace(0.04)
    certificate = audit(data, prior, find_map(data, Laplace(0.02)).coef)
    shortfall, told = certificate.shortfall, certificate.to_dict()
    other = told.pop("other")
    assert told.pop("limits") is None
    assert told == {
        "is_mode": False,
        "grade": "mode of another penalty",
        "digits": 0,
        "verdict": str(certificate),
        "relative_gap": certificate.relative_gap,
        "kkt_residual": certificate.kkt_residual,
        "worst_column": certificate.worst_column,
        "excess": shortfall.excess,
        "coef_distance": shortfall.coef_distance,
        "zero_here": list(shortfall.zero_here),
        "zero_at_mode": list(shortfall.zero_at_mode),
    }
    assert other.pop("l1_factor") == pytest.approx(2, rel=1e-8)
    assert other.pop("kkt_residual") < 1e-9
    given = {"columns": "as given", "intercept": "as given", "is_bound": False}
    assert other == {"l2_factor": None, "slip": "2", "is_mode": True, **given}


def test_an_exact_fit_has_no_relative_excess():
    X = np.eye(3)
    data = Regression(X, [1.0, 2.0, 3.0], sigma=1.0, intercept=False)
    certificate = audit(data, Gaussian(np.inf), [1.0, 2.0, 2.0])
    assert certificate.shortfall.excess == np.inf
    assert "fits y exactly" in certificate.verdict


# the other penalty


SLIPS = {
    "n": N,
    "1/n": 1 / N,
    "2n": 2 * N,
    "1/(2n)": 0.5 / N,
    "n/2": N / 2,
    "2": 2.0,
    "1/2": 0.5,
}
FAMILIES = {"lasso": (1.0, 0.0), "ridge": (0.0, 1.0), "elastic net": (1.0, 0.4)}


@pytest.mark.parametrize("units", [(1.0, 0.0), (1e-3, 40.0), (1e4, -7.0)])
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_of_convention_is_found_proven_and_named(slip, family, units):
    X, y = problem(5, *units)
    data = Regression(X, y)
    size = np.abs((X - X.mean(0)).T @ (y - y.mean())).max()
    l1, l2 = FAMILIES[family]
    true = penalty(0.02 * size * l1, 0.05 * (X - X.mean(0)).var() * N * l2)
    mode = audit(data, true, np.zeros(P)).shortfall.mode
    given = Penalty(true.l1 / SLIPS[slip], true.l2 / SLIPS[slip])
    other = audit(data, given, mode).shortfall.other
    for factor, name, weight in (
        (other.l1_factor, other.l1_slip, l1),
        (other.l2_factor, other.l2_slip, l2),
    ):
        assert (factor is None) == (weight == 0)
        assert name == (slip if weight else None)
        assert factor is None or factor == pytest.approx(SLIPS[slip], rel=1e-9)
    assert other.slip == slip
    assert other.columns == other.intercept == "as given"
    assert other.certificate.is_mode
    assert audit(data, other.penalty, mode).is_mode


@pytest.mark.parametrize("power", [1, 2, -1])
def test_a_slip_of_the_units_of_y_is_named(power):
    X, y = problem(6)
    data, factor = Regression(X, y), np.std(y) ** power
    true = penalty(l1=80.0)
    mode = audit(data, true, np.zeros(P)).shortfall.mode
    other = audit(data, Penalty(true.l1 / factor / N, true.l2), mode).shortfall.other
    name = {1: "sd(y)", 2: "sd(y)^2", -1: "1/sd(y)"}[power]
    assert other.slip == f"n * {name}"


def test_a_slip_of_the_noise_is_named_and_its_prior_is_the_right_one():
    X, y = problem(7)
    data = Regression(X, y, sigma=SIGMA)
    for prior, other_prior in (
        (Laplace(0.05), Laplace(0.05 * SIGMA)),
        (Gaussian(0.3), Gaussian(0.3 * SIGMA)),
        (ElasticNet(0.05, 0.4), ElasticNet(0.05 * SIGMA**2, 0.4 * SIGMA)),
    ):
        found = audit(data, prior, find_map(data, other_prior).coef).shortfall.other
        assert found.slip in {"1/sigma", "1/sigma^2"}
        assert type(found.prior) is type(prior)
        assert audit(data, found.prior, find_map(data, other_prior).coef).is_mode


def test_both_halves_of_an_elastic_net_have_their_own_slip():
    X, y = problem(8)
    data, true = Regression(X, y), penalty(60.0, 30.0)
    mode = audit(data, true, np.zeros(P)).shortfall.mode
    sd = np.std(y)
    other = audit(data, Penalty(true.l1 / N, true.l2 / N * sd), mode).shortfall.other
    assert (other.l1_slip, other.l2_slip) == ("n", "n * 1/sd(y)")
    assert other.slip == "l1: n, l2: n * 1/sd(y)"
    assert "its l1 times 60 (that is n) and its l2 times" in other.sentence


@pytest.mark.parametrize("standardize", [False, True])
@pytest.mark.parametrize(
    ("prior", "model"),
    [
        (Laplace(0.05), Lasso(alpha=SIGMA**2 / 0.05 / N, **TIGHT)),
        (Gaussian(0.3), Ridge(alpha=(SIGMA / 0.3) ** 2, solver="svd")),
        (
            ElasticNet.from_elastic_net(0.5, 0.6, SIGMA, N),
            ElasticNetRegression(alpha=0.5, l1_ratio=0.6, **TIGHT),
        ),
    ],
)
def test_standardised_columns_are_told(prior, model, standardize):
    X, y = problem(9)
    data = Regression(X, y, sigma=SIGMA, standardize=standardize)
    if not standardize:
        model = make_pipeline(StandardScaler(), model)
    other = audit(data, prior, quiet_fit(model, X, y)).shortfall.other
    assert other.columns == ("not standardised" if standardize else "standardised")
    assert other.slip == f"{other.columns} columns"
    assert "divided by their sd" in other.sentence
    assert other.certificate.is_mode


def test_standardised_columns_and_the_number_of_rows_together():
    X, y = problem(10)
    model = make_pipeline(StandardScaler(), Lasso(alpha=0.5, **TIGHT))
    found = audit(Regression(X, y), penalty(l1=0.5), quiet_fit(model, X, y)).shortfall.other
    assert found.slip == "n, standardised columns"
    sample_sd = X / X.std(0, ddof=1)
    coef = quiet_fit(Lasso(alpha=0.5, **TIGHT), sample_sd, y).coef_ / X.std(0, ddof=1)
    found = audit(Regression(X, y), penalty(l1=0.5 * N), coef).shortfall.other
    assert found.slip == "sd with 1/(n - 1), standardised columns"


@pytest.mark.parametrize(
    ("one", "model"),
    [
        (penalty(l1=0.3 * N), Lasso(alpha=0.3, fit_intercept=False, **TIGHT)),
        (penalty(l2=5.0), Ridge(alpha=5.0, fit_intercept=False, solver="svd")),
    ],
)
def test_a_missing_intercept_is_told_and_one_too_many(one, model):
    X, y = problem(11)
    found = audit(Regression(X, y), one, quiet_fit(model, X, y)).shortfall.other
    assert (found.slip, found.intercept) == ("no intercept", "none")
    assert found.certificate.is_mode
    model = model.set_params(fit_intercept=True)
    data = Regression(X, y, intercept=False)
    found = audit(data, one, quiet_fit(model, X, y)).shortfall.other
    assert (found.slip, found.intercept) == ("free intercept", "free")
    assert found.certificate.is_mode


@pytest.mark.parametrize("one", [penalty(l1=20.0), penalty(l2=5.0), penalty(20.0, 5.0)])
@pytest.mark.parametrize("factor", [1.0, N])
def test_a_penalised_intercept_is_told(one, factor):
    X, y = problem(12)
    wide = Regression(np.column_stack([np.ones(N), X]), y, intercept=False)
    l1, l2 = (np.full(P + 1, part[0]) for part in (one.l1, one.l2))
    whole = audit(wide, Penalty(l1, l2), np.zeros(P + 1)).shortfall.mode
    given = Penalty(one.l1 / factor, one.l2 / factor)
    found = audit(Regression(X, y), given, whole[1:]).shortfall.other
    assert found.intercept == "penalised"
    assert found.slip == ("n, " if factor > 1 else "") + "penalised intercept"
    assert found.certificate.is_mode


def test_a_slip_is_seen_through_a_solver_that_stopped_early():
    X, y = problem(13)
    loose = Lasso(alpha=0.3, tol=1e-5).fit(X, y)
    shortfall = audit(Regression(X, y), penalty(l1=0.3), loose).shortfall
    assert shortfall.other.slip == "n"
    assert not shortfall.other.certificate.is_mode
    assert "nearly the mode" in shortfall.other.sentence


def test_standardised_columns_are_seen_through_a_solver_that_stopped_early():
    X, y = problem(13)
    loose = make_pipeline(StandardScaler(), Lasso(alpha=0.3, tol=1e-5)).fit(X, y)
    found = audit(Regression(X, y), penalty(l1=0.3 * N), loose).shortfall.other
    assert (found.slip, found.l1_slip) == ("standardised columns", "1")
    assert not found.certificate.is_mode
    assert abs(found.l1_factor - 1) < 1e-3


def test_a_solver_that_stopped_early_is_told_from_a_slip():
    X, y = problem(13)
    loose = Lasso(alpha=0.3, tol=1e-3).fit(X, y)
    certificate = audit(Regression(X, y), penalty(l1=0.3 * N), loose)
    assert not certificate.is_mode
    assert certificate.shortfall.other is None
    assert certificate.verdict.endswith("the solver stopped early.")


def test_zero_everywhere_is_the_mode_from_some_penalty_on():
    X, y = problem(14)
    data = Regression(X, y)
    bound = np.abs((X - X.mean(0)).T @ (y - y.mean())).max()
    other = audit(data, penalty(l1=bound / 8), np.zeros(P)).shortfall.other
    assert other.is_bound
    assert other.slip is None
    assert other.l1_factor == pytest.approx(8.0, rel=1e-12)
    assert "times 8 or more" in other.sentence
    net = audit(data, penalty(bound / 8, 3.0), np.zeros(P)).shortfall.other
    assert (net.l1_factor, net.l2_slip) == (pytest.approx(8.0, rel=1e-12), "1")
    assert "its l1 times 8 or more" in net.sentence
    assert audit(data, penalty(l2=1.0), np.zeros(P)).shortfall.other is None


def test_least_squares_is_told():
    X, y = problem(15)
    data = Regression(X, y, sigma=SIGMA)
    certificate = audit(data, Laplace(0.05), LinearRegression().fit(X, y))
    assert certificate.shortfall.other.l1_factor == 0
    assert "least squares" in certificate.verdict


@pytest.mark.parametrize("one", [penalty(l1=20.0), penalty(l2=5.0), penalty(20.0, 5.0)])
def test_negative_control_other_vectors_are_no_mode(one):
    X, y = problem(16)
    data, rng = Regression(X, y), np.random.default_rng(0)
    mode = audit(data, one, np.zeros(P)).shortfall.mode
    for size in (1e-3, 0.1, 1.0):
        shortfall = audit(data, one, mode + size * rng.normal(size=P)).shortfall
        assert shortfall.other is None
    assert "or minimised something else" in shortfall.reason


def test_negative_control_a_factor_that_is_no_slip_has_no_name():
    X, y = problem(17)
    data, true = Regression(X, y), penalty(l1=40.0)
    mode = audit(data, true, np.zeros(P)).shortfall.mode
    for factor in (np.pi, N * (1 + 1e-5), np.sqrt(N)):
        other = audit(data, Penalty(true.l1 / factor, true.l2), mode).shortfall.other
        assert other.l1_factor == pytest.approx(factor, rel=1e-9)
        assert other.slip is None


def test_a_factor_that_fits_two_names_has_none():
    slips = slips_of(Regression(np.eye(4), [1.0, -1.0, 1.0, -1.0]), sigma=4.0)
    assert name_of_factor(4.0, slips) is None  # n and sigma
    assert name_of_factor(2.0, slips) is None  # 2 and n/2
    assert name_of_factor(1.0, slips) is None
    assert name_of_factor(16.0, slips) == "sigma^2"


def test_more_columns_than_rows():
    rng = np.random.default_rng(18)
    X = rng.normal(size=(30, 200))
    data = Regression(X, X[:, 0] + rng.normal(size=30))
    true = Penalty(np.full(200, 8.0), np.zeros(200))
    mode = audit(data, true, np.zeros(200)).shortfall.mode
    found = audit(data, Penalty(true.l1 / 30, true.l2), mode).shortfall.other
    assert found.slip == "n"
    assert found.certificate.is_mode


# refusals


DATA = Regression(pd.DataFrame(problem()[0], columns=list("abcdef")), problem()[1], sigma=1.0)


@pytest.mark.parametrize(
    ("coef", "reason"),
    [
        ([1.0, 2.0], r"shape \(2,\) but X has 6 columns"),
        ([1.0] * 5 + [np.nan], "coef of 'f' is nan"),
        (dict.fromkeys("abcde", 1.0), "no entry for column 'f'"),
        (dict.fromkeys("abcdefg", 1.0), "an entry 'g', which is not a column"),
        (pd.Series([1.0] * 7, index=list("abcdeff")), "2 entries for 'f'"),
        (pd.Series([1.0] * 6), "an entry '0', which is not a column"),
        (pd.DataFrame({"coef": [1.0] * 6}, index=list("abcdef")), "coef is a table"),
        ("no.csv", "no.csv does not exist"),
        (Ridge(), "Ridge has no coef_"),
        (make_pipeline(StandardScaler(), Lasso()), "Lasso has no coef_"),
        (Ridge().fit(problem()[0][:, :3], problem()[1]), "fitted on 3 columns but X has 6"),
        (Ridge().fit(DATA.X, np.column_stack([DATA.y, DATA.y])), "several responses"),
        (GridSearchCV(Ridge(), {"alpha": [1.0]}).fit(*problem()), "pass its best_estimator_"),
        (
            LogisticRegression().fit(problem()[0], np.arange(N) % 3),
            "several responses",
        ),
        (
            make_pipeline(PolynomialFeatures(1), Ridge()).fit(*problem()),
            "a step PolynomialFeatures",
        ),
        (
            make_pipeline(MinMaxScaler(clip=True), Ridge()).fit(*problem()),
            "clip=True",
        ),
        (
            Ridge().fit(pd.DataFrame(problem()[0], columns=list("abcdeg")), problem()[1]),
            "X has no column 'g'",
        ),
        (
            Ridge().fit(pd.DataFrame(problem()[0], columns=list("bacdef")), problem()[1]),
            "in another order",
        ),
    ],
)
def test_coefficients_that_cannot_be_used_are_refused_in_one_sentence(coef, reason):
    with pytest.raises(PriormapError, match=reason):
        audit(DATA, Gaussian(1.0), coef)


def test_files_that_cannot_be_used_are_refused(tmp_path):
    file: Path = tmp_path / "coefs.csv"
    file.write_text("name,coef,se\na,1,2\n")
    with pytest.raises(PriormapError, match="must have the columns feature and coef"):
        audit(DATA, Gaussian(1.0), file)
    file.write_text("feature,coef\na,one\nb,1\nc,1\nd,1\ne,1\nf,1\n")
    with pytest.raises(PriormapError, match="coef holds text"):
        audit(DATA, Gaussian(1.0), file)


def test_other_arguments_that_cannot_be_used_are_refused():
    with pytest.raises(PriormapError, match="the penalty has 2 entries but X has 6"):
        audit(DATA, Penalty([1.0, 1.0], [0.0, 0.0]), np.zeros(P))
    with pytest.raises(PriormapError, match="tolerance must be a positive"):
        audit(DATA, Gaussian(1.0), np.zeros(P), tolerance=0.0)
    with pytest.raises(PriormapError, match="sigma is unknown"):
        audit(Regression(*problem()), Gaussian(1.0), np.zeros(P))
