"""Posteriors that criteria draw, and what the evidence and sensitivity ask of their draws."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from priormap.arrays import Floats
from priormap.data.regression import Regression
from priormap.errors import PriormapWarning
from priormap.model.model import Model
from priormap.posterior import sample
from priormap.priors import Prior

if TYPE_CHECKING:
    import xarray as xr


class PenaltyTerms(NamedTuple):
    """The two parts of the prior's exponent for each draw, shape (chains, draws)."""

    l1: Floats
    l2: Floats

    def exponent(self, scale: float = 1.0) -> Floats:
        """``sum_j |b_j| / s_j + b_j**2 / (2 t_j**2)`` with all scales times `scale`."""
        return self.l1 / scale + 0.5 * self.l2 / scale**2

    def virial(self, scale: float = 1.0) -> Floats:
        """``sum_j b_j pull(b_j) = sum_j |b_j| / s_j + b_j**2 / t_j**2``."""
        return self.l1 / scale + self.l2 / scale**2

    def virial_slope(self, scale: float = 1.0) -> Floats:
        """Derivative of `virial` in log scale."""
        return -self.l1 / scale - 2 * self.l2 / scale**2


def penalty_terms(model: Model, tree: xr.DataTree) -> PenaltyTerms:
    """Sums ``sum_j |b_j| / s_j`` and ``sum_j b_j**2 / t_j**2`` of every draw.

    Of a prior scaled by the noise, with b in its units.
    """
    rates = model.penalty(1.0)
    coef = np.abs(tree["posterior"]["coef"].transpose("chain", "draw", "feature").to_numpy())
    if model.prior.scaled_by_noise:
        coef = coef / np.asarray(sigma_of(model.data, tree))[..., None]
    return PenaltyTerms(coef @ rates.l1, coef**2 @ rates.l2)


def fit_virial(data: Regression, tree: xr.DataTree) -> Floats:
    """``b'X'(y - X b) / sigma**2`` of every draw, columns centred, shape (chains, draws)."""
    posterior, columns = tree["posterior"], data.unit
    lengths = posterior["coef"].transpose("chain", "draw", "feature").to_numpy() * columns.x_norm
    if columns.has_cheap_gram:
        squares = np.einsum("cdp,cdp->cd", lengths @ columns.gram, lengths)
    else:
        rows = columns.columns(np.arange(columns.p))
        squares = ((lengths @ rows.T) ** 2).sum(axis=-1)
    fit = lengths @ columns.xty * columns.y_norm - squares
    return np.asarray(fit / sigma_of(data, tree) ** 2)


def sigma_of(data: Regression, tree: xr.DataTree) -> float | Floats:
    """Sigma of every draw, shape (chains, draws), or the known one."""
    posterior = tree["posterior"]
    return posterior["sigma"].to_numpy() if "sigma" in posterior else data.noise.sd


def sample_quietly(
    data: Regression, prior: Prior, draws: int, chains: int, seed: int
) -> tuple[xr.DataTree, str]:
    """Draws, and the warning that came with them, if any."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", PriormapWarning)
        tree = sample(data, prior, draws=draws, chains=chains, random_seed=seed, progressbar=False)
    said = [str(w.message) for w in caught if issubclass(w.category, PriormapWarning)]
    return tree, said[0] if said else ""
