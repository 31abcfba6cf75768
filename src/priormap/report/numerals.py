"""Numbers as a reader takes them in, with the exact ones behind them."""

from __future__ import annotations

import math

from priormap.report.content import Cell


def number(value: float, digits: int = 4) -> Cell:
    """Return `digits` significant digits; an exact zero, and nothing else, is a bare 0."""
    value = float(value)
    return Cell(shown(value, digits), value)


def coefficient(value: float, digits: int = 4) -> Cell:
    """Return a number, marked where it is exactly zero."""
    value = float(value)
    return Cell(shown(value, digits), value, is_zero=value == 0)


def count(value: int) -> Cell:
    """Return a whole number."""
    return Cell(f"{int(value)}", float(value))


def probability(value: float) -> Cell:
    """Return three decimals."""
    return Cell(f"{float(value):.3f}", float(value))


def interval(low: float, high: float) -> Cell:
    """Return two numbers in one cell."""
    return Cell(f"{shown(float(low), 4)} to {shown(float(high), 4)}")


def text(value: object) -> Cell:
    """Return a cell that is not a number."""
    return Cell(str(value))


def shown(value: float, digits: int = 4) -> str:
    """Write a number with a true minus sign, infinity as ∞ and what is undefined as a dash.

    Examples
    --------
    >>> shown(-0.5), shown(0.0), shown(1.25e-12), shown(float("nan"))
    ('−0.5', '0', '1.25e−12', '–')
    """
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return f"{value:.{digits}g}".replace("-", "−") if value else "0"
