"""Diagnostics as numbers in the result, and one clear warning where they are bad."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from priormap.errors import PriormapWarning
from priormap.posterior.convergence import FEWEST_DRAWS, Convergence

if TYPE_CHECKING:
    import xarray as xr


_LARGEST_RHAT = 1.01  # Vehtari et al. (2021), "Rank-normalization, folding, and localization"
_SMALLEST_ESS = 400


def diagnose(tree: xr.DataTree) -> dict[str, Any]:
    """Largest r-hat and smallest bulk and tail effective sample size over all parameters.

    Fewer than four draws of a chain tell nothing of the others: they count as none.
    """
    posterior = tree["posterior"]
    chains, draws = (posterior.sizes[dim] for dim in ("chain", "draw"))
    found: dict[str, Any] = {"min_ess_bulk": 0.0, "min_ess_tail": 0.0}
    if draws >= FEWEST_DRAWS:
        arrays = [variable.to_numpy() for variable in posterior.data_vars.values()]
        flat = [values.reshape(chains, draws, -1) for values in arrays]
        each = Convergence.of(np.concatenate(flat, axis=-1))
        found |= {"min_ess_bulk": float(each.ess_bulk.min())}
        found |= {"min_ess_tail": float(each.ess_tail.min())}
        if chains > 1:
            found |= {"max_rhat": float(each.rhat.max())}
    if "diverging" in tree["sample_stats"]:
        found["n_divergences"] = int(tree["sample_stats"]["diverging"].sum())
    return found


def warn_of_bad_diagnostics(found: dict[str, Any]) -> None:
    """Warn once, naming every diagnostic that is out of bounds."""
    trouble = []
    if not found.get("max_rhat", 1.0) <= _LARGEST_RHAT:  # NaN is bad news too
        trouble.append(f"r-hat is up to {found['max_rhat']:.3f} (should be below {_LARGEST_RHAT})")
    smallest = float(np.min([found["min_ess_bulk"], found["min_ess_tail"]]))
    if not smallest >= _SMALLEST_ESS:
        trouble.append(f"an effective sample size is {smallest:.0f} (should be {_SMALLEST_ESS})")
    if found.get("n_divergences"):
        trouble.append(f"{found['n_divergences']} transitions diverged")
    if trouble:
        warnings.warn(
            f"these draws are not to be trusted yet: {'; '.join(trouble)}; draw more, tune "
            "longer, or choose another method",
            PriormapWarning,
            stacklevel=3,
        )
