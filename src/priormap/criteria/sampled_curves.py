"""Evidence and leave-one-out of a family without closed forms, from one set of posteriors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from priormap.arrays import Floats
from priormap.criteria.criterion import Study
from priormap.criteria.evidence_integration import (
    Anchor,
    EvidenceCurve,
    Slope,
    anchor,
    slope_at,
)
from priormap.criteria.posterior_runs import prior_terms, sample_quietly
from priormap.criteria.scale_family import ScaleFamily

if TYPE_CHECKING:
    import xarray as xr

_SPACING = 0.4  # of log scale between two posteriors, before intervals are halved
_ROUNDS = 4  # of halving
_TOO_LOW = 20.0  # below the best log evidence, and falling: wider scales are of no interest
_INTERPOLATED, _SAMPLED = 0.5, 0.05  # most that one interval may be uncertain by: see `doubtful`
_ANCHOR_DRAWS = 20_000
_T = TypeVar("_T")


@dataclass(eq=False)
class SampledCurves:
    """Posteriors at scales of their own choice between `low` and `high`.

    Attributes
    ----------
    family : ScaleFamily
    low, high : float
    draws, chains : int
        Of each posterior.
    seed : SeedSequence
    warnings : dict of float to str
        Of the sampler, by scale.
    """

    family: ScaleFamily
    low: float
    high: float
    draws: int
    chains: int
    seed: np.random.SeedSequence
    warnings: dict[float, str] = field(default_factory=dict)
    _slopes: dict[float, Slope] = field(default_factory=dict)

    @cached_property
    def _start(self) -> Anchor:
        rng = np.random.default_rng(self.seed.spawn(1)[0])
        return anchor(self.family, self.low, _ANCHOR_DRAWS, rng)

    @cached_property
    def _grid(self) -> Floats:
        """Even grid of log scale, from the anchor of the evidence to `high`."""
        low = self._start.scale
        return np.geomspace(low, self.high, 2 + int(np.log(self.high / low) / _SPACING))

    def evidence(self) -> EvidenceCurve:
        """Log evidence: slopes at the grid, whose intervals are halved where they are doubtful.

        It ends where it has fallen so far that no wider scale is of interest.
        """
        reach = self._climb()
        for _ in range(_ROUNDS):
            curve = self._curve(reach)
            middles = 0.5 * (curve.log_scales[1:] + curve.log_scales[:-1])
            doubtful = curve.doubtful(_INTERPOLATED, _SAMPLED)
            if not doubtful.any():
                break
            self._look_at(np.exp(middles[doubtful]))
        return self._curve(reach)

    def _climb(self) -> float:
        """Know slopes as close as the grid from its start on, and return the last scale needed."""
        seeds = self.seed.spawn(len(self._grid))
        for k, scale in enumerate(self._grid.tolist()):
            apart = np.abs(np.log(np.array(list(self._slopes)) / scale))
            is_end = k in {0, len(self._grid) - 1}
            if is_end or not (apart < 0.5 * _SPACING).any():
                self._posterior(scale, seeds[k])
            curve = self._curve(scale)
            values = (
                curve.at(np.exp(curve.log_scales)) if len(curve.log_scales) > 1 else np.zeros(1)
            )
            if values[-1] < values.max() - _TOO_LOW and curve.slopes[-1].first < 0:
                return float(np.exp(curve.log_scales[-1]))
        return self.high

    def at_each(self, scales: Floats, what: Callable[[xr.DataTree, float], _T]) -> dict[float, _T]:
        """`what` of the posterior at each scale, and of the scale."""
        seeds = self.seed.spawn(len(scales))
        return {
            scale: what(self._posterior(scale, own), scale)
            for scale, own in zip(scales.tolist(), seeds, strict=True)
        }

    def _look_at(self, scales: Floats) -> None:
        """Know the slopes at all these scales."""
        for scale, own in zip(scales.tolist(), self.seed.spawn(len(scales)), strict=True):
            if scale not in self._slopes:
                self._posterior(scale, own)

    def _posterior(self, scale: float, own: np.random.SeedSequence) -> xr.DataTree:
        """Draw at one scale, and keep the slope."""
        family, seed = self.family, int(own.generate_state(1)[0])
        tree, said = sample_quietly(
            family.data, family.prior_at(scale), self.draws, self.chains, seed
        )
        if said:
            self.warnings[scale] = said
        self._slopes[scale] = slope_at(family.data, prior_terms(family.model, tree), tree, scale)
        return tree

    def _curve(self, reach: float) -> EvidenceCurve:
        """Through the slopes from the anchor up to one scale."""
        scales = [s for s in sorted(self._slopes) if self._start.scale <= s <= reach]
        return EvidenceCurve(
            np.log(scales), tuple(self._slopes[scale] for scale in scales), self._start
        )


def sampled(study: Study) -> SampledCurves:
    """Posteriors that the criteria of one study share: for `Study.once`."""
    ends = float(study.scales[0]), float(study.scales[-1])
    return SampledCurves(study.family, *ends, study.draws, study.chains, study.seed.spawn(1)[0])
