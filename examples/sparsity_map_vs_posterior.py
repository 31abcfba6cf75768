"""The zeros of the lasso belong to the mode: no draw of its posterior holds one
================================================================================

Run ``python examples/sparsity_map_vs_posterior.py [FOLDER]``; the figures go to FOLDER
(default: figures).
"""

# %%
import sys
from pathlib import Path

import numpy as np
from sklearn.datasets import load_diabetes

import priormap as pmap
from priormap import Gaussian, Laplace, Regression
from priormap.plots import (
    contrast_caption,
    joint_caption,
    plot_contrast,
    plot_joint,
    plot_posterior_vs_map,
    posterior_vs_map_caption,
    save_figure,
)

# a notebook passes arguments of its own, which begin with a dash
folder = Path(next((arg for arg in sys.argv[1:2] if not arg.startswith("-")), "figures"))
folder.mkdir(parents=True, exist_ok=True)

# %% [markdown]
# Ten measurements of 442 patients, each divided by its standard deviation. Two priors of about
# the same standard deviation, one whose mode is ridge and one whose mode is the lasso.

# %%
frame = load_diabetes(as_frame=True, scaled=False).frame
X, y = frame.drop(columns="target"), frame["target"]
X = X / X.std(ddof=0)
data = Regression(X, y, sigma=54.0)
priors = {"ridge": Gaussian(scale=5.6), "lasso": Laplace(scale=4.0)}
table = pmap.contrast(data, priors, random_seed=1)
print(table)

# %% [markdown]
# Mode and posterior of every coefficient. Where the mode of the lasso is exactly zero, the
# posterior mean is not, and its interval is as wide as its neighbours'.

# %%
shown = ["feature", "mode", "mean", "hdi_low", "hdi_high", "prob_positive", "prob_rope"]
rows = table.coefficients.set_index("prior")
print(rows.loc["lasso", shown].round(3).to_string(index=False))
zero = rows.loc["lasso"].query("is_zero")
draws = table.posteriors["lasso"]["posterior"]["coef"].to_numpy()
print(f"the mode is exactly 0 in: {', '.join(zero['feature'])}")
print(f"posterior means there: {', '.join(f'{mean:.3f}' for mean in zero['mean'])}")
print(f"exact zeros in {draws.size} drawn coefficients: {int((draws == 0).sum())}")

# %% [markdown]
# A sparse answer can be had from the posterior, but it is a decision that comes after it.

# %%
summary = table.summary.loc["lasso"]
for name in ("mode", "savs", "dss"):
    kept = "zeros_mode" if name == "mode" else f"nonzero_{name}"
    count = summary[kept]
    nonzero = data.n_features - count if name == "mode" else count
    print(f"lasso, {name:>4}: {nonzero:.0f} columns, R^2 {summary[f'r2_{name}']:.4f}")
print(f"lasso, mean: {data.n_features} columns, R^2 {summary['r2_mean']:.4f}")

# %% [markdown]
# One coefficient at a time: the spike is the mode, and it is one point of each posterior.

# %%
ax = plot_posterior_vs_map(table)
caption = posterior_vs_map_caption(table)
print(caption)
print("saved", save_figure(ax, folder / "posterior_vs_map.png", caption=caption))

# %% [markdown]
# All coefficients at once.

# %%
ax = plot_contrast(table)
print(contrast_caption(table))
print("saved", save_figure(ax, folder / "contrast.png", caption=contrast_caption(table)))

# %% [markdown]
# Two coefficients. Everything else is integrated out of the posterior, and the mode is on the
# kink of the prior, where s4 is zero.

# %%
pair = ("s3", "s4")
ax = plot_joint(table, pair, prior="lasso")
caption = joint_caption(table, pair, prior="lasso")
print(caption)
print("saved", save_figure(ax, folder / "joint.png", caption=caption))

# %% [markdown]
# A regression on two columns alone leaves nothing to integrate out: the likelihood touches the
# diamond of the prior at its corner, and that is the lasso.

# %%
pair = ("s1", "s2")
two = Regression(X[list(pair)], y, sigma=54.0)
alone = pmap.contrast(two, {"lasso": Laplace(scale=1.0)}, random_seed=1)
mode, mean = alone.modes["lasso"].coef, alone.coefficients["mean"].to_numpy()
print(f"mode {np.round(mode, 3)}, posterior mean {np.round(mean, 3)}")
ax = plot_joint(alone, pair)
caption = joint_caption(alone, pair)
print(caption)
print("saved", save_figure(ax, folder / "joint_two_columns.png", caption=caption))
