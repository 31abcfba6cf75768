"""Kernels that draw from the posterior of a linear regression under an elastic net prior.

On plain arrays, one algorithm per file; the Laplace prior is the elastic net without curvature.
``choice`` chooses between kernels and ``chain`` runs one chain. Importing this package loads numba;
a kernel is compiled when it is first called.
"""

from priormap.posterior.kernels.chain import Sampler, prepare, run_chain
from priormap.posterior.kernels.choice import (
    Kernel,
    blocked_share,
    choose_kernel,
    expected_crossings,
)
from priormap.posterior.kernels.densities import Density
from priormap.posterior.kernels.problem import (
    Draws,
    ElasticNetPrior,
    Moments,
    Rows,
    State,
    absorb_curvature,
    elastic_net_prior,
    empty_draws,
    moments,
    rows_from_design,
    rows_from_moments,
    state,
)
from priormap.posterior.kernels.starts import Typical, start_state, typical

__all__ = [
    "Density",
    "Draws",
    "ElasticNetPrior",
    "Kernel",
    "Moments",
    "Rows",
    "Sampler",
    "State",
    "Typical",
    "absorb_curvature",
    "blocked_share",
    "choose_kernel",
    "elastic_net_prior",
    "empty_draws",
    "expected_crossings",
    "moments",
    "prepare",
    "rows_from_design",
    "rows_from_moments",
    "run_chain",
    "start_state",
    "state",
    "typical",
]
