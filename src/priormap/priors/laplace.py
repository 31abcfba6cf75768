"""The Laplace prior, whose mode is the lasso."""

from __future__ import annotations

from dataclasses import InitVar, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from priormap.arrays import Floats
from priormap.priors.base import OneScalePrior, Prior, Scale
from priormap.priors.checks import Rows, noise_sd, row_count, scale_of, unwrap, zero_or_positive
from priormap.priors.densities import ProperDensity
from priormap.priors.grouped import WithGroups
from priormap.priors.l1_l2 import L1L2Prior


@dataclass(frozen=True, eq=False, repr=False)
class Laplace(WithGroups, OneScalePrior, L1L2Prior):
    r"""Laplace (double exponential) prior, whose mode is the lasso.

    ``log p(b) = -|b| / scale - log(2 scale)``. The mode under noise of standard deviation
    sigma minimises ``|y - X b|**2 / 2 + l1 sum |b|`` with ``l1 = sigma**2 / scale``.

    Parameters
    ----------
    scale : float, array of shape (p,) or hyperprior
        Prior mean of ``|b|``, one for all coefficients or one for each (a Series or a mapping
        is met with the columns by name), in units of the coefficient; the prior standard
        deviation is ``scale * sqrt(2)``. ``inf`` is the flat prior. A density (`HalfCauchy`,
        `HalfNormal`, `HalfStudentT`, `InverseGamma`) makes it unknown, to be learnt by `sample`.
    scaled_by_noise : bool
        Whether `scale` is in units of the noise, as in Park and Casella (2008), eq. 5.
    hyperprior : density, optional
        Makes the scale unknown with `scale` as its relative value for each column.
    groups : mapping of str to list of str, or labels of shape (p,), optional
        Columns whose coefficients are zero together, such as the levels of a factor: the prior is
        then on the norm of each group, its mode the group lasso (see `GroupLaplace`, with its
        option `by_size`).

    Raises
    ------
    PriormapError
        If a scale is not positive, or is NaN, or the scales are not a vector.

    References
    ----------
    Tibshirani (1996), "Regression shrinkage and selection via the lasso", JRSS B 58(1),
    section 5, gives the Bayesian reading of the lasso.

    Examples
    --------
    >>> prior = Laplace(scale=2.0)
    >>> float(prior.penalty(-3.0)), float(prior.pull(-3.0))
    (1.5, -0.5)
    >>> float(prior.shrink(0.4, sd=1.0)), float(prior.shrink(3.0, sd=1.0))
    (0.0, 2.5)
    >>> round(float(prior.posterior_mean(0.4, sd=1.0)), 6)
    0.273709
    """

    name: ClassVar[str] = "laplace"
    label: ClassVar[str] = "Laplace"
    spoken: ClassVar[str] = "Laplace"
    fit: ClassVar[str] = "lasso"
    aliases: ClassVar[tuple[str, ...]] = ("double_exponential", "lasso")
    reference: ClassVar[str] = (
        "Tibshirani (1996), Regression shrinkage and selection via the lasso, JRSS B 58(1); "
        "Park and Casella (2008), The Bayesian lasso, JASA 103(482)"
    )
    has_l1: ClassVar[bool] = True
    has_l2: ClassVar[bool] = False

    groups: InitVar[Any] = None

    if TYPE_CHECKING:

        def __init__(
            self,
            scale: Scale = 1.0,
            scaled_by_noise: bool = False,
            hyperprior: ProperDensity | None = None,
            groups: Any = None,
            by_size: bool = False,
        ) -> None: ...

    @classmethod
    def _of_groups(cls) -> type[Prior]:
        from priormap.priors.group_laplace import GroupLaplace

        return GroupLaplace

    def __post_init__(self, *_: object) -> None:
        super().__post_init__()

    @classmethod
    def from_lasso(
        cls,
        alpha: float,
        sigma: float | None = None,
        n: int | None = None,
        *,
        data: Rows | None = None,
    ) -> Self:
        """Prior whose mode is ``sklearn.linear_model.Lasso(alpha)`` on `n` rows.

        ``scale = sigma**2 / (n alpha)``. A Regression as `data` knows its rows, and sigma where
        that is a number; where it standardises, the Lasso is one on standardised columns.

        Examples
        --------
        >>> Laplace.from_lasso(alpha=0.5, sigma=3.0, n=6)
        Laplace(scale=3)
        """
        alpha, sigma = zero_or_positive("alpha", alpha), noise_sd(sigma, data)
        rows = row_count(n, data)
        if alpha == 0:
            return cls(scale=np.inf)
        with np.errstate(over="ignore"):
            return cls(scale=scale_of(np.square(sigma) / rows / alpha, alpha=alpha, sigma=sigma))

    def to_lasso(
        self, sigma: float | None = None, n: int | None = None, *, data: Rows | None = None
    ) -> float | Floats:
        """``alpha`` of the scikit-learn Lasso that is the mode: ``sigma**2 / (n scale)``."""
        return unwrap(self.weights(noise_sd(sigma, data))[0] / row_count(n, data))

    @property
    def l1_scale(self) -> float | Floats:
        """The scale: all of the penalty is its L1 part."""
        return self.scale

    @property
    def l2_scale(self) -> float:
        """Infinite: the penalty has no L2 part."""
        return np.inf

    def with_parts(self, l1_scale: float | Floats, l2_scale: float | Floats) -> Self:
        """Return the prior with this scale."""
        return self._changed(scale=l1_scale, hyperprior=None)
