"""The flat prior, whose mode is least squares."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from priormap.arrays import Bools, Floats, Indices
from priormap.checks import as_numbers
from priormap.errors import PriormapError
from priormap.priors.densities import ProperDensity
from priormap.priors.l1_l2 import L1L2Prior


@dataclass(frozen=True, eq=False, repr=False)
class Flat(L1L2Prior):
    r"""Flat prior: every coefficient is as likely as any other, and the mode is least squares.

    ``p(b) = 1``, which integrates to no number: the prior is improper. Draws from it, and what is
    made of them, are refused, and so is an evidence. It is what `Gaussian`, `Laplace` and
    `ElasticNet` are with the scale ``inf``, which makes some columns flat beside others that are
    not.

    References
    ----------
    Laplace (1812), "Théorie analytique des probabilités", book 2; Gelman, Carlin, Stern, Dunson,
    Vehtari and Rubin (2013), "Bayesian Data Analysis", third edition, eq. 14.3, for the posterior.

    Examples
    --------
    >>> from priormap import Regression, find_map
    >>> data = Regression([[0.0], [1.0], [2.0]], [0.0, 1.0, 3.0], sigma=1.0)
    >>> find_map(data, Flat()).coef
    array([1.5])
    >>> float(Flat().penalty(5.0)), float(Flat().posterior_mean(5.0, sd=1.0))
    (0.0, 5.0)
    """

    name: ClassVar[str] = "flat"
    label: ClassVar[str] = "Flat"
    spoken: ClassVar[str] = "flat"
    fit: ClassVar[str] = "least squares"
    scales: ClassVar[tuple[str, ...]] = ()
    aliases: ClassVar[tuple[str, ...]] = ("uniform", "improper")
    reference: ClassVar[str] = (
        "Gelman, Carlin, Stern, Dunson, Vehtari and Rubin (2013), Bayesian Data Analysis, third "
        "edition, section 14.2"
    )
    is_normal: ClassVar[bool] = True
    has_l1: ClassVar[bool] = False
    has_l2: ClassVar[bool] = False

    scale: float | Floats = field(default=np.inf, init=False)  # infinite, for each column too

    @property
    def scaled_by_noise(self) -> bool:
        """Never: it has no unit."""
        return False

    @property
    def hyperprior(self) -> ProperDensity | None:
        """None: there is nothing to learn."""
        return None

    @property
    def parameters(self) -> dict[str, float | Floats]:
        """None."""
        return {}

    @property
    def is_flat(self) -> Bools:
        """Everywhere."""
        return np.isinf(self.scale)

    @property
    def l1_scale(self) -> float | Floats:
        """Infinite: there is no penalty."""
        return self.scale

    @property
    def l2_scale(self) -> float | Floats:
        """Infinite: there is no penalty."""
        return self.scale

    def with_parts(self, l1_scale: float | Floats, l2_scale: float | Floats) -> Self:
        """Return the prior itself, which has neither part."""
        return self

    def stretched(self, factor: float | ArrayLike) -> Self:
        """Return the prior itself, for as many columns as there are factors."""
        return self._changed(scale=np.full(np.shape(as_numbers("factor", factor)), np.inf))

    def on_columns(self, which: Indices) -> Self:
        """Return the prior itself, for these columns."""
        return self.stretched(np.ones(np.shape(which)))

    def with_scale(self, scale: float | ArrayLike) -> Self:
        """Refuse: there is no scale to give."""
        raise _no_scale()

    def with_hyperprior(self, density: ProperDensity) -> Self:
        """Refuse: there is no scale to learn."""
        raise _no_scale()

    def __repr__(self) -> str:
        return "Flat()"


def _no_scale() -> PriormapError:
    return PriormapError(
        "Flat() has no scale to give, choose or learn; leave the scale out, or use Gaussian(scale)"
    )
