r"""The one door to PyMC: data and prior in, a `pymc.Model` out, whose log density is ours.

Nothing else in priormap imports PyMC, and this module does so inside functions only.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from scipy import sparse

from priormap.arrays import Floats
from priormap.checks import short
from priormap.data.regression import Regression
from priormap.errors import PriormapError
from priormap.likelihoods import ANOTHER
from priormap.model import Model, Penalty
from priormap.model.row_problem import RowProblem
from priormap.posterior.pymc.variables import (
    RESPONSES,
    Tensor,
    coefficients,
    improper,
    load_pymc,
    positive,
)
from priormap.priors import Prior

if TYPE_CHECKING:
    import pymc as pm


Likelihood: TypeAlias = Literal["rows", "moments"]

_FARTHEST_START = 30.0  # of an intercept in logits or logarithms
_BLOCK_ENTRIES = 1 << 18  # two megabytes of rows at a time


def pymc_model(data: Regression, prior: Prior, likelihood: Likelihood | None = "rows") -> pm.Model:
    r"""PyMC model of the regression, to sample, extend or take apart with PyMC's own tools.

    Its log density is `priormap.log_posterior` with every constant. The variables are
    ``coef`` (dim ``feature``, in units of X), ``intercept`` (flat prior), ``sigma``, a
    ``pm.Data`` where the noise is known, and ``scale`` where the prior's scale is learnt.
    PyMC moves ``log(sigma)`` and ``log(scale)`` in their place, and in place of the intercept
    the mean response ``intercept + x_mean @ coef``, which unlike the intercept itself is not
    correlated with the coefficients (unit Jacobian; its name is ``intercept_centred__``).

    Parameters
    ----------
    data : Regression
    prior : Prior
        Of the coefficients, known or with a hyperprior; a scale of ``inf`` is flat.
    likelihood : {"rows", "moments"} or None
        ``"rows"``: an observed ``y`` (dim ``obs_id``) of the family of the data, from which PyMC
        makes posterior predictive draws, pointwise log likelihoods and, with ``pm.set_data`` on
        ``X``, predictions. ``"moments"``: the same density as one ``pm.Potential``, whose gradient
        costs O(p**2) instead of O(n p), however many the rows. ``None``: the linear predictor
        ``mu`` (dim ``obs_id``), to hang any likelihood on; ``sigma`` is then in the model only
        where the prior is in units of it.

    Returns
    -------
    pymc.Model

    Raises
    ------
    PriormapError
        If `likelihood` is not one of these, or `prior` does not fit the columns.

    Notes
    -----
    The log density that PyMC's samplers see includes the Jacobians of the two logarithms;
    ``model.compile_logp(jacobian=False)`` is the density of (intercept, coef, sigma, scale).

    Examples
    --------
    >>> from priormap import Gaussian, HalfNormal, Regression
    >>> data = Regression([[0.0], [1.0], [3.0]], [0.0, 2.0, 5.0], sigma=HalfNormal(1.0))
    >>> model = pymc_model(data, Gaussian(scale=2.0))
    >>> [variable.name for variable in model.free_RVs]
    ['sigma', 'coef', 'intercept']
    >>> model.coords["feature"]
    ('x0',)

    Robust regression, of which priormap has no likelihood:

    >>> import pymc as pm
    >>> with pymc_model(data, Gaussian(scale=2.0), likelihood=None) as robust:
    ...     y = pm.StudentT("y", nu=4, mu=robust["mu"], sigma=1.0, observed=data.y, dims="obs_id")
    >>> [variable.name for variable in robust.free_RVs]
    ['coef', 'intercept']
    """
    if likelihood is not None:
        check_likelihood(likelihood)
    settled, pm = Model(data, prior, any_likelihood=True), load_pymc()
    own = data.likelihood
    if likelihood == "moments" and not own.has_moments:
        raise PriormapError(
            f"likelihood='moments' is for Gaussian noise, and y is {own.response}; use 'rows'"
        )
    with pm.Model(coords={"feature": list(data.names)}) as model:
        needs_sigma = (likelihood is not None and own.has_sigma) or settled.prior.scaled_by_noise
        sigma = _sigma(data) if needs_sigma else None
        coef = coefficients(settled, sigma)
        intercept = _intercept(data, coef, _start(data, likelihood)) if data.intercept else None
        if likelihood == "moments":
            _moments_likelihood(data, coef, intercept, sigma)
        else:
            mean = _linear_predictor(data, coef, intercept)
            if likelihood is None:
                pm.Deterministic("mu", mean, dims="obs_id")
            else:
                RESPONSES[own.name]("y", mean, sigma, observed=data.y, dims="obs_id")
    return model


def check_likelihood(likelihood: object) -> None:
    """Refuse what is none of the two ways to write the likelihood."""
    if likelihood not in ("moments", "rows"):
        raise PriormapError(
            f"likelihood must be 'moments' or 'rows', got {short(likelihood)}; {ANOTHER}"
        )


def _sigma(data: Regression) -> Tensor:
    """Variable of the noise, a ``pm.Data`` where it is known."""
    if data.noise.density is None:
        return load_pymc().Data("sigma", data.noise.sd)
    return positive("sigma", data.noise.density, start=float(np.std(data.y)) or 1.0)


def _start(data: Regression, likelihood: Likelihood | None) -> float:
    """Where the mean linear predictor starts: at zero where it may be the log of counts."""
    if likelihood is not None and not data.likelihood.has_moments:
        none = np.zeros(data.n_features)
        alone = RowProblem.of(data, Penalty(none, none)).best_centre(none)
        return float(np.clip(alone, -_FARTHEST_START, _FARTHEST_START))
    are_counts = bool((data.y >= 0).all() and (data.y % 1 == 0).all())
    return 0.0 if likelihood is None and are_counts else data.unit.y_mean


def _intercept(data: Regression, coef: Tensor, start: float) -> Tensor:
    """Flat intercept, moved through the mean response, which is where the data know it."""
    from pymc.logprob.transforms import Transform
    from pytensor import tensor as pt

    x_mean = data.unit.x_mean

    class Centred(Transform):  # type: ignore[misc]
        name = "centred"
        ndim_supp = 0

        def forward(self, intercept: Tensor, *inputs: Tensor) -> Tensor:
            return intercept + pt.dot(x_mean, inputs[-1])

        def backward(self, mean_response: Tensor, *inputs: Tensor) -> Tensor:
            return mean_response - pt.dot(x_mean, inputs[-1])

        def log_jac_det(self, mean_response: Tensor, *inputs: Tensor) -> Tensor:
            return pt.zeros_like(mean_response)

    return improper(
        "intercept",
        lambda intercept, coef: pt.zeros_like(intercept),
        coef,
        start=start,
        signature="(p)->()",
        transform=Centred(),
    )


def _linear_predictor(data: Regression, coef: Tensor, intercept: Tensor | None) -> Tensor:
    """``intercept + X @ coef`` of every row; a sparse X stays sparse."""
    pm = load_pymc()
    rows = np.arange(data.n_rows) if data.row_labels is None else data.row_labels.to_numpy()
    pm.modelcontext(None).add_coord("obs_id", rows)
    if sparse.issparse(data.X):
        from pytensor import sparse as pts

        linear = pts.dot(pts.as_sparse_variable(sparse.csr_matrix(data.X)), coef[:, None])[:, 0]
    else:
        linear = pm.math.dot(pm.Data("X", data.X, dims=("obs_id", "feature")), coef)
    return linear if intercept is None else intercept + linear


def _moments_likelihood(
    data: Regression, coef: Tensor, intercept: Tensor | None, sigma: Tensor
) -> None:
    """Density of all rows at once, from at most p + 2 rows with the same sums of squares."""
    pm = load_pymc()
    from pytensor import tensor as pt

    root = triangular_root(data)
    unknowns = coef
    if intercept is not None:
        mean_response = intercept + pt.dot(data.unit.x_mean, coef)
        unknowns = pt.concatenate([[mean_response - data.unit.y_mean], coef])
    residual = root[:, -1] - pt.dot(root[:, :-1], unknowns)
    constant = 0.5 * data.n_rows * math.log(2 * math.pi)
    log_density = -0.5 * pt.sum((residual / sigma) ** 2) - data.n_rows * pt.log(sigma) - constant
    pm.Potential("likelihood", log_density)


def triangular_root(data: Regression) -> Floats:
    r"""Triangular ``T`` whose moments are those of the rows ``A = [1, X - x_mean, y - y_mean]``.

    ``T'T = A'A``, so that ``|y - a - X b|**2 = |T[:, -1] - T[:, :-1] @ [a', b]|**2`` with
    ``a' = a + x_mean @ b - y_mean``. QR of blocks of rows keeps the digits that X'X squares
    away. Shape (min(n, p + 2), p + 2); without an intercept there is no column of ones.
    """
    X = sparse.csr_array(data.X) if sparse.issparse(data.X) else data.X
    n_columns = data.n_features + 1 + bool(data.intercept)
    size = max(4 * n_columns, _BLOCK_ENTRIES // n_columns)
    root = np.empty((0, n_columns))
    for start in range(0, data.n_rows, size):
        rows = slice(start, start + size)
        block: Floats = X[rows].toarray() if sparse.issparse(X) else X[rows]
        ones = np.ones((len(block), int(data.intercept)))
        response = data.y[rows, None] - data.unit.y_mean
        block = np.hstack([ones, block - data.unit.x_mean, response])
        root = np.asarray(np.linalg.qr(np.vstack([root, block]), mode="r"))
    return root
