"""`explain` and `explain_penalty`: from a fitted estimator, or from numbers, to its prior."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from priormap.arrays import Floats
from priormap.auditing.explanation import Explanation
from priormap.auditing.judging import audit
from priormap.auditing.prior_of_penalty import prior_of, residual_sd
from priormap.auditing.scikit_learn import recipe_of
from priormap.auditing.weighted_rows import Rows, rows_of, rows_of_regression
from priormap.checks import positive_number
from priormap.conventions import Convention, DataFacts, numbers_of, penalty_of, sigma_of
from priormap.conventions.catalogue import convention_named
from priormap.data.coefficients import Coefficients, as_coefficients
from priormap.data.fitted_estimators import FittedLinear
from priormap.data.regression import Regression, check_data
from priormap.data.validation import as_names, in_row_order, row_index
from priormap.errors import Phrase, PriormapError
from priormap.mode import Certificate
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
        ElasticNetCV, BayesianRidge or LinearRegression, alone or in a Pipeline behind
        StandardScaler, MinMaxScaler, MaxAbsScaler or RobustScaler.
    X, y
        What it was fitted on.
    sigma : float, optional
        Noise standard deviation at which the penalty is read as a prior. Default: that of a
        BayesianRidge; else the residual sd of the estimator's coefficients, with n less their
        effective number of parameters.
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
    rows = rows_of(X, y, intercept=recipe.intercept, shift=fitted.shift, weights=_weights(facts))
    are_named = rows.data.names != as_names(None, None, rows.data.n_features)
    fitted.refuse_other_columns(rows.data.names, are_named=are_named)
    factor = np.abs(fitted.factor)
    learnt = sigma_of(convention_named(recipe.convention), recipe.numbers)
    return _explanation(
        recipe.call,
        rows,
        Penalty(own.l1 / factor, own.l2 / factor**2),
        fitted.coef,
        known=[(sigma, "as given"), (learnt, "as the estimator learnt it")],
        intercept=recipe.intercept,
        numbers=lambda penalty: numbers_of(
            recipe.convention, Penalty(penalty.l1 * factor, penalty.l2 * factor**2), facts
        ),
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
    record = convention_named(convention)
    check_data(data)
    if record.likelihood not in {"gaussian", "any"}:
        raise PriormapError(
            f"{convention} penalises a {record.likelihood} likelihood, but a Regression has "
            "Gaussian noise; convert its numbers with convert"
        )
    facts = DataFacts(data, sample_weight=sample_weight, sigma=sigma)
    penalty = penalty_of(convention, numbers, facts)
    rows = rows_of_regression(data, _weights(facts))
    vector = _mode(rows.data, penalty) if coef is None else as_coefficients(coef, data.names)
    own = data.noise.known
    shown = [f"{name}={_shown(value)}" for name, value in numbers.items() if value is not None]
    return _explanation(
        f"{convention}({', '.join(shown)})",
        rows,
        penalty,
        vector,
        known=[
            (sigma, "as given"),
            (sigma_of(record, numbers), "as the numbers name it"),
            (own, "as the data know it"),
        ],
        intercept=data.intercept,
        numbers=lambda penalty: numbers_of(convention, penalty, facts),
        notes=_notes(record, data),
        tolerance=tolerance,
    )


def _explanation(
    call: str,
    rows: Rows,
    penalty: Penalty,
    coef: Floats,
    *,
    known: list[tuple[float | None, str]],
    intercept: bool,
    numbers: Callable[[Penalty], Mapping[str, Any]],
    notes: tuple[str, ...] = (),
    tolerance: float = TOLERANCE,
) -> Explanation:
    certificate = audit(rows.data, penalty, coef, tolerance=tolerance)
    given = [(number, origin) for number, origin in known if number is not None]
    if given:
        sigma, origin = positive_number("sigma", given[0][0]), given[0][1]
    else:
        sigma, origin = residual_sd(rows.data, penalty, coef, int(intercept))
    prior, standardize = _clearest_prior(rows, penalty, sigma)
    x_mean, y_mean = rows.means
    return Explanation(
        call=call,
        prior=prior,
        data=_settled(rows.data, sigma, standardize),
        penalty=penalty,
        sigma=sigma,
        sigma_origin=origin,
        coef=coef,
        intercept=float(y_mean - x_mean @ coef),
        certificate=certificate,
        column_sd=rows.column_sd,
        response_sd=rows.response_sd,
        elsewhere=_elsewhere(certificate, numbers),
        notes=notes,
    )


def _elsewhere(certificate: Certificate, numbers: Callable[[Penalty], Mapping[str, Any]]) -> str:
    """The library's own numbers for the penalty of which the coefficients are the mode."""
    other = certificate.shortfall.other if certificate.shortfall is not None else None
    if other is None or other.is_bound or (other.columns, other.intercept) != ("as given",) * 2:
        return ""
    try:
        found = numbers(other.penalty)
    except PriormapError:  # the library cannot write it
        return ""
    return ", ".join(f"{name}={_shown(value)}" for name, value in found.items())


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


def _notes(record: Convention, data: Regression) -> tuple[str, ...]:
    """What the conversion leaves out of sight."""
    notes = [record.note] if record.note else []
    if record.intercept == "penalised" and data.intercept:
        notes.append(
            f"{record.name} penalises its intercept too unless told not to; here it is free"
        )
    if record.intercept == "none" and data.intercept:
        notes.append(f"{record.name} has no intercept; these data have one")
    return tuple(notes)


def _weights(facts: DataFacts) -> Floats | None:
    return None if facts.sample_weight is None else np.asarray(facts.sample_weight)


def _in_row_order(sample_weight: Any, X: Any, y: Any) -> Any:
    """Weights in the order of the rows, whose labels are those of X, or else of y."""
    index = row_index(X)
    index = row_index(y) if index is None else index
    return in_row_order(Phrase("sample_weight", "--weights"), sample_weight, index, _n_rows(X))


def _n_rows(X: Any) -> int:
    """Rows of whatever X is; `Regression` will judge it."""
    shape = getattr(X, "shape", None) or (len(X) if hasattr(X, "__len__") else 1,)
    return int(shape[0])


def _shown(value: Any) -> str:
    return f"{value:.6g}" if np.ndim(value) == 0 else f"[{len(value)} numbers]"
