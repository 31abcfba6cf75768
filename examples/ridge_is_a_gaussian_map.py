"""Ridge regression is the mode (MAP) of a posterior with a Gaussian prior
==========================================================================

Run ``python examples/ridge_is_a_gaussian_map.py [FOLDER]``; the figure goes to FOLDER (default:
figures).
"""

# %%
import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge

import priormap as pmap
from priormap import Gaussian, Regression
from priormap.plots import house_style, save_figure

# a notebook passes arguments of its own, which begin with a dash
folder = Path(next((arg for arg in sys.argv[1:2] if not arg.startswith("-")), "figures"))
folder.mkdir(parents=True, exist_ok=True)

# %% [markdown]
# Ten measurements of 442 patients, each divided by its standard deviation, so that one prior
# scale means the same for all. Say that the noise sd is 54.

# %%
frame = load_diabetes(as_frame=True, scaled=False).frame
X, y = frame.drop(columns="target"), frame["target"]
X = X / X.std(ddof=0)
sigma, n = 54.0, len(y)
data = Regression(X, y, sigma=sigma)

# %% [markdown]
# A belief: each coefficient is Normal(0, 17^2). The penalty that says the same is
# alpha = sigma^2 / 17^2.

# %%
prior = Gaussian(scale=17.0)
alpha = sigma**2 / 17.0**2
assert np.isclose(alpha, prior.to_ridge(sigma), rtol=1e-15)
mode = pmap.find_map(data, prior)
ridge = Ridge(alpha=alpha, solver="svd").fit(X, y)
print(f"alpha = {sigma:g}^2 / 17^2 = {alpha:.6g}")
print(f"{'column':>8} {'Gaussian MAP':>14} {'Ridge':>14} {'difference':>10}")
for name, ours, theirs in zip(data.names, mode.coef, ridge.coef_, strict=True):
    print(f"{name:>8} {ours:14.9f} {theirs + 0:14.9f} {theirs - ours + 0:10.0e}")
print(mode.certificate)

# %% [markdown]
# It is so at every scale. A narrow prior pulls all coefficients towards zero, and none to it.

# %%
path = pmap.map_path(data, Gaussian(), scales=np.geomspace(0.3, 300, 200))
scales = np.geomspace(0.3, 300, 13)
fits = np.array([Ridge(Gaussian(s).to_ridge(sigma), solver="svd").fit(X, y).coef_ for s in scales])
print(f"largest difference at {len(scales)} scales: {np.abs(fits - path.at(scales)).max():.1e}")
print(f"exact zeros on the whole path: {int((path.coef == 0).sum())}")

with house_style():
    ax = Figure(figsize=(3.4, 2.8)).subplots()
    ax.axhline(0, color="0.7", linewidth=0.7)
    lines = ax.plot(path.scales, path.coef, color="#00456f", linestyle="-", linewidth=1)
    dots = ax.plot(scales, fits, "o", color="black", markersize=2.4, clip_on=False)
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter("{x:g}")
    ax.set_xlabel("sd of the Gaussian prior")
    ax.set_ylabel("coefficient of a column of sd 1")
    ax.set_title(f"Diabetes data, n = {n}, noise sd {sigma:g}")
    ax.legend([lines[0], dots[0]], ["Gaussian MAP (priormap)", "Ridge (scikit-learn)"])
    caption = "Coefficients of the Gaussian MAP and of ridge against the prior sd: they coincide."
    print("saved", save_figure(ax, folder / "ridge_is_a_gaussian_map.png", caption=caption))
