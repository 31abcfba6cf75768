"""Counts, with the logarithm of their mean linear."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from scipy import special

from priormap.arrays import Floats
from priormap.checks import RandomState, as_generator
from priormap.errors import PriormapError
from priormap.likelihoods.base import Likelihood

_ROUNDING = 1e-12  # of a mean at the edge of its range
_LARGEST = 9.0e15  # count of which a float still has every digit
_LARGEST_MEAN = 9.0e18  # from which numpy draws


class Poisson(Likelihood):
    r"""``log p(y | eta) = y eta - exp(eta) - log y!`` of a count y.

    Examples
    --------
    >>> import numpy as np
    >>> round(float(Poisson().logpdf(np.array(2.0), np.array(0.0))), 6)
    -1.693147
    """

    name: ClassVar[str] = "poisson"
    label: ClassVar[str] = "Poisson"
    aliases: ClassVar[tuple[str, ...]] = ("count", "counts")
    reference: ClassVar[str] = "Nelder and Wedderburn (1972), Generalized linear models"
    response: ClassVar[str] = "a count"
    linear: ClassVar[str] = "log of the mean of y"
    has_sigma: ClassVar[bool] = False
    has_moments: ClassVar[bool] = False

    def check(self, y: Floats) -> None:
        """Whole numbers that are not negative."""
        if (y < 0).any():
            raise PriormapError(
                f"y must be counts, none of them negative, got {y.min():g}; drop such rows, or use "
                "family='gaussian'"
            )
        broken = y != np.floor(y)
        if broken.any():
            raise PriormapError(
                f"y must be whole numbers (counts), got {y[broken][0]:g}; give counts, not rates "
                "or means, or use family='gaussian'"
            )
        if y.max(initial=0.0) > _LARGEST:
            raise PriormapError(
                f"y has the count {y.max():g}, of which a float has not every digit; use "
                "family='gaussian' for its logarithm"
            )

    def mean(self, eta: Floats) -> Floats:
        """``exp(eta)``."""
        with np.errstate(over="ignore"):
            return np.exp(eta)

    def logpdf(self, y: Floats, eta: Floats, sigma: float | Floats = 1.0) -> Floats:
        """Log probability of every count."""
        return y * eta - self.mean(eta) - special.gammaln(y + 1)

    def slope(self, y: Floats, eta: Floats, sigma: float | Floats = 1.0) -> Floats:
        """``mean - y``."""
        return self.mean(eta) - y

    def curvature(self, y: Floats, eta: Floats, sigma: float | Floats = 1.0) -> Floats:
        """The mean."""
        return np.broadcast_to(self.mean(eta), np.broadcast_shapes(y.shape, eta.shape))

    def fenchel_young(
        self, y: Floats, eta: Floats, slope: Floats, sigma: float | Floats = 1.0
    ) -> Floats:
        """Kullback-Leibler divergence of the mean ``y + slope`` from that of eta."""
        mean = np.asarray(y + slope)
        inside = np.maximum(mean, 0.0)
        some = inside > 0
        with np.errstate(over="ignore"):  # a loss beyond all floats is one
            away = eta - np.log(np.where(some, inside, 1.0))
            loss = np.where(some, inside, 1.0) * np.maximum(np.expm1(away) - away * some, 0.0)
            loss = np.where(some, loss, np.exp(eta))
        return np.where(mean < -_ROUNDING, np.inf, loss)

    def recession(self, y: Floats) -> Floats:
        """Down for no count, else nowhere."""
        return np.where(y == 0, -1.0, 0.0)

    def rvs(
        self, eta: Floats, sigma: float | Floats = 1.0, random_state: RandomState = None
    ) -> Floats:
        """Counts with these means."""
        mean = np.minimum(self.mean(eta), _LARGEST_MEAN)
        return as_generator(random_state).poisson(mean).astype(float)
