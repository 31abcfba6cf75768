"""Zero in the mode, zero in most resamples, negligible: three statements, three questions
==========================================================================================

Run ``python examples/stability_beside_posterior.py [FOLDER]``; the figure goes to FOLDER
(default: figures).
"""

# %%
import sys
from pathlib import Path
from time import perf_counter

from sklearn.datasets import load_diabetes

import priormap as pmap
from priormap import Gaussian, Laplace, Regression, Resamples, SpikeAndSlab
from priormap.plots import plot_stability, save_figure, stability_caption, stability_table

# a notebook passes arguments of its own, which begin with a dash
folder = Path(next((arg for arg in sys.argv[1:2] if not arg.startswith("-")), "figures"))
folder.mkdir(parents=True, exist_ok=True)

# %% [markdown]
# Ten measurements of 442 patients, and two priors that are chosen for their zeros: those of the
# lasso are in its mode, those of a spike and slab in its posterior.

# %%
frame = load_diabetes(as_frame=True, scaled=False).frame
data = Regression.from_frame(frame, "target", sigma=54.0, standardize=True)
priors = {"lasso": Laplace(scale=10.0), "spike and slab": SpikeAndSlab(0.5, Gaussian(scale=20.0))}
table = pmap.contrast(data, priors, random_seed=1, resamples=1000)
print(table.resampled["lasso"].certificate)

# %% [markdown]
# The same column, asked three times. Would another sample of patients have kept it in the mode?
# Does it matter, given these patients? Is it there at all? A column may be zero in the mode and
# in few resamples, because a coefficient near the kink moves off it as soon as the rows change,
# and negligible all the same.

# %%
shown = ["feature", "is_zero", "resampled_nonzero", "prob_outside", "prob_sign", "prob_nonzero"]
statements = stability_table(table).set_index("prior")
for name in priors:
    print(f"\n{name}")
    print(statements.loc[name, shown].round(3).to_string(index=False))

# %% [markdown]
# What is resampled matters too. Pairs let the columns vary, residuals hold them fixed, and halves
# of the rows, those of stability selection, are shrunk more under the same prior.

# %%
print("share of resamples that keep each column of the lasso")
for kind in ("pairs", "residual", "halves"):
    start = perf_counter()
    again = pmap.contrast(
        data, {"lasso": priors["lasso"]}, random_seed=1, resamples=Resamples(kind, 1000)
    )
    seconds = perf_counter() - start
    kept = again.resampled["lasso"].nonzero
    shares = ", ".join(map("{} {:.2f}".format, data.names, kept))
    print(f"{kind:>8}: {shares} ({seconds:.1f} s with the draws)")

# %% [markdown]
# All of it on one axis: the longer a grey line, the less the statements agree.

# %%
axes = plot_stability(table)
caption = stability_caption(table)
print(caption)
print("saved", save_figure(axes[0], folder / "stability.png", caption=caption))
