"""``priormap check``: what a model predicts before and after the data, beside the data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from priormap.cli import options as ask
from priormap.cli.tables import AS_IT_IS, Reading
from priormap.cli.work import drawn, work


def check(
    path: ask.Data = None,
    target: ask.Target = None,
    prior: ask.Priors = None,
    scale: ask.Scales = None,
    sigma: ask.Sigma = "unknown",
    standardize: ask.Standardize = True,
    draws: ask.Draws = 1000,
    chains: ask.Chains = 4,
    seed: ask.Seed = None,
    json: ask.Json = None,
    csv: Annotated[
        str | None, typer.Option(metavar="FILE|-", help="Write the statistics as CSV.")
    ] = None,
    figure: ask.FigureFile = None,
    force: ask.Force = False,
    reading: Reading = AS_IT_IS,
) -> int:
    """Check priors by what they predict: conflict with the data, R squared, calibration.

    Exit code: 0, or 2 for input that cannot be used.
    """
    from priormap import tables
    from priormap.cli.choices import choose

    options: dict[str, Any] = {"draws": draws, "chains": chains, "random_seed": seed}
    with work(force=force, json=json, csv=csv) as job:
        if figure is not None:
            ask.check_figure(Path(figure), force)
        model = choose(
            *(path, target, prior, scale, sigma),
            standardize=standardize,
            use="posterior",
            reading=reading,
        )
        says = tables.prior_says(model.data, model.priors)
        found = tables.check_prior(model.data, model.priors, **options)
        files = drawn("loo_pit", found, figure)
    job.hand_over(
        [*model.blocks(), *says.blocks(), *found.blocks()],
        json=lambda: {
            **model.to_dict(),
            "warnings": job.notes,
            "before": says.to_dict()["priors"],
            **found.to_dict(),
        },
        csv=lambda: found.statistics,
        files=files,
    )
    return 0
