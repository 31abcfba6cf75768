"""``priormap convert``: one library's penalty as another library writes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from priormap.checks import reads_as_number
from priormap.cli import options as ask
from priormap.cli.library_calls import Numbers, number as read_number, read_words
from priormap.cli.tables import AS_IT_IS, Reading
from priormap.cli.work import Work, work
from priormap.display.blocks import Block, Items, Paragraph, Subheading
from priormap.errors import PriormapError

if TYPE_CHECKING:
    import pandas as pd


_ABOUT_LIST = (
    "l1 and l2 are the weights of |b| and b^2 / 2 beside sum w (y - a - x b)^2 / 2: n rows, "
    "W the sum of their weights w (n without), sd and rms with 1/n, nll the negative log "
    "likelihood of a row."
)
_LISTED = {  # columns of the list: what each is called
    "parameters": "parameters",
    "l1": "l1",
    "l2": "l2",
    "at_defaults": "at its defaults",
    "intercept": "intercept",
    "divides": "divides",
    "weights": "sample weights",
    "note": "note",
    "evidence": "evidence",
}


class TakesNumbers(TyperCommand):
    """A command to which -1 is a number, and no option."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Part negative numbers from options by a space, which is none to a number."""
        valued = (one for one in self.params if not getattr(one, "is_flag", True))
        options = {word for one in valued for word in one.opts}
        words = [
            f" {word}" if _is_negative(word) and before not in options else word
            for before, word in zip(["", *args], args, strict=False)
        ]
        return super().parse_args(ctx, words)


def _is_negative(word: str) -> bool:
    return word.startswith("-") and all(map(reads_as_number, word.split(",")))


def convert(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="CALL [DATA]|NUMBER|NAME=NUMBER...",
            help="Library call, such as sklearn.Lasso, and the file of the data; its numbers are "
            "options, or NAME=NUMBER, NAME=1,2,3 for one number per column, or a number alone. "
            "With --list, libraries.",
            show_default=False,
        ),
    ] = None,
    source: Annotated[
        str | None, typer.Option("--from", metavar="CALL", help="The call, where no word names it.")
    ] = None,
    library: Annotated[
        str | None, typer.Option("--to", metavar="CALL", help="For example glmnet.")
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
    alpha: ask.Alpha = None,
    l1_ratio: Annotated[
        float | None, typer.Option(metavar="NUMBER", help="Share of l1, whatever its name there.")
    ] = None,
    lambda_: ask.Lambda = None,
    number: ask.Numbers = None,
    rows: Annotated[
        int | None, typer.Option(metavar="N", help="Number of rows, in place of --data.")
    ] = None,
    intercept: Annotated[bool, typer.Option(help="Whether the model has an intercept.")] = True,
    standardize: Annotated[
        bool, typer.Option(help="Whether X was divided by its sd before the library saw it.")
    ] = False,
    table: Annotated[
        bool, typer.Option("--list", help="List every library, or those of the NAMES given.")
    ] = False,
    json: ask.Json = None,
    force: ask.Force = False,
    reading: Reading = AS_IT_IS,
) -> int:
    """Write one library's penalty as another library writes it.

    Exit code: 0, or 2 for input that cannot be used or a penalty that cannot be written so.
    """
    with work(force=force, json=json) as job:
        if table:
            return _list(job, words or ())
        given = read_words(words or (), source)
        path = _only_one([*given.files, *([path] if path else [])])
        call, named = given.call, [word for word in given.numbers if "=" in word]
        numbers = Numbers(alpha, l1_ratio, lambda_, number).of(call, named)
        if call is None or library is None:
            raise PriormapError(
                "convert needs a number, --from and --to, or the call and --to, as in: "
                "priormap convert sklearn.Lasso DATA --target COLUMN --alpha 0.1 --to glmnet; "
                "priormap convert --list has the names"
            )
        from priormap import conventions

        facts = _facts(path, target, weights, reading, intercept=intercept, standardize=standardize)
        options: dict[str, Any] = {"sigma": sigma, "n": rows, "standardize": standardize}
        value = _value(given.numbers, numbers)
        more = {} if value is numbers else numbers
        result = conventions.convert(value, call, library, **more, **options, **facts)
    job.hand_over(
        result.blocks(facts["data"].names if facts else ()),
        json=lambda: {"from": call, **result.to_dict(), "warnings": job.notes},
    )
    return 0


def _list(job: Work, names: Sequence[str]) -> int:
    from priormap.conventions import list_conventions
    from priormap.conventions.catalogue import conventions_like

    listed = list_conventions()
    if names:
        found = {one for name in names for one in conventions_like(name.strip())}
        listed = listed[listed.index.isin(found)]
    records = listed.reset_index().to_dict(orient="records")
    job.hand_over(_listed(listed), json=lambda: records)
    return 0


def _listed(conventions: pd.DataFrame) -> list[Block]:
    """What does not fit into columns, line by line."""
    blocks: list[Block] = [Paragraph(_ABOUT_LIST)]
    for name, row in conventions.iterrows():
        lines = (f"{label}: {row[column]}" for column, label in _LISTED.items() if row[column])
        blocks += [Subheading(str(name)), Items((row["objective"], *lines))]
    return blocks


def _value(words: Sequence[str], numbers: Mapping[str, Any]) -> Any:
    """A bare number among the words, or all numbers by name."""
    bare = [text for text in words if "=" not in text]
    if bare and len(words) > 1:
        raise PriormapError(f"{bare[0]!r} is one of several numbers; give each as NAME=NUMBER")
    return read_number("", "NUMBER", bare[0]) if bare else numbers


def _only_one(files: Sequence[Path]) -> Path | None:
    if len(files) > 1:
        raise PriormapError(f"{files[0]} and {files[1]} are two tables; give one")
    return next(iter(files), None)


def _facts(
    path: Path | None, target: str | None, weights: str | None, reading: Reading, **options: bool
) -> dict[str, Any]:
    """The data, and the weights in one of its columns."""
    if path is None:
        for option, value in (("--target", target), ("--weights", weights)):
            if value is not None:
                raise PriormapError(f"{option} names a column of --data; give both")
        return {}
    data, _, sample_weight = reading.of_file(path, target, weights, **options)
    return {"data": data, "sample_weight": sample_weight}
