"""The penalised fit that people run: scikit-learn's Ridge, Lasso or LinearRegression.

The only place that imports scikit-learn. Columns are rescaled first where the prior speaks of
standardised columns or has a scale per column, and coefficients are scaled back.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from priormap.penalty import column_scale
from priormap.priors import Gaussian, Laplace, Prior
from priormap.regression import Regression

__all__ = ["PenalisedFit", "penalised_fit"]

Floats: TypeAlias = NDArray[np.float64]
TIGHT_TOLERANCE = 1e-14  # duality gap over |y|**2: the last power of ten that doubles resolve
_MAX_ITER = 100_000
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
    coef : array of shape (p,)
        NaN where the estimator failed.
    intercept : float
    converged : bool
        Whether scikit-learn fitted without a complaint.
    """

    call: str
    alpha: float
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
    prior : Gaussian or Laplace
    sigma : float
        Noise standard deviation of the conversion from scale to alpha.
    tight : bool
        Whether to ask for all digits, in place of scikit-learn's default settings.
    """
    factor, one_scale, note = _column_factor(data, prior)
    alpha = _alpha(one_scale, sigma, data.n_rows)
    flat = np.isinf(column_scale(prior, data))
    if alpha == 0 or flat.all():
        # least squares does not depend on the units of the columns, but its rounding does
        factor = 1 / np.where(data.unit.x_norm > 0, data.unit.x_norm, 1.0) if tight else None
        return _fit("LinearRegression()", 0.0, data, factor, data.intercept, tight)
    family = "Ridge" if isinstance(prior, Gaussian) else "Lasso"
    call = f"{family}(alpha={alpha:.6g}){note}"
    if factor is not None and flat.any():
        return _fit_beside_flat_columns(call, alpha, data, factor, flat, tight)
    return _fit(call, alpha, data, factor, data.intercept, tight)


def _column_factor(data: Regression, prior: Prior) -> tuple[Floats | None, Prior, str]:
    """What the columns are multiplied by, and the one scale of the prior that is then left."""
    if np.ndim(prior.scale):
        note = " on X / sd * scale" if data.standardize else " on X * scale"
        unit_prior = type(prior)(1.0, scaled_by_noise=prior.scaled_by_noise)
        return column_scale(prior, data), unit_prior, note
    if data.standardize:
        return 1 / data.column_sd, prior, " on X / sd"
    return None, prior, ""


def _alpha(prior: Prior, sigma: float, n: int) -> float:
    """scikit-learn's penalty for a prior of one scale."""
    if isinstance(prior, Laplace):
        return float(prior.to_lasso(sigma, n))
    return float(prior.to_ridge(sigma))


def _fit(
    call: str, alpha: float, data: Regression, factor: Floats | None, intercept: bool, tight: bool
) -> PenalisedFit:
    X = data.X if factor is None else _rescaled(data.X, factor)
    estimator = _estimator(call, alpha, intercept, X, tight)
    converged = _fit_quietly(estimator, X, data.y)
    coef = np.full(data.n_features, np.nan) if converged is None else estimator.coef_
    return PenalisedFit(
        call,
        alpha,
        (coef if factor is None else coef * factor) + 0.0,  # -0.0 becomes 0.0
        np.nan if converged is None else float(estimator.intercept_),
        bool(converged),
    )


def _fit_beside_flat_columns(
    call: str, alpha: float, data: Regression, factor: Floats, flat: NDArray[np.bool_], tight: bool
) -> PenalisedFit:
    """Leave some columns unpenalised: project them out first (Frisch, Waugh and Lovell)."""
    unit = data.unit
    free, rest = unit.columns(np.flatnonzero(flat)), unit.columns(np.flatnonzero(~flat))
    basis, _ = np.linalg.qr(free)
    y = unit.response * (unit.y_norm or 1.0)
    back = factor[~flat] * unit.x_norm[~flat]
    Z = (rest - basis @ (basis.T @ rest)) * back
    estimator = _estimator(call, alpha, False, Z, tight)
    converged = _fit_quietly(estimator, Z, y - basis @ (basis.T @ y))
    coef = np.full(data.n_features, np.nan)
    if converged is not None:
        coef[~flat] = estimator.coef_ * factor[~flat]
        of_free = np.linalg.lstsq(free, y - rest @ (estimator.coef_ * back), rcond=None)[0]
        coef[flat] = of_free / np.where(unit.x_norm[flat] > 0, unit.x_norm[flat], 1.0)
    intercept = float(unit.y_mean - unit.x_mean @ coef)
    call = f"{call} (flat columns projected out)"
    return PenalisedFit(call, alpha, coef, intercept, bool(converged))


def _rescaled(X: Any, factor: Floats) -> Any:
    return sparse.csc_array(X.multiply(factor)) if sparse.issparse(X) else X * factor


def _estimator(call: str, alpha: float, intercept: bool, X: Any, tight: bool) -> Any:
    """Unfitted estimator; `tight` asks for every digit that it can give."""
    from sklearn.linear_model import Lasso, LinearRegression, Ridge

    options: dict[str, Any] = {"fit_intercept": intercept}
    n, p = X.shape
    if call.startswith("LinearRegression"):
        if tight and "tol" in LinearRegression().get_params():  # since 1.7 it drops directions
            options["tol"] = max(n, p) * np.finfo(float).eps
        return LinearRegression(**options)
    if call.startswith("Ridge"):
        if tight and sparse.issparse(X):
            options |= {"solver": "sparse_cg", "tol": TIGHT_TOLERANCE, "max_iter": _MAX_ITER}
        elif tight:
            options |= {"solver": "svd"}
        return Ridge(alpha=alpha, **options)
    if tight:
        tall = n >= 4 * p and n * p > _MANY_ENTRIES
        options |= {"tol": TIGHT_TOLERANCE, "max_iter": _MAX_ITER, "precompute": tall}
    return Lasso(alpha=alpha, **options)


def _fit_quietly(estimator: Any, X: Any, y: Floats) -> bool | None:
    """Fit in place; whether scikit-learn was content, or None if it could not fit at all."""
    with warnings.catch_warnings(record=True) as complaints:
        warnings.simplefilter("always")
        try:
            estimator.fit(X, y)
        except (ValueError, ArithmeticError, np.linalg.LinAlgError):
            return None
    return not complaints
