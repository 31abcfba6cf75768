"""What two priors look like, how hard they pull, and what they do to one coefficient
=====================================================================================

Run ``python examples/prior_shapes.py [FOLDER]``; the figures go to FOLDER (default: figures).
"""

# %%
import sys
from pathlib import Path

import numpy as np

from priormap import Gaussian, Laplace
from priormap.plots import (
    crossover,
    dead_zone_edge,
    plot_prior_shapes,
    plot_pull,
    plot_shrinkage,
    prior_shapes_caption,
    pull_steps_table,
    save_figure,
)

# a notebook passes arguments of its own, which begin with a dash
folder = Path(next((arg for arg in sys.argv[1:2] if not arg.startswith("-")), "figures"))
folder.mkdir(parents=True, exist_ok=True)

# %% [markdown]
# Two priors with the same variance. The negative log density is the penalty.

# %%
ridge = Gaussian(scale=1.0)
lasso = Laplace(scale=1 / np.sqrt(2))
print(f"prior sd: {ridge.sd:.6f} (Gaussian) and {lasso.sd:.6f} (Laplace)")
for coef in (0.0, 1.0, 4.0):
    ratio = float(np.exp(lasso.logpdf(coef) - ridge.logpdf(coef)))
    print(f"at {coef:g} prior sd the Laplace density is {ratio:8.4f} times the Gaussian one")
print(prior_shapes_caption())
axes = plot_prior_shapes({"Gaussian": ridge, "Laplace": lasso})
print("saved", save_figure(axes, folder / "prior_shapes.png"))

# %% [markdown]
# Why L1 makes zeros and L2 does not: what is won by a small step towards zero?

# %%
falls = pull_steps_table(step=0.001).pivot(index="weight", columns="prior", values="fall")
print(falls)
print(f"at w = 15   the L2 loss falls {falls['w²'][15] / falls['|w|'][15]:.3f} times as much")
print(f"at w = 0.02 the L1 loss falls {falls['|w|'][0.02] / falls['w²'][0.02]:.3f} times as much")
print(f"equal pull where w is {crossover(Gaussian(np.sqrt(0.5)), Laplace(1.0)):.3f} (L2 as w^2)")
print(f"               and at {crossover(Gaussian(1.0), Laplace(1.0)):.3f} (L2 as w^2/2)")
print("saved", save_figure(plot_pull(), folder / "pull.png"))

# %% [markdown]
# One coefficient, observed as z with noise of standard deviation 1.

# %%
edge = dead_zone_edge(lasso, sd=1.0)
print(f"Laplace mode: exactly 0 for |z| <= {edge:.6f}")
for z in (0.5, edge, 3.0):
    mode, mean = float(lasso.shrink(z, 1.0)), float(lasso.posterior_mean(z, 1.0))
    print(f"z = {z:.4f}: mode {mode:.6f}, posterior mean {mean:.6f}")
print("saved", save_figure(plot_shrinkage([ridge, lasso], sd=1.0), folder / "shrinkage.png"))
