"""The lasso is a good estimate, and the posterior that it is the mode of is a bad posterior
============================================================================================

Castillo, Schmidt-Hieber and van der Vaart (2015), "Bayesian linear regression with sparse
priors", Annals of Statistics 43(5): for a Laplace prior strong enough to make its mode good at
finding few large means among many zeros, the full posterior stays far from the truth.

Run ``python examples/posterior_contraction.py [FOLDER]``; the figure goes to FOLDER (default:
figures).
"""

# %%
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from scipy.integrate import quad
from scipy.special import log_ndtr

from priormap import Laplace
from priormap.plots import LOOKS, house_style, save_figure

# a notebook passes arguments of its own, which begin with a dash
folder = Path(next((arg for arg in sys.argv[1:2] if not arg.startswith("-")), "figures"))
folder.mkdir(parents=True, exist_ok=True)

# %% [markdown]
# Many normal means: z_i = theta_i + noise of sd 1, i = 1 ... n. Ten means are large, the others
# are zero. The prior is Laplace with rate lambda = sqrt(2 log n), whose mode is the soft
# threshold at lambda. Each coefficient has its own posterior, a mixture of two normals cut at
# zero, so everything below is a closed form.

# %%
s = 10


def rate(n):
    """The universal threshold."""
    return np.sqrt(2 * np.log(n))


def signal(n):
    """Size of the large means: safely above the threshold."""
    return rate(n) + 3


def posterior_moments(z, rate):
    """Mean of theta and of theta squared, given z: from both sides of zero."""
    t = np.array([z - rate, -z - rate])  # means of the two normals, before the cut
    log_mass = t**2 / 2 + log_ndtr(t)
    share = np.exp(log_mass - np.logaddexp(*log_mass))
    size = t + np.exp(-log_mass) / np.sqrt(2 * np.pi)  # E |theta| on each side
    square = 1 + t * size
    return share[0] * size[0] - share[1] * size[1], (share * square).sum(axis=0)


z = np.linspace(-12, 12, 2001)
for n in (100, 1_000_000):
    mean, square = posterior_moments(z, rate(n))
    difference = np.abs(mean - Laplace(1 / rate(n)).posterior_mean(z, 1.0)).max()
    print(f"largest difference from Laplace.posterior_mean: {difference:.1e}")
    assert (square > mean**2).all()

# %% [markdown]
# Three squared distances to the truth, expected over the data: that of the mode, that of the
# posterior mean, and that of a draw from the posterior, E[(theta - truth)^2 | z]. The draw's is
# the posterior mean's plus the posterior variance. One integral over z for each.


# %%
def losses(z, truth, rate):
    """Squared distances of mode, posterior mean and a posterior draw from the truth."""
    mean, square = posterior_moments(z, rate)
    mode = Laplace(1 / rate).shrink(z, 1.0)
    return np.array(
        [(mode - truth) ** 2, (mean - truth) ** 2, square - 2 * truth * mean + truth**2]
    )


def expected(truth, rate):
    """Expectation of the losses over z ~ Normal(truth, 1), to quadrature accuracy."""

    def integrand(z, which):
        return losses(z, truth, rate)[which] * np.exp(-((z - truth) ** 2) / 2) / np.sqrt(2 * np.pi)

    inside = sorted({-rate, 0.0, rate, truth})
    edges = [min(truth, -rate) - 10, *inside, max(truth, rate) + 10]
    return np.array(
        [sum(quad(integrand, *ends, args=(k,))[0] for ends in pairwise(edges)) for k in range(3)]
    )


sizes = np.geomspace(100, 1e7, 11).round().astype(int)
risks = np.array(
    [(n - s) * expected(0.0, rate(n)) + s * expected(signal(n), rate(n)) for n in sizes]
)
minimax = 2 * s * np.log(sizes / s)
print(f"{'n':>9} {'2 s log(n/s)':>13} {'mode':>9} {'mean':>9} {'draw':>12} {'draw/mode':>10}")
for n, bound, (mode, mean, draw) in zip(sizes, minimax, risks, strict=True):
    print(f"{n:9d} {bound:13.1f} {mode:9.1f} {mean:9.1f} {draw:12.1f} {draw / mode:10.1f}")

# %% [markdown]
# The integrals against simulation, for n = 1000: one zero mean and one large one, 200,000 times.

# %%
rng = np.random.default_rng(2015)
for truth in (0.0, signal(1000)):
    simulated = losses(truth + rng.normal(size=200_000), truth, rate(1000))
    error = simulated.std(axis=1) / np.sqrt(200_000)
    exact = expected(truth, rate(1000))
    away = np.abs(simulated.mean(axis=1) - exact) / error
    print(f"truth {truth:.2f}: mode, mean, draw {exact.round(4)}, simulation off by", end=" ")
    print(", ".join(f"{distance:.1f}" for distance in away), "standard errors")
    assert away.max() < 5

# %% [markdown]
# The mode keeps up with s log(n / s). A draw from the posterior does not: every zero coefficient
# contributes its posterior variance, about 2 / lambda^2, and there are n of them.

# %%
slope = np.diff(np.log(risks[-3::2]), axis=0)[0] / np.diff(np.log(sizes[-3::2]))[0]
print("growth: risk ~ n^a at the right end, a =", *(f"{a:.2f}" for a in slope))
floor = 2 * sizes / rate(sizes) ** 2
print(f"draw / (2 n / lambda^2) at n = {sizes[-1]}: {risks[-1, 2] / floor[-1]:.2f}")
share = risks[-1] / minimax[-1]
print("times 2 s log(n/s) at the right end: " + ", ".join(f"{value:.3g}" for value in share))

with house_style():
    ax = Figure(figsize=(3.4, 2.9)).subplots()
    mode, mean, draw = risks.T
    color = LOOKS["Laplace"].color
    ax.plot(sizes, draw, color=LOOKS["posterior"].color, linestyle="-", label="posterior draw")
    ax.plot(sizes, mean, color=color, linestyle="--", label="posterior mean")
    ax.plot(sizes, mode, color=color, linestyle="-", marker="o", markersize=3, label="mode (lasso)")
    ax.plot(sizes, floor, color="black", linestyle=":", linewidth=1, label="2 n / λ²")
    ax.plot(sizes, minimax, color="black", linestyle="-.", linewidth=1, label="2 s log(n / s)")
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlabel("number of means n, of which 10 are not zero")
    ax.set_ylabel("expected squared distance to the truth")
    ax.legend(loc="upper left")
    caption = (
        f"Expected squared distance to {s} large means among n, under a Laplace prior of rate "
        f"λ = sqrt(2 log n): of the mode, of the posterior mean and of a posterior draw. At "
        f"n = {sizes[-1]} the mode is at {share[0]:.2g} times 2 s log(n / s), a draw at "
        f"{share[2]:.3g} times."
    )
    print(caption)
    print("saved", save_figure(ax, folder / "posterior_contraction.png", caption=caption))
