r"""The posterior under a stronger or weaker prior, from the draws under the given one.

A prior to the power a multiplies its penalty by a, so that a draw b counts in proportion to
``exp(-(a - 1) penalty(b))``. The weights are Pareto-smoothed; their k-hat says how far they
carry.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from priormap.arrays import Floats
from priormap.criteria.pareto_smoothing import smoothed_log_weights


class Reweighted(NamedTuple):
    """Posterior summaries at each power, shape (powers, p), and the quality of the weights."""

    mean: Floats
    error: Floats
    low: Floats
    high: Floats
    khat: Floats
    ess: Floats


def reweighted(
    coef: Floats, exponent: Floats, powers: Floats, prob: float, autocorrelation: Floats
) -> Reweighted:
    """Means with Monte Carlo errors and equal-tailed intervals at each power.

    Parameters
    ----------
    coef : array of shape (draws, p)
    exponent : array of shape (draws,)
        Penalty of each draw, at power 1.
    powers : array of shape (k,)
    prob : float
        Mass of the intervals.
    autocorrelation : array of shape (p,)
        Draws over effective draws of each coefficient.
    """
    log_weights, khat = smoothed_log_weights(-(powers - 1)[:, None] * exponent)
    weights = np.exp(log_weights)
    mean = weights @ coef
    spread = [w**2 @ (coef - m) ** 2 for w, m in zip(weights, mean, strict=True)]
    order = np.argsort(coef, axis=0)
    rising = np.take_along_axis(coef, order, axis=0)
    tail = 0.5 * (1 - prob)
    ends = np.array([[_quantiles(rising, w[order], q) for q in (tail, 1 - tail)] for w in weights])
    error = np.sqrt(np.array(spread) * autocorrelation)
    return Reweighted(mean, error, ends[:, 0], ends[:, 1], khat, 1 / (weights**2).sum(axis=1))


def _quantiles(rising: Floats, weights: Floats, probability: float) -> Floats:
    """Weighted quantile of each column of rising values."""
    below = np.cumsum(weights, axis=0) - 0.5 * weights
    columns = zip(below.T, rising.T, strict=True)
    return np.array([np.interp(probability, cdf, values) for cdf, values in columns])
