"""``priormap choose``: the prior scales that several criteria choose, on one axis."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from priormap.arrays import Floats
from priormap.checks import checked_seed
from priormap.cli import options as ask
from priormap.cli.tables import AS_IT_IS, Reading
from priormap.cli.work import drawn, work
from priormap.errors import PriormapError

if TYPE_CHECKING:
    import pandas as pd

    from priormap.cli.choices import Choices
    from priormap.criteria import ScaleChoice


_POINTS = 100  # between the ends of --scales


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
    scales: Annotated[
        str | None,
        typer.Option(
            metavar="LOW,HIGH",
            help="Scales to look at. Default: from all shrunk to all free.",
            show_default=False,
        ),
    ] = None,
    folds: Annotated[
        int, typer.Option(metavar="N", help="Folds of the cross-validation, shuffled.")
    ] = 5,
    repeats: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="How often they are shuffled. Default: until the optimum stands still.",
            show_default=False,
        ),
    ] = None,
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
    reading: Reading = AS_IT_IS,
) -> int:
    """Choose the scale of a prior by cross-validation, evidence, a hyperprior or a rule.

    Exit code: 0, or 2 for input that cannot be used.
    """
    from priormap.cli import choices
    from priormap.criteria import choose_scale

    options: dict[str, Any] = {
        "scales": None if scales is None else _scales(scales),
        "folds": folds,
        "repeats": repeats,
        "draws": draws,
        "chains": chains,
        "random_seed": checked_seed(seed),
        "progressbar": True,
    }
    methods = [str(one) for one in method] if method else None
    with work(force=force, json=json, csv=csv) as job:
        if figure is not None:
            _check_figure(Path(figure), len(prior or ()), force)
        model = choices.choose(
            *(path, target, prior),
            sigma=sigma,
            standardize=standardize,
            use="family",
            reading=reading,
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


def _scales(text: str) -> Floats:
    """The scales between two numbers."""
    try:
        low, high = map(float, text.split(","))
    except ValueError:
        low = high = np.nan
    if not 0 < low < high < np.inf:
        raise PriormapError(
            f"--scales must be two positive numbers LOW,HIGH with LOW below HIGH, got {text!r}"
        )
    return np.geomspace(low, high, _POINTS)


def _check_figure(file: Path, priors: int, force: bool) -> None:
    if priors != 1:
        raise PriormapError("--figure draws one prior; give --prior once")
    ask.check_figure(file, force)


def _without_scale(model: Choices) -> list[str]:
    """What was chosen, without what speaks of one mode at one scale."""
    about_sigma, about_columns = model.about_model
    if (density := model.data.noise.density) is not None:
        about_sigma = f"sigma: unknown, under {density.spoken} (--sigma NUMBER for a known one)"
    return [*model.about_data, about_sigma, about_columns]


def _optima(chosen: dict[str, ScaleChoice]) -> pd.DataFrame:
    import pandas as pd

    tables = [one.optima.reset_index().assign(prior=name) for name, one in chosen.items()]
    table = pd.concat(tables, ignore_index=True)
    return table[["prior", *(c for c in table if c != "prior")]]
