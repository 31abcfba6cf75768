"""priormap's routes in the posterior benchmark, and the limit that independent draws set them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from posterior_models import LAMBDA_RATE, LAMBDA_SHAPE, MODELS, Problem
from posterior_protocol import CHAINS, DRAWS, TUNE, Cost, Run, Sampled, Sampler, clock

__all__ = ["OURS", "our_model", "watch_kernels"]

Floats = NDArray[np.float64]


def our_model(problem: Problem) -> tuple[Any, Any]:
    """Data and prior in our terms; lambda^2 ~ Gamma says scale^2 ~ InverseGamma."""
    from priormap import (
        Gaussian,
        HalfCauchy,
        HalfNormal,
        Horseshoe,
        InverseGamma,
        Jeffreys,
        Laplace,
        Regression,
    )

    learns = problem.model == "park-casella"
    sigma = Jeffreys() if learns else HalfNormal(1.0)
    data = Regression(problem.X, problem.y, sigma=sigma, intercept=False)
    if learns:
        return data, Laplace(InverseGamma(LAMBDA_SHAPE, LAMBDA_RATE), scaled_by_noise=True)
    if problem.model == "horseshoe":
        return data, Horseshoe(HalfCauchy(1.0), scaled_by_noise=True)
    return data, (Gaussian if problem.model == "gaussian" else Laplace)(problem.scale)


def _ours(method: str) -> Callable[[Problem, int], Run]:
    def make(problem: Problem, cores: int) -> Run:
        from priormap import sample

        options = {"cores": cores} if method == "nuts" else {}
        spent = watch_kernels()

        def run(seed: int) -> Sampled:
            spent.clear()
            data, prior = our_model(problem)
            tree = sample(
                data,
                prior,
                DRAWS,
                tune=TUNE,
                chains=CHAINS,
                method=method,
                random_seed=seed,
                progressbar=False,
                **options,
            )
            posterior = tree["posterior"]
            return Sampled(
                posterior["coef"].to_numpy(),
                posterior["sigma"].to_numpy(),
                kernel=spent[0] if spent else None,
                note=tree.attrs.get("kernel", ""),
            )

        return run

    return make


def watch_kernels() -> list[Cost]:
    """Time what the exact and Gibbs routes spend on draws, apart from diagnostics and the tree."""
    from priormap.posterior import gaussian, kernels

    spent: list[Cost] = []

    def watched(draw: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*arguments: Any) -> Any:
            start = clock()
            drawn = draw(*arguments)
            spent.append(clock() - start)
            return drawn

        return timed

    gaussian.draw_independent = watched(gaussian.draw_independent)
    kernels.draw_mixture = watched(kernels.draw_mixture)
    return spent


# the limit for a Gaussian prior


def _independent_draws(problem: Problem, cores: int) -> Run:
    """Normal draws with a known sigma, which check nothing: moments, a factor and one product."""
    from scipy import linalg

    n, p, sigma, scale, m = problem.n, problem.p, 0.7, problem.scale, CHAINS * DRAWS

    def few_columns(X: Floats, y: Floats, rng: np.random.Generator) -> Floats:
        precision = X.T @ X / sigma**2 + np.eye(p) / scale**2
        factor = linalg.cholesky(precision, lower=True)
        mean = linalg.cho_solve((factor, True), X.T @ y / sigma**2)
        inverse = linalg.solve_triangular(factor, np.eye(p), lower=True)
        return rng.standard_normal((m, p)) @ inverse + mean

    def few_rows(X: Floats, y: Floats, rng: np.random.Generator) -> Floats:
        # Bhattacharya, Chakraborty and Mallick (2016)
        prior = scale * rng.standard_normal((m, p))
        residual = y - sigma * rng.standard_normal((m, n)) - prior @ X.T
        factor = linalg.cho_factor(scale**2 * X @ X.T + sigma**2 * np.eye(n))
        prior += scale**2 * linalg.cho_solve(factor, residual.T).T @ X
        return prior

    def run(seed: int) -> Sampled:
        draw = few_columns if p <= n else few_rows
        coef = draw(problem.X, problem.y, np.random.default_rng(seed))
        return Sampled(coef.reshape(CHAINS, DRAWS, p), np.empty(0))

    return run


OURS = (
    Sampler("auto", "ours", _ours("auto"), repeats=3, models=MODELS),
    Sampler("exact", "ours", _ours("exact"), repeats=3),
    Sampler("gibbs", "ours", _ours("gibbs"), repeats=3, models=("laplace", "park-casella")),
    Sampler("nuts", "ours", _ours("nuts"), repeats=1, most_columns=300),
    Sampler("independent", "limit", _independent_draws, repeats=3, models=("gaussian",)),
)
