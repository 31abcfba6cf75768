"""``priormap compare``: exact modes beside the penalised fits, on a table of the user's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from priormap.cli import options as ask
from priormap.cli.tables import AS_IT_IS, Reading
from priormap.cli.work import work
from priormap.display.blocks import Paragraph
from priormap.errors import PriormapError
from priormap.priors import ElasticNet, Gaussian, Laplace

if TYPE_CHECKING:
    from priormap.cli.choices import OfNoise


_SHOWN = (
    "shown: the exact mode (MAP) of each prior, the penalised fit that it is, and how far that is "
    "from it, asked for every digit and at its default settings; then the verdict"
)


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
            help="Noise sd. Default: unknown; with an alpha, which is a prior at one sigma "
            "only, the residual sd of least squares.",
        ),
    ] = None,
    standardize: ask.Standardize = True,
    json: ask.Json = None,
    csv: ask.Csv = None,
    find_map: Annotated[
        bool, typer.Option("--find-map", help="Add pm.find_MAP (compiles for some seconds).")
    ] = False,
    force: ask.Force = False,
    reading: Reading = AS_IT_IS,
) -> int:
    """Set exact modes beside the ridge, lasso and elastic net fits that they are.

    Exit code: 0 where they are equal, 1 where they differ, 2 for input that cannot be used.
    """
    from priormap.cli.choices import UNKNOWN_IF_JOINT, choose
    from priormap.tables import compare_map

    if l1_ratio is not None and elastic_net_alpha is None:
        raise PriormapError("--l1-ratio goes with --elastic-net-alpha; give both")
    with work(force=force, json=json, csv=csv) as job:
        given = _of_alphas(ridge_alpha, lasso_alpha, elastic_net_alpha, l1_ratio)
        model = choose(
            *(path, target, prior, scale, sigma or (None if given else UNKNOWN_IF_JOINT)),
            standardize=standardize,
            given=given,
            reading=reading,
        )
        table = compare_map(model.data, model.priors, find_map=find_map)
    job.hand_over(
        [*model.blocks(), Paragraph(_SHOWN), *table.blocks()],
        more="; --csv has all",
        json=lambda: {**model.to_dict(), "warnings": job.notes, **table.to_dict()},
        csv=lambda: table.coefficients,
    )
    return 0 if table.agrees else 1


def _of_alphas(
    ridge: float | None, lasso: float | None, elastic_net: float | None, l1_ratio: float | None
) -> dict[str, OfNoise]:
    """Priors by the numbers of scikit-learn, which take a noise sd and the rows to be scales."""
    given: dict[str, OfNoise] = {}
    if ridge is not None:
        given["gaussian"] = lambda sigma, n: Gaussian.from_ridge(ridge, sigma)
    if lasso is not None:
        given["laplace"] = lambda sigma, n: Laplace.from_lasso(lasso, sigma, n)
    if elastic_net is not None:
        share = 0.5 if l1_ratio is None else l1_ratio
        given["elastic_net"] = lambda sigma, n: ElasticNet.from_elastic_net(
            elastic_net, share, sigma, n
        )
    return given
