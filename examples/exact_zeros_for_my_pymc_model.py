"""The exact zeros of a PyMC model
===============================

A model with Laplace variables has them at its mode; ``pm.find_MAP`` never lands on one.

Run ``python examples/exact_zeros_for_my_pymc_model.py [FOLDER]``; the figure goes to FOLDER
(default: figures).
"""

# %%
import sys
import warnings
from pathlib import Path

import numpy as np
import pymc as pm
from matplotlib.figure import Figure

import priormap as pmap
from priormap.plots import house_style, save_figure

# a notebook passes arguments of its own, which begin with a dash
folder = Path(next((arg for arg in sys.argv[1:2] if not arg.startswith("-")), "figures"))
folder.mkdir(parents=True, exist_ok=True)

# %% [markdown]
# Counts from six clinics, whose levels differ by a spread that is learnt, and twenty columns of
# which three matter. No regression of priormap: a model of one's own, in PyMC.

# %%
rng = np.random.default_rng(7)
X, clinic = rng.normal(size=(200, 20)), rng.integers(0, 6, 200)
true = np.zeros(20)
true[:3] = [0.5, -0.4, 0.3]
counts = rng.poisson(np.exp(1.0 + 0.4 * rng.normal(size=6)[clinic] + X @ true))

coords = {"clinic": list("ABCDEF"), "column": [f"x{j}" for j in range(20)]}
with pm.Model(coords=coords) as model:
    spread = pm.Gamma("spread", 2.0, 4.0)
    level = pm.Normal("level", pm.Normal("centre", 0.0, 2.0), spread, dims="clinic")
    coef = pm.Laplace("coef", 0.0, 0.02, dims="column")
    rate = pm.math.exp(level[clinic] + pm.math.dot(X, coef))
    pm.Poisson("y", rate, observed=counts)

# %% [markdown]
# `find_map` minimises what is smooth and what has a kink each in its own way. The certificate says
# what is proven of the point.

# %%
mode = pmap.find_map(model)
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of newer PyMC, that it will return another kind of result
    stopped = pm.find_MAP(model=model, progressbar=False)["coef"]
zero = mode.zeros["coef"]
print(mode.certificate)
print(mode.point["coef"].to_series().to_string(float_format="{:.4f}".format))
print(f"exact zeros: {zero.sum()} of 20; pm.find_MAP has {np.sum(stopped == 0)}")
print(f"pm.find_MAP is off by up to {np.abs(stopped - mode['coef']).max():.1e}")

# %%
with house_style():
    figure = Figure(figsize=(6.8, 2.7))
    ax = figure.subplots()
    smallest = 1e-9
    place = np.arange(20)
    ax.plot(place, np.maximum(np.abs(mode["coef"]), smallest), "o", color="#cc5a00")
    ax.plot(place, np.maximum(np.abs(stopped), smallest), "x", color="black", markersize=5)
    ax.set_yscale("log")
    ax.set_ylim(smallest / 3, 3)
    ax.set_yticks([smallest, 1e-6, 1e-3, 1], ["exactly 0", "1e-6", "1e-3", "1"])
    ax.set_xticks(place, coords["column"])
    ax.set_ylabel("|coefficient|")
    ax.legend(["priormap.find_map", "pm.find_MAP"], loc="center right")
    caption = "Coefficients of a hierarchical Poisson model, Laplace priors, on a log scale: at "
    caption += "the mode most are exactly zero; where pm.find_MAP stops they are only small."
    print("saved", save_figure(ax, folder / "exact_zeros_of_a_pymc_model.png", caption=caption))
