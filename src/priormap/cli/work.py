"""Where a command works: places checked first, warnings kept, results handed over."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from priormap.cli.guard import said
from priormap.cli.process import complain
from priormap.display.blocks import Block
from priormap.display.files import check_file, written
from priormap.errors import PriormapError, PriormapWarning, visible

if TYPE_CHECKING:
    import pandas as pd

# what JSON holds, a table to be written as CSV, or the text itself
Content: TypeAlias = "Mapping[str, Any] | list[Any] | pd.DataFrame | str"


@contextmanager
def work(*, force: bool = False, **places: str | None) -> Iterator[Work]:
    """Refuse places that cannot be written, then collect what priormap warns of inside the block.

    Parameters
    ----------
    force : bool
        Whether to replace files.
    **places : str or None
        Where each result goes, by the name of its option: a file, or ``-`` for stdout.
    """
    job = Work({option: place for option, place in places.items() if place is not None}, force)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", PriormapWarning)
        yield job
    job.keep(caught)


class Work:
    """One run of a command."""

    def __init__(self, places: Mapping[str, str], force: bool) -> None:
        self._places = places
        self._warnings: list[PriormapWarning] = []
        for option, place in places.items():
            if place != "-":
                check_file(place, force=force, option=f"--{option}")
        given = [place if place == "-" else os.path.realpath(place) for place in places.values()]
        if len(set(given)) < len(given):
            first, *_ = places.values()
            raise PriormapError(f"--{' and --'.join(places)} both go to {first}; give each its own")

    def keep(self, caught: Iterable[warnings.WarningMessage]) -> None:
        """Keep our warnings, each once, as notes; show those of others as Python does."""
        ours: dict[str, PriormapWarning] = {}
        for one in caught:
            if isinstance(one.message, PriormapWarning):
                ours.setdefault(str(one.message), one.message)
            else:
                warnings.showwarning(one.message, one.category, one.filename, one.lineno)
        self._warnings = list(ours.values())

    @property
    def notes(self) -> list[str]:
        """What priormap warned of, once the work is done."""
        return [str(warning) for warning in self._warnings]

    def hand_over(
        self,
        blocks: Iterable[Block],
        *,
        more: str = "",
        files: Mapping[Path, bytes | memoryview] | None = None,
        **contents: Callable[[], Content],
    ) -> None:
        """Write what was asked for, then notes to stderr, and blocks to stdout if it is free.

        Where stdout cannot be written, no file is.

        Parameters
        ----------
        blocks : iterable of blocks
            What a person reads.
        more : str
            Where the rows are that a table has no room for.
        files : mapping of Path to bytes
            Files beside those of the options.
        **contents : callable
            What makes the content of each place, by the name of its option.
        """
        texts = {place: _text(contents[option]()) for option, place in self._places.items()}
        shown = texts.pop("-", None)
        with written({**(files or {}), **{Path(place): text for place, text in texts.items()}}):
            for warning in self._warnings:
                complain(f"warning: {said(warning)}")
            if shown is None:
                from priormap.display.terminal import paper_of_stdout

                paper_of_stdout().show(blocks, more=more)
            else:
                _print_data(shown)
            sys.stdout.flush()


def drawn(name: str, result: object, file: str | None) -> dict[Path, bytes]:
    """Content of the file of ``--figure``, where one is asked for: ``plot_<name>`` of a result."""
    if file is None:
        return {}
    from priormap.plots.register import figure_named
    from priormap.plots.saving import figure_of, rendered
    from priormap.plots.style import without_windows

    figure, place = figure_named(name).of(result), Path(file)
    with without_windows():
        canvas = figure_of(figure.plot())
    return {place: rendered(canvas, place.suffix.removeprefix("."), figure.caption)}


def _print_data(text: str) -> None:
    """Print JSON or CSV as a file would hold it; but a terminal gets nothing that moves it."""
    if sys.stdout.isatty():
        text = visible(text, keep="\n")
    elif hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8")
    sys.stdout.write(text)


def _text(content: Content) -> str:
    if isinstance(content, str):
        return content
    if hasattr(content, "to_csv"):
        from priormap.display.csv import as_csv

        return as_csv(content)
    from priormap.display.json import as_json

    return as_json(content)
