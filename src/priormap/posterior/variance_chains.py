"""Chains of local scales whose law has few numbers, all of whose moves are compiled.

One step of a chain is

1. sigma and the learnt scale tau given the local scales, with the coefficients integrated out:
   after ``A = Q T Q'`` with a tridiagonal T their density costs as many operations as there are
   columns, or rows for fewer of these;
2. the coefficients given all others, jointly;
3. sweeps over the columns: each local scale with its coefficient, given the other coefficients,
   and tau along the products of tau and the local scales (interweaving).

The joint draw follows directions that the likelihood leaves open, where single columns creep; in
the sweeps a column changes between noise and signal, to which its local scale given its
coefficient is nearly blind.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import blas, lapack

from priormap.arrays import Floats
from priormap.posterior.draws import refuse_non_finite
from priormap.posterior.kernels.compiled import Words, seed_words
from priormap.posterior.variance_kernel import (
    Laws,
    Seen,
    Tridiagonal,
    advance,
    scaled_gram,
)

SWEEPS = 2  # after each joint draw


@dataclass(eq=False)
class Chains:
    """The state of all chains, shape (chains, ...), and what they read."""

    seen: Seen
    laws: Laws
    log_local: Floats
    scales: Floats  # log sigma and log tau
    coef: Floats
    rngs: list[Words]
    unread: Tridiagonal | None  # where sigma and tau are known and no rows ask for it

    @classmethod
    def of(
        cls, seen: Seen, laws: Laws, log_local: Floats, scales: Floats, seed: np.random.SeedSequence
    ) -> Chains:
        """Start at given scales."""
        rngs = [seed_words(one) for one in seed.spawn(len(log_local))]
        none = np.empty(0)
        unread = Tridiagonal(np.empty((0, 0), order="F"), none, none, none, 0.0)
        is_read = len(laws.noise) or len(laws.scale) or not seen.by_moments
        coef = np.zeros(log_local.shape)
        return cls(seen, laws, log_local, scales, coef, rngs, None if is_read else unread)

    def advance(self) -> None:
        """One step of every chain, or refuse to go on."""
        state = zip(self.log_local, self.scales, self.coef, self.rngs, strict=True)
        for log_local, scales, coef, rng in state:
            found = self._tridiagonal(self.laws.log_sd + log_local)
            advance(self.seen, self.laws, found, log_local, scales, coef, SWEEPS, rng)
        refuse_non_finite(self.coef, self.scales)

    def _tridiagonal(self, log_spread: Floats) -> Tridiagonal:
        if self.unread is not None:
            return self.unread
        log_unit = float(log_spread.max())
        spread = np.exp(log_spread - log_unit)
        if self.seen.by_moments:
            cross = np.empty(self.seen.columns.shape, order="F")
            scaled_gram(self.seen.columns, spread, cross)
        else:
            cross = blas.dsyrk(1.0, (self.seen.columns * spread[:, None]).T, lower=1)
        reflectors, diagonal, beside, factors, _ = lapack.dsytrd(cross, lower=1, overwrite_a=1)
        return Tridiagonal(reflectors, factors, diagonal, beside, log_unit)
