r"""Is one coefficient zero? The Bayes factor of that point, by the Savage-Dickey ratio.

The model without column j is the one with it at ``b_j = 0``, so that its evidence over that of
the whole model is the posterior density there over the prior density,

.. math::

    B_{01} = \frac{p(b_j = 0 \mid y)}{p(b_j = 0)}
           = E\Bigl[ \frac{p(b_j = 0 \mid \theta, y)}{p(b_j = 0 \mid \theta)} \,\Big|\, y \Bigr],

where theta is everything else (Dickey 1971, "The weighted likelihood ratio, linear hypotheses on
normal location parameters", Annals of Mathematical Statistics 42(1)). The mean on the right, over
draws, also holds where the prior of b_j depends on theta, on sigma or on a learnt scale
(Verdinelli and Wasserman 1995, "Computing Bayes factors using a generalization of the
Savage-Dickey density ratio", JASA 90(430)).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import logsumexp

from priormap.arrays import Floats
from priormap.checks import checked_seed, nearest
from priormap.criteria.gaussian_curves import GaussianCurves, noise_mass
from priormap.criteria.posterior_runs import sample_quietly
from priormap.criteria.scale_family import ScaleFamily
from priormap.data.regression import Regression, check_data
from priormap.display import cells
from priormap.display.blocks import Block, Items, Paragraph, Table
from priormap.display.text import Described
from priormap.errors import PriormapError
from priormap.model.model import Model
from priormap.posterior.gaussian import gaussian_posterior
from priormap.posterior.rao_blackwell import RaoBlackwell
from priormap.posterior.sampling import checked_draws
from priormap.priors import Prior, check_prior

_FACTORS = (0.5, 1.0, 2.0)  # of the scale
_CERTAIN = float(np.log(1e6))  # odds that are not worth a digit
_NEGLIGIBLE = 1e-14  # weight of a node of sigma
_BATCHES = 20  # whose means tell the error of the mean of all
_FEWEST = 50  # draws that a mean of ratios is worth
_DOUBT = "Few draws come near zero: take the column as not zero, and its errors as a guess."


@dataclass(frozen=True, eq=False, repr=False)
class SavageDickey(Described):
    """Bayes factor of a coefficient at zero, at the scale of the prior and at its half and double.

    Attributes
    ----------
    column : str
    scales : array of shape (3,)
        What the scale is multiplied by; 1 alone where it is learnt.
    log_bayes_factors, errors : array of shape (3,)
        Log of the evidence without the column over that with it, and standard errors; exact under
        a Gaussian prior of known scale.
    prior : Prior
    is_doubtful : bool
        Whether few draws come near zero, so that the error is itself uncertain.
    random_seed : int
    """

    column: str
    scales: Floats
    log_bayes_factors: Floats
    errors: Floats
    prior: Prior
    is_doubtful: bool
    random_seed: int

    @property
    def log_bayes_factor(self) -> float:
        """At the scale of the prior."""
        return float(self.log_bayes_factors[len(self.scales) // 2])

    @property
    def error(self) -> float:
        """Standard error of it."""
        return float(self.errors[len(self.scales) // 2])

    @property
    def bayes_factor(self) -> float:
        """Odds by which the data favour the model without the column."""
        return _raised(self.log_bayes_factor)

    @property
    def sentence(self) -> str:
        """What the data say of the column, at one scale and at its half and double."""
        said = [_odds(value) for value in self.log_bayes_factors]
        if len(said) == 1:
            return f"With its scale learnt the data favour the model {said[0]} {self.column}."
        changes = np.unique(np.sign(self.log_bayes_factors)).size > 1
        return (
            f"At this scale the data favour the model {said[1]} {self.column}; at half the scale "
            f"{said[0]}, at twice the scale {said[2]}."
            + " Which model they favour depends on the scale."
            * changes
        )

    def blocks(self) -> tuple[Block, ...]:
        """The Bayes factor at three scales, and what it depends on."""
        rows = tuple(
            (
                cells.text(f"{factor:g}"),
                cells.number(_raised(value), 3),
                cells.estimate(value, error, 3),
                cells.number(error, 1),
            )
            for factor, value, error in zip(
                self.scales, self.log_bayes_factors, self.errors, strict=True
            )
        )
        header = ("scale times", "Bayes factor of b = 0", "its log", "error")
        warning = (
            "A Bayes factor of a point judges the prior of what is not the point: the wider it is, "
            "the more it favours zero, without end (Lindley's paradox)."
        )
        said = [self.sentence, *[_DOUBT] * self.is_doubtful]
        return (
            Paragraph(f"{self.column} under {self.prior}: {' '.join(said)}"),
            Table(header, rows),
            Items((warning,)),
        )

    def to_dict(self) -> dict[str, Any]:
        """Its numbers at each scale."""
        return {
            "column": self.column,
            "prior": str(self.prior),
            "is_doubtful": self.is_doubtful,
            "random_seed": self.random_seed,
            "sentence": self.sentence,
            "scales": [
                {"factor": factor, "log_bayes_factor": value, "error": error}
                for factor, value, error in zip(
                    self.scales.tolist(),
                    self.log_bayes_factors.tolist(),
                    self.errors.tolist(),
                    strict=True,
                )
            ],
        }


def savage_dickey(
    data: Regression,
    prior: Prior,
    column: str,
    *,
    draws: int = 1000,
    chains: int = 4,
    random_seed: int | None = None,
) -> SavageDickey:
    r"""Bayes factor of one coefficient at zero against the prior, with its dependence on the scale.

    The evidence of the model without the column over that of the model with it, other priors as
    they are: exact under a Gaussian prior of known scale, else a mean over posterior draws of the
    density given all other coefficients and sigma.

    Parameters
    ----------
    data : Regression
    prior : Prior
        Proper, and with a finite density at zero. A learnt scale is averaged over.
    column : str
    draws, chains : int
        Of the posterior at each of three scales.
    random_seed : int, optional

    Returns
    -------
    SavageDickey

    Raises
    ------
    PriormapError
        If the prior of the column is flat, or has no finite density at zero, or the column is
        unknown or constant.

    Examples
    --------
    >>> import numpy as np
    >>> from priormap import Gaussian, Regression, savage_dickey
    >>> X = np.random.default_rng(0).normal(size=(60, 2))
    >>> data = Regression(X, X[:, 0], sigma=1.0)
    >>> found = savage_dickey(data, Gaussian(1.0), "x1")
    >>> found.log_bayes_factors.round(2), found.error
    (array([1.34, 2.01, 2.69]), 0.0)
    """
    check_data(data)
    model = Model(data, check_prior(prior))
    where = _place(model, column)
    draws, chains, _ = checked_draws(data, draws, chains)
    seed = checked_seed(random_seed)
    found = []
    factors = _FACTORS if prior.hyperprior is None else (1.0,)
    for factor in factors:
        own = model.prior if prior.hyperprior else model.prior.stretched(factor)
        exact = _exact(model.with_prior(own), where)
        if exact is None:
            tree, _ = sample_quietly(data, own, draws, chains, seed)
            if prior.hyperprior is not None:  # the draws tell by how much it differs
                own = own.stretched(float(tree["posterior"]["scale"].median()))
            exact = _mean_ratio(RaoBlackwell(data, own, tree, [where]).log_ratio_at_zero())
        found.append(exact)
    values, errors, worth = np.array(found).T
    doubtful = bool((worth < _FEWEST).any())
    return SavageDickey(data.names[where], np.array(factors), values, errors, prior, doubtful, seed)


def _place(model: Model, column: str) -> int:
    data, prior = model.data, model.prior
    if column not in data.names:
        raise PriormapError(f"column {column!r} is unknown; {nearest(str(column), data.names)}")
    where = data.names.index(column)
    if data.unit.x_norm[where] == 0:
        raise PriormapError(
            f"column {column!r} is constant: the data say nothing of it, at any scale; choose "
            "another"
        )
    if model.is_flat[where]:
        raise PriormapError(
            f"column {column!r} has a flat prior, which is improper: its density at zero, and with "
            "it the Bayes factor, is any number; give it a proper prior"
        )
    if not prior.is_continuous:
        raise PriormapError(
            f"{prior!r} has a point mass at zero: the share of the draws that are zero, in "
            "contrast(data, priors), is the posterior probability that you look for"
        )
    if prior.is_unbounded:
        raise PriormapError(
            f"{prior!r} has an infinite density at zero, over which nothing can be divided; "
            "compare the evidence with and without the column in compare_priors"
        )
    return where


def _exact(model: Model, where: int) -> tuple[float, float, float] | None:
    """Normal densities at zero, averaged over an unknown sigma by quadrature."""
    prior = model.prior
    if not prior.is_normal or prior.hyperprior is not None or model.is_flat.any():
        return None
    noise = model.noise.density
    if noise is None:
        return _log_normal_ratio(model, where), 0.0, np.inf
    scale = 1.0 if prior.has_vector else float(prior.scale)
    curves = GaussianCurves.of(ScaleFamily.of(model.data, prior))
    mass = noise_mass(curves, np.array([scale]), noise)
    kept = mass.weights[0] > _NEGLIGIBLE
    given = [
        _log_normal_ratio(model.with_noise(sigma), where)
        for sigma in np.exp(mass.u[0, kept]).tolist()
    ]
    return float(logsumexp(given, b=mass.weights[0, kept])), float(mass.error), np.inf


def _log_normal_ratio(model: Model, where: int) -> float:
    """At a known sigma."""
    posterior, unit = gaussian_posterior(model), model.columns.coef_units[where]
    mean, posterior_sd = posterior.mean[where], posterior.sd[where]
    sds = np.broadcast_to(model.given_noise(model.noise.sd).sd, model.columns.p)
    ratio = sds[where] / unit / posterior_sd
    return float(np.log(ratio) - 0.5 * (mean / posterior_sd) ** 2)


def _mean_ratio(logs: Floats) -> tuple[float, float, float]:
    """Log of the mean of ratios, its error from means of neighbours, and how many draws count."""
    largest = float(logs.max())
    ratios = np.exp(logs - largest)
    means = np.array([part.mean() for part in np.array_split(ratios, _BATCHES)])
    mean = float(ratios.mean())
    error = float(means.std(ddof=1) / np.sqrt(_BATCHES) / mean)
    worth = float(ratios.sum() ** 2 / (ratios**2).sum())
    return largest + float(np.log(mean)), error, worth


def _raised(log_factor: float) -> float:
    with np.errstate(over="ignore", under="ignore"):
        return float(np.exp(log_factor))


def _odds(log_factor: float) -> str:
    """Which model, by how much."""
    which = "without" if log_factor > 0 else "with"
    size = abs(log_factor)
    odds = f"{np.exp(size):.3g}" if size < _CERTAIN else "over a million"
    return f"{odds} to 1 {which}"
