r"""The noise at which a penalty is read as a prior, where it came from, and that prior.

.. math:: \hat\sigma^2 = \frac{\lVert y - a - X b\rVert^2}{n - \mathrm{df}}, \qquad
    \mathrm{df} = 1 + \operatorname{tr} Z_S (Z_S'Z_S + L_{2S})^{-1} Z_S'

with the intercept's 1 and the trace of `priormap.model.least_squares.effective_parameters`.
"""

from __future__ import annotations

import numpy as np

from priormap.arrays import Floats
from priormap.data.regression import Regression
from priormap.errors import Phrase, PriormapError
from priormap.model.least_squares import effective_parameters
from priormap.model.penalty import Penalty
from priormap.model.problem import UnitProblem
from priormap.priors import ElasticNet, Gaussian, Laplace, Prior

_ONE = 1e-12  # relative spread of scales that are one scale
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


def prior_of(penalty: Penalty, sigma: float, per: Floats | float = 1.0) -> Prior:
    r"""Prior whose mode under noise `sigma` has this penalty.

    ``l1_scale = sigma**2 / l1`` and ``l2_scale = sigma / sqrt(l2)``, times `per`, what the
    prior's coefficients are times those of the penalty; one number where all columns agree.
    """
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        l1_scale = _one(np.square(sigma) / penalty.l1 * per)
        l2_scale = _one(sigma / np.sqrt(penalty.l2) * per)
    for weights, scale in ((penalty.l1, l1_scale), (penalty.l2, l2_scale)):
        if not (np.isfinite(scale) & (np.asarray(scale) > 0) | (weights == 0)).all():
            raise PriormapError(
                f"sigma={sigma:g} makes the prior of this penalty wider or narrower than any "
                "number; ",
                Phrase("give sigma", "give --sigma"),
                " in the units of y",
            )
    if not penalty.l1.any():
        return Gaussian(l2_scale)
    if not penalty.l2.any():
        return Laplace(l1_scale)
    return ElasticNet(l1_scale, l2_scale)


def _one(scale: Floats) -> float | Floats:
    """The one number that all scales are, or the scales."""
    first = scale.flat[0]
    if (scale == first).all() or (np.isfinite(scale).all() and np.ptp(scale) <= _ONE * first):
        return float(first)
    return scale
