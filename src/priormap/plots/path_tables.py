"""The numbers of the path figure: modes at every scale of the prior, posteriors at some."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from priormap.errors import PriormapError, PriormapWarning
from priormap.mode import map_path
from priormap.penalty import Penalty, check_prior
from priormap.plots.chosen import MOST_ROWS, Features, chosen_columns, least_squares
from priormap.posterior import sample
from priormap.priors import Gaussian, Laplace, Prior
from priormap.regression import Regression

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Features", "PathRange", "path_knots_table", "path_posterior_table", "path_table"]

Floats: TypeAlias = NDArray[np.float64]
_MOST = 3  # columns with bands unless they are named
_POSTERIORS = 15  # scales at which the posterior is computed
_MODES = {True: 240, False: 30}  # scales of the modes, where sigma is known and where not
_SHRUNK_AWAY = 0.15  # of the scale at which the best seen direction is half shrunk
_BEFORE = 1.5  # the axis begins at the first knot over this
_LET_FREE = 0.04  # the axis ends where this share of least squares is still to come,
_AFTER = 1.2  # but not before the last knot times this,
_DECADES = 3.5  # and in any case after so many decades
# what the figure, its caption and its tables share, kept as long as the data are
_kept: WeakKeyDictionary[Regression, dict[tuple[object, ...], Any]] = WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class PathRange:
    """Modes along the part of a path that a figure shows, as effects.

    Attributes
    ----------
    scales : array of shape (k,)
    effects : array of shape (k, p)
        Coefficients times sd of their columns.
    sigma : array of shape (k,)
    knots : array of shape (m,)
        Those of the path that are among `scales`; none unless it has exact ones.
    leaves, returns : arrays of shape (m, p)
        Which coefficients leave zero or return to it at each knot.
    """

    scales: Floats
    effects: Floats
    sigma: Floats
    knots: Floats
    leaves: NDArray[np.bool_]
    returns: NDArray[np.bool_]

    @classmethod
    def of(cls, data: Regression, prior: Prior) -> PathRange:
        """Modes from where (almost) all is zero to where the prior hardly matters."""
        if not isinstance(data, Regression):
            raise PriormapError(f"data must be a Regression, got {type(data).__name__}")
        check_prior(prior)
        known = _kept.setdefault(data, {})
        if (prior,) not in known:
            known[prior,] = cls._computed(data, prior)
        return known[prior,]

    @classmethod
    def _computed(cls, data: Regression, prior: Prior) -> PathRange:
        low, is_known = _first_scale(data, prior), isinstance(data.sigma, float)
        path = map_path(data, prior, low * np.logspace(0, _DECADES, _MODES[is_known]))
        last = _last(path.coef, data)
        if not (is_known and isinstance(prior, Laplace)):
            some = slice(last + 1)
            none = np.empty((0, data.n_features), dtype=bool)
            effects = path.coef[some] * data.column_sd
            return cls(path.scales[some], effects, path.sigma[some], np.empty(0), none, none)
        exact = map_path(data, prior)
        live, none = exact.coef != 0, np.zeros((1, data.n_features), dtype=bool)
        before, after = np.vstack([none, live[:-1]]), np.vstack([live[1:], none])
        inside = (exact.scales >= low) & (exact.scales * _AFTER <= path.scales[-1])
        knots, coef = exact.scales[inside], exact.coef[inside]
        high = max(path.scales[last], _AFTER * knots.max(initial=0.0))
        scales = np.unique(np.concatenate([path.scales[path.scales <= high], knots, [high]]))
        path = map_path(data, prior, scales)
        # a knot found again on a grid is within rounding of one
        path.coef[np.searchsorted(scales, knots)] = coef
        effects, leaves, returns = path.coef * data.column_sd, ~live & after, ~live & before
        return cls(scales, effects, path.sigma, knots, leaves[inside], returns[inside])

    def strongest(self) -> Floats:
        """Mean size of each effect along the axis, which is logarithmic."""
        step = np.gradient(np.log(self.scales)) if len(self.scales) > 1 else np.ones(1)
        return np.asarray(step @ np.abs(self.effects) / step.sum())


def path_table(
    data: Regression,
    prior: Prior,
    features: Features = None,
    *,
    mass: float = 0.9,
    draws: int = 500,
    random_seed: int = 0,
) -> pd.DataFrame:
    """Mode of every coefficient along the scale of the prior.

    Parameters
    ----------
    data, prior, features, mass, draws, random_seed
        As in `plot_path`.

    Returns
    -------
    DataFrame
        Columns ``feature``, ``is_chosen`` (whether its band is drawn), ``scale``, ``alpha``
        (of scikit-learn, for the same mode; NaN under a prior with a scale for each column),
        ``mode`` as an effect (coefficient times sd of its column) and ``is_zero``.

    Examples
    --------
    >>> from priormap import Laplace, Regression
    >>> X = [[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]]
    >>> data = Regression(X, [3.0, 0.5, -3.0, -0.5], sigma=1.0)
    >>> table = path_table(data, Laplace(), "x1")
    >>> float(table.loc[(table.feature == "x1") & table.is_zero, "scale"].max().round(9))
    1.0
    """
    import pandas as pd

    shown = PathRange.of(data, prior)
    chosen = chosen_columns(data, features, shown.strongest(), _MOST)
    alpha = np.array(
        [_alpha(data, prior, *pair) for pair in zip(shown.scales, shown.sigma, strict=True)]
    )
    order = np.argsort(-shown.strongest(), kind="stable")
    rest = [data.names[j] for j in order if data.names[j] not in chosen and data.column_sd[j] > 0]
    parts = []
    for name in [*chosen, *rest[: MOST_ROWS - len(chosen)]]:
        mode = shown.effects[:, data.names.index(name)]
        columns = {"scale": shown.scales, "alpha": alpha, "mode": mode, "is_zero": mode == 0}
        parts.append(pd.DataFrame({"feature": name, "is_chosen": name in chosen, **columns}))
    return pd.concat(parts, ignore_index=True)


def path_posterior_table(
    data: Regression,
    prior: Prior,
    features: Features = None,
    *,
    mass: float = 0.9,
    draws: int = 500,
    random_seed: int = 0,
) -> pd.DataFrame:
    """Posterior mean and credible interval of the chosen coefficients along the scale.

    Exact under a Gaussian prior with known sigma; from draws otherwise.

    Returns
    -------
    DataFrame
        Columns ``feature``, ``scale``, ``mean``, ``low`` and ``high`` as effects; the interval
        is the central one.
    """
    import pandas as pd

    if not 0 < mass < 1:
        raise PriormapError(f"mass must lie between 0 and 1, got {mass!r}")
    shown = PathRange.of(data, prior)
    chosen = chosen_columns(data, features, shown.strongest(), _MOST)
    scales = np.geomspace(shown.scales[0], shown.scales[-1], _POSTERIORS)
    which = [data.names.index(name) for name in chosen]
    along = _posteriors(data, prior, scales, mass, draws, random_seed)[:, :, which]
    along = along * data.column_sd[which]
    parts = [
        pd.DataFrame({"feature": name, "scale": scales, "mean": mean, "low": low, "high": high})
        for name, (mean, low, high) in zip(chosen, along.transpose(2, 1, 0), strict=True)
    ]
    return pd.concat(parts, ignore_index=True)


def path_knots_table(
    data: Regression,
    prior: Prior,
    features: Features = None,
    *,
    mass: float = 0.9,
    draws: int = 500,
    random_seed: int = 0,
) -> pd.DataFrame:
    """Knots of a Laplace path in the figure, and what happens there.

    Returns
    -------
    DataFrame
        Columns ``scale``, ``feature`` and ``event``: the column whose coefficient leaves zero
        or returns to it. Empty where the path has no knots.
    """
    import pandas as pd

    shown = PathRange.of(data, prior)
    rows = [
        (shown.knots[k], data.names[j], event)
        for event, where in (("leaves zero", shown.leaves), ("returns to zero", shown.returns))
        for k, j in np.argwhere(where)
    ]
    table = pd.DataFrame(rows, columns=["scale", "feature", "event"])
    return table.sort_values("scale", kind="stable", ignore_index=True)


def _first_scale(data: Regression, prior: Prior) -> float:
    """Where the first coefficient leaves zero, or where all are shrunk away."""
    sigma = data.sigma if isinstance(data.sigma, float) else float(np.std(data.y)) or 1.0
    penalty = Penalty.from_prior(at_scale(prior, 1.0), data, sigma)
    unit = data.unit
    live = (unit.x_norm > 0) & (penalty.l1 + penalty.l2 > 0)
    if not live.any() or unit.y_norm == 0:
        raise PriormapError(
            "the path has nothing to show: no column varies with y, or the prior is flat"
        )
    pull = np.abs(unit.xty[live]) * unit.x_norm[live] * unit.y_norm
    if penalty.l1[live].any():
        return float((penalty.l1[live] / np.maximum(pull, pull.max() * 1e-12)).min()) / _BEFORE
    return float((np.sqrt(penalty.l2[live]) / unit.x_norm[live]).min()) * _SHRUNK_AWAY


def _last(coef: Floats, data: Regression) -> int:
    """Position of the scale where the modes are close to least squares, where that exists."""
    free = least_squares(data)
    known = np.isfinite(free)
    live = data.unit.x_norm > 0
    if not known[live].all():
        return len(coef) - 1
    length = data.unit.x_norm[known]
    away = np.linalg.norm((coef[:, known] - free[known]) * length, axis=1)
    close = np.flatnonzero(away <= _LET_FREE * np.linalg.norm(free[known] * length))
    return int(close[0]) if close.size else len(coef) - 1


def at_scale(prior: Prior, scale: float) -> Prior:
    """Prior of the path: with this scale, or this multiple where it has several."""
    has_one = isinstance(prior, Gaussian | Laplace) and np.ndim(prior.scale) == 0
    return prior.with_scale(scale) if has_one else prior.stretched(scale)


def _alpha(data: Regression, prior: Prior, scale: float, sigma: float) -> float:
    """Penalty strength of scikit-learn's Ridge, Lasso or ElasticNet for the same mode."""
    there = at_scale(prior, scale)
    if isinstance(there, Gaussian):
        alpha = there.to_ridge(sigma)
    elif isinstance(there, Laplace):
        alpha = there.to_lasso(sigma, data.n_rows)
    else:
        alpha = there.to_elastic_net(sigma, data.n_rows)[0]
    return float(alpha) if np.ndim(alpha) == 0 else np.nan


def _posteriors(
    data: Regression, prior: Prior, scales: Floats, mass: float, draws: int, seed: int
) -> Floats:
    """Means and ends of the intervals, shape (scales, 3, p)."""
    key = (prior, mass, draws, seed)
    known = _kept.setdefault(data, {})
    if key not in known:
        rows = [_posterior(data, at_scale(prior, s), mass, draws, seed) for s in scales]
        known[key] = np.stack(rows)
    return known[key]


def _posterior(data: Regression, prior: Prior, mass: float, draws: int, seed: int) -> Floats:
    tails = np.array([(1 - mass) / 2, (1 + mass) / 2])
    if isinstance(prior, Gaussian) and isinstance(data.sigma, float):
        from priormap.posterior.draws import user_coefs
        from priormap.posterior.gaussian_route import gaussian_posterior

        exact = gaussian_posterior(data, prior)
        mean, sd = user_coefs(data, exact.mean), user_coefs(data, exact.sd)
        return np.stack([mean, *(mean + ndtri(tails)[:, None] * sd)])
    with warnings.catch_warnings():
        # a hundred independent draws place a line of a figure well enough
        warnings.simplefilter("ignore", PriormapWarning)
        tree = sample(data, prior, draws, random_seed=seed, progressbar=False)
    coef = tree["posterior"]["coef"].to_numpy().reshape(-1, data.n_features)
    return np.stack([coef.mean(axis=0), *np.quantile(coef, tails, axis=0)])
