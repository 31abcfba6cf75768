"""``priormap predict``: what the posterior says of new rows."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from priormap.cli import options as ask
from priormap.cli.tables import AS_IT_IS, Reading
from priormap.cli.work import work
from priormap.display import cells
from priormap.display.blocks import Block, Paragraph, Table
from priormap.display.files import check_file

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

Answer = StrEnum("Answer", ["response", "mean"])


def predict(
    new: Annotated[
        Path, typer.Option("--new", metavar="FILE", help="New rows, in a file like the data.")
    ],
    path: ask.Data = None,
    target: ask.Target = None,
    prior: ask.Prior = "gaussian",
    scale: ask.Scales = None,
    sigma: ask.Sigma = "unknown",
    standardize: ask.Standardize = True,
    kind: Annotated[
        Answer,
        typer.Option(
            metavar="|".join(Answer), help="Predict responses, noise included, or their means."
        ),
    ] = Answer.response,
    mass: Annotated[
        float, typer.Option(metavar="SHARE", help="Probability of the intervals.")
    ] = 0.95,
    draws: ask.Draws = 1000,
    tune: ask.Tune = None,
    chains: ask.Chains = 4,
    seed: ask.Seed = None,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE.nc", help="Write the draws as netCDF."),
    ] = None,
    json: ask.Json = None,
    csv: Annotated[
        str | None, typer.Option(metavar="FILE|-", help="Write the table as CSV.")
    ] = None,
    force: ask.Force = False,
    reading: Reading = AS_IT_IS,
) -> int:
    """Predict new rows: mean, sd and interval, with the uncertainty of parameters and noise.

    Exit code: 0, or 2 for input that cannot be used.
    """
    import priormap
    from priormap.checks import checked_seed, share
    from priormap.cli.choices import choose

    share("--mass", mass)
    if output is not None:
        check_file(output, force=force, option="--output")
    seed = checked_seed(seed)
    with work(force=force, json=json, csv=csv) as job:
        model = choose(
            *(path, target, [prior], scale, sigma),
            standardize=standardize,
            use="posterior",
            reading=reading,
        )
        rows = _new_rows(new, reading, model.target)
        sampling: dict[str, Any] = {"tune": tune, "chains": chains, "random_seed": seed}
        tree = priormap.sample(model.data, model.prior, draws, **sampling)
        options: dict[str, Any] = {"kind": kind.value, "random_seed": seed}
        found = priormap.predict(tree, rows, data=model.data, **options)
        table = priormap.prediction_table(found, mass)
        files = {} if output is None else {Path(output): found.to_netcdf(engine="h5netcdf")}
    job.hand_over(
        [*model.blocks(), *_shown(table, kind, mass, model.target, tree)],
        more="; --csv has all",
        files=files,
        json=lambda: {
            **model.to_dict(),
            "prior": str(model.prior),
            "random_seed": seed,
            "kind": kind.value,
            "mass": mass,
            "warnings": job.notes,
            "predictions": table.reset_index().to_dict(orient="records"),
        },
        csv=lambda: table.reset_index(),
    )
    return 0


def _new_rows(path: Path, reading: Reading, target: str) -> pd.DataFrame:
    """Rows of a file that is read as the data were, without what is not predicted from."""
    frame = reading.table(path)
    kept = reading.in_python.get("features")
    if kept:
        return frame[[name for name in kept if name in frame.columns]]
    return frame.drop(columns=[target, *(reading.drop or ())], errors="ignore")


def _shown(
    table: pd.DataFrame, kind: Answer, mass: float, target: str, draws: xr.DataTree
) -> tuple[Block, ...]:
    """Predictions with the digits that so many draws support."""
    from priormap.tables.posterior_contrast import effective_size, summary_cells

    size, names = effective_size(draws), ("mean", "sd", "hdi_low", "hdi_high")
    rows = tuple(
        (cells.text(label), *summary_cells(dict(zip(names, row, strict=True)), size))
        for label, *row in table.itertuples()
    )
    what = target if kind == Answer.response else f"mean of {target}"
    said = f"predicted: {what} at {len(table)} new rows, with its {100 * mass:.4g} % interval"
    return Paragraph(said), Table(("row", "mean", "sd", "from", "to"), rows)
