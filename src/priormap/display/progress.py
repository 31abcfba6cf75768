"""What long work shows: a bar on a terminal, never in a pipe, or one line on stderr."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_SLOW = 10.0  # seconds


def tell_of_compiling(event: Any) -> None:
    """Say on a terminal, once, that kernels are being compiled, where that is what one waits for.

    Compiled kernels are cached on disk, so that only a first run waits. `event` is numba's module
    of that name, for numba belongs to the kernels.
    """

    class Told(event.Listener):  # type: ignore[misc]
        is_told = False

        def on_start(self, event: Any) -> None:
            module = str(event.data["dispatcher"].py_func.__module__)
            if shows(None) and not self.is_told and module.startswith("priormap."):
                self.is_told = True
                print("priormap: compiling once, some seconds ...", file=sys.stderr, flush=True)

        def on_end(self, event: Any) -> None:
            pass

    if not event._registered["numba:compile"]:
        event.register("numba:compile", Told())


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
