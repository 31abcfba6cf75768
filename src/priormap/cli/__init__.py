"""The command line: ``priormap compare``, ``contrast``, ``explain`` and the others.

Exit codes: 0 all is well, 1 fits differ from their modes or coefficients are the mode of another
penalty, 2 the input cannot be used or the output cannot be written (one line on stderr, nothing
written), 3 coefficients are the mode to fewer digits than asked for, 4 they are another point, 70
an error that nobody foresaw (one line that asks for a report; ``--debug`` shows the traceback),
130 interrupted. Little loads before signals are handled.
"""

from __future__ import annotations

import sys

from priormap.cli import process

TYPE_CHECKING = False  # without loading typing
if TYPE_CHECKING:
    from typing import Any

    from priormap.cli.command_line import app, run

__all__ = ["app", "main", "run"]


def main() -> int:
    """Entry point of the process; returns its exit code."""
    process.handle_signals()
    if not process.has_stdout():
        process.complain("stdout is closed; redirect it, to /dev/null at least")
        return 2
    from priormap.cli.command_line import run

    code = run(sys.argv[1:])
    process.flush()
    return code


def __getattr__(name: str) -> Any:
    if name not in {"app", "run"}:
        raise AttributeError(f"module 'priormap.cli' has no attribute {name!r}")
    from priormap.cli import command_line

    return getattr(command_line, name)
