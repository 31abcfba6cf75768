"""Numbers whose posterior mean is known to be zero, which take Monte Carlo error out of others.

For a density that vanishes at its ends the mean of ``d log p / d t_j`` is 0, and that of
``t_k d log p / d t_j`` is -1 where k = j, else 0: what their averages over draws differ by from
that is noise, and is regressed out of any other average (Mira, Solgi and Imparato 2013, "Zero
variance Markov chain Monte Carlo for Bayesian estimators", Statistics and Computing 23, section 2).
Where the posterior is close to normal and the average to that of a quadratic, little is left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np

from priormap.arrays import Floats
from priormap.criteria.posterior_runs import end_to_end
from priormap.criteria.scale_family import ScaleFamily
from priormap.model.penalty import Penalty
from priormap.priors import PenaltyParts

if TYPE_CHECKING:
    import xarray as xr


_EACH = 20  # draws for each number, at least: else fewer of them, or none
_STEP = 1e-4  # of log sigma
_KEPT = 1e-9  # of the largest eigenvalue: less is rounding


class ControlVariates(NamedTuple):
    """Orthonormal basis of the centred numbers, shape (draws, k), and their means in it, (k,)."""

    basis: Floats
    means: Floats

    @classmethod
    def of(cls, family: ScaleFamily, tree: xr.DataTree, scale: float) -> Self:
        """Of one posterior: none where there are too few draws, or the density is no formula."""
        draws = tree["posterior"].sizes["chain"] * tree["posterior"].sizes["draw"]
        size = family.data.n_features + 2
        none = cls(np.zeros((draws, 0)), np.zeros(0))
        if 2 * size * _EACH > draws or not isinstance(family.model.column_prior, PenaltyParts):
            return none
        with np.errstate(all="ignore"):  # scales beyond what squares hold
            points, slopes = _slopes(family, tree, scale)
        if not (np.isfinite(points).all() and np.isfinite(slopes).all()):
            return none
        numbers = [slopes, points * slopes + 1]
        first, second = np.triu_indices(points.shape[1], 1)
        if (2 * size + len(first)) * _EACH <= draws:
            mixed = points[:, first] * slopes[:, second] + points[:, second] * slopes[:, first]
            numbers.append(mixed)
        table = np.column_stack(numbers)
        means = table.mean(axis=0)
        centred = table - means
        values, vectors = np.linalg.eigh(centred.T @ centred)
        kept = values > _KEPT * values[-1]
        vectors = vectors[:, kept] / np.sqrt(values[kept])
        return cls(centred @ vectors, means @ vectors)

    def correction(self, numbers: Floats) -> Floats:
        """What to subtract from the averages of numbers over draws, the last axis."""
        return np.asarray(numbers @ (self.basis @ self.means))

    def error(self, numbers: Floats, chains: int) -> float:
        """Monte Carlo standard error of an average, once corrected."""
        from arviz_stats.base import array_stats

        left = numbers - numbers.mean() - self.basis @ (numbers @ self.basis)
        effective = max(float(array_stats.ess(left.reshape(chains, -1), method="mean")), 1.0)
        return float(left.std(ddof=1) / np.sqrt(effective))


def _slopes(family: ScaleFamily, tree: xr.DataTree, scale: float) -> tuple[Floats, Floats]:
    """Parameters of each draw, centred, and slopes of the log posterior, in posterior sds of each.

    Coefficients of columns that vary, intercept (where columns are centred) and log sigma.
    """
    data, columns = family.data, family.data.unit
    coef, intercept, sigma = end_to_end(data, tree)
    by_noise = sigma if family.prior.scaled_by_noise else np.ones_like(sigma)
    rates = Penalty.of_columns(family.model.column_prior.stretched(scale), 1.0)
    inside = coef / by_noise[:, None]
    pull = rates.l1 * np.sign(inside) + rates.l2 * inside

    lengths, moments = coef * columns.x_norm, columns.xty * columns.y_norm
    fitted = lengths @ columns.gram
    slope = columns.x_norm * (moments - fitted) / sigma[:, None] ** 2 - pull / by_noise[:, None]
    rss = columns.y_norm**2 - 2 * lengths @ moments + (fitted * lengths).sum(axis=1)
    live = columns.x_norm > 0
    points, slopes = [coef[:, live]], [slope[:, live]]
    if data.intercept:
        off = intercept + coef @ columns.x_mean - columns.y_mean
        points.append(off[:, None])
        slopes.append((-data.n_rows * off / sigma**2)[:, None])
        rss += data.n_rows * off**2
    density = data.noise.density
    if density is not None:
        step = np.exp(_STEP)
        prior = (density.logpdf(sigma * step) - density.logpdf(sigma / step)) / (2 * _STEP)
        own = rss / sigma**2 - data.n_rows + 1 + prior
        if family.prior.scaled_by_noise:
            own += (inside * pull).sum(axis=1) - coef.shape[1]
        points.append(np.log(sigma)[:, None])
        slopes.append(own[:, None])
    table = np.column_stack(points)
    units = table.std(axis=0)
    return (table - table.mean(axis=0)) / units, np.column_stack(slopes) * units
