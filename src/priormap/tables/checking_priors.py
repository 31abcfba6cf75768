"""`check_prior`: what a model predicts before and after the data, beside the data themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from priormap.arrays import Floats, Indices
from priormap.checks import checked_seed, short
from priormap.criteria.leave_one_out import MOST_ROWS, row_probabilities, some_rows
from priormap.criteria.posterior_runs import end_to_end, sample_quietly
from priormap.criteria.power_scaling import diagnosis
from priormap.criteria.prior_conflict import (
    coefficient_probabilities,
    prior_conflict,
    sensitivities,
)
from priormap.data.regression import Regression, check_data
from priormap.display.progress import progress
from priormap.errors import PriormapError
from priormap.model.model import Model
from priormap.model.prior_predictive import common_draws, prior_r2
from priormap.posterior.sampling import checked_draws
from priormap.priors import Prior
from priormap.tables.named_priors import priors_by_name
from priormap.tables.predictive_check import PredictiveCheck

if TYPE_CHECKING:
    import xarray as xr

Statistic: TypeAlias = Callable[[Floats], float]

STATISTICS: Mapping[str, Statistic] = {"mean": np.mean, "sd": np.std, "min": np.min, "max": np.max}
_REPLICATES = 1000  # data sets of each kind
_BLOCK = 1 << 21  # numbers of replicates at once
_LEVELS = (0.5, 0.025, 0.975)


def check_prior(
    data: Regression,
    priors: Prior | Mapping[str, Prior],
    *,
    statistics: Mapping[str, Statistic] | None = None,
    draws: int = 1000,
    chains: int = 4,
    random_seed: int | None = None,
    progressbar: bool | None = None,
) -> PredictiveCheck:
    r"""Check priors by what they predict of y, before they see it and after.

    * Does prior contradict data? The prior predictive probability of a least-squares fit as large
      as the one seen, the evidence that the scale loses, and power-scaling, in one sentence.
    * Statistics of y beside those of data that prior and posterior predict. The intercept has a
      flat prior: before the data it is where the mean of y is, so that of the mean nothing is
      predicted.
    * R squared before and after the data.
    * Leave-one-out probability integral transforms: uniform where predictions are calibrated.

    Parameters
    ----------
    data : Regression
    priors : prior or dict of named priors
    statistics : dict of callables, optional
        Further statistics of y by name: functions of a vector that return a number.
    draws, chains : int
        Of each posterior.
    random_seed : int, optional
    progressbar : bool, optional
        Default: on a terminal only.

    Returns
    -------
    PredictiveCheck

    Raises
    ------
    PriormapError
        If an argument is bad, a posterior improper, or a statistic is no finite number.

    References
    ----------
    Box (1980), "Sampling and Bayes' inference in scientific modelling and robustness", JRSS A
    143(4); Gelman, Meng and Stern (1996), "Posterior predictive assessment of model fitness via
    realized discrepancies", Statistica Sinica 6; Evans and Moshonov (2006), "Checking for
    prior-data conflict", Bayesian Analysis 1(4); Gelman, Goodrich, Gabry and Vehtari (2019),
    "R-squared for Bayesian regression models", The American Statistician 73(3); Vehtari, Gelman
    and Gabry (2017), Statistics and Computing 27, for leave-one-out.

    Examples
    --------
    >>> from priormap import Laplace, Regression, check_prior
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(60, 3))
    >>> data = Regression(X, X @ [2.0, 0.1, 0.0] + rng.normal(size=60), sigma=1.0)
    >>> found = check_prior(data, {"lasso": Laplace(0.01)}, random_seed=1)
    >>> found.conflicts["lasso"].is_conflict
    True
    >>> found.statistics[["statistic", "before_p", "after_p"]].iloc[1].tolist()[0]
    'sd'
    """
    import pandas as pd

    check_data(data)
    named = priors_by_name(priors, or_one=True)
    models = {name: Model(data, prior) for name, prior in named.items()}
    wanted = _checked_statistics(data, statistics)
    draws, chains, _ = checked_draws(data, draws, chains)
    entropy = checked_seed(random_seed)
    seeds = np.random.SeedSequence(entropy).spawn(len(models) + 1)
    rows = some_rows(data.n_rows, MOST_ROWS, np.random.default_rng(seeds.pop()))
    found: dict[str, _Checked] = {}
    with progress(progressbar, len(models), "Checking") as done:
        for (name, model), seed in zip(models.items(), seeds, strict=True):
            found[name] = _check(model, wanted, rows, draws, chains, seed)
            if done is not None:
                done(len(found))
    notes = [f"{name}: {note}" for name, one in found.items() for note in one.notes]
    if len(rows) < data.n_rows:
        notes.append(f"LOO-PIT: of {len(rows)} of the {data.n_rows} rows, drawn at random")

    def table(part: str) -> pd.DataFrame:
        frames = [getattr(one, part).assign(prior=name) for name, one in found.items()]
        whole = pd.concat(frames, ignore_index=True)
        return whole[["prior", *(column for column in whole if column != "prior")]]

    index = pd.Index(list(found), name="prior")
    return PredictiveCheck(
        table("statistics"),
        pd.DataFrame([one.r2 for one in found.values()], index=index),
        table("coefficients"),
        table("pit"),
        {name: one.conflict for name, one in found.items()},
        {name: one.tree for name, one in found.items()},
        {name: model.prior for name, model in models.items()},
        tuple(notes),
        entropy,
        data,
    )


class _Checked(NamedTuple):
    """What was found of one prior."""

    statistics: Any
    r2: dict[str, float]
    coefficients: Any
    pit: Any
    conflict: Any
    tree: xr.DataTree
    notes: list[str]


def _check(
    model: Model,
    statistics: Mapping[str, Statistic],
    rows: Indices,
    draws: int,
    chains: int,
    seed: np.random.SeedSequence,
) -> _Checked:
    import pandas as pd

    data, prior = model.data, model.prior
    own, rest = seed.spawn(2)
    rng = np.random.default_rng(rest)
    tree, said = sample_quietly(data, prior, draws, chains, int(own.generate_state(1)[0]))
    notes = [said] if said else []
    predicts = data.noise.is_proper and not model.is_flat[data.unit.x_norm > 0].any()
    if not predicts:
        notes.append("an improper prior predicts no data, so that nothing is said of before")
    before = _replicated(data, _before(model, rng) if predicts else iter(()), statistics)
    after = _replicated(data, _after(data, tree, rng), statistics)
    pit, khat = row_probabilities(data, tree, rows)
    sensitivity = None if model.is_flat.all() else sensitivities(tree)
    return _Checked(
        _statistics(data, statistics, before, after),
        _r2(model, tree, predicts),
        _coefficients(model, sensitivity),
        pd.DataFrame({"obs_id": rows, "pit": pit, "khat": khat}),
        prior_conflict(data, prior, sensitivity),
        tree,
        notes,
    )


def _checked_statistics(data: Regression, more: object) -> dict[str, Statistic]:
    if more is not None and not (isinstance(more, Mapping) and all(map(callable, more.values()))):
        raise PriormapError(
            f"statistics must be a dict from names to functions of a vector, got {short(more)}"
        )
    wanted = {**STATISTICS, **(more or {})}
    for name, statistic in wanted.items():
        _number(name, statistic(np.array(data.y, dtype=float)))
    return wanted


def _number(name: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = np.nan
    if not np.isfinite(number):
        raise PriormapError(
            f"statistics[{name!r}] must return one finite number, got {short(value)}"
        )
    return number


def _replicated(
    data: Regression, replicates: Iterator[Floats], statistics: Mapping[str, Statistic]
) -> dict[str, Floats]:
    """Statistics of every replicate of y, by name."""
    values: dict[str, list[float]] = {name: [] for name in statistics}
    for block in replicates:
        for name, statistic in statistics.items():
            values[name] += [_number(name, statistic(y)) for y in block]
    return {name: np.array(column) for name, column in values.items()}


def _before(model: Model, rng: np.random.Generator) -> Iterator[Floats]:
    """Data that the prior predicts, in blocks; the flat intercept is where the mean of y is."""
    data = model.data
    live = np.flatnonzero(data.unit.x_norm > 0)
    factor, sigma = common_draws(data.noise, model.prior, rng, _REPLICATES)
    columns = model.relative.on_columns(live)
    for block in _blocks(data, _REPLICATES):
        coef = np.zeros((block.stop - block.start, data.n_features))
        coef[:, live] = columns.rvs((len(coef), len(live)), rng) * factor[block, None]
        shift = data.unit.y_mean - coef @ data.unit.x_mean if data.intercept else np.zeros(1)
        yield _responses(data, coef, shift, sigma[block], rng)


def _after(data: Regression, tree: xr.DataTree, rng: np.random.Generator) -> Iterator[Floats]:
    """Data that the posterior predicts, in blocks."""
    coef, intercept, sigma = end_to_end(data, tree)
    which = np.linspace(0, len(coef) - 1, min(len(coef), _REPLICATES)).astype(int)
    for block in _blocks(data, len(which)):
        at = which[block]
        yield _responses(data, coef[at], intercept[at], sigma[at], rng)


def _blocks(data: Regression, count: int) -> Iterator[slice]:
    size = max(1, _BLOCK // data.n_rows)
    for start in range(0, count, size):
        yield slice(start, min(start + size, count))


def _responses(
    data: Regression, coef: Floats, intercept: Floats, sigma: Floats, rng: np.random.Generator
) -> Floats:
    linear = np.asarray((data.X @ coef.T).T) + intercept[:, None]
    return np.asarray(data.likelihood.rvs(linear, sigma[:, None], rng))


def _statistics(
    data: Regression,
    statistics: Mapping[str, Statistic],
    before: Mapping[str, Floats],
    after: Mapping[str, Floats],
) -> Any:
    import pandas as pd

    y = np.array(data.y, dtype=float)
    rows = []
    for name, statistic in statistics.items():
        observed = float(statistic(y))
        row: dict[str, Any] = {"statistic": name, "observed": observed}
        for when, values in (("before", before[name]), ("after", after[name])):
            silent = when == "before" and name == "mean" and data.intercept
            found = np.array([np.nan]) if silent or not values.size else values
            ends = np.quantile(found, _LEVELS)
            larger = np.mean(found > observed) + 0.5 * np.mean(found == observed)
            p_value = np.nan if np.isnan(found).all() else float(larger)
            numbers = (*ends.tolist(), p_value)
            row |= dict(zip((f"{when}_{part}" for part in _PARTS), numbers, strict=True))
        rows.append(row)
    return pd.DataFrame(rows)


_PARTS = ("median", "low", "high", "p")


def _r2(model: Model, tree: xr.DataTree, predicts: bool) -> dict[str, float]:
    data = model.data
    coef, _, sigma = end_to_end(data, tree)
    explained = data.unit.squared_lengths(coef * data.unit.x_norm) / data.n_rows
    after = np.quantile(explained / (explained + sigma**2), _LEVELS).tolist()
    before = [np.nan] * 3
    if predicts:
        found = prior_r2(data, model.prior)
        before = [found.median, found.low, found.high]
    names = [f"{when}_{part}" for when in ("before", "after") for part in _PARTS[:3]]
    return dict(zip(names, [*before, *after], strict=True))


def _coefficients(model: Model, sensitivity: tuple[Floats, Floats] | None) -> Any:
    import pandas as pd

    free, p_values = coefficient_probabilities(model.data, model.prior)
    prior, likelihood = sensitivity or (np.full(len(free), np.nan),) * 2
    pairs = zip(prior, likelihood, strict=True)
    return pd.DataFrame(
        {
            "feature": list(model.data.names),
            "least_squares": free,
            "p_value": p_values,
            "prior_sensitivity": prior,
            "likelihood_sensitivity": likelihood,
            "diagnosis": [diagnosis(*pair) for pair in pairs],
        }
    )
