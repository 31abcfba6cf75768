"""An explanation as a person reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from priormap.cli.rendering import largest_rows, paper_of_stdout

if TYPE_CHECKING:
    from priormap.auditing import Explanation


_NAMES = {
    "feature": "feature",
    "coef": "coef",
    "scale": "scale",
    "l1_scale": "l1 scale",
    "l2_scale": "l2 scale",
    "prior_sd": "prior sd",
    "high": "95% within",
    "high_per_sd": "per sd(x)",
    "coef_in_prior_sd": "coef / prior sd",
}


def render_explanation(about_data: str, explanation: Explanation) -> None:
    """Print the sentences, then one row per coefficient."""
    paper = paper_of_stdout()
    paper.line(about_data)
    first, *rest = explanation.sentences
    paper.line(first, "bold")
    for sentence in rest:
        paper.line(sentence)
    paper.line("")
    table = explanation.to_frame().reset_index()
    rows, note = largest_rows(table, "coef", explanation.data)
    shown = [name for name in _NAMES if name in rows]
    cells = [[_cell(row[name]) for name in shown] for row in rows.to_dict(orient="records")]
    paper.table([_NAMES[name] for name in shown], cells, spare=["prior sd"])
    if note:
        paper.line(note)


def _cell(value: Any) -> str:
    """Four digits; an exact zero, and nothing else, is a bare 0."""
    if isinstance(value, str):
        return value
    return f"{value:.4g}" if value else "0"
