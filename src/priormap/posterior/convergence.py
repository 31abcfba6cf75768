r"""Effective sample sizes and r-hat of many parameters at once.

ArviZ computes the same numbers one parameter at a time, which took more than half of `sample`
where a draw is cheap; all at once they take a quarter of that. This is the only reason why they
are written out here, and tests hold them to those of `arviz_stats`.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft
from scipy.special import ndtri
from scipy.stats import rankdata

__all__ = ["FEWEST_DRAWS", "Convergence"]

Floats: TypeAlias = NDArray[np.float64]
FEWEST_DRAWS = 4  # of a chain, so that its halves have a variance
_TAILS = (0.05, 0.95)
_BLOCK = 1 << 18  # numbers at once, so that working arrays stay in cache
_RESOLUTION = float(np.finfo(np.float64).resolution)


class Convergence(NamedTuple):
    r"""Convergence diagnostics of p parameters, each an array of shape (p,).

    Attributes
    ----------
    ess_bulk : array of shape (p,)
        Effective sample size of the rank-normalised draws.
    ess_tail : array of shape (p,)
        The smaller one of those of the events below the 5 % and the 95 % quantile.
    rhat : array of shape (p,)
        The larger one of the split r-hats of the rank-normalised draws and of their distances
        to the median. Of one chain it compares the two halves only.

    References
    ----------
    Vehtari, Gelman, Simpson, Carpenter and Bürkner (2021), "Rank-normalization, folding, and
    localization: an improved R-hat for assessing convergence of MCMC", Bayesian Analysis 16(2).
    Geyer (1992), "Practical Markov chain Monte Carlo", Statistical Science 7(4): the initial
    monotone sequence, which ends the sum of autocorrelations.
    """

    ess_bulk: Floats
    ess_tail: Floats
    rhat: Floats

    @classmethod
    def of(cls, draws: Floats) -> Convergence:
        """Diagnose draws of shape (chains, draws, p), at least four draws of a chain.

        NaN where a draw is not a finite number; constant draws count as independent ones, and
        have no r-hat.

        Examples
        --------
        >>> draws = np.random.default_rng(0).standard_normal((4, 500, 2))
        >>> found = Convergence.of(draws)
        >>> bool(found.ess_bulk.min() > 1500 and found.rhat.max() < 1.01)
        True
        """
        chains, size, p = draws.shape
        step = max(1, _BLOCK // (chains * size))
        blocks = [_diagnose(draws[..., start : start + step]) for start in range(0, p, step)]
        return cls(*np.concatenate(blocks, axis=1)) if blocks else cls(*np.empty((3, 0)))


def _diagnose(draws: Floats) -> Floats:
    """Bulk and tail effective size and r-hat of some parameters, shape (3, p)."""
    is_finite = np.isfinite(draws).all(axis=(0, 1))
    draws = draws if is_finite.all() else np.where(is_finite, draws, 0.0)
    half = draws.shape[1] // 2
    halves = np.concatenate([draws[:, :half], draws[:, -half:]])
    values = np.ascontiguousarray(halves.transpose(2, 0, 1))  # (p, half chains, half)
    pooled = values.reshape(len(values), -1)
    order = pooled.argsort(axis=1)
    ordered = np.take_along_axis(pooled, order, axis=1)
    scores = _normal_scores(order, ordered).reshape(values.shape)
    # of ordered values the distances to the median are two runs, which a stable sort merges
    distances = np.abs(ordered - np.median(ordered, axis=1, keepdims=True))
    merged = distances.argsort(axis=1, kind="stable")
    folded = _normal_scores(
        np.take_along_axis(order, merged, axis=1), np.take_along_axis(distances, merged, axis=1)
    ).reshape(values.shape)
    lower, upper = np.quantile(draws, _TAILS, axis=(0, 1))[..., None, None]
    found = np.stack(
        [
            _effective_size(scores),
            np.minimum(
                _effective_size((values <= lower).astype(np.float64)),
                _effective_size((values <= upper).astype(np.float64)),
            ),
            np.maximum(_split_rhat(scores), _split_rhat(folded)),
        ]
    )
    return np.where(is_finite, found, np.nan)


def _normal_scores(order: NDArray[np.intp], ordered: Floats) -> Floats:
    """Normal quantiles of the pooled ranks of each line, mean ranks where values tie."""
    size = order.shape[1]
    ranks = np.broadcast_to(np.arange(1.0, size + 1), order.shape)
    tied = (ordered[:, 1:] == ordered[:, :-1]).any(axis=1)
    if tied.any():
        ranks = ranks.copy()
        ranks[tied] = rankdata(ordered[tied], axis=1)
    else:
        ranks = ranks[:1]
    quantiles = np.broadcast_to(ndtri((ranks - 0.375) / (size + 0.25)), order.shape)
    scores = np.empty(order.shape)
    np.put_along_axis(scores, order, quantiles, axis=1)
    return scores


def _split_rhat(values: Floats) -> Floats:
    """Root of the pooled over the mean variance of half chains; values (p, half chains, half)."""
    size = values.shape[-1]
    within = values.var(axis=-1, ddof=1).mean(axis=-1)
    between = values.mean(axis=-1).var(axis=-1, ddof=1)
    with np.errstate(invalid="ignore", divide="ignore"):  # constant draws: nan
        return np.sqrt(between / within + (size - 1) / size)


def _effective_size(values: Floats) -> Floats:
    """Effective number of values of shape (p, half chains, half), by Geyer's monotone sequence."""
    n_parameters, chains, draws = values.shape
    size = chains * draws
    correlation, is_constant = _pooled_autocorrelation(values)
    even = correlation[:, 0 : max(draws - 2, 1) : 2]
    pairs = even + correlation[:, 1 : max(draws - 1, 2) : 2]
    is_end = pairs < 0
    is_end[:, -1] = True
    end = is_end.argmax(axis=1)  # the first negative pair
    kept = np.arange(pairs.shape[1]) < end[:, None]
    total = np.minimum.accumulate(pairs, axis=1).sum(axis=1, where=kept)
    last = np.maximum(even[np.arange(n_parameters), end], 0.0)
    time = np.maximum(2.0 * total - 1.0 + last, 1.0 / np.log10(size))
    return np.where(is_constant, float(size), size / time)


def _pooled_autocorrelation(values: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Autocorrelation at lags 0, 1, ... against the variance over all chains; who is constant."""
    draws = values.shape[-1]
    mean = values.mean(axis=-1)
    length = next_fast_len(2 * draws, real=True)  # padded: no lag wraps around
    spectrum = rfft(values - mean[..., None], length)
    power = (spectrum.real**2 + spectrum.imag**2).mean(axis=1)
    covariance = irfft(power, length)[:, :draws] / draws
    variance = covariance[:, 0] + mean.var(axis=1, ddof=1)
    is_constant = np.ptp(values, axis=(1, 2)) < _RESOLUTION
    variance[is_constant] = 1.0
    within = covariance[:, :1] * (draws / (draws - 1))
    correlation = 1.0 - (within - covariance) / variance[:, None]
    correlation[:, 0] = 1.0
    return correlation, is_constant
