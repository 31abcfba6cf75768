"""What a fitted scikit-learn estimator minimised: its convention and its numbers.

scikit-learn itself is not imported: whoever has such an estimator has loaded it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from priormap.arrays import Floats
from priormap.conventions import in_words
from priormap.data.fitted_estimators import FittedLinear
from priormap.errors import PriormapError

# Class: its convention, and where the convention's numbers stand in the fitted estimator
_KNOWN: dict[str, tuple[str, dict[str, str]]] = {
    "Ridge": ("sklearn.Ridge", {"alpha": "alpha"}),
    "RidgeCV": ("sklearn.Ridge", {"alpha": "alpha_"}),
    "Lasso": ("sklearn.Lasso", {"alpha": "alpha"}),
    "LassoCV": ("sklearn.Lasso", {"alpha": "alpha_"}),
    "LassoLars": ("sklearn.LassoLars", {"alpha": "alpha"}),
    "LassoLarsCV": ("sklearn.LassoLars", {"alpha": "alpha_"}),
    "LassoLarsIC": ("sklearn.LassoLars", {"alpha": "alpha_"}),
    "ElasticNet": ("sklearn.ElasticNet", {"alpha": "alpha", "l1_ratio": "l1_ratio"}),
    "ElasticNetCV": ("sklearn.ElasticNet", {"alpha": "alpha_", "l1_ratio": "l1_ratio_"}),
    "BayesianRidge": ("sklearn.BayesianRidge", {"lambda_": "lambda_", "alpha_": "alpha_"}),
    "ARDRegression": ("sklearn.ARDRegression", {"lambda_": "lambda_", "alpha_": "alpha_"}),
    "LinearRegression": ("sklearn.Ridge", {}),
}
_VECTORS = {("ARDRegression", "lambda_")}  # one number per column, not per response


@dataclass(frozen=True)
class Recipe:
    """The penalised problem of an estimator, in its library's own terms.

    Attributes
    ----------
    call : str
        How one writes it, for example ``Lasso(alpha=0.1)``.
    convention : str
        Its name in the table of conventions.
    numbers : dict of str to float or array
        Its parameters there.
    intercept : bool
        Whether it has a free intercept.
    """

    call: str
    convention: str
    numbers: dict[str, float | Floats]
    intercept: bool


def recipe_of(fitted: FittedLinear) -> Recipe:
    """Recipe of a fitted estimator, or one sentence that refuses it."""
    model, kind = fitted.model, type(fitted.model).__name__
    known = _known_class(model)
    if known is None:
        raise PriormapError(
            f"{kind} is not one of the linear models that can be explained: {', '.join(_KNOWN)}"
        )
    if getattr(model, "positive", False):
        raise PriormapError(
            f"{kind}(positive=True) keeps its coefficients from falling below zero: its prior "
            "is cut off at zero, which no prior here is; fit it with positive=False"
        )
    convention, where = _KNOWN[known]
    numbers: dict[str, float | Floats] = {
        name: np.asarray(getattr(model, at), dtype=float)
        if (kind, name) in _VECTORS
        else _number(kind, at, getattr(model, at))
        for name, at in where.items()
    }
    shown = in_words(numbers)
    if known == "LinearRegression":
        numbers = {"alpha": 0.0}
    return Recipe(f"{kind}({shown})", convention, numbers, bool(model.fit_intercept))


def _known_class(model: Any) -> str | None:
    """Name of the first scikit-learn class that `model` is, if it is a known one."""
    for one in type(model).__mro__:
        if one.__module__.startswith("sklearn.linear_model"):
            return one.__name__ if one.__name__ in _KNOWN else None
    return None


def _number(kind: str, name: str, value: Any) -> float:
    if np.size(value) != 1:
        raise PriormapError(
            f"{kind} has {np.size(value)} values of {name}, one per response; "
            "fit each response on its own"
        )
    return float(np.ravel(value)[0])
