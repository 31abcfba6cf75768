"""What does alpha = 1 believe?
===============================

It depends on the columns, the rows and the noise.

Run ``python examples/what_does_my_alpha_believe.py [FOLDER]``; the figures go to FOLDER
(default: figures).
"""

# %%
import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Lasso, LassoCV, Ridge, RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import priormap as pmap
from priormap.plots import house_style, save_figure

# a notebook passes arguments of its own, which begin with a dash
folder = Path(next((arg for arg in sys.argv[1:2] if not arg.startswith("-")), "figures"))
folder.mkdir(parents=True, exist_ok=True)

# %% [markdown]
# Ten measurements of 442 patients, standardised. scikit-learn's default is alpha = 1, for the
# ridge as for the lasso. As beliefs the two have little in common.

# %%
frame = load_diabetes(as_frame=True, scaled=False).frame
X, y = frame.drop(columns="target"), frame["target"]
exact = {"tol": 1e-12, "max_iter": 100_000}
ridge = make_pipeline(StandardScaler(), Ridge(alpha=1.0)).fit(X, y)
lasso = make_pipeline(StandardScaler(), Lasso(alpha=1.0, **exact)).fit(X, y)
for model in (ridge, lasso):
    explanation = pmap.explain(model, X, y)
    print("\n".join(explanation.sentences), end="\n\n")

# %% [markdown]
# Without the scaler the same alpha is ten different beliefs: one for every unit of measurement.
# A coefficient of sex moves y by as much as one sd of sex allows, and a coefficient of s1 too.

# %%
raw = pmap.explain(Lasso(alpha=1.0, **exact).fit(X, y), X, y)
table = raw.to_frame()
print(f"{'column':>8} {'prior sd':>10} {'95 % within, per sd(x)':>24} {'in sd(y)':>10}")
for name, row in table.iterrows():
    share = row["high_per_sd"] / raw.response_sd
    print(f"{name:>8} {row['prior_sd']:10.3f} {row['high_per_sd']:24.2f} {share:10.2f}")

# %% [markdown]
# How much of y does a belief expect the columns to explain, before it has seen y? Everywhere
# along alpha, beside what the penalised fit then explains of it. Cross-validation looks for the
# fit that predicts, not for a belief that is true: its alpha may well believe too much.

# %%
alphas = {"Ridge": np.geomspace(1e-2, 1e5, 60), "Lasso": np.geomspace(1e-2, 30, 60)}
sigma = pmap.explain(lasso, X, y).sigma
data = pmap.Regression(X, y, sigma=sigma, standardize=True)
chosen = {
    "Ridge": make_pipeline(StandardScaler(), RidgeCV(alphas["Ridge"])).fit(X, y)[-1].alpha_,
    "Lasso": make_pipeline(StandardScaler(), LassoCV(**exact)).fit(X, y)[-1].alpha_,
}
with house_style():
    figure = Figure(figsize=(6.8, 2.9))
    axes = figure.subplots(1, 2, sharey=True)
    for ax, (family, grid) in zip(axes, alphas.items(), strict=True):
        call = f"sklearn.{family}"
        believed = [pmap.explain_penalty(call, data=data, alpha=alpha) for alpha in grid]
        r2 = np.array([[one.r2.low, one.r2.median, one.r2.high] for one in believed])
        fits = np.array([one.intercept + data.X @ one.coef for one in believed])
        explained = 1 - ((data.y - fits) ** 2).sum(axis=1) / ((data.y - data.y.mean()) ** 2).sum()
        ax.fill_between(grid, r2[:, 0], r2[:, 2], color="#cc5a00", alpha=0.2, linewidth=0)
        ax.plot(grid, r2[:, 1], color="#cc5a00", linestyle="-", label="believed beforehand (95 %)")
        ax.plot(grid, explained, color="black", linestyle="-", label="explained by the fit")
        ax.axvline(1, color="black", linestyle=":", linewidth=1, label="default alpha")
        cv = ax.axvline(chosen[family], color="#0067a5", linestyle="--", linewidth=1)
        cv.set_label("cross-validated alpha")
        ax.set_xscale("log")
        ax.set_ylim(0, 1)
        ax.set_xlabel(f"alpha of {family} on X / sd(x)")
        at_cv = pmap.explain_penalty(call, data=data, alpha=chosen[family])
        meets = grid[np.argmax(r2[:, 1] < explained)]
        print(f"{family}: the cross-validated alpha = {chosen[family]:.3g} believes in an R^2 of")
        print(f"  {at_cv.r2}; the fit has {explained[0]:.3f} at most.")
        print(f"  Belief (median) and fit agree at about alpha = {meets:.2g}.")
    axes[0].set_ylabel("share of y that X explains")
    axes[0].legend(loc="upper right", fontsize=6.5)
    caption = "Prior predictive R^2 (median and 95 % interval) of ridge and lasso against alpha, "
    caption += "the R^2 of the penalised fit, the default alpha and the cross-validated one."
    print("saved", save_figure(axes[0], folder / "what_alpha_believes.png", caption=caption))

# %% [markdown]
# Coefficients come from somewhere, and "lambda = 1" means a dozen things. An audit finds out
# which. These were fitted by scikit-learn, and are read as if its alpha were the plain l1 weight.

# %%
coef = Lasso(alpha=1.0, **exact).fit(X, y)
plain = pmap.Penalty(l1=np.ones(10), l2=np.zeros(10))
print(pmap.audit(pmap.Regression(X, y), plain, coef))

# %% [markdown]
# The explanation is data and prior, ready for the rest of the posterior.

# %%
data, prior = pmap.explain(lasso, X, y)
print(pmap.contrast(data, {"lasso": prior}, random_seed=1))
