"""The numbers of the sensitivity figure: modes and posteriors along a power of the prior."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from priormap.checks import result_of
from priormap.criteria import PriorSensitivity
from priormap.errors import PriormapError
from priormap.tables.chosen import Features

if TYPE_CHECKING:
    import pandas as pd


_MOST = 3  # columns shown unless they are named


def sensitivity_table(found: PriorSensitivity, features: Features = None) -> pd.DataFrame:
    """Modes and posteriors of the figure.

    Parameters
    ----------
    found : PriorSensitivity
        What `prior_sensitivity` returned.
    features : list of str, optional
        Columns to show; default: the three whose posterior means move most.

    Returns
    -------
    DataFrame
        Columns ``feature``, ``power``, ``mode``, ``mean``, ``low``, ``high`` as effects
        (coefficient times sd of its column).

    Examples
    --------
    >>> import numpy as np
    >>> from priormap import Laplace, Regression, prior_sensitivity
    >>> X = np.random.default_rng(0).normal(size=(60, 3))
    >>> data = Regression(X, X @ [1.0, 0.1, 0.0], sigma=1.0)
    >>> found = prior_sensitivity(data, Laplace(0.1), [0.8, 1.25], random_seed=1)
    >>> sensitivity_table(found, ["x0"])["power"].tolist()
    [0.8, 1.0, 1.25]
    """
    chosen = moving_columns(found, features)
    data = found.fit.data
    sd = dict(zip(data.names, data.column_sd, strict=True))
    parts = found.path[found.path["feature"].isin(chosen)]
    unit = parts["feature"].map(sd)
    effects = {name: parts[name] * unit for name in ("mode", "mean", "low", "high")}
    return parts[["feature", "power"]].assign(**effects).reset_index(drop=True)


def moving_columns(found: object, features: Features) -> list[str]:
    """Return the named columns, or those whose posterior means move most, or refuse."""
    found = result_of("prior_sensitivity(data, prior)", "found", found, PriorSensitivity)
    names = found.fit.names
    if features is None:
        moved = np.abs(found.coefficients["mean_slope"].to_numpy()) * found.fit.data.column_sd
        strongest = np.sort(np.argsort(-moved, kind="stable")[:_MOST])
        return [names[j] for j in strongest]
    chosen = [features] if isinstance(features, str) else [str(name) for name in features]
    for name in chosen:
        if name not in names:
            raise PriormapError(
                f"features has {name!r}, which is no column; choose from: {', '.join(names[:8])}"
            )
    if not chosen:
        raise PriormapError("features is empty; name at least one column")
    return chosen
