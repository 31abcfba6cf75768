"""Coefficients under one of our priors, as a block of a PyMC model of one's own."""

from __future__ import annotations

from typing import Any

from priormap.checks import positive_number, short
from priormap.data.regression import Regression
from priormap.errors import PriormapError
from priormap.model import Model
from priormap.posterior.pymc.variables import Names, Tensor, coefficients, load_pymc
from priormap.priors import Prior


def pymc_prior(
    prior: Prior,
    data: Regression,
    name: str = "coef",
    *,
    sigma: Any = None,
    dim: str = "feature",
) -> Tensor:
    r"""Coefficients with this prior, inside a PyMC model of one's own.

    Call it inside ``with pm.Model():``. The coefficients are in units of the caller's columns,
    whatever the prior speaks of: standardised columns, the noise, a learnt scale.

    Parameters
    ----------
    prior : Prior
    data : Regression
        Its columns, their names, and whether the prior speaks of standardised ones; its response
        and sigma play no part.
    name : str
        Name of the coefficients. A learnt scale is called ``scale``, and beside another name than
        ``coef`` has it before its own: ``name_scale``.
    sigma : tensor or float, optional
        The noise of your model, for a prior that is in units of it; others do not read it. Default
        the known one of `data`.
    dim : str
        Name of the dimension, whose coordinates are the names of the columns.

    Returns
    -------
    tensor of shape (p,)
        A random variable, or where a prior is made of other variables a ``pm.Deterministic``.

    Raises
    ------
    PriormapError
        Outside of a model, if the model has other coordinates or variables of these names, if a
        prior in units of the noise has no `sigma`, or the prior has a point mass at zero.

    Examples
    --------
    >>> import pymc as pm  # counts, under the prior of a lasso on standardised columns
    >>> from priormap import Laplace, Regression
    >>> data = Regression([[0.0], [1.0], [3.0], [4.0]], [1, 0, 4, 9], standardize=True)
    >>> with pm.Model() as model:
    ...     coef = pymc_prior(Laplace(0.5), data)
    ...     rate = pm.math.exp(pm.Flat("intercept") + pm.math.dot(data.X, coef))
    ...     y = pm.Poisson("y", rate, observed=data.y)
    >>> [variable.name for variable in model.free_RVs]
    ['coef', 'intercept']
    """
    settled, pm = Model(data, prior, any_likelihood=True), load_pymc()
    model = pm.Model.get_context(error_if_none=False)
    if model is None:
        raise PriormapError("pymc_prior adds to a model; call it inside of `with pm.Model():`")
    for option, value in (("name", name), ("dim", dim)):
        if not isinstance(value, str) or not value:
            raise PriormapError(f"{option} must be a name, got {short(value)}")
    labels = model.coords.get(dim)
    if labels is not None and tuple(labels) != data.names:
        raise PriormapError(
            f"the model has a dimension {dim!r} with other coordinates than the columns "
            f"{short(list(data.names))}; give another dim"
        )
    noise = _given_sigma(settled, sigma)
    try:
        model.add_coord(dim, list(data.names))
        return coefficients(settled, noise, Names(name, dim))
    except ValueError as error:  # names that are taken, or that PyMC keeps for itself
        if isinstance(error, PriormapError):
            raise
        raise PriormapError(
            f"PyMC refuses name={name!r} with dim={dim!r}, because: {str(error).rstrip('.')}; "
            "give others"
        ) from None


def _given_sigma(model: Model, sigma: Any) -> Tensor:
    """The noise that a prior is measured in: a variable of the caller's, or a number."""
    if not model.prior.scaled_by_noise:
        return None
    if sigma is None and model.noise.is_known:
        return model.noise.sd
    if sigma is None:
        raise PriormapError(
            f"{model.prior!r} is in units of the noise; give sigma=, the noise of your model"
        )
    return sigma if hasattr(sigma, "owner") else positive_number("sigma", sigma)
