"""Blocks as a person reads them on stdout: tables on a terminal, aligned plain text in a pipe."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from priormap.display.blocks import Block, Cell, Code, Items, Paragraph, Subheading, Table
from priormap.display.text import aligned, points_in_line
from priormap.errors import visible

_MOST_ROWS = 30
_WIDE = 76  # columns of a terminal that shows ten digits of everything
_ANY_WIDTH = 10_000
_STYLES = {"strong": "bold", "good": "green", "bad": "red"}


def paper_of_stdout() -> Paper:
    """What stdout is written on: a terminal, or plain text."""
    console = Console(highlight=False)
    return _Terminal(console) if console.is_terminal else Paper()


class Paper:
    """Aligned text without colour, for pipes and files."""

    digits = 10

    def line(self, text: str, style: str = "") -> None:
        """Print one line, or a paragraph that is wrapped."""
        print(visible(text))

    def table(self, header: list[str], rows: list[list[str]], spare: Sequence[str] = ()) -> None:
        """Print a table; where it is too wide, leave `spare` columns out."""
        print("\n".join(aligned(header, rows)))

    def show(self, blocks: Iterable[Block], *, more: str = "") -> None:
        """Print blocks; `more` says where those rows are that a table has no room for."""
        for block in blocks:
            match block:
                case Table():
                    self._show_table(block, more)
                case Paragraph():
                    style = " ".join(_STYLES[tone] for tone in block.tone.split())
                    self.line("".join(block.parts), style)
                case Items():
                    for sentence in block.sentences:
                        self.line(f"  {sentence}")
                case Subheading():
                    self.line("")
                    self.line(block.text, "bold")
                case Code():
                    for line in block.text.splitlines():
                        self.line(line)

    def _show_table(self, table: Table, more: str) -> None:
        rows = table.largest(_MOST_ROWS)
        cells = [[visible(self._shown(cell)) for cell in row] for row in rows]
        if table.is_facts:
            for name, value in cells:
                self.line(f"  {name} = {value}")
        else:
            self.table([visible(name) for name in table.header], cells, table.spare)
        if len(rows) < len(table.rows):
            kept = "coefficients, those that move y most" if table.weights else "rows"
            self.line(f"({len(rows)} of {len(table.rows)} {kept}{more})")

    def _shown(self, cell: Cell) -> str:
        return f"{cell.value:.{self.digits}g}" if cell.is_exact else cell.text


class _Terminal(Paper):
    """rich: colour where the terminal has it, wrapped to its width."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.digits = 10 if console.width >= _WIDE else 6

    def line(self, text: str, style: str = "") -> None:
        indent = len(text) - len(text.lstrip())
        shown = Text(visible(text.lstrip()), style=style)
        self._console.print(Padding(shown, (0, 0, 0, indent)))

    def table(self, header: list[str], rows: list[list[str]], spare: Sequence[str] = ()) -> None:
        """Print a table; where it is too wide wrap its header, or leave `spare` columns out."""
        kept = [j for j, name in enumerate(header) if name not in spare]
        whole = [header, *points_in_line(rows)]
        for head, *body in (whole, [[line[j] for j in kept] for line in whole]):
            wrapped = _wrapped(head, body)
            table = _table(head, body, fold_numbers=False)
            narrow = _table(wrapped, body, fold_numbers=False)
            if self._width_of(table).maximum <= self._console.width:
                return self._console.print(table)
            if self._width_of(narrow).minimum <= self._console.width:
                return self._console.print(narrow)
        folded = [[cell.rstrip() for cell in row] for row in body]
        return self._console.print(_table(wrapped, folded))

    def _width_of(self, table: RichTable) -> Measurement:
        options = self._console.options.update(width=_ANY_WIDTH)
        return Measurement.get(self._console, options, table)


def _wrapped(header: list[str], rows: list[list[str]]) -> list[str]:
    """Header in lines that are no longer than the cells or words below and in it."""
    columns = zip(*rows, strict=True)
    widths = [
        max(map(len, [*name.split(), *cells])) for name, cells in zip(header, columns, strict=True)
    ]
    return [textwrap.fill(name, width) for name, width in zip(header, widths, strict=True)]


def _table(header: list[str], rows: list[list[str]], *, fold_numbers: bool = True) -> RichTable:
    table = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 0, 0, 1))
    first, *others = map(Text, header)  # no markup: [b] may be a name
    table.add_column(first, overflow="fold")
    for name in others:
        table.add_column(name, justify="right", overflow="fold", no_wrap=not fold_numbers)
    for row in rows:
        table.add_row(*map(_entry, row))
    return table


def _entry(cell: str) -> Padding:
    """A cell whose spaces at the right end stay, which align its point."""
    text = cell.rstrip()
    return Padding(Text(text, style="dim" * (text == "0")), (0, len(cell) - len(text), 0, 0))
