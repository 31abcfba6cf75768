"""The process around a command line: what ends it, and streams that cannot be written.

Nothing heavy loads here: signals are handled before it does.
"""

from __future__ import annotations

import os
import signal
import sys

_STOPS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGPIPE")  # the last: `| head` has enough
_SHOW_CURSOR = b"\x1b[?25h"


def handle_signals() -> None:
    """Let what ends the process end it silently, and not where it was told to ignore it."""
    for name in _STOPS:
        number = getattr(signal, name, None)
        if number and (name == "SIGPIPE" or signal.getsignal(number) is not signal.SIG_IGN):
            signal.signal(number, _stop)


def flush() -> None:
    """Empty stdout and stderr, so that the interpreter does not fail to as it ends."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:  # which was said before, where it can be
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def complain(line: str) -> None:
    """Write one line to stderr, if that can be written at all."""
    from contextlib import suppress

    with suppress(OSError):  # the exit code still says it
        print("priormap:", line, file=sys.stderr)


def _stop(number: int, _: object) -> None:
    """End silently and at once, with nothing half written.

    An exception in its place may come up inside an import or a callback, where a library drops it.
    """
    for name in _STOPS:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    if files := sys.modules.get("priormap.display.files"):
        files.end_writing(keep=number == getattr(signal, "SIGPIPE", None))
    if os.isatty(2):
        os.write(2, _SHOW_CURSOR)  # a spinner hides it
    os._exit(128 + number)


def has_stdout() -> bool:
    """Whether there is a stdout; numbers of closed streams are taken, so that no file gets one."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    return sys.stdout is not None
