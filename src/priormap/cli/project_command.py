"""``priormap project``: the fewest columns that predict as well as the whole posterior."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from priormap.cli import options as ask
from priormap.cli.tables import AS_IT_IS, Reading
from priormap.cli.work import drawn, work


def project(
    path: ask.Data = None,
    target: ask.Target = None,
    prior: ask.Prior = "laplace",
    scale: ask.Scales = None,
    sigma: ask.Sigma = "unknown",
    standardize: ask.Standardize = True,
    most: Annotated[
        int | None, typer.Option(metavar="N", help="Most columns that enter. Default: 30.")
    ] = None,
    folds: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Held-out folds, each with its own order of the columns. Default: leave-one-out.",
            show_default=False,
        ),
    ] = None,
    draws: ask.Draws = 1000,
    chains: ask.Chains = 4,
    seed: ask.Seed = None,
    json: ask.Json = None,
    csv: Annotated[
        str | None, typer.Option(metavar="FILE|-", help="Write the sizes as CSV.")
    ] = None,
    figure: ask.FigureFile = None,
    force: ask.Force = False,
    reading: Reading = AS_IT_IS,
) -> int:
    """Project the posterior onto few columns, and say how few predict as well.

    Exit code: 0, or 2 for input that cannot be used.
    """
    from priormap import tables
    from priormap.cli.choices import choose

    options: dict[str, Any] = {"most": most, "folds": folds, "draws": draws, "chains": chains}
    with work(force=force, json=json, csv=csv) as job:
        if figure is not None:
            ask.check_figure(Path(figure), force)
        model = choose(
            *(path, target, [prior], scale, sigma),
            standardize=standardize,
            use="posterior",
            reading=reading,
        )
        found = tables.project(model.data, model.prior, random_seed=seed, **options)
        files = drawn("projection", found, figure)
    job.hand_over(
        [*model.blocks(), *found.blocks()],
        json=lambda: {**model.to_dict(), "warnings": job.notes, **found.to_dict()},
        csv=lambda: found.table.reset_index(),
        files=files,
    )
    return 0
