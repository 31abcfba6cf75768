r"""Posterior of the variances (sigma, tau) under a Gaussian prior, by quadrature.

Coordinates are ``x = log sigma`` and the log ratio ``r`` of prior scale to noise: ``log tau``
if the prior is scaled by the noise, else ``log(tau / sigma)``. Given r the likelihood costs
O(1) (see `priormap.posterior.gaussian_spectrum`), so a plane costs little more than a line.

Integrals and draws come from `priormap.posterior.line_quadrature`: r from its marginal, then
x given r. Probabilities of the draws are right to 1e-8.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.special import ndtri

from priormap.errors import PriormapError
from priormap.posterior.line_quadrature import (
    TINY,
    TO_MASS,
    InverseTable,
    LineMass,
    LogDensity,
    integrate_lines,
)

if TYPE_CHECKING:
    from priormap.posterior.gaussian_spectrum import Spectrum

__all__ = ["LogDensity", "VariancePosterior", "expectation"]

Floats: TypeAlias = NDArray[np.float64]
Draw: TypeAlias = Callable[[int, np.random.Generator], tuple[Floats, Floats]]

_REACH = 100.0  # how far from the scale of the data mass is looked for, in log units
_FADED = 1e-8  # an integrand that is larger than this (of its peak) at an end has no integral
_SPACING = 0.05  # largest step of log r at which conditional quantiles are kept
_SCORES = np.linspace(-7.5, 7.5, 151)  # normal scores of those quantiles


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
    sigma_mean, sigma_square : array of shape (m,)
        ``E[sigma | r]`` and ``E[sigma**2 | r]``; inf where the moment does not exist.
    draw : callable
        ``draw(n, rng)`` returns n independent draws of sigma and of r.
    """

    log_evidence: float
    error: float
    weights: Floats
    log_ratio: Floats
    sigma_mean: Floats
    sigma_square: Floats
    draw: Draw

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

    return VariancePosterior(log_evidence, 0.0, np.ones(1), r, np.exp(x), np.exp(2 * x), draw)


def _over_line(joint: _Joint) -> VariancePosterior:
    def log_f(u: Floats) -> Floats:
        x, r = joint.on_line(u)
        return joint.log_given(x, r, joint.spectrum.terms(r)) + joint.log_ratio_prior(r)

    name, (centre, r_centre) = "sigma", joint.spectrum.centre
    if callable(joint.tau):
        log_sigma, _ = joint.on_line(np.zeros(1))
        name, centre = "the prior scale", r_centre + (0 if joint.scaled else float(log_sigma[0]))
    mass = integrate_lines(
        log_f, np.array([centre - _REACH]), np.array([centre + _REACH]), name, joint.spectrum.dof
    )
    table = InverseTable.of(mass)
    x, r = joint.on_line(mass.u[0])

    def draw(n: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
        x, r = joint.on_line(table.draw(n, rng))
        return np.exp(x), r

    return VariancePosterior(
        float(mass.log_z[0]), mass.error, mass.weights[0], r, np.exp(x), np.exp(2 * x), draw
    )


def _over_plane(joint: _Joint) -> VariancePosterior:
    x_centre, r_centre = joint.spectrum.centre

    def given(r: Floats, moments: bool = False) -> LineMass:
        """Mass of x for every r."""
        half_log_det, squares = (term[:, None] for term in joint.spectrum.terms(r))
        near_data = 0.5 * np.log(np.maximum(squares[:, 0], 1e-300) / max(joint.spectrum.dof, 1))
        near = [np.full_like(r, x_centre), near_data, x_centre + r_centre - r]
        return integrate_lines(
            lambda x: joint.log_given(x, r[:, None], (half_log_det, squares)),
            np.min(near, axis=0) - _REACH,
            np.max(near, axis=0) + _REACH,
            "sigma",
            joint.spectrum.dof,
            moments=moments,
        )

    def log_f(r: Floats) -> Floats:
        return given(r[0]).log_z + joint.log_ratio_prior(r)

    lower, upper = np.array([r_centre - _REACH]), np.array([r_centre + _REACH])
    marginal = integrate_lines(log_f, lower, upper, "the prior scale", joint.spectrum.dof, _SPACING)
    r = marginal.u[0]
    conditional = given(r, moments=True)
    _refuse_two_modes(conditional.f)
    table, quantiles = InverseTable.of(marginal), cache(partial(_Quantiles.of, r, conditional))

    def draw(n: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
        r = table.draw(n, rng)
        return np.exp(quantiles().draw(r, rng)), r

    return VariancePosterior(
        float(marginal.log_z[0]),
        max(marginal.error, conditional.error),
        marginal.weights[0],
        r,
        expectation(conditional.weights, np.exp(conditional.u)),
        expectation(conditional.weights, np.exp(2 * conditional.u)),
        draw,
    )


def _refuse_two_modes(f: Floats) -> None:
    """Quantiles between modes are too steep to interpolate; a shallow dip is not."""
    from_left = np.maximum.accumulate(f, axis=1)
    from_right = np.maximum.accumulate(f[:, ::-1], axis=1)[:, ::-1]
    if (np.minimum(from_left, from_right) - f).max() > 0.1:
        raise PriormapError(
            "the density of sigma has two modes where the ratio of prior scale to noise is held; "
            "give sigma and the prior scale priors with one mode"
        )


class _Quantiles(NamedTuple):
    """Quantiles of x given r: a quintic spline in r and in the normal score of the probability."""

    start: float
    step: float
    spline: Floats

    @classmethod
    def of(cls, r: Floats, given: LineMass) -> _Quantiles:
        from scipy import ndimage

        density = np.exp(given.f - given.f.max(axis=1, keepdims=True)) + TINY
        inside = sliding_window_view(density, 8, axis=1) @ TO_MASS
        total = inside.sum(axis=1, keepdims=True)
        below = np.cumsum(inside[:, :-1], axis=1) / total
        above = np.cumsum(inside[:, :0:-1], axis=1)[:, ::-1] / total
        score = np.where(below < above, ndtri(below), -ndtri(above))
        step = (given.u[:, 1] - given.u[:, 0])[:, None]
        slope = np.exp(-0.5 * score**2) / np.sqrt(2 * np.pi) * total * step / density[:, 4:-4]
        quantile = np.stack(
            [_hermite(*row) for row in zip(score, given.u[:, 4:-4], slope, strict=True)]
        )
        return cls(r[0], r[1] - r[0], ndimage.spline_filter(quantile, order=5))

    def draw(self, r: Floats, rng: np.random.Generator) -> Floats:
        from scipy import ndimage

        score = np.clip(rng.standard_normal(len(r)), _SCORES[0], _SCORES[-1])
        where = (r - self.start) / self.step, (score - _SCORES[0]) / (_SCORES[1] - _SCORES[0])
        return ndimage.map_coordinates(self.spline, where, order=5, prefilter=False, mode="mirror")


def _hermite(score: Floats, x: Floats, slope: Floats) -> Floats:
    """Cubic Hermite interpolant of x at the scores kept."""
    cell = np.clip(np.searchsorted(score, _SCORES) - 1, 0, len(score) - 2)
    width = score[cell + 1] - score[cell]
    s, rise = (_SCORES - score[cell]) / width, x[cell + 1] - x[cell]
    left, right = width * slope[cell] - rise, width * slope[cell + 1] - rise
    return x[cell] + s * rise + s * (1 - s) * (left * (1 - s) - right * s)
