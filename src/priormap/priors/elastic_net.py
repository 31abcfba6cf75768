"""The elastic net prior: the product of a Laplace and a Gaussian density."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from priormap.arrays import Floats
from priormap.checks import share, short
from priormap.errors import PriormapError
from priormap.priors.checks import Rows, noise_sd, row_count, scale_of, unwrap, zero_or_positive
from priormap.priors.densities import ProperDensity
from priormap.priors.l1_l2 import L1L2Prior


@dataclass(frozen=True, eq=False, repr=False)
class ElasticNet(L1L2Prior):
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
        each (by name, where both are a Series or a mapping), in units of the coefficient.
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

    name: ClassVar[str] = "elastic_net"
    label: ClassVar[str] = "ElasticNet"
    spoken: ClassVar[str] = "elastic net"
    fit: ClassVar[str] = "elastic net"
    aliases: ClassVar[tuple[str, ...]] = ("elasticnet", "enet")
    reference: ClassVar[str] = (
        "Zou and Hastie (2005), Regularization and variable selection via the elastic net, "
        "JRSS B 67(2)"
    )
    scales: ClassVar[tuple[str, ...]] = ("l1_scale", "l2_scale")
    has_l1: ClassVar[bool] = True
    has_l2: ClassVar[bool] = True

    l1_scale: float | Floats = 1.0
    l2_scale: float | Floats = 1.0
    scaled_by_noise: bool = False
    hyperprior: ProperDensity | None = None

    if TYPE_CHECKING:

        def __init__(
            self,
            l1_scale: ArrayLike | Mapping[str, float] = 1.0,
            l2_scale: ArrayLike | Mapping[str, float] = 1.0,
            scaled_by_noise: bool = False,
            hyperprior: ProperDensity | None = None,
        ) -> None: ...

    def __post_init__(self) -> None:
        for name in ("l1_scale", "l2_scale"):
            value = getattr(self, name)
            if isinstance(value, ProperDensity):
                raise PriormapError(
                    f"{name} must be numbers, got {short(value)}; hyperprior={value!r} learns a "
                    "common factor of both scales"
                )
        self._check_scales()
        lengths = {np.size(part) for part in (self.l1_scale, self.l2_scale) if np.ndim(part)}
        if len(lengths) > 1:
            raise PriormapError(
                f"l1_scale has {np.size(self.l1_scale)} entries and l2_scale "
                f"{np.size(self.l2_scale)}; give each one number, or one per column"
            )
        self._check_options()

    @classmethod
    def from_elastic_net(
        cls,
        alpha: float,
        l1_ratio: float,
        sigma: float | None = None,
        n: int | None = None,
        *,
        data: Rows | None = None,
    ) -> Self:
        """Prior whose mode is ``sklearn.linear_model.ElasticNet(alpha, l1_ratio=l1_ratio)``.

        On `n` rows, ``l1_scale = sigma**2 / (n alpha l1_ratio)`` and
        ``l2_scale = sigma / sqrt(n alpha (1 - l1_ratio))``. A Regression as `data` knows its
        rows, and sigma where that is a number; where it standardises, the ElasticNet is one on
        standardised columns.

        Examples
        --------
        >>> ElasticNet.from_elastic_net(alpha=0.5, l1_ratio=0.25, sigma=3.0, n=6)
        ElasticNet(l1_scale=12, l2_scale=2)
        """
        alpha, sigma = zero_or_positive("alpha", alpha), noise_sd(sigma, data)
        l1_ratio = share("l1_ratio", l1_ratio, zero=True, one=True)
        strength, given = row_count(n, data) * alpha, {"alpha": alpha, "sigma": sigma}
        l1, l2 = strength * l1_ratio, strength * (1 - l1_ratio)
        with np.errstate(over="ignore", invalid="ignore"):
            return cls(
                scale_of(np.square(sigma) / l1, **given) if l1 else np.inf,
                scale_of(sigma / np.sqrt(l2), **given) if l2 else np.inf,
            )

    def to_elastic_net(
        self, sigma: float | None = None, n: int | None = None, *, data: Rows | None = None
    ) -> tuple[float | Floats, float | Floats]:
        """``(alpha, l1_ratio)`` of the scikit-learn ElasticNet that is the mode.

        ``alpha = (l1 + l2) / n`` and ``l1_ratio = l1 / (l1 + l2)``, with ``l1 = sigma**2 / s``
        and ``l2 = sigma**2 / t**2``; the flat prior is alpha 0 at the l1_ratio 1.
        """
        l1, l2 = self.weights(noise_sd(sigma, data))
        total = l1 + l2
        alpha = unwrap(total / row_count(n, data))
        return alpha, unwrap(np.divide(l1, total, out=np.ones_like(total), where=total > 0))

    @property
    def scale(self) -> float:
        """The common factor of both scales: 1 as they are given."""
        return 1.0

    def with_parts(self, l1_scale: float | Floats, l2_scale: float | Floats) -> Self:
        """Return the prior with these scales."""
        return self._changed(l1_scale=l1_scale, l2_scale=l2_scale, hyperprior=None)
