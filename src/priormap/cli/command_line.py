"""The commands and their options: from the words of a command line to its exit code.

Commands import what they need when they run, so that ``priormap --help`` answers at once.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from priormap.cli.audit_command import audit
from priormap.cli.check_command import check
from priormap.cli.choose_command import choose
from priormap.cli.compare_command import compare
from priormap.cli.contrast_command import contrast
from priormap.cli.convert_command import TakesNumbers, convert
from priormap.cli.evidence_command import evidence
from priormap.cli.explain_command import explain
from priormap.cli.figures_command import figures
from priormap.cli.guard import (
    UNFORESEEN,
    plain_warnings,
    speaking_of,
    unforeseen,
    unwritable,
    without_debug,
)
from priormap.cli.path_command import path
from priormap.cli.predict_command import predict
from priormap.cli.process import complain
from priormap.cli.project_command import project
from priormap.cli.rank_command import rank
from priormap.cli.report_command import report
from priormap.cli.sample_command import sample
from priormap.cli.tables import with_options
from priormap.errors import PriormapError, visible

_TABLE = "cars.csv --target mpg"
GROUPS: dict[str, dict[Callable[..., Any], str]] = {  # every command with an example of its words
    "See": {
        compare: f"{_TABLE} --prior lasso",
        contrast: f"{_TABLE} --prior lasso --scale learn",
        figures: f"{_TABLE} --output figures",
        report: f"{_TABLE} --output cars.html",
    },
    "Compute": {
        rank: f"{_TABLE} --prior ridge --prior lasso",
        evidence: f"{_TABLE} --column hp --figure evidence.png",
        check: f"{_TABLE} --prior lasso --scale r2=0.5",
        project: f"{_TABLE} --prior horseshoe",
        choose: f"{_TABLE} --prior lasso --method cv",
        path: f"{_TABLE} --prior lasso --csv path.csv",
        sample: f"{_TABLE} --prior lasso --output draws.nc",
        predict: f"{_TABLE} --new new.csv --csv predictions.csv",
    },
    "Translate": {
        convert: f"sklearn.Lasso {_TABLE} --alpha 0.1 --to glmnet",
        explain: f"sklearn.Lasso {_TABLE} --alpha 0.1",
        audit: f"sklearn.Lasso coefs.csv {_TABLE} --alpha 0.1",
    },
}
COMMANDS = tuple(command for group in GROUPS.values() for command in group)
_UsageError: Any = typer.BadParameter.__bases__[0]  # typer does not export it by name
_BAD_INPUT, _INTERRUPTED = 2, 130


class _Grouped(TyperGroup):
    """Commands in groups, each with its whole first sentence, however wide the terminal is."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write one section for each group, and one for what is in none."""
        places = {command.__name__: group for group, some in GROUPS.items() for command in some}
        sections: dict[str, list[tuple[str, str]]] = {group: [] for group in GROUPS}
        for name in self.list_commands(ctx):
            first, _, _ = (self.commands[name].help or "").partition("\n\n")
            listed = sections.setdefault(places.get(name, "More"), [])
            listed.append((name, " ".join(first.split())))
        for title, lines in sections.items():
            if lines:
                with formatter.section(title):
                    formatter.write_dl(lines)


app = typer.Typer(
    name="priormap",
    cls=_Grouped,
    help="Show what a penalty believes: ridge and lasso as exact posterior modes.",
    epilog="Exit codes: 0 all is well, 1 fits are not the mode, or coefficients that of another "
    "penalty, 2 input that cannot be used, 3 the mode to few digits, 4 not the mode, 70 an error "
    "of priormap itself, 130 interrupted.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for group in GROUPS.values():
    for command, example in group.items():
        app.command(
            cls=TakesNumbers if command is convert else None,
            epilog=f"\b\nExample:\n  priormap {command.__name__} {example}",
        )(with_options(command))


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
    options = _options(command, words)
    try:
        with plain_warnings(debug), speaking_of(options):
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
            return _refuse(error.for_command(options))
        if isinstance(error, OSError) and (reason := unwritable(error)):
            return _refuse(reason)
        if isinstance(error, MemoryError):
            return _refuse(f"not enough memory ({error}); give fewer rows, columns or draws")
        return _refuse(unforeseen(error), UNFORESEEN)
    return int(result or 0)


def _options(group: Any, words: Sequence[str]) -> frozenset[str] | None:
    """Options of the command that words call; None where they call none."""
    name = next((word for word in words if word in group.commands), None)
    if name is None:
        return None
    parameters = group.commands[name].params
    return frozenset(
        word for one in parameters for word in (*one.opts, *one.secondary_opts, "--help")
    )


def _refuse(reason: str, code: int = _BAD_INPUT) -> int:
    complain(reason)
    return code
