"""What can be proven of a vector: optimality conditions, duality gap, and whether it is alone."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import linalg

from priormap.arrays import Bools, Floats, Indices
from priormap.model.problem import UnitProblem
from priormap.model.row_problem import RowProblem

_EPS = float(np.finfo(float).eps)
_EQUAL_PULL = 1e-9  # relative: how close to l1 the pull of a zero coefficient counts as full
_NOTHING = 1e-15  # l2 penalty below which rounding of a gradient costs more than it adds
_SURE_PIVOT = 1e-5  # a Cholesky pivot of the correlation matrix above this proves full rank


def kkt_violation(problem: UnitProblem, coef: Floats, gradient: Floats) -> Floats:
    """Distance of ``Z'r - l2 c`` from ``l1 sign(c)``, or at zero from ``[-l1, l1]``."""
    pull = gradient - problem.l2 * coef
    at_zero = np.maximum(np.abs(pull) - problem.l1, 0.0)
    return np.where(coef == 0, at_zero, np.abs(pull - problem.l1 * np.sign(coef)))


class Gap(NamedTuple):
    """How far an objective may be above its minimum, and the dual point that proves it.

    Attributes
    ----------
    size : float
        Objective minus dual objective, in units of ``|u|**2``.
    blind_share : float
        The part of it that penalties account for which the rows cannot see, as a share of
        those penalties: there they alone decide, however little they add to the objective.
    pull : array of shape (p,)
        ``Z'theta`` before it is shrunk: the gradient, without the rounding that hides weak
        penalties.
    """

    size: float
    blind_share: float
    pull: Floats


def duality_gap(problem: UnitProblem, coef: Floats, gradient: Floats, rss: float) -> Gap:
    """Objective minus the dual objective at the residual scaled into the dual feasible set.

    With ``theta`` the dual point and h the penalty, it is summed as
    ``|r - theta|**2 / 2 + sum_j [h(c_j) + h*(z_j' theta) - c_j z_j' theta]``, whose terms are
    all non-negative, so that nothing cancels.
    """
    columns = problem.columns
    is_penalised = (problem.l1 > 0) | (problem.l2 > 0)
    blind = problem.is_weak | ((columns.x_norm == 0) & (coef != 0) & is_penalised)
    if blind.any() and columns.y_norm > 0:
        return _gap_beside_blind(problem, coef, blind)
    theta, projection = _project_out_flat(problem, gradient)
    shrink = 1 / max(1.0, _excess(problem, theta, _is_bound(problem)))
    gap = 0.5 * (1 - shrink) ** 2 * rss + 0.5 * (2 - shrink) * shrink * projection
    theta = _within_bounds(problem, shrink * theta)
    return Gap(gap + float(_losses(problem, coef, theta).sum()), 0.0, gradient)


def duality_gap_of_rows(problem: RowProblem, coef: Floats, eta: Floats, slope: Floats) -> Gap:
    """As `duality_gap` of any likelihood, with the conjugates of its losses.

    The dual point is the negative slope of the losses, taken off what has no penalty.
    """
    penalised, columns = problem.penalised, problem.columns
    flat, dual = np.flatnonzero(penalised.is_flat), -slope
    if problem.data.intercept:
        dual = dual - dual.mean()
    share = 0.0
    if penalised.is_weak.any():
        apart, losses, share, pull = _dual_beside_blind(penalised, coef, penalised.is_weak, dual)
        dual = dual - apart
    else:
        if flat.size:
            span, *_ = _span(columns.columns(flat))
            dual = dual - span @ (span.T @ dual)
        pull = np.where(penalised.is_flat, 0.0, columns.correlate(dual))
        shrink = 1 / max(1.0, _excess(penalised, pull, _is_bound(penalised)))
        losses = float(_losses(penalised, coef, _within_bounds(penalised, shrink * pull)).sum())
        dual = shrink * dual
    rows = problem.likelihood.fenchel_young(problem.data.y, eta, -problem.unit * dual, 1.0)
    return Gap(float(rows.sum()) / problem.unit**2 + losses, share, pull)


def _gap_beside_blind(problem: UnitProblem, coef: Floats, blind: Bools) -> Gap:
    """As `duality_gap`, where some penalties are too weak to be seen in the gradient.

    From the residual its part in the span of their columns is taken, which is all rounding or
    their doing, and replaced by the shortest vector of that span whose products with the
    columns of non-zero coefficients are what their penalties demand, as far as they can be.
    """
    residual = problem.columns.residual(coef)
    apart, losses, share, pull = _dual_beside_blind(problem, coef, blind, residual)
    return Gap(float(0.5 * apart @ apart + losses), share, pull)


def _dual_beside_blind(
    problem: UnitProblem, coef: Floats, blind: Bools, residual: Floats
) -> tuple[Floats, float, float, Floats]:
    """How far the dual point is from a residual, its losses on penalties, their share, its pull."""
    columns, flat = problem.columns, np.flatnonzero(problem.is_flat)
    held = np.flatnonzero(blind)
    block = columns.columns(held)
    off_flat, *_ = _span(columns.columns(flat))
    for _ in range(2):  # once more for what rounding left
        block -= off_flat @ (off_flat.T @ block)
    span, *_ = _span(block)
    moved = off_flat @ (off_flat.T @ residual) + span @ (span.T @ residual)
    shortest, held_pull = _nearest_dual(problem, coef, held, block, span @ (span.T @ residual))
    pull = np.where(problem.is_flat, 0.0, columns.correlate(shortest))
    pull[held] = held_pull
    slack = 4 * _EPS * (1 + len(held))
    within = _best_share(problem, coef, pull, blind, slack)
    shortest, theta = shortest * within, pull * within
    rest = residual - moved
    ahead = np.where(blind | problem.is_flat, 0.0, columns.correlate(rest))
    shrink = 1 / max(1.0, _excess(problem, ahead, _is_bound(problem) & (ahead != 0), theta))
    theta = np.where(blind, theta, _within_bounds(problem, theta + shrink * ahead))
    losses = _losses(problem, coef, theta, slack)
    apart = (1 - shrink) * rest + moved - shortest
    least = problem.penalty_of(coef)[blind].sum()
    share = float(losses[blind].sum() / least) if least > 0 else 0.0
    return apart, float(losses.sum()), share, pull + ahead


def _nearest_dual(
    problem: UnitProblem, coef: Floats, held: Indices, block: Floats, near: Floats
) -> tuple[Floats, Floats]:
    """Vector whose products with columns are what their penalties demand, and those products.

    Demands of non-zero coefficients are met as far as the columns' dependence lets them. It is
    the one nearest to `near`, the residual's own part, if l1 can hold what that brings to zero
    coefficients. Else that is rounding: it is the shortest one, and what it brings to them is
    cut to l1 where the columns are free.
    """
    l1, c = problem.l1[held], coef[held]
    demand = l1 * np.sign(c) + problem.l2[held] * c
    asked = (c != 0) | (l1 == 0)
    found: tuple[Floats, Floats] | None = None
    for start in (near, *[np.zeros_like(near)] * (len(held) + 1)):
        span, length, mix = _span(block[:, asked])
        if found is not None and len(length) < asked.sum():
            return found
        met, brought = demand[asked], block.T @ start
        vector = start + span @ (mix @ (met - brought[asked]) / length)
        pull = block.T @ vector
        pull[asked] = met if len(length) == len(met) else mix.T @ (mix @ met)
        beyond = ~asked & (abs(pull) > l1 * (1 + _EQUAL_PULL))
        if start is not near:
            found = vector, pull
            demand, asked = np.where(beyond, np.sign(pull) * l1, demand), asked | beyond
        if not beyond.any():
            return vector, pull
    assert found is not None
    return found


def _best_share(
    problem: UnitProblem, coef: Floats, pull: Floats, blind: Bools, slack: float
) -> float:
    """Share of a pull that l1 can hold: with l2 to help it, without that help, or none."""
    kinked = problem.l1 > 0
    shares = [
        1 / max(1.0, _excess(problem, pull, bound))
        for bound in (kinked & (problem.l2 == 0), kinked)
    ]
    shares.append(0.0)
    losses = [_losses(problem, coef, share * pull, slack)[blind].sum() for share in shares]
    return shares[int(np.argmin(losses))]


def _span(block: Floats) -> tuple[Floats, Floats, Floats]:
    """Singular vectors and values of unit columns, as far as rounding lets one see them."""
    rows, k = block.shape
    left = None
    if rows > 2 * k:
        left, block = np.linalg.qr(block)
    u, singular, vt = np.linalg.svd(block, full_matrices=False)
    seen = singular > 4 * _EPS * max(rows, k)
    u = u[:, seen] if left is None else left @ u[:, seen]
    return u, singular[seen], vt[seen]


def _excess(
    problem: UnitProblem, pull: Floats, bound: Bools, beside: Floats | None = None
) -> float:
    """Largest ratio of a pull to the l1 penalty that must hold it, or what `beside` leaves."""
    room = problem.l1[bound]
    if beside is not None:
        room = (room - np.sign(pull[bound]) * beside[bound]).clip(0)
    with np.errstate(divide="ignore"):
        return float((abs(pull[bound]) / room).max(initial=0.0))


def _is_bound(problem: UnitProblem) -> Bools:
    """Whose pull l1 must hold: an l2 of next to nothing leaves rounding no way out either."""
    return (problem.l1 > 0) & (problem.l2 <= _NOTHING)


def _within_bounds(problem: UnitProblem, theta: Floats) -> Floats:
    """A shrunk theta without what rounding left of it beyond l1."""
    l1 = problem.l1
    return np.where(_is_bound(problem), np.clip(theta, -l1, l1), theta)


def _losses(problem: UnitProblem, coef: Floats, theta: Floats, slack: float = 0.0) -> Floats:
    """``h(c_j) + h*(theta_j) - c_j theta_j`` of every column, whose theta is feasible."""
    l1, l2 = problem.l1, problem.l2
    losses = (l1 * abs(coef) - coef * theta).clip(0) * (l1 > 0)
    if problem.has_l2:
        curved = l2 > 0
        losses[curved] = _curved_loss(coef[curved], theta[curved], l1[curved], l2[curved], slack)
    return losses


def rounding_of_gradient(problem: UnitProblem, coef: Floats) -> float:
    """What rounding leaves uncertain of a correlation with the residual: ``4 eps (1 + |c|_1)``."""
    return 4 * _EPS * (float(problem.columns.y_norm > 0) + float(np.abs(coef).sum()))


def rounding_of_gap(problem: UnitProblem, coef: Floats, gradient: Floats) -> float:
    """Duality gap that rounding of the gradient can cause.

    So much may the residual itself be off. The error is multiplied by the coefficients; where a
    pull is at its bound it shrinks the dual point by the share of that bound; and an l2 penalty
    takes it for a coefficient. Weak penalties are not seen in the gradient, and so not hidden.
    """
    if problem.columns.y_norm == 0:
        return 0.0  # the mode of a constant y is zero
    error = rounding_of_gradient(problem, coef)
    seen = ~problem.is_weak & (problem.columns.x_norm > 0)
    kinked, curved = seen & (problem.l1 > 0), seen & (problem.l2 > _NOTHING)
    rounding = 0.5 * error**2 * (1 + float((1 / problem.l2[curved]).sum()))
    if kinked.any():
        at_bound = kinked & (np.abs(gradient) > 0.999 * problem.l1)
        shrink = error / np.min(problem.l1[at_bound], initial=1.0)
        rounding += error * float(np.abs(coef[kinked]).sum()) + 0.5 * min(shrink, 1.0) ** 2
        rounding += shrink * float(problem.l1 @ np.abs(coef))
    return rounding


def _curved_loss(coef: Floats, theta: Floats, l1: Floats, l2: Floats, slack: float) -> Floats:
    """Fenchel-Young loss of ``l1 |c| + l2 c**2 / 2`` as ``kink + (l2 c - s)**2 / (2 l2)``.

    `slack` is the relative rounding of theta that is forgiven.
    """
    soft = np.sign(theta) * np.maximum(np.abs(theta) - l1, 0.0)
    inside = theta - soft  # what the kink takes, within [-l1, l1]
    with np.errstate(over="ignore"):  # a gap beyond all floats is one
        miss = np.maximum(abs(l2 * coef - soft) - slack * abs(theta), 0.0)
        return (l1 * np.abs(coef) - inside * coef).clip(0) + 0.5 * miss * (miss / l2)


def _project_out_flat(problem: UnitProblem, gradient: Floats) -> tuple[Floats, float]:
    """Gradient of the residual after projection off the unpenalised columns, and what it took.

    A dual point must be orthogonal to every unpenalised column.
    """
    if not problem.is_flat.any():
        return gradient, 0.0
    flat = np.flatnonzero(problem.is_flat)
    columns = problem.columns
    if columns.has_cheap_gram:
        step = np.linalg.lstsq(columns.gram[np.ix_(flat, flat)], gradient[flat], rcond=None)[0]
        moved = columns.gram[:, flat] @ step
    else:
        block = columns.columns(flat)
        step = np.linalg.lstsq(block.T @ block, gradient[flat], rcond=None)[0]
        moved = columns.correlate(block @ step)
    projected = gradient - moved
    projected[flat] = 0.0
    return projected, max(float(step @ gradient[flat]), 0.0)


def is_unique_minimiser(problem: UnitProblem, coef: Floats, gradient: Floats) -> bool:
    """Whether the minimiser `coef`, with gradient ``Z'r`` (or `Gap.pull`), is the only one.

    With an l2 penalty on every column it is. Under l1 penalties the minimisers are a set where
    columns with the full pull are linearly dependent (Tibshirani 2013, "The lasso problem and
    uniqueness", section 2), for example where two columns are the same.
    """
    columns = problem.columns
    l1, flat = problem.l1, problem.is_flat
    if columns.has_cheap_gram and columns.smallest_pivot > _SURE_PIVOT and columns.x_norm.all():
        return True
    if ((problem.l1 == 0) & (problem.l2 == 0) & ~flat).any():
        return False  # an unpenalised constant column: any coefficient serves
    if columns.has_cheap_gram and columns.smallest_pivot > _SURE_PIVOT:
        return True
    full_pull = (l1 > 0) & (np.abs(gradient) >= l1 * (1 - _EQUAL_PULL))
    candidates = np.flatnonzero((problem.l2 == 0) & (flat | full_pull | (coef != 0)))
    if not candidates.size:
        return True
    if len(candidates) <= columns.n and _has_clear_rank(problem, candidates):
        return True
    null = _null_space(columns.columns(candidates))
    if not null.shape[1]:
        return True
    # Moving along the null space changes neither fit nor penalty as long as every zero
    # coefficient moves to the side of its pull.
    zeros = (coef[candidates] == 0) & ~flat[candidates]
    signed = null[zeros] * np.sign(gradient[candidates][zeros])[:, None]
    return not _has_feasible_direction(signed)


def _has_clear_rank(problem: UnitProblem, candidates: Indices) -> bool:
    columns = problem.columns
    if columns.has_cheap_gram:
        gram = columns.gram[np.ix_(candidates, candidates)]
    else:
        block = columns.columns(candidates)
        gram = block.T @ block
    factor, info = linalg.lapack.dpotrf(gram, lower=1)
    return bool(info == 0 and np.diag(factor).min() > _SURE_PIVOT)


def _null_space(block: Floats) -> Floats:
    """Orthonormal basis of the directions that the columns of `block` cannot see."""
    rows, k = block.shape
    if rows > k:  # the triangle sees the same directions; the factor that rotates does not
        (block,) = linalg.qr(block, mode="r", overwrite_a=True, check_finite=False)
        block = block[:k]
    _, singular, vt = np.linalg.svd(block, full_matrices=True)
    tolerance = 4 * _EPS * max(rows, k) * singular.max(initial=0.0)
    return vt[int((singular > tolerance).sum()) :].T


def _has_feasible_direction(signed: Floats) -> bool:
    """Whether some d != 0 has ``signed @ d >= 0`` (d in coordinates of the null space)."""
    if np.linalg.matrix_rank(signed, tol=1e-9) < signed.shape[1]:
        return True  # some direction leaves every zero at zero
    from scipy.optimize import linprog

    total = signed.sum(axis=0)
    result = linprog(
        -total, A_ub=-signed, b_ub=np.full(len(signed), 1e-12), bounds=(-1, 1), method="highs"
    )
    return bool(result.status == 0 and -result.fun > 1e-6)
