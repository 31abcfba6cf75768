"""What a prior believes, in a unit that a person can judge: effects on y.

The effect of a column is its coefficient times its standard deviation: what y changes by when
the column moves by one of its standard deviations.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import log_ndtr, ndtri, ndtri_exp

from priormap.arrays import Floats
from priormap.model.prior_predictive import prior_r2
from priormap.priors import Prior
from priormap.report import numerals
from priormap.report.content import Cell, Table

if TYPE_CHECKING:
    from priormap.mode import MapEstimate


_SAME = 1e-12  # relative difference of two standard deviations that rounding may make


def effect_prior(fit: MapEstimate) -> Prior:
    """Prior of the effects, at the sigma of the mode: one scale where all columns share it.

    A constant column has no effect and is left out.
    """
    prior, data = _plain(fit), fit.data
    if data.standardize:
        return prior
    live = data.column_sd > 0
    sd = np.ones(1) if not live.any() else data.column_sd[live]
    names = [field.name for field in fields(prior) if field.name.endswith("scale")]
    scales = {name: np.asarray(getattr(prior, name)) for name in names}
    if np.ptp(sd) <= _SAME * sd.max() and not any(scale.ndim for scale in scales.values()):
        return prior.stretched(float(sd[0]))
    of_live: dict[str, Any] = {
        name: (scale[live] if scale.ndim else scale) * sd for name, scale in scales.items()
    }
    return replace(prior, **of_live)


def _plain(fit: MapEstimate) -> Prior:
    """Prior of a mode at its sigma, in units of the coefficients and no longer of the noise."""
    if not fit.prior.scaled_by_noise:
        return fit.prior
    return fit.prior.given_noise(fit.sigma)


def magnitude_quantile(prior: Prior, share: float) -> Floats:
    """Size that this share of a prior's coefficients is below.

    With l1_scale s and l2_scale t, ``|b|`` is normal with mean ``-t**2 / s`` and standard
    deviation t, cut to the positive side; for ``t = inf`` it is exponential with mean s, for
    ``s = inf`` half-normal.

    Examples
    --------
    >>> from priormap import Gaussian, Laplace
    >>> float(magnitude_quantile(Gaussian(1.0), 0.95)).__round__(4)
    1.96
    >>> float(magnitude_quantile(Laplace(1.0), 0.5)).__round__(4)
    0.6931
    """
    s, t = np.broadcast_arrays(np.asarray(prior.l1_scale), np.asarray(prior.l2_scale))
    with np.errstate(invalid="ignore", over="ignore"):
        offset = t * (t / s)
        cut = -t * ndtri_exp(np.log1p(-share) + log_ndtr(-t / s)) - offset
    exponential, normal = -s * np.log1p(-share), t * ndtri((1 + share) / 2)
    return np.where(np.isinf(t), exponential, np.where(np.isinf(s), normal, cut))


def share_below(prior: Prior, size: float) -> Floats:
    """Probability that a coefficient of the prior is at most `size` away from zero."""
    s, t = np.broadcast_arrays(np.asarray(prior.l1_scale), np.asarray(prior.l2_scale))
    with np.errstate(invalid="ignore", over="ignore"):
        cut = -np.expm1(log_ndtr(-size / t - t / s) - log_ndtr(-t / s))
    cut = np.where(np.isinf(t), -np.expm1(-size / s), cut)
    return np.where(prior.is_flat, 0.0, cut)


def beliefs_table(fits: Mapping[str, MapEstimate], rope: float) -> Table:
    """One column per prior: how large it takes an effect and the whole prediction to be."""
    data = next(iter(fits.values())).data
    sd_y, live = float(np.std(data.y)), int(np.count_nonzero(data.column_sd))
    columns = []
    for fit in fits.values():
        prior = effect_prior(fit)
        spread = np.asarray(prior.sd, dtype=float)
        explained = prior_r2(data, fit.prior, fit.sigma)
        total = float(np.sqrt(np.sum(np.broadcast_to(spread, live) ** 2)))
        columns.append(
            [
                numerals.text(fit.prior),
                _range(spread),
                _range(magnitude_quantile(prior, 0.5)),
                _range(magnitude_quantile(prior, 0.95)),
                _range(magnitude_quantile(prior, 0.99)),
                _probabilities(share_below(prior, rope * sd_y)),
                numerals.number(total),
                numerals.number(fit.sigma),
                numerals.number(explained.median),
                numerals.interval(explained.low, explained.high),
            ]
        )
    names = [
        "prior of the coefficients",
        "sd of an effect",
        "half of all effects are smaller than",
        "95 % are smaller than",
        "99 % are smaller than",
        f"probability that an effect is negligible (below {numerals.shown(rope * sd_y)})",
        "size of the linear predictor: root mean square over the rows",
        "sigma, the sd of the noise, at the mode",
        "R² that it expects of all columns at this sigma, median",
        "95 % of R² between",
    ]
    rows = [
        (numerals.text(name), *cells)
        for name, cells in zip(names, zip(*columns, strict=True), strict=True)
    ]
    return Table(
        caption="What each prior believes before it sees y, in units of y (sd(y) = "
        f"{numerals.shown(sd_y)}). An effect is what y changes by when a column moves by one "
        "of its standard deviations.",
        header=("belief", *fits),
        rows=tuple(rows),
    )


def _range(values: Floats) -> Cell:
    """One number, or the smallest and the largest where columns differ."""
    low, high = float(np.min(values)), float(np.max(values))
    return numerals.number(low) if low == high else numerals.interval(low, high)


def _probabilities(values: Floats) -> Cell:
    low, high = float(np.min(values)), float(np.max(values))
    if low == high:
        return numerals.probability(low)
    return Cell(f"{numerals.probability(low).text} to {numerals.probability(high).text}")
