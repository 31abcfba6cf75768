"""Results as plain text, which is what `repr` shows."""

from __future__ import annotations

import re
from collections.abc import Sequence

from priormap.display.blocks import Block, Code, Items, Paragraph, Subheading, Table
from priormap.display.html import as_html
from priormap.errors import visible

_MOST_ROWS = 20
_NUMBER = re.compile(r"[-+]?\d+((?:\.\d+)?(?:e[-+]?\d+)?)")


def as_text(blocks: Sequence[Block]) -> str:
    """Return blocks as lines: facts as ``name: value``, other tables aligned.

    Examples
    --------
    >>> from priormap.display.blocks import facts
    >>> from priormap.display.cells import number
    >>> print(as_text([Paragraph("Found."), facts([("sigma", number(0.5))])]))
    Found.
      sigma: 0.5
    """
    return "\n".join(line for block in blocks for line in _lines(block))


def _lines(block: Block) -> list[str]:
    match block:
        case Table():
            lines = _facts(block) if block.is_facts else _aligned(block)
            cut = len(block.rows) - len(block.largest(_MOST_ROWS))
            return [*lines, f"  ... {cut} more"] if cut > 0 else lines
        case Paragraph():
            return [visible("".join(block.parts))]
        case Items():
            return [f"  {visible(sentence)}" for sentence in block.sentences]
        case Subheading() | Code():
            return visible(block.text, keep="\n").splitlines()
    return [visible(block.caption)]


def _facts(table: Table) -> list[str]:
    return [f"  {visible(f'{name}: {value}')}" for name, value in table.largest(_MOST_ROWS)]


def _aligned(table: Table) -> list[str]:
    rows = [[str(cell) for cell in row] for row in table.largest(_MOST_ROWS)]
    return aligned(table.header, rows)


def aligned(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    r"""Return lines of a table: the first column to the left, numbers with their points in line.

    Examples
    --------
    >>> print("\n".join(aligned(["column", "sd"], [["bmi", "0.5"], ["s5", "12"]])))
      column    sd
      bmi      0.5
      s5      12
    """
    names = [visible(text) for text in header]
    cells = [names, *points_in_line([[visible(text) for text in row] for row in rows])]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = []
    for first, *rest in cells:
        numbers = (cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True))
        lines.append(("  " + "  ".join([first.ljust(widths[0]), *numbers])).rstrip())
    return lines


def points_in_line(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """Pad numbers on the right, so that the points of a column stand in one line at its right end.

    Examples
    --------
    >>> points_in_line([["bmi", "0.25"], ["s5", "12"], ["sex", "–"]])
    [['bmi', '0.25'], ['s5', '12   '], ['sex', '–']]
    """
    columns = []
    for column in zip(*rows, strict=True):
        found = [_NUMBER.fullmatch(text) for text in column]
        tails = [len(one[1]) if one else 0 for one in found]
        most = max(tails)
        columns.append(
            [
                text + " " * (most - tail) if one else text
                for text, one, tail in zip(column, found, tails, strict=True)
            ]
        )
    return [list(row) for row in zip(*columns, strict=True)]


class Described:
    """A result that says everything in `blocks()`; `repr` and notebooks show these."""

    def blocks(self) -> tuple[Block, ...]:
        """What the result says, for any paper."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return as_text(self.blocks())

    def _repr_html_(self) -> str:
        return as_html(self.blocks())
