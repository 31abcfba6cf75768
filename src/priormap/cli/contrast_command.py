"""``priormap contrast``: the mode and its zeros beside the posterior of the same model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from priormap.cli import model_options as ask
from priormap.cli.notes import collected_notes, print_notes
from priormap.cli.outputs import Outputs, as_json

if TYPE_CHECKING:
    from priormap.cli.choices import Choices
    from priormap.tables import Contrast


def contrast(
    path: ask.Data = None,
    target: ask.Target = None,
    prior: ask.Priors = None,
    scale: ask.Scales = None,
    sigma: ask.Sigma = "unknown",
    standardize: ask.Standardize = True,
    rope: ask.Rope = 0.1,
    draws: ask.Draws = 1000,
    tune: ask.Tune = None,
    chains: ask.Chains = 4,
    seed: ask.Seed = None,
    json: ask.Json = None,
    csv: Annotated[
        str | None, typer.Option(metavar="FILE|-", help="Write the coefficients as CSV.")
    ] = None,
    force: ask.Force = False,
) -> int:
    """Set the mode's exact zeros beside the posterior, which has none.

    Exit code: 0, or 2 for input that cannot be used.
    """
    from priormap import tables
    from priormap.cli.choices import choose

    outputs = Outputs({"json": json, "csv": csv}, force=force)
    with collected_notes() as notes:
        choices = choose(
            path,
            target,
            families=prior or (),
            scales=scale or (),
            sigma=sigma,
            standardize=standardize,
        )
        table = tables.contrast(
            choices.data,
            choices.priors,
            rope=rope,
            draws=draws,
            tune=tune,
            chains=chains,
            random_seed=seed,
        )
    outputs.write(
        {
            "json": lambda: _json(choices, table, notes),
            "csv": lambda: table.coefficients.to_csv(index=False),
        }
    )
    print_notes(notes)
    if not outputs.takes_stdout:
        from priormap.cli.contrast_rendering import render_contrast

        region = f"negligible: within {rope:g} sd(y) per sd(x) of zero (--rope for another)"
        interval = "HDI: the shortest interval that holds 95 % of the posterior"
        render_contrast([*choices.sentences, region, interval], table)
    return 0


def _json(choices: Choices, table: Contrast, notes: list[str]) -> str:
    priors = []
    for name, row in zip(table.summary.index, table.summary.to_dict(orient="records"), strict=True):
        coefficients = table.coefficients[table.coefficients["prior"] == name]
        priors.append(
            {
                "prior": name,
                **row,
                "certificate": str(table.modes[str(name)].certificate),
                "sampling": dict(table.posteriors[str(name)].attrs),
                "coefficients": coefficients.drop(columns="prior").to_dict(orient="records"),
            }
        )
    return as_json(
        {
            "source": choices.source,
            "target": choices.target,
            "rows": choices.data.n_rows,
            "columns": choices.data.n_features,
            "standardize": choices.data.standardize,
            "choices": list(choices.sentences),
            "warnings": notes,
            "priors": priors,
        }
    )
