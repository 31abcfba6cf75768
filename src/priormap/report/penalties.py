"""From a prior to the penalty that its mode minimises, in symbols and in numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from priormap.priors import ElasticNet, Gaussian, Laplace
from priormap.report.content import Block, Paragraph
from priormap.report.mathematics import (
    Formula,
    bar,
    fraction,
    number,
    op,
    row,
    subsup,
    superscript,
    var,
    words,
)
from priormap.report.symbols import (
    ALPHA,
    BJ,
    EQUALS,
    L1,
    L2,
    MINUS,
    PLUS,
    SIGMA,
    SIGMA2,
    TWO,
    J,
    N,
    S,
    T,
)

if TYPE_CHECKING:
    from priormap.mode import MapEstimate


Blocks: TypeAlias = tuple[Block, ...]


def penalty_of(name: str, fit: MapEstimate) -> Blocks:
    """Density, penalty and scikit-learn's alpha of one prior, in symbols and in numbers."""
    opening = f"{name}. With the log density"
    if np.ndim(fit.prior.scale) or np.ndim(fit.prior.l1_scale) or np.ndim(fit.prior.l2_scale):
        many = "one scale for every column, so that every column has its own penalty:"
        return (
            Paragraph((opening,), _log_density(fit)),
            Paragraph((f"and {many}",), _symbols_of_penalty(fit)),
        )
    return (
        Paragraph((opening,), _log_density(fit)),
        Paragraph(
            (
                "the scales ",
                _numbers_of_scale(fit),
                ", the noise ",
                row(SIGMA, EQUALS, number(fit.sigma, 8)),
                " and ",
                row(N, EQUALS, number(fit.data.n_rows, 9)),
                " make the penalty and its scikit-learn form",
            ),
            row(_symbols_of_penalty(fit), op(";"), words(" "), _sklearn(fit)),
        ),
    )


def _log_density(fit: MapEstimate) -> Formula:
    unit = row(BJ, op("/"), SIGMA) if fit.prior.scaled_by_noise else BJ
    squared = subsup(var("b"), J, TWO)
    if fit.prior.scaled_by_noise:
        squared = superscript(row(op("("), unit, op(")")), TWO)
    square = fraction(squared, row(TWO, superscript(T, TWO)))
    absolute = fraction(bar(unit), S)
    terms = {
        Gaussian: (square,),
        Laplace: (absolute,),
        ElasticNet: (absolute, MINUS, square),
    }[type(fit.prior)]
    left = row(words("log p"), op("("), BJ, op(")"), EQUALS, MINUS)
    return row(left, *terms, PLUS, words("constant"))


def _numbers_of_scale(fit: MapEstimate) -> Formula:
    s, t = (
        row(name, EQUALS, number(float(value), 8))
        for name, value in ((S, fit.prior.l1_scale), (T, fit.prior.l2_scale))
    )
    return {Gaussian: t, Laplace: s, ElasticNet: row(s, op(","), t)}[type(fit.prior)]


def _symbols_of_penalty(fit: MapEstimate) -> Formula:
    """Both weights as formulas, and as numbers where there is one for all columns."""
    by_noise = fit.prior.scaled_by_noise
    first = row(L1, EQUALS, fraction(SIGMA if by_noise else SIGMA2, S))
    top = number(1) if by_noise else SIGMA2
    second = row(L2, EQUALS, fraction(top, superscript(T, TWO)))
    weights = _weights(fit)
    if weights is not None:
        first = row(first, EQUALS, number(weights[0], 6))
        second = row(second, EQUALS, number(weights[1], 6))
    return {Gaussian: second, Laplace: first, ElasticNet: row(first, op(","), second)}[
        type(fit.prior)
    ]


def _weights(fit: MapEstimate) -> tuple[float, float] | None:
    """Weights l1 and l2 of the coefficients that the prior speaks of; None where they differ."""
    if np.ndim(fit.prior.l1_scale) or np.ndim(fit.prior.l2_scale):
        return None
    noise = 1.0 if fit.prior.scaled_by_noise else fit.sigma
    return fit.sigma * noise / float(fit.prior.l1_scale), (noise / float(fit.prior.l2_scale)) ** 2


def _sklearn(fit: MapEstimate) -> Formula:
    weights = _weights(fit)
    assert weights is not None
    l1, l2 = weights
    n = fit.data.n_rows
    if isinstance(fit.prior, Gaussian):
        return row(ALPHA, EQUALS, L2, EQUALS, number(l2, 6))
    if isinstance(fit.prior, Laplace):
        return row(ALPHA, EQUALS, fraction(L1, N), EQUALS, number(l1 / n, 6))
    total = row(L1, PLUS, L2)
    alpha = row(ALPHA, EQUALS, fraction(total, N), EQUALS, number((l1 + l2) / n, 6))
    share = l1 / (l1 + l2) if l1 + l2 else 1.0
    ratio = row(words("l1_ratio"), EQUALS, fraction(L1, total), EQUALS, number(share, 6))
    return row(alpha, op(","), ratio)
