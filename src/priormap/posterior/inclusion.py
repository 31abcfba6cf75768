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
from scipy.special import logit

from priormap.arrays import Floats, Indices
from priormap.errors import PriormapError
from priormap.model import Model
from priormap.posterior.draws import Draws, intercepts
from priormap.posterior.inclusion_kernel import move_columns
from priormap.posterior.local_variances import Collapsed, move_sigma_and_tau
from priormap.priors import PointMass

_TINY = 1e-280
_RESOLUTION = 1e-13
_EVERY = 50  # steps between two reports of progress


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
            if progress is not None and step % _EVERY == 0:
                progress(c * (draws + tune) + step + tune)
    included = (coef != 0).sum(axis=-1).astype(float)
    coef = model.columns.in_callers_units(coef)
    sigma = trace[..., 0] * model.unit_y
    return Draws(
        coef=coef,
        intercept=intercepts(model.data, coef, sigma, np.random.default_rng(streams[0])),
        sigma=None if model.noise.is_known else sigma,
        scale=None if model.prior.hyperprior is None else trace[..., 1],
        stats={"n_included": included},
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
        self._by_noise, self._log_odds = prior.scaled_by_noise, float(logit(prior.inclusion))
        known = None if self._noise is not None else model.unit_noise.sd
        self.sigma = np.array([known or 0.5 / np.sqrt(model.dof)])
        learnt = self._hyperprior
        self.tau = np.maximum(np.ones(1) if learnt is None else learnt.rvs(1, rng), _TINY)
        self.belongs = np.zeros(columns.p, dtype=bool)
        self.variances = self._fresh_variances(columns.p)
        self.coef = np.zeros(columns.p)

    def advance(self) -> None:
        """One step, or refuse to go on."""
        p, rng = len(self.coef), self._rng
        spread = self._scale * np.sqrt(self.variances)
        unit = (self.tau * self.sigma if self._by_noise else self.tau)[0]
        precision = np.clip(spread * unit, 1e-140, 1e140) ** -2.0
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
        self._move_sigma_and_tau(which, spread[which])
        self.coef = np.zeros(p)
        unit = (self.tau * self.sigma if self._by_noise else self.tau)[0]
        if which.size:
            self.coef[which] = self._coefficients(which, spread[which] * unit)
        if self._slab is not None:
            fresh = self._fresh_variances(p)
            if which.size:
                known = self.coef[which] / (self._scale[which] * unit)
                moved = self._slab.draw_variances(known, self.variances[which], rng)
                fresh[which] = np.clip(moved, _TINY, 1 / _TINY)
            self.variances = fresh
        if not (np.isfinite(self.coef).all() and np.isfinite([self.sigma, self.tau]).all()):
            raise PriormapError(
                f"the chains cannot go on: under {self._model.prior!r} and this noise numbers "
                "leave the range of floats; give a slab nearer to the size of the coefficients"
            )

    def _move_sigma_and_tau(self, which: Indices, spread: Floats) -> None:
        if self._noise is None and self._hyperprior is None:
            return
        outer = self._gram[np.ix_(which, which)] * spread[:, None] * spread
        values, vectors = np.linalg.eigh(outer)
        along = (spread * self._xty[which]) @ vectors
        seen = values > _RESOLUTION * values.max(initial=0.0)
        shares = np.divide(along**2, values, out=np.zeros_like(values), where=seen)
        rest = np.array([max(self._squares - shares.sum(), 0.0)])
        collapsed = Collapsed(values.clip(0)[None], shares[None], rest, self._dof)
        self.sigma, self.tau = move_sigma_and_tau(
            collapsed,
            self.sigma,
            self.tau,
            self._noise,
            self._hyperprior,
            by_noise=self._by_noise,
            rng=self._rng,
        )

    def _coefficients(self, which: Indices, sd: Floats) -> Floats:
        """Draw those that belong given all else."""
        noise = self.sigma[0] ** 2
        gram = self._gram[np.ix_(which, which)]
        size = np.sqrt(gram.diagonal() / noise + np.clip(sd, 1e-140, 1e140) ** -2.0)
        precision = gram / noise / size / size[:, None]
        precision.flat[:: len(which) + 1] = 1.0 + _RESOLUTION
        root = np.linalg.cholesky(precision)
        half = np.linalg.solve(root, self._xty[which] / noise / size)
        half += self._rng.standard_normal(len(which))
        return np.asarray(np.linalg.solve(root.T, half) / size)

    def _fresh_variances(self, p: int) -> Floats:
        if self._slab is None:
            return np.ones(p)
        below = self._rng.random(p)
        found = self._slab.variance_quantile(below, 1 - below, *self._slab.law)
        return np.clip(found, _TINY, 1 / _TINY)
