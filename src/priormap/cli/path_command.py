"""``priormap path``: the exact mode along the prior scale, knot by knot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer

from priormap.cli import model_options as ask
from priormap.cli.notes import collected_notes, print_notes
from priormap.cli.options import Family
from priormap.cli.outputs import Outputs, as_json
from priormap.errors import PriormapError

if TYPE_CHECKING:
    import pandas as pd

    from priormap.cli.choices import Choices
    from priormap.mode import MapPath


_MOST_ROWS = 30
_MOST_NAMES = 4  # columns whose coefficients a terminal shows


def path(
    data: ask.Data = None,
    target: ask.Target = None,
    prior: Annotated[
        Family, typer.Option(metavar="|".join(Family), help="Prior of the coefficients.")
    ] = Family.laplace,
    points: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Scales on an even grid of log scale. Default: every knot of a Laplace path, "
            "100 scales for the others.",
            show_default=False,
        ),
    ] = None,
    sigma: Annotated[
        str | None,
        typer.Option(
            metavar="NUMBER",
            help="Noise sd. Default: the residual sd of least squares, where there is one.",
            show_default=False,
        ),
    ] = None,
    standardize: ask.Standardize = True,
    json: ask.Json = None,
    csv: Annotated[
        str | None, typer.Option(metavar="FILE|-", help="Write every coefficient as CSV.")
    ] = None,
    force: ask.Force = False,
) -> int:
    """Follow the exact mode from a prior that allows nothing to no prior at all.

    Exit code: 0, or 2 for input that cannot be used.
    """
    from priormap.cli.choices import choose
    from priormap.mode import map_path

    outputs = Outputs({"json": json, "csv": csv}, force=force)
    if points is not None and points < 2:
        raise PriormapError(f"--points must be at least 2, got {points}")
    with collected_notes() as notes:
        model = choose(data, target, families=[prior], sigma=sigma, standardize=standardize)
        (member,) = model.priors.values()
        found = map_path(model.data, member)
        if points is not None:
            inside = found.scales[np.isfinite(found.scales)]
            found = map_path(model.data, member, np.geomspace(inside[0], inside[-1], points))
        rows = _rows(found)
    outputs.write(
        {
            "json": lambda: _json(model, found, rows, notes),
            "csv": lambda: _long(found, rows).to_csv(index=False),
        }
    )
    print_notes(notes)
    if not outputs.takes_stdout:
        _render(model, found, rows)
    return 0


def _rows(found: MapPath) -> pd.DataFrame:
    """One row per scale: its penalties, and which coefficients enter or leave."""
    import pandas as pd

    from priormap.criteria.scale_family import ScaleFamily

    family = ScaleFamily.of(found.data, found.prior)
    zero = found.coef == 0
    after = np.vstack([zero[1:], zero[-1:]])
    before = np.vstack([zero[:1], zero[:-1]])
    names = np.array(found.names, dtype=object)
    return pd.DataFrame(
        {
            "scale": found.scales,
            "alpha": family.alpha(found.scales),
            "lambda": family.lambda_(found.scales),
            "intercept": found.intercept,
            "nonzero": found.n_nonzero,
            "enters": [" ".join(names[row]) for row in zero & ~after],
            "leaves": [" ".join(names[row]) for row in zero & ~before],
        }
    )


def _long(found: MapPath, rows: pd.DataFrame) -> pd.DataFrame:
    """One row per scale and column."""
    kept = rows[["scale", "alpha", "lambda"]].loc[rows.index.repeat(len(found.names))]
    return kept.assign(
        feature=list(found.names) * len(rows),
        coef=found.coef.ravel(),
        is_zero=(found.coef == 0).ravel(),
    )


def _render(model: Choices, found: MapPath, rows: pd.DataFrame) -> None:
    from priormap.cli.rendering import paper_of_stdout

    paper = paper_of_stdout()
    for sentence in model.sentences[:-1]:  # the last is about a scale that is not used here
        paper.line(sentence)
    paper.line("")
    kind = "knots" if found.is_knots else "scales"
    paper.line(f"{len(rows)} {kind} of the {type(found.prior).__name__} prior", "bold")
    shown = np.unique(np.linspace(0, len(rows) - 1, min(len(rows), _MOST_ROWS)).astype(int))
    events = ["enters", "leaves"] if found.is_knots else []
    largest = np.abs(found.coef[-1] * found.data.unit.x_norm)
    chosen = [] if events else np.sort(np.argsort(-largest, kind="stable")[:_MOST_NAMES]).tolist()
    header = ["scale", "alpha", "nonzero", *events, *(found.names[j] for j in chosen)]
    cells = [
        [
            f"{rows['scale'][k]:.6g}",
            f"{rows['alpha'][k]:.6g}",
            str(rows["nonzero"][k]),
            *(str(rows[event][k]) for event in events),
            *(f"{found.coef[k, j]:.4g}" if found.coef[k, j] else "0" for j in chosen),
        ]
        for k in shown.tolist()
    ]
    paper.table(header, cells)
    if len(shown) < len(rows):
        paper.line(f"({len(shown)} of {len(rows)} {kind}; --csv has all)")


def _json(model: Choices, found: MapPath, rows: pd.DataFrame, notes: list[str]) -> str:
    return as_json(
        {
            "source": model.source,
            "target": model.target,
            "rows": model.data.n_rows,
            "columns": model.data.n_features,
            "standardize": model.data.standardize,
            "choices": list(model.sentences[:-1]),
            "warnings": notes,
            "prior": type(found.prior).__name__,
            "is_knots": found.is_knots,
            "features": list(found.names),
            "path": [
                {**row, "coef": coef}
                for row, coef in zip(
                    rows.to_dict(orient="records"), found.coef.tolist(), strict=True
                )
            ],
        }
    )
