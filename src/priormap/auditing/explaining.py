"""`explain` and `explain_penalty`: from a fitted estimator, or from numbers, to its prior."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from priormap.arrays import Floats
from priormap.auditing.explanation import Explanation
from priormap.auditing.library_call import LibraryCall, library_call, weights_of
from priormap.auditing.prior_of_penalty import prior_of, residual_sd
from priormap.auditing.scikit_learn import recipe_of
from priormap.auditing.weighted_rows import Rows, rows_of
from priormap.checks import positive_number
from priormap.conventions import Convention, DataFacts, numbers_of, penalty_of, sigma_of
from priormap.conventions.catalogue import convention_named
from priormap.data.coefficients import Coefficients, as_coefficients
from priormap.data.fitted_estimators import FittedLinear
from priormap.data.regression import Regression, check_data
from priormap.data.validation import as_names, in_row_order, row_index
from priormap.errors import Phrase
from priormap.mode.certificate import TOLERANCE
from priormap.mode.solve import minimise
from priormap.model.penalty import Penalty
from priormap.model.problem import UnitProblem
from priormap.priors import Prior


def explain(
    estimator: Any,
    X: Any,
    y: Any,
    *,
    sigma: float | None = None,
    sample_weight: ArrayLike | None = None,
) -> Explanation:
    r"""Say what the penalty of a fitted scikit-learn estimator believes.

    The estimator minimised ``1/2 sum w (y - a - X b)**2 + sum l1 |b| + 1/2 sum l2 b**2``; at
    noise sigma that is the mode under independent priors with ``l1_scale = sigma**2 / l1`` and
    ``l2_scale = sigma / sqrt(l2)``. alpha = 0 is the flat prior.

    Parameters
    ----------
    estimator : fitted estimator
        Ridge, RidgeCV, Lasso, LassoCV, LassoLars, LassoLarsCV, LassoLarsIC, ElasticNet,
        ElasticNetCV, BayesianRidge, ARDRegression (one scale per column) or LinearRegression,
        alone or in a Pipeline behind StandardScaler, MinMaxScaler, MaxAbsScaler or RobustScaler.
    X, y
        What it was fitted on.
    sigma : float, optional
        Noise standard deviation at which the penalty is read as a prior. Default: that of a
        BayesianRidge or an ARDRegression; else the residual sd of the estimator's coefficients,
        with n less their effective number of parameters.
    sample_weight : array of shape (n,), optional
        The weights it was fitted with: sigma is then that of a row of weight 1. Rows of
        weight 0 are left out.

    Returns
    -------
    Explanation
        With `data` and `prior` for `find_map`, `sample` and `contrast`.

    Raises
    ------
    PriormapError
        If the estimator is not fitted, not one of these, constrained (``positive=True``), of
        several responses, or fitted on other columns; or X, y or the weights cannot be used.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import Ridge
    >>> from priormap import explain
    >>> X, y = np.array([[0.0], [1.0], [2.0], [5.0]]), np.array([0.0, 1.0, 1.5, 4.5])
    >>> explanation = explain(Ridge(alpha=4.0).fit(X, y), X, y, sigma=1.0)
    >>> explanation.prior, explanation.certificate.is_mode
    (Gaussian(scale=0.5), True)
    >>> data, prior = explanation
    """
    fitted = FittedLinear.of(estimator)
    recipe = recipe_of(fitted)
    facts = DataFacts(n=_n_rows(X), sample_weight=_in_row_order(sample_weight, X, y))
    own = penalty_of(recipe.convention, recipe.numbers, facts)
    rows = rows_of(X, y, intercept=recipe.intercept, shift=fitted.shift, weights=weights_of(facts))
    are_named = rows.data.names != as_names(None, None, rows.data.n_features)
    fitted.refuse_other_columns(rows.data.names, are_named=are_named)
    factor, record = np.abs(fitted.factor), convention_named(recipe.convention)
    call = LibraryCall(
        text=recipe.call,
        convention=record,
        rows=rows,
        penalty=Penalty(own.l1 / factor, own.l2 / factor**2),
        numbers=lambda penalty: numbers_of(
            recipe.convention, Penalty(penalty.l1 * factor, penalty.l2 * factor**2), facts
        ),
        sigma=sigma,
    )
    learnt = sigma_of(record, recipe.numbers)
    return _explanation(
        call,
        fitted.coef,
        known=[(sigma, "as given"), (learnt, "as the estimator learnt it")],
        has_intercept=recipe.intercept,
    )


def explain_penalty(
    convention: str,
    *,
    data: Regression,
    sigma: float | None = None,
    coef: Coefficients | None = None,
    sample_weight: ArrayLike | None = None,
    tolerance: float = TOLERANCE,
    **numbers: Any,
) -> Explanation:
    """Say what a library's penalty believes, from its numbers alone.

    Parameters
    ----------
    convention : str
        The library call, as `list_conventions` has it: "glmnet", "sklearn.Lasso", ...
    data : Regression
        The data, as the library gets them; `standardize` if they are standardised before.
    sigma : float, optional
        Noise standard deviation at which the penalty is read as a prior. Default: that which
        the numbers name, or `data` know; else the residual sd of the coefficients.
    coef : optional
        Coefficients to judge, as `audit` takes them. Default: the mode itself.
    sample_weight : array of shape (n,), optional
        The weights that the library gets, as in `explain`.
    tolerance : float
        Distance from the mode that still counts as it, as in `audit`.
    **numbers
        The library's parameters by its own names, such as ``alpha=0.1`` or ``lambda_=0.1``.

    Returns
    -------
    Explanation

    Raises
    ------
    PriormapError
        If the convention is unknown, has no equivalent prior, speaks of another likelihood, or
        needs a number that is missing or out of range.

    Examples
    --------
    >>> from priormap import Regression, explain_penalty
    >>> X = [[0.0, 1.0], [1.0, 0.0], [2.0, 5.0], [5.0, 1.0]]
    >>> data = Regression(X, [0.0, 1.0, 1.5, 4.5], sigma=1.0)
    >>> explain_penalty("sklearn.Lasso", alpha=0.5, data=data).prior
    Laplace(scale=0.5)
    """
    check_data(data)
    call = library_call(convention, data, numbers, sigma, sample_weight)
    rows = call.rows
    vector = _mode(rows.data, call.penalty) if coef is None else as_coefficients(coef, data.names)
    return _explanation(
        call,
        vector,
        known=[
            (sigma, "as given"),
            (sigma_of(call.convention, numbers), "as the numbers name it"),
            (data.noise.known, "as the data know it"),
        ],
        has_intercept=data.intercept,
        tolerance=positive_number("tolerance", tolerance),
    )


def _explanation(
    call: LibraryCall,
    coef: Floats,
    *,
    known: list[tuple[float | None, str]],
    has_intercept: bool,
    tolerance: float = TOLERANCE,
) -> Explanation:
    rows, penalty = call.rows, call.penalty
    given = [(number, origin) for number, origin in known if number is not None]
    if given:
        sigma, origin = positive_number("sigma", given[0][0]), given[0][1]
    else:
        sigma, origin = residual_sd(rows.data, penalty, coef, int(has_intercept))
    verdict = call.judge(coef, tolerance)
    prior, standardize = _clearest_prior(rows, penalty, sigma)
    return Explanation(
        call=call.text,
        prior=prior,
        data=_settled(rows.data, sigma, standardize),
        penalty=penalty,
        sigma=sigma,
        sigma_origin=origin,
        coef=coef,
        intercept=verdict.intercept,
        certificate=verdict.certificate,
        column_sd=rows.column_sd,
        response_sd=rows.response_sd,
        notes=_notes(call.convention, has_intercept, verdict.is_intercept_penalised),
    )


def _mode(data: Regression, penalty: Penalty) -> Floats:
    problem = UnitProblem.of(data, penalty)
    coef, _ = minimise(problem)
    return problem.to_user(coef)[0]


def _clearest_prior(rows: Rows, penalty: Penalty, sigma: float) -> tuple[Prior, bool]:
    """The prior of columns as they are, or standardised: whichever is one for all of them."""
    data = rows.data
    ways = [data.standardize]
    if not rows.are_weighted and (rows.column_sd > 0).all():
        ways.append(not data.standardize)
    priors = [prior_of(penalty, sigma, rows.column_sd if way else 1.0) for way in ways]
    for prior, way in zip(priors, ways, strict=True):
        if not prior.has_vector:
            return prior, way
    return priors[0], ways[0]


def _settled(data: Regression, sigma: float, standardize: bool) -> Regression:
    """Return the same data at this noise: nothing is read or computed again."""
    other = data.with_noise(sigma)
    object.__setattr__(other, "standardize", standardize)
    return other


def _notes(record: Convention, has_intercept: bool, is_penalised: bool) -> tuple[str, ...]:
    """What the conversion leaves out of sight."""
    notes = [record.note] if record.note else []
    if is_penalised:
        notes.append(
            f"{record.name} penalises its intercept too, and so these coefficients are judged; "
            "data and prior leave it free"
        )
    elif record.intercept == "penalised" and has_intercept:
        notes.append(
            f"{record.name} penalises its intercept too unless told not to; here it is free"
        )
    if record.intercept == "none" and has_intercept:
        notes.append(f"{record.name} has no intercept; these data have one")
    return tuple(notes)


def _in_row_order(sample_weight: Any, X: Any, y: Any) -> Any:
    """Weights in the order of the rows, whose labels are those of X, or else of y."""
    index = row_index(X)
    index = row_index(y) if index is None else index
    return in_row_order(Phrase("sample_weight", "--weights"), sample_weight, index, _n_rows(X))


def _n_rows(X: Any) -> int:
    """Rows of whatever X is; `Regression` will judge it."""
    shape = getattr(X, "shape", None) or (len(X) if hasattr(X, "__len__") else 1,)
    return int(shape[0])
