"""Evidence and leave-one-out of a family without closed forms, from one set of posteriors."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from priormap.arrays import Floats, Indices
from priormap.criteria.evidence_integration import (
    Anchor,
    EvidenceCurve,
    Slope,
    anchor,
    slope_at,
)
from priormap.criteria.family import ScaleFamily
from priormap.criteria.leave_one_out import LeaveOneOut, loo_from_draws
from priormap.criteria.posterior_runs import penalty_terms, posterior_at

_SPACING = 0.4  # of log scale between two posteriors, before intervals are halved
_ROUNDS = 4  # of halving
_INTERPOLATED, _SAMPLED = 0.5, 0.05  # most that one interval may be uncertain by: see `doubtful`
_MOST_LOO = 12  # posteriors of which leave-one-out is taken
_ANCHOR_DRAWS = 20_000


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
        """Log evidence: slopes at the grid, whose intervals are halved where they are doubtful."""
        self._look_at(self._grid)
        for _ in range(_ROUNDS):
            curve = self._curve()
            middles = 0.5 * (curve.log_scales[1:] + curve.log_scales[:-1])
            doubtful = curve.doubtful(_INTERPOLATED, _SAMPLED)
            if not doubtful.any():
                break
            self._look_at(np.exp(middles[doubtful]))
        return self._curve()

    def leave_one_out(self, rows: Indices) -> tuple[Floats, LeaveOneOut]:
        """Scales of the grid, and leave-one-out density at each."""
        wanted = np.geomspace(self.low, self.high, _MOST_LOO)
        nearest = np.abs(np.log(wanted[:, None] / self._grid)).argmin(axis=1)
        scales = self._grid[np.unique(nearest)]
        found = self._look_at(scales, rows)
        return scales, LeaveOneOut(*np.array(found).T)

    def _look_at(
        self, scales: Floats, rows: Indices | None = None
    ) -> list[tuple[float, float, float]]:
        """Draw each posterior once, keep its slope, and leave rows out if asked."""
        family, found = self.family, []
        for scale, own in zip(scales.tolist(), self.seed.spawn(len(scales)), strict=True):
            if rows is None and scale in self._slopes:
                continue
            seed = int(own.generate_state(1)[0])
            tree, said = posterior_at(family, scale, self.draws, self.chains, seed)
            if said:
                self.warnings[scale] = said
            terms = penalty_terms(family.data, family.rates, family.prior.scaled_by_noise, tree)
            self._slopes[scale] = slope_at(family.data, terms, tree, scale)
            if rows is not None:
                found.append(loo_from_draws(family.data, tree, rows))
        return found

    def _curve(self) -> EvidenceCurve:
        scales = sorted(self._slopes)
        return EvidenceCurve(
            np.log(scales), tuple(self._slopes[scale] for scale in scales), self._start
        )
