"""The horseshoe prior, which either shrinks a coefficient to nearly nothing or leaves it alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import InitVar, dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import exp1, gammaln, logsumexp

from priormap.arrays import Floats
from priormap.checks import positive_number
from priormap.errors import PriormapError
from priormap.priors.base import Prior, Scale, shown
from priormap.priors.checks import checked_scale, unwrap
from priormap.priors.densities import ProperDensity, Terms
from priormap.priors.grouped import WithGroups
from priormap.priors.scale_mixture import UNBOUNDED, ScaleMixture, nodes_of
from priormap.priors.slices import slice_step
from priormap.priors.tabulated_law import STEP, TabulatedLaw

_LOG_PEAK = -0.5 * np.log(2 * np.pi**3)
_FAR = 40.0  # from where on the continued fraction of E1 has all digits
_TERMS = 30
_SMALL = 1e-140
_HUGE = 1e150  # whose square is still a number
_SMALLEST_RATIO = 1e-50
_LEAST = 1e-280
_BELOW, _ABOVE = 100.0, 300.0  # in logs of the precision, how far its law is tabulated


@dataclass(frozen=True, eq=False, repr=False)
class Horseshoe(WithGroups, ScaleMixture):
    r"""Horseshoe prior: half-Cauchy local scales, unbounded at zero, with Cauchy tails.

    .. math:: b_j \mid \lambda_j \sim \mathrm{Normal}(0, \tau^2 \lambda_j^2), \qquad
        \lambda_j \sim \text{half-Cauchy}(1), \qquad \tau = \mathtt{global\_scale},

    .. math:: p(b) = \frac{1}{\tau \sqrt{2 \pi^3}}\, e^x E_1(x), \qquad x = \frac{b^2}{2 \tau^2}.

    The share ``1 / (1 + (tau lambda)**2 / sd**2)`` of an observation that is shrunk away is, for
    tau equal to sd, Beta(1/2, 1/2): mostly nearly all or nearly nothing, the shape that gives the
    prior its name.

    Parameters
    ----------
    global_scale : float, array of shape (p,) or hyperprior
        ``tau``: about the size below which a coefficient counts as noise, in units of the
        coefficient; see `from_relevant`. A density makes it unknown, to be learnt by `sample`.
    scaled_by_noise : bool
        Whether it is in units of the noise.
    hyperprior : density, optional
        Makes the global scale unknown with `global_scale` as its relative value for each column.
    slab_scale : float, optional
        ``s``, in the units of `global_scale`: the regularised horseshoe, under which coefficients
        far from zero are not left alone but drawn from a Student t slab of this scale,

        .. math:: b_j \mid \lambda_j, c_j \sim \mathrm{Normal}\Bigl(0,
            \frac{1}{1 / (\tau \lambda_j)^2 + 1 / c_j^2}\Bigr), \qquad
            c_j^2 \sim \text{InverseGamma}(\nu / 2, \nu s^2 / 2).

        Each coefficient has its own ``c_j``, so that coefficients are independent given the
        global scale; Piironen and Vehtari share one, with the same density for any single
        coefficient. The global scale must then be known, and one number.
    slab_df : float
        ``nu``; ``inf`` is a Gaussian slab.
    groups : mapping of str to list of str, or labels of shape (p,), optional
        Columns that share one local scale, such as the levels of a factor (see `GroupHorseshoe`);
        without a slab.

    Raises
    ------
    PriormapError
        If a scale or `slab_df` is not positive, or the global scale of one with a slab is learnt.

    References
    ----------
    Carvalho, Polson and Scott (2010), "The horseshoe estimator for sparse signals", Biometrika
    97(2), eqs 1 and 2; Piironen and Vehtari (2017), "Sparsity information and regularization in
    the horseshoe and other shrinkage priors", Electronic Journal of Statistics 11(2), eq. 3.12 for
    the global scale and eqs 2.8 and 2.9 for the slab.

    Examples
    --------
    >>> prior = Horseshoe(0.1)
    >>> round(float(prior.posterior_mean(1.0, sd=1.0)), 3)
    0.069
    >>> round(float(prior.posterior_mean(10.0, sd=1.0)), 3)
    9.794
    >>> slab = Horseshoe(0.1, slab_scale=2.0, slab_df=4)
    >>> round(float(slab.posterior_mean(10.0, sd=1.0)), 3)
    9.438
    """

    name: ClassVar[str] = "horseshoe"
    label: ClassVar[str] = "Horseshoe"
    spoken: ClassVar[str] = "horseshoe"
    scales: ClassVar[tuple[str, ...]] = ("global_scale",)
    no_mode: ClassVar[str] = UNBOUNDED
    reference: ClassVar[str] = (
        "Carvalho, Polson and Scott (2010), The horseshoe estimator for sparse signals, "
        "Biometrika 97(2)"
    )

    global_scale: float | Floats = 1.0
    scaled_by_noise: bool = False
    hyperprior: ProperDensity | None = None
    slab_scale: float | Floats = np.inf
    slab_df: float = 4.0
    groups: InitVar[Any] = None
    _ratio: ClassVar[float | None] = None  # of slab_scale to global_scale, of one with a slab

    if TYPE_CHECKING:

        def __init__(
            self,
            global_scale: Scale = 1.0,
            scaled_by_noise: bool = False,
            hyperprior: ProperDensity | None = None,
            slab_scale: ArrayLike | Mapping[str, float] = np.inf,
            slab_df: float = 4.0,
            groups: Any = None,
        ) -> None: ...

    @classmethod
    def _of_groups(cls) -> type[Prior]:
        from priormap.priors import GroupHorseshoe

        return GroupHorseshoe

    def __post_init__(self, *_: object) -> None:
        self._settle_scale()
        object.__setattr__(self, "slab_scale", checked_scale("slab_scale", self.slab_scale))
        object.__setattr__(self, "slab_df", positive_number("slab_df", self.slab_df, infinite=True))
        if self._ratio is not None:
            object.__setattr__(self, "slab_scale", unwrap(self._ratio * np.asarray(self.scale)))
        elif np.isfinite(self.slab_scale).any():
            self._settle_slab()

    def _settle_slab(self) -> None:
        """Keep the slab as a multiple of the global scale, which no unit changes."""
        if self.hyperprior is not None:
            raise PriormapError(
                "the global scale of a horseshoe with a slab must be known; give a number or "
                "Horseshoe.from_relevant(...), or leave slab_scale out"
            )
        with np.errstate(over="ignore"):
            ratios = np.ravel(np.asarray(self.slab_scale) / np.asarray(self.global_scale))
        if not (_SMALLEST_RATIO < ratios[0] < 1 / _SMALLEST_RATIO):
            raise PriormapError(
                f"slab_scale={shown(self.slab_scale)} is beyond all proportion to "
                f"global_scale={shown(self.global_scale)}; give both finite, or leave it out"
            )
        if not np.allclose(ratios, ratios[0], rtol=1e-9, atol=0):
            raise PriormapError(
                "global_scale and slab_scale must be in one ratio for all columns; give each one "
                "number"
            )
        object.__setattr__(self, "_ratio", float(ratios[0]))

    @classmethod
    def from_relevant(
        cls,
        relevant: float,
        features: int,
        n: int,
        slab_scale: float = np.inf,
        slab_df: float = 4.0,
    ) -> Self:
        r"""Prior under which about so many of the coefficients are expected to be relevant.

        ``tau = relevant / (features - relevant) / sqrt(n)`` in units of the noise, for
        standardised columns (Piironen and Vehtari 2017, eq. 3.12), and so is `slab_scale`.

        Examples
        --------
        >>> Horseshoe.from_relevant(5, features=105, n=100)
        Horseshoe(global_scale=0.005, scaled_by_noise=True)
        """
        relevant = positive_number("relevant", relevant)
        features = int(positive_number("features", features))
        if relevant >= features:
            raise PriormapError(
                f"relevant must be below the number of features, {features}, got {relevant:g}"
            )
        tau = relevant / (features - relevant) / np.sqrt(positive_number("n", n))
        return cls(tau, scaled_by_noise=True, slab_scale=slab_scale, slab_df=slab_df)

    @property
    def is_unbounded(self) -> bool:
        """Always."""
        return True

    @property
    def scale(self) -> float | Floats:
        """The global scale."""
        return self.global_scale

    @property
    def parameters(self) -> Mapping[str, float | Floats]:
        """The global scale, and the numbers of the slab where there is one."""
        found: dict[str, float | Floats] = {"global_scale": self.global_scale}
        if self._ratio is not None:
            found |= {"slab_scale": self.slab_scale, "slab_df": self.slab_df}
        return found

    def with_scale(self, scale: float | ArrayLike) -> Self:
        """Return the same prior with a known global scale, and its slab where it was."""
        return self._changed(
            global_scale=scale, slab_scale=self.slab_scale, hyperprior=None, _labels=None
        )

    def _changed(self, **parameters: Any) -> Self:
        """Without a new slab the old one keeps its ratio to the global scale."""
        new = {"_ratio": None} if "slab_scale" in parameters else {}
        return super()._changed(**parameters, **new)

    @property
    def law(self) -> tuple[float, ...]:
        """Ratio of the slab's scale to the global one, and its degrees of freedom."""
        return () if self._ratio is None else (self._ratio, self.slab_df)

    @property
    def local_scale(self) -> Terms | None:
        """Half-Cauchy; with a slab it has no closed form."""
        return None if self.law else Terms(tail=1.0)

    @staticmethod
    def variance_quantile(below: Floats, above: Floats, *law: float) -> Floats:
        """``tan(pi u / 2)**2``; with a slab that of ``1 / (1 / v + 1 / c**2)``, c its scale."""
        half = 0.5 * np.pi
        far = 1 / np.tan(half * np.maximum(above, _SMALL))
        near = np.tan(half * np.clip(below, _SMALL, 0.5))
        free = np.where(below < 0.5, near, far) ** 2
        return np.asarray(1 / (1 / free + law[0] ** -2.0) if law else free)

    @classmethod
    def law_nodes(cls, *law: float) -> tuple[Floats, Floats]:
        """Quantiles; with a slab the nodes of its table."""
        return _table(*law).nodes if law else super().law_nodes()

    def fresh_variances(self, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
        """Draw a local scale, and with it the slab's where that has tails."""
        variances = super().fresh_variances(shape, rng)
        if not _has_tails(self.law):
            return variances
        half, ratio = 0.5 * self.slab_df, self.law[0]
        precision = rng.standard_gamma(half, shape) / half / ratio**2
        return np.asarray(1 / (1 / variances - ratio**-2.0 + precision))

    def log_variances(self, variances: Floats) -> Floats:
        """``-log v / 2 - log(1 + v)``; with a slab, of its mixture."""
        if not self.law:
            return -0.5 * np.log(variances) - np.log1p(variances)
        return self._log_of_log(np.log(variances)) - np.log(variances)

    def _log_of_log(self, log_v: Floats) -> Floats:
        if _has_tails(self.law):
            return _table(*self.law).log_of_log(log_v)
        rest = -np.expm1(log_v - 2 * np.log(self.law[0]))  # free share of 1 / v
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = 0.5 * log_v - 0.5 * np.log(rest) - np.log(rest + np.exp(log_v))
        return np.where(rest > 0, logs, -np.inf)

    def draw_variances(self, coef: Floats, variances: Floats, rng: np.random.Generator) -> Floats:
        """Exact, and so without memory of the old ones; with a slab, a slice of ``log v``."""
        half = 0.5 * coef**2
        if not self.law:
            return 1 / draw_precisions(half, rng)

        def log_density(log_v: Floats) -> Floats:
            return np.asarray(self._log_of_log(log_v) - 0.5 * log_v - half * np.exp(-log_v))

        return np.exp(slice_step(log_density, np.log(variances), rng))

    def _logpdf(self, coef: Floats) -> Floats:
        scale = np.where(self.is_flat, 1.0, self.scale)
        return self._log_height(coef / scale) - np.log(scale)

    def _penalty(self, coef: Floats) -> Floats:
        """Drop from ``|b| = tau``, because at zero the density has no value."""
        return self._log_height(np.ones(())) - self._log_height(coef / np.asarray(self.scale))

    def _log_height(self, unit: Floats) -> Floats:
        """Log density at scale 1."""
        if not self.law:
            return _LOG_PEAK + _log_scaled_exp1(unit)
        with np.errstate(divide="ignore"):
            logs = _table(*self.law).log_density(np.log(np.abs(unit)))
        return np.where(unit == 0, np.inf, logs)

    def _pull_range(self, coef: Floats) -> tuple[Floats, Floats]:
        """``(1 / (e^x E1(x)) - x) 2 / b``; any number at zero."""
        unit = np.clip(np.abs(coef) / np.asarray(self.scale), _SMALL, _HUGE)
        with np.errstate(over="ignore"):
            if self.law:
                size = -_table(*self.law).slope(np.log(unit)) / unit / self.scale
            else:
                size = _excess(0.5 * unit**2) * 2 / unit / self.scale
        size = np.where(coef == 0, np.inf, size)
        return np.where(coef > 0, size, -size), np.where(coef < 0, -size, size)

    def _shrink(self, z: Floats, sd: float) -> Floats:
        return np.zeros(np.broadcast_shapes(z.shape, np.shape(self.scale)))

    def _sd(self) -> Floats:
        if not self.law or self.slab_df <= 2:
            return np.full(np.shape(self.scale), np.inf)
        variances, weights = nodes_of(self)
        return np.asarray(self.scale) * np.sqrt(variances @ weights)


def draw_precisions(c: Floats, rng: np.random.Generator) -> Floats:
    """Draw m of density ``exp(-c m) / (1 + m)``, by rejection.

    Below ``1 / c`` from ``1 / (1 + m)``, beyond it from ``exp(-c m)``. At least 0.37 of the
    proposals there are accepted, and half here.
    """
    c = np.clip(c, _LEAST, 1 / _LEAST)
    found, waiting = np.empty(c.size), np.arange(c.size)
    while waiting.size:
        k = c.ravel()[waiting]
        which, place, height = rng.random((3, waiting.size))
        near, far = np.log1p(1 / k), np.exp(-1) / (1 + k)
        is_near = which * (near + far) < near
        m = np.where(is_near, np.expm1(place * near), (1 - np.log1p(-place)) / k)
        accepted = height < np.where(is_near, np.exp(-k * m), (1 + 1 / k) / (1 + m))
        found[waiting[accepted]] = m[accepted]
        waiting = waiting[~accepted]
    return np.maximum(found, _LEAST).reshape(c.shape)


def _has_tails(law: tuple[float, ...]) -> bool:
    return bool(law) and np.isfinite(law[1])


@lru_cache(maxsize=32)
def _table(ratio: float, df: float) -> TabulatedLaw:
    r"""The law of ``v = 1 / (1 / lambda**2 + 1 / c**2)``.

    The density of the precision ``w = 1 / v`` is a convolution, whose integrand is smooth in the
    logit of the share of w that comes from ``1 / lambda**2``.
    """
    half, far = 0.5 * df, 2 * np.log(ratio)
    if np.isinf(df):
        log_free = np.arange(-_ABOVE + min(0.0, far), _BELOW + max(0.0, far), STEP)
        weights = 0.5 * log_free - np.logaddexp(0, log_free) - np.log(np.pi) + np.log(STEP)
        return TabulatedLaw(-np.logaddexp(-log_free, -far), weights, ratio**2)
    log_w = np.arange(-max(0.0, far) - _BELOW, max(0.0, -far) + _ABOVE, STEP)
    reach = _ABOVE + abs(far)
    logit = np.arange(-reach, reach, STEP)
    free, bound = -np.logaddexp(0, -logit), -np.logaddexp(0, logit)  # logs of the two shares
    log_rate = np.log(half) + far
    constant = half * log_rate - gammaln(half) - np.log(np.pi) + 2 * np.log(STEP)
    total = np.empty(len(log_w))
    for i, one in enumerate(log_w):
        a, b = one + free, one + bound
        total[i] = logsumexp(0.5 * a - np.logaddexp(0, a) + half * b - np.exp(b + log_rate))
    return TabulatedLaw(-log_w[::-1], constant + total[::-1])


def _log_scaled_exp1(unit: Floats) -> Floats:
    """``log(e^x E1(x))`` with ``x = unit**2 / 2``."""
    size = np.abs(np.asarray(unit, dtype=float))
    x = 0.5 * np.clip(size, _SMALL, _HUGE) ** 2
    with np.errstate(divide="ignore"):
        far = np.log(2) - 2 * np.log(size)
    found = np.where(size < _HUGE, -np.log(x + _excess(x)), far)
    return np.where(size == 0, np.inf, found)


def _excess(x: Floats) -> Floats:
    """``1 / (e^x E1(x)) - x``, which goes from 0 to 1; far out by the continued fraction of E1."""
    near, far = np.minimum(x, _FAR), np.maximum(x, _FAR)
    fraction = far + 2 * _TERMS + 1
    for k in range(_TERMS, 1, -1):
        fraction = far + 2 * k - 1 - k**2 / fraction
    return np.where(x < _FAR, 1 / (np.exp(near) * exp1(near)) - near, 1 - 1 / fraction)
