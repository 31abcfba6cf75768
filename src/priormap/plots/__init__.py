"""Figures: the only place that imports matplotlib.

Every figure is a handful of functions: ``plot_<name>(..., ax=None)`` draws, on the given Axes,
which keep their own style, or on new ones in the house style, and returns the Axes;
``<name>_table`` returns the numbers drawn as a tidy DataFrame, ``<name>_<part>_table`` those of
its marks, and ``<name>_caption`` says in words, with computed numbers, what the figure shows (as
the caption of a paper, or as the alternative text of a page). They take the arguments of
``plot_<name>``, as far as these matter to them.

All figures are listed in ``register.py``; each loads when it is first used, so that the figures
of a prior alone do not wait for the samplers.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from priormap.plots.register import FIGURES

if TYPE_CHECKING:
    from priormap.plots.coefficient_shrinkage import (
        coefficient_shrinkage_caption as coefficient_shrinkage_caption,
    )
    from priormap.plots.coefficient_shrinkage import (
    )
    from priormap.plots.coefficient_shrinkage import (
        plot_coefficient_shrinkage as plot_coefficient_shrinkage,
    )
    from priormap.plots.counts import (
        nonzero_counts_caption as nonzero_counts_caption,
    )
    from priormap.plots.counts import (
        plot_nonzero_counts as plot_nonzero_counts,
    )
    from priormap.plots.forest import (
        contrast_caption as contrast_caption,
    )
    from priormap.plots.forest import (
    )
    from priormap.plots.forest import (
        plot_contrast as plot_contrast,
    )
    from priormap.plots.geometry import (
        geometry_caption as geometry_caption,
    )
    from priormap.plots.geometry import (
        plot_geometry as plot_geometry,
    )
    from priormap.plots.geometry import (
        plot_geometry_panel as plot_geometry_panel,
    )
    from priormap.plots.geometry_tables import (
        geometry_density_table as geometry_density_table,
    )
    from priormap.plots.geometry_tables import (
        geometry_points_table as geometry_points_table,
    )
    from priormap.plots.geometry_tables import (
        geometry_table as geometry_table,
    )
    from priormap.plots.joint_density import (
        joint_caption as joint_caption,
    )
    from priormap.plots.joint_density import (
        plot_joint as plot_joint,
    )
    from priormap.plots.joint_tables import (
        joint_contours_table as joint_contours_table,
    )
    from priormap.plots.joint_tables import (
        joint_points_table as joint_points_table,
    )
    from priormap.plots.joint_tables import (
        joint_table as joint_table,
    )
    from priormap.plots.marginal_tables import (
        posterior_vs_map_points_table as posterior_vs_map_points_table,
    )
    from priormap.plots.marginal_tables import (
        posterior_vs_map_table as posterior_vs_map_table,
    )
    from priormap.plots.marginals import (
        plot_posterior_vs_map as plot_posterior_vs_map,
    )
    from priormap.plots.marginals import (
        posterior_vs_map_caption as posterior_vs_map_caption,
    )
    from priormap.plots.path_tables import (
        path_knots_table as path_knots_table,
    )
    from priormap.plots.path_tables import (
        path_posterior_table as path_posterior_table,
    )
    from priormap.plots.path_tables import (
        path_table as path_table,
    )
    from priormap.plots.paths import (
        path_caption as path_caption,
    )
    from priormap.plots.paths import (
        plot_path as plot_path,
    )
    from priormap.plots.predictive import (
        plot_prior_predictive as plot_prior_predictive,
    )
    from priormap.plots.predictive import (
        prior_predictive_caption as prior_predictive_caption,
    )
    from priormap.plots.pull import (
        plot_pull as plot_pull,
    )
    from priormap.plots.pull import (
        pull_caption as pull_caption,
    )
    from priormap.plots.pull_tables import (
        crossover as crossover,
    )
    from priormap.plots.pull_tables import (
        pull_steps_table as pull_steps_table,
    )
    from priormap.plots.pull_tables import (
        pull_table as pull_table,
    )
    from priormap.plots.saving import save_figure as save_figure
    from priormap.plots.scale_choice_curves import (
        plot_scale_choice as plot_scale_choice,
    )
    from priormap.plots.scale_choice_curves import (
        scale_choice_caption as scale_choice_caption,
    )
    from priormap.plots.scale_choice_curves import (
        scale_choice_points_table as scale_choice_points_table,
    )
    from priormap.plots.scale_choice_curves import (
        scale_choice_table as scale_choice_table,
    )
    from priormap.plots.sensitivities import (
        plot_sensitivity as plot_sensitivity,
    )
    from priormap.plots.sensitivities import (
        sensitivity_caption as sensitivity_caption,
    )
    from priormap.plots.sensitivities import (
        sensitivity_table as sensitivity_table,
    )
    from priormap.plots.shapes import (
        plot_prior_shapes as plot_prior_shapes,
    )
    from priormap.plots.shapes import (
        prior_shapes_caption as prior_shapes_caption,
    )
    from priormap.plots.shapes import (
        prior_shapes_table as prior_shapes_table,
    )
    from priormap.plots.shrinkage import (
        dead_zone_edge as dead_zone_edge,
    )
    from priormap.plots.shrinkage import (
        plot_shrinkage as plot_shrinkage,
    )
    from priormap.plots.shrinkage import (
        shrinkage_caption as shrinkage_caption,
    )
    from priormap.plots.shrinkage import (
        shrinkage_table as shrinkage_table,
    )
    from priormap.plots.style import (
        LOOKS as LOOKS,
    )
    from priormap.plots.style import (
        Look as Look,
    )
    from priormap.plots.style import (
        house_style as house_style,
    )
    from priormap.plots.writing import write_figures as write_figures
    from priormap.tables.effects import coefficient_shrinkage_table as coefficient_shrinkage_table
    from priormap.tables.effects import contrast_table as contrast_table
    from priormap.tables.nonzero_counts import (
        nonzero_counts_points_table as nonzero_counts_points_table,
    )
    from priormap.tables.nonzero_counts import (
        nonzero_counts_table as nonzero_counts_table,
    )
    from priormap.tables.prior_predictive import (
        prior_predictive_points_table as prior_predictive_points_table,
    )
    from priormap.tables.prior_predictive import (
        prior_predictive_table as prior_predictive_table,
    )

_FILES = {function: entry.module for entry in FIGURES for function in entry.functions}
_FILES |= {"LOOKS": "style", "Look": "style", "house_style": "style"}
_FILES |= {"save_figure": "saving", "write_figures": "writing"}

__all__ = sorted(_FILES)


def __getattr__(name: str) -> Any:
    if name not in _FILES:
        raise AttributeError(f"module 'priormap.plots' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"priormap.plots.{_FILES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_FILES})
