"""Kernels that draw from the posterior of a linear regression under an elastic net prior.

On plain arrays, one algorithm per file; the Laplace prior is the elastic net without curvature.
``choice`` chooses between kernels, ``chain`` runs chains, and ``route`` speaks with the rest of
priormap.
Importing this package loads numba; a kernel is compiled when it is first called.
"""

from priormap.posterior.kernels.chain import (
    Kernel,
    Sampler,
    prepare,
    run_chain,
    run_chains,
)
from priormap.posterior.kernels.choice import choose_kernel
from priormap.posterior.kernels.hamiltonian import expected_crossings
from priormap.posterior.kernels.problem import (
    Density,
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
from priormap.posterior.kernels.route import draw_mixture
from priormap.posterior.kernels.rows import blocked_share
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
    "draw_mixture",
    "elastic_net_prior",
    "empty_draws",
    "expected_crossings",
    "moments",
    "prepare",
    "rows_from_design",
    "rows_from_moments",
    "run_chain",
    "run_chains",
    "start_state",
    "state",
    "typical",
]
