"""The numbers of the geometry figure: contours, points and densities of two coefficients."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from priormap.arrays import Floats
from priormap.data.regression import Regression
from priormap.priors import Prior
from priormap.tables.contours import ellipse, prior_contour
from priormap.tables.two_columns import TwoColumns, two_columns

if TYPE_CHECKING:
    import pandas as pd


Pair: TypeAlias = tuple[str, str] | None
Given: TypeAlias = Prior | Mapping[str, Prior] | None
_RINGS = (1.0, 2 / 3, 1 / 3)  # loss ellipses: shares of the way from least squares to the mode
_FAR, _FARTHEST = 3.0, 1e6  # zeros this many times as far away as the mode get an ellipse
_NODES = 160


def geometry_table(
    data: Regression | None = None, priors: Given = None, features: Pair = None
) -> pd.DataFrame:
    """Contours of the loss and of the penalty, as closed curves.

    A contour of the loss is one of the likelihood, and a contour of the penalty one of the
    prior. Those through the mode touch there.

    Parameters
    ----------
    data, priors, features
        As in `plot_geometry`.

    Returns
    -------
    DataFrame
        Columns ``prior``, ``family``, ``kind`` (loss or penalty), ``through`` (share of the way
        from the centre of the curve to the mode: 1 is through the mode; where zero is far from
        it the ellipse that touches an axis is there too, above 1), ``x`` and ``y`` (in the units
        of the figure).

    Examples
    --------
    >>> import numpy as np
    >>> from priormap import Laplace, Regression
    >>> X = np.random.default_rng(0).normal(size=(60, 3))
    >>> data = Regression(X, X @ [1.0, 0.1, 0.0], sigma=1.0)
    >>> table = geometry_table(data, {"lasso": Laplace(0.05)}, ("x0", "x1"))
    >>> ball = table[(table.kind == "penalty") & (table.through == 1)]
    >>> size = ball.x.abs() + ball.y.abs()
    >>> bool(np.ptp(size) < 1e-12)
    True
    """
    return stacked(two_columns(data, priors, features), contours_of)


def geometry_points_table(
    data: Regression | None = None, priors: Given = None, features: Pair = None
) -> pd.DataFrame:
    """Least squares, mode, and posterior mean and median of the two coefficients.

    Returns
    -------
    DataFrame
        Columns ``prior``, ``family``, ``point``, ``x_feature``, ``y_feature``, ``x``, ``y`` and
        ``on_kink``: whether a coefficient is exactly zero where the prior has a kink.
    """
    return stacked(two_columns(data, priors, features), points_of)


def geometry_density_table(
    data: Regression | None = None, priors: Given = None, features: Pair = None
) -> pd.DataFrame:
    """Exact posterior density of the two coefficients on a grid.

    Returns
    -------
    DataFrame
        Columns ``prior``, ``family``, ``x``, ``y``, ``density``.
    """
    return stacked(two_columns(data, priors, features), density_of)


def contours_of(problem: TwoColumns) -> pd.DataFrame:
    """Contours of one problem; those that shrink to a point are left out."""
    import pandas as pd

    curves = {}
    away = problem.mode - problem.free
    if np.abs(away).max() > 1e-9 * np.abs(problem.free).max():
        for share in _RINGS:
            start = problem.free + share * away
            curves["loss", share] = ellipse(problem.free, problem.root, start)
        if problem.mode.all() and _FAR < problem.nearest_zero < _FARTHEST:
            start = problem.free + problem.nearest_zero * away
            curves["loss", problem.nearest_zero] = ellipse(problem.free, problem.root, start)
    if problem.mode.any():
        for share in (1.0, 0.5):
            curves["penalty", share] = prior_contour(problem.l1, problem.l2, share * problem.mode)
    parts = [
        pd.DataFrame({"kind": kind, "through": share, "x": x, "y": y})
        for (kind, share), (x, y) in curves.items()
    ]
    columns = ["kind", "through", "x", "y"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def points_of(problem: TwoColumns) -> pd.DataFrame:
    """Points of one problem."""
    import pandas as pd

    posterior = problem.posterior
    points = {
        "least squares": problem.free,
        "mode": problem.mode,
        "mean": posterior.mean,
        "median": posterior.median,
    }
    kinks = problem.l1 > 0
    first, second = problem.fit.names
    rows = [
        (name, first, second, *at, bool((kinks & (at == 0)).any())) for name, at in points.items()
    ]
    columns = ["point", "x_feature", "y_feature", "x", "y", "on_kink"]
    return pd.DataFrame(rows, columns=columns)


def density_of(problem: TwoColumns) -> pd.DataFrame:
    """Posterior density of one problem, with zero a node of the grid where it is inside."""
    import pandas as pd

    low, high = problem.posterior.quantile(0.0005), problem.posterior.quantile(0.9995)
    margin = 0.12 * (high - low)
    x, y = (_grid(a, b) for a, b in zip(low - margin, high + margin, strict=True))
    across, up = np.meshgrid(x, y)
    density = problem.posterior.density(x, y)
    return pd.DataFrame({"x": across.ravel(), "y": up.ravel(), "density": density.ravel()})


def _grid(low: float, high: float) -> Floats:
    step = (high - low) / _NODES
    if low < 0 < high:
        return step * np.arange(np.floor(low / step), np.ceil(high / step) + 1)
    return np.linspace(low, high, _NODES)


def stacked(
    problems: Mapping[str, TwoColumns], table_of: Callable[[TwoColumns], pd.DataFrame]
) -> pd.DataFrame:
    """Return one table of all problems, each under the name of its prior."""
    import pandas as pd

    parts = []
    for name, problem in problems.items():
        part = table_of(problem)
        part.insert(0, "family", problem.fit.prior.label)
        part.insert(0, "prior", name)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)
