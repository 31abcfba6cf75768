"""The contenders: every way to each task that we know of, priormap's own first.

A contender turns (X, y, penalties, tolerance) into coefficients of shape (points, p).
Methods that iterate have tolerances, which `timing.tune` tightens until the measured gap is
met; exact ones have none. What a peer needs (its Gram matrix, say) is made inside the call.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import celer
import numpy as np
import skglm
from numpy.typing import NDArray
from scipy import linalg
from skglm.penalties import L1
from skglm.solvers import GramCD
from sklearn import linear_model

from datasets import Dataset
from priormap import Gaussian, Laplace, Regression, find_map, map_path

__all__ = ["Contender", "contenders"]

Floats = NDArray[np.float64]
Solve = Callable[[Floats, Floats, Floats, float], Floats]
_MANY = 100_000  # iterations: the gap decides, not the count


@dataclass(frozen=True)
class Contender:
    """One way to do a task.

    Attributes
    ----------
    kind : str
        "ours"; "peer"; "unchecked": a peer with the checks of its input switched off; or
        "by hand": numpy lines that a user could write. The last two have ratios of their own.
    is_exact : bool
        Whether there is no tolerance to tighten.
    """

    name: str
    solve: Solve
    kind: str = "peer"
    is_exact: bool = False


def contenders(task: str, data: Dataset) -> list[Contender]:
    """Return everything that is run on a task; priormap is the first."""
    maker = {
        "lasso": _lasso,
        "lasso path": _lasso_path,
        "ridge": _ridge,
        "ridge path": _ridge_path,
    }[task]
    return maker(data)


def _lasso(data: Dataset) -> list[Contender]:
    chosen = [
        Contender("priormap", _our_lasso, "ours", True),
        Contender("scikit-learn Lasso", _sklearn_lasso(precompute=False)),
        Contender("scikit-learn lasso_path", _sklearn_path(gram=False)),
        Contender("scikit-learn lasso_path", _sklearn_path(gram=False, checks=False), "unchecked"),
        Contender("scikit-learn lars_path", _lars(with_gram=False), is_exact=True),
        Contender("celer", _celer),
        Contender("skglm AndersonCD", _skglm),
    ]
    if data.p <= 1000:  # a larger Gram matrix costs more than every whole fit
        chosen += [
            Contender("scikit-learn Lasso, Gram", _sklearn_lasso(precompute=True)),
            Contender("scikit-learn lasso_path, Gram", _sklearn_path(gram=True)),
            Contender(
                "scikit-learn lasso_path, Gram", _sklearn_path(gram=True, checks=False), "unchecked"
            ),
            Contender("scikit-learn lars_path, Gram", _lars(with_gram=True), is_exact=True),
            Contender("skglm GramCD", _skglm_gram),
        ]
    return chosen


def _lasso_path(data: Dataset) -> list[Contender]:
    chosen = [
        Contender("priormap", _our_lasso_path, "ours", True),
        Contender("scikit-learn lasso_path", _sklearn_path(gram=False)),
        Contender("scikit-learn lars_path", _lars(with_gram=False), is_exact=True),
        Contender("celer_path", _celer_path),
        Contender("skglm path", _skglm_path),
    ]
    if data.p <= 1000:
        chosen += [
            Contender("scikit-learn lasso_path, Gram", _sklearn_path(gram=True)),
            Contender("scikit-learn lars_path, Gram", _lars(with_gram=True), is_exact=True),
        ]
    return chosen


def _ridge(_: Dataset) -> list[Contender]:
    return [
        Contender("priormap", _our_ridge, "ours", True),
        Contender("scikit-learn Ridge", _sklearn_ridge("auto"), is_exact=True),
        Contender("scikit-learn Ridge svd", _sklearn_ridge("svd"), is_exact=True),
        Contender("scikit-learn Ridge lsqr", _sklearn_ridge("lsqr")),
        Contender("scikit-learn Ridge sparse_cg", _sklearn_ridge("sparse_cg")),
        Contender("scikit-learn ridge_regression", _ridge_function, "unchecked", True),
        Contender("numpy by hand", _ridge_by_hand, "by hand", True),
    ]


def _ridge_path(_: Dataset) -> list[Contender]:
    return [
        Contender("priormap", _our_ridge_path, "ours", True),
        Contender("scikit-learn Ridge in a loop", _ridge_loop, is_exact=True),
        *(
            Contender(
                f"scikit-learn 100 targets, {solver}", _ridge_targets(solver, checks), kind, True
            )
            for solver in ("cholesky", "svd")
            for kind, checks in (("peer", True), ("unchecked", False))
        ),
        Contender("numpy by hand", _ridge_path_by_hand, "by hand", True),
    ]


# priormap: sigma = 1, so that a Laplace scale is 1 / l1 and a Gaussian one 1 / sqrt(l2)


def _our_lasso(X: Floats, y: Floats, l1: Floats, tol: float) -> Floats:
    data = Regression(X, y, sigma=1.0, intercept=False)
    return find_map(data, Laplace(1 / l1[0])).coef[None]


def _our_lasso_path(X: Floats, y: Floats, l1: Floats, tol: float) -> Floats:
    data = Regression(X, y, sigma=1.0, intercept=False)
    return map_path(data, Laplace(), scales=1 / l1).coef


def _our_ridge(X: Floats, y: Floats, l2: Floats, tol: float) -> Floats:
    data = Regression(X, y, sigma=1.0, intercept=False)
    return find_map(data, Gaussian(1 / np.sqrt(l2[0]))).coef[None]


def _our_ridge_path(X: Floats, y: Floats, l2: Floats, tol: float) -> Floats:
    data = Regression(X, y, sigma=1.0, intercept=False)
    return map_path(data, Gaussian(), scales=1 / np.sqrt(l2)).coef


# scikit-learn


def _sklearn_lasso(precompute: bool) -> Solve:
    def solve(X: Floats, y: Floats, l1: Floats, tol: float) -> Floats:
        model = linear_model.Lasso(
            alpha=l1[0] / len(y),
            fit_intercept=False,
            precompute=precompute,
            copy_X=False,
            tol=tol,
            max_iter=_MANY,
        )
        return model.fit(X, y).coef_[None]

    return solve


def _sklearn_path(gram: bool, checks: bool = True) -> Solve:
    def solve(X: Floats, y: Floats, l1: Floats, tol: float) -> Floats:
        xtx, xty = (X.T @ X, X.T @ y) if gram else (False, None)
        _, coefs, _ = linear_model.lasso_path(
            X,
            y,
            alphas=l1 / len(y),
            precompute=xtx,
            Xy=xty,
            copy_X=False,
            check_input=checks,
            tol=tol,
            max_iter=_MANY,
        )
        return coefs.T

    return solve


def _lars(with_gram: bool) -> Solve:
    def solve(X: Floats, y: Floats, l1: Floats, tol: float) -> Floats:
        gram, xty = (X.T @ X, X.T @ y) if with_gram else (None, None)
        alphas, _, coefs = linear_model.lars_path(
            X,
            y,
            Xy=xty,
            Gram=gram,
            alpha_min=l1[-1] / len(y),
            method="lasso",
            max_iter=_MANY,
            copy_Gram=False,
        )
        return coefs[:, -1][None] if len(l1) == 1 else _interpolated(alphas, coefs, l1 / len(y))

    return solve


def _interpolated(knots: Floats, coefs: Floats, alphas: Floats) -> Floats:
    """Coefficients (points, p) at any alphas, from knots in falling order."""
    if len(knots) == 1:
        return np.repeat(coefs.T, len(alphas), axis=0)
    upper = np.clip(np.searchsorted(-knots, -alphas, side="right") - 1, 0, len(knots) - 2)
    width = knots[upper] - knots[upper + 1]
    share = np.clip((knots[upper] - alphas) / np.where(width > 0, width, 1.0), 0.0, 1.0)
    return (coefs[:, upper] * (1 - share) + coefs[:, upper + 1] * share).T


def _sklearn_ridge(solver: str) -> Solve:
    def solve(X: Floats, y: Floats, l2: Floats, tol: float) -> Floats:
        model = linear_model.Ridge(
            alpha=l2[0], fit_intercept=False, solver=solver, tol=tol, max_iter=_MANY, copy_X=False
        )
        return model.fit(X, y).coef_[None]

    return solve


def _ridge_function(X: Floats, y: Floats, l2: Floats, tol: float) -> Floats:
    return linear_model.ridge_regression(X, y, l2[0], solver="cholesky", check_input=False)[None]


def _ridge_loop(X: Floats, y: Floats, l2: Floats, tol: float) -> Floats:
    return np.stack([_sklearn_ridge("auto")(X, y, l2[k : k + 1], tol)[0] for k in range(len(l2))])


def _ridge_targets(solver: str, checks: bool) -> Solve:
    """All penalties in one call: the response once per penalty, so that X'X is made once."""

    def solve(X: Floats, y: Floats, l2: Floats, tol: float) -> Floats:
        targets = np.repeat(y[:, None], len(l2), axis=1)
        return linear_model.ridge_regression(X, targets, l2, solver=solver, check_input=checks)

    return solve


def _ridge_by_hand(X: Floats, y: Floats, l2: Floats, tol: float) -> Floats:
    n, p = X.shape
    if p <= n:
        gram = X.T @ X
        gram[np.diag_indices(p)] += l2[0]
        return linalg.solve(gram, X.T @ y, assume_a="pos", overwrite_a=True)[None]
    kernel = X @ X.T
    kernel[np.diag_indices(n)] += l2[0]
    return (X.T @ linalg.solve(kernel, y, assume_a="pos", overwrite_a=True))[None]


def _ridge_path_by_hand(X: Floats, y: Floats, l2: Floats, tol: float) -> Floats:
    if X.shape[1] <= X.shape[0]:
        eigenvalues, vectors = linalg.eigh(X.T @ X)
        rotated = vectors.T @ (X.T @ y)
        return (rotated / (eigenvalues + l2[:, None])) @ vectors.T
    eigenvalues, left = linalg.eigh(X @ X.T)
    return ((left.T @ y) / (eigenvalues + l2[:, None])) @ left.T @ X


# celer and skglm


def _celer(X: Floats, y: Floats, l1: Floats, tol: float) -> Floats:
    model = celer.Lasso(alpha=l1[0] / len(y), fit_intercept=False, tol=tol, max_iter=1000)
    return model.fit(X, y).coef_[None]


def _celer_path(X: Floats, y: Floats, l1: Floats, tol: float) -> Floats:
    _, coefs, _ = celer.celer_path(X, y, "lasso", alphas=l1 / len(y), tol=tol, max_iter=1000)
    return coefs.T


def _skglm(X: Floats, y: Floats, l1: Floats, tol: float) -> Floats:
    model = skglm.Lasso(alpha=l1[0] / len(y), fit_intercept=False, tol=tol, max_iter=1000)
    return model.fit(X, y).coef_[None]


def _skglm_path(X: Floats, y: Floats, l1: Floats, tol: float) -> Floats:
    model = skglm.Lasso(fit_intercept=False, tol=tol, max_iter=1000)
    return model.path(X, y, l1 / len(y))[1].T


def _skglm_gram(X: Floats, y: Floats, l1: Floats, tol: float) -> Floats:
    solver = GramCD(fit_intercept=False, tol=tol, max_iter=_MANY, greedy_cd=False)
    return solver.solve(X, y, None, L1(l1[0] / len(y)))[0][None]
