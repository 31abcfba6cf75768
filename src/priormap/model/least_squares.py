"""Least squares, from the moments where they tell, and the parameters that a fit uses up."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import linalg

from priormap.arrays import Floats, Indices
from priormap.data.regression import Regression
from priormap.data.unit_columns import UnitColumns
from priormap.model.problem import UnitProblem
from priormap.model.spectrum import Spectrum

EXACT_FIT = 1e-22  # residual sum of squares over that of y: a fit to eleven digits
_SURE_PIVOT = 1e-5  # smallest Cholesky pivot at which cross products tell the rank
_SINGULAR = 1e-7  # Cholesky pivot of a correlation matrix that rounding may have left


class LeastSquares(NamedTuple):
    """Least squares of one data set.

    Attributes
    ----------
    coef : array of shape (p,)
        In units of X; NaN where the data do not determine it, as for a constant column.
    rss : float
        Residual sum of squares; NaN where so many columns fit any y.
    dof : int
        Rows less columns, and less one for an intercept.
    """

    coef: Floats
    rss: float
    dof: int

    @property
    def sd(self) -> float:
        """``sqrt(rss / dof)``, the usual estimate of sigma; NaN where no row is left for it."""
        return float(np.sqrt(self.rss / self.dof)) if self.dof > 0 else np.nan


def least_squares(data: Regression) -> LeastSquares:
    """Coefficients, residual sum of squares and degrees of freedom of least squares.

    Collinear columns leave the residuals unique, but not the coefficients.

    Examples
    --------
    >>> from priormap import Regression
    >>> fit = least_squares(Regression([[0.0], [1.0], [2.0]], [0.0, 2.0, 1.0], sigma=1.0))
    >>> float(fit.coef[0].round(9)), round(fit.rss, 9), fit.dof
    (0.5, 1.5, 1)
    """
    columns = data.unit
    live = np.flatnonzero(columns.x_norm > 0)
    nothing, dof = np.zeros(columns.p), columns.n - columns.p - data.intercept
    coef, unit = np.full(columns.p, np.nan), nothing.copy()
    if len(live) >= columns.n - data.intercept:
        return LeastSquares(coef, np.nan, dof)
    if columns.smallest_pivot > _SINGULAR:
        gram = columns.gram if len(live) == columns.p else columns.gram[np.ix_(live, live)]
        unit[live] = np.linalg.solve(gram, columns.xty[live])
        coef[live] = columns.in_callers_units(unit)[live]
    else:
        unit[live] = np.linalg.lstsq(columns.columns(live), columns.response, rcond=None)[0]
    rss = UnitProblem(columns, nothing, nothing).gradient(unit)[1]
    return LeastSquares(coef, rss * columns.y_norm**2, dof)


def rank_and_misfit(columns: UnitColumns, which: Indices) -> tuple[int, float]:
    """Rank of columns, and their least squares over that of y; from the rows only where tiny."""
    all_of_y = float(columns.y_norm > 0)
    if not which.size:
        return 0, all_of_y
    if len(which) < columns.dof:
        gram, xty = columns.gram[np.ix_(which, which)], columns.xty[which]
        if columns.smallest_pivot > _SURE_PIVOT:
            step = linalg.solve(gram, xty, assume_a="pos")
        else:
            step, *_ = np.linalg.lstsq(gram, xty, rcond=None)
        rss = all_of_y - float(step @ xty)
        if rss > 1e-6:
            return len(which), rss
    rows = columns.columns(which)
    exact, _, rank, _ = np.linalg.lstsq(rows, columns.response, rcond=None)
    residual: Floats = columns.response - rows @ exact
    return int(rank), float(residual @ residual)


def effective_parameters(problem: UnitProblem, coef: Floats) -> float:
    r"""Trace of the hat matrix on the columns that are not exactly zero, intercept left out.

    ``tr Z_S (Z_S'Z_S + L_2S)^-1 Z_S'``: the ridge's (Hastie, Tibshirani and Friedman 2009,
    eq. 3.50), for the lasso the size of its support (Zou, Hastie and Tibshirani 2007), for the
    elastic net the trace on its support.
    """
    live = problem.columns.x_norm > 0
    used = live & ((coef != 0) | (problem.l1 == 0))
    if not (problem.l2[used] > 0).any():
        return float(min(used.sum(), problem.columns.dof))
    spectrum, mu = Spectrum.of_penalty(problem.columns, np.where(used, problem.l2, np.inf))
    return float(spectrum.parameters(mu))
