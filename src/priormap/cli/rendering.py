"""A comparison as a person reads it: tables on a terminal, aligned plain text in a pipe."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    import pandas as pd

    from priormap.data.regression import Regression
    from priormap.tables import MapComparison


_MOST_ROWS = 30
_WIDE = 76  # columns of a terminal that shows ten digits of everything
_ANY_WIDTH = 10_000
_WHO = {
    "map": "MAP",
    "penalised": "{fit}",
    "default": "{fit} at default settings",
    "find_map": "pm.find_MAP",
}


def render(sentences: Sequence[str], table: MapComparison) -> None:
    """Print the choices, then one block per prior, then the verdict."""
    paper = paper_of_stdout()
    for sentence in sentences:
        paper.line(sentence)
    for name in table.summary.index:
        _render_prior(paper, table, str(name))
    paper.line("")
    if table.agrees:
        paper.line("Every penalised fit equals its mode.", "bold green")
    else:
        paper.line("A penalised fit differs from its mode.", "bold red")


def _render_prior(paper: _Plain | _Terminal, table: MapComparison, name: str) -> None:
    row = table.summary.loc[name].to_dict()
    fit = str(row["call"]).split("(")[0]
    paper.line("")
    paper.line(f"{table.modes[name].prior} is {row['call']}", "bold")
    rows = table.coefficients[table.coefficients["prior"] == name]
    rows, note = largest_rows(rows, "map", table.modes[name].data)
    header = _header(rows, fit)
    # the fit is the mode plus the difference
    paper.table(header, _cells(rows, paper.digits), spare=[fit])
    if note:
        paper.line(note)
    paper.line(f"{row['verdict']}.", "green" if row["agrees"] else "red")
    for who, certificate in table.certificates[name].items():
        zeros = row[f"zeros_{who}"]
        aside = f" Exact zeros: {zeros}, not {row['zeros_map']}." * (zeros != row["zeros_map"])
        paper.line(f"  {_WHO[who].format(fit=fit)}: {certificate}{aside}")


def paper_of_stdout() -> _Plain | _Terminal:
    """What stdout is written on: a terminal, or plain text."""
    console = Console(highlight=False)
    return _Terminal(console) if console.is_terminal else _Plain()


def largest_rows(rows: pd.DataFrame, by: str, data: Regression) -> tuple[pd.DataFrame, str]:
    """All coefficients, or the largest ones of many and a note that says so."""
    if len(rows) <= _MOST_ROWS:
        return rows, ""
    weight = np.abs(rows[by].to_numpy() * data.unit.x_norm)
    largest = np.sort(np.argsort(-weight, kind="stable")[:_MOST_ROWS])
    note = f"({_MOST_ROWS} of {len(rows)} coefficients, those that move y most; --csv has all)"
    return rows.iloc[largest], note


def _header(rows: pd.DataFrame, fit: str) -> list[str]:
    header = ["feature", "MAP", fit, f"{fit} - MAP", "default - MAP"]
    return [*header, "find_MAP - MAP"] if "find_map" in rows else header


def _cells(rows: pd.DataFrame, digits: int) -> list[list[str]]:
    values = ["map", "penalised"]
    differences = [c for c in rows if str(c).startswith("difference")]
    cells = []
    for row in rows.to_dict(orient="records"):
        numbers = [f"{row[c]:.{digits}g}" for c in values]
        cells.append([str(row["feature"]), *numbers, *(_short(row[c]) for c in differences)])
    return cells


def _short(difference: float) -> str:
    return f"{difference:.0e}" if difference else "0"


class _Plain:
    """Aligned text without colour, for pipes and files."""

    digits = 10

    def line(self, text: str, style: str = "") -> None:
        print(text)

    def table(self, header: list[str], rows: list[list[str]], spare: Sequence[str] = ()) -> None:
        widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
        for row in [header, *rows]:
            first, *rest = row
            numbers = (cell.rjust(w) for cell, w in zip(rest, widths[1:], strict=True))
            print("  " + "  ".join([first.ljust(widths[0]), *numbers]))


class _Terminal:
    """rich: colour where the terminal has it, wrapped to its width."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.digits = 10 if console.width >= _WIDE else 6

    def line(self, text: str, style: str = "") -> None:
        indent = len(text) - len(text.lstrip())
        self._console.print(Padding(Text(text.lstrip(), style=style), (0, 0, 0, indent)))

    def table(self, header: list[str], rows: list[list[str]], spare: Sequence[str] = ()) -> None:
        """Print a table; where it is too wide wrap its header, or leave `spare` columns out."""
        kept = [j for j, name in enumerate(header) if name not in spare]
        whole = [header, *rows]
        for head, *body in (whole, [[line[j] for j in kept] for line in whole]):
            wrapped = _wrapped(head, body)
            table = _table(head, body, fold_numbers=False)
            narrow = _table(wrapped, body, fold_numbers=False)
            if self._width_of(table).maximum <= self._console.width:
                return self._console.print(table)
            if self._width_of(narrow).minimum <= self._console.width:
                return self._console.print(narrow)
        return self._console.print(_table(wrapped, body))

    def _width_of(self, table: Table) -> Measurement:
        options = self._console.options.update(width=_ANY_WIDTH)
        return Measurement.get(self._console, options, table)


def _wrapped(header: list[str], rows: list[list[str]]) -> list[str]:
    """Header in lines that are no longer than the cells or words below and in it."""
    columns = zip(*rows, strict=True)
    widths = [
        max(map(len, [*name.split(), *cells])) for name, cells in zip(header, columns, strict=True)
    ]
    return [textwrap.fill(name, width) for name, width in zip(header, widths, strict=True)]


def _table(header: list[str], rows: list[list[str]], *, fold_numbers: bool = True) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 0, 0, 1))
    table.add_column(header[0], overflow="fold")
    for name in header[1:]:
        table.add_column(name, justify="right", overflow="fold", no_wrap=not fold_numbers)
    for row in rows:
        table.add_row(*(Text(cell, style="dim" if cell == "0" else "") for cell in row))
    return table
