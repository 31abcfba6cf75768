r"""The regression in dimensionless form: centred columns of unit length, a response of unit length.

With ``d_j = |x_j - mean|`` and ``e = |y - mean|`` the coefficients become ``d_j b_j / e``,
the penalties ``l1_j / (d_j e)`` and ``l2_j / d_j**2``, and every inner product a correlation.
All solvers work here, so that units (1e-150 or 1e150) never reach them.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from functools import cached_property

import numpy as np
from scipy import linalg, sparse

from priormap.arrays import Floats, Indices, Matrix
from priormap.data.moments import Moments, dense, means_and_norms, moments_of, row_blocks
from priormap.data.validation import refuse_non_finite
from priormap.errors import PriormapError

_EPS = float(np.finfo(float).eps)
_SMALLEST_NORM, _LARGEST_NORM = 1e-152, 1e152  # beyond, squares leave the range of a float
# A column whose mean is this many times its spread is centred in a copy before products
_IMPLICIT_CENTRING = 100.0
_LARGEST_COPY = 1 << 22  # entries of a centred copy that is kept; 32 megabytes


class UnitColumns:
    """Centred unit columns ``Z`` and unit response ``u`` of one data set, made when they pay.

    Attributes
    ----------
    n, p : int
        Rows and columns.
    x_mean, y_mean : array of shape (p,), float
        Means that were taken out; zero without an intercept.
    x_norm, y_norm : array of shape (p,), float
        Lengths after centring; exactly zero for a constant column or response.
    """

    def __init__(
        self,
        X: Matrix,
        y: Floats,
        names: tuple[str, ...],
        intercept: bool,
        known: Moments | None = None,
    ) -> None:
        self._X, self._y, self._intercept = X, y, intercept
        self._names = names
        self.n, self.p = X.shape
        if known is not None:
            self.__dict__["moments"] = known  # where the property would keep them
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            if self.has_cheap_gram:
                moments = self.moments
                self.x_mean, self.y_mean = moments.x_mean, moments.y_mean
                norms = np.sqrt(np.maximum(moments.xtx.diagonal(), 0.0))
                y_norm = math.sqrt(moments.yty)
            else:
                self.x_mean, norms = means_and_norms(X, intercept)
                self.y_mean = float(y.mean()) if intercept else 0.0
                y_norm = float(np.linalg.norm(y - self.y_mean))
        if not (norms.min() > _SMALLEST_NORM and norms.max() < _LARGEST_NORM):
            self._judge_columns(norms)
        if intercept:
            norms[norms <= self._noise * np.abs(self.x_mean)] = 0.0
        self.x_norm, self.y_norm = norms, self._response_norm(y_norm)

    def with_response(self, y: Floats) -> UnitColumns:
        """The same columns with another response; what is known of the columns is shared."""
        if self.has_cheap_gram:
            _ = self.gram  # before there are two who would make it
        other = copy.copy(self)
        for name in ("moments", "xty", "response", "_centred_response"):
            other.__dict__.pop(name, None)
        other._y, other.y_mean = y, float(y.mean()) if self._intercept else 0.0
        other.y_norm = other._response_norm(float(np.linalg.norm(other._centred_response)))
        other.__dict__["xty"] = other.correlate(other.response)
        return other

    @property
    def has_cheap_gram(self) -> bool:
        """Whether the Gram matrix costs less than what it saves."""
        return self.p <= 100 or self.n >= 4 * self.p

    def relative_difference(self, coef: Floats, mode: Floats) -> float:
        """Largest difference of ``|x_j| b_j`` over the largest of the mode; infinite for a NaN.

        Without units, so that a column in millimetres counts as one in kilometres does.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            size = float(np.abs(mode * self.x_norm).max()) or self.y_norm or 1.0
            largest = float(np.abs((coef - mode) * self.x_norm).max()) / size
        return largest if np.isfinite(largest) else np.inf

    @property
    def dof(self) -> int:
        """Rows, less one for an intercept."""
        return self.n - self._intercept

    @cached_property
    def moments(self) -> Moments:
        """Means and cross products in the caller's units."""
        return moments_of(self._X, self._y, self._intercept)

    @cached_property
    def gram(self) -> Floats:
        """``Z'Z``, shape (p, p): unit diagonal, zero rows for constant columns."""
        if self.has_cheap_gram:
            inverse = self._inverse_norm
            gram = self.moments.xtx * inverse[:, None]
            gram *= inverse
        else:
            Z = self.columns(np.arange(self.p))
            gram = Z.T @ Z
        gram.flat[:: self.p + 1] = self.x_norm > 0
        return gram

    @cached_property
    def smallest_pivot(self) -> float:
        """Smallest Cholesky pivot of the Gram matrix of the live columns; 0 if singular.

        Well above rounding it proves that every set of columns is independent.
        """
        live = self.x_norm > 0
        gram = self.gram if live.all() else self.gram[np.ix_(live, live)]
        factor, info = linalg.lapack.dpotrf(gram, lower=1)
        return float(factor.diagonal().min(initial=1.0)) if info == 0 else 0.0

    @cached_property
    def xty(self) -> Floats:
        """``Z'u``, shape (p,): correlations of the columns with the response."""
        if self.has_cheap_gram:
            scale = self.y_norm or 1.0
            return self.moments.xty * self._inverse_norm / scale
        return self.correlate(self.response)

    @cached_property
    def response(self) -> Floats:
        """``u``, shape (n,): the centred response of unit length (zero if it is constant)."""
        return self._centred_response / (self.y_norm or 1.0)

    def columns(self, which: Indices) -> Floats:
        """Copy of some columns of ``Z``, shape (n, k), in Fortran order."""
        if sparse.issparse(self._X):
            Z = np.asfortranarray(self._X[:, which].toarray())
        else:  # gathers whole columns where they lie in one piece
            Z = np.asfortranarray(self._X.T[which].T)
        if self._intercept:
            Z -= self.x_mean[which]
            Z -= Z.mean(axis=0)  # what rounding left of a mean that dwarfs the spread
        Z *= self._inverse_norm[which]
        return Z

    def correlate(self, vectors: Floats) -> Floats:
        """``Z' v`` for one or several centred vectors, shape (n,) or (n, k)."""
        inverse = self._inverse_norm
        if self._rows is None:
            products = sum(rows.T @ vectors[block] for block, rows in self._centred_blocks())
        else:
            products = self._rows.T @ vectors
        return products * (inverse if vectors.ndim == 1 else inverse[:, None])

    def fitted(self, coef: Floats) -> Floats:
        """``Z coef``, shape (n,), exactly centred."""
        support = np.flatnonzero(coef)
        if 4 * len(support) < self.p:
            return self.columns(support) @ coef[support]
        scaled = coef * self._inverse_norm
        if self._rows is None:
            values = np.concatenate([rows @ scaled for _, rows in self._centred_blocks()])
        else:
            values = self._rows @ scaled
        return values - values.mean() if self._intercept else values

    def squared_lengths(self, coefs: Floats) -> Floats:
        """``|Z c|**2`` for each row c of `coefs`, shape (k,)."""
        if self.has_cheap_gram:
            return np.asarray(np.einsum("kp,kp->k", coefs @ self.gram, coefs))
        if sparse.issparse(self._X):  # a dense copy of so many columns may not fit
            fitted = np.asarray(self._X @ (coefs * self._inverse_norm).T)
            fitted -= fitted.mean(axis=0) * self._intercept
        else:
            fitted = self.columns(np.arange(self.p)) @ coefs.T
        return np.asarray((fitted**2).sum(axis=0))

    def residual(self, coef: Floats) -> Floats:
        """``u - Z coef``, shape (n,)."""
        return self.response - self.fitted(coef)

    @cached_property
    def divisor(self) -> Floats:
        """``x_norm``, with 1 for constant columns."""
        return self.x_norm if self.x_norm.all() else np.where(self.x_norm > 0, self.x_norm, 1.0)

    @property
    def coef_units(self) -> Floats:
        """What coefficients of unit columns are multiples of, in units of X and y; shape (p,)."""
        return (self.y_norm or 1.0) / self.divisor

    def in_callers_units(self, coef: Floats) -> Floats:
        """Coefficients in units of X and y from those of unit columns; any leading shape."""
        return coef * self.coef_units

    @cached_property
    def _inverse_norm(self) -> Floats:
        return (self.x_norm > 0) / self.divisor

    @property
    def _noise(self) -> float:
        """Length about its mean, over that mean, that rounding makes of a constant."""
        return 4 * _EPS * math.sqrt(self.n)

    def _response_norm(self, y_norm: float) -> float:
        if not _SMALLEST_NORM < y_norm < _LARGEST_NORM:
            _refuse_extreme_units("y", self._y, self._intercept)
        return 0.0 if y_norm <= self._noise * abs(self.y_mean) else y_norm

    def _judge_columns(self, norms: Floats) -> None:
        for j in np.flatnonzero(~(norms > _SMALLEST_NORM) | ~(norms < _LARGEST_NORM)):
            column = self._X[:, [j]].toarray() if sparse.issparse(self._X) else self._X[:, j]
            refuse_non_finite(self._names[j], column)
            _refuse_extreme_units(f"column {self._names[j]!r}", column, self._intercept)

    @cached_property
    def _centred_response(self) -> Floats:
        if not self._intercept:
            return self._y
        centred = self._y - self.y_mean
        return centred - centred.mean()

    @cached_property
    def _rows(self) -> Matrix | None:
        """The rows to multiply with: the caller's own, or a centred copy where means dwarf.

        None where that copy would be large or dense: products then go block by block.
        """
        dwarfed = np.abs(self.x_mean) * np.sqrt(self.n) > _IMPLICIT_CENTRING * self.x_norm
        if not (dwarfed & (self.x_norm > 0)).any():
            return self._X
        if sparse.issparse(self._X) or self.n * self.p > _LARGEST_COPY:
            return None
        centred = self._X - self.x_mean
        centred -= centred.mean(axis=0)
        return centred

    def _centred_blocks(self) -> Iterator[tuple[slice, Floats]]:
        X = self._X.tocsr() if sparse.issparse(self._X) else self._X
        for block in row_blocks(X):
            yield block, dense(X[block]) - self.x_mean


def _refuse_extreme_units(name: str, values: Floats, intercept: bool) -> None:
    """Refuse values whose squares leave the range of a float; a constant has no units."""
    size, spread = float(np.abs(values).max()), float(np.ptp(values / 2))
    is_constant = spread <= 2 * _EPS * size if intercept else size == 0
    if size > _LARGEST_NORM or not is_constant:
        raise PriormapError(
            f"{name} has entries of size {size:.3g}, whose squares leave the range of floats; "
            f"rescale {'y' if name == 'y' else 'the column'} (multiply it by a power of ten)"
        )
