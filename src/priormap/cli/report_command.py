"""``priormap report``: the whole comparison on one page."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from priormap.checks import checked_seed
from priormap.cli import model_options as ask
from priormap.cli.notes import collected_notes, print_notes
from priormap.cli.options import ReportFormat
from priormap.errors import PriormapError

if TYPE_CHECKING:
    from priormap.cli.choices import Choices


_DIABETES = """from sklearn.datasets import load_diabetes

frame = load_diabetes(as_frame=True, scaled=False).frame
frame = frame.rename(columns={"target": "progression"})
"""


def report(
    context: typer.Context,
    path: ask.Data = None,
    target: ask.Target = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Default: report.html or report.md.",
            show_default=False,
        ),
    ] = None,
    format: Annotated[
        ReportFormat | None,
        typer.Option(
            metavar="html|markdown",
            help="Default: by the ending of the file. Markdown puts its figures into a folder.",
        ),
    ] = None,
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
) -> int:
    """Write modes, penalised fits and posteriors as one page.

    Exit code: 0, or 2 for input that cannot be used. An interrupted run leaves no file.
    """
    os.environ.setdefault("MPLBACKEND", "Agg")  # figures go to a file, whatever screen there is
    from priormap.cli.choices import choose
    from priormap.report import Origin, place_of

    output = output or Path("report.md" if format == "markdown" else "report.html")
    if str(output) == "-":
        raise PriormapError("--output - cannot hold a report; name a file")
    place_of(output, format, force=force)  # before any work
    from priormap.report.writing import write_report

    seed = checked_seed(seed)
    with collected_notes() as notes, _progress() as progress:
        progress("reading the data")
        choices = choose(
            path,
            target,
            families=prior or (),
            scales=scale or (),
            sigma=sigma,
            standardize=standardize,
        )
        origin = Origin(
            name=choices.source,
            target=choices.target,
            load=_load(path, choices),
            command=_command(context, output, seed),
            choices=choices.sentences,
        )
        write_report(
            choices.data,
            choices.priors,
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
    print_notes(notes)
    for sentence in choices.sentences:
        print(sentence)
    print(f"written: {output}")
    return 0


def _load(path: Path | None, choices: Choices) -> str:
    """Lines of Python that read the same data."""
    from priormap.report.reproducing import regression_options

    options = f"    target={choices.target!r},\n{regression_options(choices.data, names=False)}"
    if path is None:
        return f"{_DIABETES}data = pmap.Regression.from_frame(\n    frame,\n{options})"
    kind = "parquet" if path.suffix.lower() in {".parquet", ".pq"} else "csv"
    return f"data = pmap.Regression.from_{kind}(\n    {str(path)!r},\n{options})"


def _command(context: typer.Context, output: Path, seed: int) -> str:
    """The command line that gives the same page again: the options given, and the seed."""
    words = ["priormap", "report"]
    given = {name: value for name, value in context.params.items() if _is_given(context, name)}
    given.pop("force", None)
    if path := given.pop("path", None):
        words.append(str(path))
    for name, value in (given | {"seed": seed, "output": output}).items():
        option = name.replace("_", "-")
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
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=None)
        yield lambda words: progress.update(task, description=words)
