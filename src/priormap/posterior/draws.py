"""What every route hands over: plain arrays of draws, before they become an ArviZ tree."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from priormap.arrays import Floats
from priormap.data.regression import Regression


@dataclass(frozen=True, eq=False)
class Draws:
    """Draws of one run, in the caller's units.

    Attributes
    ----------
    coef : array of shape (chains, draws, p)
    intercept : array of shape (chains, draws), or None without an intercept
    sigma : array of shape (chains, draws), or None where it is known
    scale : array of shape (chains, draws), or None where it is not learnt
    centred_rss : array of shape (chains, draws), optional
        Residual sum of squares under the best intercept of each draw, where the route knows it.
    stats : dict of arrays of shape (chains, draws)
        What the route knows of each draw.
    attributes : dict
        What the route knows of the run.
    """

    coef: Floats
    intercept: Floats | None
    sigma: Floats | None
    scale: Floats | None = None
    centred_rss: Floats | None = None
    stats: dict[str, Floats] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)


def intercepts(
    data: Regression, coef: Floats, sigma: Floats, rng: np.random.Generator
) -> Floats | None:
    """Exact draws of the flat intercept: ``Normal(y_mean - x_mean'b, sigma**2 / n)``."""
    if not data.intercept:
        return None
    columns = data.unit
    centre = columns.y_mean - coef @ columns.x_mean
    return centre + sigma / np.sqrt(data.n_rows) * rng.standard_normal(centre.shape)
