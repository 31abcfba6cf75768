"""Results as notebooks show them: compact HTML in which everything of the user's is escaped."""

from __future__ import annotations

import html
from collections.abc import Sequence

from priormap.display.blocks import Block, Items, Paragraph, Subheading, Table
from priormap.errors import visible

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


def escape(text: str, keep: str = "") -> str:
    r"""Return text for an element or an attribute; unseen characters but those to `keep` show.

    Examples
    --------
    >>> print(escape("<a>\x1b"))
    &lt;a&gt;\x1b
    """
    return html.escape(visible(text, keep))


def _element(block: Block, most: int) -> str:
    match block:
        case Table():
            return _table(block, most)
        case Paragraph() if block.text:
            text = escape("".join(block.parts))
            return f"<p>{f'<strong>{text}</strong>' if 'strong' in block.tone else text}</p>"
        case Items():
            return f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in block.sentences)}</ul>"
        case Subheading():
            return f"<h4>{escape(block.text)}</h4>"
    return ""


def _table(table: Table, most: int) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in table.header)
    lines = []
    for first, *rest in table.largest(most):
        values = "".join(f"<td>{escape(cell.text)}</td>" for cell in rest)
        lines.append(f'<tr><th scope="row">{escape(first.text)}</th>{values}</tr>')
    cut = len(table.rows) - most
    more = f"<p>... {cut} more</p>" if cut > 0 else ""
    caption = f"<caption>{escape(table.caption)}</caption>" if table.caption else ""
    body = f"<tbody>{''.join(lines)}</tbody>"
    return f"<table>{caption}<thead><tr>{head}</tr></thead>{body}</table>{more}"
