"""The one door to PyMC."""

from priormap.posterior.pymc.inference import (
    NUTS_OPTIONS,
    check_nuts_options,
    draw_nuts,
    pymc_find_map,
    sample_nuts,
)
from priormap.posterior.pymc.model import pymc_model
from priormap.posterior.pymc.prior import pymc_prior

__all__ = [
    "NUTS_OPTIONS",
    "check_nuts_options",
    "draw_nuts",
    "pymc_find_map",
    "pymc_model",
    "pymc_prior",
    "sample_nuts",
]
