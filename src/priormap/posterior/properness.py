"""Refuse improper posteriors before anything is drawn."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from priormap.errors import PriormapError
from priormap.noise import InverseGamma, Jeffreys
from priormap.penalty import relative_scale
from priormap.priors import Prior
from priormap.regression import Regression

__all__ = ["refuse_improper"]

Floats: TypeAlias = NDArray[np.float64]
_EXACT_FIT = 1e-22  # residual sum of squares over that of y: a fit to eleven digits


def refuse_improper(data: Regression, prior: Prior) -> None:
    """Raise where the posterior density has no finite integral.

    Two things can go wrong. Columns with a flat prior that the rows cannot tell apart leave a
    direction without any information. And where columns can fit y exactly at no price, the
    density of a sigma whose prior does not vanish at zero may not be integrable there.
    """
    _refuse_flat_directions(data, prior)
    if not isinstance(data.sigma, float | InverseGamma):
        _refuse_pole_at_zero_noise(data, prior)


def _refuse_flat_directions(data: Regression, prior: Prior) -> None:
    flat = np.flatnonzero(np.isinf(relative_scale(prior, data)))
    if not flat.size:
        return
    columns = data.unit
    dof = data.n_rows - data.intercept
    rank = 0
    if len(flat) <= dof and (columns.x_norm[flat] > 0).all():
        rank = int(np.linalg.matrix_rank(columns.columns(flat)))
    if rank < len(flat):
        raise PriormapError(
            f"the posterior is improper: {len(flat)} columns have a flat prior (scale=inf), but "
            f"the {data.n_rows} rows cannot tell them apart; give them a finite scale"
        )
    if len(flat) >= dof and not isinstance(data.sigma, float):
        raise PriormapError(
            f"{len(flat)} columns with a flat prior leave no rows to learn sigma from; "
            "give them a finite scale, or fix sigma"
        )


def _refuse_pole_at_zero_noise(data: Regression, prior: Prior) -> None:
    """Where free columns of rank r fit y exactly, the density goes as ``sigma**(r - dof)``."""
    columns = data.unit
    dof = data.n_rows - data.intercept
    if columns.y_norm == 0:
        raise PriormapError(
            "y is constant and sigma is unknown, so the posterior of sigma piles up at 0; "
            "fix sigma, or give it an InverseGamma prior"
        )
    # a prior that shrinks with sigma makes an exact fit costly, except along flat columns
    free = np.isinf(relative_scale(prior, data)) | (not prior.scaled_by_noise)
    rank, rss = _rank_and_misfit(data, np.flatnonzero(free & (columns.x_norm > 0)))
    if rss > _EXACT_FIT:
        return
    if rank < dof:
        raise PriormapError(
            "the posterior is improper: the columns fit y exactly and sigma is unknown, so sigma "
            "piles up at 0; fix sigma, or give it an InverseGamma prior"
        )
    if isinstance(data.sigma, Jeffreys):
        raise PriormapError(
            f"the posterior is improper: {columns.p} columns can fit {data.n_rows} rows "
            "exactly, and Jeffreys' prior of sigma is not integrable at 0; use HalfNormal, "
            "HalfStudentT or InverseGamma, or scaled_by_noise=True"
        )


def _rank_and_misfit(data: Regression, which: NDArray[np.intp]) -> tuple[int, float]:
    """Rank of columns, and their least squares over that of y; from the rows only where tiny."""
    columns = data.unit
    if not which.size:
        return 0, 1.0
    if len(which) < data.n_rows - data.intercept:
        gram, xty = columns.gram[np.ix_(which, which)], columns.xty[which]
        step, *_ = np.linalg.lstsq(gram, xty, rcond=None)
        rss = 1.0 - float(step @ xty)
        if rss > 1e-6:
            return len(which), rss
    rows = columns.columns(which)
    exact, _, rank, _ = np.linalg.lstsq(rows, columns.response, rcond=None)
    residual: Floats = columns.response - rows @ exact
    return int(rank), float(residual @ residual)
