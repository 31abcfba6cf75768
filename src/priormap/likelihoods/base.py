"""What every likelihood is: the density of one response given its linear predictor."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from priormap.arrays import Floats
from priormap.checks import RandomState


class Likelihood(ABC):
    """A density ``p(y | eta, sigma)`` of independent responses, as functions of arrays.

    Where a likelihood has no sigma, that argument is ignored.

    Attributes
    ----------
    name, label : str
        The word for it in options, and as figures and sentences write it.
    reference : str
    has_sigma : bool
        Whether there is a scale sigma, to be known or learnt.
    has_moments : bool
        Whether means and cross products of the rows say all that the rows say, so that nothing
        costs O(n) after one pass over them, and a normal prior has independent draws.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    reference: ClassVar[str]
    has_sigma: ClassVar[bool]
    has_moments: ClassVar[bool]

    @abstractmethod
    def check(self, y: Floats) -> None:
        """Refuse responses that cannot be, in one sentence with the remedy."""

    @abstractmethod
    def mean(self, eta: Floats) -> Floats:
        """Inverse link: the mean response at a linear predictor."""

    @abstractmethod
    def logpdf(self, y: Floats, eta: Floats, sigma: float | Floats) -> Floats:
        """Log density of every response; its negative is the loss of a penalised fit."""

    @abstractmethod
    def slope(self, y: Floats, eta: Floats, sigma: float | Floats) -> Floats:
        """Derivative of ``-logpdf`` in eta."""

    @abstractmethod
    def curvature(self, y: Floats, eta: Floats, sigma: float | Floats) -> Floats:
        """Second derivative of ``-logpdf`` in eta: the weight of a row in a Newton step."""

    @abstractmethod
    def rvs(self, eta: Floats, sigma: float | Floats, random_state: RandomState = None) -> Floats:
        """Draw one response for every linear predictor."""
