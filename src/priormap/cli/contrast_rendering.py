"""A contrast as a person reads it: one block per prior, then what it says in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from priormap.cli.rendering import largest_rows, paper_of_stdout

if TYPE_CHECKING:
    from priormap.tables import Contrast


_HEADER = ["feature", "mode", "mean", "sd", "HDI from", "to", "P(b > 0)", "P(negl.)"]
_HEADER += ["SAVS", "DSS"]
_SPARE = ["sd", "DSS"]


def render_contrast(sentences: Sequence[str], table: Contrast) -> None:
    """Print the choices, then one block per prior."""
    paper = paper_of_stdout()
    for sentence in sentences:
        paper.line(sentence)
    spoken = repr(table).splitlines()
    for name, said in zip(table.summary.index, spoken, strict=True):
        paper.line("")
        paper.line(str(table.modes[str(name)].prior), "bold")
        rows = table.coefficients[table.coefficients["prior"] == name]
        size = len(rows)
        rows, note = largest_rows(rows, "mean", table.modes[str(name)].data)
        cells = [_cells(row) for row in rows.to_dict(orient="records")]
        paper.table(_HEADER, cells, spare=_SPARE)
        if note:
            paper.line(note)
        row = table.summary.loc[name]
        paper.line(said)
        paper.line(
            f"  R^2: mode {row['r2_mode']:.3f}, posterior mean {row['r2_mean']:.3f}; sparse from "
            f"the posterior: SAVS {row['r2_savs']:.3f} with {row['nonzero_savs']} of {size} "
            f"coefficients, DSS {row['r2_dss']:.3f} with {row['nonzero_dss']}."
        )


def _cells(row: dict[Any, Any]) -> list[str]:
    return [
        str(row["feature"]),
        _number(row["mode"]),
        _number(row["mean"]),
        _number(row["sd"]),
        f"{row['hdi_low']:.3g}",
        f"{row['hdi_high']:.3g}",
        f"{row['prob_positive']:.3f}",
        f"{row['prob_rope']:.3f}",
        _number(row["savs"]),
        _number(row["dss"]),
    ]


def _number(value: float) -> str:
    """Four digits; an exact zero, and nothing else, is a bare 0."""
    return f"{value:.4g}" if value else "0"
