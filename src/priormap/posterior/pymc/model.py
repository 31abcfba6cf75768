r"""The one door to PyMC: data and prior in, a `pymc.Model` out, whose log density is ours.

Nothing else in priormap imports PyMC, and this module does so inside functions only.
"""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal, NoReturn, TypeAlias

import numpy as np
from scipy import sparse

from priormap.arrays import Floats
from priormap.data.regression import Regression, check_data
from priormap.errors import PriormapError
from priormap.model.penalty import relative_prior
from priormap.priors import ElasticNet, Gaussian, Laplace, Prior
from priormap.priors.densities import HalfNormal, HalfStudentT, InverseGamma, Jeffreys, NoisePrior

if TYPE_CHECKING:
    import pymc as pm


Tensor: TypeAlias = Any  # a symbolic PyTensor variable; PyTensor is not typed
Likelihood: TypeAlias = Literal["rows", "moments"]

_BLOCK_ENTRIES = 1 << 18  # two megabytes of rows at a time


def load_pymc() -> ModuleType:
    """PyMC, without the announcement that older ArviZ makes when it is imported."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=FutureWarning, message=r"\s*ArviZ is under")
        import pymc
    return pymc


@contextmanager
def quiet_pymc() -> Iterator[None]:
    """PyMC without its running commentary, and without warnings about how it was compiled."""
    logger = logging.getLogger("pymc")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def pymc_model(data: Regression, prior: Prior, likelihood: Likelihood = "rows") -> pm.Model:
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
    prior : Gaussian, Laplace or ElasticNet
        Prior of the coefficients, known or with a hyperprior; a scale of ``inf`` is flat.
    likelihood : {"rows", "moments"}
        ``"rows"``: an observed ``y`` (dim ``obs_id``), from which PyMC makes posterior
        predictive draws, pointwise log likelihoods and, with ``pm.set_data`` on ``X``,
        predictions. ``"moments"``: the same density as one ``pm.Potential``, whose gradient
        costs O(p**2) instead of O(n p), however many the rows.

    Returns
    -------
    pymc.Model

    Raises
    ------
    PriormapError
        If `likelihood` is not one of the two, or `prior` does not fit the columns.

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
    """
    check_data(data)
    if likelihood not in ("rows", "moments"):
        raise PriormapError(f"likelihood must be 'rows' or 'moments', got {likelihood!r}")
    columns = relative_prior(prior, data)
    pm = load_pymc()
    with pm.Model(coords={"feature": list(data.names)}) as model:
        sigma = _sigma(data)
        learnt = 1.0 if prior.hyperprior is None else _positive("scale", prior.hyperprior)
        unit = learnt * sigma if prior.scaled_by_noise else learnt
        coef = _coef(columns, unit)
        intercept = _intercept(data, coef) if data.intercept else None
        if likelihood == "rows":
            _rows_likelihood(data, coef, intercept, sigma)
        else:
            _moments_likelihood(data, coef, intercept, sigma)
    return model


def _sigma(data: Regression) -> Tensor:
    """Noise standard deviation, in the model context: a datum or a variable with its prior."""
    if isinstance(data.sigma, float):
        return load_pymc().Data("sigma", data.sigma)
    return _positive("sigma", data.sigma, start=float(np.std(data.y)) or 1.0)


def _positive(name: str, density: NoisePrior, start: float = 1.0) -> Tensor:
    """Positive variable whose logarithm the samplers move, with one of our densities."""
    pm = load_pymc()
    from pymc.distributions.transforms import log
    from pytensor import tensor as pt

    double = np.float64  # PyTensor takes a Python float for a float32 where that is exact
    match density:
        case HalfNormal(scale):
            return pm.HalfNormal(name, double(scale))
        case HalfStudentT(df, scale):
            return pm.HalfStudentT(name, double(df), double(scale))
        case InverseGamma(shape, scale):

            def root(size: Tensor) -> Tensor:
                return pt.sqrt(pm.InverseGamma.dist(double(shape), double(scale), size=size))

            return pm.CustomDist(name, dist=root, transform=log)
        case Jeffreys():

            def logp(value: Tensor) -> Tensor:
                return math.log(2) - pt.log(value)

            return _improper(name, logp, start=start, transform=log)


def _coef(columns: Prior, unit: Tensor) -> Tensor:
    """Coefficients in the caller's units, some or all of them without a prior (scale inf)."""
    pm = load_pymc()
    from pytensor import tensor as pt

    flat = columns.is_flat
    if flat.all():
        return pm.Flat("coef", dims="feature")
    match columns:
        case ElasticNet():
            return _elastic_net(columns, unit)
        case Gaussian(scale):
            family = pm.Normal
        case Laplace(scale):
            family = pm.Laplace
    if not flat.any():
        return family("coef", 0.0, scale * unit, dims="feature")

    def logp(coef: Tensor, scale: Tensor) -> Tensor:
        return pt.switch(flat, 0.0, pm.logp(family.dist(0.0, scale), coef))

    start = np.zeros(len(flat))
    return _improper("coef", logp, np.where(flat, 1.0, scale) * unit, start=start, dims="feature")


def _elastic_net(columns: ElasticNet, unit: Tensor) -> Tensor:
    """Coefficients under elastic net priors; `unit`, of both scales, leaves their ratio alone."""
    pm = load_pymc()
    from pytensor import tensor as pt

    flat = columns.is_flat
    l1_rate, l2_rate = 1 / np.asarray(columns.l1_scale), 1 / np.asarray(columns.l2_scale)
    peak = columns.logpdf(np.zeros(len(flat)))

    def logp(coef: Tensor, unit: Tensor) -> Tensor:
        size = coef / unit
        penalty = l1_rate * pt.abs(size) + 0.5 * (l2_rate * size) ** 2
        return peak - penalty - pt.switch(flat, 0.0, pt.log(unit))

    def draw(unit: Floats, rng: np.random.Generator, size: Any = None) -> Floats:
        return unit * columns.rvs(unit.shape if size is None else size, rng)

    units, start = np.ones(len(flat)) * unit, np.zeros(len(flat))
    if flat.any():
        return _improper("coef", logp, units, start=start, dims="feature")
    return pm.CustomDist(
        "coef",
        units,
        logp=logp,
        random=draw,
        support_point=lambda *_: pt.constant(start),
        class_name="ElasticNet",
        dims="feature",
    )


def _intercept(data: Regression, coef: Tensor) -> Tensor:
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

    return _improper(
        "intercept",
        lambda intercept, coef: pt.zeros_like(intercept),
        coef,
        start=data.unit.y_mean,
        signature="(p)->()",
        transform=Centred(),
    )


def _improper(
    name: str,
    logp: Callable[..., Tensor],
    *parameters: Tensor,
    start: float | Floats,
    **options: Any,
) -> Tensor:
    """Variable with a log density that need not integrate, and so cannot be drawn from."""
    pm = load_pymc()
    from pytensor import tensor as pt

    def refuse_to_draw(*_: Any, **__: Any) -> NoReturn:
        raise PriormapError(f"{name} has an improper prior, which has no draws; leave it out")

    return pm.CustomDist(
        name,
        *parameters,
        logp=logp,
        random=refuse_to_draw,
        support_point=lambda *_: pt.constant(start),
        class_name="Improper",
        **options,
    )


def _rows_likelihood(
    data: Regression, coef: Tensor, intercept: Tensor | None, sigma: Tensor
) -> None:
    """Observed ``y`` given the rows of X; a sparse X stays sparse."""
    pm = load_pymc()
    pm.modelcontext(None).add_coord("obs_id", np.arange(data.n_rows))
    if sparse.issparse(data.X):
        from pytensor import sparse as pts

        linear = pts.dot(pts.as_sparse_variable(sparse.csr_matrix(data.X)), coef[:, None])[:, 0]
    else:
        linear = pm.math.dot(pm.Data("X", data.X, dims=("obs_id", "feature")), coef)
    mean = linear if intercept is None else intercept + linear
    pm.Normal("y", mean, sigma, observed=data.y, dims="obs_id")


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
