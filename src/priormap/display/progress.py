"""A bar for long work: on a terminal, and never in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


def shows(asked: bool | None) -> bool:
    """Whether to show a bar: as asked for, or else on a terminal."""
    return sys.stderr.isatty() if asked is None else asked


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
