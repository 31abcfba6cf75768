"""Why is pm.find_MAP on a Laplace prior not the lasso?
=======================================================

It climbs by gradients; the peak has none.

Run ``python examples/why_find_map_is_not_lasso.py [FOLDER]``; the figure goes to FOLDER
(default: figures).
"""

# %%
import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_diabetes

import priormap as pmap
from priormap import Gaussian, Laplace, Regression
from priormap.plots import house_style, save_figure

# a notebook passes arguments of its own, which begin with a dash
folder = Path(next((arg for arg in sys.argv[1:2] if not arg.startswith("-")), "figures"))
folder.mkdir(parents=True, exist_ok=True)

# %% [markdown]
# Ten measurements of 442 patients, standardised, noise sd 54. The mode under a Laplace prior is
# the lasso, and under a Gaussian prior ridge. PyMC is asked for the same two modes.

# %%
frame = load_diabetes(as_frame=True, scaled=False).frame
X, y = frame.drop(columns="target"), frame["target"]
X = X / X.std(ddof=0)
data = Regression(X, y, sigma=54.0)
priors = {"ridge": Gaussian(scale=17.0), "lasso": Laplace(scale=4.0)}
table = pmap.compare_map(data, priors, find_map=True)

# %% [markdown]
# On the Gaussian prior, which is smooth, PyMC comes close. On the Laplace prior it is farther
# off, and it misses every zero. scikit-learn's lasso hits all of them.

# %%
rows = table.coefficients.set_index("prior")
for name, of_prior in rows.groupby("prior"):
    zeros = of_prior["map"] == 0
    print(f"{name}: the mode has {zeros.sum()} exact zeros, of which")
    for who, column in (("scikit-learn", "penalised"), ("pm.find_MAP", "find_map")):
        hits = int((of_prior.loc[zeros, column] == 0).sum())
        error = np.abs(of_prior[column] - of_prior["map"]).max()
        print(f"  {who:>12} finds {hits}; its coefficients are off by up to {error:.0e}")
lasso = rows.loc["lasso"].set_index("feature")
print(lasso[["map", "penalised", "find_map"]].to_string(float_format="{:.3e}".format))

# %% [markdown]
# The certificate says the same without knowing the mode.

# %%
for who in ("map", "penalised", "find_map"):
    print(f"{who}: {table.certificates['lasso'][who]}")

# %% [markdown]
# Why? Along a coefficient whose mode is zero, the log density has a kink there: its slope jumps
# past zero without ever being zero. A method that climbs by the slope and looks for where it is
# zero, as L-BFGS-B does, finds no such place, and stops where its steps no longer pay.

# %%
mode = table.modes["lasso"]
stopped = lasso["find_map"]
zero = stopped[mode.coef == 0].abs().idxmax()  # where pm.find_MAP misses by most
j = mode.names.index(zero)


def along(values):
    """Log posterior as one coefficient moves and all others keep their mode."""
    coefs = np.tile(mode.coef, (len(values), 1))
    coefs[:, j] = values
    intercepts = y.mean() - coefs @ X.mean().to_numpy()
    pairs = zip(coefs, intercepts, strict=True)
    return np.array([pmap.log_posterior(data, priors["lasso"], b, a) for b, a in pairs])


reach = 4 * abs(stopped[zero])
near = np.linspace(-reach, reach, 401)
height = along(near) - mode.log_posterior
left, right = np.diff(height)[[0, -1]] / np.diff(near)[0]
print(f"slope of the log posterior just below {zero} = 0: {left:.3f}, just above: {right:.3f}")
print(f"pm.find_MAP stopped at {zero} = {stopped[zero]:.1e}")

with house_style():
    figure = Figure(figsize=(6.8, 2.7))
    sizes, kink = figure.subplots(1, 2)
    smallest = 1e-9
    place = np.arange(len(mode.names))
    sizes.plot(place, np.maximum(np.abs(mode.coef), smallest), "o", color="#cc5a00")
    sizes.plot(place, np.maximum(np.abs(stopped), smallest), "x", color="black", markersize=5)
    sizes.set_yscale("log")
    sizes.set_xlim(-0.5, len(place) - 0.5)
    sizes.set_ylim(smallest / 3, 100)
    sizes.set_yticks([smallest, 1e-6, 1e-3, 1], ["exactly 0", "1e-6", "1e-3", "1"])
    sizes.set_xticks(place, mode.names)
    sizes.set_ylabel("|coefficient|")
    sizes.legend(["mode (the lasso)", "pm.find_MAP"], loc="center left")
    kink.plot(near, height, color="black", linestyle="-")
    kink.plot(0, 0, "o", color="#cc5a00", clip_on=False)
    kink.plot(stopped[zero], np.interp(stopped[zero], near, height), "x", color="black")
    kink.set_xlabel(f"coefficient of {zero}")
    kink.set_ylabel("log posterior - its maximum")
    kink.ticklabel_format(scilimits=(-2, 2))
    caption = "Left: coefficients of the exact mode and of pm.find_MAP under a Laplace prior, on a "
    caption += "log scale; where the mode is exactly zero, pm.find_MAP is only small. Right: the "
    caption += f"log posterior along {zero} has its peak in a kink at zero, where no slope is zero."
    print("saved", save_figure(kink, folder / "find_map_misses_the_kink.png", caption=caption))
