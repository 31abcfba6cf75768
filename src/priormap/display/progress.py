"""What long work shows: a bar on a terminal, never in a pipe, or one line on stderr."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_SLOW = 10.0  # seconds


def shows(asked: bool | None) -> bool:
    """Whether to show anything: as asked for, or else on a terminal."""
    return sys.stderr.isatty() if asked is None else asked


@contextmanager
def told_if_slow(show: bool | None, what: str) -> Iterator[None]:
    """Say in one line on stderr that work takes more than ten seconds.

    `show` of None: on a terminal only.
    """
    if not shows(show):
        yield
        return

    def tell() -> None:
        print(f"{what}: at work for {_SLOW:g} s ...", file=sys.stderr, flush=True)

    timer = threading.Timer(_SLOW, tell)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@contextmanager
def progress(show: bool | None, total: int, what: str) -> Iterator[Callable[[int], None] | None]:
    """Give a function that takes how much is done, or None where nothing is shown.

    `show` of None: on a terminal only.
    """
    if not shows(show):
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.update(task, completed=done)
