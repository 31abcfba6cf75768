"""The numbers of the path figure: modes at every scale of the prior, posteriors at some."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from priormap.arrays import Floats
from priormap.checks import Seed, checked_count, checked_seed, share
from priormap.conventions import scikit_learn_alpha
from priormap.data.regression import Regression
from priormap.errors import PriormapWarning
from priormap.model import Model
from priormap.posterior import sample
from priormap.priors import Prior
from priormap.tables.chosen import MOST_ROWS, Features, chosen_columns
from priormap.tables.path_range import PathRange, at_scale, kept

if TYPE_CHECKING:
    import pandas as pd


_MOST = 3  # columns with bands unless they are named
POSTERIORS, EXACT = 31, 121  # scales at which the posterior is drawn, or exact


def path_table(
    data: Regression,
    prior: Prior,
    features: Features = None,
    *,
    mass: float = 0.9,
    draws: int = 500,
    random_seed: Seed = 0,
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

    shown, chosen = _checked(data, prior, features, mass, draws, random_seed)
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
    random_seed: Seed = 0,
) -> pd.DataFrame:
    """Posterior mean and credible interval of the chosen coefficients along the scale.

    Exact under a Gaussian prior with known sigma; from draws otherwise. Empty with ``draws=0``.

    Returns
    -------
    DataFrame
        Columns ``feature``, ``scale``, ``mean``, ``low`` and ``high`` as effects; the interval
        is the central one.
    """
    import pandas as pd

    shown, chosen = _checked(data, prior, features, mass, draws, random_seed)
    if draws == 0:
        return pd.DataFrame(columns=["feature", "scale", "mean", "low", "high"])
    nodes = EXACT if prior.is_normal and data.noise.is_known else POSTERIORS
    scales = np.geomspace(shown.scales[0], shown.scales[-1], nodes)
    which = [data.names.index(name) for name in chosen]
    seed = checked_seed(random_seed)
    along = _posteriors(data, prior, scales, mass, draws, seed)[:, :, which]
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
    random_seed: Seed = 0,
) -> pd.DataFrame:
    """Knots of the path in the figure, and what happens there.

    Returns
    -------
    DataFrame
        Columns ``scale``, ``feature`` and ``event``: the column whose coefficient leaves zero
        or returns to it. Empty under a Gaussian prior, and under an elastic net with sigma
        unknown.
    """
    import pandas as pd

    shown, _ = _checked(data, prior, features, mass, draws, random_seed)
    rows = [
        (shown.knots[k], data.names[j], event)
        for event, where in (("leaves zero", shown.leaves), ("returns to zero", shown.returns))
        for k, j in np.argwhere(where)
    ]
    table = pd.DataFrame(rows, columns=["scale", "feature", "event"])
    return table.sort_values("scale", kind="stable", ignore_index=True)


def _checked(
    data: Regression, prior: Prior, features: Features, mass: float, draws: int, seed: Seed
) -> tuple[PathRange, tuple[str, ...]]:
    """Return the part of the path that is shown, and the columns with bands, or refuse."""
    share("mass", mass)
    if draws != 0:  # which leaves the posteriors out
        checked_count("draws", draws)
    checked_seed(seed)
    shown = PathRange.of(data, prior)
    return shown, chosen_columns(data, features, shown.strongest(), _MOST)


def _alpha(data: Regression, prior: Prior, scale: float, sigma: float) -> float:
    """Penalty strength of scikit-learn's Ridge, Lasso or ElasticNet for the same mode."""
    alpha = scikit_learn_alpha(at_scale(prior, scale), sigma, data.n_rows)
    return float(alpha) if np.ndim(alpha) == 0 else np.nan


def _posteriors(
    data: Regression, prior: Prior, scales: Floats, mass: float, draws: int, seed: int
) -> Floats:
    """Means and ends of the intervals, shape (scales, 3, p)."""
    key = (prior, mass, draws, seed)
    known = kept.setdefault(data, {})
    if key not in known:
        rows = [_posterior(data, at_scale(prior, s), mass, draws, seed) for s in scales]
        known[key] = np.stack(rows)
    return known[key]


def _posterior(data: Regression, prior: Prior, mass: float, draws: int, seed: int) -> Floats:
    tails = np.array([(1 - mass) / 2, (1 + mass) / 2])
    if prior.is_normal and data.noise.is_known:
        from priormap.posterior.gaussian import gaussian_posterior

        exact = gaussian_posterior(Model(data, prior))
        mean, sd = (data.unit.in_callers_units(part) for part in (exact.mean, exact.sd))
        return np.stack([mean, *(mean + ndtri(tails)[:, None] * sd)])
    with warnings.catch_warnings():
        # a hundred independent draws place a line of a figure well enough
        warnings.simplefilter("ignore", PriormapWarning)
        tree = sample(data, prior, draws, random_seed=seed, progressbar=False)
    coef = tree["posterior"]["coef"].to_numpy().reshape(-1, data.n_features)
    return np.stack([coef.mean(axis=0), *np.quantile(coef, tails, axis=0)])
