"""How many coefficients matter: one number in the mode, a distribution in the posterior."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from priormap.arrays import Floats
from priormap.tables.chosen import check_contrast
from priormap.tables.posterior_contrast import Contrast

if TYPE_CHECKING:
    import pandas as pd


def nonzero_counts_table(table: Contrast) -> pd.DataFrame:
    """Posterior distribution of the number of coefficients outside their region.

    The region of practical equivalence of each is that of `contrast` (its argument `rope`).

    Parameters
    ----------
    table : Contrast
        What `contrast` returned.

    Returns
    -------
    DataFrame
        Columns ``prior``, ``family``, ``count`` and ``share`` of the draws; every count between
        the smallest and the largest of all priors is there.

    Examples
    --------
    >>> import numpy as np
    >>> from priormap import Laplace, Regression, contrast
    >>> X = np.random.default_rng(0).normal(size=(60, 3))
    >>> data = Regression(X, X @ [1.0, 0.1, 0.0], sigma=1.0)
    >>> shares = nonzero_counts_table(contrast(data, {"lasso": Laplace(0.1)}, random_seed=1))
    >>> float(shares["share"].sum().round(12))
    1.0
    """
    import pandas as pd

    check_contrast(table)
    counts = {name: _counts(table, name) for name in table.priors}
    together = np.concatenate(list(counts.values()))
    support = np.arange(together.min(), together.max() + 1)
    parts = []
    for name, prior in table.priors.items():
        share = np.bincount(counts[name] - support[0], minlength=len(support)) / len(counts[name])
        columns = {"family": prior.label, "count": support, "share": share}
        parts.append(pd.DataFrame({"prior": name, **columns}))
    return pd.concat(parts, ignore_index=True)


def nonzero_counts_points_table(table: Contrast) -> pd.DataFrame:
    """Number of coefficients that count, in one number for each prior.

    Returns
    -------
    DataFrame
        Columns ``prior``, ``family``, ``mode`` (coefficients of the mode that are not exactly
        zero), ``mode_outside`` (those outside their region), ``mean`` (posterior expectation of
        the number outside) and ``features`` (how many there are).
    """
    import pandas as pd

    rows = []
    for name, prior in check_contrast(table).priors.items():
        mode: tuple[float, float] = (np.nan, np.nan)
        if name in table.modes:
            coef = table.modes[name].coef
            outside = np.abs(coef) > _region(table, name)
            mode = int((coef != 0).sum()), int(outside.sum())
        mean = float(_counts(table, name).mean())
        rows.append((name, prior.label, *mode, mean, table.data.n_features))
    columns = ["prior", "family", "mode", "mode_outside", "mean", "features"]
    return pd.DataFrame(rows, columns=columns)


def _region(table: Contrast, name: str) -> Floats:
    rows = table.coefficients[table.coefficients["prior"] == name].set_index("feature")
    return rows.loc[list(table.data.names), "rope"].to_numpy()


def _counts(table: Contrast, name: str) -> Floats:
    """Number of coefficients outside their region, for each draw."""
    coef = table.posteriors[name]["posterior"]["coef"].to_numpy()
    region = _region(table, name)
    return (np.abs(coef.reshape(-1, coef.shape[-1])) > region).sum(axis=1)


def rope_of(table: Contrast) -> float:
    """Half-width of the regions of practical equivalence, in sd(y) per sd(x)."""
    data = table.data
    width = _region(table, next(iter(table.priors))) * data.column_sd
    return float(np.nanmax(width[data.column_sd > 0]) / np.std(data.y))
