r"""Everything about a Gaussian prior that its scale changes, from one eigendecomposition.

In the eigenbasis of the weighted unit columns (see `priormap.model.spectrum`) direction k of
variance ``d_k`` explains the share ``a_k`` of ``|u|**2``, and with ``mu = (sigma / scale)**2`` in
units of that basis

.. math::

    \log p(y \mid \sigma, \mu) &= -\tfrac{\nu}{2} \log(2 \pi \sigma^2)
        - \tfrac12 \sum_k \log(1 + d_k / \mu) - S(\mu) / (2 \sigma^2), \\
    S(\mu) &= |y|^2 \Bigl(s_0 + \sum_k a_k \frac{\mu}{d_k + \mu}\Bigr), \qquad
    \mathrm{df}(\mu) = \sum_k \frac{d_k}{d_k + \mu},

where ``nu`` is n, less one for the flat intercept: it is the log density of any ``n - 1``
orthonormal contrasts of y.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from priormap.arrays import Floats, Indices
from priormap.criteria.family import ScaleFamily
from priormap.data.moments import dense
from priormap.data.regression import Regression
from priormap.model.spectrum import Spectrum

_BLOCK = 1 << 18  # numbers in a block of penalties, or of rows and penalties


@dataclass(frozen=True, eq=False)
class GaussianCurves:
    """Exact curves of one regression under a Gaussian prior; build it with `of`.

    Attributes
    ----------
    data : Regression
    spectrum : Spectrum
        Of unit columns weighted by the prior sds at scale 1 over their geometric mean.
    log_norm : float
        Log of that mean.
    scaled_by_noise : bool
    """

    data: Regression
    spectrum: Spectrum
    log_norm: float
    scaled_by_noise: bool

    @classmethod
    def of(cls, family: ScaleFamily) -> GaussianCurves:
        """Curves of the Gaussian prior with the prior sds of a family."""
        columns = family.data.unit
        weights = family.relative_sd * columns.x_norm
        weights[columns.x_norm == 0] = 0.0
        log_norm = float(np.log(weights[weights > 0]).mean())
        spectrum = Spectrum.of(columns, weights / np.exp(log_norm))
        return cls(family.data, spectrum, log_norm, family.prior.scaled_by_noise)

    @property
    def dof(self) -> int:
        """Rows, less one for an intercept."""
        return self.data.n_rows - self.data.intercept

    def mu(self, scales: ArrayLike, sigma: ArrayLike) -> Floats:
        """Penalty in units of the spectrum: ``(sigma / scale)**2``."""
        log_scale = np.log(np.asarray(scales, dtype=float)) + self.log_norm
        log_noise = 0.0 if self.scaled_by_noise else np.log(np.asarray(sigma, dtype=float))
        return np.asarray(np.exp(2 * (log_noise - log_scale)))

    def terms(self, mu: Floats) -> tuple[Floats, Floats]:
        """``sum_k log(1 + d_k / mu) / 2`` and ``S(mu)``, for an array of any shape."""
        half_log_det, squares = self.spectrum.terms(-0.5 * np.log(mu))
        return half_log_det, squares * self.data.unit.y_norm**2

    def log_evidence(self, scales: ArrayLike, sigma: ArrayLike) -> Floats:
        """Log marginal likelihood at a known sigma."""
        log_sigma = np.log(np.asarray(sigma, dtype=float))
        terms = self.terms(self.mu(scales, sigma))
        return np.asarray(self.spectrum.log_likelihood(log_sigma, *terms))

    def gcv(self, mu: Floats) -> Floats:
        """Generalised cross-validation, ``n RSS / (n - df)**2``, intercept counted in df.

        Golub, Heath and Wahba (1979), "Generalized cross-validation as a method for choosing
        a good ridge parameter", Technometrics 21(2).
        """
        n, df = self.data.n_rows, self.spectrum.degrees_of_freedom(mu) + self.data.intercept
        return np.asarray(n * self.spectrum.rss_at(mu) * self.data.unit.y_norm**2 / (n - df) ** 2)

    def left_out(self, mu: Floats, rows: Indices) -> tuple[Floats, Floats]:
        """Residuals and one minus leverages of `rows` at each mu, shape (rows, m).

        As sums of what no direction takes up and of shares ``mu / (d_k + mu)``, which keep
        their digits where a wide design leaves almost nothing.
        """
        spectrum, columns = self.spectrum, self.data.unit
        d = spectrum.eigenvalues
        centred = dense(self.data.X[rows]) - columns.x_mean
        unit = ((columns.x_norm > 0) / columns.divisor)[:, None]
        along = centred @ (unit * spectrum.basis)
        left = mu / (d[:, None] + mu)
        residual = columns.y_norm * (along * spectrum.least_squares) @ left
        kept = (along**2 / d) @ left
        if len(d) < self.dof:
            response = self.data.y[rows] - columns.y_mean
            residual += (response - columns.y_norm * (along @ spectrum.least_squares))[:, None]
            intercept = 1 / self.data.n_rows if self.data.intercept else 0.0
            kept += (1 - intercept - (along**2 / d).sum(axis=1)).clip(0)[:, None]
        return residual, kept

    def loo(self, scales: ArrayLike, sigma: float, rows: Indices) -> Floats:
        r"""Log density of each row given all others, shape (rows, m), at a known sigma.

        With residual e and leverage h, ``y_i | y_-i ~ Normal(y_i - e_i / (1 - h_i),
        sigma**2 / (1 - h_i))``.
        """
        mu = np.atleast_1d(self.mu(scales, sigma))
        values = np.empty((len(rows), len(mu)))
        for start in range(0, len(rows), size := max(16, _BLOCK // len(mu))):
            block = slice(start, start + size)
            residual, kept = self.left_out(mu, rows[block])
            log_variance = np.log(2 * np.pi * sigma**2 / kept)
            values[block] = -0.5 * (log_variance + (residual / sigma) ** 2 / kept)
        return values
