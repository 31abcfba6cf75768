"""A family of priors that differ by one scale, on given data: the axis of every curve."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from priormap import priors
from priormap.arrays import Floats
from priormap.data.regression import Regression, check_data
from priormap.errors import PriormapError
from priormap.model.penalty import Penalty, column_prior, relative_prior
from priormap.priors import Gaussian, Laplace, Prior, check_prior
from priormap.priors.densities import HalfCauchy, ScaleDensity

PriorFamily: TypeAlias = "str | type[Prior] | Prior"
_NAMES = {
    "gaussian": "Gaussian",
    "ridge": "Gaussian",
    "laplace": "Laplace",
    "lasso": "Laplace",
    "elasticnet": "ElasticNet",
}


@dataclass(frozen=True, eq=False)
class ScaleFamily:
    """Priors ``prior_at(scale)``, and the penalties they are at one noise sd.

    Attributes
    ----------
    data : Regression
    prior : Prior
        The member at scale 1.
    sigma : float
        Noise sd that turns scales into penalties.
    sigma_origin : str
        Where it comes from.
    hyperprior : density
        What is believed about the scale where it is learnt.
    """

    data: Regression
    prior: Prior
    sigma: float
    sigma_origin: str
    hyperprior: ScaleDensity

    @classmethod
    def of(cls, data: Regression, prior_family: PriorFamily) -> ScaleFamily:
        """Family named by a string, a class, or one of its priors (for its relative scales)."""
        check_data(data)
        prior, hyperprior = _member(prior_family, data)
        if data.unit.y_norm == 0 or not data.unit.x_norm.any():
            what = "y" if data.unit.y_norm == 0 else "every column"
            raise PriormapError(f"{what} is constant, so no data speak for one scale or another")
        family = cls(data, prior, 1.0, "", hyperprior or HalfCauchy(1.0))
        family = replace(family, hyperprior=hyperprior or HalfCauchy(family.unit))
        if isinstance(data.sigma, float):
            return replace(family, sigma=data.sigma, sigma_origin="the known noise sd")
        return replace(
            family,
            sigma=family._posterior_mean_of_sigma(),
            sigma_origin="the posterior mean of the noise sd under a Gaussian prior "
            "of learnt scale",
        )

    @property
    def name(self) -> str:
        """Gaussian, Laplace or ElasticNet."""
        return type(self.prior).__name__

    def prior_at(self, scale: float) -> Prior:
        """Return the member of the family at one scale."""
        return self.prior.stretched(scale)

    @property
    def rates(self) -> Penalty:
        """``1 / s_j`` and ``1 / t_j**2`` of the member at scale 1, in the caller's columns."""
        return Penalty.from_prior(self.prior, self.data, 1.0)

    @property
    def relative_sd(self) -> Floats:
        """Prior sd of each coefficient at scale 1, in the caller's columns."""
        return np.array(column_prior(self.prior, self.data).sd)

    @property
    def unit_sd(self) -> float:
        """Prior sd of a column of relative scale 1, at scale 1; of an elastic net the smallest."""
        if isinstance(self.prior, Gaussian | Laplace):
            return float(type(self.prior)(1.0).sd)
        return float(np.min(self.prior.sd))

    @property
    def unit(self) -> float:
        """Scale at which a typical column alone explains as much as sd(y), or as the noise.

        The second where the prior is scaled by the noise. It makes the default hyperprior
        free of units.
        """
        sizes = self.relative_sd * self.data.column_sd
        typical = float(np.exp(np.log(sizes[sizes > 0]).mean()))
        return (1.0 if self.prior.scaled_by_noise else float(np.std(self.data.y))) / typical

    def alpha(self, scales: ArrayLike) -> Floats:
        """Penalty of scikit-learn's Ridge, Lasso or ElasticNet, for columns of equal scale."""
        lambdas = self.lambda_(scales)
        return lambdas if isinstance(self.prior, Gaussian) else lambdas / self.data.n_rows

    def lambda_(self, scales: ArrayLike) -> Floats:
        """Penalty at scale 1 in the canonical problem: ``sigma**2 / scale`` or its square.

        Of the elastic net, the sum of its two (largest) penalties.
        """
        c, noise = np.asarray(scales, dtype=float), self.sigma
        rate = 1.0 if self.prior.scaled_by_noise else noise
        if isinstance(self.prior, Gaussian):
            return np.asarray((rate / c) ** 2)
        if isinstance(self.prior, Laplace):
            return np.asarray(noise * rate / c)
        l1_scale, l2_scale = np.min(self.prior.l1_scale), np.min(self.prior.l2_scale)
        return np.asarray(noise * rate / (c * l1_scale) + (rate / (c * l2_scale)) ** 2)

    def _posterior_mean_of_sigma(self) -> float:
        """By exact quadrature, for any number of columns."""
        from priormap.posterior.gaussian.route import gaussian_posterior

        sd = self.relative_sd * (self.data.column_sd if self.data.standardize else 1.0)
        sd = np.where(self.data.unit.x_norm > 0, sd, 1.0)
        unit = replace(self, prior=Gaussian(sd, self.prior.scaled_by_noise)).unit
        prior = Gaussian(sd, self.prior.scaled_by_noise, HalfCauchy(unit))
        mean = gaussian_posterior(self.data, prior).sigma_moments[0] * self.data.unit.y_norm
        return float(mean) if np.isfinite(mean) else float(np.std(self.data.y))


def nearest(name: str, known: list[str]) -> str:
    """Say what there is, the nearest names first."""
    close = difflib.get_close_matches(name.lower(), known, n=2, cutoff=0.5)
    return f"did you mean {' or '.join(close)}?" if close else f"there are: {', '.join(known)}"


def _member(prior_family: object, data: Regression) -> tuple[Prior, ScaleDensity | None]:
    """Return the prior at scale 1, and its hyperprior if it has one."""
    if isinstance(prior_family, str):
        name = prior_family.lower().replace("_", "").replace("-", "")
        if name not in _NAMES:
            raise PriormapError(
                f"prior_family {prior_family!r} is unknown; {nearest(name, list(_NAMES))}"
            )
        prior_family = getattr(priors, _NAMES[name])
    if isinstance(prior_family, type) and issubclass(prior_family, Prior):
        prior_family = prior_family()
    check_prior(prior_family)
    prior: Prior = prior_family  # type: ignore[assignment]
    if prior.is_flat.any():
        raise PriormapError(
            f"prior_family {prior!r} is flat in some column (scale=inf), which has no scale to "
            "choose; give finite relative scales"
        )
    relative_prior(prior, data)  # refuses a vector of the wrong length
    replaced = isinstance(prior, Gaussian | Laplace) and np.ndim(prior.scale) == 0
    return (prior.with_scale(1.0) if replaced else prior.stretched(1.0)), prior.hyperprior
