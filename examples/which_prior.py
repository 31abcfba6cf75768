"""Which prior do the data favour?
==================================

Ridge, lasso, elastic net, horseshoe, spike-and-slab.

Run ``python examples/which_prior.py [FOLDER]``; the figure goes to FOLDER (default: figures).
"""

# %%
import sys
from itertools import combinations
from pathlib import Path

import numpy as np
from sklearn.datasets import load_diabetes

import priormap as pmap
from priormap.plots import compare_caption, plot_compare, save_figure

# a notebook passes arguments of its own, which begin with a dash
folder = Path(next((arg for arg in sys.argv[1:2] if not arg.startswith("-")), "figures"))
folder.mkdir(parents=True, exist_ok=True)

# %% [markdown]
# The diabetes data with the products of five columns: 442 rows and 20 columns, of which many are
# not needed. Scales are in units of the noise, for columns of standard deviation one.

# %%
X, y = load_diabetes(as_frame=True, return_X_y=True)
X = (X - X.mean()) / X.std(ddof=0)
pairs = combinations(["age", "sex", "bmi", "bp", "s5"], 2)
X = X.assign(**{f"{a}*{b}": X[a] * X[b] for a, b in pairs})
data = pmap.Regression(X, y, standardize=True)
priors = {
    "ridge": pmap.Gaussian(pmap.HalfCauchy(0.1), scaled_by_noise=True),
    "lasso": pmap.Laplace(pmap.HalfCauchy(0.1), scaled_by_noise=True),
    "elastic net": pmap.ElasticNet(0.1, 0.1, scaled_by_noise=True),
    "horseshoe": pmap.Horseshoe.from_relevant(8, X.shape[1], len(y)),
    "spike and slab": pmap.SpikeAndSlab(8 / X.shape[1], pmap.Gaussian(0.3, scaled_by_noise=True)),
}
found = pmap.compare_priors(data, priors, folds=2, draws=500, random_seed=1)
print(found.sentence)
columns = ["elpd", "elpd_diff", "diff_se", "weight", "parameters", "rmse_mean", "coverage"]
print(found.table[columns].round(2).to_string())

# %% [markdown]
# The difference to the best prior, with two standard errors: what lies in the grey band is small
# whatever its error says.

# %%
caption = compare_caption(found)
print(caption)
print("saved", save_figure(plot_compare(found), folder / "which-prior.png", caption=caption))

# %% [markdown]
# What the spike and slab says of single columns: the probability that each belongs to the model.

# %%
belongs = (found.posteriors["spike and slab"]["posterior"]["coef"] != 0).mean(("chain", "draw"))
order = np.argsort(-belongs.to_numpy())[:8]
for j in order:
    print(f"{data.names[j]:>10s} {float(belongs[j]):.2f}")
