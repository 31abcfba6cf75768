r"""Refuse improper posteriors before anything is drawn.

What can go wrong at ``sigma -> 0``, where columns of rank r can fit all of y: let nu be the number
of rows, less one for the intercept, and ``m = nu - r`` what the rows leave beyond the columns.

- A prior that does not shrink with sigma has a positive density at that fit, so that
  ``p(y | sigma)`` goes as ``sigma**-m``.
- A prior scaled by the noise makes the fit dear: it asks for coefficients of ``1 / sigma`` prior
  scales, and ``p(y | sigma)`` vanishes faster than any power. Unless its scale tau is learnt:
  with ``s = sigma tau`` held, ``p(y | sigma, tau)`` goes as ``sigma**-m q(s)``, and a hyperprior
  with a tail ``tau**-(d + 1)`` has the density ``(sigma / s)**(d + 1) / sigma`` in s, so that
  ``p(y | sigma)`` goes as ``sigma**(d - m)``. Half-Student-t tails have ``d = df``, the root of
  an inverse gamma ``d = 2 shape``, and half-normal ones are lighter than any.

With a prior of sigma that goes as ``sigma**-l`` at 0 this integrates where ``m < 1 + d - l``: l is
1 for Jeffreys' and 0 for one that is positive at 0; an inverse gamma prior vanishes faster than
any power. (The first case is ``d = 0``.) So a learnt scale is harmless where the columns have
full row rank.

At ``sigma -> infinity``, where f columns have a flat prior, ``p(y | sigma)`` goes as
``sigma**-(nu - f)``, which a prior of sigma with a tail ``sigma**-(d + 1)`` makes integrable where
``nu - f + d > 0``: a proper one always does, Jeffreys' needs a row.
"""

from __future__ import annotations

import numpy as np

from priormap.arrays import Indices
from priormap.data.unit_columns import UnitColumns
from priormap.errors import Phrase, PriormapError
from priormap.model import Model
from priormap.model.least_squares import EXACT_FIT, rank_and_misfit
from priormap.model.row_problem import refuse_separation
from priormap.priors.densities import PositiveDensity

_FIX_SIGMA = Phrase("fix sigma, or give it an InverseGamma prior", "give --sigma a number")
_WELL_CONDITIONED = 1e-5  # smallest pivot at which cross products tell the rank


def refuse_improper(model: Model) -> None:
    """Raise where the posterior density has no finite integral.

    Two things can go wrong. Columns with a flat prior that the rows cannot tell apart leave a
    direction without any information. And where columns can fit y exactly at no price, the
    density of a sigma whose prior does not vanish at zero may not be integrable there.
    """
    if not model.data.likelihood.has_moments:
        refuse_separation(model.data, model.is_flat)
    flat = np.flatnonzero(model.is_flat)
    if flat.size:
        _refuse_flat_directions(model, flat)
    noise = model.noise.density
    if noise is not None and not noise.vanishes_at_zero:
        _refuse_pole_at_zero_noise(model, noise, flat)


def _refuse_flat_directions(model: Model, flat: Indices) -> None:
    columns, rank = model.columns, 0
    if len(flat) <= model.dof and (columns.x_norm[flat] > 0).all():
        rank = _rank(columns, flat)
    if rank < len(flat):
        raise PriormapError(
            f"the posterior is improper: {len(flat)} columns have a flat prior (scale=inf), but "
            f"the {columns.n} rows cannot tell them apart; give them a finite scale"
        )
    noise = model.noise.density
    if noise is not None and model.dof - len(flat) + noise.tail_power <= 0:
        raise PriormapError(
            f"the posterior is improper: {len(flat)} columns with a flat prior leave no rows to "
            "learn sigma from, and its own prior says nothing; give them a finite scale, give "
            "sigma a proper prior, or fix it"
        )


def _refuse_pole_at_zero_noise(model: Model, noise: PositiveDensity, flat: Indices) -> None:
    """Compare what the rows leave beyond an exact fit with what the priors can take."""
    columns, hyperprior = model.columns, model.prior.hyperprior
    live = np.flatnonzero(columns.x_norm > 0)
    cases = [(live, 0.0)]
    if model.prior.scaled_by_noise:
        cases = [(flat, 0.0), (live, np.inf if hyperprior is None else hyperprior.tail_power)]
    for which, power in cases:
        if np.isinf(power):
            continue
        rank, rss = rank_and_misfit(columns, which)
        if rss > EXACT_FIT or model.dof - rank < 1 + power - noise.terms.logs:
            continue
        if columns.y_norm == 0:
            raise PriormapError(
                "y is constant and sigma is unknown, so the posterior of sigma piles up at 0; ",
                _FIX_SIGMA,
            )
        if rank == model.dof:
            name = type(noise).__name__
            whose = f"{name}'" if name.endswith("s") else f"{name}'s"
            raise PriormapError(
                f"the posterior is improper: {columns.p} columns can fit {columns.n} rows "
                f"exactly, and {whose} prior of sigma is not integrable at 0; use HalfNormal, "
                "HalfStudentT or InverseGamma, or scaled_by_noise=True"
            )
        heavy = f", which the heavy tail of {hyperprior!r} allows" if power else ""
        raise PriormapError(
            "the posterior is improper: the columns fit y exactly and sigma is unknown, so sigma "
            f"piles up at 0{heavy}; ",
            _FIX_SIGMA,
        )


def _rank(columns: UnitColumns, which: Indices) -> int:
    """Rank of columns, from the rows only where cross products cannot tell."""
    if columns.has_cheap_gram and columns.smallest_pivot > _WELL_CONDITIONED:
        return len(which)
    return int(np.linalg.matrix_rank(columns.columns(which)))
