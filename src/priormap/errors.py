"""The one error and the one warning that priormap raises about its input."""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from unicodedata import category

# controls, marks of direction and width, halves of characters, ends of lines and paragraphs
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_BETWEEN = frozenset({"priormap", "contextlib"})  # of the line of a caller and a warning
_OPTION = re.compile(r"(?<![\w-])--[a-z][\w-]*\w(?![\w-])")


def visible(text: str, keep: str = "") -> str:
    r"""Return text whose unseen characters are escapes as Python writes them, for any reader.

    A name out of a file may hold what moves the cursor of a terminal, turns the direction of
    a line or ends it. `keep` are characters that stay.

    Examples
    --------
    >>> print(visible("a\x1b[31m\u202eb\n, naïve 年齢"))
    a\x1b[31m\u202eb\n, naïve 年齢
    """
    if text.isprintable():
        return text
    unseen = {one for one in set(text) - set(keep) if category(one) in _UNSEEN}
    return text.translate({ord(one): one.encode("unicode_escape").decode() for one in unseen})


@dataclass(frozen=True, init=False)
class Phrase:
    """What Python calls an argument or a remedy, and what the command line calls it.

    Commands differ in their options: of several forms the first is taken whose options the
    command has, so that no command names one that it has not. Without any, nothing is said.

    Examples
    --------
    >>> phrase = Phrase("draw more", "raise --draws or --tune", "raise --draws")
    >>> phrase.for_command({"--draws", "--seed"})
    'raise --draws'
    """

    python: str
    options: tuple[str, ...]

    def __init__(self, python: str, *options: str) -> None:
        object.__setattr__(self, "python", python)
        object.__setattr__(self, "options", options)

    def __str__(self) -> str:
        return self.python

    def for_command(self, known: Collection[str] | None = None) -> str:
        """The form for a command with these options; None: with every option."""
        for form in self.options:
            if known is None or set(_OPTION.findall(form)) <= set(known):
                return form
        return ""


class _Sentence:
    """A sentence in parts, of which a `Phrase` has two forms."""

    args: tuple[object, ...]

    def __str__(self) -> str:
        return _in_one_line(map(str, self.args))

    @property
    def in_options(self) -> str:
        """The sentence as the command line says it."""
        return self.for_command()

    def for_command(self, known: Collection[str] | None = None) -> str:
        """The sentence as a command with these options says it; None: with every option."""
        return _in_one_line(
            part.for_command(known) if isinstance(part, Phrase) else str(part) for part in self.args
        )


def _in_one_line(parts: Iterable[str]) -> str:
    """Join parts, without the indented lines that the repr of an array may bring."""
    return visible(re.sub(r"\n +", " ", "".join(parts)))


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


def warn(*parts: object) -> None:
    """Warn at the caller's own line, however deep in priormap the reason was found."""
    level, frame = 2, sys._getframe(1)
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] in _BETWEEN:
        level, frame = level + 1, frame.f_back
    warnings.warn(PriormapWarning(*parts), stacklevel=level)
