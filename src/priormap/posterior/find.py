"""`find_map` for all that has a mode: a regression under its prior, and any PyMC model.

The verb stands here, one floor above the exact modes of a regression, as only this floor knows
PyMC.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

from priormap import mode
from priormap.checks import short
from priormap.data.regression import Regression
from priormap.errors import PriormapError
from priormap.mode import MapEstimate
from priormap.posterior.pymc import PymcMode, is_pymc_model, pymc_mode
from priormap.priors import Prior

if TYPE_CHECKING:
    import pymc as pm


@overload
def find_map(data: Regression, prior: Prior) -> MapEstimate: ...
@overload
def find_map(data: pm.Model, *, start: dict[str, Any] | None = None) -> PymcMode: ...
def find_map(
    data: Regression | pm.Model, prior: Prior | None = None, *, start: dict[str, Any] | None = None
) -> MapEstimate | PymcMode:
    r"""Exact posterior mode with its certificate: of a regression, or of any PyMC model.

    Of a regression under a prior with an l1 and an l2 part it minimises, at a known sigma,

    .. math::

        \tfrac12 \lVert y - a - X b\rVert^2 + \sum_j l_{1j} |b_j|
        + \tfrac12 \sum_j l_{2j} b_j^2,
        \qquad l_{1j} = \sigma^2 / s_j, \quad l_{2j} = \sigma^2 / t_j^2 .

    For unknown sigma it is the mode of the joint density of (intercept, coef, sigma), without a
    Jacobian. Of a yes/no response or a count (``family=`` of the data) the loss of the rows is
    their negative log likelihood. Where the penalty is not convex (`StudentT`, `Cauchy`,
    `NormalGamma` below the shape 1), it is the highest of the stationary points that are found
    from several starts.

    Of a PyMC model it minimises a smooth function plus ``sum |x - mu| / b`` over its ``pm.Laplace``
    variables (and the l1 part of `pymc_prior`), whatever ``mu`` and ``b`` are made of: the other
    variables, whose density is asked of PyMC, may have any prior, likelihood and hierarchy.
    `pymc.find_MAP` climbs by slopes alone, for which the kink is invisible, and finds no zero.
    The density is that of the variables as the model writes them: PyMC's logarithms and logits
    are moved in their place, but no Jacobian enters, as in `pymc.find_MAP`.

    Parameters
    ----------
    data : Regression or pymc.Model
        Of Bambi the model is ``model.backend.model``, after ``model.build()``.
    prior : Prior
        Of a regression's coefficients; a PyMC model has its own.
    start : mapping of names to values, optional
        Where to start in a PyMC model; default is where PyMC starts.

    Returns
    -------
    MapEstimate or PymcMode
        Zeros are exact zeros. Of a PyMC model: ``point`` (a dataset with its coordinates),
        ``zeros``, ``log_density``, ``certificate``.

    Raises
    ------
    PriormapError
        If the prior has no mode that means anything; if the joint density is unbounded, or columns
        under a flat prior separate the rows by their y; or in a PyMC model, if a free variable is
        discrete, PyTensor has no gradient, or an absolute value hides in another term (a
        potential, a Laplace likelihood).

    Warns
    -----
    PriormapWarning
        If the mode is not unique, double precision cannot decide it, or it fits y exactly.

    References
    ----------
    Tibshirani (1996), section 5; Zou and Hastie (2005), "Regularization and variable selection
    via the elastic net", JRSS B 67(2); Park and Casella (2008), eq. 1 to 5 and section 4; Andrew
    and Gao (2007), "Scalable training of L1-regularized log-linear models", on orthants.

    Examples
    --------
    >>> from priormap import Laplace, Regression, find_map
    >>> X = [[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]]
    >>> data = Regression(X, [3.0, 0.5, -3.0, -0.5], sigma=1.0)
    >>> fit = find_map(data, Laplace(scale=0.5))
    >>> fit.coef.tolist(), fit.support.tolist()
    ([2.0, 0.0], [True, False])
    >>> fit.certificate.is_mode
    True

    The same in PyMC, and with counts in place of measurements:

    >>> import pymc as pm
    >>> with pm.Model() as model:
    ...     b = pm.Laplace("b", 0.0, 0.5, shape=2)
    ...     y = pm.Normal("y", pm.math.dot(data.X, b), 1.0, observed=data.y)
    >>> find_map(model)["b"].round(9).tolist()
    [2.0, 0.0]
    >>> with pm.Model(coords={"treatment": ["drug", "diet"]}) as model:
    ...     b = pm.Laplace("b", 0.0, 0.5, dims="treatment")
    ...     rate = pm.math.exp(pm.Normal("level", 0.0, 2.0) + pm.math.dot(data.X, b))
    ...     y = pm.Poisson("y", rate, observed=[9, 3, 1, 2])
    >>> mode = find_map(model)
    >>> mode.point["b"].round(6).to_series().to_dict()
    {'drug': 0.8655, 'diet': 0.0}
    >>> mode.certificate.grade
    'stationary'
    """
    if is_pymc_model(data):
        if prior is not None:
            raise PriormapError(
                f"a PyMC model has its own priors, got prior={short(prior)} too; leave it out"
            )
        return pymc_mode(data, start)
    if prior is None:
        raise PriormapError(
            "prior is missing; use find_map(data, prior) for a Regression, or find_map(model) for "
            "a pymc.Model"
        )
    if start is not None:
        raise PriormapError("start is for a PyMC model, a Regression needs none; leave it out")
    return mode.find_map(data, prior)
