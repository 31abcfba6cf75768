"""The moves of sigma and tau for kernels on moments."""

from __future__ import annotations

from priormap.posterior.kernels.cholesky import multiply
from priormap.posterior.kernels.compiled import Array, Words, inner
from priormap.posterior.kernels.problem import NOISE
from priormap.posterior.kernels.scale_moves import move_scales, residual_sigma_line, slice_factor


@inner()
def move_on_moments(
    gram: Array,
    xty: Array,
    yty: float,
    dof: float,
    centre: Array,
    rss: float,
    rate: Array,
    curvature: Array,
    hyper: Array,
    coef: Array,
    scales: Array,
    rng: Words,
    offset: Array,
    image: Array,
    trace: Array,
    i: int,
) -> None:
    """Scale (coef - centre, sigma) together, then ``move_scales``, in place.

    ``centre`` is least squares with misfit ``rss``; ``offset`` and ``image`` are scratch.
    """
    p = coef.shape[0]
    if hyper[NOISE] > 0.0:
        for j in range(p):
            offset[j] = coef[j] - centre[j]
        line = residual_sigma_line(hyper, scales, dof, float(p), rss, curvature, centre, offset)
        factor = slice_factor(rng, line, hyper, rate, centre, offset)
        scales[0] *= factor
        for j in range(p):
            coef[j] = centre[j] + factor * offset[j]
    multiply(gram, coef, image)
    fit, power = 0.0, 0.0
    for j in range(p):
        fit += coef[j] * xty[j]
        power += coef[j] * image[j]
    misfit = max(yty - 2.0 * fit + power, rss)
    move_scales(misfit, fit, power, dof, rate, curvature, hyper, coef, scales, rng, trace, i)
