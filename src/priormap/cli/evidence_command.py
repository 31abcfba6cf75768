"""``priormap evidence``: log evidence along the scale, and Bayes factors of single columns."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from priormap.checks import checked_seed
from priormap.cli import options as ask
from priormap.cli.tables import AS_IT_IS, Reading
from priormap.cli.work import drawn, work


def evidence(
    path: ask.Data = None,
    target: ask.Target = None,
    prior: ask.Priors = None,
    scale: ask.Scales = None,
    sigma: ask.Sigma = "unknown",
    standardize: ask.Standardize = True,
    column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN",
            help="Bayes factor of the model without this column, under each prior; repeat for "
            "several.",
            show_default=False,
        ),
    ] = None,
    draws: ask.Draws = 1000,
    chains: ask.Chains = 4,
    seed: ask.Seed = None,
    json: ask.Json = None,
    csv: Annotated[
        str | None, typer.Option(metavar="FILE|-", help="Write the curves as CSV.")
    ] = None,
    figure: ask.FigureFile = None,
    force: ask.Force = False,
    reading: Reading = AS_IT_IS,
) -> int:
    """Compare the evidence of priors along their scales, and that of models without a column.

    Exit code: 0, or 2 for input that cannot be used.
    """
    from priormap import tables
    from priormap.cli.choices import choose
    from priormap.criteria import savage_dickey

    options: dict[str, Any] = {"draws": draws, "chains": chains, "random_seed": checked_seed(seed)}
    with work(force=force, json=json, csv=csv) as job:
        if figure is not None:
            ask.check_figure(Path(figure), force)
        model = choose(
            *(path, target, prior, scale, sigma),
            standardize=standardize,
            use="posterior",
            reading=reading,
        )
        without = [
            savage_dickey(model.data, one, name, **options)
            for name in column or ()
            for one in model.priors.values()
        ]
        found = tables.compare_evidence(model.data, model.priors, progressbar=True, **options)
        files = drawn("evidence", found, figure)
    points = [block for one in without for block in one.blocks()[:-1]]
    caveat = without[-1].blocks()[-1:] if without else ()  # once for all of them
    job.hand_over(
        [*model.blocks(), *found.blocks(), *points, *caveat],
        json=lambda: {
            **model.to_dict(),
            "warnings": job.notes,
            **found.to_dict(),
            "columns": [one.to_dict() for one in without],
        },
        csv=lambda: found.curves,
        files=files,
    )
    return 0
