"""What every route hands over: plain arrays of draws, and the log densities of many at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from priormap.arrays import Floats
from priormap.data.regression import Regression
from priormap.errors import PriormapError
from priormap.model import Model
from priormap.priors import Prior

_ROWS_AT_ONCE = 1 << 20  # linear predictors that are held at a time
_BLOCK = 1 << 15  # numbers in a block of draws, small enough to stay in cache


@dataclass(frozen=True, eq=False)
class Draws:
    """Draws of one run, in the caller's units.

    Attributes
    ----------
    coef : array of shape (chains, draws, p)
    intercept : array of shape (chains, draws), or None without an intercept
    sigma : array of shape (chains, draws), or None where it is known
    scale : array of shape (chains, draws), or None where it is not learnt
    centred_rss : array of shape (chains, draws), optional
        Residual sum of squares under the best intercept of each draw, where the route knows it.
    stats : dict of arrays of shape (chains, draws)
        What the route knows of each draw.
    attributes : dict
        What the route knows of the run.
    """

    coef: Floats
    intercept: Floats | None
    sigma: Floats | None
    scale: Floats | None = None
    centred_rss: Floats | None = None
    stats: dict[str, Floats] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of_chains(
        cls, model: Model, coef: Floats, trace: Floats, seed: np.random.SeedSequence, **more: Any
    ) -> Self:
        """Take chains in unit columns back to the caller's units, with draws of the intercept.

        `coef` has the shape (chains, draws, p), and `trace` (chains, draws, 2 or more): sigma and
        the scale first.
        """
        coef, sigma = model.columns.in_callers_units(coef), trace[..., 0] * model.unit_y
        return cls(
            coef=coef,
            intercept=intercepts(model.data, coef, sigma, np.random.default_rng(seed)),
            sigma=None if model.noise.is_known else sigma,
            scale=None if model.prior.hyperprior is None else trace[..., 1],
            **more,
        )


@contextmanager
def within_numbers(model: Model) -> Iterator[None]:
    """Say in one sentence where chains take more than floating-point numbers have."""
    try:
        with np.errstate(over="ignore", divide="ignore", invalid="ignore", under="ignore"):
            yield
    except (FloatingPointError, np.linalg.LinAlgError, OverflowError, ZeroDivisionError):
        noise = model.noise.sigma
        raise PriormapError(
            f"sampling under {model.prior!r} with sigma={noise!r} takes more digits or a wider "
            "range than floating-point numbers have; give scales of the prior and of sigma that "
            "are nearer to those of the data, or rescale y and the columns"
        ) from None


def refuse_non_finite(*drawn: Floats) -> None:
    """Raise a FloatingPointError where a chain cannot go on."""
    if not all(np.isfinite(values).all() for values in drawn):
        raise FloatingPointError("a draw is not finite")


def intercepts(
    data: Regression, coef: Floats, sigma: Floats, rng: np.random.Generator
) -> Floats | None:
    """Exact draws of the flat intercept: ``Normal(y_mean - x_mean'b, sigma**2 / n)``."""
    if not data.intercept:
        return None
    columns = data.unit
    centre = columns.y_mean - coef @ columns.x_mean
    return centre + sigma / np.sqrt(data.n_rows) * rng.standard_normal(centre.shape)


def sigma_of(data: Regression, draws: Draws) -> Floats:
    """Noise of each draw, the known one where it is known; shape (chains, draws)."""
    if draws.sigma is not None:
        return draws.sigma
    return np.full(draws.coef.shape[:2], data.noise.sd)


def residual_sums(data: Regression, draws: Draws) -> Floats:
    """Residual sum of squares of each draw, O(p**2) each where the moments are at hand."""
    columns = data.unit
    rss = _centred_rss(data, draws) if draws.centred_rss is None else draws.centred_rss
    if draws.intercept is None:
        return rss
    off_centre = draws.intercept - (columns.y_mean - draws.coef @ columns.x_mean)
    return rss + data.n_rows * off_centre**2


def _centred_rss(data: Regression, draws: Draws) -> Floats:
    columns = data.unit
    unit = draws.coef * columns.x_norm / (columns.y_norm or 1.0)
    if columns.has_cheap_gram:
        gradient = 2 * columns.xty - unit @ columns.gram
        uu = 1.0 if columns.y_norm > 0 else 0.0
        rss = np.maximum(uu - np.einsum("cdp,cdp->cd", unit, gradient), 0.0)
    else:
        Z = columns.columns(np.arange(columns.p))
        rss = np.stack([((columns.response - chain @ Z.T) ** 2).sum(axis=-1) for chain in unit])
    return rss * (columns.y_norm or 1.0) ** 2


def prior_draws(model: Model, shape: tuple[int, int, int], rng: np.random.Generator) -> Draws:
    """Draws of what is unknown before the data, of all but the flat intercept.

    Raises
    ------
    PriormapError
        If the prior of a coefficient or of sigma is improper.
    """
    chains, draws, _ = shape
    if model.is_flat.any():
        name = model.data.names[int(np.argmax(model.is_flat))]
        raise PriormapError(
            f"{model.prior!r} is flat for column {name!r}, which has no draws before the data; "
            "leave 'prior' out of include"
        )

    def drawn(density: Any) -> Floats:
        return np.reshape(density.rvs(chains * draws, rng), (chains, draws))

    hyperprior = model.prior.hyperprior
    sigma = None if model.noise.is_known else drawn(model.noise)
    scale = None if hyperprior is None else drawn(hyperprior)
    coef = model.relative.rvs(shape, rng)
    if model.prior.scaled_by_noise:
        coef *= model.noise.sd if sigma is None else sigma[..., None]
    if scale is not None:
        coef *= scale[..., None]
    return Draws(coef=coef, intercept=None, sigma=sigma, scale=scale)


def log_priors(model: Model, draws: Draws) -> dict[str, Floats]:
    """Log prior density of each variable of each draw: coef, sigma and scale, where unknown."""
    factor, hyperprior = draws.scale, model.prior.hyperprior
    if model.prior.scaled_by_noise:
        sigma = sigma_of(model.data, draws)
        factor = sigma if factor is None else sigma * factor
    logs = {"coef": _log_coef_priors(model.relative, draws.coef, factor)}
    if draws.sigma is not None:
        logs["sigma"] = model.noise.logpdf(draws.sigma)
    if draws.scale is not None and hyperprior is not None:
        logs["scale"] = hyperprior.logpdf(draws.scale)
    return logs


def _log_coef_priors(columns: Prior, coef: Floats, factor: Floats | None) -> Floats:
    """Log density of every coefficient under the columns' priors with scales times `factor`."""
    logs = np.empty(coef.shape)
    bound = np.broadcast_to(~columns.is_flat, coef.shape[-1:])
    size = max(64, _BLOCK // max(1, coef.shape[-1]))
    for chain in range(len(coef)):
        for start in range(0, coef.shape[1], size):
            block = (chain, slice(start, start + size))
            if factor is None:
                logs[block] = columns.logpdf_together(coef[block])
            else:  # the density of b is that of b / factor, over factor
                unit = factor[block][:, None]
                logs[block] = columns.logpdf_together(coef[block] / unit) - np.log(unit) * bound
    return logs


def log_posterior_of_draws(data: Regression, draws: Draws, log_prior: dict[str, Floats]) -> Floats:
    """`priormap.log_posterior` of each draw, from its `log_priors`; shape (chains, draws)."""
    if data.likelihood.has_moments:
        sigma = sigma_of(data, draws)
        total = -data.n_rows * np.log(sigma * np.sqrt(2 * np.pi))
        total -= 0.5 * residual_sums(data, draws) / sigma**2
    else:
        total = _sums_over_rows(data, draws)
    for name, values in log_prior.items():
        total += values.sum(axis=-1) if name == "coef" else values
    return total


def _sums_over_rows(data: Regression, draws: Draws) -> Floats:
    """Log likelihood of each draw, from the rows, a block of draws at a time."""
    total = np.empty(draws.coef.shape[:2])
    size = max(1, _ROWS_AT_ONCE // data.n_rows)
    for chain, coefs in enumerate(draws.coef):
        for start in range(0, len(coefs), size):
            block = slice(start, start + size)
            eta = np.asarray((data.X @ coefs[block].T).T)
            if draws.intercept is not None:
                eta = eta + draws.intercept[chain, block, None]
            total[chain, block] = data.likelihood.logpdf(data.y, eta, 1.0).sum(axis=-1)
    return total


def log_likelihood(data: Regression, draws: Draws) -> Floats:
    """Log density of every row under every draw, shape (chains, draws, n)."""
    return data.likelihood.logpdf(data.y, fitted(data, draws), sigma_of(data, draws)[..., None])


def fitted(data: Regression, draws: Draws) -> Floats:
    """Linear predictor of every row under every draw, shape (chains, draws, n)."""
    values = np.stack([np.asarray((data.X @ chain.T).T) for chain in draws.coef])
    return values if draws.intercept is None else values + draws.intercept[..., None]
