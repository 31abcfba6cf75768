"""``priormap audit``: whether coefficients are the mode, and what they are the mode of."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from priormap.cli import options as ask
from priormap.cli.tables import AS_IT_IS, Reading
from priormap.cli.work import work
from priormap.display.blocks import Paragraph
from priormap.errors import PriormapError

# of each grade of a verdict; 2 is input that cannot be used
_EXIT_CODES = {
    "mode": 0,
    "mode of another penalty": 1,
    "mode to digits": 3,
    "another point": 4,
    "stationary": 5,
}


def audit(
    coefs: Annotated[
        Path, typer.Argument(metavar="COEFS", help="CSV file with the columns feature and coef.")
    ],
    path: ask.Data = None,
    target: ask.Target = None,
    prior: Annotated[
        str | None, typer.Option(metavar="PRIOR", help=f"Prior to judge by: {ask.PRIOR_WORDS}.")
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
    alpha: ask.Alpha = None,
    l1_ratio: ask.L1Ratio = None,
    lambda_: ask.Lambda = None,
    number: ask.Numbers = None,
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
    tolerance: Annotated[
        float,
        typer.Option(
            metavar="NUMBER",
            help="Relative distance of the coefficients from the mode that still counts as it, "
            "such as 1e-6 for six digits. Default: nothing but a proof.",
            show_default=False,
        ),
    ] = 1e-9,
    json: ask.Json = None,
    force: ask.Force = False,
    reading: Reading = AS_IT_IS,
) -> int:
    """Judge coefficients from anywhere against a prior, or against a library's penalty.

    Exit code: 0 the mode, or within --tolerance of it; 1 the mode of another penalty; 2 input that
    cannot be used; 3 the mode to fewer digits than --tolerance asks for; 4 another point;
    5 a stationary point under a penalty that is not convex, whether or not a higher one was found.
    """
    from priormap import auditing
    from priormap.cli.choices import choose

    with work(force=force, json=json) as job:
        numbers = ask.numbers_of_call(alpha, l1_ratio, lambda_, number)
        _refuse_mixtures(prior, scale, call, numbers, weights, sigma)
        if prior is not None:
            model = choose(
                *(path, target, [prior], [scale] if scale else (), sigma),
                standardize=standardize is None or standardize,
                reading=reading,
            )
            certificate = auditing.audit(model.data, model.prior, coefs, tolerance=tolerance)
            verdict, sentences = str(certificate), (*model.sentences, f"prior: {model.prior}")
        else:
            model = choose(
                path,
                target,
                sigma=sigma or "unknown",
                standardize=bool(standardize),
                weights=weights,
                use="family",
                reading=reading,
            )
            weight = model.sample_weight
            explanation = auditing.explain_penalty(
                str(call),
                data=model.data,
                coef=coefs,
                sample_weight=weight,
                tolerance=tolerance,
                **numbers,
            )
            certificate, verdict = explanation.certificate, explanation.verdict
            sentences = (*model.about_data, f"penalty: {explanation.call}")
    job.hand_over(
        [*map(Paragraph, sentences), Paragraph(verdict, tone=certificate.tone)],
        json=lambda: {
            "choices": list(sentences),
            "warnings": job.notes,
            **certificate.to_dict(),
            "verdict": verdict,
        },
    )
    return 0 if certificate.is_mode else _EXIT_CODES[certificate.grade]


def _refuse_mixtures(
    prior: str | None,
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
