"""Independent draws under a Gaussian prior: one spectrum, and quadrature over the variances."""

from priormap.posterior.gaussian.line_quadrature import LineMass, integrate_lines
from priormap.posterior.gaussian.posterior import (
    GaussianPosterior,
    draw_independent,
    gaussian_posterior,
)

__all__ = [
    "GaussianPosterior",
    "LineMass",
    "draw_independent",
    "gaussian_posterior",
    "integrate_lines",
]
