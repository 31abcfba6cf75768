r"""The Laplace prior on the norm of a group of coefficients, whose mode is the group lasso."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from scipy.special import gammaln

from priormap.arrays import Floats
from priormap.priors.base import OneScalePrior, Prior, Scale
from priormap.priors.densities import ProperDensity
from priormap.priors.grouped import GroupedPrior
from priormap.priors.normal_gamma import NormalGamma


@dataclass(frozen=True, eq=False, repr=False)
class GroupLaplace(GroupedPrior, OneScalePrior):
    r"""Laplace prior on the norm of each group: all its coefficients are zero, or none is.

    .. math:: p(b_g) = \frac{\Gamma(m/2)}{2 \pi^{m/2} \Gamma(m) \prod_j s_j}
        \exp\Bigl(-\sqrt{\textstyle\sum_{j \in g} (b_j / s_j)^2}\Bigr), \qquad m = |g| .

    It is normal given a local variance of each group, which is gamma of shape (m + 1) / 2. A group
    of one column is under the Laplace prior. ``Laplace(scale, groups=...)`` is the way to
    write it.

    Parameters
    ----------
    scale : float, array of shape (p,) or hyperprior
        In units of the coefficients. A density makes it unknown, to be learnt by `sample`.
    scaled_by_noise : bool
        Whether `scale` is in units of the noise.
    hyperprior : density, optional
        Makes the scale unknown with `scale` as its relative value for each column.
    groups : mapping of str to list of str, or labels of shape (p,)
        Columns of each group, where others are groups of their own; or the group of each column.
    by_size : bool
        Whether a group of m columns has the scale ``scale / sqrt(m)``, so that large groups enter
        no earlier than small ones (Yuan and Lin 2006).

    Raises
    ------
    PriormapError
        If a scale is not positive and finite, or the groups are none.

    References
    ----------
    Yuan and Lin (2006), "Model selection and estimation in regression with grouped variables",
    JRSS B 68(1), eq. 2.1; Kyung, Gill, Ghosh and Casella (2010), "Penalized regression, standard
    errors, and Bayesian lassos", Bayesian Analysis 5(2), section 2.3, for the density.

    Examples
    --------
    >>> from priormap import Laplace, Regression, find_map
    >>> prior = Laplace(0.5, groups={"size": ["x0", "x1"]})
    >>> X = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [-1, 0, 0], [0, -1, 0], [0, 0, -1]]
    >>> data = Regression(X, [3.0, 4.0, 0.5, -3.0, -4.0, -0.5], sigma=1.0)
    >>> find_map(data, prior).coef.round(9).tolist()
    [2.4, 3.2, 0.0]
    """

    name: ClassVar[str] = "group_laplace"
    label: ClassVar[str] = "Laplace"
    spoken: ClassVar[str] = "group Laplace"
    fit: ClassVar[str] = "group lasso"
    no_mode: ClassVar[str] = ""
    reference: ClassVar[str] = (
        "Yuan and Lin (2006), Model selection and estimation in regression with grouped variables, "
        "JRSS B 68(1)"
    )
    groups: Any = None
    by_size: bool = False
    _word: ClassVar[str] = "Laplace"

    if TYPE_CHECKING:

        def __init__(
            self,
            scale: Scale = 1.0,
            scaled_by_noise: bool = False,
            hyperprior: ProperDensity | None = None,
            groups: Any = None,
            by_size: bool = False,
        ) -> None: ...

    def __post_init__(self) -> None:
        self._settle_groups()

    @property
    def group_weights(self) -> Floats:
        """What the norm of each group is multiplied by."""
        return np.sqrt(self.sizes) if self.by_size else np.ones(len(self.sizes))

    def _log_density(self, norms: Floats) -> Floats:
        m, weight = self.sizes, self.group_weights
        sphere = np.log(2) + 0.5 * m * np.log(np.pi) - gammaln(0.5 * m) + gammaln(m)
        return np.asarray(m * np.log(weight) - weight * norms - sphere)

    def _slope(self, norms: Floats) -> Floats:
        return np.broadcast_to(self.group_weights, norms.shape)

    def _fresh(self, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
        """Gamma of shape ``(m + 1) / 2`` and rate ``w**2 / 2``."""
        gamma = rng.standard_gamma(0.5 * (self.sizes + 1), shape)
        return np.asarray(2 * gamma / self.group_weights**2)

    def start_variances(self, n_columns: int) -> Floats:
        """Their means."""
        return np.asarray((self.sizes + 1) / self.group_weights**2)

    def log_variances(self, variances: Floats) -> Floats:
        """``(m - 1) log(v) / 2 - w**2 v / 2``."""
        bent = 0.5 * (self.sizes - 1) * np.log(variances)
        return np.asarray(bent - 0.5 * self.group_weights**2 * variances)

    def _given_norms(self, norms: Floats, rng: np.random.Generator) -> Floats:
        """``1 / v`` is inverse Gaussian of mean ``w / norm`` and shape ``w**2``.

        By the root of Michael, Schucany and Haas (1976), The American Statistician 30(2), times
        the norm, which has a limit where that is zero.
        """
        weight = self.group_weights
        bend = 0.5 * rng.standard_normal(norms.shape) ** 2 / weight
        large = norms + bend + np.sqrt(bend * (2 * norms + bend))
        is_large = rng.random(norms.shape) * (large + norms) <= large
        return np.asarray(np.where(is_large, large, norms * (norms / large)) / weight)

    def _alone(self, size: float) -> Prior:
        """Normal-gamma: the same law of the variance."""
        return NormalGamma(0.5 * (size + 1), size**-0.5 if self.by_size else 1.0)

    def __eq__(self, other: object) -> bool:
        same = super().__eq__(other)
        return same and self.by_size == other.by_size if isinstance(other, GroupLaplace) else same

    def __hash__(self) -> int:
        return hash((super().__hash__(), self.by_size))

    def __repr__(self) -> str:
        plain = super().__repr__()
        return f"{plain[:-1]}, by_size=True)" if self.by_size else plain
