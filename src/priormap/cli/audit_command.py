"""``priormap audit``: whether coefficients are the mode, and what they are the mode of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from priormap.cli import options as ask
from priormap.cli.explain_command import explained
from priormap.cli.library_calls import Numbers, read_words
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
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="[CALL] COEFS [DATA]",
            help="Library call to judge by, such as sklearn.Lasso; CSV file with the columns "
            "feature and coef; file of the data, without it scikit-learn's diabetes data.",
        ),
    ],
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
            "--as", metavar="CALL", help="Library call to judge by, where no word names it."
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
    from priormap.cli.choices import choose, noise_sd

    with work(force=force, json=json) as job:
        given = read_words(words, call)
        call, (coefs, path) = given.call, _coefs_and_data(given.files)
        numbers = Numbers(alpha, l1_ratio, lambda_, number).of(call, given.numbers)
        _refuse_mixtures(prior, scale, call, numbers, weights, sigma)
        if prior is not None:
            model = choose(
                *(path, target, [prior], [scale] if scale else (), sigma),
                standardize=standardize is None or standardize,
                reading=reading,
            )
            certificate = auditing.audit(model.data, model.prior, coefs, tolerance=tolerance)
            sentences = (*model.sentences, f"prior: {model.prior}")
        else:
            noise = None if sigma is None else noise_sd(sigma)
            how: dict[str, Any] = {"weights": weights, "sigma": noise, "coef": coefs}
            how |= {"standardize": bool(standardize), "tolerance": tolerance}
            model, explanation = explained(str(call), path, target, numbers, False, reading, **how)
            certificate = explanation.certificate
            notes = (f"note: {note}" for note in explanation.notes)
            sentences = (*model.about_data, f"penalty: {explanation.call}", *notes)
    job.hand_over(
        [*map(Paragraph, sentences), Paragraph(str(certificate), tone=certificate.tone)],
        json=lambda: {
            "choices": list(sentences),
            "warnings": job.notes,
            **certificate.to_dict(),
        },
    )
    return 0 if certificate.is_mode else _EXIT_CODES[certificate.grade]


def _coefs_and_data(files: Sequence[Path]) -> tuple[Path, Path | None]:
    if not 1 <= len(files) <= 2:
        raise PriormapError(
            "audit reads COEFS and DATA, as in: priormap audit sklearn.Lasso coefs.csv data.csv "
            f"--target COLUMN --alpha 0.1; got {', '.join(map(str, files)) or 'no file'}"
        )
    return files[0], files[1] if len(files) > 1 else None


def _refuse_mixtures(
    prior: str | None,
    scale: str | None,
    call: str | None,
    numbers: dict[str, Any],
    weights: str | None,
    sigma: str | None,
) -> None:
    if (prior is None) == (call is None):
        raise PriormapError(
            "say by what to judge: either --prior with --scale, or --as CALL, or the call first: "
            "priormap audit sklearn.Lasso COEFS DATA --target COLUMN --alpha 0.1"
        )
    if call is not None and scale is not None:
        raise PriormapError("--scale belongs to --prior; give the library's own numbers")
    if call is None and numbers:
        raise PriormapError(f"{next(iter(numbers))} is a library's number; say which: --as CALL")
    if call is None and weights is not None:
        raise PriormapError("--weights goes with --as, the call that takes sample weights")
    if sigma == "unknown":
        raise PriormapError("a vector is judged at one noise sd; give --sigma a number")
