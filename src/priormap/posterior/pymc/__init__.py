"""The one door to PyMC."""

from priormap.posterior.pymc.inference import (
    NUTS_OPTIONS,
    check_nuts_options,
    draw_nuts,
    pymc_find_map,
    sample_nuts,
)
from priormap.posterior.pymc.mode import PymcMode, is_pymc_model, pymc_mode
from priormap.posterior.pymc.model import pymc_model
from priormap.posterior.pymc.prior import pymc_prior

__all__ = [
    "NUTS_OPTIONS",
    "PymcMode",
    "check_nuts_options",
    "draw_nuts",
    "is_pymc_model",
    "pymc_find_map",
    "pymc_mode",
    "pymc_model",
    "pymc_prior",
    "sample_nuts",
]
