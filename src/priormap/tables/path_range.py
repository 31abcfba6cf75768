"""The part of a path that a figure shows: its scales, modes and knots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from scipy.optimize import brentq

from priormap.arrays import Bools, Floats
from priormap.data.regression import Regression, check_data
from priormap.errors import PriormapError
from priormap.mode import MapPath, map_path
from priormap.model import Model
from priormap.model.least_squares import least_squares
from priormap.priors import Prior, check_prior, penalty_parts

_MODES = {True: 240, False: 30}  # scales of the modes, where sigma is known and where not
_SHRUNK_AWAY = 0.15  # of the scale at which the best seen direction is half shrunk
_BEFORE = 1.5  # the axis begins at the first knot over this
_LET_FREE = 0.04  # the axis ends where this share of least squares is still to come,
_AFTER = 1.2  # but not before the last knot times this,
_DECADES = 3.5  # and in any case after so many decades
_SAME = 1e-9  # of the log of a penalty: found, not jumped over
_BISECTIONS = 40  # of a step of the grid: as exact as doubles tell
# what the figure, its caption and its tables share, kept as long as the data are
kept: WeakKeyDictionary[Regression, dict[tuple[object, ...], Any]] = WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class PathRange:
    """Modes along the part of a path that a figure shows, as effects.

    Attributes
    ----------
    scales : array of shape (k,)
    effects : array of shape (k, p)
        Coefficients times sd of their columns.
    sigma : array of shape (k,)
    knots : array of shape (m,)
        Those of the path that are among `scales`: all of a Laplace path; under an elastic net
        those where the support changes; none under an elastic net with sigma unknown.
    leaves, returns : arrays of shape (m, p)
        Which coefficients leave zero or return to it at each knot.
    """

    scales: Floats
    effects: Floats
    sigma: Floats
    knots: Floats
    leaves: Bools
    returns: Bools

    @classmethod
    def of(cls, data: Regression, prior: Prior) -> PathRange:
        """Modes from where (almost) all is zero to where the prior hardly matters."""
        check_data(data)
        check_prior(prior)
        known = kept.setdefault(data, {})
        if (prior,) not in known:
            known[prior,] = cls._computed(data, prior)
        return known[prior,]

    @classmethod
    def _computed(cls, data: Regression, prior: Prior) -> PathRange:
        parts, is_known = penalty_parts(prior), data.noise.is_known
        low = _first_scale(data, prior)
        path = map_path(data, prior, low * np.logspace(0, _DECADES, _MODES[is_known]))
        high = path.scales[_last(path.coef, data)]
        knots = _Knots.none(data)
        if parts.has_l1 and (is_known or not parts.has_l2):
            knots = _Knots.of(path).within(low, path.scales[-1] / _AFTER)
            high = max(high, _AFTER * knots.scales.max(initial=0.0))
        scales = np.unique(np.concatenate([path.scales[path.scales <= high], knots.scales, [high]]))
        if len(scales) == len(path.scales[path.scales <= high]):
            coef, sigma = path.coef[: len(scales)], path.sigma[: len(scales)]
        else:
            path = map_path(data, prior, scales)
            coef, sigma = path.coef.copy(), path.sigma
        # a knot found again on a grid is within rounding of one
        coef[np.searchsorted(scales, knots.scales)] = knots.coef
        return cls(scales, coef * data.column_sd, sigma, knots.scales, knots.leaves, knots.returns)

    def strongest(self) -> Floats:
        """Mean size of each effect along the axis, which is logarithmic."""
        step = np.gradient(np.log(self.scales)) if len(self.scales) > 1 else np.ones(1)
        return np.asarray(step @ np.abs(self.effects) / step.sum())


class _Knots(NamedTuple):
    """Scales at which the support changes, with the modes there and what changes."""

    scales: Floats
    coef: Floats
    leaves: Bools
    returns: Bools

    @classmethod
    def none(cls, data: Regression) -> _Knots:
        """No knots."""
        empty = np.empty((0, data.n_features))
        return cls(np.empty(0), empty, empty > 0, empty > 0)

    @classmethod
    def of(cls, path: MapPath) -> _Knots:
        """Knots of the path that these are modes of."""
        data, prior = path.data, path.prior
        if penalty_parts(prior).has_l2:
            return cls.found(path)
        if data.noise.is_known:
            return cls.exact(data, prior)
        return cls.exact(data.with_noise(1.0), prior).with_learnt_noise(path)

    @classmethod
    def exact(cls, data: Regression, prior: Prior) -> _Knots:
        """All knots of a Laplace path, least squares (at the scale inf) among them."""
        path = map_path(data, prior)
        live, none = path.coef != 0, np.zeros((1, data.n_features), dtype=bool)
        before, after = np.vstack([none, live[:-1]]), np.vstack([live[1:], none])
        return cls(path.scales, path.coef, ~live & after, ~live & before)

    @classmethod
    def found(cls, path: MapPath) -> _Knots:
        """Changes of the support between scales of a grid, by bisection."""
        live = path.coef != 0
        step, column = np.nonzero(live[1:] != live[:-1])
        if not len(step):
            return cls.none(path.data)
        is_live = live[step + 1, column]  # after the change
        ends = np.log([path.scales[step], path.scales[step + 1]])
        for _ in range(_BISECTIONS):
            middle = ends.mean(axis=0)
            at = path.at(np.exp(middle))[np.arange(len(step)), column] != 0
            ends[(at == is_live).astype(int), np.arange(len(step))] = middle
        order = np.argsort(ends.mean(axis=0), kind="stable")
        scales = np.exp(ends[np.where(is_live, 0, 1), np.arange(len(step))])[order]
        changes = np.arange(path.coef.shape[1]) == column[order, None]
        leaves = is_live[order, None]
        return cls(scales, path.at(scales), changes & leaves, changes & ~leaves)

    def with_learnt_noise(self, path: MapPath) -> _Knots:
        """Knots of joint modes from those at sigma 1, by the scale that gives each its penalty.

        Where sigma jumps, the joint modes jump over some penalties: there is one knot for all.
        """
        power = 1 if path.prior.scaled_by_noise else 2

        def log_reach(scale: Floats, sigma: Floats) -> Floats:
            """Log of the scale that has the same penalty at sigma 1."""
            return np.asarray(np.log(scale) - power * np.log(sigma))

        def miss(log_scale: float, wanted: float) -> float:
            there = map_path(path.data, path.prior, [np.exp(log_scale)])
            return float(log_reach(there.scales, there.sigma)[0]) - wanted

        reach, log_scales = log_reach(path.scales, path.sigma), np.log(path.scales)
        found = [_Knots.none(path.data)]
        for k in np.flatnonzero(np.isfinite(self.scales)):
            wanted = float(np.log(self.scales[k]))
            for i in np.flatnonzero((reach[:-1] < wanted) != (reach[1:] < wanted)):
                root = brentq(miss, log_scales[i], log_scales[i + 1], (wanted,), xtol=1e-12)
                if abs(miss(root, wanted)) < _SAME:
                    one = slice(k, k + 1)
                    found.append(
                        _Knots(np.exp([root]), self.coef[one], self.leaves[one], self.returns[one])
                    )
                else:
                    found.append(_Knots.jump(path, root))
        scales, coef, leaves, returns = (np.concatenate(part) for part in zip(*found, strict=True))
        order = np.argsort(scales, kind="stable")
        order = order[np.diff(scales[order], prepend=0.0) > _SAME * scales[order]]
        return _Knots(scales[order], coef[order], leaves[order], returns[order])

    @classmethod
    def jump(cls, path: MapPath, log_scale: float) -> _Knots:
        """One knot where the joint mode jumps from one maximum of the density to another."""
        around = np.exp(log_scale + np.array([-_SAME, _SAME]))
        coef = path.at(around)
        before, after = coef != 0
        return cls(around[1:], coef[1:], (~before & after)[None], (before & ~after)[None])

    def within(self, low: float, high: float) -> _Knots:
        """Return the knots between two scales."""
        inside = (self.scales >= low) & (self.scales <= high)
        scales, coef, leaves, returns = self
        return _Knots(scales[inside], coef[inside], leaves[inside], returns[inside])


def _first_scale(data: Regression, prior: Prior) -> float:
    """Where the first coefficient leaves zero, or where all are shrunk away."""
    sigma = data.noise.sd if data.noise.is_known else float(np.std(data.y)) or 1.0
    penalty = Model(data, at_scale(prior, 1.0)).penalty(sigma)
    unit = data.unit
    live = (unit.x_norm > 0) & (penalty.l1 + penalty.l2 > 0)
    if not live.any() or unit.y_norm == 0:
        raise PriormapError(
            "the path has nothing to show: no column varies with y, or the prior is flat"
        )
    pull = np.abs(unit.xty[live]) * unit.x_norm[live] * unit.y_norm
    if penalty.l1[live].any():
        return float((penalty.l1[live] / np.maximum(pull, pull.max() * 1e-12)).min()) / _BEFORE
    return float((np.sqrt(penalty.l2[live]) / unit.x_norm[live]).min()) * _SHRUNK_AWAY


def _last(coef: Floats, data: Regression) -> int:
    """Position of the scale where the modes are close to least squares, where that exists."""
    free = least_squares(data).coef
    known = np.isfinite(free)
    live = data.unit.x_norm > 0
    if not known[live].all():
        return len(coef) - 1
    length = data.unit.x_norm[known]
    away = np.linalg.norm((coef[:, known] - free[known]) * length, axis=1)
    close = np.flatnonzero(away <= _LET_FREE * np.linalg.norm(free[known] * length))
    return int(close[0]) if close.size else len(coef) - 1


def at_scale(prior: Prior, scale: float) -> Prior:
    """Prior of the path: with this scale, or this multiple where it has several."""
    has_one = len(prior.scales) == 1 and not prior.has_vector
    return prior.with_scale(scale) if has_one else prior.stretched(scale)
