"""Three statements of each coefficient: by the mode, by resamples, by the posterior."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from priormap.errors import Phrase, PriormapError
from priormap.tables.chosen import Features, check_contrast, chosen_features
from priormap.tables.effects import MOST_EFFECTS
from priormap.tables.posterior_contrast import Contrast

if TYPE_CHECKING:
    import pandas as pd

_ASKED = (
    *("feature", "prior", "family", "is_zero", "resampled_nonzero"),
    *("prob_outside", "prob_sign", "prob_nonzero"),
)


def stability_table(table: Contrast, features: Features = None) -> pd.DataFrame:
    """What is said of each coefficient being zero, or small, or of one sign.

    Parameters
    ----------
    table : Contrast
        What `contrast` returned with its argument `resamples`.
    features : list of str, optional
        Columns to show; default: the twelve with the largest ``|posterior mean| * sd(x)``.

    Returns
    -------
    DataFrame
        Columns ``feature``, ``prior``, ``family``; ``is_zero``, whether the mode is exactly zero;
        ``resampled_nonzero``, the share of resamples in which it is not; ``prob_outside``, the
        probability of ``|coef| > rope``; ``prob_sign``, that of the likelier sign; and
        ``prob_nonzero``, that of not being exactly zero.

    Raises
    ------
    PriormapError
        If `table` holds no resamples.

    Examples
    --------
    >>> import numpy as np
    >>> from priormap import Laplace, Regression, contrast
    >>> X = np.random.default_rng(0).normal(size=(60, 2))
    >>> data = Regression(X, X[:, 0], sigma=1.0)
    >>> table = contrast(data, {"lasso": Laplace(0.1)}, random_seed=1, resamples=50)
    >>> stability_table(table)["is_zero"].tolist()
    [False, True]
    """
    chosen = chosen_features(check_resampled(table), features, MOST_EFFECTS)
    rows = table.coefficients[table.coefficients["feature"].isin(chosen)]
    prior = rows["prior"].map(list(table.priors).index)
    order = np.lexsort([rows["feature"].map(chosen.index), prior])
    rows = rows.iloc[order].reset_index(drop=True)
    families = {name: prior.label for name, prior in table.priors.items()}
    negative = rows["prob_nonzero"] - rows["prob_positive"]
    rows = rows.assign(
        family=rows["prior"].map(families),
        prob_outside=1 - rows["prob_rope"],
        prob_sign=np.maximum(rows["prob_positive"], negative),
    )
    return rows[list(_ASKED)]


def check_resampled(table: object) -> Contrast:
    """Return `table` if it is what `contrast` returned with resamples, or refuse."""
    found = check_contrast(table)
    if "resampled_nonzero" not in found.coefficients:
        raise PriormapError(
            "table holds no resamples; ",
            Phrase("give contrast(..., resamples=1000)", "add --resamples 1000"),
        )
    return found
