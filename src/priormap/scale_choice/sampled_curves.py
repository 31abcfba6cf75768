"""Evidence and leave-one-out of a family without closed forms, from one set of posteriors."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from priormap.scale_choice.evidence_integration import (
    Anchor,
    EvidenceCurve,
    Slope,
    anchor,
    slope_at,
)
from priormap.scale_choice.family import ScaleFamily
from priormap.scale_choice.leave_one_out import LeaveOneOut, loo_from_draws
from priormap.scale_choice.posterior_runs import penalty_terms, posterior_at

__all__ = ["SampledCurves"]

Floats: TypeAlias = NDArray[np.float64]
_SPACING = 0.4  # of log scale between two posteriors, before intervals are halved
_ROUNDS = 4  # of halving
_INTERPOLATED, _SAMPLED = 0.5, 0.05  # most that one interval may be uncertain by: see `doubtful`
_MOST_LOO = 12  # posteriors of which leave-one-out is taken
_ANCHOR_DRAWS = 20_000


@dataclass(eq=False)
class SampledCurves:
    """Posteriors at scales of their own choice between `low` and `high`; run one of the two.

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

    def evidence(self) -> EvidenceCurve:
        """Log evidence: slopes at an even grid of log scale, halved where they bend or scatter."""
        rng = np.random.default_rng(self.seed.spawn(1)[0])
        start = anchor(self.family, self.low, _ANCHOR_DRAWS, rng)
        self._look_at(_grid(start.scale, self.high))
        for _ in range(_ROUNDS):
            curve = self._curve(start)
            middles = 0.5 * (curve.log_scales[1:] + curve.log_scales[:-1])
            doubtful = curve.doubtful(_INTERPOLATED, _SAMPLED)
            if not doubtful.any():
                break
            self._look_at(np.exp(middles[doubtful]))
        return self._curve(start)

    def leave_one_out(self, rows: NDArray[np.intp]) -> tuple[Floats, LeaveOneOut]:
        """Scales, and leave-one-out density at each."""
        scales = np.geomspace(self.low, self.high, _MOST_LOO)
        found = self._look_at(scales, rows)
        return scales, LeaveOneOut(*np.array(found).T)

    def _look_at(
        self, scales: Floats, rows: NDArray[np.intp] | None = None
    ) -> list[tuple[float, float, float]]:
        """Draw each posterior once, keep its slope, and leave rows out if asked."""
        family, found = self.family, []
        for scale, own in zip(scales.tolist(), self.seed.spawn(len(scales)), strict=True):
            seed = int(own.generate_state(1)[0])
            tree, said = posterior_at(family, scale, self.draws, self.chains, seed)
            if said:
                self.warnings[scale] = said
            terms = penalty_terms(family.data, family.rates, family.prior.scaled_by_noise, tree)
            self._slopes[scale] = slope_at(family.data, terms, tree, scale)
            if rows is not None:
                found.append(loo_from_draws(family.data, tree, rows))
        return found

    def _curve(self, start: Anchor) -> EvidenceCurve:
        inside = sorted(scale for scale in self._slopes if scale >= start.scale * (1 - 1e-12))
        slopes = tuple(self._slopes[scale] for scale in inside)
        return EvidenceCurve(np.log(inside), slopes, start)


def _grid(low: float, high: float) -> Floats:
    return np.geomspace(low, high, 2 + int(np.log(high / low) / _SPACING))
