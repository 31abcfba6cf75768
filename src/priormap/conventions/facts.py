"""What a penalty's translation may need to know of the data, asked for by name when missing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike

from priormap.arrays import Floats, Matrix
from priormap.checks import as_labelled_numbers, as_numbers, positive_number, short
from priormap.data.moments import dense, row_blocks
from priormap.data.regression import Regression, check_data
from priormap.errors import Phrase, PriormapError

_WEIGHTS = Phrase("sample_weight", "--weights")

_CANCELLATION = 1e-3  # less left of a sum of squares than this: pass again, about the mean


@dataclass(frozen=True, eq=False)
class DataFacts:
    """Facts of a data set, from a `Regression` or given one by one.

    Nothing is computed before it is asked for, and what a `Regression` has computed already
    is taken from there: the facts of a million rows cost at most one pass over them.

    Parameters
    ----------
    data : Regression, optional
    sample_weight : array of shape (n,), optional
        One weight per row: not negative, not all zero. Standard deviations are then weighted.
    sigma : float, optional
        Noise standard deviation; default that of `data`, where it is known.
    n : int, optional
        Rows, in place of `data`.
    column_sd : array of shape (p,) or float, optional
        Standard deviations of the columns (1/n), in place of `data`.
    response_sd : float, optional
        Standard deviation of y (1/n), in place of `data`.
    standardize : bool, optional
        Whether X was divided by its standard deviations before the library saw it; default
        that of `data`.

    Raises
    ------
    PriormapError
        If `data` and what stands in its place are both given, or one of them is not usable.
    """

    data: Regression | None = None
    sample_weight: ArrayLike | None = None
    sigma: float | None = None
    n: float | None = None
    column_sd: ArrayLike | None = None
    response_sd: float | None = None
    standardize: bool | None = None
    _labels: ClassVar[tuple[str, ...] | None] = None  # of column_sd, where it names its columns

    def __post_init__(self) -> None:
        if not isinstance(self.data, Regression | None):
            raise PriormapError(f"data must be a Regression, got {type(self.data).__name__}")
        if self.data is not None:
            check_data(self.data)
        for name in ("n", "column_sd", "response_sd"):
            if getattr(self, name) is not None and self.data is not None:
                raise PriormapError(f"data has its own {name}; give one of the two")
        for name in ("n", "response_sd", "sigma"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, positive_number(name, getattr(self, name)))
        if self.column_sd is not None:
            labels, sd = as_labelled_numbers("column_sd", self.column_sd)
            object.__setattr__(self, "_labels", labels)
            object.__setattr__(self, "column_sd", _checked_sd(sd))
        if self.standardize is None:
            own = self.data is not None and self.data.standardize
            object.__setattr__(self, "standardize", own)
        if self.sample_weight is not None:
            rows = self.data.n_rows if self.data is not None else self.n
            given: Any = self.sample_weight
            if self.data is not None:
                given = self.data.per_row(_WEIGHTS, given)
            object.__setattr__(self, "sample_weight", _checked_weights(given, rows))

    @property
    def n_features(self) -> int | None:
        """Number of columns, where it is known."""
        if self.data is not None:
            return self.data.n_features
        return None if self.column_sd is None else np.size(self.column_sd)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        if self.data is not None:
            return self.data.names
        return self._labels or tuple(f"x{j}" for j in range(self.n_features or 1))

    def noise(self, who: str) -> float:
        """Standard deviation of the noise, which `who` needs."""
        if self.sigma is not None:
            return self.sigma
        if self.data is not None and self.data.noise.is_known:
            return self.data.noise.sd
        unknown = "" if self.data is None else ", which is unknown in these data"
        raise PriormapError(
            f"{who} speaks of the noise sd{unknown}: give ", Phrase("sigma", "--sigma")
        )

    def rows(self, kind: Literal["one", "n", "W"], who: str) -> float:
        """Number of rows, or sum of their weights, by which `who` multiplies."""
        if kind == "one":
            return 1.0
        weights = self._weights
        if weights is not None:
            return float(weights.sum()) if kind == "W" else float(len(weights))
        if self.data is not None:
            return float(self.data.n_rows)
        if self.n is None:
            raise PriormapError(
                f"{who} counts rows: give ",
                Phrase("data, or n", "--data, or --rows", "the number of rows"),
            )
        return float(self.n)

    def response_scale(self, kind: Literal["size", "sd"], who: str) -> float:
        """Spread of y about its mean; with "size" about zero where there is no intercept."""
        if self.data is None:
            if self.response_sd is None:
                raise PriormapError(
                    f"{who} divides y by its standard deviation: give ",
                    Phrase("data, or response_sd", "--data"),
                )
            return float(self.response_sd)
        about_zero = kind == "size" and not self.data.intercept
        if self._weights is not None:
            mean, sd = weighted_spread(self.data.y[:, None], self._weights)
            scale = float(np.hypot(mean, sd)[0] if about_zero else sd[0])
        elif self.data.intercept or about_zero:
            scale = self.data.unit.y_norm / np.sqrt(self.data.n_rows)
        else:
            scale = float(np.std(self.data.y))
        if not scale > 0:
            raise PriormapError(f"{who} divides y by its standard deviation, but y is constant")
        return scale

    def column_scale(self, kind: Literal["raw", "sd", "size", "norm"], who: str) -> Floats:
        """What `who` divides each column by, shape (p,), or (1,) where p is unknown.

        Zero for a constant column where the spread about the mean is asked for.
        """
        if kind == "raw":
            return np.ones(self.n_features or 1)
        if self.data is None:
            if self.column_sd is None:
                raise PriormapError(
                    f"{who} divides columns by their standard deviations: give ",
                    Phrase("data, or column_sd", "--data"),
                )
            scale = np.atleast_1d(np.asarray(self.column_sd))
        elif self._weights is not None:
            mean, sd = self._weighted_columns
            scale = sd if kind == "sd" or self.data.intercept else np.hypot(mean, sd)
        elif kind == "sd":
            scale = self.data.column_sd
        else:
            scale = self.data.unit.x_norm / np.sqrt(self.data.n_rows)
        return scale * np.sqrt(self.rows("n", who)) if kind == "norm" else scale

    @property
    def _weights(self) -> Floats | None:
        return None if self.sample_weight is None else np.asarray(self.sample_weight)

    @cached_property
    def _weighted_columns(self) -> tuple[Floats, Floats]:
        assert self.data is not None
        assert self._weights is not None
        return weighted_spread(self.data.X, self._weights)


def _checked_sd(sd: Floats) -> Floats:
    if sd.ndim > 1 or not ((sd >= 0) & (sd < np.inf)).all() or not (sd > 0).any():
        raise PriormapError(
            f"column_sd must be a vector of finite numbers that are not negative, got {short(sd)}"
        )
    return np.atleast_1d(sd)


def _checked_weights(value: ArrayLike, rows: float | None) -> Floats:
    weights = as_numbers("sample_weight", value)
    if weights.ndim != 1 or (rows is not None and len(weights) != rows):
        raise PriormapError(
            f"sample_weight has shape {weights.shape}"
            + (f" but there are {rows:g} rows" if rows is not None else "")
            + "; give one weight per row"
        )
    bad = ~((weights >= 0) & (weights < np.inf))
    if bad.any():
        raise PriormapError(
            _WEIGHTS,
            f" must be finite and not negative, got {weights[bad][0]} in row {int(np.argmax(bad))}",
        )
    if not weights.any():
        raise PriormapError(_WEIGHTS, " is zero in every row; give at least one row a weight")
    return weights


def weighted_spread(X: Matrix, weights: Floats) -> tuple[Floats, Floats]:
    """Weighted means and standard deviations (divided by the sum of the weights) of columns.

    Exactly zero for a column that is constant where the weights are not zero.
    """
    X = X.tocsr() if hasattr(X, "tocsr") else X
    first = int(np.argmax(weights > 0))
    centre = dense(X[first : first + 1])[0]
    shift, square = _moments_about(X, weights, centre)
    if (square - shift**2 < _CANCELLATION * square).any():
        centre = centre + shift
        shift, square = _moments_about(X, weights, centre)
    mean, sd = centre + shift, np.sqrt((square - shift**2).clip(0))
    sd[sd <= 4 * np.finfo(float).eps * np.sqrt(len(weights)) * np.abs(mean)] = 0.0
    return mean, sd


def _moments_about(X: Matrix, weights: Floats, centre: Floats) -> tuple[Floats, Floats]:
    """Weighted mean of ``x - centre`` and of its square."""
    first, second = np.zeros(len(centre)), np.zeros(len(centre))
    for block in row_blocks(X):
        rows = dense(X[block]) - centre
        first += weights[block] @ rows
        second += weights[block] @ rows**2
    total = weights.sum()
    return first / total, second / total
