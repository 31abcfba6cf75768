r"""The noise at which a penalty is read as a prior, and where it came from.

.. math:: \hat\sigma^2 = \frac{\lVert y - a - X b\rVert^2}{n - \mathrm{df}}, \qquad
    \mathrm{df} = 1 + \operatorname{tr} Z_S (Z_S'Z_S + L_{2S})^{-1} Z_S'

with the intercept's 1 and S the columns that are not exactly zero: the trace of the ridge's
hat matrix (Hastie, Tibshirani and Friedman 2009, eq. 3.50), for the lasso the size of its
support (Zou, Hastie and Tibshirani 2007), for the elastic net the trace on its support.
"""

from __future__ import annotations

import numpy as np

from priormap.arrays import Floats
from priormap.data.regression import Regression
from priormap.model.penalty import Penalty
from priormap.model.problem import UnitProblem
from priormap.model.spectrum import Spectrum

_EXACT_FIT = 1e-11  # residual sd over the sd of y: nothing left but rounding
_FEWEST_SPARE = 1.0  # rows less parameters that still tell the noise


def residual_sd(
    data: Regression, penalty: Penalty, coef: Floats, means_taken: int
) -> tuple[float, str]:
    """Noise sd estimated from the residuals of `coef`, and the sentence that says so.

    Parameters
    ----------
    means_taken : int
        1 where an intercept was fitted, in `data` or before.
    """
    problem = UnitProblem.of(data, penalty)
    _, rss = problem.gradient(problem.from_user(coef))
    size = data.unit.y_norm / np.sqrt(data.n_rows)
    parameters = effective_parameters(problem, coef) + means_taken
    spare = data.n_rows - parameters
    if size == 0:
        return 1.0, "any number serves, because y is constant"
    if spare < _FEWEST_SPARE:
        return size, (
            f"the sd of y, because {parameters:.4g} effective parameters leave too few of "
            f"{data.n_rows} rows to tell the noise"
        )
    sigma = data.unit.y_norm * float(np.sqrt(max(rss, 0.0) / spare))
    if sigma <= _EXACT_FIT * size:
        return size, "the sd of y, because the fit is exact"
    count = f"{parameters:.4g} effective parameter" + "s" * (parameters != 1)
    return sigma, f"the residual sd, with {count}"


def effective_parameters(problem: UnitProblem, coef: Floats) -> float:
    """Trace of the hat matrix on the columns that are not exactly zero, intercept left out."""
    live = problem.columns.x_norm > 0
    used = live & ((coef != 0) | (problem.l1 == 0))
    if not (problem.l2[used] > 0).any():
        return float(min(used.sum(), problem.columns.n))
    weights = np.zeros(len(coef))
    with np.errstate(divide="ignore"):
        weights[used] = 1 / np.sqrt(problem.l2[used])
    eigenvalues = Spectrum.of(problem.columns, weights).eigenvalues
    return float((eigenvalues / (eigenvalues + 1)).sum() + np.isinf(weights).sum())
