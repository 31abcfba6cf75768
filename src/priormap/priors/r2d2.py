"""The R2-D2 prior, which speaks of how much the columns explain rather than of scales."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaincinv, betaln

from priormap.arrays import Floats
from priormap.checks import checked_count, positive_number, share
from priormap.errors import PriormapError
from priormap.priors.base import Prior
from priormap.priors.densities import InverseGamma, ProperDensity, Terms
from priormap.priors.normal_gamma import NormalGamma
from priormap.priors.one_observation import mode_by_search
from priormap.priors.scale_mixture import UNBOUNDED, ScaleMixture
from priormap.priors.slices import slice_step
from priormap.priors.tabulated_law import STEP, TabulatedLaw

_LOW, _HIGH = 600.0, 100.0  # in logs of v, how far its law is tabulated
_SMALL = 1e-140


@dataclass(frozen=True, eq=False, repr=False)
class R2D2(ScaleMixture):
    r"""R2-D2 prior: a Beta density of R squared, shared among the columns by a Dirichlet law.

    .. math:: R^2 \sim \mathrm{Beta}(a, b), \quad \omega = \frac{R^2}{1 - R^2}, \quad
        \phi \sim \mathrm{Dirichlet}(a / p, \dots, a / p), \quad
        b_j \mid \phi, \omega \sim
        \mathrm{Normal}\Bigl(0, \frac{\sigma^2 \phi_j\, \omega}{\mathrm{var}(x_j)}\Bigr)

    with ``a = mean_r2 * precision`` and ``b = (1 - mean_r2) * precision``, for p columns: their
    number and spread come with the data. The variances ``phi_j omega`` are gamma variables of shape
    ``a / p`` with a common rate, which is Gamma(b, 1): given its scale, whose square is
    InverseGamma(b, 1/2), the prior is `NormalGamma`, and by itself each variance is beta prime.
    R squared is that of columns without correlation. Zhang et al. give each coefficient a Laplace
    kernel of the same variance in place of the normal one.

    Parameters
    ----------
    mean_r2 : float
        Prior mean of R squared, between 0 and 1.
    precision : float
        ``a + b``: 2 at the mean 1/2 makes every R squared as likely, more is surer of the mean.
        Few variances are far from zero where ``a / p`` is small.
    features : int, optional
        How many columns share R squared, where one coefficient is asked about without data.

    Raises
    ------
    PriormapError
        If `mean_r2` is not inside (0, 1), `precision` is not positive, `features` is no count or
        not the number of columns of the data, or one coefficient is asked about without it.

    References
    ----------
    Zhang, Naughton, Bondell and Reich (2022), "Bayesian regression using a prior on the model
    fit: the R2-D2 shrinkage prior", JASA 117(538), section 2.

    Examples
    --------
    >>> prior = R2D2(mean_r2=0.4, precision=5.0, features=10)
    >>> round(float(prior.probability(0.1)), 3)
    0.65
    """

    name: ClassVar[str] = "r2d2"
    label: ClassVar[str] = "R2D2"
    spoken: ClassVar[str] = "R2-D2"
    aliases: ClassVar[tuple[str, ...]] = ("r2_d2",)
    scales: ClassVar[tuple[str, ...]] = ()
    no_mode: ClassVar[str] = UNBOUNDED
    reference: ClassVar[str] = (
        "Zhang, Naughton, Bondell and Reich (2022), Bayesian regression using a prior on the model "
        "fit: the R2-D2 shrinkage prior, JASA 117(538)"
    )

    mean_r2: float = 0.5
    precision: float = 2.0
    features: int | None = None
    scale: float | Floats = field(default=1.0, init=False)
    scaled_by_noise: bool = field(default=True, init=False)
    hyperprior: ProperDensity | None = field(default=None, init=False)
    _is_known: ClassVar[bool] = False  # whether the scale has been given a value

    def __post_init__(self) -> None:
        object.__setattr__(self, "mean_r2", share("mean_r2", self.mean_r2))
        object.__setattr__(self, "precision", positive_number("precision", self.precision))
        if self.features is not None:
            object.__setattr__(self, "features", checked_count("features", self.features))

    @property
    def parameters(self) -> Mapping[str, float | Floats]:
        """Mean and precision of R squared, and how many columns share it, where that is known."""
        given: dict[str, float | Floats] = {"mean_r2": self.mean_r2, "precision": self.precision}
        return given if self.features is None else {**given, "features": self.features}

    @property
    def is_flat(self) -> np.bool_:  # type: ignore[override]
        """Never."""
        return np.bool_(False)

    @property
    def is_unbounded(self) -> bool:
        """Where the columns' share of ``a`` is at most 1/2."""
        return self.features is None or self.law[0] <= 0.5

    @property
    def law(self) -> tuple[float, ...]:
        """``a / p`` and b."""
        if self.features is None:
            raise PriormapError(
                f"{self!r} shares R^2 among the columns, whose number data bring; without data "
                f"give {type(self).__name__}(..., features=p)"
            )
        return self.mean_r2 * self.precision / self.features, (1 - self.mean_r2) * self.precision

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}={value:g}" for name, value in self.parameters.items())
        return f"{type(self).__name__}({inside})"

    # beside data

    def of_design(self, column_sd: Floats) -> Prior:
        """Return the prior of coefficients of columns with these standard deviations."""
        if self.features not in {None, len(column_sd)}:
            raise PriormapError(
                f"features={self.features} but X has {len(column_sd)} columns; leave features out"
            )
        bound = self._changed(features=len(column_sd))
        unit = np.asarray(self.scale) / np.where(column_sd > 0, column_sd, 1.0)
        learnt = None if self._is_known else InverseGamma(bound.law[1], 0.5)
        return _Bound(self.mean_r2, self.precision, len(column_sd))._changed(
            scale=unit, hyperprior=learnt
        )

    def stretched(self, factor: float | ArrayLike) -> Self:
        """Return the prior with its scale at a value."""
        return self._changed(scale=np.asarray(self.scale) * np.asarray(factor), _is_known=True)

    def on_columns(self, which: Any) -> Self:
        """Return the prior itself: no column differs from another."""
        return self

    def with_scale(self, scale: float | ArrayLike) -> Self:
        """Refuse: there is no scale to give."""
        raise self._no_scale()

    def with_hyperprior(self, density: ProperDensity) -> Self:
        """Refuse: what is believed of the scale is what is believed of R squared."""
        raise self._no_scale()

    def _no_scale(self) -> PriormapError:
        return PriormapError(
            f"{self!r} speaks of R^2 and has no scale to give, choose or learn; give mean_r2 and "
            "precision"
        )

    # one coefficient

    @property
    def local_scale(self) -> Terms:
        """``x**(2 k - 1) (1 + x**2)**-(k + b)``."""
        k, b = self.law
        return Terms(logs=1 - 2 * k, tail=k + b)

    @staticmethod
    def variance_quantile(below: Floats, above: Floats, *law: float) -> Floats:
        """``x / (1 - x)`` with x a Beta variable."""
        k, b = law
        with np.errstate(divide="ignore", over="ignore"):
            near, far = betaincinv(k, b, below), betaincinv(b, k, above)
            found = np.where(below < 0.5, near / (1 - near), (1 - far) / far)
        return np.asarray(np.clip(found, 1e-300, 1e300))

    @classmethod
    def law_nodes(cls, *law: float) -> tuple[Floats, Floats]:
        """Nodes even in ``log v``."""
        return _table(*law).nodes

    def log_variances(self, variances: Floats) -> Floats:
        """``(k - 1) log v - (k + b) log(1 + v)``."""
        k, b = self.law
        return (k - 1) * np.log(variances) - (k + b) * np.log1p(variances)

    def draw_variances(self, coef: Floats, variances: Floats, rng: np.random.Generator) -> Floats:
        """Slice sampling of ``log v``."""
        (k, b), half = self.law, 0.5 * coef**2

        def log_density(log_v: Floats) -> Floats:
            rest = (k + b) * np.logaddexp(0, log_v)
            return np.asarray((k - 0.5) * log_v - rest - half * np.exp(-log_v))

        return np.exp(slice_step(log_density, np.log(variances), rng))

    def _logpdf(self, coef: Floats) -> Floats:
        return self._log_height(coef / np.asarray(self.scale)) - np.log(self.scale)

    def _penalty(self, coef: Floats) -> Floats:
        """From the scale, because at zero the density may have no value."""
        return self._log_height(np.ones(())) - self._log_height(coef / np.asarray(self.scale))

    def _log_height(self, unit: Floats) -> Floats:
        with np.errstate(divide="ignore"):
            size = np.log(np.abs(unit))
        near = np.maximum(size, np.log(_SMALL))
        logs = _table(*self.law).log_density(near)
        return np.where((unit == 0) & self.is_unbounded, np.inf, logs)

    def _pull_range(self, coef: Floats) -> tuple[Floats, Floats]:
        unit = np.maximum(np.abs(coef) / np.asarray(self.scale), _SMALL)
        size = -_table(*self.law).slope(np.log(unit)) / unit / self.scale
        size = np.where(coef == 0, np.inf if self.is_unbounded else 0.0, size)
        return np.where(coef > 0, size, -size), np.where(coef < 0, -size, size)

    def _shrink(self, z: Floats, sd: float) -> Floats:
        return mode_by_search(self, z, sd)

    def _sd(self) -> float | Floats:
        k, b = self.law
        return np.asarray(self.scale) * (np.sqrt(k / (b - 1)) if b > 1 else np.inf)

    def _rvs(self, size: int | tuple[int, ...], random_state: np.random.Generator) -> Floats:
        """Coefficients of the last axis share R squared."""
        shape, (k, b) = size if isinstance(size, tuple) else (size,), self.law
        rate = np.maximum(random_state.standard_gamma(b, (*shape[:-1], 1) if shape else ()), 1e-300)
        variances = random_state.standard_gamma(k, shape) / rate
        return np.asarray(self.scale * np.sqrt(variances) * random_state.standard_normal(shape))


@dataclass(frozen=True, eq=False, repr=False)
class _Bound(R2D2):
    """The prior beside data: normal-gamma, given the scale that its R squared is drawn by."""

    def of_design(self, column_sd: Floats) -> Prior:
        """Return the prior itself."""
        return self

    def stretched(self, factor: float | ArrayLike) -> NormalGamma:  # type: ignore[override]
        """Return the prior given the scale."""
        return NormalGamma(self.law[0], np.asarray(self.scale) * factor, scaled_by_noise=True)

    def __repr__(self) -> str:
        return repr(R2D2(self.mean_r2, self.precision))


@lru_cache(maxsize=32)
def _table(k: float, b: float) -> TabulatedLaw:
    """The beta prime law of ``v``."""
    log_v = np.arange(-min(_LOW, 60 / k + 60), max(_HIGH, 60 / b), STEP)
    logs = k * log_v - (k + b) * np.logaddexp(0, log_v) - betaln(k, b) + np.log(STEP)
    return TabulatedLaw(log_v, logs)
