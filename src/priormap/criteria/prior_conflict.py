r"""Whether prior and data contradict each other, in one sentence with its meaning.

Three measures that answer each other: the prior predictive probability of a least-squares fit as
large as the one that was seen (Evans and Moshonov 2006), the log evidence that the scale loses to
the best one, and how many coefficients move with prior *and* likelihood as either is raised to a
power (Kallioinen et al. 2024).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

from priormap.arrays import Floats
from priormap.criteria.power_scaling import diagnosis, power_scaling
from priormap.criteria.scale_conflict import ScaleConflict, scale_conflict
from priormap.data.regression import Regression
from priormap.model.least_squares import least_squares, rank_and_misfit
from priormap.model.model import Model
from priormap.model.prior_predictive import PriorPredictive, common_draws
from priormap.priors import Prior

if TYPE_CHECKING:
    import xarray as xr


_SURPRISING = 0.05
_EACH = 20  # fits drawn with each draw of the linear predictor
_SEED = 0
_CONFLICT = "prior-data conflict"  # of the diagnosis by power-scaling


@dataclass(frozen=True)
class PriorConflict:
    """Where a prior contradicts the data, by three measures.

    Attributes
    ----------
    p_value : float
        Prior probability that least squares explains as much as it does, or more: small where
        coefficients are larger than the prior expects, near 1 where they are smaller. NaN where
        prior or noise is improper.
    fits : int
        Fits that it was simulated with.
    scale : ScaleConflict or None
        What the scale loses in evidence to the best one; None of heavy tails and learnt scales,
        which adapt.
    conflicts : int or None
        Coefficients that power-scaling diagnoses; None where it was not asked.
    columns : int
    """

    p_value: float
    fits: int
    scale: ScaleConflict | None
    conflicts: int | None
    columns: int

    @property
    def is_conflict(self) -> bool:
        """Whether the fit is larger than the prior expects, or the scale costs much evidence."""
        return self.p_value < _SURPRISING or (self.scale is not None and self.scale.is_loud)

    @property
    def sentence(self) -> str:
        """The verdict, its three numbers, and what to do."""
        verdict = (
            "prior and data contradict each other"
            if self.is_conflict
            else ("prior and data do not contradict each other")
        )
        said = [self._about_fit(), self._about_scale(), self._about_powers()]
        return f"{verdict}: {'; '.join(filter(None, said))}."

    def _about_fit(self) -> str:
        if np.isnan(self.p_value):
            return "an improper prior expects no fit rather than another"
        least = 1 / self.fits
        shown = f"below {least:.0e}" if self.p_value < least else f"{self.p_value:.2g}"
        meaning = ""
        if self.p_value < _SURPRISING:
            meaning = ", so that coefficients are larger than it expects"
        elif self.p_value > 1 - _SURPRISING:
            meaning = ", so that coefficients are smaller than it expects"
        return f"a least-squares fit as large as this one has prior probability {shown}{meaning}"

    def _about_scale(self) -> str:
        if self.scale is None:
            return ""
        loses = f"the scale loses {self.scale.nats:.3g} nats of log evidence to the best one"
        factor = self.scale.factor
        times = f"{factor:.3g} times as wide" if factor > 1 else f"{1 / factor:.3g} times narrower"
        return f"{loses}, which is {times}" if self.scale.nats >= 0.05 else loses

    def _about_powers(self) -> str:
        if self.conflicts is None:
            return ""
        return (
            f"{self.conflicts} of {self.columns} coefficients move with the strength of the prior "
            "and with that of the likelihood (power-scaling)"
        )


def prior_conflict(
    data: Regression, prior: Prior, sensitivity: tuple[Floats, Floats] | None = None
) -> PriorConflict:
    """Judge a prior by what it expected of the data before it saw them.

    Parameters
    ----------
    data : Regression
    prior : Prior
    sensitivity : pair of arrays of shape (p,), optional
        What `sensitivities` found of draws.

    References
    ----------
    Evans and Moshonov (2006), "Checking for prior-data conflict", Bayesian Analysis 1(4), with the
    length of the least-squares fit as the statistic.

    Examples
    --------
    >>> from priormap import Gaussian
    >>> X = np.random.default_rng(0).normal(size=(60, 3))
    >>> data = Regression(X, X @ [1.0, 0.1, 0.0], sigma=1.0)
    >>> [prior_conflict(data, Gaussian(scale)).is_conflict for scale in (0.001, 1.0)]
    [True, False]
    """
    p_value, fits = fit_probability(data, prior)
    conflicts = None
    if sensitivity is not None:
        both = zip(*sensitivity, strict=True)
        conflicts = sum(diagnosis(*pair) == _CONFLICT for pair in both)
    return PriorConflict(p_value, fits, scale_conflict(data, prior), conflicts, data.n_features)


def fit_probability(data: Regression, prior: Prior) -> tuple[float, int]:
    """Prior probability of a least-squares fit ``|X bhat|`` as long as the one seen.

    The fit is ``|X b|`` plus noise in the space of the columns, whose direction does not matter:
    ``(|X b| + sigma z)**2 + sigma**2 chi2(rank - 1)``.
    """
    live = np.flatnonzero(data.unit.x_norm > 0)
    if not live.size or not data.noise.is_proper or Model(data, prior).relative.is_flat[live].any():
        return np.nan, 1
    rank, misfit = rank_and_misfit(data.unit, live)
    seen = max(0.0, 1.0 - misfit) * data.unit.y_norm**2 if data.unit.y_norm else 0.0
    drawn = PriorPredictive.of(data, prior)
    rng = np.random.default_rng(_SEED)
    shape = (_EACH, len(drawn.size))
    along = np.sqrt(data.n_rows) * drawn.size + drawn.sigma * rng.standard_normal(shape)
    aside = rng.chisquare(rank - 1, shape) if rank > 1 else np.zeros(shape)
    longer = along**2 + drawn.sigma**2 * aside >= seen
    return float(longer.mean()), longer.size


def coefficient_probabilities(data: Regression, prior: Prior) -> tuple[Floats, Floats]:
    """Least squares of each coefficient, and the prior probability of one as large or larger.

    NaN where the data do not determine it, and where prior or noise is improper.
    """
    found, live = least_squares(data).coef, np.flatnonzero(data.unit.x_norm > 0)
    known = np.flatnonzero(np.isfinite(found))
    p_values = np.full(data.n_features, np.nan)
    relative = Model(data, prior).relative
    if not known.size or not data.noise.is_proper or relative.is_flat[known].any():
        return found, p_values
    gram = data.unit.gram[np.ix_(live, live)]
    unit_error = np.full(data.n_features, np.nan)
    unit_error[live] = np.sqrt(np.diag(np.linalg.inv(gram))) / data.unit.x_norm[live]
    rng = np.random.default_rng(_SEED)
    factor, sigma = common_draws(data.noise, prior, rng)
    for j in known.tolist():
        drawn = relative.on_columns(np.array([j])).rvs((len(factor), 1), rng)[:, 0] * factor
        error, size = sigma * unit_error[j], abs(found[j])
        p_values[j] = np.mean(ndtr((drawn - size) / error) + ndtr((-size - drawn) / error))
    return found, p_values


def sensitivities(tree: xr.DataTree) -> tuple[Floats, Floats]:
    """Power-scaling of every coefficient, for the prior and for the likelihood."""
    return power_scaling(tree, "prior"), power_scaling(tree, "likelihood")
