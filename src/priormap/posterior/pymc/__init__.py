"""The one door to PyMC."""

from priormap.posterior.pymc.inference import (
    NUTS_OPTIONS,
    check_nuts_options,
    draw_nuts,
    pymc_find_map,
    sample_nuts,
)
from priormap.posterior.pymc.model import pymc_model

__all__ = [
    "NUTS_OPTIONS",
    "check_nuts_options",
    "draw_nuts",
    "pymc_find_map",
    "pymc_model",
    "sample_nuts",
]
