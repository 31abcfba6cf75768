"""A family of priors that differ by one scale, on given data: the axis of every curve."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from priormap import priors
from priormap.arrays import Floats, to_infinity
from priormap.checks import nearest
from priormap.conventions import scikit_learn_alpha, scikit_learn_call
from priormap.data.regression import Regression, check_data
from priormap.errors import PriormapError
from priormap.model.model import Model
from priormap.priors import Gaussian, Prior, check_prior, penalty_parts, prior_named
from priormap.priors.densities import HalfCauchy, ProperDensity

PriorFamily: TypeAlias = "str | type[Prior] | Prior"


@dataclass(frozen=True, eq=False)
class ScaleFamily:
    """Priors ``prior_at(scale)``, and the penalties they are at one noise sd.

    Attributes
    ----------
    model : Model
        Of the data and the member at scale 1.
    sigma : float
        Noise sd that turns scales into penalties.
    sigma_origin : str
        Where it comes from.
    hyperprior : density
        What is believed about the scale where it is learnt.
    """

    model: Model
    sigma: float
    sigma_origin: str
    hyperprior: ProperDensity

    @classmethod
    def of(cls, data: Regression, prior_family: PriorFamily) -> ScaleFamily:
        """Family named by a string, a class, or one of its priors (for its relative scales)."""
        check_data(data)
        prior, hyperprior = family_member(prior_family)
        model = Model(data, prior)
        if data.unit.y_norm == 0 or not data.unit.x_norm.any():
            what = "y" if data.unit.y_norm == 0 else "every column"
            raise PriormapError(f"{what} is constant, so no data speak for one scale or another")
        hyperprior = hyperprior or HalfCauchy(_unit(model))
        if model.noise.is_known:
            return cls(model, model.noise.sd, "the known noise sd", hyperprior)
        origin = "the posterior mean of the noise sd under a Gaussian prior of learnt scale"
        return cls(model, _posterior_mean_of_sigma(model), origin, hyperprior)

    @property
    def data(self) -> Regression:
        """What was studied."""
        return self.model.data

    @property
    def prior(self) -> Prior:
        """The member at scale 1."""
        return self.model.prior

    @property
    def name(self) -> str:
        """Gaussian, Laplace or ElasticNet."""
        return self.prior.label

    def prior_at(self, scale: float) -> Prior:
        """Return the member of the family at one scale."""
        return self.prior.stretched(scale)

    @property
    def no_mode(self) -> str:
        """Why members have no exact mode, in a sentence; empty where they have one."""
        try:
            penalty_parts(self.prior)
        except PriormapError as error:
            return str(error)
        return ""

    @property
    def l1_rates(self) -> Floats:
        """``1 / s_j`` of the L1 part at scale 1, in the caller's columns; zero without one."""
        return np.zeros(self.data.n_features) if self.no_mode else self.model.penalty(1.0).l1

    @property
    def relative_sd(self) -> Floats:
        """Prior sd of each coefficient at scale 1, in the caller's columns (its `Prior.spread`)."""
        return np.array(self.model.column_prior.spread)

    @property
    def typical(self) -> Prior:
        """Prior of a column of relative scale 1, at scale 1; of several scales the smallest."""
        one = self.prior.with_scale(1.0)
        smallest = {name: float(np.min(getattr(one, name))) for name in one.scales}
        several = len(smallest) > 1
        return replace(one, **smallest) if several else one.with_scale(*smallest.values())

    @property
    def unit_sd(self) -> float:
        """Prior sd of such a column; of several scales the smallest."""
        return float(np.min(self.prior.with_scale(1.0).spread))

    @to_infinity
    def lambda_(self, scales: ArrayLike) -> Floats:
        """Penalty ``l1 + l2`` in the canonical problem, for columns of relative scale 1.

        NaN under a prior that is no such penalty.
        """
        c = np.asarray(scales, dtype=float)
        if self.no_mode:
            return np.full(c.shape, np.nan)
        l1, l2 = penalty_parts(self.typical).weights(self.sigma)
        return np.asarray(l1 / c + (l2 / c**2 if l2.any() else 0.0))

    def alpha(self, scales: ArrayLike) -> Floats:
        """scikit-learn's alpha for such columns, which is proportional to the penalty."""
        if self.no_mode:
            return self.lambda_(scales)
        at_one = scikit_learn_alpha(self.typical, self.sigma, self.data.n_rows)
        return self.lambda_(scales) * (at_one / self.lambda_(1.0))

    def parts(self, scales: Floats) -> dict[str, Floats]:
        """Of a prior of several scales: each of them for such columns, and the l1_ratio."""
        if len(self.typical.scales) < 2:
            return {}
        members = [self.typical.stretched(scale) for scale in scales.tolist()]
        parts = {
            name: np.array([float(getattr(one, name)) for one in members])
            for name in self.typical.scales
        }
        calls = [scikit_learn_call(one, self.sigma, self.data.n_rows) for one in members]
        return {**parts, "l1_ratio": np.array([call.l1_ratio for call in calls])}

    @property
    def estimator(self) -> str:
        """scikit-learn's estimator of that alpha; empty where there is none."""
        if self.no_mode:
            return ""
        return scikit_learn_call(self.typical, self.sigma, self.data.n_rows).estimator

    def on_rows(self, share: float) -> Prior:
        """Prior at scale 1 that is the same alpha on a share of the rows.

        In units of the columns as they are. Ridge's alpha does not count rows.
        """
        prior = penalty_parts(self.model.column_prior)
        return prior if self.estimator == "Ridge" else prior.power_scaled(share)


def family_member(
    prior_family: object, name: str = "prior_family"
) -> tuple[Prior, ProperDensity | None]:
    """Return the prior at scale 1, and its hyperprior if it has one.

    The family is named by a string, a class, or one of its priors; `name` is that of the argument.
    """
    if isinstance(prior_family, str):
        found = prior_named(prior_family)
        if found is None:
            known = [word for kind in priors.PRIORS for word in (kind.name, *kind.aliases)]
            raise PriormapError(
                f"{name} {prior_family!r} is unknown; {nearest(prior_family, known)}"
            )
        prior_family = found
    if isinstance(prior_family, type) and issubclass(prior_family, Prior):
        prior_family = prior_family()
    prior = check_prior(prior_family)
    if prior.is_flat.any():
        raise PriormapError(
            f"{name} {prior!r} is flat in some column (scale=inf), which has no scale to "
            "choose; give finite relative scales"
        )
    return prior.stretched(1.0) if prior.has_vector else prior.with_scale(1.0), prior.hyperprior


def _unit(model: Model) -> float:
    """Scale at which a typical column alone explains as much as sd(y), or as the noise.

    The second where the prior is scaled by the noise. It makes the default hyperprior free of
    units.
    """
    lengths = model.data.column_sd
    if not lengths.any():  # without an intercept a constant column has a size, but no spread
        lengths = model.columns.x_norm / np.sqrt(model.data.n_rows)
    sizes = model.column_prior.spread * lengths
    typical = float(np.exp(np.log(sizes[sizes > 0]).mean()))
    return (1.0 if model.prior.scaled_by_noise else float(np.std(model.data.y))) / typical


def _posterior_mean_of_sigma(model: Model) -> float:
    """Under a Gaussian prior of learnt scale, by exact quadrature, for any number of columns."""
    from priormap.posterior.gaussian import gaussian_posterior

    data = model.data
    sd = np.where(data.unit.x_norm > 0, model.prior.spread, 1.0)
    gaussian = Gaussian(sd, model.prior.scaled_by_noise)
    learnt = gaussian.with_hyperprior(HalfCauchy(_unit(model.with_prior(gaussian))))
    mean = gaussian_posterior(model.with_prior(learnt)).sigma_moments[0] * data.unit.y_norm
    return float(mean) if np.isfinite(mean) else float(np.std(data.y))
