"""Posterior of a learnt scale, as draws and as a density per unit of log scale."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np

from priormap.arrays import Floats
from priormap.criteria.family import ScaleFamily
from priormap.errors import PriormapWarning
from priormap.posterior import sample


class HyperPosterior(NamedTuple):
    """Draws of the scale, and the warning that came with them, if any."""

    draws: Floats
    warning: str

    def density(self, scales: Floats) -> Floats:
        """Kernel estimate of the density of log scale."""
        from scipy.stats import gaussian_kde

        logs = np.log(self.draws)
        if not np.ptp(logs) > 0:
            return np.full(len(scales), np.nan)
        return np.asarray(gaussian_kde(logs)(np.log(scales)))

    def quantile(self, probability: float) -> float:
        """Quantile of the scale."""
        return float(np.quantile(self.draws, probability))


def posterior_of_scale(family: ScaleFamily, draws: int, chains: int, seed: int) -> HyperPosterior:
    """Draw the scale from its posterior under the hyperprior of the family."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", PriormapWarning)
        tree = sample(
            family.data,
            family.prior.with_hyperprior(family.hyperprior),
            draws=draws,
            chains=chains,
            random_seed=seed,
            progressbar=False,
        )
    said = [str(w.message) for w in caught if issubclass(w.category, PriormapWarning)]
    return HyperPosterior(tree["posterior"]["scale"].to_numpy().ravel(), said[0] if said else "")
