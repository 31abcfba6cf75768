"""``priormap rank``: which prior these data favour, by what it predicts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from priormap.cli import options as ask
from priormap.cli.tables import AS_IT_IS, Reading
from priormap.cli.work import drawn, work


def rank(
    path: ask.Data = None,
    target: ask.Target = None,
    prior: ask.Priors = None,
    scale: ask.Scales = None,
    sigma: ask.Sigma = "unknown",
    standardize: ask.Standardize = True,
    folds: Annotated[int, typer.Option(metavar="N", help="Held-out folds, shuffled.")] = 5,
    rope: ask.Rope = 0.1,
    draws: ask.Draws = 1000,
    chains: ask.Chains = 4,
    seed: ask.Seed = None,
    json: ask.Json = None,
    csv: Annotated[
        str | None, typer.Option(metavar="FILE|-", help="Write the table as CSV.")
    ] = None,
    figure: ask.FigureFile = None,
    force: ask.Force = False,
    reading: Reading = AS_IT_IS,
) -> int:
    """Rank priors by what they predict: leave-one-out, evidence, held-out folds.

    Exit code: 0, or 2 for input that cannot be used.
    """
    from priormap import tables
    from priormap.cli.choices import choose

    options: dict[str, Any] = {"folds": folds, "rope": rope, "draws": draws, "chains": chains}
    with work(force=force, json=json, csv=csv) as job:
        if figure is not None:
            ask.check_figure(Path(figure), force)
        model = choose(
            *(path, target, prior, scale, sigma),
            standardize=standardize,
            use="posterior",
            reading=reading,
        )
        found = tables.compare_priors(model.data, model.priors, random_seed=seed, **options)
        files = drawn("compare", found, figure)
    job.hand_over(
        [*model.blocks(), *found.blocks()],
        json=lambda: {**model.to_dict(), "warnings": job.notes, **found.to_dict()},
        csv=lambda: found.table.reset_index(),
        files=files,
    )
    return 0
