"""What a kernel is told, as plain arrays: moments or rows of the data, and the prior as numbers."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from priormap.posterior.kernels.compiled import Array, Words
from priormap.priors.densities import PositiveDensity

# positions in a ``Density``
LEARNT, LOGS, INVERSE, SQUARE, TAIL, REACH = range(6)


class Density(NamedTuple):
    """Density of a positive number x in one formula, without its constant.

    ``log p(x) = -logs log x - inverse / x^2 - square x^2 - tail log(1 + (x / reach)^2)``, see
    `priormap.priors.densities`; ``learnt`` is zero where x is known.
    """

    learnt: float = 0.0
    logs: float = 0.0
    inverse: float = 0.0
    square: float = 0.0
    tail: float = 0.0
    reach: float = 1.0

    @classmethod
    def of(cls, density: PositiveDensity | None) -> Density:
        """Numbers of a density, or of a known x."""
        return cls() if density is None else cls(1.0, *density.terms)


def log_density(density: Density | Array, x: Array) -> Array:
    """Log density at several values, up to its constant."""
    _, logs, inverse, square, tail, reach = density
    value = -logs * np.log(x) - inverse / x**2 - square * x**2
    return np.asarray(value - tail * np.log1p((x / reach) ** 2))


# positions in ``ElasticNetPrior.hyper``; a density takes six places
PROPER, KINKED, CURVED, BY_NOISE, NOISE, SCALE = 0, 1, 2, 3, 4, 10


class Moments(NamedTuple):
    """Moments: ``-2 log p(y | coef, sigma) = 2 dof log sigma + |y - X coef|^2 / sigma^2 + const``.

    ``gram`` (p, p) is X'X, ``xty`` (p,) is X'y, ``yty`` is y'y; ``dof`` is n - 1 for centred
    data, where a flat intercept was integrated out, and n where there is no intercept.
    """

    gram: Array
    xty: Array
    yty: float
    dof: float

    @property
    def squares(self) -> Array:
        """Squared lengths of the columns, shape (p,)."""
        return np.diag(self.gram)

    @property
    def rank(self) -> int:
        """The most that X can have."""
        return len(self.xty)


class Rows(NamedTuple):
    """The same likelihood on r = rank(X) orthogonal rows, for p > n or a singular Gram matrix.

    ``|y - X coef|^2 = rss + |target - columns' coef|^2``. ``columns`` (p, r) holds a column of
    the compressed design per line, ``rows`` (r, p) is its transpose, and ``target`` (r,) the
    compressed response.
    """

    columns: Array
    rows: Array
    target: Array
    rss: float
    dof: float

    @property
    def squares(self) -> Array:
        """Squared lengths of the columns, shape (p,)."""
        return np.asarray((self.columns**2).sum(axis=1))

    @property
    def rank(self) -> int:
        """Number r of rows."""
        return len(self.target)


class ElasticNetPrior(NamedTuple):
    """``log p(b_j) = -rate_j |b_j| / u - curvature_j b_j^2 / (2 u^2) - log u + const``.

    The unit u is tau, times sigma if scaled by the noise. ``rate`` and ``curvature`` (p,) are
    both zero for a flat column, which has no ``log u`` either. ``hyper`` (16,) counts the columns
    that are not flat, those with a rate and those with a curvature, is 1 if scaled by the noise,
    and ends with the densities of sigma and of tau.
    """

    rate: Array
    curvature: Array
    hyper: Array

    @property
    def noise(self) -> Density:
        """Density of sigma."""
        return Density(*self.hyper[NOISE:SCALE])

    @property
    def scale(self) -> Density:
        """Density of tau."""
        return Density(*self.hyper[SCALE:])

    def unit(self, sigma: float, tau: float) -> float:
        """Unit u of the prior."""
        return tau * sigma if self.hyper[BY_NOISE] else tau


class State(NamedTuple):
    """Where a chain stands: ``coef`` (p,), ``scales`` = (sigma, tau), and its random numbers.

    Kernels change it in place. ``sums`` and ``statistics`` (14,) and ``line`` (13,) are for
    `move_along`.
    """

    coef: Array
    scales: Array
    rng: Words
    sums: Array
    statistics: Array
    line: Array


def state(coef: Array, sigma: float, tau: float, rng: Words) -> State:
    """State with room for the moves of sigma and tau."""
    scales = np.array([sigma, tau])
    return State(coef, scales, rng, np.zeros(14), np.zeros(14), np.zeros(13))


class Draws(NamedTuple):
    """Draws of one chain: ``coef`` (m, p) and ``trace`` (m, 3).

    The columns of ``trace`` are sigma, tau, and the sign changes met by a Hamiltonian trajectory
    (zero for the other kernels).
    """

    coef: Array
    trace: Array


def empty_draws(count: int, n_features: int) -> Draws:
    """Room for ``count`` draws."""
    return Draws(np.empty((count, n_features)), np.zeros((count, 3)))


def elastic_net_prior(
    rate: Array,
    curvature: Array,
    noise: Density,
    scale: Density = Density(),  # noqa: B008
    by_noise: bool = False,
) -> ElasticNetPrior:
    """Rates of the kinks and curvatures, in units of tau; zeros leave one out."""
    # copies: kernels are compiled again for arrays that are read-only, to other last digits
    rate = np.array(rate, dtype=np.float64, order="C")
    curvature = np.array(np.broadcast_to(curvature, rate.shape), dtype=np.float64, order="C")
    counts = [np.count_nonzero(part) for part in (rate + curvature, rate, curvature)]
    hyper = np.array([*counts, by_noise, *noise, *scale], dtype=np.float64)
    return ElasticNetPrior(rate, curvature, hyper)


def absorb_curvature(
    data: Moments, prior: ElasticNetPrior, sigma: float, tau: float
) -> tuple[Moments, ElasticNetPrior]:
    """Count the Gaussian part of the prior as data, where it is a known multiple of X'X's unit.

    With a known tau, and sigma known or the prior scaled by it, ``-curvature b^2 / (2 u^2)`` is
    ``-c b^2 / (2 sigma^2)`` for the constant c = curvature sigma^2 / u^2, which joins the
    diagonal of X'X. Elsewhere both are returned as they are.
    """
    by_noise = prior.hyper[BY_NOISE] > 0
    if prior.scale.learnt or (prior.noise.learnt and not by_noise):
        return data, prior
    constant = (1.0 if by_noise else sigma) / tau
    hyper = prior.hyper.copy()
    hyper[CURVED] = 0.0
    gram = data.gram + np.diag(constant**2 * prior.curvature)
    return data._replace(gram=gram), prior._replace(curvature=0.0 * prior.curvature, hyper=hyper)


def prior_widths(prior: ElasticNetPrior, narrowest: float = 1e-4) -> Array:
    """Prior sd of each column in units of tau; a flat one is wider than all.

    None is narrower than a share ``narrowest`` of the widest.
    """
    sd = 1.0 / np.sqrt(np.maximum(0.5 * prior.rate**2 + prior.curvature, 1e-300))
    proper = sd < 1e150
    widest = sd[proper].max(initial=0.0) or 1.0
    return np.where(proper, np.maximum(sd, narrowest * widest), 1e3 * widest)


def looseness(data: Moments | Rows, prior: ElasticNetPrior, sigma: float, tau: float) -> Array:
    """Prior sd of each column over that of its own least squares (p,).

    Of a learnt sigma: at least a tenth of what y has, below which it hardly stays.
    """
    total = data.rss + data.target @ data.target if isinstance(data, Rows) else data.yty
    floor = 0.1 * math.sqrt(total / data.dof) if prior.noise.learnt else 0.0
    widths: Array = prior_widths(prior, 0.0) * prior.unit(sigma, tau)
    return np.sqrt(data.squares) * widths / max(sigma, floor)


def moments(gram: Array, xty: Array, yty: float, dof: float) -> Moments:
    """Moments as contiguous float64 arrays."""
    return Moments(
        np.ascontiguousarray(gram, dtype=np.float64),
        np.ascontiguousarray(xty, dtype=np.float64),
        float(yty),
        float(dof),
    )


def rows_from_design(X: Array, y: Array, dof: float) -> Rows:
    """Compress ``X`` (n, p), ``y`` (n,), centred if there is an intercept, in O(n^2 p).

    With X X' = U diag(d) U' the compressed rows are U'X and the target U'y; directions with
    d below ``n eps max(d)`` carry no information and are dropped.
    """
    power, basis = np.linalg.eigh(X @ X.T)
    keep = power > power[-1] * len(power) * np.finfo(float).eps
    basis = basis[:, keep]
    target = basis.T @ y
    rest = y - basis @ target
    columns = np.ascontiguousarray(X.T @ basis)
    return Rows(columns, np.ascontiguousarray(columns.T), target, float(rest @ rest), float(dof))


def rows_from_moments(data: Moments) -> Rows:
    """Compress moments through the eigenvectors of X'X, in O(p^3)."""
    power, basis = np.linalg.eigh(data.gram)
    keep = power > power[-1] * len(power) * np.finfo(float).eps
    power, basis = power[keep], basis[:, keep]
    target = (basis.T @ data.xty) / np.sqrt(power)
    rss = max(data.yty - float(target @ target), 0.0)
    columns = np.ascontiguousarray(basis * np.sqrt(power))
    return Rows(columns, np.ascontiguousarray(columns.T), target, rss, data.dof)
