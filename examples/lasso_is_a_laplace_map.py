"""The lasso is the mode (MAP) of a posterior with a Laplace prior
==================================================================

Run ``python examples/lasso_is_a_laplace_map.py [FOLDER]``; the figure goes to FOLDER (default:
figures).
"""

# %%
import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Lasso

import priormap as pmap
from priormap import Laplace, Regression
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
# A belief: each coefficient is Laplace with mean ``|b|`` = 4. scikit-learn divides the squared
# error by 2n, so that the penalty that says the same is alpha = sigma^2 / (n * 4).

# %%
prior = Laplace(scale=4.0)
alpha = sigma**2 / (n * 4.0)
assert np.isclose(alpha, prior.to_lasso(sigma, n), rtol=1e-15)
mode = pmap.find_map(data, prior)
lasso = Lasso(alpha=alpha, tol=1e-14, max_iter=100_000).fit(X, y)
print(f"alpha = {sigma:g}^2 / ({n} * 4) = {alpha:.6g}")
print(f"{'column':>8} {'Laplace MAP':>14} {'Lasso':>14} {'difference':>10}")
for name, ours, theirs in zip(data.names, mode.coef, lasso.coef_, strict=True):
    print(f"{name:>8} {ours:14.9f} {theirs + 0:14.9f} {theirs - ours + 0:10.0e}")
print(f"the same exact zeros: {np.array_equal(mode.coef == 0, lasso.coef_ == 0)}")
print(mode.certificate)

# %% [markdown]
# A fit from anywhere can be judged. This is the lasso at its default tolerance.

# %%
loose = Lasso(alpha=alpha).fit(X, y)
print(pmap.audit(data, prior, coef=loose.coef_))

# %% [markdown]
# It is so at every scale. The path bends where a coefficient leaves zero or returns to it; these
# knots are all there is to know, because in between it is linear in 1 / scale.

# %%
knots = pmap.map_path(data, Laplace())
print(f"the whole path has {len(knots.scales)} knots")
scales = np.geomspace(0.1, 30, 13)
alphas = [Laplace(s).to_lasso(sigma, n) for s in scales]
fits = np.array([Lasso(a, tol=1e-14, max_iter=100_000).fit(X, y).coef_ for a in alphas])
modes = knots.at(scales)
print(f"largest difference at {len(scales)} scales: {np.abs(fits - modes).max():.1e}")
print(f"the same exact zeros at all of them: {np.array_equal(fits == 0, modes == 0)}")

grid = np.geomspace(0.1, 30, 400)
with house_style():
    ax = Figure(figsize=(3.4, 2.8)).subplots()
    ax.axhline(0, color="0.7", linewidth=0.7)
    lines = ax.plot(grid, knots.at(grid), color="#cc5a00", linestyle="-", linewidth=1)
    dots = ax.plot(scales, fits, "o", color="black", markersize=2.4, clip_on=False)
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter("{x:g}")
    ax.set_xlabel("scale of the Laplace prior: mean |coefficient|")
    ax.set_ylabel("coefficient of a column of sd 1")
    ax.set_title(f"Diabetes data, n = {n}, noise sd {sigma:g}")
    ax.legend([lines[0], dots[0]], ["Laplace MAP (priormap)", "Lasso (scikit-learn)"])
    caption = "Coefficients of the Laplace MAP and of the lasso against the prior scale: they "
    caption += "coincide, and have the same exact zeros."
    print("saved", save_figure(ax, folder / "lasso_is_a_laplace_map.png", caption=caption))
