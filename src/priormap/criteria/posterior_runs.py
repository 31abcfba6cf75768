"""Posteriors that criteria draw, and what the evidence and sensitivity ask of their draws."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from priormap.arrays import Floats
from priormap.data.regression import Regression
from priormap.errors import PriormapWarning
from priormap.model.penalty import Penalty
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


def penalty_terms(
    data: Regression, rates: Penalty, scaled_by_noise: bool, tree: xr.DataTree
) -> PenaltyTerms:
    """Sums ``sum_j |b_j| / s_j`` and ``sum_j b_j**2 / t_j**2`` of every draw.

    `rates` are ``1 / s_j`` and ``1 / t_j**2``; of a prior scaled by the noise, in its units.
    """
    posterior = tree["posterior"]
    coef = np.abs(posterior["coef"].transpose("chain", "draw", "feature").to_numpy())
    if scaled_by_noise:
        sigma = posterior["sigma"].to_numpy() if "sigma" in posterior else data.sigma
        coef = coef / np.asarray(sigma)[..., None]
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
    sigma = posterior["sigma"].to_numpy() if "sigma" in posterior else data.sigma
    return (lengths @ columns.xty * columns.y_norm - squares) / np.asarray(sigma) ** 2


def sample_quietly(
    data: Regression, prior: Prior, draws: int, chains: int, seed: int
) -> tuple[xr.DataTree, str]:
    """Draws, and the warning that came with them, if any."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", PriormapWarning)
        tree = sample(data, prior, draws=draws, chains=chains, random_seed=seed, progressbar=False)
    said = [str(w.message) for w in caught if issubclass(w.category, PriormapWarning)]
    return tree, said[0] if said else ""
