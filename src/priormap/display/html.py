"""Results as notebooks show them: compact HTML in which everything of the user's is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


_MOST_ROWS = 20


def html_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a table of at most twenty rows, the first column naming them.

    Examples
    --------
    >>> html_table(["column", "sd"], [["a<b", 0.5]]).count("a&lt;b")
    1
    """
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in header)
    lines = []
    for first, *rest in rows[:_MOST_ROWS]:
        cells = "".join(f"<td>{escape(_shown(value))}</td>" for value in rest)
        lines.append(f'<tr><th scope="row">{escape(_shown(first))}</th>{cells}</tr>')
    left = len(rows) - _MOST_ROWS
    more = f"<p>... {left} more</p>" if left > 0 else ""
    body = f"<tbody>{''.join(lines)}</tbody>"
    return f"<table><thead><tr>{head}</tr></thead>{body}</table>{more}"


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
