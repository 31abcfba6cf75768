"""The numbers of the prior predictive figure: what a prior expects before it sees y."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from priormap.data.regression import Regression, check_data
from priormap.errors import PriormapError
from priormap.model.model import Model
from priormap.model.prior_predictive import PriorPredictive
from priormap.priors import Prior
from priormap.tables.named_priors import priors_by_name

if TYPE_CHECKING:
    import pandas as pd


Drawn: TypeAlias = Mapping[tuple[str, str], PriorPredictive]  # by name and family
_LEVELS, _TAIL = 361, 0.001  # points of a distribution function, and draws beyond each end


def prior_predictive_table(data: Regression, priors: Prior | Mapping[str, Prior]) -> pd.DataFrame:
    """Distribution functions of R squared and of the size of the linear predictor.

    Parameters
    ----------
    data, priors
        As in `plot_prior_predictive`.

    Returns
    -------
    DataFrame
        Columns ``prior``, ``family``, ``quantity`` (r2 or size), ``value`` and ``share`` of the
        draws up to it.

    Examples
    --------
    >>> import numpy as np
    >>> from priormap import Laplace, Regression
    >>> X = np.random.default_rng(0).normal(size=(60, 3))
    >>> data = Regression(X, X @ [1.0, 0.1, 0.0], sigma=1.0)
    >>> table = prior_predictive_table(data, {"lasso": Laplace(0.1)})
    >>> part = table[table["quantity"] == "r2"]
    >>> [float(end) for end in part["value"].iloc[[0, -1]]], float(part["share"].iloc[-1])
    ([0.0, 1.0], 1.0)
    """
    return distribution_table(drawn_of(data, priors))


def prior_predictive_points_table(
    data: Regression, priors: Prior | Mapping[str, Prior]
) -> pd.DataFrame:
    """Median and central 95 % of R squared and of the size of the linear predictor.

    Returns
    -------
    DataFrame
        Columns ``prior``, ``family``, ``quantity``, ``low``, ``median``, ``high``.
    """
    return quantile_table(drawn_of(data, priors))


def drawn_of(data: Regression, priors: Prior | Mapping[str, Prior]) -> Drawn:
    """Draw from every prior, by its name and label, or refuse."""
    named = checked_priors(data, priors)
    return {(name, prior.label): PriorPredictive.of(data, prior) for name, prior in named.items()}


def distribution_table(priors: Drawn) -> pd.DataFrame:
    """`prior_predictive_table` of these draws."""
    import pandas as pd

    levels = np.linspace(_TAIL, 1 - _TAIL, _LEVELS)
    parts = []
    for (name, label), drawn in priors.items():
        r2, size = (np.quantile(values, levels) for values in (drawn.r2, drawn.size))
        whole = np.concatenate([[0.0], r2, [1.0]]), np.concatenate([[0.0], levels, [1.0]])
        for quantity, (value, share) in {"r2": whole, "size": (size, levels)}.items():
            columns = {"quantity": quantity, "value": value, "share": share}
            parts.append(pd.DataFrame({"prior": name, "family": label, **columns}))
    return pd.concat(parts, ignore_index=True)


def quantile_table(priors: Drawn) -> pd.DataFrame:
    """`prior_predictive_points_table` of these draws."""
    import pandas as pd

    rows = []
    for (name, label), drawn in priors.items():
        for quantity, values in (("r2", drawn.r2), ("size", drawn.size)):
            ends = np.quantile(values, (0.025, 0.5, 0.975))
            rows.append((name, label, quantity, *ends))
    return pd.DataFrame(rows, columns=["prior", "family", "quantity", "low", "median", "high"])


def checked_priors(data: Regression, priors: Prior | Mapping[str, Prior]) -> dict[str, Prior]:
    """Return the priors by name, if each predicts something, or refuse."""
    check_data(data)
    named = priors_by_name(priors, or_one=True)
    if not data.unit.x_norm.any():
        raise PriormapError("no column varies: the linear predictor is constant")
    for name, prior in named.items():
        Model(data, prior)
        if prior.is_flat.any():
            raise PriormapError(f"prior {name!r} is flat and predicts nothing; give a finite scale")
    data.noise.rvs(0, np.random.default_rng(0))  # refuses an improper prior of sigma
    return named
