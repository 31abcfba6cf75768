"""The commands and their options: from the words of a command line to its exit code.

Commands import what they need when they run, so that ``priormap --help`` answers at once.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from priormap.cli.audit_command import audit
from priormap.cli.choose_command import choose
from priormap.cli.compare_command import compare
from priormap.cli.contrast_command import contrast
from priormap.cli.convert_command import TakesNumbers, convert
from priormap.cli.explain_command import explain
from priormap.cli.figures_command import figures
from priormap.cli.guard import (
    UNFORESEEN,
    plain_warnings,
    unforeseen,
    unwritable,
    without_debug,
)
from priormap.cli.path_command import path
from priormap.cli.process import complain
from priormap.cli.rank_command import rank
from priormap.cli.report_command import report
from priormap.cli.sample_command import sample
from priormap.cli.tables import with_options
from priormap.errors import PriormapError, visible

COMMANDS = (
    *(compare, contrast, rank, choose, path, convert),
    *(sample, figures, report, explain, audit),
)
_UsageError: Any = typer.BadParameter.__bases__[0]  # typer does not export it by name
_BAD_INPUT, _INTERRUPTED = 2, 130

app = typer.Typer(
    name="priormap",
    help="Show what a penalty believes: ridge and lasso as exact posterior modes.",
    epilog="Exit codes: 0 all is well, 1 fits are not the mode, or coefficients that of another "
    "penalty, 2 input that cannot be used, 3 the mode to few digits, 4 not the mode, 70 an error "
    "of priormap itself, 130 interrupted.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for command in COMMANDS:
    app.command(cls=TakesNumbers if command is convert else None)(with_options(command))


@app.callback(invoke_without_command=True)
def priormap(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of an error; after a command too.")
    ] = False,
) -> None:
    """Show what a penalty believes: ridge and lasso as exact posterior modes."""
    if version:
        from priormap import __version__

        typer.echo(f"priormap {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code."""
    words, debug = without_debug(arguments)
    command = typer.main.get_command(app)
    try:
        with plain_warnings(debug):
            result = command.main(words, prog_name="priormap", standalone_mode=False)
        sys.stdout.flush()
    except _UsageError as error:
        return _refuse(visible(" ".join(error.format_message().split())))
    except (KeyboardInterrupt, typer.Abort):
        return _INTERRUPTED
    except Exception as error:
        if debug:
            traceback.print_exc()
        if isinstance(error, PriormapError):
            return _refuse(error.in_options)
        if isinstance(error, OSError) and (reason := unwritable(error)):
            return _refuse(reason)
        if isinstance(error, MemoryError):
            return _refuse(f"not enough memory ({error}); give fewer rows, columns or draws")
        return _refuse(unforeseen(error), UNFORESEEN)
    return int(result or 0)


def _refuse(reason: str, code: int = _BAD_INPUT) -> int:
    complain(reason)
    return code
