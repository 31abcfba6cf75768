r"""The exact Laplace path: unit coefficients as a piecewise-linear function of lambda.

Column j is penalised by ``lambda w_j``. Between knots everything is a polynomial of lambda.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from priormap.arrays import Floats
from priormap.data.unit_columns import UnitColumns
from priormap.errors import PriormapError
from priormap.mode.lasso.homotopy import lasso_path
from priormap.mode.lasso.homotopy_kernel import COMPLETE, TOO_MANY_KNOTS
from priormap.mode.lasso.wide_homotopy import wide_lasso_path

_MOST_KNOTS = 100_000
_SQUARE = 2  # columns per row up to which a whole path repays the Gram matrix


@dataclass(frozen=True, eq=False)
class LaplaceKnots:
    """Knots in falling lambda; above the first the coefficients stay as they are there.

    Attributes
    ----------
    lambdas : array of shape (k,)
    coefs : array of shape (k, p)
    columns : UnitColumns
    weights : array of shape (p,)
    """

    lambdas: Floats
    coefs: Floats
    columns: UnitColumns
    weights: Floats

    @classmethod
    def of(cls, columns: UnitColumns, weights: Floats, lambda_min: float = 0.0) -> LaplaceKnots:
        """All knots from the largest one down to `lambda_min`."""
        if columns.has_cheap_gram or columns.p <= _SQUARE * columns.n:
            lambdas, coefs, status, _ = lasso_path(
                columns.gram, columns.xty, weights, lambda_min, _MOST_KNOTS
            )
        else:
            path = wide_lasso_path(
                columns.columns, columns.correlate, columns.xty, weights, lambda_min, _MOST_KNOTS
            )
            lambdas, coefs, status = path.lams, path.expand(columns.p), path.status
        if status == TOO_MANY_KNOTS:
            raise PriormapError(
                f"the path has more than {_MOST_KNOTS} knots above the smallest penalty asked "
                "for; ask for a smaller largest scale, or drop nearly collinear columns"
            )
        if status != COMPLETE:
            raise PriormapError(
                "the path leaves the range of floats; rescale the columns, or drop nearly "
                "collinear ones"
            )
        return cls(lambdas, coefs, columns, weights)

    def at(self, lambdas: Floats) -> Floats:
        """Unit coefficients at any lambdas within the path, shape (m, p)."""
        lambdas = np.asarray(lambdas, dtype=float)
        if len(self.lambdas) == 1:
            return np.repeat(self.coefs, len(lambdas), axis=0)
        rising = self.lambdas[::-1]
        right = np.clip(np.searchsorted(rising, lambdas), 1, len(rising) - 1)
        upper = len(rising) - 1 - right  # knot above, counted in falling order
        width = self.lambdas[upper] - self.lambdas[upper + 1]
        share = np.clip((self.lambdas[upper] - lambdas) / np.where(width > 0, width, 1.0), 0, 1)
        share = share[:, None]
        return (1 - share) * self.coefs[upper] + share * self.coefs[upper + 1]

    @cached_property
    def segments(self) -> tuple[Floats, Floats, Floats, Floats]:
        """Segments as (upper, lower, rss, l1): ends, and polynomials in rising powers of lambda.

        ``rss`` has shape (k, 3), ``l1 = sum_j w_j |c_j|`` shape (k, 2). The first segment is
        all of lambda above the first knot.
        """
        uu = 1.0 if self.columns.y_norm > 0 else 0.0
        fitted = _fitted_products(self.columns, self.coefs)
        rss = uu - 2 * self.coefs @ self.columns.xty + np.einsum("kp,kp->k", self.coefs, fitted)
        size = np.abs(self.coefs) @ self.weights
        upper = np.concatenate([[np.inf], self.lambdas[:-1]])
        lower = self.lambdas
        rss_poly = np.zeros((len(lower), 3))
        l1_poly = np.zeros((len(lower), 2))
        rss_poly[0, 0], l1_poly[0, 0] = rss[0], size[0]
        width = self.lambdas[:-1] - self.lambdas[1:]
        slope = (self.coefs[:-1] - self.coefs[1:]) / np.where(width > 0, width, 1.0)[:, None]
        # around the lower end: c = c_low + slope (lambda - low)
        pull = self.columns.xty - fitted[1:]
        linear = -2 * np.einsum("kp,kp->k", slope, pull)
        curve = np.einsum("kp,kp->k", slope, _fitted_products(self.columns, slope))
        low = self.lambdas[1:]
        rss_poly[1:, 0] = rss[1:] - linear * low + curve * low**2
        rss_poly[1:, 1] = linear - 2 * curve * low
        rss_poly[1:, 2] = curve
        l1_slope = (size[:-1] - size[1:]) / np.where(width > 0, width, 1.0)
        l1_poly[1:, 0], l1_poly[1:, 1] = size[1:] - l1_slope * low, l1_slope
        return upper, lower, rss_poly, l1_poly


def _fitted_products(columns: UnitColumns, coefs: Floats) -> Floats:
    """``Z'Z c`` for each row of coefficients."""
    if columns.has_cheap_gram:
        return coefs @ columns.gram
    return columns.correlate(np.stack([columns.fitted(c) for c in coefs], axis=1)).T
