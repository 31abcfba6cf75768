r"""The horseshoe prior with one local scale for each group of coefficients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from scipy.special import erfcx, exp1, gammaln

from priormap.arrays import Floats
from priormap.priors.base import Prior, Scale
from priormap.priors.densities import ProperDensity
from priormap.priors.grouped import GroupedPrior
from priormap.priors.horseshoe import Horseshoe, draw_precisions
from priormap.priors.scale_mixture import UNBOUNDED

_TERMS = 100
_SMALL = 1e-140
_LEAST = 1e-280


@dataclass(frozen=True, eq=False, repr=False)
class GroupHorseshoe(GroupedPrior):
    r"""Horseshoe prior of groups: one half-Cauchy local scale each, so that a group stays or goes.

    .. math:: b_g \mid \lambda_g \sim \mathrm{Normal}(0, \tau^2 \lambda_g^2 I), \qquad
        \lambda_g \sim \text{half-Cauchy}(1), \qquad \tau = \mathtt{global\_scale},

    .. math:: p(b_g) = \frac{\Gamma(a)}{\pi (2 \pi \tau^2)^{m/2}}\, x^{1 - a} e^x E_a(x), \qquad
        x = \frac{|b_g|^2}{2 \tau^2}, \quad a = \frac{m + 1}{2}, \quad m = |g| .

    ``Horseshoe(global_scale, groups=...)`` is the way to write it. With a learnt global scale it
    is also what learns the sd of every group.

    Parameters
    ----------
    global_scale : float, array of shape (p,) or hyperprior
        In units of the coefficients. A density makes it unknown, to be learnt by `sample`.
    scaled_by_noise : bool
        Whether it is in units of the noise.
    hyperprior : density, optional
        Makes the global scale unknown with `global_scale` as its relative value for each column.
    groups : mapping of str to list of str, or labels of shape (p,)
        Columns of each group, where others are groups of their own; or the group of each column.

    Raises
    ------
    PriormapError
        If a scale is not positive and finite, or the groups are none.

    References
    ----------
    Xu, Schmidt, Makalic, Qian and Hopper (2016), "Bayesian grouped horseshoe regression with
    application to additive models", AI 2016, LNCS 9992; Carvalho, Polson and Scott (2010), "The
    horseshoe estimator for sparse signals", Biometrika 97(2).

    Examples
    --------
    >>> from priormap import Horseshoe, Regression, sample
    >>> X = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [-1, 0, 0], [0, -1, 0], [0, 0, -1]]
    >>> data = Regression(X, [3.0, 4.0, 0.5, -3.0, -4.0, -0.5], sigma=0.1)
    >>> prior = Horseshoe(0.1, groups={"size": ["x0", "x1"]})
    >>> coef = sample(data, prior, random_seed=0)["posterior"]["coef"]
    >>> coef.mean(("chain", "draw")).values.round(1)
    array([3. , 4. , 0.5])
    """

    name: ClassVar[str] = "group_horseshoe"
    label: ClassVar[str] = "Horseshoe"
    spoken: ClassVar[str] = "group horseshoe"
    scales: ClassVar[tuple[str, ...]] = ("global_scale",)
    no_mode: ClassVar[str] = UNBOUNDED
    reference: ClassVar[str] = (
        "Xu, Schmidt, Makalic, Qian and Hopper (2016), Bayesian grouped horseshoe regression with "
        "application to additive models, AI 2016"
    )
    global_scale: float | Floats = 1.0
    scaled_by_noise: bool = False
    hyperprior: ProperDensity | None = None
    groups: Any = None
    _word: ClassVar[str] = "Horseshoe"

    if TYPE_CHECKING:

        def __init__(
            self,
            global_scale: Scale = 1.0,
            scaled_by_noise: bool = False,
            hyperprior: ProperDensity | None = None,
            groups: Any = None,
        ) -> None: ...

    def __post_init__(self) -> None:
        self._settle_groups()

    @property
    def is_unbounded(self) -> bool:
        """Always."""
        return True

    @property
    def scale(self) -> float | Floats:
        """The global scale."""
        return self.global_scale

    def _log_density(self, norms: Floats) -> Floats:
        m, a = self.sizes, 0.5 * (self.sizes + 1)
        constant = gammaln(a) - np.log(np.pi) - 0.5 * m * np.log(2 * np.pi)
        x = _half_square(norms)
        found = (1 - a) * np.log(x) - np.log(x + self._excess(x))
        return np.where(norms == 0, np.inf, constant + found)

    def _slope(self, norms: Floats) -> Floats:
        """``(1 / (x e^x E_a(x)) - 1) norm``."""
        x = _half_square(norms)
        return np.asarray(2 * self._excess(x) / np.sqrt(2 * x))

    def _excess(self, x: Floats) -> Floats:
        found = np.empty(x.shape)
        for m in set(self.sizes.tolist()):
            found[..., self.sizes == m] = _excess(0.5 * (m + 1), x[..., self.sizes == m])
        return found

    def _fresh(self, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
        below = rng.random(shape)
        return Horseshoe.variance_quantile(below, 1 - below)

    def start_variances(self, n_columns: int) -> Floats:
        """Their medians."""
        return np.ones(len(self.sizes))

    def log_variances(self, variances: Floats) -> Floats:
        """``-log(v) / 2 - log(1 + v)``."""
        return -0.5 * np.log(variances) - np.log1p(variances)

    def _given_norms(self, norms: Floats, rng: np.random.Generator) -> Floats:
        """By precisions w of density ``w**((m - 1) / 2) exp(-norm**2 w / 2) / (1 + w)``."""
        c = np.clip(0.5 * norms**2, _LEAST, 1 / _LEAST)
        found, alone = np.empty(c.shape), self.sizes == 1
        found[..., alone] = draw_precisions(c[..., alone], rng)
        shape = np.broadcast_to(0.5 * (self.sizes - 1), c.shape)[..., ~alone]
        found[..., ~alone] = _tilted_gamma(shape, c[..., ~alone], rng)
        return 1 / found

    def _alone(self, size: float) -> Prior:
        """The horseshoe, whatever the group."""
        return Horseshoe(1.0)


def _tilted_gamma(power: Floats, c: Floats, rng: np.random.Generator) -> Floats:
    """Draw w of density ``w**power exp(-c w) / (1 + w)``, by rejection from two gamma laws.

    ``1 / (1 + w)`` is below 1, which is close where w is small, and below ``1 / w``.
    """
    found, waiting = np.empty(c.size), np.arange(c.size)
    while waiting.size:
        k, a = c.ravel()[waiting], power.ravel()[waiting]
        is_small = a < k
        w = rng.standard_gamma(a + is_small) / k
        height = rng.random(waiting.size) * (1 + w)
        accepted = height < np.where(is_small, 1.0, w)
        found[waiting[accepted]] = w[accepted]
        waiting = waiting[~accepted]
    return np.maximum(found, _LEAST).reshape(c.shape)


def _half_square(norms: Floats) -> Floats:
    return np.asarray(0.5 * np.clip(norms, _SMALL, 1 / _SMALL) ** 2)


def _excess(a: float, x: Floats) -> Floats:
    """``1 / (e^x E_a(x)) - x``, which goes from 0 or ``a - 1`` to a."""
    near, far = np.minimum(x, 1.0), np.maximum(x, 1.0)
    order = 1.0 if a % 1 == 0 else 0.5
    small = np.exp(near) * exp1(near)
    if order == 0.5:
        small = np.sqrt(np.pi / near) * erfcx(np.sqrt(near))
    while order < a:  # upwards, where x is below 1 and no digits cancel
        small, order = (1 - near * small) / order, order + 1
    rest = np.zeros(x.shape)  # the continued fraction of E_a
    for k in range(_TERMS, 0, -1):
        rest = k * (a + k - 1) / (far + a + 2 * k - rest)
    return np.where(x < 1, 1 / small - near, a - rest)
