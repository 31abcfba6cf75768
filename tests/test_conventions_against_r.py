"""The conventions of R packages: glmnet and lm.ridge, given our numbers, find our minimum."""

import itertools
import shutil
import subprocess

import numpy as np
import pytest

from optimality import PRIORS, SIGMA, assert_minimum, table, violation
from priormap import Penalty, Regression, convert
from priormap.conventions import DataFacts, numbers_of

pytestmark = pytest.mark.skipif(shutil.which("Rscript") is None, reason="Rscript is not installed")


def r_vector(values):
    return f"c({', '.join(f'{float(value):.17g}' for value in values)})"


def r_matrix(X):
    return f"matrix({r_vector(X.T.ravel())}, nrow = {len(X)})"


def run_r(package, lines):
    """Rows of numbers that an R script writes, one call of `show` for each."""
    available = f'if (!requireNamespace("{package}", quietly = TRUE)) quit(status = 77)'
    show = 'show <- function(x) cat(formatC(as.numeric(x), digits = 17, format = "g"), "\\n")'
    script = "\n".join([available, f"suppressMessages(library({package}))", show, *lines])
    done = subprocess.run(
        ["Rscript", "--vanilla", "-"], input=script, capture_output=True, text=True, check=False
    )
    if done.returncode == 77:
        pytest.skip(f"the R package {package} is not installed")
    assert done.returncode == 0, done.stderr
    return [np.array(line.split(), dtype=float) for line in done.stdout.splitlines()]


def glmnet_call(numbers, family, *, weighted=False, intercept=True, standardize=True):
    factors = numbers.get("penalty_factor", np.ones(5))
    return (
        f"show(coef(glmnet(X, y, weights = {'w' if weighted else 'rep(1, length(y))'}, "
        f"family = {family}, alpha = {numbers['alpha']:.17g}, lambda = {numbers['lambda_']:.17g}, "
        f"penalty.factor = {r_vector(factors)}, standardize = {str(standardize).upper()}, "
        f"intercept = {str(intercept).upper()}, thresh = 1e-22, maxit = 1e8))[-1])"
    )


def glmnet(calls, X, y, weights):
    control = "glmnet.control(epsnr = 1e-14, mxitnr = 1000)"
    data = [f"X <- {r_matrix(X)}", f"y <- {r_vector(y)}", f"w <- {r_vector(weights)}"]
    return run_r("glmnet", [control, *data, *calls])


SQUARES = {
    "glmnet": ('"gaussian"', True),
    "glmnet(standardize=FALSE)": ('"gaussian"', False),
    "glmnet.gaussian()": ("gaussian()", True),
    "glmnet.gaussian()(standardize=FALSE)": ("gaussian()", False),
}


@pytest.mark.parametrize("name", SQUARES)
def test_glmnet_squares(name):
    X, y, weights = table()
    family, standardize = SQUARES[name]
    cases, calls = [], []
    for prior, weighted, intercept in itertools.product(PRIORS, (False, True), (True, False)):
        source, scales = PRIORS[prior]
        data = Regression(X, y, sigma=SIGMA, intercept=intercept, standardize=standardize)
        w = weights if weighted else None
        numbers = convert(scales, source, name, data=data, sample_weight=w)
        cases.append((numbers.penalty, w, intercept))
        options = {"weighted": weighted, "intercept": intercept, "standardize": standardize}
        calls.append(glmnet_call(numbers, family, **options))
    for (penalty, w, intercept), coef in zip(cases, glmnet(calls, X, y, weights), strict=True):
        assert_minimum(1e-8, X, y, coef, penalty, w, intercept)


@pytest.mark.parametrize("name", ["glmnet", "glmnet.gaussian()"])
def test_penalty_factors_make_one_lambda_of_raw_columns(name):
    X, y, weights = table()
    numbers = convert(0.1, "sklearn.Lasso", name, data=Regression(X, y))
    assert numbers["penalty_factor"].sum() == pytest.approx(5)
    (coef,) = glmnet([glmnet_call(numbers, SQUARES[name][0])], X, y, weights)
    assert_minimum(1e-8, X, y, coef, Penalty(np.full(5, 6.0), np.zeros(5)))


LIKELIHOODS = {
    "glmnet.binomial": ('"binomial"', lambda y, eta: y - 1 / (1 + np.exp(-eta))),
    "glmnet.binomial(standardize=FALSE)": ('"binomial"', lambda y, eta: y - 1 / (1 + np.exp(-eta))),
    "glmnet.poisson": ('"poisson"', lambda y, eta: y - np.exp(eta)),
}


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_glmnet_likelihoods(name):
    X, y, weights = table()
    y = (y > np.median(y)).astype(float) if "binomial" in name else np.ceil(np.exp(y / 4))
    family, slope_of = LIKELIHOODS[name]
    cases, calls = [], []
    standardize = "FALSE" not in name
    for prior, weighted in itertools.product(PRIORS, (False, True)):
        source, scales = PRIORS[prior]
        data = Regression(X, y, standardize=standardize)
        w = weights if weighted else None
        numbers = convert(scales, source, name, data=data, sample_weight=w)
        cases.append((numbers.penalty, np.ones(len(y)) if w is None else w))
        call = glmnet_call(numbers, family, weighted=weighted, standardize=standardize)
        calls.append(call.replace("[-1])", ")"))
    for (penalty, w), (intercept, *coef) in zip(cases, glmnet(calls, X, y, weights), strict=True):
        slope = w * slope_of(y, intercept + X @ coef)
        assert abs(slope.sum()) < 1e-6 * w.sum()
        assert violation(X, slope, np.array(coef), penalty) < 1e-6


@pytest.mark.parametrize("intercept", [True, False])
def test_lm_ridge(intercept):
    X, y, _ = table()
    data = Regression(X, y, sigma=SIGMA, intercept=intercept)
    penalty = Penalty(np.zeros(5), 7.0 * data.unit.x_norm**2 / len(y))
    numbers = numbers_of("MASS.lm.ridge", penalty, DataFacts(data))
    assert numbers["lambda_"] == pytest.approx(7.0)
    formula = "y ~ X" if intercept else "y ~ X - 1"
    calls = [f"X <- {r_matrix(X)}", f"y <- {r_vector(y)}"]
    calls += [f"show(coef(lm.ridge({formula}, lambda = {numbers['lambda_']:.17g})))"]
    (coef,) = run_r("MASS", calls)
    assert_minimum(1e-9, X, y, coef[-5:], penalty, None, intercept)
