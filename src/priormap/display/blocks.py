"""What a result says, before it is on any paper: sentences, tables, formulas, pictures, code.

A result hands out `blocks()`; `text`, `html`, `terminal` and the report's pages show them. Text
in a block is plain: each paper escapes it for its own format, and decides how many rows of a
table it has room for. `to_dict()` holds the same numbers for programs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeAlias


class Tex(str):
    """A formula as TeX."""

    __slots__ = ()


@dataclass(frozen=True)
class Cell:
    """One entry of a table: what is shown, and the exact number behind it if it is one.

    `is_zero` marks a coefficient that is exactly zero; `is_exact` a number of which a paper
    shows as many digits as it has room for.
    """

    text: str
    value: float | None = None
    is_zero: bool = False
    is_exact: bool = False

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Table:
    """A table whose first column names its rows.

    Attributes
    ----------
    header : tuple of str
    rows : tuple of tuple of Cell
    caption, note : str
        What stands above and below it.
    is_facts : bool
        Two columns, of which the second is mostly text.
    spare : tuple of str
        Columns that a narrow paper may leave out.
    weights : tuple of float
        How much each row counts: a paper without room for all shows those that count most.
        Empty: the first ones.
    """

    kind: ClassVar[str] = "table"
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: str = ""
    note: str = ""
    is_facts: bool = False
    spare: tuple[str, ...] = ()
    weights: tuple[float, ...] = ()

    def largest(self, most: int) -> tuple[tuple[Cell, ...], ...]:
        """At most this many rows, those that count most, in their order.

        Where there are more, none that counts for nothing, unless all do.
        """
        if len(self.rows) <= most:
            return self.rows
        order: Sequence[int] = range(len(self.rows))
        if any(self.weights):
            order = sorted((k for k in order if self.weights[k]), key=lambda k: -self.weights[k])
        return tuple(self.rows[k] for k in sorted(order[:most]))


@dataclass(frozen=True)
class Picture:
    """A figure that is drawn: SVG or PNG, with its caption, which is its alternative text."""

    kind: ClassVar[str] = "picture"
    name: str
    title: str
    caption: str
    image: bytes


@dataclass(frozen=True)
class Paragraph:
    """Text, with formulas in it where it is a tuple; `display` is one on a line of its own.

    `tone` is "strong", "good", "bad", or "strong" with one of them, for a paper with colours. An
    empty text is an empty line where paper has lines.
    """

    kind: ClassVar[str] = "paragraph"
    text: str | tuple[str, ...]
    display: Tex | None = None
    tone: str = ""

    @property
    def parts(self) -> tuple[str, ...]:
        """Text and formulas in their order."""
        return (self.text,) if isinstance(self.text, str) else self.text


@dataclass(frozen=True)
class Items:
    """A list of sentences."""

    kind: ClassVar[str] = "items"
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Subheading:
    """A heading inside a section."""

    kind: ClassVar[str] = "subheading"
    text: str


@dataclass(frozen=True)
class Code:
    """Lines to run, in a language by the name that Markdown gives it."""

    kind: ClassVar[str] = "code"
    language: str
    text: str


Block: TypeAlias = Table | Picture | Paragraph | Items | Subheading | Code


def facts(pairs: Iterable[tuple[str, Cell]], caption: str = "") -> Table:
    """Return a table of names and values."""
    rows = tuple((Cell(name), cell) for name, cell in pairs)
    return Table(("what", "value"), rows, caption, is_facts=True)
