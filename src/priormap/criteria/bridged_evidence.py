r"""Log evidence along the scale from the evidence itself at a few scales, for any proper prior.

Under tails heavier than exponential the evidence cannot be integrated from a small scale: however
small it is, the tails reach what the data ask for, and draws of the prior never do. At a few
scales it is bridged from posterior draws instead (or summed over models); between them stands the
cubic Hermite interpolant of values and slopes, `priormap.criteria.evidence_integration`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import CubicHermiteSpline, CubicSpline

from priormap.arrays import Floats
from priormap.criteria.criterion import peak
from priormap.criteria.evidence_integration import slope_at
from priormap.criteria.gaussian_curves import GaussianCurves
from priormap.criteria.marginal_likelihood import marginal_likelihood, needs_draws
from priormap.criteria.posterior_runs import prior_terms, sample_quietly
from priormap.criteria.scale_family import ScaleFamily
from priormap.errors import PriormapError

_SPACING = 0.7  # of log scale between two values
_DEEP = 12.0  # below the best log evidence: further scales are of no interest
_FEWEST = 3


class _Node(NamedTuple):
    value: float
    error: float
    slope: float
    why_not: str = ""


@dataclass(frozen=True, eq=False)
class BridgedEvidence:
    """Log evidence at any scale between the first and the last one.

    Attributes
    ----------
    log_scales, values, errors, slopes : array of shape (k,)
        Slopes are NaN where the prior has a point mass.
    """

    log_scales: Floats
    values: Floats
    errors: Floats
    slopes: Floats

    def at(self, scales: ArrayLike) -> Floats:
        """Log evidence."""
        known = np.isfinite(self.slopes).all()
        curve = (
            CubicHermiteSpline(self.log_scales, self.values, self.slopes)
            if known
            else CubicSpline(self.log_scales, self.values)
        )
        return np.asarray(curve(np.log(np.asarray(scales, dtype=float))))

    def error(self, scales: ArrayLike) -> Floats:
        """Monte Carlo standard error."""
        return np.interp(np.log(np.asarray(scales, dtype=float)), self.log_scales, self.errors)

    def maximiser(self) -> tuple[float, float]:
        """Scale of the largest evidence, and the Monte Carlo error of its log."""
        x = np.linspace(self.log_scales[0], self.log_scales[-1], 2001)
        values = self.at(np.exp(x))
        best = int(np.argmax(values))
        if best in {0, len(x) - 1}:
            return float(np.exp(x[best])), np.inf
        step = 0.5 * _SPACING
        ends = np.clip([x[best] - step, x[best] + step], x[0], x[-1])
        low, middle, high = self.at(np.exp([ends[0], x[best], ends[1]]))
        bend = max((2 * middle - low - high) / step**2, np.finfo(float).tiny)
        return float(np.exp(x[best])), float(self.error(np.exp(x[best])) / step / bend)


def bridged_evidence(
    family: ScaleFamily,
    gaussian: GaussianCurves,
    ends: tuple[float, float],
    draws: int,
    chains: int,
    seed: np.random.SeedSequence,
) -> BridgedEvidence:
    """Walk from the best scale of the normal prior of these sds down and up, while it matters.

    Raises
    ------
    PriormapError
        If the evidence cannot be estimated at some scale; it says why.
    """
    low, high = np.log(ends).tolist()
    grid = np.linspace(low, high, max(2 + int((high - low) / _SPACING), _FEWEST))
    scales = np.exp(grid)
    seeds = seed.spawn(len(grid))
    start = peak(lambda at: gaussian.evidence(at)[0], scales, gaussian.evidence(scales)[0])
    first = int(np.argmin(np.abs(grid - np.log(start))))
    found = {first: _node(family, scales[first], draws, chains, seeds[first])}
    for way in (-1, 1):
        k = first + way
        while 0 <= k < len(grid):
            found[k] = _node(family, scales[k], draws, chains, seeds[k])
            best = max(node.value for node in found.values())
            if found[k].value < best - _DEEP and len(found) >= _FEWEST:
                break
            k += way
    order = sorted(found)
    values, errors, slopes = np.array([found[k][:3] for k in order]).T
    return BridgedEvidence(grid[order], values, errors, slopes)


def _node(
    family: ScaleFamily, scale: float, draws: int, chains: int, seed: np.random.SeedSequence
) -> _Node:
    """Evidence at one scale, and where the prior is a density its slope in log scale."""
    model = family.model.with_prior(family.prior_at(scale))
    first, second = seed.spawn(2)
    tree, slope = None, np.nan
    if needs_draws(model):
        state = int(first.generate_state(1)[0])
        tree, _ = sample_quietly(family.data, model.prior, draws, chains, state)
        if model.prior.is_continuous:
            slope = slope_at(family.data, prior_terms(family.model, tree), tree, scale).first
    found = marginal_likelihood(model, tree, second)
    if found.why_not:
        raise PriormapError(
            f"the evidence of {model.prior!r} is not estimated, because {found.why_not}; raise "
            "draws, or leave this prior out"
        )
    return _Node(found.value, found.error, slope)
