"""Posteriors that criteria draw, and what the evidence and sensitivity ask of their draws."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from priormap.arrays import Floats
from priormap.data.regression import Regression
from priormap.errors import PriormapError, PriormapWarning
from priormap.mode import MapEstimate, find_map
from priormap.model.model import Model
from priormap.model.penalty import Penalty
from priormap.posterior import sample
from priormap.posterior.convergence import troubles
from priormap.priors import PenaltyParts, Prior

if TYPE_CHECKING:
    import xarray as xr


_STEP = 1e-4  # of log scale
_MORE = 4  # times as many draws, where they do not suffice


class PriorTerms(Protocol):
    """The prior's exponent at each draw, and what its scale does to it; shape (chains, draws)."""

    def exponent(self, scale: float = 1.0) -> Floats:
        """``sum_j penalty(b_j)`` with all scales times `scale`."""

    def virial(self, scale: float = 1.0) -> Floats:
        """``sum_j b_j pull(b_j)``."""

    def virial_slope(self, scale: float = 1.0) -> Floats:
        """Derivative of `virial` in log scale."""


class PenaltyTerms(NamedTuple):
    """Those of a penalty: ``sum_j |b_j| / s_j`` and ``sum_j b_j**2 / t_j**2``."""

    l1: Floats
    l2: Floats

    def exponent(self, scale: float = 1.0) -> Floats:
        """``sum_j |b_j| / s_j + b_j**2 / (2 t_j**2)``."""
        return self.l1 / scale + 0.5 * self.l2 / scale**2

    def virial(self, scale: float = 1.0) -> Floats:
        """``sum_j |b_j| / s_j + b_j**2 / t_j**2``."""
        return self.l1 / scale + self.l2 / scale**2

    def virial_slope(self, scale: float = 1.0) -> Floats:
        """Derivative of `virial` in log scale."""
        return -self.l1 / scale - 2 * self.l2 / scale**2


class PulledTerms(NamedTuple):
    """Those of any prior, asked for its pull at every coefficient, shape (chains, draws, p)."""

    prior: Prior
    coef: Floats

    def exponent(self, scale: float = 1.0) -> Floats:
        """``sum_j penalty(b_j)``."""
        return np.asarray(self.prior.stretched(scale).penalty(self.coef).sum(axis=-1))

    def virial(self, scale: float = 1.0) -> Floats:
        """``sum_j b_j pull(b_j)``."""
        pull = self.prior.stretched(scale).pull(self.coef)
        return np.asarray((self.coef * pull).sum(axis=-1))

    def virial_slope(self, scale: float = 1.0) -> Floats:
        """Derivative of `virial` in log scale, by a central difference."""
        step = np.exp(_STEP)
        return (self.virial(scale * step) - self.virial(scale / step)) / (2 * _STEP)


def prior_terms(model: Model, tree: xr.DataTree) -> PriorTerms:
    """Terms of every draw; of a prior scaled by the noise, with b in its units."""
    coef = tree["posterior"]["coef"].transpose("chain", "draw", "feature").to_numpy()
    if model.prior.scaled_by_noise:
        coef = coef / np.asarray(sigma_of(model.data, tree))[..., None]
    return terms_of(model.column_prior, coef)


def terms_of(columns: Prior, coef: Floats) -> PriorTerms:
    """Terms of coefficients, the last axis, under a prior with one scale for each."""
    if not isinstance(columns, PenaltyParts):
        return PulledTerms(columns, coef)
    rates = Penalty.of_columns(columns, 1.0)
    return PenaltyTerms(np.abs(coef) @ rates.l1, coef**2 @ rates.l2)


def fit_virial(data: Regression, tree: xr.DataTree) -> Floats:
    """``b'X'(y - X b) / sigma**2`` of every draw, columns centred, shape (chains, draws)."""
    columns = data.unit
    coef = tree["posterior"]["coef"].transpose("chain", "draw", "feature").to_numpy()
    lengths = coef * columns.x_norm
    squares = columns.squared_lengths(lengths.reshape(-1, columns.p)).reshape(coef.shape[:2])
    fit = lengths @ columns.xty * columns.y_norm - squares
    return np.asarray(fit / sigma_of(data, tree) ** 2)


def sigma_of(data: Regression, tree: xr.DataTree) -> float | Floats:
    """Sigma of every draw, shape (chains, draws), or the known one."""
    posterior = tree["posterior"]
    return posterior["sigma"].to_numpy() if "sigma" in posterior else data.noise.sd


def end_to_end(data: Regression, tree: xr.DataTree) -> tuple[Floats, Floats, Floats]:
    """Draws of all chains after each other: coefficients (m, p), intercepts and sigmas (m,)."""
    posterior = tree["posterior"]
    coef = posterior["coef"].to_numpy().reshape(-1, data.n_features)
    intercept = posterior["intercept"].to_numpy().ravel() if data.intercept else np.zeros(1)
    return (
        coef,
        np.broadcast_to(intercept, len(coef)),
        np.broadcast_to(np.ravel(sigma_of(data, tree)), len(coef)),
    )


def mode_beside(data: Regression, prior: Prior, tree: xr.DataTree) -> MapEstimate:
    """Mode that stands beside the draws of one posterior.

    At the posterior median of a learnt scale; the joint one where sigma is unknown, or at the
    posterior median of sigma where that does not exist.
    """
    posterior = tree["posterior"]
    if prior.hyperprior is not None:
        prior = prior.stretched(float(posterior["scale"].median()))
    try:
        return find_map(data, prior)
    except PriormapError:
        if data.noise.is_known:
            raise
    return find_map(data.with_noise(float(posterior["sigma"].median())), prior)


def sample_quietly(
    data: Regression, prior: Prior, draws: int, chains: int, seed: int
) -> tuple[xr.DataTree, str]:
    """Draws, and what is wrong with them, if anything."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PriormapWarning)
        tree = sample(data, prior, draws=draws, chains=chains, random_seed=seed, progressbar=False)
    said = "; ".join(troubles(tree.attrs))
    return tree, f"these draws are not to be trusted yet: {said}; raise draws" if said else ""


def sample_enough(
    data: Regression, prior: Prior, draws: int, chains: int, seed: int
) -> tuple[xr.DataTree, str]:
    """As `sample_quietly`; where the draws do not suffice, once more with four times as many."""
    tree, said = sample_quietly(data, prior, draws, chains, seed)
    return sample_quietly(data, prior, _MORE * draws, chains, seed) if said else (tree, said)
