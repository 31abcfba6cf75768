r"""Sampling under a spike-and-slab prior: which columns belong, then their coefficients.

One step of a chain, in unit columns with ``b_j ~ Normal(0, s_j**2 w_j)`` for those that belong:

1. which columns belong, given sigma, the scale and the local variances w, with the coefficients
   integrated out: single answers in random order, then swaps (George and McCulloch 1997,
   "Approaches for Bayesian variable selection", Statistica Sinica 7, section 4);
2. sigma and the learnt scale given those columns, coefficients integrated out;
3. the coefficients; zero elsewhere;
4. the local variances of the slab, if it has any: given the coefficients where columns belong,
   from the slab's law where they do not.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from priormap.arrays import Floats
from priormap.model import Model
from priormap.posterior.draws import Draws, refuse_non_finite
from priormap.posterior.inclusion_kernel import move_columns
from priormap.posterior.local_variances import (
    EVERY,
    SMALLEST,
    TINY,
    Likelihood,
    move_sigma_and_tau,
)
from priormap.priors import PointMass


def draw_spike_and_slab(
    model: Model,
    method: str,
    chains: int,
    draws: int,
    tune: int,
    seed: np.random.SeedSequence,
    progress: Callable[[int], None] | None,
) -> Draws:
    """Markov chains of coefficients, sigma and the learnt scale; every method is this one."""
    streams = seed.spawn(chains + 1)
    coef = np.empty((chains, draws, model.columns.p))
    trace = np.empty((chains, draws, 2))
    for c, stream in enumerate(streams[1:]):
        chain = _Chain(model, np.random.default_rng(stream))
        for step in range(-tune, draws):
            chain.advance()
            if step >= 0:
                coef[c, step], trace[c, step] = chain.coef, (chain.sigma[0], chain.tau[0])
            if progress is not None and step % EVERY == 0:
                progress(c * (draws + tune) + step + tune)
    return Draws.of_chains(
        model,
        coef,
        trace,
        streams[0],
        stats={"n_included": (coef != 0).sum(axis=-1).astype(float)},
        attributes={"kernel": "inclusion"},
    )


class _Chain:
    """The state of one chain; sigma and tau are vectors of one number."""

    def __init__(self, model: Model, rng: np.random.Generator) -> None:
        prior, columns = model.unit_prior, model.columns
        assert isinstance(prior, PointMass)  # or another route was taken
        self._model, self._rng, self._prior = model, rng, prior
        self._gram, self._xty, self._slab = columns.gram, columns.xty, prior.mixture
        self._squares, self._dof = (1.0 if columns.y_norm > 0 else 0.0), model.dof
        self._scale = np.broadcast_to(prior.scale, columns.p)
        self._noise, self._hyperprior = model.unit_noise.density, model.prior.hyperprior
        self._by_noise, others = prior.scaled_by_noise, np.arange(columns.p)
        self._log_odds = prior.log_odds(others, np.full(columns.p, columns.p - 1))
        known = None if self._noise is not None else model.unit_noise.sd
        self.sigma = np.array([known or 0.5 / np.sqrt(model.dof)])
        learnt = self._hyperprior
        self.tau = np.maximum(np.ones(1) if learnt is None else learnt.rvs(1, rng), TINY)
        self.belongs = np.zeros(columns.p, dtype=bool)
        self.variances = self._fresh_variances(columns.p)
        self.coef = np.zeros(columns.p)

    def advance(self) -> None:
        """One step, or refuse to go on."""
        p, rng = len(self.coef), self._rng
        spread = self._scale * np.sqrt(self.variances)
        unit = (self.tau * self.sigma if self._by_noise else self.tau)[0]
        precision = np.clip(spread * unit, SMALLEST, 1 / SMALLEST) ** -2.0
        move_columns(
            self._gram,
            self._xty,
            precision,
            float(self.sigma[0] ** 2),
            self.belongs,
            rng.permutation(p),
            rng.random((4, p)),
            self._log_odds,
        )
        which = np.flatnonzero(self.belongs)
        gram, xty = self._gram[np.ix_(which, which)], self._xty[which]
        likelihood = Likelihood.of_moments(gram, xty, self._squares, self._dof)
        if self._noise is not None or self._hyperprior is not None:
            self.sigma, self.tau = move_sigma_and_tau(
                likelihood.collapsed(spread[None, which]),
                self.sigma,
                self.tau,
                self._noise,
                self._hyperprior,
                by_noise=self._by_noise,
                rng=rng,
            )
        self.coef = np.zeros(p)
        unit = (self.tau * self.sigma if self._by_noise else self.tau)[0]
        if which.size:
            self.coef[which] = likelihood.draw(spread[None, which] * unit, self.sigma, rng)[0]
        if self._slab is not None:
            fresh = self._fresh_variances(p)
            if which.size:
                known = self.coef[which] / (self._scale[which] * unit)
                moved = self._slab.draw_variances(known, self.variances[which], rng)
                fresh[which] = np.clip(moved, TINY, 1 / TINY)
            self.variances = fresh
        refuse_non_finite(self.coef, self.sigma, self.tau)

    def _fresh_variances(self, p: int) -> Floats:
        if self._slab is None:
            return np.ones(p)
        return np.clip(self._slab.fresh_variances((p,), self._rng), TINY, 1 / TINY)
