r"""Posterior of the variances (sigma, tau) under a Gaussian prior, by quadrature.

Coordinates are ``x = log sigma`` and the log ratio ``r`` of prior scale to noise: ``log tau``
if the prior is scaled by the noise, else ``log(tau / sigma)``. Given r the likelihood costs
O(1) (see `priormap.model.spectrum`), so a plane costs little more than a line.

Integrals and draws come from `priormap.posterior.gaussian.line_quadrature`: r from its marginal,
then x given r. Probabilities of the draws are right to 1e-8.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property, partial
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from priormap.arrays import Floats
from priormap.errors import PriormapError
from priormap.posterior.gaussian.line_quadrature import (
    InverseTable,
    LineMass,
    LogDensity,
    QuantileTable,
    bracket_lines,
    integrate_between,
    integrate_lines,
    narrow_lines,
)

if TYPE_CHECKING:
    from priormap.model.spectrum import Spectrum


Draw: TypeAlias = Callable[[int, np.random.Generator], tuple[Floats, Floats]]
Moments: TypeAlias = Callable[[], tuple[Floats, Floats]]

_REACH = 100.0  # how far from the scale of the data mass is looked for, in log units
_FADED = 1e-8  # an integrand that is larger than this (of its peak) at an end has no integral
_NOISE_STEP = 4.0  # of the first search for sigma, whose density has one mode
_NEVER_DRAWN = 1e-13  # weight of a ratio, against the largest
_PADDING = 2.0  # of log r beyond what is drawn: splines are less exact at their ends
_SPACING = 0.1  # of log r, at which conditional quantiles are kept


@dataclass(frozen=True, eq=False)
class VariancePosterior:
    """Posterior of (sigma, r) as weighted nodes, and its independent draws.

    Attributes
    ----------
    log_evidence, error : float
        Log marginal likelihood, and the error of its quadrature as estimated from the last
        halving of the grid and from rounding.
    weights, log_ratio : array of shape (m,)
        Nodes r and their posterior weights, which sum to 1.
    moments : callable
        Returns ``E[sigma | r]`` and ``E[sigma**2 | r]`` at the nodes, each an array of shape
        (m,); inf where the moment does not exist.
    draw : callable
        ``draw(n, rng)`` returns n independent draws of sigma and of r.
    """

    log_evidence: float
    error: float
    weights: Floats
    log_ratio: Floats
    moments: Moments
    draw: Draw

    @cached_property
    def sigma_mean(self) -> Floats:
        """``E[sigma | r]`` at the nodes."""
        return self._sigma_moments[0]

    @cached_property
    def sigma_square(self) -> Floats:
        """``E[sigma**2 | r]`` at the nodes."""
        return self._sigma_moments[1]

    @cached_property
    def _sigma_moments(self) -> tuple[Floats, Floats]:
        return self.moments()

    @classmethod
    def of(
        cls, spectrum: Spectrum, sigma: float | LogDensity, tau: float | LogDensity, scaled: bool
    ) -> VariancePosterior:
        """Posterior where each of sigma and tau is a known number or a prior log density.

        Raises
        ------
        PriormapError
            If the posterior is improper, or a log density too rough for the quadrature.
        """
        joint = _Joint(spectrum, sigma, tau, scaled)
        with np.errstate(over="ignore", divide="ignore", under="ignore"):
            if callable(sigma) and callable(tau):
                return _over_plane(joint)
            if callable(sigma) or callable(tau):
                return _over_line(joint)
            return _at_point(joint)


def expectation(weights: Floats, values: Floats) -> Floats:
    """Weighted sum along the last axis, or inf where the terms do not fade at the ends."""
    terms = weights * values
    if terms.shape[-1] == 1:
        return terms[..., 0]
    ends = np.maximum(terms[..., 0], terms[..., -1])
    return np.where(ends < _FADED * terms.max(axis=-1), terms.sum(axis=-1), np.inf)


class _Joint(NamedTuple):
    """Joint density of the data, x and r."""

    spectrum: Spectrum
    sigma: float | LogDensity
    tau: float | LogDensity
    scaled: bool

    def log_given(self, x: Floats, r: Floats, terms: tuple[Floats, Floats]) -> Floats:
        """``log p(y, x, r)`` but for `log_ratio_prior`; Jacobians of the logs included."""
        value = self.spectrum.log_likelihood(x, *terms)
        if callable(self.sigma):
            value = value + self.sigma(np.exp(x)) + x
        if callable(self.tau) and not self.scaled:
            value = value + self.tau(np.exp(x + r)) + x + r
        return value

    def log_ratio_prior(self, r: Floats) -> Floats:
        """The part that depends on r only: beside it, others would drown where it is extreme."""
        return self.tau(np.exp(r)) + r if callable(self.tau) and self.scaled else np.zeros_like(r)

    def on_line(self, u: Floats) -> tuple[Floats, Floats]:
        """(x, r) where u is the log of the only unknown variance, or of known ones."""
        x = u if callable(self.sigma) else np.full_like(u, np.log(self.sigma))
        log_tau = u if callable(self.tau) else np.full_like(u, np.log(self.tau))
        return x, log_tau if self.scaled else log_tau - x


def _at_point(joint: _Joint) -> VariancePosterior:
    x, r = joint.on_line(np.zeros(1))
    log_evidence = float(joint.log_given(x, r, joint.spectrum.terms(r))[0])

    def draw(n: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
        return np.full(n, np.exp(x[0])), np.full(n, r[0])

    def moments() -> tuple[Floats, Floats]:
        return np.exp(x), np.exp(2 * x)

    return VariancePosterior(log_evidence, 0.0, np.ones(1), r, moments, draw)


def _over_line(joint: _Joint) -> VariancePosterior:
    def log_f(u: Floats) -> Floats:
        x, r = joint.on_line(u)
        return joint.log_given(x, r, joint.spectrum.terms(r)) + joint.log_ratio_prior(r)

    name, (centre, r_centre) = "sigma", joint.spectrum.centre
    lowest = centre
    if callable(joint.sigma) and joint.scaled:  # all of y may be fitted, however small sigma is
        _, squares = joint.spectrum.terms(joint.on_line(np.zeros(1))[1])
        lowest = min(centre, float(_near_data(joint.spectrum, squares)[0]) + 0.5 * _REACH)
    if callable(joint.tau):
        log_sigma, _ = joint.on_line(np.zeros(1))
        name, centre = "the prior scale", r_centre + (0 if joint.scaled else float(log_sigma[0]))
        lowest = centre
    lower, upper = np.array([lowest - _REACH]), np.array([centre + _REACH])
    mass = integrate_lines(log_f, lower, upper, name, joint.spectrum.dof)
    table = InverseTable.of(mass)
    x, r = joint.on_line(mass.u[0])

    def draw(n: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
        x, r = joint.on_line(table.draw(n, rng))
        return np.exp(x), r

    def moments() -> tuple[Floats, Floats]:
        return np.exp(x), np.exp(2 * x)

    return VariancePosterior(float(mass.log_z[0]), mass.error, mass.weights[0], r, moments, draw)


def _over_plane(joint: _Joint) -> VariancePosterior:
    noise = _NoiseGivenRatio(joint)
    r_centre = joint.spectrum.centre[1]

    def log_f(r: Floats) -> Floats:
        return noise.mass(r[0]).log_z + joint.log_ratio_prior(r)

    lower, upper = np.array([r_centre - _REACH]), np.array([r_centre + _REACH])
    marginal = integrate_lines(log_f, lower, upper, "the prior scale", joint.spectrum.dof)
    r, weights = marginal.u[0], marginal.weights[0]
    first, last = np.flatnonzero(weights > _NEVER_DRAWN * weights.max())[[0, -1]]
    r_drawn = np.arange(r[first] - _PADDING, r[last] + _PADDING + _SPACING, _SPACING)
    conditional = noise.mass(r_drawn, to_draw=True)
    _refuse_two_modes(conditional.f)
    table, quantiles = (
        InverseTable.of(marginal),
        cache(partial(QuantileTable.of, r_drawn, conditional)),
    )

    def draw(n: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
        r = table.draw(n, rng)
        return np.exp(quantiles().draw(r, rng)), r

    def moments() -> tuple[Floats, Floats]:
        mass = noise.mass(r, moments=True)
        means = [expectation(mass.weights, np.exp(power * mass.u)) for power in (1, 2)]
        return means[0], means[1]

    error = max(marginal.error, conditional.error)
    return VariancePosterior(float(marginal.log_z[0]), error, weights, r, moments, draw)


class _NoiseGivenRatio:
    """Density of x = log sigma given each of many ratios r; it remembers where they lie."""

    def __init__(self, joint: _Joint) -> None:
        self._joint = joint
        self._known: tuple[Floats, Floats, Floats] | None = None

    def mass(self, r: Floats, to_draw: bool = False, moments: bool = False) -> LineMass:
        """Mass of x for every r, ascending."""
        joint = self._joint
        half_log_det, squares = (term[:, None] for term in joint.spectrum.terms(r))

        def log_f(x: Floats) -> Floats:
            return joint.log_given(x, r[:, None], (half_log_det, squares))

        interval = None if moments else self._recalled(log_f, r)
        if interval is None:
            interval = bracket_lines(
                log_f, *self._wide(r, squares[:, 0]), "sigma", moments, _NOISE_STEP
            )
        if self._known is None:
            self._known = (r, *interval)
        return integrate_between(
            log_f, *interval, "sigma", joint.spectrum.dof, to_draw=to_draw or moments
        )

    def _wide(self, r: Floats, squares: Floats) -> tuple[Floats, Floats]:
        x_centre, r_centre = self._joint.spectrum.centre
        near_data = _near_data(self._joint.spectrum, squares)
        near = [np.full_like(r, x_centre), near_data, x_centre + r_centre - r]
        return np.min(near, axis=0) - _REACH, np.max(near, axis=0) + _REACH

    def _recalled(self, log_f: LogDensity, r: Floats) -> tuple[Floats, Floats] | None:
        """Intervals between those of the nearest known ratios, unless mass may lie outside."""
        if self._known is None:
            return None
        known, lower, upper = self._known
        right = np.clip(np.searchsorted(known, r), 1, len(known) - 1)
        lower = np.minimum(lower[right - 1], lower[right])
        upper = np.maximum(upper[right - 1], upper[right])
        margin = 0.05 * (upper - lower)
        narrowed = narrow_lines(log_f, lower - margin, upper + margin)
        is_inside = (narrowed[0] > lower - margin) & (narrowed[1] < upper + margin)
        return narrowed if is_inside.all() else None


def _near_data(spectrum: Spectrum, squares: Floats) -> Floats:
    """Log sigma that would leave these squares."""
    near: Floats = 0.5 * np.log(np.maximum(squares, 1e-300) / max(spectrum.dof, 1))
    return near


def _refuse_two_modes(f: Floats) -> None:
    """Quantiles between modes are too steep to interpolate; a shallow dip is not."""
    from_left = np.maximum.accumulate(f, axis=1)
    from_right = np.maximum.accumulate(f[:, ::-1], axis=1)[:, ::-1]
    if (np.minimum(from_left, from_right) - f).max() > 0.1:
        raise PriormapError(
            "the density of sigma has two modes where the ratio of prior scale to noise is held; "
            "give sigma and the prior scale priors with one mode"
        )
