r"""Stationary points of a density whose penalty need not be convex, from several starts.

From each start the objective falls by Newton steps on the coefficients that are not held at
zero, and where those do not serve by the minimiser of a tangent problem, which has an exact mode
(`CurvedProblem.tangent`). Where a point is stationary, each coefficient in turn is given the
best value that the rule of one dimension knows, the others held: if that is lower, the search
goes on from there. So the point returned is the highest along every coordinate.

The starts, always the same: all zero; least squares; ridge with the prior's own spread; the rule
of one dimension on each correlation; a few lasso modes, and least squares on their supports; and
on every support, where there are few.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from scipy import linalg
from scipy.optimize import minimize_scalar

from priormap.arrays import Floats, to_infinity
from priormap.data.unit_columns import UnitColumns
from priormap.mode.certificate import TOLERANCE
from priormap.mode.joint import refuse_unbounded
from priormap.mode.ridge import solve_on_support, solve_quadratic
from priormap.mode.solve import minimise
from priormap.mode.stationary_certificate import STRICT, StationaryCertificate
from priormap.model import Model, log_posterior
from priormap.model.curved_problem import CurvedProblem
from priormap.model.least_squares import EXACT_FIT, rank_and_misfit
from priormap.model.problem import UnitProblem

_EPS = float(np.finfo(float).eps)
_MOST_STEPS = 1000
_HALVINGS = 40
_LASSOS = np.geomspace(0.7, 0.02, 4)  # of the l1 that makes all coefficients zero
_FEW = 4  # columns, of which every support is a start
_WEAKEST = 1e-8  # l2 that makes least squares one point
_SAME = 1e-6  # relative difference of two points that are one
_LOWER = 1e-12  # relative gain that is no rounding
_NO_NOISE = 1e-9  # share of |y| below which sigma runs away to zero
_SIGMA_REACH = 3.0  # in log sigma, of one search
_NUDGE = 1e-3  # of a step off a saddle, relative to the coefficients
_SADDLE = -1e-8  # eigenvalue, of a matrix of unit diagonal


class Point(NamedTuple):
    """A stationary point in unit coefficients and units of ``|y|``.

    Attributes
    ----------
    coef : array of shape (p,)
    sigma : float
    height : float
        Log joint density up to a constant.
    steps : int
        That led to it.
    """

    coef: Floats
    sigma: float
    height: float
    steps: int = 0


class Search(NamedTuple):
    """Distinct stationary points, the highest first, and from how many starts they were found."""

    points: tuple[Point, ...]
    starts: int


@dataclass(frozen=True, eq=False)
class OtherPoint:
    """Another stationary point of a density whose penalty is not convex.

    Attributes
    ----------
    coef : array of shape (p,)
        In units of X.
    intercept, sigma : float
    log_posterior : float
        Log joint density there; never above that of the estimate.
    is_local_mode : bool
        Whether the density bends down there in every direction.
    """

    coef: Floats
    intercept: float
    sigma: float
    log_posterior: float
    is_local_mode: bool

    @classmethod
    def of(cls, problem: CurvedProblem, point: Point) -> OtherPoint:
        """A point in the caller's units."""
        model, columns = problem.model, problem.model.columns
        user = columns.in_callers_units(point.coef)
        intercept, sigma = float(columns.y_mean - columns.x_mean @ user), problem.sigma(point.sigma)
        return cls(
            user,
            intercept,
            sigma,
            log_posterior(model.data, model.prior, user, intercept, sigma),
            problem.lowest_curvature(point.coef, point.sigma) > STRICT,
        )

    def to_dict(self) -> dict[str, Any]:
        """The numbers of the point."""
        return vars(self) | {"coef": self.coef.tolist()}


@to_infinity
def stationary_points(problem: CurvedProblem, near: Iterable[Floats] = ()) -> Search:
    """Find stationary points from the starts, and from the vectors in `near`.

    Raises
    ------
    PriormapError
        If sigma is unknown and the density grows without bound as it goes to zero.
    """
    model = problem.model
    if not model.noise.is_known:
        _refuse_free_fit(model)
    starts = [*_starts(problem), *near]
    found: list[Point] = []
    for start in starts:
        for point in _from(problem, _off_zero(problem, start)):
            if any(_are_one(point, other) for other in found):
                break  # from there on the way is known
            found.append(point)
    found.sort(key=lambda point: -point.height)
    return Search(tuple(found), len(starts))


def certify_point(
    problem: CurvedProblem,
    coef: Floats,
    sigma: float,
    search: Search,
    tolerance: float,
    iterations: int = 0,
) -> StationaryCertificate:
    """Certificate of a vector in unit coefficients, beside the points that were found."""
    model, violation = problem.model, problem.violation(coef, sigma)
    worst = int(np.argmax(violation))
    return StationaryCertificate(
        kkt_residual=float(violation[worst]),
        worst_column=model.data.names[worst],
        lowest_curvature=problem.lowest_curvature(coef, sigma),
        is_convex=model.noise.is_known and problem.is_convex(sigma),
        found=len(search.points),
        starts=search.starts,
        below=max(0.0, search.points[0].height - problem.height(coef, sigma)),
        objective=problem.objective(coef, sigma) * model.unit_y**2,
        iterations=iterations,
        tolerance=tolerance,
        sigma_residual=None if model.noise.is_known else problem.sigma_residual(coef, sigma),
        kkt_resolution=rounding(coef),
    )


def rounding(coef: Floats) -> float:
    """What rounding leaves uncertain of a correlation with the residual."""
    return 4 * _EPS * (1 + float(np.abs(coef).sum()))


def is_stationary(problem: CurvedProblem, coef: Floats, sigma: float) -> bool:
    """Whether the optimality conditions hold to the tolerance of a certificate."""
    return float(problem.violation(coef, sigma).max()) <= max(TOLERANCE, rounding(coef)) and (
        problem.model.noise.is_known or problem.sigma_residual(coef, sigma) <= TOLERANCE
    )


def _off_zero(problem: CurvedProblem, start: Floats) -> Floats:
    """The start, where no coefficient is zero that only a Newton step away from it would move."""
    coef = np.where(problem.live, start, 0.0)
    stuck = problem.is_smooth & (coef == 0)
    return np.where(stuck, _NUDGE * problem.gradient(coef)[0], coef)


def _from(problem: CurvedProblem, start: Floats) -> Iterator[Point]:
    """Points on the way down from one start, the last of them the highest along every axis."""
    noise = problem.model.unit_noise
    sigma = noise.sd if noise.is_known else _best_sigma(problem, start, 0.1, 10 * _SIGMA_REACH)
    coef, steps = start, 0
    for _ in range(20 + 2 * len(start)):
        coef, sigma, more = _descend(problem, coef, sigma)
        steps += more
        if is_stationary(problem, coef, sigma):
            yield Point(coef, sigma, problem.height(coef, sigma), steps)
        better = _along_an_axis(problem, coef, sigma)
        if better is None:
            return
        coef = better


def _descend(problem: CurvedProblem, coef: Floats, sigma: float) -> tuple[Floats, float, int]:
    """Follow the objective down to a stationary point that is no saddle."""
    off_saddles = 0
    for step in range(_MOST_STEPS):
        left = _violation(problem, coef, sigma)
        if left <= 2 * _EPS * (1 + np.abs(coef).sum()):
            nudged = _off_saddle(problem, coef, sigma) if off_saddles < 3 else None
            if nudged is None:
                return coef, sigma, step
            coef, off_saddles = nudged, off_saddles + 1
            continue
        found = _newton(problem, coef, sigma, left)
        if found is None:
            lower = _by_tangent(problem, coef, sigma)
            at = sigma if problem.model.noise.is_known else _best_sigma(problem, lower, sigma)
            if not _is_lower(problem, lower, at, coef, sigma):
                return coef, sigma, step
            found = lower, at
        coef, sigma = found
    return coef, sigma, _MOST_STEPS


def _violation(problem: CurvedProblem, coef: Floats, sigma: float) -> float:
    left = float(problem.violation(coef, sigma).max())
    if problem.model.noise.is_known:
        return left
    return max(left, sigma * problem.sigma_residual(coef, sigma))


def _newton(
    problem: CurvedProblem, coef: Floats, sigma: float, left: float
) -> tuple[Floats, float] | None:
    """Lower point along the Newton step; None where the objective bends the wrong way.

    No coefficient with a kink or a cusp crosses zero.
    """
    free, rise, matrix = problem.newton_system(coef, sigma)
    if not free.size and problem.model.noise.is_known:
        return None
    size = 1 / np.sqrt(np.maximum(matrix.diagonal(), 1e-300))
    factor, info = linalg.lapack.dpotrf(matrix * size * size[:, None], lower=1)
    if info != 0 or not (matrix.diagonal() > 0).all():
        return None
    step = size * linalg.cho_solve((factor, True), size * rise, check_finite=False)
    own, log_step = (step, 0.0) if problem.model.noise.is_known else (step[:-1], float(step[-1]))
    held = ~problem.is_smooth[free]
    log_step = float(np.clip(log_step, -1.0, 1.0))
    share = 1.0
    for _ in range(_HALVINGS):
        moved, at = coef.copy(), float(sigma * np.exp(share * log_step))
        moved[free] += share * own
        if not (held & (moved[free] * coef[free] <= 0)).any():
            if _is_lower(problem, moved, at, coef, sigma):
                return moved, at
            level = _is_lower(problem, moved, at, coef, sigma, -_LOWER)
            if level and _violation(problem, moved, at) < 0.5 * left:
                return moved, at
        share /= 2
        if share < 0.1 and held.any():
            return None
    return None


def _is_lower(
    problem: CurvedProblem,
    coef: Floats,
    sigma: float,
    other: Floats,
    other_sigma: float,
    least: float = 0.0,
) -> bool:
    """Whether the objective falls by more than a share of itself."""
    if problem.model.noise.is_known:
        before, after = problem.objective(other, sigma), problem.objective(coef, sigma)
    else:
        before, after = -problem.height(other, other_sigma), -problem.height(coef, sigma)
    return before - after > least * (1 + abs(before))


def _by_tangent(problem: CurvedProblem, coef: Floats, sigma: float) -> Floats:
    """Minimiser of the tangent problem, which is no higher; coefficients held at zero stay."""
    return np.where(problem.live, minimise(problem.tangent(coef, sigma), near=coef)[0], 0.0)


def _off_saddle(problem: CurvedProblem, coef: Floats, sigma: float) -> Floats | None:
    """A point beside a saddle, along the direction that bends down most; None at a minimum."""
    free, _, matrix = problem.newton_system(coef, sigma)
    if not len(matrix):
        return None
    size = 1 / np.sqrt(np.maximum(np.abs(matrix.diagonal()), 1e-300))
    values, vectors = np.linalg.eigh(matrix * size * size[:, None])
    if values[0] > _SADDLE:
        return None
    away = (size * vectors[:, 0])[: len(free)]
    if not np.abs(away).max() > 0:
        return None
    moved, reach = coef.copy(), _NUDGE * (np.abs(coef).max() + sigma) / np.abs(away).max()
    moved[free] += reach * away
    return moved if _is_lower(problem, moved, sigma, coef, sigma) else None


def _along_an_axis(problem: CurvedProblem, coef: Floats, sigma: float) -> Floats | None:
    """Point lower by the largest gain of one coefficient on its own; None where none is."""
    prior = problem.prior_at(sigma)
    z = np.where(problem.live, problem.gradient(coef)[0] + coef, 0.0) / sigma
    now = coef / sigma
    best = np.where(problem.live, prior.shrink(z, 1.0), now)
    gain = 0.5 * (z - now) ** 2 - 0.5 * (z - best) ** 2 + prior.penalty(now) - prior.penalty(best)
    j = int(np.argmax(np.where(problem.live, gain, -np.inf)))
    moved = coef.copy()
    moved[j] = sigma * best[j]
    total = problem.objective(coef, sigma)
    if not gain[j] * sigma**2 > _LOWER * (1 + total):
        return None
    return moved if problem.objective(moved, sigma) < total else None


def _best_sigma(
    problem: CurvedProblem, coef: Floats, near: float, reach: float = _SIGMA_REACH
) -> float:
    """Sigma of the highest density at these coefficients, not far from another one."""
    found = minimize_scalar(
        lambda log_sigma: -problem.height(coef, float(np.exp(log_sigma))),
        bounds=(np.log(near) - reach, np.log(near) + reach),
        method="bounded",
        options={"xatol": 1e-9},
    )
    sigma = float(np.exp(found.x))
    if sigma < _NO_NOISE:
        refuse_unbounded("a fit without noise is as probable as one likes: the columns fit y")
    return sigma


def _starts(problem: CurvedProblem) -> Iterator[Floats]:
    """Unit coefficients to start from."""
    columns, live = problem.model.columns, problem.live
    nothing = np.zeros(columns.p)
    bare = UnitProblem(columns, nothing, nothing)
    yield nothing
    if columns.y_norm == 0:
        return
    free = _ridge(columns, np.where(live, _WEAKEST, 0.0))
    yield free
    rss = max(bare.gradient(free)[1], 1e-4)
    noise = problem.model.unit_noise
    sigma = noise.sd if noise.is_known else float(np.sqrt(rss / columns.n))
    prior = problem.prior_at(sigma)
    with np.errstate(over="ignore"):
        spread = np.broadcast_to(prior.spread, live.shape)
        yield _ridge(columns, np.where(live, np.clip(spread**-2.0, 1e-8, 1e8), 0.0))
    yield np.where(live, sigma * prior.shrink(columns.xty / sigma, 1.0), 0.0)
    strongest, near = float(np.abs(columns.xty).max()), None
    supports = []
    for share in _LASSOS:
        near, _ = minimise(UnitProblem(columns, np.where(live, share * strongest, 0.0), nothing))
        yield near
        supports.append(near != 0)
    where = np.flatnonzero(live)
    if len(where) <= _FEW:
        chosen = np.zeros((2 ** len(where), columns.p), dtype=bool)
        chosen[:, where] = list(product((False, True), repeat=len(where)))
        supports += list(chosen)
    for support in {tuple(np.flatnonzero(one).tolist()) for one in supports}:
        if 0 < len(support) < columns.dof:
            yield solve_on_support(bare, np.array(support), np.zeros(len(support)))


def _ridge(columns: UnitColumns, l2: Floats) -> Floats:
    return solve_quadratic(UnitProblem(columns, np.zeros(columns.p), l2))


def _are_one(one: Point, other: Point) -> bool:
    """Whether two points differ by rounding only."""
    if not np.array_equal(one.coef == 0, other.coef == 0):
        return False
    apart = np.abs(one.coef - other.coef).max(initial=0.0)
    near = apart <= _SAME * (np.abs(one.coef).max(initial=0.0) or 1.0)
    return bool(near and abs(np.log(one.sigma / other.sigma)) <= _SAME)


def _refuse_free_fit(model: Model) -> None:
    """Refuse a perfect fit whose penalties do not grow as sigma goes to zero."""
    columns, density = model.columns, model.unit_noise.density
    assert density is not None
    if columns.y_norm == 0:
        refuse_unbounded("the intercept can fit a constant y")
    if density.vanishes_at_zero or model.prior.scaled_by_noise:
        return
    live = np.flatnonzero(columns.x_norm > 0)
    if rank_and_misfit(columns, live)[1] <= EXACT_FIT:
        count = f"{len(live)} columns" if len(live) > 1 else "one column"
        refuse_unbounded(f"{count} can fit the {model.data.n_rows} values of y")
