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
        plot_coefficient_shrinkage as plot_coefficient_shrinkage,
    )
    from priormap.plots.comparison import (
        compare_caption as compare_caption,
        plot_compare as plot_compare,
    )
    from priormap.plots.counts import (
        nonzero_counts_caption as nonzero_counts_caption,
        plot_nonzero_counts as plot_nonzero_counts,
    )
    from priormap.plots.evidences import (
        evidence_caption as evidence_caption,
        plot_evidence as plot_evidence,
    )
    from priormap.plots.forest import (
        contrast_caption as contrast_caption,
        plot_contrast as plot_contrast,
    )
    from priormap.plots.geometry import (
        geometry_caption as geometry_caption,
        plot_geometry as plot_geometry,
        plot_geometry_panel as plot_geometry_panel,
    )
    from priormap.plots.joint import (
        joint_caption as joint_caption,
        plot_joint as plot_joint,
    )
    from priormap.plots.loo_pit import (
        loo_pit_caption as loo_pit_caption,
        plot_loo_pit as plot_loo_pit,
    )
    from priormap.plots.marginals import (
        plot_posterior_vs_map as plot_posterior_vs_map,
        posterior_vs_map_caption as posterior_vs_map_caption,
    )
    from priormap.plots.one_coefficient import (
        plot_prior_shapes as plot_prior_shapes,
        plot_shrinkage as plot_shrinkage,
        prior_shapes_caption as prior_shapes_caption,
        shrinkage_caption as shrinkage_caption,
    )
    from priormap.plots.paths import (
        path_caption as path_caption,
        plot_path as plot_path,
    )
    from priormap.plots.predictive import (
        plot_prior_predictive as plot_prior_predictive,
        prior_predictive_caption as prior_predictive_caption,
    )
    from priormap.plots.projections import (
        plot_projection as plot_projection,
        projection_caption as projection_caption,
    )
    from priormap.plots.pull import (
        plot_pull as plot_pull,
        pull_caption as pull_caption,
    )
    from priormap.plots.saving import save_figure as save_figure
    from priormap.plots.scale_choice_curves import (
        plot_scale_choice as plot_scale_choice,
        scale_choice_caption as scale_choice_caption,
    )
    from priormap.plots.sensitivities import (
        plot_sensitivity as plot_sensitivity,
        sensitivity_caption as sensitivity_caption,
    )
    from priormap.plots.shrinkage_profiles import (
        plot_shrinkage_profile as plot_shrinkage_profile,
        shrinkage_profile_caption as shrinkage_profile_caption,
    )
    from priormap.plots.stability import (
        plot_stability as plot_stability,
        stability_caption as stability_caption,
    )
    from priormap.plots.style import (
        LOOKS as LOOKS,
        Look as Look,
        house_style as house_style,
    )
    from priormap.plots.writing import write_figures as write_figures
    from priormap.tables.effects import (
        coefficient_shrinkage_table as coefficient_shrinkage_table,
        contrast_table as contrast_table,
    )
    from priormap.tables.evidence_curves import evidence_table as evidence_table
    from priormap.tables.geometry import (
        geometry_density_table as geometry_density_table,
        geometry_points_table as geometry_points_table,
        geometry_table as geometry_table,
    )
    from priormap.tables.joint_posterior import (
        joint_contours_table as joint_contours_table,
        joint_points_table as joint_points_table,
        joint_table as joint_table,
    )
    from priormap.tables.marginal_posteriors import (
        posterior_vs_map_points_table as posterior_vs_map_points_table,
        posterior_vs_map_table as posterior_vs_map_table,
    )
    from priormap.tables.nonzero_counts import (
        nonzero_counts_points_table as nonzero_counts_points_table,
        nonzero_counts_table as nonzero_counts_table,
    )
    from priormap.tables.one_coefficient import (
        dead_zone_edge as dead_zone_edge,
        prior_shapes_table as prior_shapes_table,
        shrinkage_table as shrinkage_table,
    )
    from priormap.tables.path import (
        path_knots_table as path_knots_table,
        path_posterior_table as path_posterior_table,
        path_table as path_table,
    )
    from priormap.tables.predictive_check import (
        loo_pit_band_table as loo_pit_band_table,
        loo_pit_table as loo_pit_table,
    )
    from priormap.tables.prior_comparison import compare_table as compare_table
    from priormap.tables.prior_predictive import (
        prior_predictive_points_table as prior_predictive_points_table,
        prior_predictive_table as prior_predictive_table,
    )
    from priormap.tables.projecting import projection_table as projection_table
    from priormap.tables.pull import (
        crossover as crossover,
        pull_steps_table as pull_steps_table,
        pull_table as pull_table,
    )
    from priormap.tables.scale_choice import (
        scale_choice_points_table as scale_choice_points_table,
        scale_choice_table as scale_choice_table,
    )
    from priormap.tables.sensitivity import sensitivity_table as sensitivity_table
    from priormap.tables.shrinkage_profiles import (
        shrinkage_profile_points_table as shrinkage_profile_points_table,
        shrinkage_profile_table as shrinkage_profile_table,
    )
    from priormap.tables.stability import stability_table as stability_table

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
