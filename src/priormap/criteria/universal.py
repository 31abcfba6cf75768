r"""The universal penalty: just above what noise alone does to any of p columns.

For columns of length ``|x_j|`` and noise sd sigma the largest of p correlations ``|x_j'e|`` with
pure noise stays below ``sigma |x_j| sqrt(2 log p)`` with a probability that tends to one
(Donoho and Johnstone, 1994, "Ideal spatial adaptation by wavelet shrinkage", Biometrika 81(3)).
"""

from __future__ import annotations

import numpy as np

from priormap.criteria.criterion import Criterion, Optimum, Study
from priormap.criteria.scale_family import ScaleFamily

_MEANING = (
    "lambda = sigma sqrt(2 n log p) on columns of sd 1, just above what noise alone does to p "
    "columns"
)


def universal_scale(family: ScaleFamily) -> float:
    r"""Laplace scale whose penalty is ``sigma sqrt(2 n log p)`` on columns of sd 1.

    Columns of other lengths are given their root mean square, relative scales included. A
    single column counts as two, because log 1 would be no penalty at all.
    """
    columns = family.data.unit
    live = columns.x_norm > 0
    lengths = columns.x_norm[live] / family.l1_rates[live]  # |x_j| s_j at scale 1
    typical = float(np.sqrt(np.mean(lengths**2)))
    threshold = typical * np.sqrt(2 * np.log(max(int(live.sum()), 2)))
    return float((1.0 if family.prior.scaled_by_noise else family.sigma) / threshold)


def _optima(study: Study) -> list[Optimum]:
    return [Optimum("universal", universal_scale(study.family), np.nan, np.nan, _MEANING)]


def _why_not(study: Study) -> str:
    if study.family.l1_rates.any():
        return ""
    return (
        f"is a rule for penalties on |b|, which a {study.family.prior.spoken} prior has not; "
        "leave it out, or take Laplace"
    )


UNIVERSAL = Criterion("universal", {"universal": "the universal rule"}, _optima, why_not=_why_not)
