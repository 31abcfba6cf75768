r"""Laplace modes of wide data: solve on few columns, prove with all, grow by the violators.

Cross products of all p columns would cost more than the mode. Only those of a working set are
made; one product ``Z'r`` with all columns then proves the mode or names the columns that are
missing (Massias, Gramfort and Salmon 2018, "Celer", section 3, share the idea).
"""

from __future__ import annotations

import numpy as np
from scipy import linalg

from priormap.arrays import Floats, Indices
from priormap.mode.lasso.descent import descend
from priormap.model.problem import UnitProblem

_EPS = float(np.finfo(float).eps)
_FIRST_SIZE = 64
_ROUGH, _FINE, _FINENESS_STEP = 1e-3, 1e-13, 1e-2  # tolerances of the descent between solves
_MAX_SWEEPS = 1000


def find_on_working_set(problem: UnitProblem) -> tuple[Floats, int]:
    """Unit coefficients of the mode, to be finished on their support; and the sweeps taken."""
    columns = problem.columns
    coef, sweeps = np.zeros(columns.p), 0
    gradient = columns.xty
    working = _WorkingSet(problem)
    size = _FIRST_SIZE
    while True:
        ratio = np.abs(gradient) / np.where(problem.l1 > 0, problem.l1, _EPS)
        ratio[working.indices] = np.inf
        # below its bound a column may still be wanted soon, but only a violator must come
        violators = int(((ratio > 1 + 1e-9) & (columns.x_norm > 0)).sum()) - len(working.indices)
        if violators <= 0:
            return coef, sweeps
        size = min(max(size, len(working.indices)), columns.p - len(working.indices))
        size = min(size, 2 * violators + 8)
        strongest = np.argpartition(-ratio, len(working.indices) + size - 1)
        chosen = strongest[: len(working.indices) + size]
        working.add(np.setdiff1d(chosen, working.indices, assume_unique=True))
        sweeps += working.solve()
        coef[working.indices] = working.coef
        gradient = columns.correlate(columns.response - working.block @ working.coef)


class _WorkingSet:
    """Columns in work with their cross products, grown without computing any twice."""

    def __init__(self, problem: UnitProblem) -> None:
        self._problem = problem
        self.indices = np.empty(0, dtype=np.intp)
        self.block = np.empty((problem.columns.n, 0), order="F")
        self.gram = np.empty((0, 0))
        self.coef = np.empty(0)

    def add(self, new: Indices) -> None:
        block = self._problem.columns.columns(new)
        old, k = len(self.indices), len(self.indices) + len(new)
        gram = np.empty((k, k))
        gram[:old, :old] = self.gram
        gram[old:, old:] = block.T @ block
        gram[old:, :old] = block.T @ self.block
        gram[:old, old:] = gram[old:, :old].T
        self.gram, self.block = gram, np.hstack([self.block, block])
        self.indices = np.concatenate([self.indices, new])
        self.coef = np.concatenate([self.coef, np.zeros(len(new))])

    def solve(self) -> int:
        """Minimise over the working set: descent for the support, then its linear system."""
        l1, l2 = self._problem.l1[self.indices], self._problem.l2[self.indices]
        xty = self._problem.columns.xty[self.indices]
        tolerance, sweeps = _ROUGH, 0
        while True:
            gradient = xty - self.gram @ self.coef
            sweeps += descend(self.gram, gradient, self.coef, l1, l2, tolerance, _MAX_SWEEPS)
            if self._solve_support(xty, l1, l2) or tolerance < _FINE or sweeps > 20 * _MAX_SWEEPS:
                return sweeps
            tolerance *= _FINENESS_STEP

    def _solve_support(self, xty: Floats, l1: Floats, l2: Floats) -> bool:
        """Solve on the support; keep and return True where that is the minimiser."""
        support = np.flatnonzero((self.coef != 0) | ((l1 == 0) & (l2 == 0)))
        signs = np.sign(self.coef[support])
        pull = l1[support] * signs
        gram = self.gram[np.ix_(support, support)]
        gram[np.diag_indices_from(gram)] += l2[support]
        factor, info = linalg.lapack.dpotrf(gram, lower=1)
        if info != 0:
            return False
        solution, _ = linalg.lapack.dpotrs(factor, xty[support] - pull, lower=1)
        if not ((np.sign(solution) == signs) | (l1[support] == 0)).all():
            return False
        gradient = np.abs(xty - self.gram[:, support] @ solution)
        gradient[support] = 0.0
        if (gradient > l1 * (1 + 1e-12) + 16 * _EPS).any():
            return False
        self.coef[support] = solution
        return True
