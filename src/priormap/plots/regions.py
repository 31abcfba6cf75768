"""Regions that hold a given mass of a density of two coefficients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes

from priormap.arrays import Floats
from priormap.plots.style import LOOKS

if TYPE_CHECKING:
    import pandas as pd


MASSES = (0.95, 0.5)  # of the posterior, inside its contours


def density_levels(density: Floats) -> list[float]:
    """Densities above which `MASSES` of a density on an even grid lie, lowest first."""
    ordered = np.sort(density, axis=None)[::-1]
    inside = np.cumsum(ordered) / ordered.sum()
    return [float(ordered[int(np.searchsorted(inside, mass))]) for mass in MASSES]


def fill_posterior(axes: Axes, density: pd.DataFrame) -> None:
    """Fill the regions that hold `MASSES` of a density with columns ``x, y, density``."""
    grid = density.pivot(index="y", columns="x", values="density")
    levels = [*density_levels(grid.to_numpy()), float(grid.to_numpy().max())]
    look = LOOKS["posterior"]
    fills = [look.tinted(0.75).color, look.tinted(0.5).color]
    axes.contourf(grid.columns, grid.index, grid, levels=levels, colors=fills, zorder=1)
    axes.contour(
        grid.columns, grid.index, grid, levels=levels[:-1], colors=look.color, linewidths=0.7
    )
