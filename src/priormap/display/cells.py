"""Entries of tables: numbers as a reader takes them in, with the exact ones behind them.

One rule for digits: an estimate with a Monte Carlo error shows those that the error supports
(`estimate`, `probability`), any other number a fixed count (`number`, `fixed`), and none shows
the sign of a zero.
"""

from __future__ import annotations

import math

from priormap.display.blocks import Cell

_SMALL, _LARGE = 1e-4, 1e6  # outside, numbers are in powers of ten
_MOST_DECIMALS = 4  # of a number beside its error


def text(value: object) -> Cell:
    """Return a cell that is not a number."""
    return Cell(str(value))


def number(value: float, digits: int = 4) -> Cell:
    """Return `digits` significant digits; an exact zero, and nothing else, is a bare 0.

    Examples
    --------
    >>> str(number(-0.51234)), str(number(0.0)), str(number(1.25e-12))
    ('-0.5123', '0', '1.25e-12')
    """
    value = float(value)
    return Cell(f"{value:.{digits}g}" if value else "0", value)


def estimate(value: float, error: float, digits: int = 4) -> Cell:
    """Return the digits that a Monte Carlo error supports, to the place of its first one.

    They are at most `digits`; without an error it is a `number`.

    Examples
    --------
    >>> [str(estimate(value, 0.03)) for value in (12.3456, 0.5, -0.004, 0.0)]
    ['12.35', '0.50', '0.00', '0']
    >>> str(estimate(483.21, 15.0)), str(estimate(3.21e-7, 2e-8)), str(estimate(1.25, 0.0))
    ('480', '3.2e-07', '1.25')
    """
    value, error = float(value), float(error)
    largest = max(abs(value), error)
    if not (value and error > 0 and math.isfinite(largest)):
        return number(value, digits)
    decimals = min(-_place(error), digits - 1 - _place(largest))
    if not _SMALL <= largest < _LARGE:
        return Cell(f"{value:.{max(_place(value) + decimals, 0)}e}", value)
    return Cell(_unsigned_zero(f"{round(value, decimals):.{max(decimals, 0)}f}"), value)


def _place(value: float) -> int:
    """Power of ten of the first digit."""
    return math.floor(math.log10(abs(value)))


def _unsigned_zero(text: str) -> str:
    """Drop the sign of a number that rounds to zero."""
    return text if text.strip("-0.") else text.removeprefix("-")


def coefficient(value: float, digits: int = 4) -> Cell:
    """Return a number, marked where it is exactly zero."""
    shown = number(value, digits)
    return Cell(shown.text, shown.value, is_zero=value == 0)


def exact(value: float) -> Cell:
    """Return ten digits, or as many as the paper has room for."""
    value = float(value)
    return Cell(f"{value:.10g}", value, is_zero=value == 0, is_exact=True)


def difference(value: float) -> Cell:
    """Return one digit."""
    value = float(value)
    return Cell(f"{value:.0e}" if value else "0", value)


def count(value: float) -> Cell:
    """Return a whole number, or NaN for what was not counted."""
    return Cell(_unsigned_zero(f"{value:.0f}"), float(value))


def fixed(value: float, decimals: int = 1) -> Cell:
    """Return so many decimals; a dash for what is not defined.

    Examples
    --------
    >>> str(fixed(-2.345)), str(fixed(7.0, 0)), str(fixed(float("nan")))
    ('-2.3', '7', '–')
    >>> str(fixed(-0.04))
    '0.0'
    """
    value = float(value)
    return Cell("–" if math.isnan(value) else _unsigned_zero(f"{value:.{decimals}f}"), value)


def with_error(value: float, error: float) -> tuple[Cell, Cell]:
    """Return both with the decimals of the first digit of the error, one at least.

    Examples
    --------
    >>> [list(map(str, with_error(-3.217, error))) for error in (1.52, 0.034, 0.0)]
    [['-3.2', '1.5'], ['-3.22', '0.03'], ['-3.2', '0.0']]
    """
    known = 0 < error < math.inf
    decimals = min(max(1, -_place(error)), _MOST_DECIMALS) if known else 1
    return fixed(value, decimals), fixed(error, decimals)


def probability(value: float, size: float = math.inf) -> Cell:
    """Return three decimals, or as many as so many draws support.

    Examples
    --------
    >>> str(probability(0.5)), str(probability(0.5123, size=4000)), str(probability(1.0, size=4000))
    ('0.500', '0.512', '1.000')
    >>> str(probability(0.5123, size=400)), str(probability(0.9951, size=400))
    ('0.51', '0.995')
    """
    value = float(value)
    error = math.sqrt(value * (1 - value) / size) if size > 0 and 0 < value < 1 else 0.0
    return fixed(value, 3 if error == 0 else max(1, min(3, -_place(error))))


def typeset(cell: Cell) -> str:
    """Write a number with a true minus sign, infinity as ∞ and what is undefined as a dash.

    Examples
    --------
    >>> [typeset(number(value)) for value in (-0.5, 0.0, 1.25e-12, float("nan"), -math.inf)]
    ['−0.5', '0', '1.25e−12', '–', '−∞']
    """
    if cell.value is None:
        return cell.text
    if math.isnan(cell.value):
        return "–"
    return cell.text.replace("inf", "∞").replace("-", "−")
