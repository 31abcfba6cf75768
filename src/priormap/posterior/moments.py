"""Mean and covariance of a posterior as numbers, where they need no draws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from priormap.checks import refuse_memory
from priormap.data.regression import Regression
from priormap.data.validation import as_new_rows, row_index
from priormap.display import cells
from priormap.display.blocks import Block, Paragraph, Table
from priormap.display.text import Described
from priormap.errors import PriormapError
from priormap.model import Model
from priormap.posterior.gaussian import gaussian_posterior
from priormap.posterior.properness import refuse_improper
from priormap.priors import Prior

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False, repr=False)
class PosteriorMoments(Described):
    """Exact mean and covariance of the coefficients (and the intercept) under a Gaussian prior.

    Attributes
    ----------
    mean : Series
    cov : DataFrame
        Both in units of the caller's columns; the intercept first, where there is one.
    sigma_square : float
        Posterior mean of ``sigma**2``.
    is_normal : bool
        Whether the posterior is normal: sigma and the scale of the prior are known.
    data, prior
        What it is the posterior of.

    Examples
    --------
    >>> from priormap import Gaussian, Regression
    >>> data = Regression([[-1.0], [0.0], [1.0]], [-2.0, 0.0, 2.0], sigma=1.0)
    >>> posterior_moments(data, Gaussian(1.0)).cov.round(4).to_numpy().tolist()
    [[0.3333, 0.0], [0.0, 0.3333]]
    """

    mean: pd.Series[float]
    cov: pd.DataFrame
    sigma_square: float
    is_normal: bool
    data: Regression
    prior: Prior

    @property
    def sd(self) -> pd.Series[float]:
        """Posterior standard deviations."""
        import pandas as pd

        return pd.Series(np.sqrt(np.diag(self.cov)), index=self.mean.index, name="sd")

    def predict(self, X: Any) -> pd.DataFrame:
        """Mean of the response at new rows, its sd, and the sd of a response, noise included.

        ``Var(mu) = (1, x') V (1, x)`` and ``Var(y) = Var(mu) + E sigma**2``.
        """
        import pandas as pd

        rows = as_new_rows(X, self.data.names, self.data.coding)
        dense = rows.toarray() if sparse.issparse(rows) else rows
        if self.data.intercept:
            dense = np.column_stack([np.ones(len(dense)), dense])
        variance = np.einsum("ij,jk,ik->i", dense, self.cov.to_numpy(), dense).clip(0)
        table = {
            "mean": dense @ self.mean.to_numpy(),
            "sd_mean": np.sqrt(variance),
            "sd": np.sqrt(variance + self.sigma_square),
        }
        return pd.DataFrame(table, index=row_index(X))

    def blocks(self) -> tuple[Block, ...]:
        """Means and standard deviations."""
        kind = "normal" if self.is_normal else "a mixture of normals"
        said = f"Exact posterior moments under {self.prior}: the posterior is {kind}."
        rows = tuple(
            (cells.text(name), cells.number(mean, 6), cells.number(sd, 4))
            for name, mean, sd in zip(self.mean.index, self.mean, self.sd, strict=True)
        )
        return Paragraph(said), Table(("feature", "mean", "sd"), rows)

    def to_dict(self) -> dict[str, Any]:
        """The numbers."""
        return {
            "prior": str(self.prior),
            "mean": self.mean.to_dict(),
            "sd": self.sd.to_dict(),
            "cov": self.cov.to_numpy().tolist(),
            "sigma_square": self.sigma_square,
            "is_normal": self.is_normal,
        }


def posterior_moments(data: Regression, prior: Prior) -> PosteriorMoments:
    r"""Exact posterior mean and covariance under a Gaussian prior, without draws.

    With sigma and the scale known the posterior is normal, with precision
    :math:`X'X / \sigma^2 + D^{-1}`, ``D = diag(scale**2)``; unknown ones are integrated by
    quadrature. A flat intercept has ``Var(a) = xbar'V xbar + E sigma**2 / n`` and
    ``Cov(a, b) = -V xbar``.

    Parameters
    ----------
    data : Regression
    prior : Gaussian
        Of any scales, known or learnt.

    Returns
    -------
    PosteriorMoments

    Raises
    ------
    PriormapError
        If the prior is another, or the posterior is improper or has no second moment.

    References
    ----------
    Gelman et al. (2013), Bayesian Data Analysis, 3rd edition, section 14.8.

    Examples
    --------
    >>> from priormap import Gaussian, Regression
    >>> data = Regression([[-1.0], [0.0], [1.0]], [-2.0, 0.0, 2.0], sigma=1.0)
    >>> moments = posterior_moments(data, Gaussian(1.0))
    >>> moments.mean.round(4).to_dict(), moments.sd.round(4).to_dict()
    ({'intercept': 0.0, 'x0': 1.3333}, {'intercept': 0.5774, 'x0': 0.5774})
    >>> moments.predict([[3.0]]).round(4)
       mean  sd_mean      sd
    0   4.0   1.8257  2.0817
    """
    import pandas as pd

    model = Model(data, prior)
    if not prior.is_normal:
        raise PriormapError(
            f"the posterior under {prior!r} has no closed form; draw from it by sample(data, prior)"
        )
    names = [*(["intercept"] if data.intercept else []), *data.names]
    refuse_memory(
        f"a covariance of {len(names)} columns", 3 * len(names) ** 2, "give fewer columns"
    )
    refuse_improper(model)
    exact = gaussian_posterior(model)
    unit = data.unit.in_callers_units(np.ones(data.n_features))
    mean, cov = exact.mean * unit, exact.cov * unit[:, None] * unit
    sigma_square = float(exact.sigma_square * model.unit_y**2)
    if data.intercept:
        centre = data.unit.x_mean
        across = -cov @ centre
        of_intercept = -across @ centre + sigma_square / data.n_rows
        mean = np.concatenate([[data.unit.y_mean - centre @ mean], mean])
        cov = np.block([[np.array([[of_intercept]]), across[None]], [across[:, None], cov]])
    return PosteriorMoments(
        mean=pd.Series(mean, index=names, name="mean"),
        cov=pd.DataFrame(cov, index=names, columns=names),
        sigma_square=sigma_square,
        is_normal=data.noise.is_known and prior.hyperprior is None,
        data=data,
        prior=prior,
    )
