"""The whole posterior: exact draws, Gibbs, NUTS, and the PyMC model."""

from priormap.posterior.data_tree import to_inference_data
from priormap.posterior.pymc import pymc_model, pymc_prior
from priormap.posterior.sampling import sample

__all__ = ["pymc_model", "pymc_prior", "sample", "to_inference_data"]
