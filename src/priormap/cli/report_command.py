"""``priormap report``: the whole comparison on one page."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from priormap.checks import checked_seed
from priormap.cli import options as ask
from priormap.cli.library_calls import Numbers
from priormap.cli.tables import AS_IT_IS, Reading
from priormap.cli.work import work
from priormap.data.reading import PARQUET
from priormap.display.blocks import Paragraph
from priormap.display.files import check_file
from priormap.errors import PriormapError, visible

if TYPE_CHECKING:
    from priormap.data.regression import Regression


_DIABETES = """from sklearn.datasets import load_diabetes

frame = load_diabetes(as_frame=True, scaled=False).frame
frame = frame.rename(columns={"target": "progression"})
"""


def report(
    context: typer.Context,
    path: ask.Data = None,
    target: ask.Target = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Default: report.html or report.md.",
            show_default=False,
        ),
    ] = None,
    format: Annotated[
        ask.ReportFormat | None,
        typer.Option(
            metavar="html|markdown",
            help="Default: by the ending of the file. Markdown puts its figures into a folder.",
        ),
    ] = None,
    estimator: Annotated[
        str | None,
        typer.Option(
            metavar="CALL",
            help="Report on the prior of a library call, such as sklearn.Lasso with --alpha, or of "
            "a fitted estimator in a file (.pkl, .joblib, .skops) with --trust-pickle.",
            show_default=False,
        ),
    ] = None,
    alpha: ask.Alpha = None,
    l1_ratio: ask.L1Ratio = None,
    lambda_: ask.Lambda = None,
    number: ask.Numbers = None,
    trust_pickle: ask.Trust = False,
    prior: ask.Priors = None,
    scale: ask.Scales = None,
    sigma: ask.Sigma = "unknown",
    standardize: ask.Standardize = True,
    rope: ask.Rope = 0.1,
    draws: ask.Draws = 1000,
    tune: ask.Tune = None,
    chains: ask.Chains = 4,
    seed: ask.Seed = None,
    force: ask.Force = False,
    reading: Reading = AS_IT_IS,
) -> int:
    """Write modes, penalised fits and posteriors as one page.

    Exit code: 0, or 2 for input that cannot be used. An interrupted run leaves no file.
    """
    os.environ.setdefault("MPLBACKEND", "Agg")  # figures go to a file, whatever screen there is
    from priormap.report import Origin, place_of

    if output is None:
        output = "report.md" if format == "markdown" else "report.html"
    if output == "-":
        raise PriormapError("--output - cannot hold a report; name a file")
    check_file(output, force=True, option="--output")
    place_of(output, format, force=force)  # before any work
    from priormap.report.writing import write_report

    seed = checked_seed(seed)
    with work() as job, _progress() as progress:
        progress("reading the data")
        numbers = Numbers(alpha, l1_ratio, lambda_, number).of(estimator)
        if estimator is None and (numbers or trust_pickle):
            raise PriormapError("numbers of a library call need --estimator CALL; name it")
        if estimator is None:
            asked = _of_priors(reading, path, target, prior, scale, sigma, standardize)
        elif prior or scale:
            raise PriormapError("--estimator has a prior of its own; leave --prior and --scale out")
        else:
            noise = _number(sigma) if _is_given(context, "sigma") else None
            own = standardize and _is_given(context, "standardize")
            asked = _of_estimator(
                *(estimator, path, target, numbers, trust_pickle, reading), own, noise
            )
        origin = Origin(
            name=path.name if path else asked.source,
            target=asked.target,
            load=_load(path, asked.target, asked.data, reading),
            command=_command(context, output, seed),
            choices=asked.choices,
        )
        write_report(
            *asked.given,
            output,
            format=format,
            draws=draws,
            tune=tune,
            chains=chains,
            rope=rope,
            random_seed=seed,
            force=force,
            origin=origin,
            progress=progress,
        )
    job.hand_over([*map(Paragraph, asked.said), Paragraph(f"written: {output}")])
    return 0


class _Asked(NamedTuple):
    """What the options ask a report of."""

    given: tuple[Any, Any]
    data: Regression
    source: str
    target: str
    said: tuple[str, ...]
    choices: tuple[str, ...] = ()


def _of_priors(
    reading: Reading,
    path: Path | None,
    target: str | None,
    prior: Sequence[str] | None,
    scale: Sequence[str] | None,
    sigma: str,
    standardize: bool,
) -> _Asked:
    from priormap.cli.choices import choose

    model = choose(
        *(path, target, prior, scale, sigma),
        standardize=standardize,
        use="posterior",
        reading=reading,
    )
    given, said = (model.data, model.priors), model.sentences
    return _Asked(given, model.data, model.source, model.target, said, _for_readers(said))


def _of_estimator(
    estimator: str,
    path: Path | None,
    target: str | None,
    numbers: Mapping[str, Any],
    trusted: bool,
    reading: Reading,
    standardize: bool,
    sigma: float | None,
) -> _Asked:
    from priormap.cli.explain_command import explained

    how: dict[str, Any] = {"weights": None, "sigma": sigma, "standardize": standardize}
    model, explanation = explained(estimator, path, target, numbers, trusted, reading, **how)
    said = (*model.about_data, *explanation.sentences)
    return _Asked((explanation, None), explanation.data, model.source, model.target, said)


def _number(sigma: str) -> float:
    """Noise at which an estimator is read as a prior."""
    try:
        return float(sigma)
    except ValueError:
        raise PriormapError(
            f"--sigma beside --estimator must be a number, got {sigma!r}; leave it out for the "
            "residual sd of the fit"
        ) from None


def _for_readers(sentences: Iterable[str]) -> tuple[str, ...]:
    """Choices without the options that make others, and without the file, which has a table."""
    kept = (one for one in sentences if not one.startswith("data: "))
    return tuple(re.sub(r" \([^()]*--[^()]*\)", "", one) for one in kept)


def _place(file: Path) -> str:
    """A file as the page names it: a page says nothing of the folders of whoever wrote it."""
    return file.name if file.is_absolute() else str(file)


def _load(path: Path | None, target: str, data: Regression, reading: Reading) -> str:
    """Lines of Python that read the same data."""
    from priormap.report.reproducing import regression_options

    words = reading.in_python
    chosen = {} if reading.formula else {"target": target}
    said = "".join(f"    {name}={value!r},\n" for name, value in {**chosen, **words}.items())
    options = f"{said}{regression_options(data, names=False)}"
    if path is None:
        return f"{_DIABETES}data = pmap.Regression.from_frame(\n    frame,\n{options})"
    kind = "parquet" if path.suffix.lower() in PARQUET else "csv"
    return f"data = pmap.Regression.from_{kind}(\n    {_place(path)!r},\n{options})"


def _command(context: typer.Context, output: str, seed: int) -> str:
    """The command line that gives the same page again: the options given, and the seed."""
    words = ["priormap", "report"]
    given = {name: value for name, value in context.params.items() if _is_given(context, name)}
    given.pop("force", None)
    if path := given.pop("path", None):
        words.append(_place(Path(path)))
    if file := given.get("estimator"):
        given["estimator"] = _place(Path(file)) if os.sep in file else file
    given |= {"seed": seed, "output": _place(Path(output))}
    for name, value in given.items():
        option = name.strip("_").replace("_", "-")
        if isinstance(value, bool):
            words.append(f"--{option}" if value else f"--no-{option}")
        else:
            for one in value if isinstance(value, list | tuple) else [value]:
                words += [f"--{option}", str(one)]
    return shlex.join(words)


def _is_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """Say on a terminal what is under way; nothing in a pipe."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=None)
        yield lambda words: progress.update(task, description=visible(words))
