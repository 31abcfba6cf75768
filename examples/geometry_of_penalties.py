"""Where loss and penalty touch, and what the same picture says as a posterior
==============================================================================

Run ``python examples/geometry_of_penalties.py [FOLDER]``; the figures go to FOLDER (default:
figures).
"""

# %%
import sys
from pathlib import Path

import numpy as np
from sklearn.datasets import load_diabetes

from priormap import Laplace, Regression
from priormap.plots import (
    geometry_caption,
    geometry_points_table,
    path_knots_table,
    plot_geometry,
    plot_geometry_panel,
    plot_path,
    save_figure,
)

# a notebook passes arguments of its own, which begin with a dash
folder = Path(next((arg for arg in sys.argv[1:2] if not arg.startswith("-")), "figures"))
folder.mkdir(parents=True, exist_ok=True)

# %% [markdown]
# Two columns of the diabetes data. By default the figure takes the first column to enter the
# lasso path, and priors that halve its coefficient.

# %%
frame = load_diabetes(as_frame=True, scaled=False).frame
data = Regression.from_frame(frame, target="target", sigma=54.0, standardize=True)
caption = geometry_caption(data)
print(caption)
print("saved", save_figure(plot_geometry(data), folder / "geometry.png", caption=caption))

# %% [markdown]
# The mode sits where the ellipse touches the ball: the pull of the data is a pull that the prior
# has there. At a corner of the diamond a whole interval of pulls will do, and the other
# coefficient stays at exactly zero. Mean and median have no such reason to be zero.

# %%
points = geometry_points_table(data)
print(points[["prior", "point", "x", "y", "on_kink"]].round(3).to_string(index=False))
pair = (points["x_feature"].iloc[0], points["y_feature"].iloc[0])
lasso = points[(points["prior"] == "lasso") & (points["point"] == "mode")].iloc[0]
X = frame[list(pair)].to_numpy()
Z = (X - X.mean(axis=0)) / X.std(axis=0)
residual = data.y - data.y.mean() - Z @ lasso[["x", "y"]].to_numpy(dtype=float)
pull = np.abs(Z.T @ residual) / data.noise.sd**2
print(f"pull of the data at the lasso mode: {pull[0]:.6f} on {pair[0]}, {pull[1]:.6f} on {pair[1]}")
print(f"the lasso's pull is {pull.max():.6f}, or anything up to it at zero")

# %% [markdown]
# One panel alone, with a weaker prior of your own: the corner is lost.

# %%
panel = plot_geometry_panel(data, Laplace(0.5), pair, view="posterior")
print("saved", save_figure(panel, folder / "weaker_lasso.png"))

# %% [markdown]
# All columns, all scales of the prior: where each coefficient leaves zero.

# %%
knots = path_knots_table(data, Laplace())
print(knots.round(4).to_string(index=False))
print("saved", save_figure(plot_path(data, Laplace()), folder / "path.png"))
