"""Diagnostics as numbers in the result, and one clear warning where they are bad."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from priormap.errors import PriormapWarning

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["diagnose", "warn_of_bad_diagnostics"]

_LARGEST_RHAT = 1.01  # Vehtari et al. (2021), "Rank-normalization, folding, and localization"
_SMALLEST_ESS = 400
_FEWEST_DRAWS = 4  # of a chain, halved for r-hat


def diagnose(tree: xr.DataTree) -> dict[str, Any]:
    """Largest r-hat and smallest bulk and tail effective sample size over all parameters.

    Fewer than four draws of a chain tell nothing of the others: they count as none.
    """
    import arviz_stats

    chains, draws = (tree["posterior"].sizes[dim] for dim in ("chain", "draw"))
    found: dict[str, Any] = {"min_ess_bulk": 0.0, "min_ess_tail": 0.0}
    if draws >= _FEWEST_DRAWS:
        for kind in ("bulk", "tail"):
            found[f"min_ess_{kind}"] = _extreme(arviz_stats.ess(tree, method=kind), np.min)
    if chains > 1 and draws >= _FEWEST_DRAWS:
        found["max_rhat"] = _extreme(arviz_stats.rhat(tree), np.max)
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


def _extreme(tree: Any, pick: Any) -> float:
    dataset = tree.dataset if hasattr(tree, "dataset") else tree
    return float(pick([pick(values) for values in dataset.data_vars.values()]))
