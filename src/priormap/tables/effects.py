"""Effects of a contrast, coefficient times sd of its column: their numbers, what they answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from priormap.errors import PriormapError
from priormap.model.least_squares import least_squares
from priormap.tables.chosen import Features, check_contrast, chosen_features
from priormap.tables.named_priors import listed
from priormap.tables.posterior_contrast import Contrast

if TYPE_CHECKING:
    import pandas as pd


MOST_EFFECTS = 12  # columns shown unless they are named
_MOST_NAMED = 6  # columns in one sentence
_MOST_GROUPS = 3  # sets of priors in one sentence
_AGREE = 0.5  # posterior sds between two means that are much the same


def contrast_table(table: Contrast, features: Features = None) -> pd.DataFrame:
    """Intervals, means and modes of the forest.

    Parameters
    ----------
    table : Contrast
        What `contrast` returned.
    features : list of str, optional
        Columns to show; default: the twelve with the largest ``|posterior mean| * sd(x)``.

    Returns
    -------
    DataFrame
        Columns ``feature``, ``prior``, ``family``, ``hdi_low``, ``hdi_high``, ``mean``,
        ``mode`` as effects (coefficient times sd of its column: the change of y per sd of the
        column), and ``is_zero``: whether the mode is exactly zero.

    Examples
    --------
    >>> import numpy as np
    >>> from priormap import Laplace, Regression, contrast
    >>> X = np.random.default_rng(0).normal(size=(60, 3))
    >>> data = Regression(X, X @ [1.0, 0.1, 0.0], sigma=1.0)
    >>> table = contrast(data, {"lasso": Laplace(0.1)}, random_seed=1)
    >>> contrast_table(table)[["feature", "is_zero"]]
      feature  is_zero
    0      x0    False
    1      x1     True
    2      x2     True
    """
    chosen = chosen_features(check_contrast(table), features, MOST_EFFECTS)
    data = table.data
    rows = table.coefficients[table.coefficients["feature"].isin(chosen)].copy()
    order = rows["feature"].map(chosen.index)
    rows = rows.iloc[np.argsort(order.to_numpy(), kind="stable")].reset_index(drop=True)
    sd = rows["feature"].map(dict(zip(data.names, data.column_sd, strict=True)))
    families = {name: prior.label for name, prior in table.priors.items()}
    effects = {name: rows[name] * sd for name in ("hdi_low", "hdi_high", "mean", "mode")}
    rows = rows[["feature", "prior", "is_zero"]].assign(
        family=rows["prior"].map(families), **effects
    )
    return rows[["feature", "prior", "family", *effects, "is_zero"]]


def coefficient_shrinkage_table(table: Contrast, features: Features = None) -> pd.DataFrame:
    """Mode and posterior mean of each coefficient beside least squares.

    Parameters
    ----------
    table : Contrast
        What `contrast` returned.
    features : list of str, optional
        Columns to show; default: the twelve with the largest ``|posterior mean| * sd(x)``.

    Returns
    -------
    DataFrame
        Columns ``feature``, ``prior``, ``family``, ``least_squares``, ``mode``, ``mean`` as
        effects (coefficient times sd of its column), and ``is_zero``: whether the mode is
        exactly zero.

    Raises
    ------
    PriormapError
        If the data do not determine least squares.

    Examples
    --------
    >>> import numpy as np
    >>> from priormap import Laplace, Regression, contrast
    >>> X = np.random.default_rng(0).normal(size=(60, 3))
    >>> data = Regression(X, X @ [1.0, 0.1, 0.0], sigma=1.0)
    >>> table = contrast(data, {"lasso": Laplace(0.1)}, random_seed=1)
    >>> rows = coefficient_shrinkage_table(table)
    >>> bool((rows["mode"].abs() <= rows["least_squares"].abs()).all())
    True
    """
    chosen = chosen_features(check_contrast(table), features, MOST_EFFECTS)
    data = table.data
    which = [data.names.index(name) for name in chosen]
    free = least_squares(data).coef[which] * data.column_sd[which]
    if not np.isfinite(free).all():
        raise PriormapError(
            "the data do not determine least squares (more columns than rows, or collinear "
            "ones), so that there is nothing to compare with; use plot_contrast"
        )
    rows = contrast_table(table, chosen)
    rows = rows.assign(least_squares=rows["feature"].map(dict(zip(chosen, free, strict=True))))
    order = rows["prior"].map(list(table.priors).index).to_numpy()
    columns = ["feature", "prior", "family", "least_squares", "mode", "mean", "is_zero"]
    return rows.iloc[np.argsort(order, kind="stable")][columns].reset_index(drop=True)


def interval_mass(table: Contrast) -> float:
    """Share of the draws inside the intervals, which is what their mass was."""
    inside = []
    for name, tree in table.posteriors.items():
        rows = table.coefficients[table.coefficients["prior"] == name]
        coef = tree["posterior"]["coef"].to_numpy()
        low, high = rows["hdi_low"].to_numpy(), rows["hdi_high"].to_numpy()
        inside.append(((coef >= low) & (coef <= high)).mean())
    return float(np.mean(inside))


def clear_signs(table: Contrast) -> pd.DataFrame:
    """Sign of every coefficient whose interval leaves out 0.

    Parameters
    ----------
    table : Contrast
        What `contrast` returned.

    Returns
    -------
    DataFrame
        One row per column, the strongest effect first, and one column per prior: 1, -1, or 0
        where the highest-density interval holds 0.

    Examples
    --------
    >>> import numpy as np
    >>> from priormap import Laplace, Regression, contrast
    >>> X = np.random.default_rng(0).normal(size=(60, 2))
    >>> table = contrast(Regression(X, -X[:, 0], sigma=1.0), {"lasso": Laplace(0.1)}, random_seed=1)
    >>> clear_signs(table)["lasso"].to_dict()
    {'x0': -1, 'x1': 0}
    """
    rows = check_contrast(table).coefficients
    sign = (rows["hdi_low"] > 0).astype(int) - (rows["hdi_high"] < 0).astype(int)
    names, size = list(table.data.names), _means(table).abs().max(axis=1).to_numpy()
    signs = rows.assign(sign=sign).pivot(index="feature", columns="prior", values="sign")
    order = [names[j] for j in np.argsort(-size, kind="stable")]
    return signs.loc[order, list(table.priors)]


def answers(table: Contrast, target: str = "y") -> tuple[str, ...]:
    """Say which columns are clearly not zero and in which direction, and where priors disagree.

    Parameters
    ----------
    table : Contrast
        What `contrast` returned.
    target : str
        What y is.

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> import numpy as np
    >>> from priormap import Laplace, Regression, contrast
    >>> X = np.random.default_rng(0).normal(size=(60, 2))
    >>> table = contrast(Regression(X, -X[:, 0], sigma=1.0), {"lasso": Laplace(0.1)}, random_seed=1)
    >>> print(*answers(table, "weight"))
    Clearly not zero, with intervals that leave out 0: weight falls with x0.
    """
    signs, names = clear_signs(table), list(table.priors)
    alike = signs.nunique(axis=1) == 1
    shared = signs.loc[alike & (signs[names[0]] != 0), names[0]]
    under = "" if len(names) == 1 else f" under {'both' if len(names) == 2 else 'all'} priors"
    if shared.empty:
        why = ": every interval holds 0" if alike.all() else ""
        said = [f"No column is clearly not zero{under}{why}."]
    else:
        number = f"{len(shared)} of {len(signs)} columns are clearly"
        count = number if len(shared) > _MOST_NAMED else "Clearly"
        ways = _directions(shared, target)
        said = [f"{count} not zero{under}, with intervals that leave out 0: {ways}."]
    if len(names) > 1:
        said += [_disputed(signs[~alike], target)] if not alike.all() else []
        said.append(_largest_difference(table))
    return tuple(said)


def _directions(signs: pd.Series[int], target: str) -> str:
    """Which columns go with more of y, and which with less; of many the strongest."""
    shown = signs[:_MOST_NAMED]
    ways = [
        f"{verb} with {listed(list(shown.index[shown == sign]))}"
        for verb, sign in (("rises", 1), ("falls", -1))
        if (shown == sign).any()
    ]
    left = len(signs) - len(shown)
    return f"{target} {' and '.join(ways)}{f' (and {left} weaker ones)' * (left > 0)}"


def _disputed(signs: pd.DataFrame, target: str) -> str:
    """Columns that are clearly not zero under some priors and not under others."""
    import pandas as pd

    names = [str(one) for one in signs]
    groups: dict[tuple[str, ...], dict[str, int]] = {}
    for name, row in signs.iterrows():
        for sign in (1, -1):
            if believers := tuple(str(one) for one in row.index[row == sign]):
                groups.setdefault(believers, {})[str(name)] = sign
    said = [
        f"under {_some(believers, names)}, {_directions(pd.Series(found), target)}"
        for believers, found in list(groups.items())[:_MOST_GROUPS]
    ]
    more = "; and others" * (len(groups) > _MOST_GROUPS)
    return f"The priors disagree on what is clearly not zero: {'; '.join(said)}{more}."


def _some(believers: tuple[str, ...], names: list[str]) -> str:
    """Some of the priors, or all but one of many."""
    others = [name for name in names if name not in believers]
    if len(others) == 1 and len(believers) > 2:
        return f"all but {others[0]}"
    return f"{listed(list(believers))} only"


def _largest_difference(table: Contrast) -> str:
    """Where the posterior means lie furthest apart, in posterior sds."""
    means = _means(table)
    spread = table.coefficients.pivot(index="feature", columns="prior", values="sd")
    sd = spread.loc[means.index].mul(table.data.column_sd, axis=0).max(axis=1)
    apart = ((means.max(axis=1) - means.min(axis=1)) / sd.where(sd > 0, np.inf)).fillna(0.0)
    at = int(np.argmax(apart.to_numpy()))
    name, furthest, effects = apart.index[at], float(apart.iloc[at]), means.iloc[at]
    if furthest < _AGREE:
        return f"The priors agree: no two posterior means are {_AGREE} posterior sd apart."
    high, low = effects.idxmax(), effects.idxmin()
    return (
        f"The estimates differ most in {name}: one sd of it moves the mean of y by "
        f"{effects.max():.3g} under {high} and {effects.min():.3g} under {low}, {furthest:.1f} "
        "posterior sd apart."
    )


def _means(table: Contrast) -> pd.DataFrame:
    """Posterior means of the effects, a row for each column and a column for each prior."""
    data = table.data
    means = table.coefficients.pivot(index="feature", columns="prior", values="mean")
    return means.loc[list(data.names), list(table.priors)].mul(data.column_sd, axis=0)
