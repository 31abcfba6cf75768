"""Entries of tables: numbers as a reader takes them in, with the exact ones behind them."""

from __future__ import annotations

import math

from priormap.display.blocks import Cell


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
    return Cell(f"{value:.0f}", float(value))


def fixed(value: float, decimals: int = 1) -> Cell:
    """Return so many decimals; a dash for what is not defined.

    Examples
    --------
    >>> str(fixed(-2.345)), str(fixed(7.0, 0)), str(fixed(float("nan")))
    ('-2.3', '7', '–')
    """
    value = float(value)
    return Cell("–" if math.isnan(value) else f"{value:.{decimals}f}", value)


def probability(value: float) -> Cell:
    """Return three decimals."""
    return Cell(f"{float(value):.3f}", float(value))


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
