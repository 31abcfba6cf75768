"""Results as notebooks show them: compact HTML in which everything of the user's is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

from priormap.display.blocks import Block, Items, Paragraph, Subheading, Table

if TYPE_CHECKING:
    import pandas as pd


_MOST_ROWS = 20  # of all tables together, as long as each has a few
_FEWEST_ROWS = 5


def as_html(blocks: Sequence[Block]) -> str:
    """Return blocks as elements, large tables without the rows that count least.

    Examples
    --------
    >>> as_html([Subheading("a<b"), Items(("One.", "Two."))])
    '<h4>a&lt;b</h4><ul><li>One.</li><li>Two.</li></ul>'
    """
    tables = sum(isinstance(block, Table) for block in blocks)
    most = max(_MOST_ROWS // max(tables, 1), _FEWEST_ROWS)
    return "".join(_element(block, most) for block in blocks)


def _element(block: Block, most: int) -> str:
    match block:
        case Table():
            rows, cut = block.largest(most), len(block.rows) - most
            caption = f"<caption>{escape(block.caption)}</caption>" if block.caption else ""
            return _table(block.header, rows, cut, caption)
        case Paragraph() if block.text:
            text = escape("".join(block.parts))
            return f"<p>{f'<strong>{text}</strong>' if 'strong' in block.tone else text}</p>"
        case Items():
            return f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in block.sentences)}</ul>"
        case Subheading():
            return f"<h4>{escape(block.text)}</h4>"
    return ""


def html_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a table of at most twenty rows, the first column naming them.

    Examples
    --------
    >>> html_table(["column", "sd"], [["a<b", 0.5]]).count("a&lt;b")
    1
    """
    return _table(header, rows[:_MOST_ROWS], len(rows) - _MOST_ROWS)


def _table(
    header: Sequence[str], rows: Sequence[Sequence[object]], cut: int, caption: str = ""
) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in header)
    lines = []
    for first, *rest in rows:
        cells = "".join(f"<td>{escape(_shown(value))}</td>" for value in rest)
        lines.append(f'<tr><th scope="row">{escape(_shown(first))}</th>{cells}</tr>')
    more = f"<p>... {cut} more</p>" if cut > 0 else ""
    body = f"<tbody>{''.join(lines)}</tbody>"
    return f"<table>{caption}<thead><tr>{head}</tr></thead>{body}</table>{more}"


def html_frame(frame: pd.DataFrame, digits: int, *, index: bool = True) -> str:
    """Return a DataFrame as a table, its middle left out where it is large."""
    return frame.to_html(
        index=index,
        float_format=f"{{:.{digits}g}}".format,
        max_rows=_MOST_ROWS,
        max_cols=_MOST_ROWS,
        border=0,
    )


def html_lines(lines: Iterable[str]) -> str:
    """Return sentences as a list, or one sentence as a paragraph."""
    escaped = [escape(line) for line in lines]
    if len(escaped) == 1:
        return f"<p>{escaped[0]}</p>"
    return f"<ul>{''.join(f'<li>{line}</li>' for line in escaped)}</ul>"


def _shown(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
