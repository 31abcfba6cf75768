r"""Mode and posterior under a stronger or weaker prior, from those under the given one.

A prior to the power a multiplies its penalty by a, so that a draw b counts in proportion to
``exp(-(a - 1) penalty(b))``. The weights are Pareto-smoothed; their k-hat says how far they
carry. The mode's derivative is that of its exact path.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from priormap.arrays import Floats
from priormap.criteria.pareto_smoothing import smoothed_log_weights
from priormap.mode import MapEstimate

if TYPE_CHECKING:
    import xarray as xr


_SENSITIVE = 0.05  # of arviz_stats' diagnostic


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


def mode_slope(fit: MapEstimate) -> Floats:
    """Derivative of the mode in the log of its penalty, sigma held; zero for exact zeros."""
    columns, coef, penalty = fit.data.unit, fit.coef, fit.penalty
    slope, support = np.zeros(len(coef)), np.flatnonzero(coef)
    if not support.size:
        return slope
    norm = columns.x_norm[support]
    if columns.has_cheap_gram:
        gram = columns.gram[np.ix_(support, support)]
    else:
        Z = columns.columns(support)
        gram = Z.T @ Z
    l2 = penalty.l2[support] / norm**2
    pull = penalty.l1[support] * np.sign(coef[support]) / norm + l2 * coef[support] * norm
    slope[support] = np.linalg.lstsq(gram + np.diag(l2), -pull, rcond=None)[0] / norm
    return slope


def power_scaling(tree: xr.DataTree, group: str) -> Floats:
    """arviz_stats' diagnostic of each coefficient for the prior of coef, or the likelihood."""
    import arviz_stats
    import xarray as xr

    log_prior = tree["log_prior"].dataset
    total = sum(
        values.sum([d for d in values.dims if d not in {"chain", "draw"}])
        for values in log_prior.data_vars.values()
    )
    groups = {
        "posterior": tree["posterior"].dataset[["coef"]],
        "log_prior": log_prior[["coef"]],
        "log_likelihood": xr.Dataset({"y": tree["sample_stats"]["lp"] - total}),
    }
    found = arviz_stats.psense(xr.DataTree.from_dict(groups), var_names=["coef"], group=group)
    dataset = found.dataset if hasattr(found, "dataset") else found
    return np.asarray(dataset["coef"])


def diagnosis(prior: float, likelihood: float) -> str:
    """What arviz_stats says of the pair."""
    if prior < _SENSITIVE:
        return "-"
    conflict = likelihood >= _SENSITIVE
    return "prior-data conflict" if conflict else "strong prior / weak likelihood"
