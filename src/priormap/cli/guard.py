"""Where the command line ends: whatever nobody foresaw is said in one line, never a traceback."""

from __future__ import annotations

import errno
import traceback
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from priormap.cli.process import complain
from priormap.display.files import FULL
from priormap.errors import PriormapError, PriormapWarning, visible

_options: ContextVar[frozenset[str] | None] = ContextVar("options", default=None)
UNFORESEEN = 70  # EX_SOFTWARE of sysexits.h: the program is wrong, not its input
_PACKAGE = Path(__file__).parents[1]
_REPORT = "please report it with the command line (--debug shows the traceback)"


def without_debug(arguments: Sequence[str]) -> tuple[list[str], bool]:
    """Return the arguments without ``--debug``, which may stand anywhere before ``--``.

    Examples
    --------
    >>> without_debug(["compare", "--debug", "--", "--debug"])
    (['compare', '--', '--debug'], True)
    """
    words = list(arguments)
    end = words.index("--") if "--" in words else len(words)
    options = [word for word in words[:end] if word != "--debug"]
    return options + words[end:], len(options) < end


@contextmanager
def speaking_of(options: frozenset[str] | None) -> Iterator[None]:
    """Let `said` name these options only, which are those of the command that runs."""
    token = _options.set(options)
    try:
        yield
    finally:
        _options.reset(token)


def said(sentence: PriormapError | PriormapWarning) -> str:
    """An error or a warning as the command that runs says it."""
    return sentence.for_command(_options.get())


def unforeseen(error: Exception) -> str:
    """What to say of an error that priormap should have foreseen.

    Examples
    --------
    >>> unforeseen(ZeroDivisionError("division by zero")).partition(";")[0]
    'this is an error of priormap: ZeroDivisionError (division by zero)'
    """
    frames = traceback.extract_tb(error.__traceback__)
    files = [(Path(frame.filename), frame.lineno) for frame in frames]
    ours = [(file, line) for file, line in files if file.is_relative_to(_PACKAGE)]
    place = f" at {ours[-1][0].relative_to(_PACKAGE).as_posix()}:{ours[-1][1]}" if ours else ""
    what = f"{type(error).__name__} ({error})" if str(error) else type(error).__name__
    return visible(f"this is an error of priormap: {what}{place}; {_REPORT}")


def unwritable(error: OSError) -> str:
    """What to say where stdout or a disk takes nothing more; empty for any other error."""
    if error.errno not in FULL | {errno.EBADF, errno.EROFS}:
        return ""
    what = error.filename or "to stdout, or to a temporary file"
    return visible(f"cannot write {what} ({error.strerror}); make room, or redirect it")


@contextmanager
def plain_warnings(debug: bool) -> Iterator[None]:
    """Say each warning of a library in one line, once, in place of Python's two with a path."""
    said: set[str] = set()

    def show(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
        line = f"{category.__name__} ({visible(' '.join(str(message).split()))})"
        if line not in said:
            said.add(line)
            complain(f"warning: {line} was not foreseen; {_REPORT}")

    with warnings.catch_warnings():
        if not debug:
            warnings.showwarning = show
        yield
