"""All figures: one line for each. Exports, files and their order are read from here."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Literal

from priormap.plots.figure import Figure


@dataclass(frozen=True)
class Entry:
    """One figure: where its code stands, and what is public of it.

    Attributes
    ----------
    name : str
        Of its functions: ``plot_<name>``, ``<name>_table`` and ``<name>_caption``.
    module, figure : str
        File in this package from which they are read, and the class in it.
    parts : tuple of str
        Further tables: ``<name>_<part>_table``.
    written : {"", "alone", "once", "each prior", "resampled"}
        When `write_figures` writes it: never, without data, or of a contrast (with resamples).
    more : tuple of str
        Further public functions.
    """

    name: str
    module: str
    figure: str = ""
    parts: tuple[str, ...] = ()
    written: Literal["", "alone", "once", "each prior", "resampled"] = ""
    more: tuple[str, ...] = ()

    @property
    def functions(self) -> tuple[str, ...]:
        """Names of its public functions."""
        tables = (f"{self.name}_{part}_table" for part in self.parts)
        own = (f"plot_{self.name}", f"{self.name}_table", f"{self.name}_caption")
        return (*own, *tables, *self.more)

    def load(self) -> type[Figure]:
        """Import its class."""
        loaded: type[Figure] = getattr(
            importlib.import_module(f"priormap.plots.{self.module}"), self.figure
        )
        return loaded


FIGURES = (
    Entry("prior_shapes", "one_coefficient", "PriorShapes", written="alone"),
    Entry("pull", "pull", "Pull", ("steps",), "alone", ("crossover",)),
    Entry("shrinkage", "one_coefficient", "Shrinkage", (), "alone", ("dead_zone_edge",)),
    Entry("shrinkage_profile", "shrinkage_profiles", "ShrinkageProfile", ("points",), "alone"),
    Entry("prior_predictive", "predictive", "PriorPredictive", ("points",), "once"),
    Entry(
        "geometry",
        "geometry",
        "Geometry",
        ("points", "density"),
        "once",
        ("plot_geometry_panel",),
    ),
    Entry("path", "paths", "Path", ("posterior", "knots"), "each prior"),
    Entry("coefficient_shrinkage", "coefficient_shrinkage", "CoefficientShrinkage", written="once"),
    Entry("contrast", "forest", "Forest", written="once"),
    Entry("posterior_vs_map", "marginals", "PosteriorVsMap", ("points",), "once"),
    Entry("nonzero_counts", "counts", "NonzeroCounts", ("points",), "once"),
    Entry("joint", "joint", "Joint", ("points", "contours"), "each prior"),
    Entry("stability", "stability", "Stability", written="resampled"),
    Entry("scale_choice", "scale_choice_curves", "ScaleCurves", ("points",)),
    Entry("sensitivity", "sensitivities", "Sensitivity"),
    Entry("compare", "comparison", "Comparison"),
    Entry("evidence", "evidences", "Evidences"),
    Entry("loo_pit", "loo_pit", "LooPit", ("band",)),
    Entry("projection", "projections", "ProjectionFigure"),
)


def figure_named(name: str) -> type[Figure]:
    """Import the class of the figure that ``plot_<name>`` draws."""
    return next(entry for entry in FIGURES if entry.name == name).load()
