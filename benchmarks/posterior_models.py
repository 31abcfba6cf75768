"""The data sets and the four models of the posterior benchmark.

Columns and response are standardised (mean 0, mean square 1), so that no program needs an
intercept. With b the coefficients, y ~ Normal(X b, sigma):

``laplace``        sigma ~ HalfNormal(1), b ~ Laplace(sqrt(0.4 / p))
``gaussian``       sigma ~ HalfNormal(1), b ~ Normal(0, sqrt(0.8 / p)): the same prior variance
``park-casella``   p(sigma^2) = 1 / sigma^2, b ~ Laplace(sigma / lambda), lambda^2 ~ Gamma(1, 1.78)
                   (Park and Casella 2008)
``horseshoe``      sigma ~ HalfNormal(1), b_j ~ Normal(0, sigma tau lambda_j), tau and lambda_j
                   half-Cauchy(1)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from datasets import load as load_mode_data

__all__ = ["DATA", "LAMBDA_RATE", "LAMBDA_SHAPE", "MODELS", "Problem", "independent", "load"]

Floats = NDArray[np.float64]
MODELS = ("laplace", "gaussian", "park-casella", "horseshoe")
LAMBDA_SHAPE, LAMBDA_RATE = 1.0, 1.78


@dataclass(frozen=True)
class Problem:
    """Standardised data and the name of a model."""

    X: Floats
    y: Floats
    model: str

    @property
    def n(self) -> int:
        """Rows."""
        return self.X.shape[0]

    @property
    def p(self) -> int:
        """Columns."""
        return self.X.shape[1]

    @property
    def scale(self) -> float:
        """Known scale of the prior, of variance 0.8 / p either way."""
        return float(np.sqrt((0.8 if self.model == "gaussian" else 0.4) / self.p))


def independent(n: int, p: int, n_true: int, seed: int, correlation: float = 0.0) -> tuple:
    """Normal columns, autoregressive along the columns; signal and noise of equal variance."""
    rng = np.random.default_rng(seed)
    X = np.asfortranarray(rng.standard_normal((p, n)).T)
    for j in range(1, p):
        X[:, j] *= np.sqrt(1 - correlation**2)
        X[:, j] += correlation * X[:, j - 1]
    coef = np.zeros(p)
    coef[rng.choice(p, n_true, replace=False)] = rng.standard_normal(n_true)
    fitted = X @ coef
    return X, fitted + fitted.std() * rng.standard_normal(n)


def _mode_data(key: str) -> tuple[Floats, Floats]:
    data = load_mode_data(key)
    return data.X, data.y


def _second_order() -> tuple[Floats, Floats]:
    """Diabetes with squares and interactions; the square of sex says nothing new."""
    X, y = _mode_data("a")
    pairs = [(j, k) for j in range(10) for k in range(j, 10) if (j, k) != (1, 1)]
    return np.column_stack([X, *(X[:, j] * X[:, k] for j, k in pairs)]), y


DATA: dict[str, tuple[str, int, Callable[[], tuple[Floats, Floats]]]] = {
    "a": ("diabetes 442x10", 10, lambda: _mode_data("a")),
    "b": ("diabetes squared 442x64", 64, _second_order),
    "c": ("1,000x100 AR(0.9)", 100, lambda: independent(1000, 100, 10, 2, correlation=0.9)),
    "d": ("100,000x50", 50, lambda: _mode_data("b")),
    "e": ("100x300", 300, lambda: independent(100, 300, 10, 6)),
    "f": ("100x2,000", 2000, lambda: independent(100, 2000, 10, 7)),
}


def load(key: str, model: str) -> Problem:
    """Make and standardise one data set.

    Data with more columns than rows are scaled but not centred: centred they have rank n - 1
    and fit all of a centred y, so that the density of sigma goes as 1 / sigma at 0, improper.
    """
    X, y = DATA[key][2]()
    if X.shape[1] < X.shape[0]:
        X, y = X - X.mean(axis=0), y - y.mean()
    X = X / np.sqrt((X**2).mean(axis=0))
    return Problem(np.asfortranarray(X), y / np.sqrt((y**2).mean()), model)
