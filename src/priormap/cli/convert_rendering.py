"""A conversion, and the list of conventions, as a person reads them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from priormap.cli.rendering import paper_of_stdout

if TYPE_CHECKING:
    import pandas as pd

    from priormap.conventions import ConvertedPenalty


def render_conversion(result: ConvertedPenalty, names: Sequence[str]) -> None:
    """Print every number, then what is minimised, then what the numbers do not say."""
    paper = paper_of_stdout()
    convention = result.convention
    where = " on X / sd(x)" if result.standardized else ""
    paper.line(f"{convention.name}{where}", "bold")
    for name, value in result.items():
        if not np.ndim(value):
            paper.line(f"  {name} = {value:.{paper.digits}g}")
    vectors = {name: value for name, value in result.items() if isinstance(value, np.ndarray)}
    if vectors:
        size = len(next(iter(vectors.values())))
        features = names or [f"x{j}" for j in range(size)]
        columns = zip(features, *vectors.values(), strict=True)
        rows = [
            [str(feature), *(f"{v:.{paper.digits}g}" for v in row)] for feature, *row in columns
        ]
        paper.table(["feature", *vectors], rows)
    paper.line(f"objective: {convention.objective}")
    for note in result.notes:
        paper.line(f"note: {note}")
    paper.line(f"evidence: {convention.evidence}")


def render_conventions(table: pd.DataFrame) -> None:
    """Print one block per convention: what does not fit into columns, line by line."""
    paper = paper_of_stdout()
    paper.line(
        "l1 and l2 are the weights of |b| and b^2 / 2 beside sum w (y - a - x b)^2 / 2: n rows, "
        "W the sum of their weights w (n without), sd and rms with 1/n, nll the negative log "
        "likelihood of a row."
    )
    for name, row in table.iterrows():
        paper.line("")
        paper.line(str(name), "bold")
        paper.line(f"  {row['objective']}")
        for label, text in (
            ("parameters", row["parameters"]),
            ("l1", row["l1"]),
            ("l2", row["l2"]),
            ("at its defaults", row["at_defaults"]),
            ("intercept", row["intercept"]),
            ("divides", row["divides"]),
            ("sample weights", row["weights"]),
            ("note", row["note"]),
            ("evidence", row["evidence"]),
        ):
            if text:
                paper.line(f"  {label}: {text}")
