"""Pareto-smoothed importance sampling of many sets of weights at once.

Vehtari, Simpson, Gelman, Yao and Gabry (2024), "Pareto smoothed importance sampling", JMLR
25(72); the tail is fitted as in Zhang and Stephens (2009), "A new and efficient estimation
method for the generalized Pareto distribution", Technometrics 51(3). All sets at once take an
eighth to a fifth of the time of arviz_stats' ``psislw``.

The tail is the published one, ``min(S / 5, 3 sqrt(S))`` of S draws, rounded up as in the R packages
loo and posterior of its authors: 190 of 4,000. arviz_stats rounds down, to 189; with its length
all numbers here are its own to rounding, and with ours k-hat differs by the one draw.
"""

from __future__ import annotations

import numpy as np

from priormap.arrays import Floats

_FEWEST = 5  # in a tail that can be fitted
_PRIOR_DRAWS, _PRIOR_KHAT = 10, 0.5  # weak prior on k-hat
_QUARTILE_FACTOR = 3  # of the prior of Zhang and Stephens
_BLOCK = 1 << 22  # numbers in a block of tails


def smoothed_log_weights(log_ratios: Floats) -> tuple[Floats, Floats]:
    """Normalised log weights and k-hats.

    Parameters
    ----------
    log_ratios : array of shape (sets, draws)
        Log density ratios, up to a constant for each set.

    Returns
    -------
    log_weights : array of shape (sets, draws)
        Each set sums to one on the natural scale.
    khat : array of shape (sets,)
        Estimated shape of the tails: means of the weights are reliable below 0.7; infinite
        where there are too few draws to tell.
    """
    logs = log_ratios - log_ratios.max(axis=1, keepdims=True)
    sets, draws = logs.shape
    length = tail_length(draws)
    khat = np.full(sets, np.inf)
    if length >= _FEWEST and draws > length:
        order = np.argpartition(logs, draws - length - 1, axis=1)[:, draws - length - 1 :]
        tails = np.take_along_axis(logs, order, axis=1)
        inner = np.argsort(tails, axis=1)
        order = np.take_along_axis(order, inner, axis=1)
        tails = np.take_along_axis(tails, inner, axis=1)
        smooth, khat = _smooth(tails[:, 1:], tails[:, :1])
        np.put_along_axis(logs, order[:, 1:], smooth, axis=1)
    return logs - log_sums(logs)[:, None], khat


def tail_length(draws: int) -> int:
    """Number of the largest weights that are smoothed: ``min(S / 5, 3 sqrt(S))``, rounded up."""
    return int(np.ceil(min(0.2 * draws, 3 * np.sqrt(draws))))


def _smooth(tails: Floats, cutoff: Floats) -> tuple[Floats, Floats]:
    """Replace rising log tails by quantiles of the fitted Pareto distribution."""
    floor = np.exp(np.maximum(cutoff, -700.0))
    excess = np.exp(tails) - floor
    varies = (excess[:, -1] > 0) & (excess[:, 0] >= 0)
    khat = np.where(varies, np.inf, -np.inf)  # equal weights have no tail
    smooth = tails.copy()
    rows = np.flatnonzero(varies)
    n = tails.shape[1]
    size = max(1, _BLOCK // (n * _grid(n)))
    probabilities = (np.arange(n) + 0.5) / n
    for start in range(0, len(rows), size):
        block = rows[start : start + size]
        k, sigma = _fit(excess[block])
        quantiles = np.where(
            np.abs(k)[:, None] < 1e-12,
            -sigma[:, None] * np.log1p(-probabilities),
            sigma[:, None] * np.expm1(-k[:, None] * np.log1p(-probabilities)) / k[:, None],
        )
        smooth[block] = np.minimum(np.log(quantiles + floor[block]), 0.0)
        khat[block] = k
    return smooth, khat


def _grid(n: int) -> int:
    return 30 + int(np.sqrt(n))


def _fit(excess: Floats) -> tuple[Floats, Floats]:
    """Shape and scale of the generalised Pareto distribution of each row of rising numbers."""
    n = excess.shape[1]
    m = _grid(n)
    quartile = np.maximum(excess[:, int(n / 4 + 0.5) - 1], 1e-300)
    theta = (1 - np.sqrt(m / (np.arange(1, m + 1) - 0.5))) / _QUARTILE_FACTOR / quartile[:, None]
    theta += 1 / excess[:, -1:]
    # not log1p, which takes three times as long: k is a mean of terms that are right to 1e-16
    logs = -theta[:, :, None] * excess[:, None, :]
    logs += 1.0
    k = np.log(logs, out=logs).mean(axis=2)
    profile = n * (np.log(-theta / k) - k - 1)
    weights = np.exp(profile - log_sums(profile)[:, None])
    best = (theta * weights).sum(axis=1)
    shape = np.log1p(-best[:, None] * excess).mean(axis=1)
    sigma = -shape / best
    return (n * shape + _PRIOR_DRAWS * _PRIOR_KHAT) / (n + _PRIOR_DRAWS), sigma


def log_sums(logs: Floats) -> Floats:
    """Log of the sum of the exponentials of each row: `logsumexp` without its generality."""
    top = logs.max(axis=1, keepdims=True)
    shifted = logs - top
    np.exp(shifted, out=shifted)
    return np.asarray(top[:, 0] + np.log(shifted.sum(axis=1)))
