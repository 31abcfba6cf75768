"""Two coefficients: the mode sits on the kink of the prior, the mean does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matplotlib.axes import Axes

from priormap.plots.joint_tables import (
    check_pair,
    check_prior_name,
    joint_contours_table,
    joint_points_table,
    joint_table,
)
from priormap.plots.marks import (
    fill_posterior,
    legend_above,
    mark,
    mark_handles,
    mark_zero,
    shortened,
)
from priormap.plots.style import LOOKS, drawing_axes
from priormap.posterior.rao_blackwell import RaoBlackwell
from priormap.tables import Contrast
from priormap.tables.chosen import check_contrast
from priormap.tables.contours import MASSES
from priormap.tables.named_priors import family

if TYPE_CHECKING:
    import pandas as pd


_HEIGHT = 3.5  # inches


def plot_joint(
    table: Contrast,
    features: tuple[str, str],
    *,
    prior: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw likelihood, prior and posterior of two coefficients, with mode and mean.

    The two ellipses are contours of the likelihood, maximised over the other coefficients, with
    sigma at the mode: the one that holds half of its mass, and the one through the mode. The
    contours of the prior go through the mode (the mean, where the mode is at the origin) and
    half-way to it. The filled contours hold 50 % and
    95 % of the joint posterior of the two, the others integrated out. With only two columns and
    known sigma nothing is maximised or integrated out, and likelihood and prior touch at the
    mode.

    Parameters
    ----------
    table : Contrast
        What `contrast` returned.
    features : tuple of two str
        The two columns; coefficients are in their units.
    prior : str, optional
        Name of the prior; may be left out where the table has one.
    ax : Axes, optional
        Where to draw; default: a new figure.

    Returns
    -------
    Axes

    Raises
    ------
    PriormapError
        If `table` is no `Contrast`, `features` are not two different columns that vary, or
        `prior` is not one of the table's.

    Examples
    --------
    >>> import numpy as np
    >>> from matplotlib.figure import Figure
    >>> from priormap import Laplace, Regression, contrast
    >>> X = np.random.default_rng(0).normal(size=(60, 2))
    >>> table = contrast(Regression(X, X[:, 0], sigma=1.0), {"lasso": Laplace(0.1)}, random_seed=1)
    >>> ax = plot_joint(table, ("x0", "x1"), ax=Figure().subplots())
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('coefficient of x0', 'coefficient of x1')
    """
    first, second = check_pair(check_contrast(table), features)
    prior = check_prior_name(table, prior)
    density = joint_table(table, (first, second), prior=prior)
    points = joint_points_table(table, (first, second), prior=prior)
    contours = joint_contours_table(table, (first, second), prior=prior)
    look = LOOKS[family(table.modes[prior].prior)]
    looks = {"likelihood": LOOKS["likelihood"], "prior": look}
    with drawing_axes(ax, height=_HEIGHT) as axes:
        mark_zero(axes, x=True, y=True)
        fill_posterior(axes, density)
        for label, part in contours.groupby("contour", sort=False):
            width = 1.5 if "through" in str(label) else 0.9
            line = looks[part["kind"].iloc[0]].line
            axes.plot(part["x"], part["y"], linewidth=width, label=label, **line)
        for point in points.to_dict("records"):
            axes.plot(
                point["x"],
                point["y"],
                label=point["point"],
                zorder=5,
                **mark(point["point"], is_hollow=point["on_kink"]),
            )
        axes.set_xlim(density["x"].min(), density["x"].max())
        axes.set_ylim(density["y"].min(), density["y"].max())
        axes.set_xlabel(f"coefficient of {shortened(first, 24)}")
        axes.set_ylabel(f"coefficient of {shortened(second, 24)}")
        legend_above(
            axes, _legend({kind: looks[kind] for kind in contours["kind"].unique()}, points, prior)
        )
        return axes


def joint_caption(table: Contrast, features: tuple[str, str], *, prior: str | None = None) -> str:
    """Caption of `plot_joint`, with its numbers computed from the same tables."""
    first, second = check_pair(check_contrast(table), features)
    prior = check_prior_name(table, prior)
    fit = table.modes[prior]
    points = joint_points_table(table, (first, second), prior=prior).set_index("point")
    others = fit.data.n_features - 2
    text = f"Coefficients of {first} and {second} under {prior}: likelihood"
    text += f" (maximised over the other {others} coefficients)" if others else ""
    masses = " and ".join(f"{mass:.0%}" for mass in MASSES)
    text += f", prior, and the regions that hold {masses} of the posterior"
    text += f", the other {others} integrated out." if others else "."
    mode, mean = points.loc["mode"], points.loc["mean"]
    text += f" The mode is at ({mode['x']:.3g}, {mode['y']:.3g}), the posterior mean at "
    text += f"({mean['x']:.3g}, {mean['y']:.3g})"
    if "least squares" in points.index:
        free = points.loc["least squares"]
        text += f", least squares at ({free['x']:.3g}, {free['y']:.3g})"
    text += "."
    if mode["on_kink"]:
        zeros = [name for name, axis in ((first, "x"), (second, "y")) if mode[axis] == 0]
        text += f" The mode is exactly 0 in {' and '.join(zeros)}, where the prior has its kink;"
        text += " the mean is not."
    if "least squares" not in points.index:
        text += " The data alone do not determine the coefficients: their likelihood has no peak."
    which = [fit.names.index(name) for name in (first, second)]
    if not RaoBlackwell(table.modes[prior], table.posteriors[prior], which).smooth:
        text += " The other columns almost determine these two: the draws are smoothed."
    return text


def _legend(looks: Any, points: pd.DataFrame, prior: str) -> list[Any]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    names = {"likelihood": "likelihood", "prior": f"prior ({prior})"}
    handles: list[Any] = [
        Line2D([], [], label=names[kind], **look.line) for kind, look in looks.items()
    ]
    handles.append(Patch(color=LOOKS["posterior"].tinted(0.5).color, label="posterior"))
    shown = [kind for kind in ("least squares", "mode", "mean") if kind in set(points["point"])]
    entries = mark_handles(shown, hollow="mode on the kink" * bool(points["on_kink"].any()))
    if points["on_kink"].any():  # the one mode is the hollow one
        entries = [entry for entry in entries if entry.get_label() != "mode"]
    return handles + entries
