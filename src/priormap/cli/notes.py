"""Our warnings as notes on stderr, each once; those of others as Python shows them."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from priormap.cli.wording import in_options
from priormap.errors import PriormapWarning


@contextmanager
def collected_notes() -> Iterator[list[str]]:
    """Collect what priormap warns of inside the block; the list is filled when it ends."""
    notes: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", PriormapWarning)
        yield notes
    for warning in caught:
        if issubclass(warning.category, PriormapWarning):
            notes.append(str(warning.message))
        else:
            warnings.showwarning(
                warning.message, warning.category, warning.filename, warning.lineno
            )
    notes[:] = dict.fromkeys(notes)


def print_notes(notes: list[str]) -> None:
    """Print each note on a line of stderr."""
    for note in notes:
        print("priormap: warning:", in_options(note), file=sys.stderr)
