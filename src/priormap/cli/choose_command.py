"""``priormap choose``: the prior scales that several criteria choose, on one axis."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from priormap.cli import options as ask
from priormap.cli.work import drawn, work
from priormap.errors import PriormapError

if TYPE_CHECKING:
    import pandas as pd

    from priormap.cli.choices import Choices
    from priormap.criteria import ScaleChoice


def choose(
    path: ask.Data = None,
    target: ask.Target = None,
    prior: ask.Priors = None,
    method: Annotated[
        list[ask.Criterion] | None,
        typer.Option(
            metavar="|".join(ask.Criterion),
            help="Criterion; repeat for several. Default: all that apply.",
            show_default=False,
        ),
    ] = None,
    sigma: ask.Sigma = "unknown",
    standardize: ask.Standardize = True,
    folds: Annotated[
        int, typer.Option(metavar="N", help="Folds of the cross-validation, shuffled.")
    ] = 5,
    draws: ask.Draws = 1000,
    chains: ask.Chains = 4,
    seed: ask.Seed = None,
    json: Annotated[
        str | None, typer.Option(metavar="FILE|-", help="Write optima and curves as JSON.")
    ] = None,
    csv: Annotated[
        str | None, typer.Option(metavar="FILE|-", help="Write the optima as CSV.")
    ] = None,
    figure: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Draw the curves (.png, .svg or .pdf), of one prior."),
    ] = None,
    force: ask.Force = False,
) -> int:
    """Choose the scale of a prior by cross-validation, evidence, a hyperprior or a rule.

    Exit code: 0, or 2 for input that cannot be used.
    """
    from priormap.cli import choices
    from priormap.criteria import choose_scale

    options: dict[str, Any] = {
        "folds": folds,
        "draws": draws,
        "chains": chains,
        "random_seed": seed,
    }
    methods = [str(one) for one in method] if method else None
    with work(force=force, json=json, csv=csv) as job:
        if figure is not None:
            _check_figure(Path(figure), len(prior or ()), force)
        model = choices.choose(
            path, target, prior, sigma=sigma, standardize=standardize, use="family"
        )
        chosen = {
            name: choose_scale(model.data, member, methods, **options)
            for name, member in model.priors.items()
        }
        files = drawn("scale_choice", next(iter(chosen.values())), figure)
    about = _without_scale(model)
    job.hand_over(
        [*model.blocks(about), *(block for one in chosen.values() for block in one.blocks())],
        json=lambda: {
            **model.to_dict(about),
            "warnings": job.notes,
            "priors": [{"prior": name, **one.to_dict()} for name, one in chosen.items()],
        },
        files=files,
        csv=lambda: _optima(chosen),
    )
    return 0


def _check_figure(file: Path, priors: int, force: bool) -> None:
    if priors != 1:
        raise PriormapError("--figure draws one prior; give --prior once")
    ask.check_figure(file, force)


def _without_scale(model: Choices) -> list[str]:
    """What was chosen, without what speaks of one mode at one scale."""
    about_data, about_sigma, about_columns = model.sentences
    if not model.data.noise.is_known:
        about_sigma = f"sigma: unknown, under {model.data.sigma} (--sigma NUMBER for a known one)"
    return [about_data, about_sigma, about_columns]


def _optima(chosen: dict[str, ScaleChoice]) -> pd.DataFrame:
    import pandas as pd

    tables = [one.optima.reset_index().assign(prior=name) for name, one in chosen.items()]
    table = pd.concat(tables, ignore_index=True)
    return table[["prior", *(c for c in table if c != "prior")]]
