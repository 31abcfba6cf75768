"""Yes or no, with the logit of its probability linear."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from scipy import special

from priormap.arrays import Floats
from priormap.checks import RandomState, as_generator
from priormap.errors import PriormapError
from priormap.likelihoods.base import Likelihood

_ROUNDING = 1e-12  # of a probability at the edge of its range


class Bernoulli(Likelihood):
    r"""``log p(y | eta) = y eta - log(1 + exp(eta))`` of a y that is 0 or 1.

    Examples
    --------
    >>> import numpy as np
    >>> round(float(Bernoulli().logpdf(np.array(1.0), np.array(0.0))), 6)
    -0.693147
    """

    name: ClassVar[str] = "bernoulli"
    label: ClassVar[str] = "Bernoulli"
    aliases: ClassVar[tuple[str, ...]] = ("binomial", "logistic", "logit", "binary")
    reference: ClassVar[str] = "Cox (1958), The regression analysis of binary sequences"
    response: ClassVar[str] = "a yes/no response"
    linear: ClassVar[str] = "logit of P(y = 1)"
    is_binary: ClassVar[bool] = True
    has_sigma: ClassVar[bool] = False
    has_moments: ClassVar[bool] = False

    def check(self, y: Floats) -> None:
        """Zeros and ones only."""
        if ((y == 0) | (y == 1)).all():
            return
        values = np.unique(y)
        if len(values) == 2:
            raise PriormapError(
                f"y has values {values[0]:g} and {values[1]:g}; code them 0 and 1, or name the "
                "event with event="
            )
        odd = values[(values != 0) & (values != 1)][0]
        raise PriormapError(
            f"y must be 0 or 1 in every row of a yes/no response, got {odd:g}; code it, or name "
            "the event with event="
        )

    def mean(self, eta: Floats) -> Floats:
        """Probability of a one, ``1 / (1 + exp(-eta))``."""
        return np.asarray(special.expit(eta))

    def logpdf(self, y: Floats, eta: Floats, sigma: float | Floats = 1.0) -> Floats:
        """Log probability of every response."""
        return -(y * _softplus(-eta) + (1 - y) * _softplus(eta))

    def slope(self, y: Floats, eta: Floats, sigma: float | Floats = 1.0) -> Floats:
        """``mean - y``, to all digits where the two are close."""
        return (1 - y) * special.expit(eta) - y * special.expit(-eta)

    def curvature(self, y: Floats, eta: Floats, sigma: float | Floats = 1.0) -> Floats:
        """``mean (1 - mean)``."""
        weights = special.expit(eta) * special.expit(-eta)
        return np.broadcast_to(weights, np.broadcast_shapes(y.shape, eta.shape))

    def fenchel_young(
        self, y: Floats, eta: Floats, slope: Floats, sigma: float | Floats = 1.0
    ) -> Floats:
        """Kullback-Leibler divergence of the probability ``y + slope`` from that of eta."""
        yes = y + slope
        inside = np.clip(yes, 0.0, 1.0)
        entropy = special.xlogy(inside, inside) + special.xlog1py(1 - inside, -inside)
        loss = np.maximum(inside * _softplus(-eta) + (1 - inside) * _softplus(eta) + entropy, 0.0)
        return np.where(np.abs(yes - inside) > _ROUNDING, np.inf, loss)

    def recession(self, y: Floats) -> Floats:
        """Up for a one, down for a zero."""
        return 2 * y - 1

    def rvs(
        self, eta: Floats, sigma: float | Floats = 1.0, random_state: RandomState = None
    ) -> Floats:
        """One where a uniform number is below the probability."""
        return (as_generator(random_state).random(eta.shape) < self.mean(eta)).astype(float)


def _softplus(eta: Floats) -> Floats:
    return np.logaddexp(0.0, eta)
