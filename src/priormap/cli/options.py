"""Options that commands share, each written once; what they may say is read before any number."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from priormap.display.files import check_file
from priormap.errors import PriormapError
from priormap.priors import PRIORS

Criterion = StrEnum(
    "Criterion", ["cv", "loo", "evidence", "empirical_bayes", "hyperprior", "universal"]
)
Dataset = StrEnum("Dataset", ["diabetes"])
Format = StrEnum("Format", ["png", "svg", "pdf"])
Extra = StrEnum("Extra", ["log_likelihood", "posterior_predictive", "prior", "effect"])
Method = StrEnum("Method", ["auto", "exact", "gibbs", "nuts"])
Kind = StrEnum("Kind", ["pairs", "residual", "halves"])
ReportFormat = StrEnum("ReportFormat", ["html", "markdown"])
PRIOR_WORDS = ", ".join(
    f"{kind.name} ({kind.aliases[-1]})" if kind.fit in kind.aliases else kind.name
    for kind in PRIORS
)


def _number(what: str, *names: str) -> Any:
    return typer.Option(*names, metavar="NUMBER", help=what, show_default=False)


# data

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
Standardize: TypeAlias = Annotated[
    bool, typer.Option(help="Whether priors speak of columns divided by their sd.")
]

# priors and noise

Prior: TypeAlias = Annotated[
    str, typer.Option(metavar="PRIOR", help=f"Prior of the coefficients: {PRIOR_WORDS}.")
]
Priors: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PRIOR",
        help=f"Prior: {PRIOR_WORDS}; repeat for several. Default: gaussian and laplace.",
        show_default=False,
    ),
]
Scales: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NUMBER[,NUMBER]|learn|r2=NUMBER|relevant=NUMBER|effect=NUMBER",
        help="Prior scale: the sd of a Gaussian, the mean |coefficient| of a Laplace prior, "
        "both of them (L1,L2) for an elastic net; inf is flat, learn (where a posterior is drawn) "
        "learns it from the data. Or what it says before the data: the median of R^2 (r2=0.5), how "
        "many coefficients matter (relevant=3), or what 95 % of effects per sd of a column stay "
        "within (effect=20). Once for all, or once per --prior.",
        show_default=False,
    ),
]
Sigma: TypeAlias = Annotated[
    str, typer.Option(metavar="NUMBER|unknown", help="Noise sd, or unknown, to be learnt.")
]

# draws

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
Rope: TypeAlias = Annotated[
    float,
    typer.Option(
        metavar="NUMBER", help="A coefficient is negligible within this many sd(y) per sd(x)."
    ),
]

ResampleCount: TypeAlias = Annotated[
    int,
    typer.Option(
        "--resamples",
        metavar="N",
        help="Modes of so many resamples beside the posterior: how often is each not zero?",
        show_default=False,
    ),
]
ResampleKind: TypeAlias = Annotated[
    Kind,
    typer.Option(
        "--resample",
        help="What is resampled: rows, residuals of the mode, or halves of the rows.",
    ),
]

# results

Force: TypeAlias = Annotated[bool, typer.Option("--force", help="Replace output files.")]
Json: TypeAlias = Annotated[
    str | None, typer.Option(metavar="FILE|-", help="Write everything as JSON.")
]
Csv: TypeAlias = Annotated[
    str | None, typer.Option(metavar="FILE|-", help="Write the coefficients as CSV.")
]
FigureFile: TypeAlias = Annotated[
    str | None, typer.Option("--figure", metavar="FILE", help="Draw it (.png, .svg or .pdf).")
]

# numbers of a library call

Alpha: TypeAlias = Annotated[float | None, _number("The library's alpha.")]
L1Ratio: TypeAlias = Annotated[float | None, _number("The library's l1_ratio.")]
Lambda: TypeAlias = Annotated[float | None, _number("The library's lambda.", "--lambda")]
Numbers: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--number",
        metavar="NAME=NUMBER",
        help="Any other parameter by the library's own name, such as C=1; NAME=1,2,3 or NAME=FILE "
        "(CSV with the columns feature and coef) for one number per column; repeat for several.",
        show_default=False,
    ),
]


Trust: TypeAlias = Annotated[
    bool, typer.Option("--trust-pickle", help="Read an estimator from a file, which runs its code.")
]


def check_figure(file: Path, force: bool) -> None:
    """Refuse a file of ``--figure`` that has another ending or cannot be written."""
    if file.suffix.removeprefix(".") not in list(Format):
        raise PriormapError(f"--figure must end in .png, .svg or .pdf, got {str(file)!r}")
    check_file(file, force=force, option="--figure")
