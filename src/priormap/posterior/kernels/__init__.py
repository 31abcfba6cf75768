"""Kernels that draw from the posterior of a Laplace-prior linear regression, on plain arrays.

One algorithm per file; ``chain`` chooses between them and runs one chain. Importing this package
loads numba; importing one kernel compiles nothing until it is called.
"""

from priormap.posterior.kernels.chain import (
    Sampler,
    choose_kernel,
    expected_crossings,
    prepare,
    run_chain,
    start_state,
)
from priormap.posterior.kernels.densities import Density
from priormap.posterior.kernels.problem import (
    Draws,
    LaplacePrior,
    Moments,
    Rows,
    State,
    empty_draws,
    laplace_prior,
    moments,
    rows_from_design,
    rows_from_moments,
)

__all__ = [
    "Density",
    "Draws",
    "LaplacePrior",
    "Moments",
    "Rows",
    "Sampler",
    "State",
    "choose_kernel",
    "empty_draws",
    "expected_crossings",
    "laplace_prior",
    "moments",
    "prepare",
    "rows_from_design",
    "rows_from_moments",
    "run_chain",
    "start_state",
]
