"""``priormap path``: the exact mode along the prior scale, knot by knot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from priormap.checks import refuse_memory
from priormap.cli import options as ask
from priormap.cli.tables import AS_IT_IS, Reading
from priormap.cli.work import work
from priormap.display import cells
from priormap.display.blocks import Block, Cell, Paragraph, Subheading, Table
from priormap.errors import PriormapError

if TYPE_CHECKING:
    import pandas as pd

    from priormap.mode import MapPath


_COPIES = 6  # numbers that a coefficient of a path takes: itself, its name, its line of the CSV
_MOST_ROWS = 30
_MOST_NAMES = 4  # columns whose coefficients a terminal shows


def path(
    data: ask.Data = None,
    target: ask.Target = None,
    prior: ask.Prior = "laplace",
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
    reading: Reading = AS_IT_IS,
) -> int:
    """Follow the exact mode from a prior that allows nothing to no prior at all.

    Exit code: 0, or 2 for input that cannot be used.
    """
    from priormap.cli.choices import choose
    from priormap.mode import map_path

    with work(force=force, json=json, csv=csv) as job:
        if points is not None and points < 2:
            raise PriormapError(f"--points must be at least 2, got {points}")
        model = choose(
            *(data, target, [prior]),
            sigma=sigma,
            standardize=standardize,
            use="family",
            reading=reading,
        )
        count = _COPIES * (points or 0) * model.data.n_features
        refuse_memory(f"--points {points}", count, "give fewer")
        found = map_path(model.data, model.prior)
        if points is not None:
            inside = found.scales[np.isfinite(found.scales)]
            grid = np.geomspace(inside[0], inside[-1], points)
            found = map_path(model.data, model.prior, grid)
        rows = _rows(found)
    about = model.sentences
    job.hand_over(
        [*model.blocks(about), *_blocks(found, rows)],
        json=lambda: {**model.to_dict(about), "warnings": job.notes, **_record(found, rows)},
        csv=lambda: _long(found, rows),
    )
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


def _blocks(found: MapPath, rows: pd.DataFrame) -> list[Block]:
    """Rows spread evenly where there are many, with events or the largest coefficients."""
    kind = "knots" if found.is_knots else "scales"
    shown = np.unique(np.linspace(0, len(rows) - 1, min(len(rows), _MOST_ROWS)).astype(int))
    events = ["enters", "leaves"] if found.is_knots else []
    largest = np.abs(found.coef[-1] * found.data.unit.x_norm)
    kept = [] if events else np.sort(np.argsort(-largest, kind="stable")[:_MOST_NAMES]).tolist()

    def line(k: int) -> tuple[Cell, ...]:
        return (
            *(cells.number(rows[name][k], 6) for name in ("scale", "alpha")),
            cells.count(rows["nonzero"][k]),
            *(cells.text(rows[event][k]) for event in events),
            *(cells.coefficient(found.coef[k, j]) for j in kept),
        )

    header = ("scale", "alpha", "nonzero", *events, *(found.names[j] for j in kept))
    blocks: list[Block] = [
        Subheading(f"{len(rows)} {kind} of the {found.prior.label} prior"),
        Table(header, tuple(map(line, shown.tolist()))),
    ]
    if len(shown) < len(rows):
        blocks.append(Paragraph(f"({len(shown)} of {len(rows)} {kind}; --csv has all)"))
    return blocks


def _record(found: MapPath, rows: pd.DataFrame) -> dict[str, Any]:
    lines = zip(rows.to_dict(orient="records"), found.coef.tolist(), strict=True)
    return {
        "prior": found.prior.label,
        "is_knots": found.is_knots,
        "features": list(found.names),
        "path": [{**row, "coef": coef} for row, coef in lines],
    }
