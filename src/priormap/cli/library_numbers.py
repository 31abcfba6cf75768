"""The numbers of a library call, as options of a command line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, TypeAlias

import typer

from priormap.errors import PriormapError

Alpha: TypeAlias = Annotated[
    float | None, typer.Option(metavar="NUMBER", help="The library's alpha.", show_default=False)
]
L1Ratio: TypeAlias = Annotated[
    float | None,
    typer.Option(metavar="NUMBER", help="The library's l1_ratio.", show_default=False),
]
Lambda: TypeAlias = Annotated[
    float | None,
    typer.Option("--lambda", metavar="NUMBER", help="The library's lambda.", show_default=False),
]
Numbers: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--number",
        metavar="NAME=NUMBER",
        help="Any other parameter by the library's own name, such as C=1; repeat for several.",
        show_default=False,
    ),
]


def numbers_of_options(
    alpha: float | None, l1_ratio: float | None, lambda_: float | None, more: Sequence[str] | None
) -> dict[str, float]:
    """Return what was given, by the library's own names."""
    given = {"alpha": alpha, "l1_ratio": l1_ratio, "lambda_": lambda_}
    numbers = {name: value for name, value in given.items() if value is not None}
    for text in more or ():
        name, sign, value = text.partition("=")
        try:
            number = float(value)
        except ValueError:
            number = None
        if not sign or not name.strip() or number is None:
            raise PriormapError(f"--number must be NAME=NUMBER, got {text!r}")
        if name.strip() in numbers:
            raise PriormapError(f"{name.strip()} was given twice; give it once")
        numbers[name.strip()] = number
    return numbers
