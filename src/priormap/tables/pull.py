"""The numbers of the pull figure: derivatives of penalties, and their falls over a step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from priormap.checks import one_of, positive_number, short
from priormap.errors import PriormapError
from priormap.priors import Gaussian, Laplace, Prior
from priormap.tables.named_priors import Priors, coef_unit, named_priors, refuse_flat

if TYPE_CHECKING:
    import pandas as pd


Written: TypeAlias = Literal["w^2", "w^2/2"]
WEIGHTS = (15.0, 0.02)  # a large and a small one, of the question why L1 makes zeros
STEP = 0.001
# the L2 loss as a prior: w^2 is the penalty of a Gaussian of variance 1/2
_L2 = {"w^2": ("w²", Gaussian(1 / np.sqrt(2.0))), "w^2/2": ("w²/2", Gaussian(1.0))}


def pull_table(
    priors: Priors | None = None,
    *,
    written: Written | None = None,
    weights: tuple[float, ...] = WEIGHTS,
) -> pd.DataFrame:
    """Pull of priors on weights from zero to beyond the largest of `weights`.

    Parameters
    ----------
    priors : prior, list of priors or dict of named priors, optional
        Default: the priors whose penalties are the L1 loss |w| and the L2 loss.
    written : {"w^2", "w^2/2"}, optional
        How the L2 loss of the default is written; ``"w^2"`` if not given.
    weights : tuple of float
        Weights to mark; the table reaches from a quarter of the smallest, and 0, to
        four times the largest.

    Returns
    -------
    DataFrame
        Columns ``prior``, ``family``, ``weight``, ``pull_low``, ``pull_high`` (nats per unit
        of weight). The two pulls differ only at 0, where the pull of a Laplace or elastic net
        prior is an interval.

    Examples
    --------
    >>> table = pull_table()
    >>> table[table.weight == 0].drop(columns="family").set_index("prior")
           weight  pull_low  pull_high
    prior
    |w|       0.0      -1.0        1.0
    w²        0.0       0.0        0.0
    """
    import pandas as pd

    named, weights, _ = checked_pull(priors, written, weights)
    grid = np.geomspace(min(weights) / 4, max(weights) * 4, 200)
    grid = np.unique(np.concatenate([[0.0], grid, weights]))
    parts = []
    for name, prior in named.items():
        low, high = prior.pull_range(grid)
        columns = {"weight": grid, "pull_low": low, "pull_high": high}
        parts.append(pd.DataFrame({"prior": name, "family": prior.label, **columns}))
    return pd.concat(parts, ignore_index=True)


def pull_steps_table(
    priors: Priors | None = None,
    *,
    written: Written | None = None,
    weights: tuple[float, ...] = WEIGHTS,
    step: float = STEP,
) -> pd.DataFrame:
    """Fall of every penalty over one `step` towards zero from each of `weights`.

    Returns
    -------
    DataFrame
        Columns ``weight``, ``prior``, ``family``, ``pull`` (at the weight) and ``fall``
        (``penalty(weight) - penalty(weight - step)``, nats).

    Examples
    --------
    >>> fall = pull_steps_table().pivot(index="weight", columns="prior", values="fall")
    >>> (fall["w²"] / fall["|w|"]).round(6)
    weight
    0.02      0.039
    15.00    29.999
    dtype: float64
    """
    import pandas as pd

    named, weights, step = checked_pull(priors, written, weights, step)
    rows = []
    for weight, (name, prior) in product(weights, named.items()):
        fall = float(prior.penalty(weight) - prior.penalty(weight - step))
        rows.append((weight, name, prior.label, float(prior.pull(weight)), fall))
    return pd.DataFrame(rows, columns=["weight", "prior", "family", "pull", "fall"])


def crossover(gaussian: Prior, laplace: Prior) -> float:
    """Weight above which the Gaussian prior pulls harder than the Laplace prior.

    Their pulls ``w / t**2`` and ``1 / s`` agree at ``t**2 / s``.

    Examples
    --------
    >>> crossover(Gaussian(1.0), Laplace(1.0))
    1.0
    """
    return float(laplace.pull(1.0) / gaussian.pull(1.0))


def comparisons(steps: pd.DataFrame) -> Iterator[tuple[float, str, str, float]]:
    """For each weight: the penalty that falls more, the other, and how many times as much.

    Yields nothing unless there are exactly two penalties.
    """
    for weight, part in steps.groupby("weight", sort=False):
        falls: dict[str, float] = dict(zip(part["prior"], part["fall"], strict=True))
        if len(falls) == 2:
            less, more = sorted(falls, key=falls.__getitem__)
            yield float(str(weight)), more, less, falls[more] / falls[less]


def gaussian_and_laplace(named: Mapping[str, Prior]) -> tuple[Prior, Prior] | None:
    """Return the prior whose pull grows as the weight and that whose pull is constant.

    None unless there are these two and no other.
    """
    growth = {float(prior.pull(2.0) / prior.pull(1.0)): prior for prior in named.values()}
    return (growth[2.0], growth[1.0]) if len(named) == 2 and growth.keys() == {1.0, 2.0} else None


def checked_pull(
    priors: Priors | None,
    written: Written | None = None,
    weights: tuple[float, ...] = WEIGHTS,
    step: float | None = None,
) -> tuple[dict[str, Prior], tuple[float, ...], float]:
    """Return the priors by name, the distinct weights and the step, or refuse.

    The step that is not asked for is half of the smallest weight.
    """
    if written is not None:
        one_of("written", written, _L2)
    if priors is not None and written is not None:
        raise PriormapError(
            f"written={written!r} only speaks of the default priors; drop it, or drop priors"
        )
    if priors is None:
        l2_name, l2 = _L2[written or "w^2"]
        named: dict[str, Prior] = {"|w|": Laplace(1.0), l2_name: l2}
    else:
        named = named_priors(priors)
        refuse_flat(named)
        coef_unit(named)
    if np.ndim(weights) != 1 or len(weights) == 0:
        raise PriormapError(f"weights must be a tuple of positive numbers, got {short(weights)}")
    weights = tuple(dict.fromkeys(positive_number("weights", weight) for weight in weights))
    least = min(weights)
    step = least / 2 if step is None else positive_number("step", step)
    if step > least:
        raise PriormapError(
            f"step must not exceed the smallest of weights, {least:g}, got {step:g}"
        )
    return named, weights, step
