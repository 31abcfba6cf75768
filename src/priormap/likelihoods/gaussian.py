"""Gaussian noise, of which the moments of the rows say everything."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from priormap.arrays import Floats
from priormap.checks import RandomState, as_generator
from priormap.likelihoods.base import Likelihood


class Gaussian(Likelihood):
    r"""``log p(y | eta, sigma) = -log(sigma sqrt(2 pi)) - (y - eta)**2 / (2 sigma**2)``.

    Examples
    --------
    >>> import numpy as np
    >>> round(float(Gaussian().logpdf(np.array(1.0), np.array(0.0), sigma=1.0)), 6)
    -1.418939
    """

    name: ClassVar[str] = "gaussian"
    label: ClassVar[str] = "Gaussian"
    aliases: ClassVar[tuple[str, ...]] = ("normal",)
    reference: ClassVar[str] = "Gauss (1809)"
    has_sigma: ClassVar[bool] = True
    has_moments: ClassVar[bool] = True

    def check(self, y: Floats) -> None:
        """Any finite number may be."""

    def mean(self, eta: Floats) -> Floats:
        """The identity."""
        return eta

    def logpdf(self, y: Floats, eta: Floats, sigma: float | Floats) -> Floats:
        """Log density of every response."""
        return -np.log(sigma * np.sqrt(2 * np.pi)) - 0.5 * ((y - eta) / sigma) ** 2

    def slope(self, y: Floats, eta: Floats, sigma: float | Floats) -> Floats:
        """``(eta - y) / sigma**2``."""
        return (eta - y) / sigma / sigma

    def curvature(self, y: Floats, eta: Floats, sigma: float | Floats) -> Floats:
        """``1 / sigma**2``."""
        return np.broadcast_to(1 / np.asarray(sigma) ** 2, np.broadcast_shapes(y.shape, eta.shape))

    def fenchel_young(self, y: Floats, eta: Floats, slope: Floats, sigma: float | Floats) -> Floats:
        """``(eta - y - sigma**2 slope)**2 / (2 sigma**2)``."""
        return 0.5 * ((eta - y) / sigma - sigma * slope) ** 2

    def recession(self, y: Floats) -> Floats:
        """Nowhere."""
        return np.zeros(y.shape)

    def rvs(self, eta: Floats, sigma: float | Floats, random_state: RandomState = None) -> Floats:
        """``eta + sigma e`` with e standard normal."""
        return eta + sigma * as_generator(random_state).standard_normal(eta.shape)
