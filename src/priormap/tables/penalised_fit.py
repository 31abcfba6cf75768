"""The penalised fit that people run: scikit-learn's Ridge, Lasso, ElasticNet or LinearRegression.

The only place that fits with scikit-learn. Columns are rescaled first where the prior speaks of
standardised columns or has a scale per column, and coefficients are scaled back.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from priormap.arrays import Bools, Floats
from priormap.conventions import scikit_learn_call
from priormap.data.regression import Regression
from priormap.model import Model, Penalty
from priormap.priors import PenaltyParts, Prior, penalty_parts

TIGHT_TOLERANCE = 1e-14  # duality gap over |y|**2: the last power of ten that doubles resolve
_MAX_ITER = 100_000
_SAME_RATIO = 1e-12  # relative spread of l2_scale / l1_scale over the columns
_MANY_ENTRIES = 1_000_000  # above it, tall data are cheaper through their cross products


@dataclass(frozen=True, eq=False)
class PenalisedFit:
    """Coefficients of a scikit-learn estimator, in units of the caller's columns.

    Attributes
    ----------
    call : str
        How one writes it, for example ``Lasso(alpha=0.5) on X / sd``.
    alpha : float
        The converted penalty; zero for least squares.
    l1_ratio : float
        Of ElasticNet; NaN for the others, which have none.
    coef : array of shape (p,)
        NaN where the estimator failed.
    intercept : float
    converged : bool
        Whether scikit-learn fitted without a complaint.
    """

    call: str
    alpha: float
    l1_ratio: float
    coef: Floats
    intercept: float
    converged: bool


def penalised_fit(
    data: Regression, prior: Prior, sigma: float, *, tight: bool = False
) -> PenalisedFit:
    """Fit the penalty that the prior is, at noise `sigma`.

    Parameters
    ----------
    data : Regression
    prior : Gaussian, Laplace or ElasticNet
    sigma : float
        Noise standard deviation of the conversion from scale to alpha.
    tight : bool
        Whether to ask for all digits, in place of scikit-learn's default settings.
    """
    columns = penalty_parts(Model(data, prior).column_prior, "penalised fit")
    if not _have_one_ratio(columns):
        return _fit_with_rows_for_l2(data, Penalty.from_prior(prior, data, sigma), tight)
    flat, (factor, note) = columns.is_flat, _rescaling(data, prior, columns)
    one: Prior = prior
    if factor is not None:  # any column, when they have been rescaled
        j = np.array([np.argmin(flat)])
        one = columns.on_columns(j).stretched(1 / factor[j])
    found = scikit_learn_call(one, sigma, data.n_rows)
    alpha, l1_ratio = (float(np.ravel(number)[0]) for number in found[1:])
    call = _Call(found.estimator, alpha, l1_ratio, note)
    if alpha == 0:
        # least squares does not depend on the units of the columns, but its rounding does
        factor = 1 / data.unit.divisor if tight else None
        call = _Call("LinearRegression", 0.0)
    if alpha > 0 and factor is not None and flat.any():
        return _fit_beside_free_columns(call, data, factor, flat, tight)
    return _fit(call, data, factor, tight)


@dataclass(frozen=True)
class _Call:
    """A scikit-learn estimator and its penalty."""

    name: str
    alpha: float
    l1_ratio: float = np.nan
    note: str = ""

    def __str__(self) -> str:
        if not self.alpha:
            return f"{self.name}()"
        ratio = f", l1_ratio={self.l1_ratio:.6g}" if 0 < self.l1_ratio < 1 else ""
        return f"{self.name}(alpha={self.alpha:.6g}{ratio}){self.note}"


def _have_one_ratio(columns: PenaltyParts) -> bool:
    """Whether rescaled columns have one alpha and one l1_ratio."""
    bound = ~columns.is_flat
    both = columns.l1_scale, columns.l2_scale
    s, t = (np.broadcast_to(scale, bound.shape)[bound] for scale in both)
    if np.isinf(s).all() or np.isinf(t).all():
        return True
    with np.errstate(over="ignore"):
        ratio = t / s
    return bool(np.isfinite(s + t).all() and np.ptp(ratio) <= _SAME_RATIO * ratio.max())


def _rescaling(data: Regression, prior: Prior, columns: PenaltyParts) -> tuple[Floats | None, str]:
    """What the columns are multiplied by, so that one scale is left, and how that is written."""
    if prior.has_vector:
        scales = columns.l2_scale if np.isinf(columns.l1_scale).all() else columns.l1_scale
        return np.asarray(scales), " on X / sd * scale" if data.standardize else " on X * scale"
    return (1 / data.column_sd, " on X / sd") if data.standardize else (None, "")


def _fit(call: _Call, data: Regression, factor: Floats | None, tight: bool) -> PenalisedFit:
    X = data.X if factor is None else _rescaled(data.X, factor)
    estimator = _estimator(call, data.intercept, X, tight)
    converged = _fit_quietly(estimator, X, data.y)
    coef = np.full(data.n_features, np.nan) if converged is None else estimator.coef_
    return PenalisedFit(
        str(call),
        call.alpha,
        call.l1_ratio,
        (coef if factor is None else coef * factor) + 0.0,  # -0.0 becomes 0.0
        np.nan if converged is None else float(estimator.intercept_),
        bool(converged),
    )


def _fit_beside_free_columns(
    call: _Call, data: Regression, factor: Floats, free: Bools, tight: bool
) -> PenalisedFit:
    """Leave some columns unpenalised: project them out first (Frisch, Waugh and Lovell)."""
    unit = data.unit
    Z, y = unit.columns(np.arange(unit.p)), unit.response * (unit.y_norm or 1.0)
    coef, converged = _fit_projected(call, Z, y, factor * unit.x_norm, free, tight)
    coef = coef / unit.divisor
    intercept = float(unit.y_mean - unit.x_mean @ coef)
    text = f"{call} (flat columns projected out)"
    return PenalisedFit(text, call.alpha, call.l1_ratio, coef, intercept, bool(converged))


def _fit_with_rows_for_l2(data: Regression, penalty: Penalty, tight: bool) -> PenalisedFit:
    """Fit an l1_ratio for each column: the lasso with a row ``sqrt(l2_j)`` for each of them.

    Zou and Hastie (2005), "Regularization and variable selection via the elastic net", JRSS B
    67(2), write the elastic net as such a lasso.
    """
    unit = data.unit
    l1, l2 = penalty.l1 / unit.divisor, penalty.l2 / unit.divisor**2
    rows = np.vstack([unit.columns(np.arange(unit.p)), np.diag(np.sqrt(l2))])
    y = np.concatenate([unit.response * (unit.y_norm or 1.0), np.zeros(unit.p)])
    free, size = l1 == 0, float(np.median(l1[l1 > 0]))
    call = _Call("Lasso", size / len(y), note=" on X / l1, with a row for each l2")
    factor = np.where(free, 1.0, size / np.where(free, 1.0, l1))
    coef, converged = _fit_projected(call, rows, y, factor, free, tight)
    coef = coef / unit.divisor
    intercept = float(unit.y_mean - unit.x_mean @ coef)
    return PenalisedFit(str(call), call.alpha, np.nan, coef, intercept, bool(converged))


def _fit_projected(
    call: _Call, Z: Floats, y: Floats, factor: Floats, free: Bools, tight: bool
) -> tuple[Floats, bool | None]:
    """Coefficients of centred columns, of which the `free` ones bear no L1 penalty."""
    basis, _ = np.linalg.qr(Z[:, free])
    rest, back = Z[:, ~free], factor[~free]
    projected = (rest - basis @ (basis.T @ rest)) * back
    estimator = _estimator(call, False, projected, tight)
    converged = _fit_quietly(estimator, projected, y - basis @ (basis.T @ y))
    coef = np.full(Z.shape[1], np.nan)
    if converged is not None:
        coef[~free] = estimator.coef_ * back + 0.0  # -0.0 becomes 0.0
        coef[free] = np.linalg.lstsq(Z[:, free], y - rest @ coef[~free], rcond=None)[0]
    return coef, converged


def _rescaled(X: Any, factor: Floats) -> Any:
    return sparse.csc_array(X.multiply(factor)) if sparse.issparse(X) else X * factor


def _estimator(call: _Call, intercept: bool, X: Any, tight: bool) -> Any:
    """Unfitted estimator; `tight` asks for every digit that it can give."""
    from sklearn import linear_model

    options: dict[str, Any] = {"fit_intercept": intercept}
    n, p = X.shape
    if call.name == "LinearRegression":
        plain = linear_model.LinearRegression()
        if tight and "tol" in plain.get_params():  # since 1.7 it drops directions
            options["tol"] = max(n, p) * np.finfo(float).eps
        return plain.set_params(**options)
    if call.name == "Ridge":
        if tight and sparse.issparse(X):
            options |= {"solver": "sparse_cg", "tol": TIGHT_TOLERANCE, "max_iter": _MAX_ITER}
        elif tight:
            options |= {"solver": "svd"}
        return linear_model.Ridge(alpha=call.alpha, **options)
    if tight:
        tall = n >= 4 * p and n * p > _MANY_ENTRIES
        options |= {"tol": TIGHT_TOLERANCE, "max_iter": _MAX_ITER, "precompute": tall}
    if call.name == "Lasso":
        return linear_model.Lasso(alpha=call.alpha, **options)
    return linear_model.ElasticNet(alpha=call.alpha, l1_ratio=call.l1_ratio, **options)


def _fit_quietly(estimator: Any, X: Any, y: Floats) -> bool | None:
    """Fit in place; whether scikit-learn was content, or None if it could not fit at all."""
    with warnings.catch_warnings(record=True) as complaints:
        warnings.simplefilter("always")
        try:
            estimator.fit(X, y)
        except (ValueError, ArithmeticError, np.linalg.LinAlgError):
            return None
    return not complaints
