r"""Data and prior settled once: what every verb computes with.

All solvers and samplers work in unit columns (see `priormap.data.unit_columns`), where the prior
of coefficient j has the scales of the caller's columns times ``|x_j| / |y|``, or times ``|x_j|``
for a prior in units of the noise. That, the noise in units of ``|y|`` and the degrees of freedom
are derived here, and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from priormap.arrays import Bools
from priormap.checks import positive_number
from priormap.data.noise import Noise
from priormap.data.regression import Regression, check_data
from priormap.data.unit_columns import UnitColumns
from priormap.errors import PriormapError
from priormap.model.penalty import Penalty, prior_of_columns, relative_prior
from priormap.model.problem import UnitProblem, in_range
from priormap.priors import Prior, penalty_parts
from priormap.priors.densities import PositiveDensity


@dataclass(frozen=True, eq=False)
class Model:
    """A regression under a prior of its coefficients.

    Parameters
    ----------
    data : Regression
    prior : Prior
        Its scales are one number, or one for each column; they may be learnt.
    any_likelihood : bool
        Whether who asks can do without moments of the rows.

    Raises
    ------
    PriormapError
        If one of them is not what it should be, or a scale has the wrong length.

    Examples
    --------
    >>> from priormap import Gaussian, Regression
    >>> data = Regression([[0.0], [3.0]], [0.0, 1.0], sigma=2.0, standardize=True)
    >>> model = Model(data, Gaussian(3.0))
    >>> model.column_prior, model.dof
    (Gaussian(scale=[2.]), 1)
    >>> model.penalty().l2
    array([1.])
    """

    data: Regression
    prior: Prior
    any_likelihood: bool = False

    def __post_init__(self) -> None:
        check_data(self.data, any_likelihood=self.any_likelihood)
        object.__setattr__(self, "prior", prior_of_columns(self.prior, self.data))
        if self.prior.scaled_by_noise and not self.data.likelihood.has_sigma:
            raise PriormapError(
                f"{self.prior!r} is in units of sigma, which {self.data.likelihood.response} has "
                "not; leave scaled_by_noise out"
            )

    @property
    def columns(self) -> UnitColumns:
        """The data in unit columns."""
        return self.data.unit

    @property
    def noise(self) -> Noise:
        """What is known, or believed, of sigma, in units of y."""
        return self.data.noise

    @cached_property
    def unit_noise(self) -> Noise:
        """The same in units of ``|y|`` (centred length)."""
        return self.noise.in_units(self.unit_y)

    @property
    def unit_y(self) -> float:
        """Centred length of y; 1 where it is constant."""
        return self.columns.y_norm or 1.0

    @property
    def dof(self) -> int:
        """Rows, less one for the intercept."""
        return self.data.n_rows - int(self.data.intercept)

    @cached_property
    def relative(self) -> Prior:
        """Prior of each coefficient in the caller's columns; a learnt scale multiplies these.

        A standardised regression's prior speaks of ``sd_j * b_j``.
        """
        return relative_prior(self.prior, self.data)

    @property
    def column_prior(self) -> Prior:
        """As `relative`; refuses a learnt scale."""
        _ = self.prior.known_scale
        return self.relative

    @cached_property
    def unit_prior(self) -> Prior:
        """As `relative`, of the coefficients of unit columns (in units of the noise, if so)."""
        by_noise = self.prior.scaled_by_noise
        return self.relative.stretched(self.columns.divisor / (1.0 if by_noise else self.unit_y))

    @cached_property
    def is_flat(self) -> Bools:
        """Whether each coefficient has a flat prior, shape (p,)."""
        return np.broadcast_to(self.relative.is_flat, self.data.n_features)

    def given_noise(self, sigma: float) -> Prior:
        """Prior of each coefficient in the caller's columns at one sigma."""
        return self.column_prior.stretched(sigma if self.prior.scaled_by_noise else 1.0)

    def penalty(self, sigma: float | None = None) -> Penalty:
        """Penalty whose minimiser is the mode at `sigma`, or at the known one."""
        penalty_parts(self.prior)  # refuses it as it was given, not per column
        return Penalty.of_columns(self.column_prior, self.noise.at(sigma))

    def problem(self, sigma: float | None = None) -> UnitProblem:
        """The canonical problem in unit columns, at `sigma` or at the known one."""
        return UnitProblem.of(self.data, self.penalty(sigma))

    @cached_property
    def unit_problem(self) -> UnitProblem:
        """The problem at the noise ``|y|``; at another its penalties are multiples of these."""
        _ = self.prior.known_scale  # refuses a learnt one
        parts, live = penalty_parts(self.unit_prior), self.columns.x_norm > 0
        l1_scale, l2_scale = np.asarray(parts.l1_scale), np.asarray(parts.l2_scale)
        with np.errstate(over="ignore", under="ignore"):
            l1, l2 = 1 / l1_scale, (1 / l2_scale) ** 2
        return UnitProblem(
            self.columns,
            in_range(l1, live & np.isfinite(l1_scale)),
            in_range(l2, live & np.isfinite(l2_scale)),
        )

    def strengths(self, unit_sigma: float) -> tuple[float, float]:
        """Multiples of the penalties of `unit_problem` at a sigma in units of ``|y|``."""
        if self.prior.scaled_by_noise:
            return unit_sigma, 1.0
        return unit_sigma**2, unit_sigma**2

    def at_scale(self, scale: float) -> Model:
        """The model at one value of a learnt scale."""
        return replace(self, prior=self.prior.stretched(positive_number("scale", scale)))

    def with_noise(self, sigma: float | PositiveDensity | None) -> Model:
        """The model with another sigma; what was computed of the rows is shared."""
        return replace(self, data=self.data.with_noise(sigma))

    def with_prior(self, prior: Prior) -> Model:
        """The model with another prior."""
        return replace(self, prior=prior)
