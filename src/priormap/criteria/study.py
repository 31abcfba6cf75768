"""One family on one data set: what the methods that choose a scale share."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from priormap.arrays import Floats, Indices
from priormap.criteria.family import ScaleFamily
from priormap.criteria.gaussian_curves import GaussianCurves
from priormap.criteria.leave_one_out import some_rows
from priormap.criteria.sampled_curves import SampledCurves
from priormap.priors import Gaussian

_MOST_ROWS = 2_000  # that leave-one-out looks at


@dataclass(eq=False)
class Study:
    """What is asked of which family, at which scales, and what came up.

    Attributes
    ----------
    family : ScaleFamily
    gaussian : GaussianCurves
        Of the Gaussian prior with the same prior sds.
    scales : array of shape (m,)
    methods : tuple of str
    folds : list of (train, test) row indices
    hold : {"prior", "alpha"}
    draws, chains : int
    seed : SeedSequence
    notes, cautions : list of str
        What the reader should know, and what should warn.
    """

    family: ScaleFamily
    gaussian: GaussianCurves
    scales: Floats
    methods: tuple[str, ...]
    folds: list[tuple[Indices, Indices]]
    hold: str
    draws: int
    chains: int
    seed: np.random.SeedSequence
    notes: list[str] = field(default_factory=list)
    cautions: list[str] = field(default_factory=list)

    @property
    def is_exact(self) -> bool:
        """Whether the criteria of its posteriors have closed forms."""
        return isinstance(self.family.prior, Gaussian)

    @cached_property
    def loo_rows(self) -> Indices:
        """Rows that leave-one-out looks at."""
        n = self.family.data.n_rows
        if n > _MOST_ROWS:
            self.notes.append(f"loo: estimated from {_MOST_ROWS} of the {n} rows, drawn at random.")
        return some_rows(n, _MOST_ROWS, np.random.default_rng(self.fresh_seed()))

    @cached_property
    def sampled(self) -> SampledCurves:
        """Posteriors without closed forms, which criteria share."""
        ends = float(self.scales[0]), float(self.scales[-1])
        return SampledCurves(self.family, *ends, self.draws, self.chains, self.seed.spawn(1)[0])

    def note_sampler(self) -> None:
        """Pass on what the sampler warned of."""
        if self.sampled.warnings:
            scale, said = next(iter(self.sampled.warnings.items()))
            self.notes.append(
                f"posteriors: at {len(self.sampled.warnings)} scales, among them {scale:.3g}, "
                f"{said}."
            )
            self.sampled.warnings.clear()

    def fresh_seed(self) -> int:
        """Return a seed of its own, the same in every run."""
        return int(self.seed.spawn(1)[0].generate_state(1)[0])
