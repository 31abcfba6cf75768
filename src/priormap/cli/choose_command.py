"""``priormap choose``: the prior scales that several criteria choose, on one axis."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from priormap.cli import model_options as ask
from priormap.cli.notes import collected_notes, print_notes
from priormap.cli.options import Criterion, Format
from priormap.cli.outputs import Outputs, as_json
from priormap.errors import PriormapError

if TYPE_CHECKING:
    from priormap.cli.choices import Choices
    from priormap.criteria import ScaleChoice


def choose(
    path: ask.Data = None,
    target: ask.Target = None,
    prior: ask.Priors = None,
    method: Annotated[
        list[Criterion] | None,
        typer.Option(
            metavar="|".join(Criterion),
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
    from priormap.cli import choices as asked
    from priormap.criteria import choose_scale

    outputs = Outputs({"json": json, "csv": csv}, force=force)
    Outputs({"figure": figure}, force=force)
    if figure is not None:
        _check_figure(figure, len(prior or ()))
    with collected_notes() as notes:
        model = asked.choose(
            path, target, families=prior or (), sigma=sigma, standardize=standardize
        )
        chosen = {
            name: choose_scale(
                model.data,
                member,
                [one.value for one in method] if method else None,
                folds=folds,
                draws=draws,
                chains=chains,
                random_seed=seed,
            )
            for name, member in model.priors.items()
        }
    if figure is not None:
        _draw(next(iter(chosen.values())), figure)
    outputs.write(
        {"json": lambda: _json(model, chosen, notes), "csv": lambda: _csv(chosen)},
    )
    print_notes(notes)
    if not outputs.takes_stdout:
        _render(model, chosen)
    return 0


def _check_figure(figure: str, priors: int) -> None:
    if priors != 1:
        raise PriormapError("--figure draws one prior; give --prior once")
    if Path(figure).suffix.removeprefix(".") not in list(Format):
        raise PriormapError(f"--figure must end in .png, .svg or .pdf, got {figure!r}")


def _draw(choice: ScaleChoice, figure: str) -> None:
    from priormap.plots import plot_scale_choice, save_figure, scale_choice_caption
    from priormap.plots.style import without_windows

    with without_windows():
        save_figure(plot_scale_choice(choice), figure, caption=scale_choice_caption(choice))


def _render(model: Choices, chosen: dict[str, ScaleChoice]) -> None:
    from priormap.cli.rendering import paper_of_stdout

    paper = paper_of_stdout()
    for sentence in _sentences(model):
        paper.line(sentence)
    for choice in chosen.values():
        paper.line("")
        paper.line(choice.headline, "bold")
        header = ["method", "scale", "prior sd", "alpha", "lambda", "nonzero"]
        columns = ["scale", "prior_sd", "alpha", "lambda"]
        paper.table(
            header,
            [
                [str(name), *(f"{row[c]:.4g}" for c in columns), str(row["nonzero"])]
                for name, row in choice.optima.iterrows()
            ],
        )
        for name, meaning in choice.optima["meaning"].items():
            paper.line(f"  {name}: {meaning}")
        for note in choice.notes:
            paper.line(note)


def _sentences(model: Choices) -> list[str]:
    """Without those that speak of one mode at one scale."""
    about_data, about_sigma, about_columns, _ = model.sentences
    if not isinstance(model.data.sigma, float):
        about_sigma = f"sigma: unknown, under {model.data.sigma} (--sigma NUMBER for a known one)"
    return [about_data, about_sigma, about_columns]


def _csv(chosen: dict[str, ScaleChoice]) -> str:
    import pandas as pd

    tables = [one.optima.reset_index().assign(prior=name) for name, one in chosen.items()]
    table = pd.concat(tables, ignore_index=True)
    return table[["prior", *(c for c in table if c != "prior")]].to_csv(index=False)


def _json(model: Choices, chosen: dict[str, ScaleChoice], notes: list[str]) -> str:
    return as_json(
        {
            "source": model.source,
            "target": model.target,
            "rows": model.data.n_rows,
            "columns": model.data.n_features,
            "standardize": model.data.standardize,
            "choices": _sentences(model),
            "warnings": notes,
            "priors": [
                {
                    "prior": name,
                    "family": one.family.name,
                    "sigma": one.sigma,
                    "sigma_origin": one.sigma_origin,
                    "random_seed": one.random_seed,
                    "notes": list(one.notes),
                    "optima": one.optima.reset_index().to_dict(orient="records"),
                    "curves": one.curves.to_dict(orient="records"),
                }
                for name, one in chosen.items()
            ],
        }
    )
