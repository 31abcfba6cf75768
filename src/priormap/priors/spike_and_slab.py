"""The spike-and-slab prior: a coefficient is exactly zero, or it is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, log_expit, logit

from priormap.arrays import Floats
from priormap.checks import short
from priormap.errors import PriormapError
from priormap.priors.base import Prior
from priormap.priors.beta import Beta
from priormap.priors.densities import ProperDensity
from priormap.priors.gaussian import Gaussian
from priormap.priors.laplace import Laplace
from priormap.priors.normal_gamma import NormalGamma
from priormap.priors.scale_mixture import ScaleMixture, log_marginal

_OF_THE_SLAB = ("scale", "scaled_by_noise", "hyperprior", "_labels")


@dataclass(frozen=True, eq=False, repr=False)
class SpikeAndSlab(Prior):
    r"""Spike-and-slab prior: zero with probability ``1 - inclusion``, else drawn from the slab.

    .. math:: b \sim (1 - \pi)\, \delta_0 + \pi\, p_{\text{slab}}, \qquad
        \pi = \mathtt{inclusion}.

    Its log density is ``log(1 - inclusion)`` at zero, where it has a point mass, and
    ``log(inclusion) + slab.logpdf(b)`` elsewhere. Draws of the posterior hold exact zeros, and the
    share of those that are not zero is the probability that a column belongs to the model.

    Parameters
    ----------
    inclusion : float or Beta
        Prior probability that a coefficient is not zero, or what is believed of it: under
        ``Beta(a, b)`` the columns share one unknown probability, which is integrated out.
    slab : Gaussian, Laplace, StudentT, Cauchy, Horseshoe or NormalGamma
        What is believed of a coefficient that is not zero. Its scale may be learnt, be one for
        each column, or in units of the noise; it may not be infinite, because under a flat slab
        no data include a column (Bartlett 1957, "A comment on D. V. Lindley's statistical
        paradox", Biometrika 44).

    Raises
    ------
    PriormapError
        If `inclusion` is not between 0 and 1, or the slab is none.

    See Also
    --------
    enumerate_models : the exact posterior of up to 15 columns.

    References
    ----------
    Mitchell and Beauchamp (1988), "Bayesian variable selection in linear regression", JASA
    83(404); George and McCulloch (1997), "Approaches for Bayesian variable selection", Statistica
    Sinica 7, for sampling with the coefficients integrated out.

    Examples
    --------
    >>> from priormap import Gaussian
    >>> prior = SpikeAndSlab(0.1, slab=Gaussian(2.0))
    >>> prior.probability(0.0)
    0.9
    >>> prior.posterior_mean([1.0, 6.0], sd=1.0).round(3)
    array([0.055, 4.8  ])
    """

    name: ClassVar[str] = "spike_and_slab"
    label: ClassVar[str] = "SpikeAndSlab"
    spoken: ClassVar[str] = "spike-and-slab"
    aliases: ClassVar[tuple[str, ...]] = ("spike",)
    no_mode: ClassVar[str] = (
        "it is an average of models, in each of which other coefficients are zero"
    )
    reference: ClassVar[str] = (
        "Mitchell and Beauchamp (1988), Bayesian variable selection in linear regression, "
        "JASA 83(404)"
    )

    inclusion: float = 0.5
    slab: Prior = field(default_factory=Gaussian)

    def __post_init__(self) -> None:
        object.__setattr__(self, "inclusion", _probability(self.inclusion))
        if not isinstance(self.slab, Gaussian | Laplace | ScaleMixture):
            raise PriormapError(
                "slab must be Gaussian(...), Laplace(...) or another mixture of normals, got "
                f"{short(self.slab)}"
            )
        if self.slab.is_flat.any():
            raise PriormapError(
                "slab has an infinite scale, under which no data include a column; give it the "
                "size of a coefficient that is not zero"
            )

    @property
    def parameters(self) -> Mapping[str, float | Floats]:
        """The inclusion probability, and the numbers of the slab."""
        return {"inclusion": self.inclusion, **self.slab.parameters}

    @property
    def scale(self) -> float | Floats:
        """That of the slab."""
        return self.slab.scale

    @property
    def scaled_by_noise(self) -> bool:
        """That of the slab."""
        return self.slab.scaled_by_noise

    @property
    def hyperprior(self) -> ProperDensity | None:
        """That of the slab."""
        return self.slab.hyperprior

    @property
    def _labels(self) -> tuple[str, ...] | None:  # type: ignore[override]
        return self.slab._labels

    @property
    def is_unbounded(self) -> bool:
        """Always: there is a point mass at zero."""
        return True

    @property
    def is_continuous(self) -> bool:
        """Never: there is a point mass at zero."""
        return False

    @property
    def mixture(self) -> ScaleMixture | None:
        """The slab as a mixture of normals; None where it is one normal distribution."""
        if isinstance(self.slab, Laplace):
            slab = self.slab
            return NormalGamma(1.0, slab.scale, slab.scaled_by_noise, slab.hyperprior)
        return self.slab if isinstance(self.slab, ScaleMixture) else None

    def log_odds(self, others: Floats, n_others: Floats) -> Floats:
        """Log odds of a column to belong, where so many of so many others do."""
        if isinstance(self.inclusion, Beta):
            return self.inclusion.log_odds(others, n_others)
        return np.full(np.shape(others), logit(self.inclusion))

    def logpdf_together(self, coef: ArrayLike) -> Floats:
        """As `logpdf`, with the probability of each column to belong given those before it."""
        logs, belongs = self.logpdf(coef), np.asarray(coef, dtype=float) != 0
        if not isinstance(self.inclusion, Beta):
            return logs
        n_others = np.arange(belongs.shape[-1])
        odds = self.log_odds(np.cumsum(belongs, axis=-1) - belongs, n_others)
        alone = logit(self.inclusion)
        change = np.where(belongs, log_expit(odds) - log_expit(alone), 0.0)
        return np.asarray(logs + np.where(belongs, change, log_expit(-odds) - log_expit(-alone)))

    def posterior_inclusion(self, z: Floats, sd: float) -> Floats:
        """Probability that a coefficient observed as `z` with noise `sd` is not zero."""
        z = np.asarray(z, dtype=float)
        prior = self.given_noise(sd)
        slab = prior.mixture
        if slab is None:
            variance = np.asarray(prior.slab.sd) ** 2 + sd**2
            log_slab = -0.5 * z**2 / variance - 0.5 * np.log(variance)
        else:
            log_slab = log_marginal(slab, z, sd)
        log_spike = -0.5 * (z / sd) ** 2 - np.log(sd)
        return np.asarray(expit(logit(self.inclusion) + log_slab - log_spike))

    def _logpdf(self, coef: Floats) -> Floats:
        slab = np.log(self.inclusion) + self.slab.logpdf(coef)
        return np.where(coef == 0, np.log1p(-self.inclusion), slab)

    def _penalty(self, coef: Floats) -> Floats:
        """That of the slab, beside which the point mass has no value."""
        return self.slab.penalty(coef)

    def _pull_range(self, coef: Floats) -> tuple[Floats, Floats]:
        """That of the slab; any number at zero."""
        low, high = self.slab.pull_range(coef)
        return np.where(coef == 0, -np.inf, low), np.where(coef == 0, np.inf, high)

    def _shrink(self, z: Floats, sd: float) -> Floats:
        return np.zeros(np.broadcast_shapes(z.shape, np.shape(self.scale)))

    def _posterior_mean(self, z: Floats, sd: float) -> Floats:
        return self.posterior_inclusion(z, sd) * self.slab.posterior_mean(z, sd)

    def _rvs(self, size: int | tuple[int, ...], random_state: np.random.Generator) -> Floats:
        """Under a `Beta` the coefficients of the last axis share a probability."""
        drawn = self.slab.rvs(size, random_state)
        share: float | Floats = self.inclusion
        if isinstance(share, Beta):
            shape = (size,) if isinstance(size, int) else size
            share = random_state.beta(share.a, share.b, (*shape[:-1], 1) if shape else ())
        return np.where(random_state.random(size) < share, drawn, 0.0)

    def _sd(self) -> float | Floats:
        return np.sqrt(self.inclusion) * np.asarray(self.slab.sd)

    def _interval(self, mass: float) -> float | Floats:
        beyond = (mass - 1) / self.inclusion + 1
        return self.slab.interval(beyond) if beyond > 0 else 0.0 * np.asarray(self.scale)

    def _probability(self, size: float | Floats) -> float | Floats:
        return 1 - self.inclusion + self.inclusion * np.asarray(self.slab._probability(size))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SpikeAndSlab):
            return NotImplemented
        return (self.inclusion, self.slab) == (other.inclusion, other.slab)

    def __hash__(self) -> int:
        return hash((self.inclusion, self.slab))

    def __repr__(self) -> str:
        inclusion = self.inclusion
        shown = f"{inclusion:g}" if not isinstance(inclusion, Beta) else repr(inclusion)
        return f"SpikeAndSlab(inclusion={shown}, slab={self.slab!r})"

    def _changed(self, **parameters: Any) -> Self:
        own = {name: parameters.pop(name) for name in _OF_THE_SLAB if name in parameters}
        if own:
            scale_of = {"scale": self.slab.scales[0]}
            parameters["slab"] = self.slab._changed(
                **{scale_of.get(name, name): value for name, value in own.items()}
            )
        return super()._changed(**parameters)


def _probability(value: object) -> float:
    if isinstance(value, Beta):
        return value
    number = value if isinstance(value, int | float | np.number) else np.nan
    if not 0 < float(number) < 1:
        raise PriormapError(
            f"inclusion must be a number between 0 and 1, or Beta(a, b), got {short(value)}"
        )
    return float(number)
