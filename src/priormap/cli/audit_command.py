"""``priormap audit``: whether coefficients are the mode, and what they are the mode of."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from priormap.cli import library_numbers as its, model_options as ask
from priormap.cli.notes import collected_notes, print_notes
from priormap.cli.options import Family
from priormap.cli.outputs import Outputs, as_json
from priormap.errors import PriormapError

if TYPE_CHECKING:
    from priormap.mode import Certificate


def audit(
    coefs: Annotated[
        Path, typer.Argument(metavar="COEFS", help="CSV file with the columns feature and coef.")
    ],
    path: ask.Data = None,
    target: ask.Target = None,
    prior: Annotated[
        Family | None, typer.Option(metavar="|".join(Family), help="Prior to judge by.")
    ] = None,
    scale: Annotated[
        str | None,
        typer.Option(
            metavar="NUMBER[,NUMBER]",
            help="Its scale, or both of them (L1,L2) of an elastic net; inf is flat.",
            show_default=False,
        ),
    ] = None,
    call: Annotated[
        str | None,
        typer.Option(
            "--as", metavar="CALL", help="Library call to judge by instead, such as sklearn.Lasso."
        ),
    ] = None,
    alpha: its.Alpha = None,
    l1_ratio: its.L1Ratio = None,
    lambda_: its.Lambda = None,
    number: its.Numbers = None,
    weights: ask.Weights = None,
    sigma: Annotated[
        str | None,
        typer.Option(
            metavar="NUMBER",
            help="Noise sd of a prior. Default: the residual sd of least squares.",
        ),
    ] = None,
    standardize: Annotated[
        bool | None,
        typer.Option(
            help="Whether the prior speaks of, or the library gets, columns divided by their "
            "sd. Default: a prior does, a library does not.",
            show_default=False,
        ),
    ] = None,
    json: ask.Json = None,
    force: ask.Force = False,
) -> int:
    """Judge coefficients from anywhere against a prior, or against a library's penalty.

    Exit code: 0 where they are the mode, 1 where they are not, 2 for input that cannot be used.
    """
    outputs = Outputs({"json": json}, force=force)
    numbers = its.numbers_of_options(alpha, l1_ratio, lambda_, number)
    _refuse_mixtures(prior, scale, call, numbers, weights, sigma)
    with collected_notes() as notes:
        if call is not None:
            judged = _against_call(
                call, numbers, coefs, path, target, weights, sigma, bool(standardize)
            )
        else:
            assert prior is not None
            standardize = standardize is None or standardize
            judged = _against_prior(prior, scale, coefs, path, target, sigma, standardize)
    sentences, certificate, verdict = judged
    outputs.write({"json": lambda: _json(sentences, certificate, verdict, notes)})
    print_notes(notes)
    if not outputs.takes_stdout:
        from priormap.cli.rendering import paper_of_stdout

        paper = paper_of_stdout()
        for sentence in sentences:
            paper.line(sentence)
        paper.line(verdict, "bold green" if certificate.is_mode else "bold red")
    return 0 if certificate.is_mode else 1


def _refuse_mixtures(
    prior: Family | None,
    scale: str | None,
    call: str | None,
    numbers: dict[str, float],
    weights: str | None,
    sigma: str | None,
) -> None:
    if (prior is None) == (call is None):
        raise PriormapError("say by what to judge: either --prior with --scale, or --as CALL")
    if call is not None and scale is not None:
        raise PriormapError("--scale belongs to --prior; give the library's own numbers to --as")
    if call is None and numbers:
        raise PriormapError(f"{next(iter(numbers))} is a library's number; say which: --as CALL")
    if call is None and weights is not None:
        raise PriormapError("--weights goes with --as, the call that takes sample weights")
    if sigma == "unknown":
        raise PriormapError("a vector is judged at one noise sd; give --sigma a number")


def _against_prior(
    prior: Family,
    scale: str | None,
    coefs: Path,
    path: Path | None,
    target: str | None,
    sigma: str | None,
    standardize: bool,
) -> tuple[tuple[str, ...], Certificate, str]:
    from priormap import auditing
    from priormap.cli.choices import choose

    scales = [] if scale is None else [scale]
    choices = choose(
        path, target, families=[prior], scales=scales, sigma=sigma, standardize=standardize
    )
    (given,) = choices.priors.values()
    certificate = auditing.audit(choices.data, given, coefs)
    return (*choices.sentences, f"prior: {given}"), certificate, str(certificate)


def _against_call(
    call: str,
    numbers: dict[str, float],
    coefs: Path,
    path: Path | None,
    target: str | None,
    weights: str | None,
    sigma: str | None,
    standardize: bool,
) -> tuple[tuple[str, ...], Certificate, str]:
    from priormap.auditing import explain_penalty
    from priormap.cli.choices import choose

    choices = choose(
        path, target, weights=weights, sigma=sigma or "unknown", standardize=standardize
    )
    explanation = explain_penalty(
        call, data=choices.data, coef=coefs, sample_weight=choices.sample_weight, **numbers
    )
    sentences = (choices.sentences[0], f"penalty: {explanation.call}")
    return sentences, explanation.certificate, explanation.verdict


def _json(
    sentences: tuple[str, ...], certificate: Certificate, verdict: str, notes: list[str]
) -> str:
    shortfall = certificate.shortfall
    other = shortfall.other if shortfall is not None else None
    return as_json(
        {
            "choices": list(sentences),
            "warnings": notes,
            "is_mode": certificate.is_mode,
            "verdict": verdict,
            "relative_gap": certificate.relative_gap,
            "kkt_residual": certificate.kkt_residual,
            "worst_column": certificate.worst_column,
            "excess": 0.0 if shortfall is None else shortfall.excess,
            "zero_here": [] if shortfall is None else list(shortfall.zero_here),
            "zero_at_mode": [] if shortfall is None else list(shortfall.zero_at_mode),
            "other": other
            and {
                "l1_factor": other.l1_factor,
                "l2_factor": other.l2_factor,
                "columns": other.columns,
                "intercept": other.intercept,
                "slip": other.slip,
                "is_bound": other.is_bound,
                "is_mode": other.certificate.is_mode,
                "kkt_residual": other.certificate.kkt_residual,
            },
        }
    )
