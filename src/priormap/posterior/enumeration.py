"""Every model of a few columns under a spike-and-slab prior, with its exact probability."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import logsumexp

from priormap.arrays import Bools, Floats
from priormap.data.regression import Regression
from priormap.display import cells
from priormap.display.blocks import Block, Paragraph, Table
from priormap.display.text import Described
from priormap.errors import PriormapError
from priormap.model import Model
from priormap.posterior.local_variances import Collapsed, Likelihood
from priormap.posterior.properness import refuse_improper
from priormap.priors import PointMass, Prior

if TYPE_CHECKING:
    import pandas as pd


MOST = 15  # columns
_BLOCK = 1 << 11  # models at once
_ENDS, _NODES = (-25.0, 8.0), 300  # of log sigma in units of |y|, then of where its mass is
_NOTHING = 40.0  # in logs, below the highest
_SHOWN = 8


@dataclass(frozen=True, eq=False, repr=False)
class Models(Described):
    """All models of a regression, the most probable first.

    Attributes
    ----------
    names : tuple of str
        Of the columns.
    included : array of bool, shape (2**p, p)
        Which columns belong to each model.
    probability : array of shape (2**p,)
        Of each model given the data.
    """

    names: tuple[str, ...]
    included: Bools
    probability: Floats

    @cached_property
    def inclusion(self) -> pd.Series:
        """Probability of each column to belong, summed over the models."""
        import pandas as pd

        index = pd.Index(self.names, name="feature")
        return pd.Series(self.probability @ self.included, index=index, name="inclusion")

    def to_frame(self) -> pd.DataFrame:
        """One row per model: its probability, its number of columns, and which they are."""
        import pandas as pd

        columns = dict(zip(self.names, self.included.T, strict=True))
        size = self.included.sum(axis=1)
        return pd.DataFrame({"probability": self.probability, "columns": size, **columns})

    def blocks(self) -> tuple[Block, ...]:
        """The most probable models, and the probability of each column to belong."""
        shown = range(min(_SHOWN, len(self.probability)))
        models = tuple(
            (cells.text(self._listed(k)), cells.number(self.probability[k], 4)) for k in shown
        )
        columns = tuple(
            (cells.text(name), cells.number(p, 4)) for name, p in self.inclusion.items()
        )
        return (
            Paragraph(f"{len(self.probability):,} models, the most probable first."),
            Table(("model", "probability"), models),
            Table(("column", "inclusion"), columns),
        )

    def _listed(self, k: int) -> str:
        names = [name for name, here in zip(self.names, self.included[k], strict=True) if here]
        return " + ".join(names) or "no column"


def enumerate_models(data: Regression, prior: Prior) -> Models:
    r"""Return the exact probability of every model under a spike-and-slab prior.

    .. math:: p(\gamma \mid y) \propto p(\gamma) \int p(y \mid \gamma, \sigma)\, p(\sigma)\,
        d\sigma,

    with the coefficients integrated out in closed form, and an unknown sigma by the trapezoidal
    rule in its logarithm. `sample` draws from the same posterior, for any number of columns and
    any slab.

    Parameters
    ----------
    data : Regression
        At most 15 columns.
    prior : SpikeAndSlab
        With a Gaussian slab of known scale.

    Returns
    -------
    Models

    Raises
    ------
    PriormapError
        If there are more than 15 columns, the prior has no point mass, or its slab is not one
        normal distribution of known scale.

    References
    ----------
    George and McCulloch (1997), "Approaches for Bayesian variable selection", Statistica Sinica 7,
    section 4.

    Examples
    --------
    >>> import numpy as np
    >>> from priormap import Gaussian, Regression, SpikeAndSlab
    >>> x = np.linspace(-1, 1, 20)
    >>> data = Regression(np.c_[x, x**2], 2 * x, sigma=0.5, names=["line", "bend"])
    >>> enumerate_models(data, SpikeAndSlab(0.5, Gaussian(1.0))).inclusion.round(3).to_dict()
    {'line': 1.0, 'bend': 0.244}
    """
    model = Model(data, prior)
    _refuse(model)
    refuse_improper(model)
    assert isinstance(model.prior, PointMass)  # or it was refused
    p = data.n_features
    included = (np.arange(2**p)[:, None] >> np.arange(p)) % 2 == 1
    logs = np.empty(2**p)
    for start in range(0, 2**p, _BLOCK):
        rows = slice(start, start + _BLOCK)
        logs[rows] = _log_likelihoods(model, included[rows])
    logs += _log_prior(model.prior, included.sum(axis=1), p)
    order = np.argsort(-logs, kind="stable")
    probability = np.exp(logs[order] - logsumexp(logs))
    return Models(data.names, included[order], probability)


def _log_prior(prior: PointMass, size: Floats, p: int) -> Floats:
    """Log probability of a model of so many of p columns: as if those that belong came first."""
    place = np.arange(p)
    inside = prior.log_odds(place.astype(float), place.astype(float))
    joined = np.concatenate([[0.0], np.cumsum(-np.logaddexp(0, -inside))])
    logs = np.empty(p + 1)
    for k in range(p + 1):
        rest = np.arange(k, p, dtype=float)
        outside = prior.log_odds(np.full(p - k, float(k)), rest)
        logs[k] = joined[k] - np.logaddexp(0, outside).sum()
    return logs[size]


def _refuse(model: Model) -> None:
    prior, p = model.prior, model.data.n_features
    if not isinstance(prior, PointMass):
        raise PriormapError(
            f"{prior!r} has no point mass at zero, and so one model only; give SpikeAndSlab(...)"
        )
    if p > MOST:
        raise PriormapError(
            f"{p} columns make 2**{p} models, and at most {MOST} columns are enumerated; use sample"
        )
    if prior.mixture is not None or model.prior.hyperprior is not None:
        raise PriormapError(
            f"models are enumerated under a Gaussian slab of known scale, got {prior!r}; use sample"
        )


def _log_likelihoods(model: Model, included: Bools) -> Floats:
    """Log density of the response under each model, up to a common constant."""
    columns, squares = model.columns, 1.0 if model.columns.y_norm > 0 else 0.0
    likelihood = Likelihood.of_moments(columns.gram, columns.xty, squares, model.dof)
    seen = likelihood.collapsed(np.where(included, np.asarray(model.unit_prior.scale), 0.0))
    noise = model.unit_noise.density
    if noise is None:
        return _at(seen, np.log(model.unit_noise.sd), model.prior.scaled_by_noise)

    def along(grid: Floats) -> Floats:
        logs = [_at(seen, u, model.prior.scaled_by_noise) for u in grid]
        return np.array(logs) + (noise.logpdf(np.exp(grid)) + grid)[:, None]

    grid = np.linspace(*_ENDS, _NODES)
    high = along(grid).max(axis=1)
    there = np.flatnonzero(high > high.max() - _NOTHING)
    low, top = grid[max(there[0] - 1, 0)], grid[min(there[-1] + 1, _NODES - 1)]
    grid = np.linspace(low, top, _NODES)
    return np.asarray(logsumexp(along(grid), axis=0) + np.log(grid[1] - grid[0]))


def _at(seen: Collapsed, log_sigma: float, by_noise: bool) -> Floats:
    every = np.full(len(seen.rest), log_sigma)
    return seen.log_likelihood(every, np.exp((0.0 if by_noise else -2.0) * every))
