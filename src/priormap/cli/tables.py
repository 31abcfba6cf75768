"""The user's table: how its file is read, and which of its columns are predictors."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from priormap.checks import meant
from priormap.errors import PriormapError

if TYPE_CHECKING:
    import pandas as pd

    from priormap.data.regression import Regression

Missing = StrEnum("Missing", ["refuse", "drop"])
_PANEL = "How the table is read"


def _option(what: str, *names: str, metavar: str) -> Any:
    return typer.Option(
        *names, metavar=metavar, help=what, show_default=False, rich_help_panel=_PANEL
    )


@dataclass(frozen=True)
class Reading:
    """How a file is read, and which of its columns and rows are used."""

    features: Annotated[
        list[str] | None,
        _option("Columns to predict from. Default: all but the target.", metavar="A,B,..."),
    ] = None
    drop: Annotated[
        list[str] | None, _option("Column not to predict from; repeat.", metavar="COLUMN")
    ] = None
    formula: Annotated[
        str | None,
        _option("Model in place of --target, such as 'y ~ x + log(z) + site*dose'.", metavar="Y~X"),
    ] = None
    missing: Annotated[
        Missing,
        _option("Rows with a missing cell: refuse them, or drop them.", metavar="refuse|drop"),
    ] = Missing.refuse
    na: Annotated[
        list[str] | None, _option("Text that means a missing cell; repeat.", metavar="TEXT")
    ] = None
    index_col: Annotated[
        str | None, _option("Column that labels the rows, or its place from 0.", metavar="COLUMN")
    ] = None
    sep: Annotated[
        str | None, _option("What separates entries: a sign, or TAB.", metavar="SIGN")
    ] = None
    decimal: Annotated[str, _option("Decimal sign, '.' or ','.", metavar="SIGN")] = "."
    encoding: Annotated[
        str | None, _option("Encoding of the file, such as latin-1.", metavar="NAME")
    ] = None
    skip: Annotated[int, _option("Lines above the header to skip.", metavar="N")] = 0

    @property
    def in_python(self) -> dict[str, Any]:
        """What was asked for, as `Regression.from_csv` takes it."""
        words = {
            "formula": self.formula,
            "features": [part for text in self.features or () for part in text.split(",")],
            "drop": self.drop,
            "missing": None if self.missing == Missing.refuse else self.missing.value,
            "na_values": self.na,
            "index_col": self.index_col,
            "sep": "\t" if self.sep in {"TAB", "\\t"} else self.sep,
            "decimal": None if self.decimal == "." else self.decimal,
            "encoding": self.encoding,
            "skip": self.skip,
        }
        return {name: value for name, value in words.items() if value}

    def table(self, path: Path) -> pd.DataFrame:
        """Read a file."""
        from priormap.data.reading import CSV_OPTIONS, read_table

        given = self.in_python
        return read_table(path, **{name: given[name] for name in CSV_OPTIONS if name in given})

    def of_file(
        self, path: Path, target: str | None, weights: str | None, **options: Any
    ) -> tuple[Regression, str, Any]:
        """Data of a file, what they predict, and the weights of their rows."""
        frame = self.table(path)
        if target is None and self.formula is None:
            raise PriormapError(
                f"{path} needs --target, the column to predict, one of: {_some_of(frame)}"
            )
        return self.of_frame(frame, target, weights, **options)

    def of_frame(
        self, frame: pd.DataFrame, target: str | None, weights: str | None, **options: Any
    ) -> tuple[Regression, str, Any]:
        """Data of a table, what they predict, and the weights of their rows."""
        from priormap.data.coding import without_missing
        from priormap.data.reading import CSV_OPTIONS
        from priormap.data.regression import Regression

        _check_weights(frame, weights, target)
        given = {name: one for name, one in self.in_python.items() if name not in CSV_OPTIONS}
        if self.formula is not None:
            self._refuse_beside_formula(target)
            data = Regression.from_formula(frame=frame, **given, **options)
            target = self.formula.split("~")[0].strip()
        else:
            given["drop"] = [*(self.drop or ()), *([weights] if weights else ())]
            data = Regression.from_frame(frame, str(target), **given, **options)
        if weights is None:
            return data, str(target), None
        if data.n_rows < len(frame):
            raise PriormapError(
                f"--weights {weights!r} cannot meet the rows that are left; drop the others first"
            )
        return data, str(target), without_missing(frame[[weights]], "refuse")[0][weights].to_numpy()

    def _refuse_beside_formula(self, target: str | None) -> None:
        for option, value in (("target", target), ("features", self.features), ("drop", self.drop)):
            if value:
                raise PriormapError(f"--formula and --{option} both name columns; give one of them")


AS_IT_IS = Reading()


def with_options(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command that has a parameter ``reading`` the options of `Reading` in its place."""
    own = inspect.signature(command, eval_str=True)
    if "reading" not in own.parameters:
        return command
    hints = get_type_hints(Reading, include_extras=True)
    kept = [one for one in own.parameters.values() if one.name != "reading"]
    parameters = [
        *(one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in kept),
        *(
            inspect.Parameter(
                one.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=one.default,
                annotation=hints[one.name],
            )
            for one in fields(Reading)
        ),
    ]

    @functools.wraps(command)
    def run(**options: Any) -> int:
        reading = Reading(**{one.name: options.pop(one.name) for one in fields(Reading)})
        return command(**options, reading=reading)

    del run.__wrapped__  # typer would look through it
    run.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    return run


def diabetes() -> pd.DataFrame:
    """scikit-learn's diabetes data, in the units of the patients."""
    from sklearn.datasets import load_diabetes

    frame = load_diabetes(scaled=False, as_frame=True).frame
    return frame.rename(columns={"target": "progression"})


def _check_weights(frame: pd.DataFrame, name: str | None, target: str | None) -> None:
    if name is None:
        return
    if name not in frame.columns:
        raise PriormapError(f"--weights {name!r} is not a column; {_meant(name, frame)}")
    if name == target:
        raise PriormapError(f"--weights and --target both name {name!r}; give each its own column")


def _meant(name: str, frame: pd.DataFrame) -> str:
    near = meant(name, list(map(str, frame.columns)))
    return f"choose one of: {_some_of(frame)}" + f"; {near}" * bool(near)


def _some_of(frame: pd.DataFrame) -> str:
    return ", ".join(map(str, frame.columns[:8])) + ", ..." * (len(frame.columns) > 8)
