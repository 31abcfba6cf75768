"""``priormap figures``: figures of the priors, and of a model where data are given."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from priormap.cli import options as ask
from priormap.cli.tables import AS_IT_IS, Reading
from priormap.cli.work import work
from priormap.display.files import check_folder
from priormap.errors import PriormapError, visible


def figures(
    path: Annotated[
        Path | None,
        typer.Argument(
            metavar="DATA",
            help="CSV file with a header line, or Parquet file: adds the figures of its model.",
            show_default=False,
        ),
    ] = None,
    target: ask.Target = None,
    dataset: Annotated[
        ask.Dataset | None,
        typer.Option(
            metavar="|".join(ask.Dataset),
            help="Built-in data in place of a file.",
            show_default=False,
        ),
    ] = None,
    folder: Annotated[
        str, typer.Option("--output", "-o", metavar="FOLDER", help="Folder to write to.")
    ] = "figures",
    format: Annotated[ask.Format, typer.Option(help="File format.")] = ask.Format.png,
    with_tables: Annotated[
        bool, typer.Option("--data", help="Write the numbers behind each figure as CSV beside it.")
    ] = False,
    feature: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN",
            help="Column of the figures of two coefficients; give it twice.",
            show_default=False,
        ),
    ] = None,
    prior: ask.Priors = None,
    scale: ask.Scales = None,
    sigma: ask.Sigma = "unknown",
    standardize: ask.Standardize = True,
    draws: ask.Draws = 1000,
    resamples: ask.ResampleCount = 0,
    resample: ask.ResampleKind = ask.Kind.pairs,
    seed: ask.Seed = 0,
    force: ask.Force = False,
    reading: Reading = AS_IT_IS,
) -> int:
    """Write figures with their captions: without data, of prior shapes, pull and shrinkage.

    Exit code: 0, or 2 for input that cannot be used (nothing is written).
    """
    from priormap.plots.writing import check_places, write_figures

    if folder == "-":
        raise PriormapError("--output - cannot hold figures; name a folder")
    check_folder(folder, option="--output")
    with work() as job:
        check_places(folder, format, tables=with_tables, force=force)
        has_data = path is not None or dataset is not None
        if path is not None and dataset is not None:
            raise PriormapError(f"{path} and --dataset {dataset} are two sources; give one")
        asked: dict[str, object] = {
            "--target": target,
            "--feature": feature,
            "--prior": prior,
            "--scale": scale,
            "--resamples": resamples,
        }
        for option, value in asked.items():
            if value and not has_data:
                raise PriormapError(f"{option} needs data: name a file, or give --dataset diabetes")
        pair, table = tuple(feature or ()) or None, None
        if has_data:
            from priormap import tables
            from priormap.cli.choices import choose
            from priormap.criteria import Resamples
            from priormap.tables.two_columns import chosen_pair

            again = Resamples.of(resamples, resample.value)
            model = choose(
                *(path, target, prior, scale, sigma),
                standardize=standardize,
                use="posterior",
                reading=reading,
            )
            places = {"tables": with_tables, "force": force, "resampled": again is not None}
            check_places(folder, format, list(model.priors), **places)
            if pair is not None:
                chosen_pair(model.data, pair)
            table = tables.contrast(
                model.data, model.priors, draws=draws, random_seed=seed, resamples=again
            )
        written = write_figures(
            folder, format, table, features=pair, tables=with_tables, force=force
        )
    job.hand_over(())
    for file in written:
        typer.echo(visible(str(file)))
    return 0
