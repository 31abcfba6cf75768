"""Estimators of scikit-learn: a posterior behind ``fit`` and ``predict``.

Imported only when asked for: ``from priormap.sklearn import BayesianLinear``.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from priormap.arrays import Floats
from priormap.checks import one_of
from priormap.data.regression import Regression
from priormap.mode import MapEstimate, find_map
from priormap.model.prior_predictive import even_factor
from priormap.posterior import posterior_moments, predict, prediction_table, sample
from priormap.priors import Gaussian, Prior

if TYPE_CHECKING:
    import xarray as xr

POINTS = ("mode", "mean", "median")
_LARGEST_COVARIANCE = 2000  # columns up to which exact moments of predictions are worth it


class BayesianLinear(RegressorMixin, BaseEstimator):  # type: ignore[misc]  # no stubs
    r"""Linear regression under a prior: ``y ~ Normal(a + X b, sigma**2)``.

    Parameters
    ----------
    prior : Prior, optional
        Of the coefficients. Default: a Gaussian under which, before the data, the columns explain
        half of the variance of y in the median.
    sigma : float, density or None
        Noise standard deviation, as in `priormap.Regression`; None is unknown under
        ``HalfStudentT(4, sd(y))``.
    fit_intercept : bool
    standardize : bool
        Whether the prior speaks of columns divided by their standard deviation.
    point : {"mode", "mean", "median"}
        Of the posterior, for ``coef_``, ``intercept_`` and ``predict``. The mode is exact and
        certified; the others are of draws, or exact under a Gaussian prior where they are the same.
    draws, chains : int
        Of the posterior, where it is drawn.
    random_state : int, SeedSequence, Generator or None
        For its draws.

    Attributes
    ----------
    coef_ : array of shape (p,)
    intercept_ : float
    sigma_ : float
        The known noise, or the point of the posterior that was asked for.
    certificate_ : Certificate
        Proof that the point is the mode; only where it is.
    posterior_ : DataTree
        Draws of `priormap.sample`, made when they are first asked for.
    prior_ : Prior
        The prior that was used.
    n_features_in_ : int
    feature_names_in_ : array of shape (p,)
        As in scikit-learn; names only where the columns have some.

    Raises
    ------
    PriormapError
        A ValueError in one sentence, where there is no such mode or posterior.

    Examples
    --------
    >>> import priormap as pmap
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.model_selection import cross_val_score
    >>> X, y = load_diabetes(return_X_y=True)
    >>> lasso = BayesianLinear(pmap.Laplace(scale=4.0), sigma=54.0, standardize=True).fit(X, y)
    >>> int((lasso.coef_ == 0).sum()), lasso.certificate_.is_mode
    (3, True)
    >>> mean, sd = lasso.predict(X[:2], return_std=True)
    >>> bool((abs(sd - 54.0) < 3.0).all())
    True
    >>> cross_val_score(lasso, X, y).mean().round(2)
    np.float64(0.48)
    """

    def __init__(
        self,
        prior: Prior | None = None,
        *,
        sigma: Any = None,
        fit_intercept: bool = True,
        standardize: bool = False,
        point: str = "mode",
        draws: int = 1000,
        chains: int = 4,
        random_state: Any = None,
    ) -> None:
        self.prior = prior
        self.sigma = sigma
        self.fit_intercept = fit_intercept
        self.standardize = standardize
        self.point = point
        self.draws = draws
        self.chains = chains
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Self:
        """Find the point of the posterior.

        Parameters
        ----------
        X : array, DataFrame or sparse matrix of shape (n, p)
        y : array of shape (n,)
        """
        one_of("point", self.point, POINTS)
        X, y = validate_data(
            self, X, y, accept_sparse="csc", y_numeric=True, ensure_min_samples=2, dtype=float
        )
        for stale in ("_drawn", "certificate_"):
            self.__dict__.pop(stale, None)
        self._data = Regression(
            X,
            y,
            self.sigma,
            intercept=bool(self.fit_intercept),
            standardize=bool(self.standardize),
            names=getattr(self, "feature_names_in_", None),
        )
        self.prior_ = self.prior if self.prior is not None else _default_prior(self._data)
        if self.point == "mode":
            self._take_mode(find_map(self._data, self.prior_))
        else:
            self._take_draws(np.mean if self.point == "mean" else np.median)
        return self

    def predict(self, X: Any, return_std: bool = False) -> Any:
        """Predict with the point; with `return_std` also the sd of a response, noise included.

        That sd is of the posterior predictive distribution: exact under a Gaussian prior, else of
        draws.
        """
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", reset=False, dtype=float)
        mean = np.asarray(X @ self.coef_ + self.intercept_)
        if not return_std:
            return mean
        if self.prior_.is_normal and self._data.n_features <= _LARGEST_COVARIANCE:
            return mean, posterior_moments(self._data, self.prior_).predict(X)["sd"].to_numpy()
        found = predict(self.posterior_, X, random_seed=self.random_state)
        return mean, prediction_table(found)["sd"].to_numpy()

    @property
    def posterior_(self) -> xr.DataTree:
        """Draws of the posterior, made when they are first asked for."""
        check_is_fitted(self, "coef_")
        return self._drawn

    @cached_property
    def _drawn(self) -> xr.DataTree:
        return sample(
            self._data,
            self.prior_,
            self.draws,
            chains=self.chains,
            random_seed=self.random_state,
            progressbar=False,
        )

    def _take_mode(self, mode: MapEstimate) -> None:
        self.coef_: Floats = mode.coef
        self.intercept_, self.sigma_ = float(mode.intercept), float(mode.sigma)
        self.certificate_ = mode.certificate

    def _take_draws(self, middle: Any) -> None:
        posterior = self._drawn["posterior"]
        p = self._data.n_features
        self.coef_ = middle(posterior["coef"].to_numpy().reshape(-1, p), axis=0)
        self.intercept_ = float(middle(posterior["intercept"])) if "intercept" in posterior else 0.0
        known = self._data.noise.known
        self.sigma_ = float(middle(posterior["sigma"])) if known is None else float(known)

    def __sklearn_tags__(self) -> Any:
        """Sparse columns are taken."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def _default_prior(data: Regression) -> Prior:
    return Gaussian().stretched(even_factor(data, Gaussian()))
