"""``priormap explain``: what a penalty believes about a table of the user's."""

from __future__ import annotations

import importlib
import pickle
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from priormap.cli import options as ask
from priormap.cli.library_calls import Numbers
from priormap.cli.tables import AS_IT_IS, Reading
from priormap.cli.work import work
from priormap.display.blocks import Code, Subheading
from priormap.errors import PriormapError

if TYPE_CHECKING:
    from priormap.auditing import Explanation
    from priormap.cli.choices import Choices


Language = StrEnum("Language", ["pymc", "stan", "brms", "bambi"])
_ESTIMATOR_FILES = {".pkl", ".pickle", ".joblib", ".skops"}


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
    alpha: ask.Alpha = None,
    l1_ratio: ask.L1Ratio = None,
    lambda_: ask.Lambda = None,
    number: ask.Numbers = None,
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
    trust_pickle: ask.Trust = False,
    code: Annotated[
        Language | None,
        typer.Option(
            metavar="|".join(Language), help="Add the code of the model.", show_default=False
        ),
    ] = None,
    json: ask.Json = None,
    csv: Annotated[
        str | None, typer.Option(metavar="FILE|-", help="Write the table of priors as CSV.")
    ] = None,
    force: ask.Force = False,
    reading: Reading = AS_IT_IS,
) -> int:
    """Say what prior a penalty is, in units that a person can judge.

    Exit code: 0, or 2 for input that cannot be used.
    """
    with work(force=force, json=json, csv=csv) as job:
        numbers = Numbers(alpha, l1_ratio, lambda_, number).of(what)
        how: dict[str, Any] = {"weights": weights, "sigma": sigma, "standardize": standardize}
        model, explanation = explained(what, path, target, numbers, trust_pickle, reading, **how)
        lines = None if code is None else _code(explanation, code, weights)
    job.hand_over(
        [
            *model.blocks(model.about_data),
            *explanation.blocks(),
            *(() if lines is None else (Subheading(f"In {code}"), Code(str(code), f"{lines}\n"))),
        ],
        more="; --csv has all",
        json=lambda: {
            "source": model.source,
            "target": model.target,
            "rows": explanation.data.n_rows,
            "columns": explanation.data.n_features,
            **explanation.to_dict(),
            **({} if code is None else {"code": lines}),
            "warnings": job.notes,
        },
        csv=lambda: explanation.to_frame().reset_index(),
    )
    return 0


def _code(explanation: Explanation, language: Language, weights: str | None) -> str:
    from priormap.conventions import model_code

    if weights is not None:
        raise PriormapError("--code has no weights of rows; leave --code or --weights out")
    data, prior = explanation
    return model_code(data, prior, language.value)  # type: ignore[arg-type]


def explained(
    what: str,
    path: Path | None,
    target: str | None,
    numbers: Mapping[str, Any],
    trusted: bool,
    reading: Reading,
    *,
    weights: str | None,
    sigma: float | None,
    standardize: bool,
    **judged: Any,
) -> tuple[Choices, Explanation]:
    """The data, and the explanation of a library's call or of an estimator in a file.

    `judged` is what `explain_penalty` takes of coefficients from elsewhere.
    """
    from priormap.auditing import explain_penalty
    from priormap.cli.choices import choose

    is_file = Path(what).suffix.lower() in _ESTIMATOR_FILES
    if is_file and (numbers or standardize):
        raise PriormapError("an estimator in a file has its own numbers; give none")
    estimator = read_estimator(Path(what), trusted=trusted) if is_file else None
    data: dict[str, Any] = {"weights": weights, "sigma": "unknown", "standardize": standardize}
    model = choose(path, target, use="family", reading=reading, **data)
    if is_file:
        return model, _of_estimator(estimator, model, sigma)
    weight = model.sample_weight
    explanation = explain_penalty(
        what, data=model.data, sigma=sigma, sample_weight=weight, **judged, **numbers
    )
    return model, explanation


def _of_estimator(estimator: object, model: Choices, sigma: float | None) -> Explanation:
    import pandas as pd

    from priormap import auditing

    data = model.data
    X = pd.DataFrame(data.X, columns=list(data.names), copy=False)
    return auditing.explain(estimator, X, data.y, sigma=sigma, sample_weight=model.sample_weight)


def read_estimator(path: Path, *, trusted: bool) -> Any:
    """Load an estimator that was written by pickle, joblib or skops.

    Reading one runs code from it, so it is never done unasked.
    """
    if not path.is_file():
        raise PriormapError(f"{path} does not exist; check the path")
    if not trusted:
        raise PriormapError(
            f"{path} may run any code when it is read; add --trust-pickle if you trust where it "
            "comes from"
        )
    try:
        return _load(path)
    except ImportError as error:
        missing = error.name or str(error)
        raise PriormapError(f"{path} needs {missing}, which is not installed") from None
    except Exception as error:  # whatever a file can do while it is read
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        raise PriormapError(f"{path} cannot be read as an estimator ({reason})") from None


def _load(path: Path) -> Any:
    kind = path.suffix.lower()
    if kind == ".skops":
        skops = importlib.import_module("skops.io")
        return skops.load(path, trusted=skops.get_untrusted_types(file=path))
    if kind == ".joblib":
        return importlib.import_module("joblib").load(path)
    with path.open("rb") as file:
        return pickle.load(file)
