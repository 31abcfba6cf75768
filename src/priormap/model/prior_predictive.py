r"""What a prior expects of all columns together, before it has seen y.

.. math:: R^2 = \frac{\operatorname{var}(X b)}{\operatorname{var}(X b) + \sigma^2},
    \qquad b \sim \text{prior}

with the variance over the rows of the data (about zero without an intercept). Under a flat
prior it is 1: whatever the noise, nearly every b drowns it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from priormap.arrays import Floats
from priormap.data.noise import Noise
from priormap.data.regression import Regression
from priormap.model.model import Model
from priormap.priors import Prior
from priormap.priors.densities import ProperDensity

_SEED = 0
_DRAWS, _DRAWS_OF_WIDE_DATA = 10_000, 1000
_MOST = 10_000_000  # coefficients drawn in all, where that leaves draws enough
_BLOCK = 2_000_000  # coefficients held at once
_LEVELS = (0.025, 0.5, 0.975)


@dataclass(frozen=True)
class PriorR2:
    """Median and central 95 % interval of the prior predictive R^2."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"median {self.median:.3g}, 95 % interval {self.low:.3g} to {self.high:.3g}"


@dataclass(frozen=True, eq=False)
class PriorPredictive:
    """Draws of the linear predictor and of the noise, with one seed for every prior.

    Attributes
    ----------
    size : array of shape (draws,)
        Standard deviation of ``X b`` over the rows, in units of y.
    sigma : array of shape (draws,)
    """

    size: Floats
    sigma: Floats

    @classmethod
    def of(cls, data: Regression, prior: Prior, sigma: float | None = None) -> PriorPredictive:
        """Draw b, the scale of the prior where it is learnt, and sigma where it is unknown.

        With `sigma`, a number, at this noise and not that of the data.
        """
        rng, draws = np.random.default_rng(_SEED), _how_many(data)
        noise = data.noise if sigma is None else Noise(sigma)
        factor, sigmas = common_draws(noise, Model(data, prior).prior, rng, draws)
        return cls(factor * _sizes(data, prior, draws, rng), sigmas)

    @property
    def r2(self) -> Floats:
        """``R^2`` of every draw, shape (draws,)."""
        with np.errstate(divide="ignore"):
            return 1 / (1 + (self.sigma / self.size) ** 2)


def common_draws(
    noise: Noise, prior: Prior, rng: np.random.Generator, draws: int = _DRAWS
) -> tuple[Floats, Floats]:
    """Draw what all coefficients share: the factor of their scales, and sigma."""
    sigmas = noise.rvs(draws, rng)
    factor = sigmas if prior.scaled_by_noise else np.ones(draws)
    if prior.hyperprior is not None:
        factor = factor * prior.hyperprior.rvs(draws, rng)
    return factor, sigmas


def prior_r2(data: Regression, prior: Prior, sigma: float | None = None) -> PriorR2:
    """Distribution of R^2 under `prior`, from the draws above; with `sigma`, at that noise."""
    live = data.unit.x_norm > 0  # a constant column explains nothing
    if not live.any():
        return PriorR2(0.0, 0.0, 0.0)
    if Model(data, prior).relative.is_flat[live].any():
        return PriorR2(1.0, 1.0, 1.0)
    r2 = PriorPredictive.of(data, prior, sigma).r2
    low, median, high = np.quantile(r2, _LEVELS).tolist()
    return PriorR2(median, low, high)


def even_factor(
    data: Regression, prior: Prior, hyperprior: ProperDensity | None = None, r2: float = 0.5
) -> float:
    """What to stretch a prior by so that the median of R^2 is `r2`, before the data.

    With a hyperprior: what to stretch that of the common factor of the scales by. Where most
    draws hold no column, the median is that of those which do.
    """
    if not (data.unit.x_norm > 0).any():  # whatever its scale, nothing is explained
        return data.y_sd or 1.0
    sizes = (data.column_sd > 0) if data.standardize else data.column_sd
    near = 1 / float(np.hypot.reduce(sizes * np.asarray(prior.spread)))
    guess = prior.stretched(near)
    drawn = PriorPredictive.of(data, guess.with_hyperprior(hyperprior) if hyperprior else guess)
    with np.errstate(divide="ignore"):
        ratio = drawn.sigma / drawn.size
        middle = float(np.median(ratio))
        if not np.isfinite(middle):
            middle = float(np.median(ratio[np.isfinite(ratio)]))
        return near * middle * float(np.sqrt(r2 / (1 - r2)))


def _how_many(data: Regression) -> int:
    return min(_DRAWS, max(_DRAWS_OF_WIDE_DATA, _MOST // data.n_features))


def _sizes(data: Regression, prior: Prior, draws: int, rng: np.random.Generator) -> Floats:
    """Draws of the standard deviation of the linear predictor, at the scale 1 where learnt."""
    unit, parts = data.unit, []
    live = np.flatnonzero(unit.x_norm > 0)  # a constant column explains nothing
    columns = Model(data, prior).relative.on_columns(live)
    rows = max(1, _BLOCK // data.n_features)
    for start in range(0, draws, rows):
        scaled = np.zeros((min(rows, draws - start), data.n_features))
        scaled[:, live] = columns.rvs((len(scaled), len(live)), rng) * unit.x_norm[live]
        parts.append(np.sqrt(unit.squared_lengths(scaled) / data.n_rows))
    return np.concatenate(parts)
