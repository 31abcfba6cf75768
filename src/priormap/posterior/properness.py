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
    direction without any information. And where the columns can fit y exactly, the density of
    a sigma whose prior does not vanish at zero may not be integrable there.
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
            f"the posterior is improper: {len(flat)} columns with a flat prior leave no rows to "
            "learn sigma from; give them a finite scale, or fix sigma"
        )


def _refuse_pole_at_zero_noise(data: Regression, prior: Prior) -> None:
    columns = data.unit
    dof = data.n_rows - data.intercept
    if columns.y_norm == 0:
        raise PriormapError(
            "y is constant and sigma is unknown, so the posterior of sigma piles up at 0; "
            "fix sigma, or give it an InverseGamma prior"
        )
    if prior.scaled_by_noise:
        return
    if columns.p >= dof:
        if isinstance(data.sigma, Jeffreys):
            raise PriormapError(
                f"the posterior is improper: {columns.p} columns can fit {data.n_rows} rows "
                "exactly, and Jeffreys' prior of sigma is not integrable at 0; use HalfNormal, "
                "HalfStudentT or InverseGamma, or scaled_by_noise=True"
            )
        return
    if _smallest_rss(data) <= _EXACT_FIT:
        raise PriormapError(
            "the columns fit y exactly and sigma is unknown, so the posterior of sigma piles up "
            "at 0; fix sigma, or give it an InverseGamma prior"
        )


def _smallest_rss(data: Regression) -> float:
    """Least-squares residual sum of squares over that of y; from the rows only where tiny."""
    columns = data.unit
    step, *_ = np.linalg.lstsq(columns.gram, columns.xty, rcond=None)
    rss = 1.0 - float(step @ columns.xty)
    if rss > 1e-6:
        return rss
    rows = columns.columns(np.arange(columns.p))
    exact: Floats = np.linalg.lstsq(rows, columns.response, rcond=None)[0]
    residual = columns.residual(exact)
    return float(residual @ residual)
