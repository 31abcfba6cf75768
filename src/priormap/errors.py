"""The one error and the one warning that priormap raises about its input."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Phrase:
    """What Python calls an argument or a remedy, and what the command line calls it."""

    python: str
    option: str

    def __str__(self) -> str:
        return self.python


class _Sentence:
    """A sentence in parts, of which a `Phrase` has two forms."""

    args: tuple[object, ...]

    def __str__(self) -> str:
        return _in_one_line(map(str, self.args))

    @property
    def in_options(self) -> str:
        """The sentence as the command line says it."""
        return _in_one_line(
            part.option if isinstance(part, Phrase) else str(part) for part in self.args
        )


def _in_one_line(parts: Iterable[str]) -> str:
    """Join parts, without the line breaks that the repr of an array may bring."""
    return " ".join("".join(parts).splitlines())


class PriormapError(_Sentence, ValueError):
    """Input that priormap cannot use, told in one sentence with the remedy.

    Examples
    --------
    >>> remedy = Phrase("use intercept=False", "use --no-intercept")
    >>> error = PriormapError("X has 1 row; ", remedy)
    >>> str(error), error.in_options
    ('X has 1 row; use intercept=False', 'X has 1 row; use --no-intercept')
    """


class PriormapWarning(_Sentence, UserWarning):
    """The answer is right, but the input has a property that its owner should know of."""
