"""Options that every command about a model shares, written once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from priormap.cli.options import Family

Data: TypeAlias = Annotated[
    Path | None,
    typer.Argument(
        metavar="DATA",
        help="CSV file with a header line, or Parquet file; without it, scikit-learn's "
        "diabetes data.",
        show_default=False,
    ),
]
Target: TypeAlias = Annotated[
    str | None, typer.Option(metavar="COLUMN", help="Column to predict from all others.")
]
Weights: TypeAlias = Annotated[
    str | None, typer.Option(metavar="COLUMN", help="Column of the data with sample weights.")
]
Priors: TypeAlias = Annotated[
    list[Family] | None,
    typer.Option(
        metavar="|".join(Family),
        help="Prior; repeat for several. Default: gaussian and laplace.",
        show_default=False,
    ),
]
Scales: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NUMBER[,NUMBER]",
        help="Prior scale: the sd of a Gaussian, the mean |coefficient| of a Laplace prior, "
        "both of them (L1,L2) for an elastic net; inf is flat. Once for all, or once per --prior.",
        show_default=False,
    ),
]
Sigma: TypeAlias = Annotated[
    str, typer.Option(metavar="NUMBER|unknown", help="Noise sd, or unknown, to be learnt.")
]
Standardize: TypeAlias = Annotated[
    bool, typer.Option(help="Whether priors speak of columns divided by their sd.")
]
Draws: TypeAlias = Annotated[int, typer.Option(metavar="N", help="Draws of each chain.")]
Tune: TypeAlias = Annotated[
    int | None,
    typer.Option(
        metavar="N", help="Draws discarded before, for Markov chains.", show_default=False
    ),
]
Chains: TypeAlias = Annotated[int, typer.Option(metavar="N", help="Number of chains.")]
Seed: TypeAlias = Annotated[
    int | None, typer.Option(metavar="N", help="The same seed gives the same draws.")
]
Force: TypeAlias = Annotated[bool, typer.Option("--force", help="Replace output files.")]
Json: TypeAlias = Annotated[
    str | None, typer.Option(metavar="FILE|-", help="Write everything as JSON.")
]
Rope: TypeAlias = Annotated[
    float,
    typer.Option(
        metavar="NUMBER", help="A coefficient is negligible within this many sd(y) per sd(x)."
    ),
]
