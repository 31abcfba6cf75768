"""The whole posterior: exact draws, Gibbs, NUTS, the PyMC model, and what it says of new rows."""

from priormap.posterior.data_tree import to_inference_data
from priormap.posterior.enumeration import enumerate_models
from priormap.posterior.find import find_map
from priormap.posterior.imputations import pool
from priormap.posterior.moments import PosteriorMoments, posterior_moments
from priormap.posterior.predictions import predict, prediction_table
from priormap.posterior.pymc import PymcMode, pymc_model, pymc_prior
from priormap.posterior.sampling import sample

__all__ = [
    "PosteriorMoments",
    "PymcMode",
    "enumerate_models",
    "find_map",
    "pool",
    "posterior_moments",
    "predict",
    "prediction_table",
    "pymc_model",
    "pymc_prior",
    "sample",
    "to_inference_data",
]
