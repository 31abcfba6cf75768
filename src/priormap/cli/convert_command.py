"""``priormap convert``: one library's penalty as another library writes it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from priormap.cli import model_options as ask
from priormap.cli.notes import collected_notes, print_notes
from priormap.cli.outputs import Outputs, as_json
from priormap.errors import PriormapError

if TYPE_CHECKING:
    from priormap.conventions import ConvertedPenalty


def convert(
    numbers: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NUMBER|NAME=NUMBER...",
            help="The penalty's strength, or its parameters by name; NAME=1,2,3 for one number "
            "per column.",
            show_default=False,
        ),
    ] = None,
    source: Annotated[
        str | None, typer.Option("--from", metavar="LIBRARY", help="For example sklearn.Lasso.")
    ] = None,
    library: Annotated[
        str | None, typer.Option("--to", metavar="LIBRARY", help="For example glmnet.")
    ] = None,
    path: Annotated[
        Path | None,
        typer.Option("--data", metavar="FILE", help="CSV file with a header line, or Parquet."),
    ] = None,
    target: ask.Target = None,
    weights: ask.Weights = None,
    sigma: Annotated[
        float | None, typer.Option(metavar="NUMBER", help="Noise sd, which priors speak of.")
    ] = None,
    l1_ratio: Annotated[
        float | None, typer.Option(metavar="NUMBER", help="Share of l1, whatever its name there.")
    ] = None,
    rows: Annotated[
        int | None, typer.Option(metavar="N", help="Number of rows, in place of --data.")
    ] = None,
    intercept: Annotated[bool, typer.Option(help="Whether the model has an intercept.")] = True,
    standardize: Annotated[
        bool, typer.Option(help="Whether X was divided by its sd before the library saw it.")
    ] = False,
    table: Annotated[bool, typer.Option("--list", help="List every library instead.")] = False,
    json: ask.Json = None,
    force: ask.Force = False,
) -> int:
    """Write one library's penalty as another library writes it.

    Exit code: 0, or 2 for input that cannot be used or a penalty that cannot be written so.
    """
    outputs = Outputs({"json": json}, force=force)
    if table:
        return _list(outputs)
    if source is None or library is None or not numbers:
        raise PriormapError(
            "convert needs a number, --from and --to, as in: "
            "priormap convert 0.1 --from sklearn.Lasso --to glmnet --data FILE --target COLUMN; "
            "priormap convert --list has the names"
        )
    from priormap.conventions import convert as converted_by

    with collected_notes() as notes:
        facts = _facts(path, target, weights, intercept=intercept, standardize=standardize)
        result = converted_by(
            _numbers(numbers),
            source,
            library,
            sigma=sigma,
            l1_ratio=l1_ratio,
            n=rows,
            standardize=standardize,
            **facts,
        )
    outputs.write({"json": lambda: _json(result, source, notes)})
    print_notes(notes)
    if not outputs.takes_stdout:
        from priormap.cli.convert_rendering import render_conversion

        data = facts.get("data")
        render_conversion(result, data.names if data is not None else ())
    return 0


def _list(outputs: Outputs) -> int:
    from priormap.conventions import list_conventions

    frame = list_conventions()
    rows = frame.reset_index().to_dict(orient="records")
    outputs.write({"json": lambda: as_json(rows)})
    if not outputs.takes_stdout:
        from priormap.cli.convert_rendering import render_conventions

        render_conventions(frame)
    return 0


def _numbers(texts: list[str]) -> Any:
    """A bare number, or a mapping of every NAME=NUMBER."""
    if len(texts) == 1 and "=" not in texts[0]:
        return _number("NUMBER", texts[0])
    pairs = [text.partition("=") for text in texts]
    names = [name for name, _, _ in pairs]
    for name, equals, _ in pairs:
        if not equals:
            raise PriormapError(f"{name!r} is one of several numbers; give each as NAME=NUMBER")
        if names.count(name) > 1:
            raise PriormapError(f"{name} was given {names.count(name)} times; give it once")
    return {name: _number(name, text) for name, _, text in pairs}


def _number(name: str, text: str) -> float | list[float]:
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        raise PriormapError(f"{name} must be a number, got {text!r}") from None
    return values if len(values) > 1 else values[0]


def _facts(
    path: Path | None, target: str | None, weights: str | None, **options: bool
) -> dict[str, Any]:
    """The data, and the weights in one of its columns."""
    if path is None:
        for option, value in (("--target", target), ("--weights", weights)):
            if value is not None:
                raise PriormapError(f"{option} names a column of --data; give both")
        return {}
    from priormap.cli.user_table import read_table, without_weights
    from priormap.data.regression import Regression

    frame, target = read_table(path, target)
    frame, sample_weight = without_weights(frame, weights, target)
    data = Regression.from_frame(frame, target, **options)
    return {"data": data, "sample_weight": sample_weight}


def _json(result: ConvertedPenalty, source: str, notes: list[str]) -> str:
    return as_json(
        {
            "from": source,
            "to": result.convention.name,
            "numbers": dict(result),
            "standardized": result.standardized,
            "objective": result.convention.objective,
            "evidence": result.convention.evidence,
            "penalty": {"l1": result.penalty.l1, "l2": result.penalty.l2},
            "notes": list(result.notes),
            "warnings": notes,
        }
    )
