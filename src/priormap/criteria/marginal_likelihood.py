"""Log marginal likelihood of one model, by the way that its prior has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from priormap.criteria.averaged_models import evidence_of_models, sums_all_models
from priormap.criteria.bridge_sampling import Evidence, bridge_sampling
from priormap.model.model import Model
from priormap.priors import PointMass

if TYPE_CHECKING:
    import xarray as xr


def marginal_likelihood(
    model: Model, tree: xr.DataTree | None, seed: np.random.SeedSequence
) -> Evidence:
    """Exact under a Gaussian prior, a sum over models under a spike and slab, else bridged.

    Parameters
    ----------
    model : Model
    tree : DataTree or None
        Draws of its posterior, where it needs some.
    seed : SeedSequence
        Of the bridge.
    """
    if model.is_flat.any():
        flat = "a flat prior is improper: it gives the data no probability"
        return Evidence(np.nan, np.nan, flat)
    if isinstance(model.prior, PointMass):
        return evidence_of_models(model, tree)
    assert tree is not None
    if "log_evidence" in tree.attrs:
        return Evidence(tree.attrs["log_evidence"], tree.attrs["log_evidence_error"])
    return bridge_sampling(model, tree, seed)


def needs_draws(model: Model) -> bool:
    """Whether the evidence is one of draws: of a spike and slab with few columns it is a sum."""
    return not (isinstance(model.prior, PointMass) and sums_all_models(model))
