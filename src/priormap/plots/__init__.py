"""Figures: the only place that imports matplotlib.

Every figure is three functions that take the same arguments: ``<name>_table`` returns the
numbers as a tidy DataFrame, ``plot_<name>`` draws exactly those numbers, and
``<name>_caption`` says in words, with computed numbers, what the figure shows (as the caption
of a paper, or as the alternative text of a page). ``plot_<name>(ax=None)`` draws on the given
Axes, which keep their own style, or makes new ones in the house style; it returns the Axes.
"""

from __future__ import annotations

from priormap.plots.pull import plot_pull, pull_caption
from priormap.plots.pull_tables import crossover, pull_steps_table, pull_table
from priormap.plots.saving import save_figure, write_figures
from priormap.plots.shapes import plot_prior_shapes, prior_shapes_caption, prior_shapes_table
from priormap.plots.shrinkage import (
    dead_zone_edge,
    plot_shrinkage,
    shrinkage_caption,
    shrinkage_table,
)
from priormap.plots.style import LOOKS, Look, house_style

__all__ = [
    "LOOKS",
    "Look",
    "crossover",
    "dead_zone_edge",
    "house_style",
    "plot_prior_shapes",
    "plot_pull",
    "plot_shrinkage",
    "prior_shapes_caption",
    "prior_shapes_table",
    "pull_caption",
    "pull_steps_table",
    "pull_table",
    "save_figure",
    "shrinkage_caption",
    "shrinkage_table",
    "write_figures",
]
