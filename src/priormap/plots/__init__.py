"""Figures: the only place that imports matplotlib.

Every figure is three functions that take the same arguments: ``<name>_table`` returns the
numbers as a tidy DataFrame, ``plot_<name>`` draws exactly those numbers, and
``<name>_caption`` says in words, with computed numbers, what the figure shows (as the caption
of a paper, or as the alternative text of a page). ``plot_<name>(ax=None)`` draws on the given
Axes, which keep their own style, or makes new ones in the house style; it returns the Axes.

The figures of a posterior load when they are first used, so that those of a prior alone do not
wait for the samplers.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from priormap.plots.pull import plot_pull, pull_caption
from priormap.plots.pull_tables import crossover, pull_steps_table, pull_table
from priormap.plots.saving import save_figure
from priormap.plots.shapes import plot_prior_shapes, prior_shapes_caption, prior_shapes_table
from priormap.plots.shrinkage import (
    dead_zone_edge,
    plot_shrinkage,
    shrinkage_caption,
    shrinkage_table,
)
from priormap.plots.style import LOOKS, Look, house_style
from priormap.plots.writing import write_figures

if TYPE_CHECKING:
    from priormap.plots.coefficient_shrinkage import (
        coefficient_shrinkage_caption,
        coefficient_shrinkage_table,
        plot_coefficient_shrinkage,
    )
    from priormap.plots.counts import (
        nonzero_counts_caption,
        nonzero_counts_points_table,
        nonzero_counts_table,
        plot_nonzero_counts,
    )
    from priormap.plots.forest import contrast_caption, contrast_table, plot_contrast
    from priormap.plots.geometry import geometry_caption, plot_geometry, plot_geometry_panel
    from priormap.plots.geometry_tables import (
        geometry_density_table,
        geometry_points_table,
        geometry_table,
    )
    from priormap.plots.joint_density import joint_caption, plot_joint
    from priormap.plots.joint_tables import (
        joint_contours_table,
        joint_points_table,
        joint_table,
    )
    from priormap.plots.marginal_tables import (
        posterior_vs_map_points_table,
        posterior_vs_map_table,
    )
    from priormap.plots.marginals import plot_posterior_vs_map, posterior_vs_map_caption
    from priormap.plots.path_tables import path_knots_table, path_posterior_table, path_table
    from priormap.plots.paths import path_caption, plot_path
    from priormap.plots.predictive import plot_prior_predictive, prior_predictive_caption
    from priormap.plots.scale_choice_curves import (
        plot_scale_choice,
        scale_choice_caption,
        scale_choice_points_table,
        scale_choice_table,
    )
    from priormap.plots.sensitivities import (
        plot_sensitivity,
        sensitivity_caption,
        sensitivity_table,
    )
    from priormap.tables.prior_predictive import (
        prior_predictive_points_table,
        prior_predictive_table,
    )

_POSTERIOR = {
    "coefficient_shrinkage_caption": "coefficient_shrinkage",
    "coefficient_shrinkage_table": "coefficient_shrinkage",
    "contrast_caption": "forest",
    "contrast_table": "forest",
    "geometry_caption": "geometry",
    "geometry_density_table": "geometry_tables",
    "geometry_points_table": "geometry_tables",
    "geometry_table": "geometry_tables",
    "joint_caption": "joint_density",
    "joint_contours_table": "joint_tables",
    "joint_points_table": "joint_tables",
    "joint_table": "joint_tables",
    "nonzero_counts_caption": "counts",
    "nonzero_counts_points_table": "counts",
    "nonzero_counts_table": "counts",
    "path_caption": "paths",
    "path_knots_table": "path_tables",
    "path_posterior_table": "path_tables",
    "path_table": "path_tables",
    "plot_coefficient_shrinkage": "coefficient_shrinkage",
    "plot_contrast": "forest",
    "plot_geometry": "geometry",
    "plot_geometry_panel": "geometry",
    "plot_joint": "joint_density",
    "plot_nonzero_counts": "counts",
    "plot_path": "paths",
    "plot_posterior_vs_map": "marginals",
    "plot_prior_predictive": "predictive",
    "plot_scale_choice": "scale_choice_curves",
    "plot_sensitivity": "sensitivities",
    "posterior_vs_map_caption": "marginals",
    "posterior_vs_map_points_table": "marginal_tables",
    "posterior_vs_map_table": "marginal_tables",
    "prior_predictive_caption": "predictive",
    "prior_predictive_points_table": "predictive",
    "prior_predictive_table": "predictive",
    "scale_choice_caption": "scale_choice_curves",
    "scale_choice_points_table": "scale_choice_curves",
    "scale_choice_table": "scale_choice_curves",
    "sensitivity_caption": "sensitivities",
    "sensitivity_table": "sensitivities",
}

__all__ = [
    "LOOKS",
    "Look",
    "coefficient_shrinkage_caption",
    "coefficient_shrinkage_table",
    "contrast_caption",
    "contrast_table",
    "crossover",
    "dead_zone_edge",
    "geometry_caption",
    "geometry_density_table",
    "geometry_points_table",
    "geometry_table",
    "house_style",
    "joint_caption",
    "joint_contours_table",
    "joint_points_table",
    "joint_table",
    "nonzero_counts_caption",
    "nonzero_counts_points_table",
    "nonzero_counts_table",
    "path_caption",
    "path_knots_table",
    "path_posterior_table",
    "path_table",
    "plot_coefficient_shrinkage",
    "plot_contrast",
    "plot_geometry",
    "plot_geometry_panel",
    "plot_joint",
    "plot_nonzero_counts",
    "plot_path",
    "plot_posterior_vs_map",
    "plot_prior_predictive",
    "plot_prior_shapes",
    "plot_pull",
    "plot_scale_choice",
    "plot_sensitivity",
    "plot_shrinkage",
    "posterior_vs_map_caption",
    "posterior_vs_map_points_table",
    "posterior_vs_map_table",
    "prior_predictive_caption",
    "prior_predictive_points_table",
    "prior_predictive_table",
    "prior_shapes_caption",
    "prior_shapes_table",
    "pull_caption",
    "pull_steps_table",
    "pull_table",
    "save_figure",
    "scale_choice_caption",
    "scale_choice_points_table",
    "scale_choice_table",
    "sensitivity_caption",
    "sensitivity_table",
    "shrinkage_caption",
    "shrinkage_table",
    "write_figures",
]


def __getattr__(name: str) -> Any:
    if name not in _POSTERIOR:
        raise AttributeError(f"module 'priormap.plots' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"priormap.plots.{_POSTERIOR[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_POSTERIOR})
