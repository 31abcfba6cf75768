r"""Modes under priors on the norms of groups: the group lasso, with exact zeros of whole groups.

With ``theta_j = c_j / s_j`` and the columns ``a_j = s_j z_j`` it is the minimum of

.. math:: \tfrac12 |u - A \theta|^2 + \lambda \sum_g w_g |\theta_g| .

Blocks are solved exactly in turn (each by its eigenvectors and one equation in its norm), and
Newton steps on the groups that are not zero finish. A residual that is scaled into the dual
feasible set bounds how far the objective is above its minimum.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import linalg
from scipy.optimize import brentq

from priormap.arrays import Floats, Indices, to_infinity
from priormap.checks import refuse_memory
from priormap.mode.certificate import Certificate
from priormap.mode.routes import Route
from priormap.model import Model
from priormap.model.least_squares import rank_and_misfit
from priormap.model.problem import UnitProblem
from priormap.priors import GroupNorms

_EPS = float(np.finfo(float).eps)
_MOST_SWEEPS, _MOST_STEPS, _HALVINGS = 500, 30, 40
_FULL_PULL = 1e-9
_SURE = 1e-9  # least eigenvalue that proves columns independent


@dataclass(frozen=True, eq=False)
class GroupProblem:
    """A model under a prior on group norms; vectors theta are unit coefficients over scales."""

    model: Model

    @cached_property
    def _prior(self) -> GroupNorms:
        prior = self.model.unit_prior
        assert isinstance(prior, GroupNorms)
        return prior

    @cached_property
    def scale(self) -> Floats:
        """Scales of unit coefficients over the largest of them; zero for a constant column."""
        scale = np.broadcast_to(np.asarray(self._prior.scale), (self.model.columns.p,))
        return np.where(self.model.columns.x_norm > 0, scale / self.unit, 0.0)

    @cached_property
    def unit(self) -> float:
        """Largest scale of a unit coefficient."""
        return float(np.max(np.asarray(self._prior.scale)))

    @cached_property
    def groups(self) -> tuple[Indices, ...]:
        """Live columns of each group."""
        assert self._prior.members is not None
        return tuple(group[self.scale[group] > 0] for group in self._prior.members)

    @cached_property
    def weights(self) -> Floats:
        """Weight of each norm."""
        return self._prior.group_weights

    @cached_property
    def gram(self) -> Floats:
        """``A'A``, shape (p, p)."""
        p = self.model.columns.p
        refuse_memory(f"cross products of {p} columns", 3 * p * p, "drop some columns")
        return self.model.columns.gram * self.scale * self.scale[:, None]

    @cached_property
    def blocks(self) -> list[tuple[Floats, Floats]]:
        """Eigenvalues and eigenvectors of every block of the Gram matrix."""
        found = (np.linalg.eigh(self.gram[np.ix_(g, g)]) for g in self.groups)
        return [(values.clip(0), vectors) for values, vectors in found]

    def strength(self, k1: float) -> float:
        """Lambda of a strength as `Model.strengths` has it."""
        return k1 / self.unit

    def gradient(self, theta: Floats) -> tuple[Floats, float]:
        """``A'r`` and ``r'r``."""
        nothing = np.zeros(len(theta))
        bare = UnitProblem(self.model.columns, nothing, nothing)
        gradient, rss = bare.gradient(theta * self.scale)
        return gradient * self.scale, rss

    def norms(self, vector: Floats) -> Floats:
        """Norm of every group."""
        return np.array([np.linalg.norm(vector[group]) for group in self.groups])

    def value(self, theta: Floats, lam: float) -> float:
        """The objective."""
        return 0.5 * self.gradient(theta)[1] + lam * float(self.weights @ self.norms(theta))

    def violation(self, theta: Floats, lam: float, gradient: Floats) -> Floats:
        """Distance of ``A'r`` from the slopes of the penalty, shape (p,)."""
        found = np.zeros(len(theta))
        for group, weight in zip(self.groups, self.weights.tolist(), strict=True):
            pull, size = gradient[group], float(np.linalg.norm(theta[group]))
            if size > 0:
                found[group] = np.abs(pull - lam * weight * theta[group] / size)
            elif group.size and (norm := float(np.linalg.norm(pull))) > lam * weight:
                found[group] = np.abs(pull) * (1 - lam * weight / norm)
        return found

    @to_infinity
    def minimise(self, lam: float, near: Floats | None = None) -> tuple[Floats, int]:
        """Theta of the minimum, and how many sweeps found it."""
        theta = np.zeros(self.model.columns.p) if near is None else near.copy()
        for sweep in range(1, _MOST_SWEEPS + 1):
            theta = self._finish(self._sweep(theta, lam), lam)
            rounding = 2 * _EPS * (1 + float(np.abs(theta * self.scale).sum()))
            if self.violation(theta, lam, self.gradient(theta)[0]).max(initial=0.0) <= rounding:
                return theta, sweep
        return theta, _MOST_SWEEPS

    def _sweep(self, theta: Floats, lam: float) -> Floats:
        """Every group at its best in turn."""
        theta = theta.copy()
        gradient = self.gradient(theta)[0]
        for k, group in enumerate(self.groups):
            if not group.size:
                continue
            values, vectors = self.blocks[k]
            pull = gradient[group] + self.gram[np.ix_(group, group)] @ theta[group]
            new = _best_block(values, vectors, pull, lam * float(self.weights[k]))
            change = new - theta[group]
            if change.any():
                gradient = gradient - self.gram[:, group] @ change
                theta[group] = new
        return theta

    def _finish(self, theta: Floats, lam: float) -> Floats:
        """Newton steps on the groups that are not zero, as long as they lower the objective."""
        active = [k for k, group in enumerate(self.groups) if theta[group].any()]
        if not active:
            return theta
        places = np.concatenate([self.groups[k] for k in active])
        now = self.value(theta, lam)
        for _ in range(_MOST_STEPS):
            step = self._newton(theta, lam, active, places)
            share = 1.0
            for _ in range(_HALVINGS):
                moved = theta.copy()
                moved[places] += share * step
                then = self.value(moved, lam)
                if then < now:
                    break
                share /= 2
            else:
                moved = theta.copy()
                moved[places] += step  # within rounding of the objective, by the slopes
                return min((theta, moved), key=lambda one: self._left(one, lam))
            theta, now = moved, then
        return theta

    def _left(self, theta: Floats, lam: float) -> float:
        return float(self.violation(theta, lam, self.gradient(theta)[0]).max(initial=0.0))

    def _newton(self, theta: Floats, lam: float, active: list[int], places: Indices) -> Floats:
        matrix, rise = self._system(theta, lam, active, places)
        return np.asarray(linalg.lstsq(matrix, rise, check_finite=False)[0])

    def parameters(self, theta: Floats, lam: float) -> float:
        """How far the fit of a mode moves with y: ``tr A_F H^-1 A_F'`` (Vaiter et al. 2012).

        H are the second derivatives in the columns of the groups that are not zero.
        """
        active = [k for k, group in enumerate(self.groups) if theta[group].any()]
        if not active:
            return 0.0
        places = np.concatenate([self.groups[k] for k in active])
        matrix, _ = self._system(theta, lam, active, places)
        return float(np.trace(np.linalg.lstsq(matrix, self.gram[np.ix_(places, places)])[0]))

    def _system(
        self, theta: Floats, lam: float, active: list[int], places: Indices
    ) -> tuple[Floats, Floats]:
        """Second derivatives and minus the first ones in the columns of the active groups."""
        matrix, rise, start = self.gram[np.ix_(places, places)], self.gradient(theta)[0][places], 0
        for k in active:
            own = theta[self.groups[k]]
            size, pull = float(np.linalg.norm(own)), lam * float(self.weights[k])
            block = slice(start, start + len(own))
            toward = own / size
            bend = np.eye(len(own)) - np.outer(toward, toward)
            matrix[block, block] += pull / size * bend
            rise[block] -= pull * toward
            start += len(own)
        return matrix, rise

    def certify(
        self,
        theta: Floats,
        lam: float,
        tolerance: float,
        iterations: int = 0,
        sigma_residual: float | None = None,
    ) -> Certificate:
        """Certificate of a vector: optimality conditions and duality gap."""
        gradient, rss = self.gradient(theta)
        violation, bounds = self.violation(theta, lam, gradient), lam * self.weights
        worst = int(np.argmax(violation))
        norms, pulls = self.norms(theta), self.norms(gradient)
        error = 4 * _EPS * (1 + float(np.abs(theta * self.scale).sum()))
        beyond = np.maximum(pulls - error, 0.0)  # a weak penalty is below the rounding of a pull
        over = np.divide(beyond, bounds, out=np.zeros(len(pulls)), where=beyond > 0)
        shrink = 1 / max(1.0, float(over.max(initial=0.0)))
        losses = [
            b * n - shrink * float(theta[g] @ gradient[g])
            for b, n, g in zip(bounds.tolist(), norms.tolist(), self.groups, strict=True)
        ]
        gap = 0.5 * (1 - shrink) ** 2 * rss + float(np.clip(losses, 0, None).sum())
        objective = 0.5 * rss + float(bounds @ norms)
        least = max(objective, _EPS)
        return Certificate(
            relative_gap=gap / least,
            kkt_residual=float(violation[worst]),
            worst_column=self.model.data.names[worst],
            objective=objective * self.model.unit_y**2,
            is_unique=self._is_unique(norms, pulls, bounds),
            iterations=iterations,
            tolerance=tolerance,
            resolution=error * (1 + float(np.abs(theta).sum())) / least,
            sigma_residual=sigma_residual,
            kkt_resolution=error,
        )

    def _is_unique(self, norms: Floats, pulls: Floats, bounds: Floats) -> bool:
        """Whether the columns that may move are independent."""
        full = (norms > 0) | (pulls >= bounds * (1 - _FULL_PULL))
        places = np.concatenate(
            [g for g, is_full in zip(self.groups, full, strict=True) if is_full]
            or [np.zeros(0, dtype=int)]
        )
        if not places.size:
            return True
        gram = self.model.columns.gram[np.ix_(places, places)]
        return bool(np.linalg.eigvalsh(gram)[0] > _SURE)

    def unit_coef(self, theta: Floats) -> Floats:
        """Unit coefficients."""
        return theta * self.scale

    def theta_of(self, unit_coef: Floats) -> Floats:
        """Theta of unit coefficients."""
        live = self.scale > 0
        return np.divide(unit_coef, self.scale, out=np.zeros(len(live)), where=live)


class GroupRoute(Route):
    """Modes at many strengths of one penalty on group norms."""

    def __init__(self, problem: GroupProblem) -> None:
        self._problem = problem
        self._near: Floats | None = None

    def default_strengths(self) -> Floats:
        """Not asked for: a path over groups has no default grid."""
        raise NotImplementedError

    def coefs(self, k1: Floats, k2: Floats) -> Floats:
        """Unit coefficients at strengths (m,), shape (m, p)."""
        problem = self._problem
        found = [problem.minimise(problem.strength(float(k)))[0] for k in k1]
        return np.stack([problem.unit_coef(theta) for theta in found])

    def terms(self, k1: float, k2: float) -> tuple[float, float, float]:
        """Residual sum of squares, the penalty at strength 1, and zero."""
        problem = self._problem
        theta, _ = problem.minimise(problem.strength(k1), self._near)
        self._near = theta
        size = float(problem.weights @ problem.norms(theta)) / problem.unit
        return problem.gradient(theta)[1], size, 0.0

    def smallest_rss(self, dof: int) -> float:
        """Of all live columns."""
        columns = self._problem.model.columns
        return rank_and_misfit(columns, np.flatnonzero(columns.x_norm > 0))[1]


def _best_block(values: Floats, vectors: Floats, pull: Floats, bound: float) -> Floats:
    """Minimise ``theta'H theta / 2 - pull'theta + bound |theta|`` over one group.

    Its norm t solves ``|pull_i / (h_i t + bound)| = 1`` in the eigenvectors of H.
    """
    size = float(np.linalg.norm(pull))
    if size <= bound:
        return np.zeros(len(pull))
    own = vectors.T @ pull

    def excess(t: float) -> float:
        return float(np.linalg.norm(own / (values * t + bound))) - 1

    high = size / max(float(values[-1]), 1e-300)
    for _ in range(1000):
        if excess(high) <= 0:
            break
        high *= 2
    t = float(brentq(excess, 0.0, high, xtol=1e-300, rtol=4 * _EPS, maxiter=500))
    return np.asarray(vectors @ (own * (t / (values * t + bound))))
