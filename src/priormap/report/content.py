"""What a report says, before it is a page: text, formulas, tables, pictures and code.

Everything here is computed; a template only arranges it. Text is plain: each template escapes it
for its own format.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from priormap.report.mathematics import Formula


@dataclass(frozen=True)
class Cell:
    """One entry of a table: what is shown, and the exact number behind it if it is one.

    `is_zero` marks a coefficient that is exactly zero.
    """

    text: str
    value: float | None = None
    is_zero: bool = False


@dataclass(frozen=True)
class Table:
    """A table whose first column names its rows; `is_facts` where the second is mostly text."""

    kind: ClassVar[str] = "table"
    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    is_facts: bool = False


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
    """Text with formulas in it; `display` sets a formula on a line of its own."""

    kind: ClassVar[str] = "paragraph"
    parts: tuple[str | Formula, ...]
    display: Formula | None = None


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


@dataclass(frozen=True)
class Section:
    """One part of the page; `name` is its anchor."""

    name: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class ReportContent:
    """Everything that the page says.

    Attributes
    ----------
    title, lead : str
        What the report is about, in a line and in a sentence.
    sections : tuple of Section
    version : str
        Of priormap.
    """

    title: str
    lead: str
    sections: tuple[Section, ...]
    version: str

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """All pictures, in their order on the page."""
        blocks = (block for section in self.sections for block in section.blocks)
        return tuple(block for block in blocks if isinstance(block, Picture))
