"""`map_path`: the mode as a function of the prior scale."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from priormap.errors import PriormapError
from priormap.mode.certificate import Certificate
from priormap.mode.find import find_map
from priormap.mode.judging import audit
from priormap.mode.laplace_knots import LaplaceKnots
from priormap.mode.problem import UnitProblem
from priormap.penalty import Penalty
from priormap.priors import Laplace, Prior
from priormap.regression import Regression
from priormap.spectrum import Spectrum

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["MapPath", "map_path"]

Floats: TypeAlias = NDArray[np.float64]
_GRID = 100
_SHRUNK_AWAY, _LET_FREE = 1e4, 1e-4  # default Gaussian grid: mu over the extreme eigenvalues


class _ExactPath(Protocol):
    """Unit coefficients at any strength of the prior."""

    def unit_coefs(self, strengths: Floats) -> Floats: ...


@dataclass(frozen=True, eq=False, repr=False)
class MapPath:
    """Modes along the prior scale.

    Attributes
    ----------
    scales : array of shape (k,)
        Rising prior scales; for a prior with one scale per column, multiples of them.
        The scale ``inf`` is least squares.
    coef : array of shape (k, p)
        Coefficients in units of X; zeros are exact.
    intercept : array of shape (k,)
    sigma : array of shape (k,)
        The known noise, or that of each joint mode.
    is_knots : bool
        Whether `scales` are the knots between which the Laplace path is linear in
        ``1 / scale``, so that `at` is exact everywhere.
    data, prior
        What it is the path of.
    """

    scales: Floats
    coef: Floats
    intercept: Floats
    sigma: Floats
    is_knots: bool
    data: Regression
    prior: Prior
    _exact: _ExactPath | None = field(default=None, repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return self.data.names

    @property
    def n_nonzero(self) -> NDArray[np.intp]:
        """Number of coefficients that are not exactly zero, for each scale."""
        return np.count_nonzero(self.coef, axis=1)

    def at(self, scale: ArrayLike) -> Floats:
        """Coefficients of the mode at any prior scale, shape ``(p,)`` or ``(m, p)``; exact."""
        scales = _checked_scales(np.atleast_1d(np.asarray(scale, dtype=float)))
        if self._exact is None:
            modes = [find_map(self.data, _rescaled(self.prior, value)).coef for value in scales]
            coef = np.stack(modes)
        else:
            coef = _user_coefs(self.data, self._exact.unit_coefs(scales))[0]
        return coef[0] if np.ndim(scale) == 0 else coef

    def certificate(self, k: int) -> Certificate:
        """Certificate of the k-th mode of the path."""
        prior = _rescaled(self.prior, float(self.scales[k]))
        return audit(self.data, prior, self.coef[k], sigma=float(self.sigma[k]))

    def to_frame(self) -> pd.DataFrame:
        """Scales as index, one column per coefficient."""
        import pandas as pd

        return pd.DataFrame(
            self.coef, index=pd.Index(self.scales, name="scale"), columns=list(self.names)
        )

    def __repr__(self) -> str:
        kind = "knots" if self.is_knots else "scales"
        low, high = self.scales.min(), self.scales.max()
        return f"MapPath({len(self.scales)} {kind} from {low:.4g} to {high:.4g}, {self.prior!r})"


def map_path(data: Regression, prior: Prior, scales: ArrayLike | None = None) -> MapPath:
    r"""Modes as a function of the prior scale, exact at every scale.

    Under a Laplace prior the coefficients are piecewise linear in ``1 / scale``; all knots are
    found. Under a Gaussian prior one eigendecomposition serves every scale. With sigma
    unknown each scale has its own joint mode.

    Parameters
    ----------
    data : Regression
    prior : Gaussian or Laplace
        Its family, and relative scales where it has one per column; a single scale is
        replaced by those of the path.
    scales : array of shape (k,), optional
        Prior scales (multiples of the given ones where the prior has one per column).
        Default: every knot of the Laplace path; 100 scales between all shrunk away and all
        let free for the Gaussian one.

    Returns
    -------
    MapPath

    Raises
    ------
    PriormapError
        If a scale is not positive, or sigma is unknown and no scales are given.

    References
    ----------
    Osborne, Presnell and Turlach (2000); Efron, Hastie, Johnstone and Tibshirani (2004),
    "Least angle regression", Annals of Statistics 32(2), section 3.1.

    Examples
    --------
    >>> from priormap import Laplace, Regression, map_path
    >>> X = [[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]]
    >>> data = Regression(X, [3.0, 0.5, -3.0, -0.5], sigma=1.0)
    >>> path = map_path(data, Laplace())
    >>> path.scales.round(4).tolist(), path.n_nonzero.tolist()
    ([0.1667, 1.0, inf], [0, 1, 2])
    >>> path.at(0.5).tolist()
    [2.0, 0.0]
    """
    grid = None if scales is None else _checked_scales(np.asarray(scales, dtype=float))
    if not isinstance(data.sigma, float):
        return _path_of_joint_modes(data, prior, grid)
    exact: _LaplacePath | _GaussianPath
    if isinstance(prior, Laplace):
        exact = _LaplacePath(data, prior, grid)
        chosen = exact.knot_scales() if grid is None else grid
        unit = exact.knots.coefs if grid is None else exact.unit_coefs(grid)
    else:
        exact = _GaussianPath(data, prior)
        chosen = exact.default_scales() if grid is None else grid
        unit = exact.unit_coefs(chosen)
    coef, intercept = _user_coefs(data, unit)
    sigma = np.full(len(chosen), data.sigma)
    is_knots = grid is None and isinstance(prior, Laplace)
    return MapPath(chosen, coef, intercept, sigma, is_knots, data, prior, exact)


class _LaplacePath:
    """Piecewise linear in lambda: column j is penalised by ``lambda w_j`` in unit columns."""

    def __init__(self, data: Regression, prior: Laplace, scales: Floats | None) -> None:
        assert isinstance(data.sigma, float)
        unit_scale = _rescaled(prior, 1.0)
        problem = UnitProblem.of(data, Penalty.from_prior(unit_scale, data, data.sigma))
        # weights near one keep the path's lambda in the range where it is best resolved
        bound = problem.l1[problem.l1 > 0]
        self._norm = float(np.exp(np.log(bound).mean())) if bound.size else 1.0
        lambda_min = 0.0 if scales is None else self._norm / float(scales.max())
        self.knots = LaplaceKnots.of(data.unit, problem.l1 / self._norm, lambda_min)

    def knot_scales(self) -> Floats:
        with np.errstate(divide="ignore"):
            return np.asarray(self._norm / self.knots.lambdas)

    def unit_coefs(self, strengths: Floats) -> Floats:
        return self.knots.at(self._norm / strengths)


class _GaussianPath:
    """One spectrum for every scale."""

    def __init__(self, data: Regression, prior: Prior) -> None:
        assert isinstance(data.sigma, float)
        problem = UnitProblem.of(data, Penalty.from_prior(_rescaled(prior, 1.0), data, data.sigma))
        with np.errstate(divide="ignore"):
            weights = np.where(data.unit.x_norm > 0, 1 / np.sqrt(problem.l2), 0.0)
        bound = weights[np.isfinite(weights) & (weights > 0)]
        self._norm = float(np.exp(np.log(bound).mean())) if bound.size else 1.0
        self._spectrum = Spectrum.of(data.unit, weights / self._norm)

    def default_scales(self) -> Floats:
        d = self._spectrum.eigenvalues
        if not d.size:
            return np.array([1.0])
        smallest = max(float(d.min()), 1e-8 * float(d.max()))
        mu = np.geomspace(_SHRUNK_AWAY * float(d.max()), _LET_FREE * smallest, _GRID)
        return np.asarray(1 / np.sqrt(mu) / self._norm)

    def unit_coefs(self, strengths: Floats) -> Floats:
        return self._spectrum.coef_at((1 / (strengths * self._norm)) ** 2)


def _path_of_joint_modes(data: Regression, prior: Prior, scales: Floats | None) -> MapPath:
    if scales is None:
        raise PriormapError(
            "sigma is unknown, so each prior scale has its own joint mode; give scales=..., "
            "or fix sigma for the whole path"
        )
    fits = [find_map(data, _rescaled(prior, float(scale))) for scale in scales]
    return MapPath(
        scales=scales,
        coef=np.stack([fit.coef for fit in fits]),
        intercept=np.array([fit.intercept for fit in fits]),
        sigma=np.array([fit.sigma for fit in fits]),
        is_knots=False,
        data=data,
        prior=prior,
    )


def _user_coefs(data: Regression, unit_coefs: Floats) -> tuple[Floats, Floats]:
    columns = data.unit
    coef = unit_coefs * (columns.y_norm / columns.divisor)
    return coef, columns.y_mean - coef @ columns.x_mean


def _rescaled(prior: Prior, scale: float) -> Prior:
    """Return the prior with this scale; a vector of scales is multiplied by it."""
    return prior.with_scale(scale if np.ndim(prior.scale) == 0 else prior.scale * scale)


def _checked_scales(scales: Floats) -> Floats:
    if scales.ndim != 1 or scales.size == 0:
        raise PriormapError(
            f"scales must be a vector of positive numbers, got an array of shape {scales.shape}"
        )
    bad = ~(scales > 0)
    if bad.any():
        raise PriormapError(f"scales must be positive, got {scales[bad][0]}")
    return scales
