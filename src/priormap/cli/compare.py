"""``priormap compare``: exact modes beside the penalised fits, on a table of the user's."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from priormap.cli.options import Family
from priormap.cli.outputs import Outputs, as_json
from priormap.errors import PriormapWarning

if TYPE_CHECKING:
    from priormap.cli.choices import Choices
    from priormap.tables import MapComparison

__all__ = ["compare"]


def compare(
    path: Annotated[
        Path | None,
        typer.Argument(
            metavar="DATA",
            help="CSV file with a header line, or Parquet file; without it, scikit-learn's "
            "diabetes data.",
            show_default=False,
        ),
    ] = None,
    target: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Column to predict from all others.")
    ] = None,
    prior: Annotated[
        list[Family] | None,
        typer.Option(
            metavar="gaussian|laplace", help="Prior to compare; repeat for several. Default: both."
        ),
    ] = None,
    scale: Annotated[
        list[float] | None,
        typer.Option(
            metavar="NUMBER",
            help="Prior scale: the sd of a Gaussian, the mean |coefficient| of a Laplace prior; "
            "inf is flat. Once for all, or once per --prior.",
        ),
    ] = None,
    ridge_alpha: Annotated[
        float | None,
        typer.Option(metavar="NUMBER", help="Gaussian prior by the alpha of scikit-learn's Ridge."),
    ] = None,
    lasso_alpha: Annotated[
        float | None,
        typer.Option(metavar="NUMBER", help="Laplace prior by the alpha of scikit-learn's Lasso."),
    ] = None,
    sigma: Annotated[
        str | None,
        typer.Option(
            metavar="NUMBER|unknown",
            help="Noise sd. Default: the residual sd of least squares, where there is one.",
        ),
    ] = None,
    standardize: Annotated[
        bool, typer.Option(help="Whether priors speak of columns divided by their sd.")
    ] = True,
    json: Annotated[
        str | None, typer.Option(metavar="FILE|-", help="Write everything as JSON.")
    ] = None,
    csv: Annotated[
        str | None, typer.Option(metavar="FILE|-", help="Write the coefficients as CSV.")
    ] = None,
    find_map: Annotated[
        bool, typer.Option("--find-map", help="Add pm.find_MAP (compiles for some seconds).")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace output files.")] = False,
) -> int:
    """Set exact modes beside the ridge and lasso fits that they are.

    Exit code: 0 where they are equal, 1 where they differ, 2 for input that cannot be used.
    """
    from priormap.cli.choices import choose
    from priormap.tables import compare_map

    outputs = Outputs({"json": json, "csv": csv}, force=force)
    given = {Family.gaussian: ridge_alpha, Family.laplace: lasso_alpha}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", PriormapWarning)
        choices = choose(
            path,
            target,
            families=prior or (),
            scales=scale or (),
            alphas={family: alpha for family, alpha in given.items() if alpha is not None},
            sigma=sigma,
            standardize=standardize,
        )
        table = compare_map(choices.data, choices.priors, find_map=find_map)
    notes = _notes(caught)
    outputs.write(
        {
            "json": lambda: _json(choices, table, notes),
            "csv": lambda: table.coefficients.to_csv(index=False),
        }
    )
    for note in notes:
        print("priormap: warning:", note, file=sys.stderr)
    if not outputs.takes_stdout:
        from priormap.cli.rendering import render

        render(choices.sentences, table)
    return 0 if table.agrees else 1


def _notes(caught: list[warnings.WarningMessage]) -> list[str]:
    """Our own warnings, each once; those of others are shown as Python shows them."""
    for warning in caught:
        if not issubclass(warning.category, PriormapWarning):
            warnings.showwarning(
                warning.message, warning.category, warning.filename, warning.lineno
            )
    own = [str(w.message) for w in caught if issubclass(w.category, PriormapWarning)]
    return list(dict.fromkeys(own))


def _json(choices: Choices, table: MapComparison, notes: list[str]) -> str:
    data = choices.data
    priors = []
    summary = table.summary.to_dict(orient="records")
    for (name, certificates), row in zip(table.certificates.items(), summary, strict=True):
        coefficients = table.coefficients[table.coefficients["prior"] == name]
        priors.append(
            {
                "prior": name,
                **row,
                "certificates": {who: str(one) for who, one in certificates.items()},
                "coefficients": coefficients.drop(columns="prior").to_dict(orient="records"),
            }
        )
    return as_json(
        {
            "source": choices.source,
            "target": choices.target,
            "rows": data.n_rows,
            "columns": data.n_features,
            "standardize": data.standardize,
            "choices": list(choices.sentences),
            "warnings": notes,
            "agrees": table.agrees,
            "priors": priors,
        }
    )
