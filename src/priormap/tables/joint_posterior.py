"""The numbers of the figure of two coefficients: densities, contours and points."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from priormap.arrays import Floats
from priormap.checks import short
from priormap.errors import PriormapError
from priormap.model.least_squares import least_squares
from priormap.model.model import Model
from priormap.posterior.rao_blackwell import RaoBlackwell
from priormap.priors import PenaltyParts
from priormap.tables.chosen import check_contrast, chosen_features
from priormap.tables.contours import ellipse, prior_contour
from priormap.tables.exact_posterior import normal_posterior
from priormap.tables.posterior_contrast import Contrast

if TYPE_CHECKING:
    import pandas as pd


_NODES = 140  # of the grid, along each coefficient


def joint_table(
    table: Contrast, features: tuple[str, str], *, prior: str | None = None
) -> pd.DataFrame:
    """Joint posterior density of two coefficients on a grid, the others integrated out.

    It is exact where it is normal: under a Gaussian prior of known scale with known sigma.
    Otherwise it is the average over the draws of the exact density of the two given the rest;
    with two columns and known sigma there is no rest, and it is exact too.

    Parameters
    ----------
    table, features, prior
        As in `plot_joint`.

    Returns
    -------
    DataFrame
        Columns ``x``, ``y`` (coefficients of the two columns, in their units), ``density`` and
        ``exact_given_rest``: whether it is that average. Where the rest almost determines one
        of the two, it is smoothed draws.

    Examples
    --------
    >>> import numpy as np
    >>> from priormap import Laplace, Regression, contrast
    >>> X = np.random.default_rng(0).normal(size=(60, 2))
    >>> table = contrast(Regression(X, X[:, 0], sigma=1.0), {"lasso": Laplace(0.1)}, random_seed=1)
    >>> grid = joint_table(table, ("x0", "x1")).pivot(index="y", columns="x", values="density")
    >>> mass = np.trapezoid(np.trapezoid(grid, grid.columns), grid.index)
    >>> bool(abs(mass - 1) < 0.01)
    True
    """
    import pandas as pd

    pair, prior = check_pair(table, features), check_prior_name(table, prior)
    which = [table.data.names.index(feature) for feature in pair]
    posterior = RaoBlackwell(table.data, table.priors[prior], table.posteriors[prior], which)
    points = joint_points_table(table, pair, prior=prior)
    x, y = (
        _grid(posterior.drawn[:, k], points[axis].to_numpy()) for k, axis in enumerate(("x", "y"))
    )
    across, up = np.meshgrid(x, y)
    known = normal_posterior(table, prior, which)
    density = known.pdf(np.stack([across, up], axis=-1)) if known else posterior.joint_density(x, y)
    columns = {"x": across.ravel(), "y": up.ravel(), "density": density.ravel()}
    return pd.DataFrame({**columns, "exact_given_rest": posterior.smooth or bool(known)})


def joint_points_table(
    table: Contrast, features: tuple[str, str], *, prior: str | None = None
) -> pd.DataFrame:
    """Mode, posterior mean and, where the data determine it, least squares.

    Returns
    -------
    DataFrame
        Columns ``point``, ``x``, ``y``, and ``on_kink``: whether it is on a kink of the prior,
        which a Laplace prior has where a coefficient is exactly zero.
    """
    import pandas as pd

    pair, prior = check_pair(table, features), check_prior_name(table, prior)
    which = [table.data.names.index(feature) for feature in pair]
    mean = table.posteriors[prior]["posterior"]["coef"].to_numpy().mean(axis=(0, 1))
    points, kinks = {"mean": mean, "least squares": least_squares(table.data).coef}, np.array(False)
    if prior in table.modes:
        points = {"mode": table.modes[prior].coef, **points}
        family = Model(table.data, table.priors[prior]).column_prior
        kinks = family.pull_range(np.zeros(table.data.n_features))[1][which] > 0
    rows = [
        (name, *coef[which], bool((kinks & (coef[which] == 0)).any()))
        for name, coef in points.items()
        if np.isfinite(coef[which]).all()
    ]
    return pd.DataFrame(rows, columns=["point", "x", "y", "on_kink"])


def joint_contours_table(
    table: Contrast, features: tuple[str, str], *, prior: str | None = None
) -> pd.DataFrame:
    """Contours of the likelihood and of the prior, as closed curves.

    The likelihood is that of the two coefficients, maximised over the others, with sigma at the
    mode; it is left out where the data alone do not determine the coefficients.

    Returns
    -------
    DataFrame
        Columns ``kind`` (likelihood or prior), ``contour`` (its name: the point that it goes
        through, or the mass inside), ``x`` and ``y``.
    """
    import pandas as pd

    pair, prior = check_pair(table, features), check_prior_name(table, prior)
    which = [table.data.names.index(feature) for feature in pair]
    found = joint_points_table(table, pair, prior=prior).set_index("point")
    points = {str(name): row.to_numpy() for name, row in found[["x", "y"]].iterrows()}
    curves = {}
    if "least squares" in points:
        center = points["least squares"]
        root = _likelihood_root(table, prior, which)
        if "mode" in points:
            curves["likelihood", "likelihood through mode"] = ellipse(center, root, points["mode"])
        half = np.sqrt(2 * np.log(2))  # radius of the disc with half of a normal's mass
        edge = center + half * root[:, 0]
        curves["likelihood", "likelihood, 50 %"] = ellipse(center, root, edge)
    if prior in table.modes and isinstance(table.priors[prior], PenaltyParts):
        penalty = table.modes[prior].penalty
        l1, l2 = penalty.l1[which], penalty.l2[which]
        if (l1 + l2 > 0).all():  # a flat prior has none
            point = "mode" if points["mode"].any() else "mean"
            start = points[point]
            curves["prior", f"prior through {point}"] = prior_contour(l1, l2, start)
            curves["prior", f"prior half-way to {point}"] = prior_contour(l1, l2, start / 2)
    parts = [
        pd.DataFrame({"kind": kind, "contour": contour, "x": x, "y": y})
        for (kind, contour), (x, y) in curves.items()
        if np.ptp(x) > 0  # a mode at least squares is its own contour
    ]
    if not parts:
        return pd.DataFrame(columns=["kind", "contour", "x", "y"])
    return pd.concat(parts, ignore_index=True)


def check_pair(table: object, features: object) -> tuple[str, str]:
    """Return the two columns, or refuse."""
    table = check_contrast(table)
    if isinstance(features, str) or not isinstance(features, tuple | list) or len(features) != 2:
        raise PriormapError(
            f'features must be two column names, for example ("x0", "x1"), got {short(features)}'
        )
    first, second = chosen_features(table, features, 2)
    return first, second


def check_prior_name(table: Contrast, prior: object) -> str:
    """Return the name of one prior of the table, or refuse."""
    names = list(table.priors)
    if prior is None and len(names) == 1:
        return names[0]
    if not isinstance(prior, str) or prior not in names:
        raise PriormapError(
            f"prior must be one of {', '.join(map(repr, names))}, got {short(prior)}"
        )
    return prior


def _grid(drawn: Floats, points: Floats) -> Floats:
    """Even grid over the bulk of the draws and the points, with zero as a node if inside."""
    low, high = np.quantile(drawn, (0.0005, 0.9995))
    reach = high - low
    near = points[(points > low - reach) & (points < high + reach)]
    low, high = min(low, near.min()) - 0.08 * reach, max(high, near.max()) + 0.08 * reach
    step = (high - low) / _NODES
    if low < 0 < high:
        return step * np.arange(np.floor(low / step), np.ceil(high / step) + 1)
    return np.linspace(low, high, _NODES)


def _likelihood_root(table: Contrast, prior: str, which: list[int]) -> Floats:
    """Matrix R with ``R R'`` the covariance of two coefficients under a flat prior."""
    unit = table.data.unit
    live = np.flatnonzero(unit.x_norm > 0)
    at = np.searchsorted(live, which)
    covariance = np.linalg.inv(unit.gram[np.ix_(live, live)])[np.ix_(at, at)]
    length = unit.x_norm[which]
    root = np.linalg.cholesky(covariance / length[:, None] / length)
    return np.asarray(_sigma(table, prior) * root, dtype=float)


def _sigma(table: Contrast, prior: str) -> float:
    """Noise sd at the mode; where there is none the known one, or its posterior median."""
    if prior in table.modes:
        return table.modes[prior].sigma
    draws = table.posteriors[prior]["posterior"]
    if table.data.noise.is_known:
        return table.data.noise.at(None)
    return float(np.median(draws["sigma"].to_numpy()))
