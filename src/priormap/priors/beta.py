"""A belief about a probability."""

from __future__ import annotations

from typing import Self

import numpy as np

from priormap.arrays import Floats
from priormap.checks import positive_number


class Beta(float):
    r"""Beta density of the probability that a coefficient is not zero, ``inclusion=Beta(a, b)``.

    .. math:: p(\pi) = \frac{\pi^{a - 1} (1 - \pi)^{b - 1}}{B(a, b)}, \qquad
        p(k \text{ of } p \text{ belong}) = \binom{p}{k} \frac{B(a + k, b + p - k)}{B(a, b)}.

    Where a number is asked for it is its mean ``a / (a + b)``. ``Beta(1, p)`` expects about one
    column whatever their number p, and ``Beta(1, 1)`` makes every number of columns as likely.

    Parameters
    ----------
    a, b : float

    Raises
    ------
    PriormapError
        If one is not a positive number.

    References
    ----------
    Scott and Berger (2010), "Bayes and empirical-Bayes multiplicity adjustment in the
    variable-selection problem", Annals of Statistics 38(5), eq. 4.

    Examples
    --------
    >>> Beta(1, 3), float(Beta(1, 3))
    (Beta(a=1, b=3), 0.25)
    """

    a: float
    b: float

    def __new__(cls, a: float, b: float) -> Self:
        """Take the mean for the number that it is."""
        a, b = positive_number("a", a), positive_number("b", b)
        one = super().__new__(cls, a / (a + b))
        one.a, one.b = a, b
        return one

    def __reduce__(self) -> tuple[type[Self], tuple[float, float]]:
        return type(self), (self.a, self.b)

    def log_odds(self, others: Floats, n_others: Floats) -> Floats:
        """Log odds of a column to belong where so many of so many others do."""
        return np.asarray(np.log(self.a + others) - np.log(self.b + n_others - others))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Beta) and (self.a, self.b) == (other.a, other.b)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((self.a, self.b))

    def __repr__(self) -> str:
        return f"Beta(a={self.a:g}, b={self.b:g})"
