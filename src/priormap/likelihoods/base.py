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
    aliases : tuple of str
        What other packages call it.
    reference : str
    response : str
        What one response is, in words.
    linear : str
        What the linear predictor is, in a word.
    is_binary : bool
        Whether y is one of two answers, which may have names.
    has_sigma : bool
        Whether there is a scale sigma, to be known or learnt.
    has_moments : bool
        Whether means and cross products of the rows say all that the rows say, so that nothing
        costs O(n) after one pass over them, and a normal prior has independent draws.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    aliases: ClassVar[tuple[str, ...]] = ()
    reference: ClassVar[str]
    response: ClassVar[str] = "y"
    linear: ClassVar[str] = "y"
    is_binary: ClassVar[bool] = False
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
    def fenchel_young(self, y: Floats, eta: Floats, slope: Floats, sigma: float | Floats) -> Floats:
        """``l(eta) + l*(slope) - eta slope`` of the loss ``l = -logpdf`` and its conjugate.

        Never negative, 0 where `slope` is that of the loss at eta, and infinite where the loss
        has this slope nowhere. At ``slope = 0`` it is how far the loss is above its lowest, half
        of the deviance; with a dual point for the slope it is what that loses of a duality gap.
        """

    @abstractmethod
    def recession(self, y: Floats) -> Floats:
        """Where eta may go without bound while the loss falls: 1 up, -1 down, 0 nowhere."""

    @abstractmethod
    def rvs(self, eta: Floats, sigma: float | Floats, random_state: RandomState = None) -> Floats:
        """Draw one response for every linear predictor."""
