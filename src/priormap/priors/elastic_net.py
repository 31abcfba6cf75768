"""The elastic net prior: the product of a Laplace and a Gaussian density."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import erfcx

from priormap.arrays import Floats
from priormap.checks import positive_number
from priormap.errors import PriormapError
from priormap.priors.base import ZeroCentredPrior, shown
from priormap.priors.checks import (
    checked_power,
    checked_scale,
    noise_sd,
    penalty_strength,
    refuse_flat_draws,
    unwrap,
)
from priormap.priors.densities import ScaleDensity
from priormap.priors.tails import truncated_normal_mean_square, two_sided_mean

_MOST_RATIO = 1e10  # of l2_scale to l1_scale: from here on doubles see a Laplace density
_EVEN_RATIO = 0.8  # below it a half-normal proposal is accepted more often than an exponential


@dataclass(frozen=True, eq=False)
class ElasticNet(ZeroCentredPrior):
    r"""Elastic net prior, whose mode is the elastic net.

    With ``s = l1_scale`` and ``t = l2_scale``,

    .. math::

        \log p(b) = -\frac{|b|}{s} - \frac{b^2}{2 t^2} - \log Z, \qquad
        Z = t \sqrt{2\pi}\, \operatorname{erfcx}\frac{t}{s\sqrt2}.

    The mode under noise of standard deviation sigma minimises
    ``|y - X b|**2 / 2 + l1 sum |b| + l2 |b|**2 / 2`` with ``l1 = sigma**2 / s`` and
    ``l2 = sigma**2 / t**2``. With ``s = inf`` it is the Gaussian prior of scale t, with
    ``t = inf`` the Laplace prior of scale s, and with both the flat one.

    Parameters
    ----------
    l1_scale, l2_scale : float or array of shape (p,)
        Scale of the Laplace and of the Gaussian factor, one for all coefficients or one for
        each, in units of the coefficient.
    scaled_by_noise : bool
        Whether both scales are in units of the noise.
    hyperprior : density, optional
        Makes a common factor of both scales unknown, to be learnt by `sample` (`HalfCauchy`,
        `HalfNormal`, `HalfStudentT`, `InverseGamma`).

    Raises
    ------
    PriormapError
        If a scale is not positive, or is NaN, or the scales are not vectors of one length.

    References
    ----------
    Zou and Hastie (2005), "Regularization and variable selection via the elastic net", JRSS B
    67(2), call this mode the naive elastic net; Li and Lin (2010), "The Bayesian elastic net",
    Bayesian Analysis 5(1), study this prior.

    Examples
    --------
    >>> prior = ElasticNet(l1_scale=2.0, l2_scale=1.0)
    >>> float(prior.penalty(-2.0)), float(prior.pull(-2.0))
    (3.0, -2.5)
    >>> float(prior.shrink(0.5, sd=1.0)), float(prior.shrink(2.5, sd=1.0))
    (0.0, 1.0)
    >>> round(float(prior.posterior_mean(0.5, sd=1.0)), 6)
    0.190535
    """

    l1_scale: float | Floats = 1.0
    l2_scale: float | Floats = 1.0
    scaled_by_noise: bool = False
    hyperprior: ScaleDensity | None = None

    if TYPE_CHECKING:

        def __init__(
            self,
            l1_scale: float | ArrayLike = 1.0,
            l2_scale: float | ArrayLike = 1.0,
            scaled_by_noise: bool = False,
            hyperprior: ScaleDensity | None = None,
        ) -> None: ...

    def __post_init__(self) -> None:
        for name in ("l1_scale", "l2_scale"):
            value = getattr(self, name)
            if isinstance(value, ScaleDensity):
                raise PriormapError(
                    f"{name} must be numbers, got {value!r}; hyperprior={value!r} learns a "
                    "common factor of both scales"
                )
            object.__setattr__(self, name, checked_scale(name, value))
        lengths = {np.size(part) for part in (self.l1_scale, self.l2_scale) if np.ndim(part)}
        if len(lengths) > 1:
            raise PriormapError(
                f"l1_scale has {np.size(self.l1_scale)} entries and l2_scale "
                f"{np.size(self.l2_scale)}; give each one number, or one per column"
            )
        self._check_options()

    def __repr__(self) -> str:
        noise = ", scaled_by_noise=True" if self.scaled_by_noise else ""
        hyper = f", hyperprior={self.hyperprior}" if self.hyperprior is not None else ""
        scales = f"l1_scale={shown(self.l1_scale)}, l2_scale={shown(self.l2_scale)}"
        return f"ElasticNet({scales}{noise}{hyper})"

    @classmethod
    def from_elastic_net(cls, alpha: float, l1_ratio: float, sigma: float, n: int) -> Self:
        """Prior whose mode is ``sklearn.linear_model.ElasticNet(alpha, l1_ratio=l1_ratio)``.

        On `n` rows, ``l1_scale = sigma**2 / (n alpha l1_ratio)`` and
        ``l2_scale = sigma / sqrt(n alpha (1 - l1_ratio))``.
        """
        alpha, sigma = penalty_strength(alpha), positive_number("sigma", sigma)
        if np.ndim(l1_ratio) or not 0 <= l1_ratio <= 1:
            raise PriormapError(f"l1_ratio must lie between 0 and 1, got {l1_ratio!r}")
        strength = positive_number("n", n) * alpha
        l1, l2 = strength * l1_ratio, strength * (1 - l1_ratio)
        return cls(sigma**2 / l1 if l1 else np.inf, sigma / np.sqrt(l2) if l2 else np.inf)

    def to_elastic_net(self, sigma: float, n: int) -> tuple[float | Floats, float | Floats]:
        """``(alpha, l1_ratio)`` of the scikit-learn ElasticNet that is the mode.

        ``alpha = (l1 + l2) / n`` and ``l1_ratio = l1 / (l1 + l2)``, with ``l1 = sigma**2 / s``
        and ``l2 = sigma**2 / t**2``; the flat prior is alpha 0 at the l1_ratio 1.
        """
        self._refuse_learnt()
        sigma = positive_number("sigma", sigma)
        noise = 1.0 if self.scaled_by_noise else sigma
        l1 = np.asarray(sigma * noise / np.asarray(self.l1_scale))
        l2 = np.asarray(noise / np.asarray(self.l2_scale)) ** 2
        total = l1 + l2
        ratio = np.divide(l1, total, out=np.ones_like(total), where=total > 0)
        return unwrap(total / positive_number("n", n)), unwrap(ratio)

    @property
    def scale(self) -> float:
        """The common factor of both scales: 1 as they are given."""
        return 1.0

    def with_scale(self, scale: float | ArrayLike) -> Self:
        """Return the same prior with both scales times a known number."""
        factor = np.asarray(checked_scale("scale", scale))
        return type(self)(self.l1_scale * factor, self.l2_scale * factor, self.scaled_by_noise)

    def power_scaled(self, power: float) -> Self:
        """Return the prior with ``s / power`` and ``t / sqrt(power)``; 0 is the flat prior."""
        self._refuse_learnt()
        l1 = 1 / power if checked_power(power) else np.inf
        return type(self)(self.l1_scale * l1, self.l2_scale * np.sqrt(l1), self.scaled_by_noise)

    @property
    def sd(self) -> float | Floats:
        """Prior standard deviation (in noise units if scaled by the noise).

        ``|b|`` is normal with mean ``-t**2 / s`` and sd t, cut to the positive side.
        """
        s, t, ratio = self._bound_parts()
        size = np.where(ratio > 1, np.where(np.isinf(s), 1.0, s) * ratio, t)
        spread = size * np.sqrt(truncated_normal_mean_square(ratio))
        return unwrap(np.where(self.is_flat, np.inf, spread))

    def logpdf(self, coef: ArrayLike) -> Floats:
        """Log density, elementwise; the flat prior's is 0 everywhere."""
        s, t, ratio = self._bound_parts()
        x = ratio / np.sqrt(2.0)
        narrow = np.log(t) + 0.5 * np.log(2 * np.pi) + np.log(erfcx(x))
        wide = np.log(2 * s) + np.log(np.sqrt(np.pi) * np.maximum(x, 0.5) * erfcx(x))
        log_z = np.where(self.is_flat, 0.0, np.where(ratio > 1, wide, narrow))
        return -log_z - self.penalty(coef)

    def penalty(self, coef: ArrayLike) -> Floats:
        """Drop of the log density from zero to `coef`: ``|coef| / s + coef**2 / (2 t**2)``."""
        self._refuse_learnt()
        coef = np.asarray(coef, dtype=float)
        return np.abs(coef) / self.l1_scale + 0.5 * (coef / self.l2_scale) ** 2

    def pull(self, coef: ArrayLike) -> Floats:
        """Derivative of `penalty`, ``sign(coef) / s + coef / t**2``.

        At zero the pull is any number of an interval (see `pull_range`); 0 is returned there.
        """
        self._refuse_learnt()
        coef = np.asarray(coef, dtype=float)
        return np.sign(coef) / self.l1_scale + coef / self.l2_scale / self.l2_scale

    def pull_range(self, coef: ArrayLike) -> tuple[Floats, Floats]:
        """Smallest and largest pull: the subdifferential, ``[-1, 1] / s`` at zero."""
        self._refuse_learnt()
        coef = np.asarray(coef, dtype=float)
        low, high = np.where(coef > 0, 1.0, -1.0), np.where(coef < 0, -1.0, 1.0)
        smooth = coef / self.l2_scale / self.l2_scale
        return low / self.l1_scale + smooth, high / self.l1_scale + smooth

    def shrink(self, z: ArrayLike, sd: float) -> Floats:
        """Mode of one coefficient that was observed as `z` with noise `sd`.

        Soft threshold, then proportional shrinkage:
        ``sign(z) max(|z| - sd**2 / s, 0) / (1 + (sd / t)**2)``.
        """
        z, sd = np.asarray(z, dtype=float), noise_sd(sd)
        share, rate = self._share_and_rate(sd)
        threshold = sd * rate
        soft = np.where(np.abs(z) <= threshold, 0.0, z - np.sign(z) * threshold)
        return soft * share

    def posterior_mean(self, z: ArrayLike, sd: float) -> Floats:
        """Posterior mean of one coefficient observed as `z` with noise `sd`.

        The Gaussian factor makes it an observation of ``k z`` with variance ``k sd**2``, where
        ``k = 1 / (1 + (sd / t)**2)``, of a coefficient with a Laplace prior (see
        `Laplace.posterior_mean`). Stable in both tails.
        """
        z, sd = np.asarray(z, dtype=float), noise_sd(sd)
        share, rate = self._share_and_rate(sd)
        if sd == 0:
            return z * share
        root = np.sqrt(share)
        return sd * root * two_sided_mean(root * (z / sd), root * rate)

    def rvs(self, size: int | tuple[int, ...], random_state: np.random.Generator) -> Floats:
        """Draw from the prior; the last axis of `size` matches a vector of scales.

        Exact, by rejection from the narrower of the two factors; more than half of the
        proposals are accepted.
        """
        refuse_flat_draws(self.is_flat)
        self._refuse_learnt()
        s, t, ratio = (np.broadcast_to(part, size).ravel() for part in self._bound_parts())
        magnitude = np.empty(len(ratio))
        waiting = np.arange(len(ratio))
        while waiting.size:
            r, wide = ratio[waiting], ratio[waiting] > _EVEN_RATIO
            normal = np.abs(random_state.standard_normal(waiting.size))
            exponential = random_state.standard_exponential(waiting.size)
            magnitude[waiting] = np.where(wide, s[waiting] * exponential, t[waiting] * normal)
            cost = np.where(wide, 0.5 * (exponential / np.where(wide, r, 1.0)) ** 2, r * normal)
            waiting = waiting[random_state.standard_exponential(waiting.size) < cost]
        signs = random_state.integers(0, 2, len(ratio)) * 2.0 - 1.0
        return (signs * magnitude).reshape(size)

    def _bound_parts(self) -> tuple[Floats, Floats, Floats]:
        """Both scales and the ratio t / s, with ones in place of a flat prior."""
        self._refuse_learnt()
        s, t = (np.where(self.is_flat, 1.0, part) for part in (self.l1_scale, self.l2_scale))
        with np.errstate(over="ignore", under="ignore"):
            return s, t, np.minimum(t / s, _MOST_RATIO)

    def _share_and_rate(self, sd: float) -> tuple[Floats, Floats]:
        """Share of an observation that the Gaussian factor leaves, and the threshold over sd."""
        self._refuse_learnt()
        noise = 1.0 if self.scaled_by_noise else sd
        with np.errstate(over="ignore"):
            share = 1 / (1 + (noise / np.asarray(self.l2_scale)) ** 2)
        return share, noise / np.asarray(self.l1_scale)
