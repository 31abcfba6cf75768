"""``priormap explain``: what a penalty believes about a table of the user's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from priormap.cli import library_numbers as its, model_options as ask
from priormap.cli.estimator_files import is_estimator_file, read_estimator
from priormap.cli.notes import collected_notes, print_notes
from priormap.cli.outputs import Outputs, as_json
from priormap.errors import PriormapError

if TYPE_CHECKING:
    from priormap.auditing import Explanation
    from priormap.cli.choices import Choices


def explain(
    what: Annotated[
        str,
        typer.Argument(
            metavar="CALL",
            help="Library call, such as sklearn.Lasso or glmnet; or a file with a fitted "
            "estimator (.pkl, .joblib, .skops), with --trust-pickle.",
        ),
    ],
    path: ask.Data = None,
    target: ask.Target = None,
    alpha: its.Alpha = None,
    l1_ratio: its.L1Ratio = None,
    lambda_: its.Lambda = None,
    number: its.Numbers = None,
    weights: ask.Weights = None,
    sigma: Annotated[
        float | None,
        typer.Option(
            metavar="NUMBER",
            help="Noise sd. Default: the residual sd of the penalised fit.",
            show_default=False,
        ),
    ] = None,
    standardize: Annotated[
        bool, typer.Option(help="Whether the library gets columns divided by their sd.")
    ] = False,
    trust_pickle: Annotated[
        bool,
        typer.Option("--trust-pickle", help="Read an estimator from a file, which runs its code."),
    ] = False,
    json: ask.Json = None,
    csv: Annotated[
        str | None, typer.Option(metavar="FILE|-", help="Write the table of priors as CSV.")
    ] = None,
    force: ask.Force = False,
) -> int:
    """Say what prior a penalty is, in units that a person can judge.

    Exit code: 0, or 2 for input that cannot be used.
    """
    from priormap.cli.choices import choose

    outputs = Outputs({"json": json, "csv": csv}, force=force)
    numbers = its.numbers_of_options(alpha, l1_ratio, lambda_, number)
    with collected_notes() as notes:
        if is_estimator_file(what):
            if numbers or standardize:
                raise PriormapError("an estimator in a file has its own numbers; give none")
            model = read_estimator(what, trusted=trust_pickle)
            choices = choose(path, target, weights=weights, sigma="unknown", standardize=False)
            explanation = _of_estimator(model, choices, sigma)
        else:
            choices = choose(
                path, target, weights=weights, sigma="unknown", standardize=standardize
            )
            explanation = _of_numbers(what, numbers, choices, sigma)
    outputs.write(
        {
            "json": lambda: _json(choices, explanation, notes),
            "csv": lambda: explanation.to_frame().to_csv(),
        }
    )
    print_notes(notes)
    if not outputs.takes_stdout:
        from priormap.cli.explanation_rendering import render_explanation

        render_explanation(choices.sentences[0], explanation)
    return 0


def _of_estimator(model: object, choices: Choices, sigma: float | None) -> Explanation:
    import pandas as pd

    from priormap.auditing import explain as explain_estimator

    data = choices.data
    X = pd.DataFrame(data.X, columns=list(data.names), copy=False)
    return explain_estimator(model, X, data.y, sigma=sigma, sample_weight=choices.sample_weight)


def _of_numbers(
    what: str, numbers: dict[str, float], choices: Choices, sigma: float | None
) -> Explanation:
    from priormap.auditing import explain_penalty

    return explain_penalty(
        what, data=choices.data, sigma=sigma, sample_weight=choices.sample_weight, **numbers
    )


def _json(choices: Choices, explanation: Explanation, notes: list[str]) -> str:
    return as_json(
        {
            "source": choices.source,
            "target": choices.target,
            "rows": explanation.data.n_rows,
            "columns": explanation.data.n_features,
            "call": explanation.call,
            "family": explanation.family,
            "prior": str(explanation.prior),
            "standardize": explanation.data.standardize,
            "sigma": explanation.sigma,
            "sigma_origin": explanation.sigma_origin,
            "prior_r2": vars(explanation.r2),
            "is_mode": explanation.certificate.is_mode,
            "verdict": explanation.verdict,
            "notes": list(explanation.notes),
            "warnings": notes,
            "coefficients": explanation.to_frame().reset_index().to_dict(orient="records"),
        }
    )
