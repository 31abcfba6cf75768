"""``priormap compare``: exact modes beside the penalised fits, on a table of the user's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from priormap.cli import model_options as ask
from priormap.cli.notes import collected_notes, print_notes
from priormap.cli.options import Family
from priormap.cli.outputs import Outputs, as_json
from priormap.errors import PriormapError

if TYPE_CHECKING:
    from priormap.cli.choices import Choices
    from priormap.tables import MapComparison


def compare(
    path: ask.Data = None,
    target: ask.Target = None,
    prior: ask.Priors = None,
    scale: ask.Scales = None,
    ridge_alpha: Annotated[
        float | None,
        typer.Option(metavar="NUMBER", help="Gaussian prior by the alpha of scikit-learn's Ridge."),
    ] = None,
    lasso_alpha: Annotated[
        float | None,
        typer.Option(metavar="NUMBER", help="Laplace prior by the alpha of scikit-learn's Lasso."),
    ] = None,
    elastic_net_alpha: Annotated[
        float | None,
        typer.Option(
            metavar="NUMBER", help="Elastic net prior by the alpha of scikit-learn's ElasticNet."
        ),
    ] = None,
    l1_ratio: Annotated[
        float | None,
        typer.Option(
            metavar="NUMBER", help="Its l1_ratio. Default: 0.5, as there.", show_default=False
        ),
    ] = None,
    sigma: Annotated[
        str | None,
        typer.Option(
            metavar="NUMBER|unknown",
            help="Noise sd. Default: the residual sd of least squares, where there is one.",
        ),
    ] = None,
    standardize: ask.Standardize = True,
    json: ask.Json = None,
    csv: Annotated[
        str | None, typer.Option(metavar="FILE|-", help="Write the coefficients as CSV.")
    ] = None,
    find_map: Annotated[
        bool, typer.Option("--find-map", help="Add pm.find_MAP (compiles for some seconds).")
    ] = False,
    force: ask.Force = False,
) -> int:
    """Set exact modes beside the ridge, lasso and elastic net fits that they are.

    Exit code: 0 where they are equal, 1 where they differ, 2 for input that cannot be used.
    """
    from priormap.cli.choices import choose
    from priormap.tables import compare_map

    outputs = Outputs({"json": json, "csv": csv}, force=force)
    given = {
        Family.gaussian: ridge_alpha,
        Family.laplace: lasso_alpha,
        Family.elastic_net: elastic_net_alpha,
    }
    if l1_ratio is not None and elastic_net_alpha is None:
        raise PriormapError("--l1-ratio goes with --elastic-net-alpha; give both")
    with collected_notes() as notes:
        choices = choose(
            path,
            target,
            families=prior or (),
            scales=scale or (),
            alphas={family: alpha for family, alpha in given.items() if alpha is not None},
            l1_ratio=0.5 if l1_ratio is None else l1_ratio,
            sigma=sigma,
            standardize=standardize,
        )
        table = compare_map(choices.data, choices.priors, find_map=find_map)
    outputs.write(
        {
            "json": lambda: _json(choices, table, notes),
            "csv": lambda: table.coefficients.to_csv(index=False),
        }
    )
    print_notes(notes)
    if not outputs.takes_stdout:
        from priormap.cli.rendering import render

        render(choices.sentences, table)
    return 0 if table.agrees else 1


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
