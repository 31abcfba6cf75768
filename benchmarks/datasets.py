"""The five data sets of the mode benchmarks: standardised columns, centred response.

Every X is in Fortran order with mean 0 and standard deviation 1 (1/n) in every column, and y
is centred, so that no program needs an intercept or rescales anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["DATASETS", "Dataset", "load"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Dataset:
    """One regression problem and the grids of penalties asked of it.

    Penalties are canonical: ``1/2 |y - X b|**2 + l1 |b|_1`` or ``+ l2 |b|**2 / 2``.
    """

    key: str
    label: str
    X: Floats
    y: Floats
    path_end: float

    @property
    def n(self) -> int:
        """Rows."""
        return self.X.shape[0]

    @property
    def p(self) -> int:
        """Columns."""
        return self.X.shape[1]

    def penalties(self, task: str) -> Floats:
        """Falling penalties of a task: l1 for lasso tasks, l2 for ridge tasks."""
        lambda_max = float(np.abs(self.X.T @ self.y).max())
        return {
            "lasso": np.array([0.1 * lambda_max]),
            "lasso path": lambda_max * np.geomspace(1.0, self.path_end, 100),
            "ridge": np.array([0.01 * self.n]),
            "ridge path": self.n * np.geomspace(10.0, 1e-4, 100),
        }[task]


def _diabetes() -> tuple[Floats, Floats]:
    from sklearn.datasets import load_diabetes

    return load_diabetes(return_X_y=True)


def _independent(n: int, p: int, n_true: int, seed: int) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(seed)
    X = np.asfortranarray(rng.standard_normal((p, n)).T)
    coef = np.zeros(p)
    coef[:n_true] = rng.normal(0.0, 1.0, n_true)
    return X, X @ coef + rng.standard_normal(n) * np.linalg.norm(coef)


def _autoregressive(n: int, p: int, n_true: int, correlation: float) -> tuple[Floats, Floats]:
    X, _ = _independent(n, p, 0, seed=2)
    innovation = np.sqrt(1 - correlation**2)
    for j in range(1, p):
        X[:, j] = correlation * X[:, j - 1] + innovation * X[:, j]
    rng = np.random.default_rng(3)
    coef = np.zeros(p)
    coef[rng.choice(p, n_true, replace=False)] = rng.normal(0.0, 1.0, n_true)
    fitted = X @ coef
    return X, fitted + rng.standard_normal(n) * fitted.std()


DATASETS: dict[str, tuple[str, Callable[[], tuple[Floats, Floats]], float]] = {
    "a": ("diabetes 442x10", _diabetes, 1e-3),
    "b": ("100,000x50", lambda: _independent(100_000, 50, 20, seed=1), 1e-3),
    "c": ("1,000x1,000 AR(0.6)", lambda: _autoregressive(1000, 1000, 50, 0.6), 1e-3),
    "d": ("200x5,000 sparse truth", lambda: _independent(200, 5000, 20, seed=4), 1e-2),
    "e": ("1,000,000x20", lambda: _independent(1_000_000, 20, 8, seed=5), 1e-3),
}


def load(key: str) -> Dataset:
    """Make one data set by its letter."""
    label, make, path_end = DATASETS[key]
    X, y = make()
    X = np.asfortranarray(X, dtype=float)
    for j in range(X.shape[1]):  # column by column: no second copy of X
        X[:, j] -= X[:, j].mean()
        X[:, j] /= X[:, j].std()
    return Dataset(key, label, X, y - y.mean(), path_end)
