"""The canonical penalty, priormap's own priors on it, and scikit-learn's numbers for a prior."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from priormap.arrays import Floats
from priormap.checks import positive_number
from priormap.conventions.records import Convention, Term
from priormap.priors import Prior, penalty_parts

_HUB = Convention(
    name="penalty",
    objective="sum w (y - a - x b)^2 / 2 + sum l1 |b| + sum l2 b^2 / 2",
    evidence="definition",
    l1=Term("l1"),
    l2=Term("l2"),
    defaults={"l1": 0.0, "l2": 0.0},
    per_column=True,
    column="caller",
    likelihood="any",
)


def _prior(
    name: str, objective: str, *, by_noise: bool = False, l1: str = "", l2: str = ""
) -> Convention:
    """Record of a prior whose parts have scales of these names, at their default 1."""
    return Convention(
        name=f"priormap.{name}" + "(scaled_by_noise=True)" * by_noise,
        objective=objective,
        evidence="definition; checked against find_map to 1e-9",
        l1=Term(l1, power=-1, noise=1 if by_noise else 2) if l1 else None,
        l2=Term(l2, power=-2, noise=0 if by_noise else 2) if l2 else None,
        defaults={scale: 1.0 for scale in (l1, l2) if scale},
        per_column=True,
        likelihood="any",
    )


PRIORS = (
    _HUB,
    _prior("Gaussian", "b ~ Normal(0, scale^2)", l2="scale"),
    _prior("Laplace", "b ~ Laplace(0, scale)", l1="scale"),
    _prior(
        "ElasticNet",
        "p(b) ~ exp(-|b| / l1_scale - b^2 / (2 l2_scale^2))",
        l1="l1_scale",
        l2="l2_scale",
    ),
    _prior("Gaussian", "b ~ Normal(0, sigma^2 scale^2)", by_noise=True, l2="scale"),
    _prior("Laplace", "b ~ Laplace(0, sigma scale)", by_noise=True, l1="scale"),
    _prior(
        "ElasticNet",
        "p(b) ~ exp(-|b| / (sigma l1_scale) - b^2 / (2 sigma^2 l2_scale^2))",
        by_noise=True,
        l1="l1_scale",
        l2="l2_scale",
    ),
)


class ScikitLearnCall(NamedTuple):
    """scikit-learn's estimator whose fit is the mode of a prior, with its numbers.

    Attributes
    ----------
    estimator : {"Ridge", "Lasso", "ElasticNet"}
    alpha : float or array
        One number, or one for each scale of a vector.
    l1_ratio : float or array
        Share of l1; NaN for Ridge and Lasso, which have none.
    """

    estimator: str
    alpha: float | Floats
    l1_ratio: float | Floats


def scikit_learn_call(prior: Prior, sigma: float, n: int) -> ScikitLearnCall:
    """scikit-learn's way to write the penalty that a prior is, for columns that it speaks of.

    With ``l1 = sigma**2 / l1_scale`` and ``l2 = sigma**2 / l2_scale**2``: Ridge has
    ``alpha = l2``, Lasso ``alpha = l1 / n``, and ElasticNet ``alpha = (l1 + l2) / n`` with
    ``l1_ratio = l1 / (l1 + l2)``, which is 1 where there is no penalty. An elastic net prior
    without one of its parts is written as the Ridge or the Lasso that it is.

    Raises
    ------
    PriormapError
        If the prior has no such penalty or its scale is learnt, or sigma or n is not positive.

    Examples
    --------
    >>> from priormap import ElasticNet
    >>> scikit_learn_call(ElasticNet(l1_scale=1.0, l2_scale=1.0), sigma=2.0, n=100)
    ScikitLearnCall(estimator='ElasticNet', alpha=0.08, l1_ratio=0.5)
    """
    parts, rows = penalty_parts(prior), positive_number("n", n)
    l1, l2 = parts.weights(sigma)
    is_flat = not (l1.any() or l2.any())
    if not (l1.any() or (is_flat and parts.has_l1)):
        return ScikitLearnCall("Ridge", _number(l2), np.nan)
    if not (l2.any() or (is_flat and parts.has_l2)):
        return ScikitLearnCall("Lasso", _number(l1 / rows), np.nan)
    total = l1 + l2
    share = np.divide(l1, total, out=np.ones_like(total), where=total > 0)
    return ScikitLearnCall("ElasticNet", _number(total / rows), _number(share))


def scikit_learn_alpha(prior: Prior, sigma: float, n: int) -> float | Floats:
    """``alpha`` of `scikit_learn_call`: one number, or one for each scale of a vector."""
    return scikit_learn_call(prior, sigma, n).alpha


def _number(values: Floats) -> float | Floats:
    return values if np.ndim(values) else float(values)
