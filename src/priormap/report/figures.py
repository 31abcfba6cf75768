"""Which figures a report has, and where: one entry for each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from priormap.display.blocks import Block, Items, Picture
from priormap.errors import PriormapError
from priormap.mode import MapEstimate
from priormap.plots.figure import Figure
from priormap.plots.register import figure_named
from priormap.priors import Prior
from priormap.report.beliefs import effect_prior
from priormap.report.results import Progress, Results, ranked
from priormap.tables.prior_comparison import PriorComparison

_MOST_PATHS = 3  # priors that get a figure of their own
_PATH_DRAWS = 500  # of each of the posteriors along a path, in each chain
_WIDE, _WIDER = 50, 300  # columns above which draws cost enough to take fewer there, or none
Variant: TypeAlias = tuple[str, tuple[Any, ...], dict[str, Any]]  # name, arguments, keywords


@dataclass(frozen=True)
class Entry:
    """One figure: the section it stands in, its heading, its functions, its arguments.

    `variants` yields nothing where the figure does not apply, and one for each prior where
    every prior has its own.
    """

    section: str
    title: str
    name: str
    variants: Callable[[Results], Iterable[Variant]]

    def figure(self, *given: Any, **options: Any) -> Figure:
        """Return the figure, whose numbers are computed once for drawing and caption."""
        return figure_named(self.name).of(*given, **options)


def _of_table(results: Results) -> Iterable[Variant]:
    if results.data.unit.x_norm.any():
        yield "", (results.table,), {}


def _of_support(results: Results) -> Iterable[Variant]:
    """Where there are priors to be told apart, and what they predict is known."""
    if isinstance(results.support, PriorComparison) and len(results.support.table) > 1:
        yield "", (results.support,), {}


def _of_effect_priors(results: Results) -> Iterable[Variant]:
    """Priors of the effects, where one curve shows the prior of every column."""
    priors = _effect_priors(results)
    if priors:
        yield "", (priors,), {"match": "given"}


def _of_single_effects(results: Results) -> Iterable[Variant]:
    """As above, with the noise of one effect that is estimated alone: sigma / sqrt(n)."""
    priors = _effect_priors(results)
    if priors:
        sigma = np.median([one.sigma for one in results.believed.values()])
        yield "", (priors,), {"sd": float(sigma / np.sqrt(results.data.n_rows))}


def _effect_priors(results: Results) -> dict[str, Prior]:
    priors = {name: effect_prior(one) for name, one in results.believed.items()}
    one_curve = all(np.ndim(prior.sd) == 0 and np.isfinite(prior.sd) for prior in priors.values())
    return priors if one_curve else {}


def _of_pair(results: Results) -> Iterable[Variant]:
    """The strongest column beside the strongest whose mode is zero, under the prior with most."""
    table, data = results.table, results.data
    moving = [j for j in ranked(results) if data.column_sd[j] > 0]
    if len(moving) < 2:
        return
    zeros = {name: fit.coef == 0 for name, fit in table.modes.items()}
    name = max(zeros, key=lambda name: int(zeros[name].sum()), default=next(iter(table.priors)))
    zero = [j for j in moving[1:] if name in zeros and zeros[name][j]]
    pair = (data.names[moving[0]], data.names[(zero or moving[1:])[0]])
    yield name, (table, pair), {"prior": name}


def _of_data_and_priors(results: Results) -> Iterable[Variant]:
    yield "", (results.data, results.table.priors), {}


def _of_data(results: Results) -> Iterable[Variant]:
    if np.count_nonzero(results.data.unit.x_norm) > 1:
        yield "", (results.data,), {}


def _of_each_prior(results: Results) -> Iterable[Variant]:
    """The first three priors, at the sigma of their modes: there the path has exact knots."""
    for name, fit in list(results.table.modes.items())[:_MOST_PATHS]:
        options = {"random_seed": results.settings.random_seed, "draws": _path_draws(fit)}
        yield f"{name}, sigma {fit.sigma:.4g}", (fit.data.with_noise(fit.sigma), fit.prior), options


def _path_draws(fit: MapEstimate) -> int:
    """Draws of each chain; normal posteriors at known sigma need none."""
    if fit.prior.is_normal or fit.data.n_features <= _WIDE:
        return _PATH_DRAWS
    return _PATH_DRAWS // 5 if fit.data.n_features <= _WIDER else 0


FIGURES: tuple[Entry, ...] = (
    Entry("beliefs", "Priors of one effect", "prior_shapes", _of_effect_priors),
    Entry(
        "beliefs", "What each prior expects of all columns", "prior_predictive", _of_data_and_priors
    ),
    Entry("beliefs", "What each prior does to one effect", "shrinkage", _of_single_effects),
    Entry("modes", "Why one penalty makes zeros", "geometry", _of_data),
    Entry("posterior", "Mode, mean and interval of each column", "contrast", _of_table),
    Entry("posterior", "Marginal posteriors and their modes", "posterior_vs_map", _of_table),
    Entry("posterior", "How far each coefficient is shrunk", "coefficient_shrinkage", _of_table),
    Entry("posterior", "How many coefficients count", "nonzero_counts", _of_table),
    Entry("posterior", "Two coefficients jointly", "joint", _of_pair),
    Entry("posterior", "Along the scale of the prior", "path", _of_each_prior),
    Entry("support", "How much worse than the best", "compare", _of_support),
)


def draw_figures(results: Results, format: str, progress: Progress) -> dict[str, tuple[Block, ...]]:
    """Pictures of every section; a figure that refuses its data leaves a sentence instead."""
    from priormap.plots.embedding import embedded_figure

    blocks: dict[str, tuple[Block, ...]] = {}
    for entry in FIGURES:
        for number, (suffix, given, options) in enumerate(entry.variants(results), 1):
            title = f"{entry.title}: {suffix}" if suffix else entry.title
            name = entry.name.replace("_", "-") + (f"-{number}" if suffix else "")
            progress(f"drawing {title.lower()}")
            try:
                figure = entry.figure(*given, **options)
                said = figure.caption
                image = embedded_figure(figure.plot, format, name)
            except PriormapError as refusal:
                block: Block = Items((f"{title}: not drawn, because {refusal}.",))
            else:
                block = Picture(name, title, said, image)
            blocks[entry.section] = (*blocks.get(entry.section, ()), block)
    return blocks
