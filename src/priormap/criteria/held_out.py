"""How a prior predicts rows that were held out: by its mode, its mean and its intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.special import ndtr

from priormap.arrays import Floats, Indices
from priormap.criteria.folds import on_rows, rows_of
from priormap.criteria.pareto_smoothing import log_sums
from priormap.criteria.posterior_runs import end_to_end, mode_beside, sample_quietly
from priormap.data.moments import dense
from priormap.data.regression import Regression
from priormap.model.model import Model

if TYPE_CHECKING:
    import xarray as xr


_BLOCK = 1 << 20  # rows times draws that are looked at together


class HeldOut(NamedTuple):
    """What each held-out row says, each of shape (rows,).

    Squared errors of posterior mean and mode (NaN where there is none), the probability that
    the prediction gave to a smaller y, the width of its central interval, and its continuous
    ranked probability score.
    """

    error_mean: Floats
    error_mode: Floats
    below: Floats
    width: Floats
    crps: Floats


class Fold(NamedTuple):
    """The regression of the training rows, and the test rows of X and y."""

    training: Regression
    X: Any
    y: Floats

    @classmethod
    def of(cls, data: Regression, train: Indices, test: Indices) -> Fold:
        """Take the rows apart, with the same belief about sigma."""
        return cls(on_rows(data, train, data.sigma), *rows_of(data, test))


def held_out(
    model: Model,
    folds: Sequence[Fold],
    draws: int,
    chains: int,
    prob: float,
    seed: np.random.SeedSequence,
) -> HeldOut:
    """Predict the test rows of every fold from its training rows."""
    found = []
    for fold, own in zip(folds, seed.spawn(len(folds)), strict=True):
        part, tree = posterior_of_fold(model, fold, draws, chains, own)
        rng = np.random.default_rng(own.spawn(1)[0])
        found.append(_predict(part, tree, fold, prob, rng))
    return HeldOut(*map(np.concatenate, zip(*found, strict=True)))


def left_out(
    model: Model, row: int, draws: int, chains: int, seed: np.random.SeedSequence
) -> float:
    """Log density of one row given all others, from a posterior without it."""
    others = np.delete(np.arange(model.data.n_rows), row)
    fold = Fold.of(model.data, others, np.array([row]))
    part, tree = posterior_of_fold(model, fold, draws, chains, seed)
    mean, sigma = _predictions(part.data, tree, fold.X)
    logs = part.data.likelihood.logpdf(fold.y[:, None], mean, sigma)
    return float(log_sums(logs)[0] - np.log(logs.size))


def posterior_of_fold(
    model: Model, fold: Fold, draws: int, chains: int, seed: np.random.SeedSequence
) -> tuple[Model, xr.DataTree]:
    """Model of the training rows, with the same belief about coefficients, and its draws."""
    prior = model.relative
    if model.prior.hyperprior is not None:
        prior = prior.with_hyperprior(model.prior.hyperprior)
    part = Model(fold.training, prior)
    tree, _ = sample_quietly(part.data, prior, draws, chains, int(seed.generate_state(1)[0]))
    return part, tree


def _predictions(data: Regression, tree: xr.DataTree, X: Any) -> tuple[Floats, Floats]:
    """Linear predictor of each row under each draw, and sigma of each draw."""
    coef, intercept, sigma = end_to_end(data, tree)
    return dense(X) @ coef.T + intercept, sigma


def _predict(
    model: Model, tree: xr.DataTree, fold: Fold, prob: float, rng: np.random.Generator
) -> HeldOut:
    _, X, y = fold
    error_mode = np.full(len(y), np.nan)
    if not model.prior.no_mode:
        fit = mode_beside(model.data, model.prior, tree)
        error_mode = (y - fit.intercept - X @ fit.coef) ** 2
    found = [np.empty(len(y)) for _ in range(4)]
    sizes = tree["posterior"].sizes
    size = max(1, _BLOCK // (sizes["chain"] * sizes["draw"]))
    for start in range(0, len(y), size):
        block = slice(start, start + size)
        mean, sigma = _predictions(model.data, tree, X[block])
        own = y[block, None]
        predicted = np.sort(mean + sigma * rng.standard_normal(mean.shape), axis=1)
        found[0][block] = (own[:, 0] - mean.mean(axis=1)) ** 2
        found[1][block] = ndtr((own - mean) / sigma).mean(axis=1)
        low, high = np.quantile(predicted, [0.5 * (1 - prob), 0.5 * (1 + prob)], axis=1)
        found[2][block] = high - low
        found[3][block] = crps_of_draws(predicted, y[block])
    return HeldOut(found[0], error_mode, *found[1:])


def crps_of_draws(ordered: Floats, y: Floats) -> Floats:
    r"""Continuous ranked probability score of predictive draws, shape (rows, draws), in order.

    ``E|Y - y| - E|Y - Y'| / 2``, the second over distinct draws: unbiased, in units of y.
    Gneiting and Raftery (2007), "Strictly proper scoring rules, prediction, and estimation",
    JASA 102(477), eq. 21.

    Examples
    --------
    >>> import numpy as np
    >>> crps_of_draws(np.array([[0.0, 2.0]]), np.array([1.0])).tolist()
    [0.0]
    """
    m = ordered.shape[1]
    weights = 2 * np.arange(1, m + 1) - m - 1
    spread = ordered @ weights / (m * (m - 1))
    return np.asarray(np.abs(ordered - y[:, None]).mean(axis=1) - spread)
