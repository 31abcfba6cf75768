"""A library's call on the command line, spelt alike in convert, explain and audit.

``sklearn.Lasso --alpha 0.1``: the name of the call among the words of the command, its numbers as
options by the library's own names.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from priormap.checks import reads_as_number
from priormap.errors import PriormapError

_FILES = {".csv", ".txt", ".tsv", ".dat", ".gz", ".parquet", ".pq"}  # whether there or not


class Words(NamedTuple):
    """The words of a command: the call that is named, numbers (or NAME=NUMBER), and files."""

    call: str | None
    numbers: list[str]
    files: list[Path]


class Numbers(NamedTuple):
    """Numbers of a call as options give them."""

    alpha: float | None = None
    l1_ratio: float | None = None
    lambda_: float | None = None
    more: Sequence[str] | None = None

    def of(self, call: str | None, beside: Sequence[str] = ()) -> dict[str, Any]:
        """Return them by the library's own names, with those that are written NAME=NUMBER."""
        given: dict[str, Any] = {"alpha": self.alpha, "lambda_": self.lambda_}
        numbers = {name: value for name, value in given.items() if value is not None}
        _refuse_repeated([text.partition("=")[0].strip() for text in beside])
        written = [("--number", text) for text in self.more or ()]
        for option, text in [*written, *(("the penalty", text) for text in beside)]:
            name, equals, value = (part.strip() for part in text.partition("="))
            if not (name and equals):
                raise PriormapError(f"{option} must be NAME=NUMBER, got {text!r}")
            _refuse_twice(name, numbers)
            numbers[name] = number("" if text in beside else option, name, value)
        if self.l1_ratio is not None:
            share = _share_of(call)
            _refuse_twice(share, numbers)
            numbers[share] = self.l1_ratio
        return numbers


def read_words(words: Sequence[str], named: str | None) -> Words:
    """Tell the call, numbers and files apart; `named` is the call that an option names.

    A word is a call if a library has it, and a file if it ends as one or is there.
    """
    from priormap.conventions.catalogue import CONVENTIONS, convention_named

    calls, numbers, files = [], [], []
    for word in (text.strip() for text in words):
        if word in CONVENTIONS:
            calls.append(word)
        elif "=" in word or all(map(reads_as_number, word.split(","))):
            numbers.append(word)
        elif Path(word).suffix.lower() in _FILES or Path(word).is_file():
            files.append(Path(word))
        elif named is None and not calls:
            calls.append(convention_named(word).name)
        else:
            numbers.append(word)
    if len({*calls, *([named] if named else [])}) > 1:
        raise PriormapError(f"{calls[-1]} and {named or calls[0]} are two calls; give one")
    return Words(named or next(iter(calls), None), numbers, files)


def number(option: str, name: str, text: str) -> Any:
    """A number, numbers with commas between them, or a file that names the columns."""
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        if Path(text).suffix.lower() == ".csv":
            from priormap.data.coefficients import read_by_name

            return read_by_name(text)
        what = f"{option} must be NAME=NUMBER" if option else f"{name} must be a number"
        got = f"{name}={text}" if option else text
        raise PriormapError(f"{what}, got {got!r}") from None
    return values if len(values) > 1 else values[0]


def _share_of(call: str | None) -> str:
    """What the library calls the share of l1; the word itself where it has none, to be refused."""
    from priormap.conventions.catalogue import CONVENTIONS

    return (CONVENTIONS[call].mixing if call in CONVENTIONS else "") or "l1_ratio"


def _refuse_repeated(names: Sequence[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise PriormapError(f"{name} was given {names.count(name)} times; give it once")


def _refuse_twice(name: str, numbers: dict[str, Any]) -> None:
    if name in numbers:
        raise PriormapError(f"{name} was given twice; give it once")
