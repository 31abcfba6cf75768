"""Find the exact mode for known and unknown noise."""

from __future__ import annotations

import warnings
from dataclasses import replace

from priormap.data.regression import Regression
from priormap.errors import PriormapWarning
from priormap.mode.certificate import TOLERANCE, Certificate, certify
from priormap.mode.estimate import LocalMode, MapEstimate
from priormap.mode.solve import minimise
from priormap.model import Model
from priormap.model.problem import UnitProblem
from priormap.priors import Prior

_EXACT_FIT = 1e-22  # objective over |y|**2: a fit to eleven digits
_UNDECIDED = 1e-3  # share of the objective that rounding may hide without a warning


def find_map(data: Regression, prior: Prior) -> MapEstimate:
    r"""Exact posterior mode of a regression under its prior, with its certificate.

    For known sigma the mode minimises

    .. math::

        \tfrac12 \lVert y - a - X b\rVert^2 + \sum_j l_{1j} |b_j|
        + \tfrac12 \sum_j l_{2j} b_j^2,
        \qquad l_{1j} = \sigma^2 / s_j, \quad l_{2j} = \sigma^2 / t_j^2 .

    For unknown sigma it is the mode of the joint density of (intercept, coef, sigma), a
    density of sigma itself: no Jacobian for a transformed parameter, so that a mode in
    log sigma would differ.

    Parameters
    ----------
    data : Regression
    prior : Gaussian, Laplace or ElasticNet

    Returns
    -------
    MapEstimate
        Zeros are exact zeros; the non-zero part solves the linear system of its support to
        machine precision.

    Raises
    ------
    PriormapError
        If sigma is unknown and a perfect fit exists: the joint density is then unbounded.

    Warns
    -----
    PriormapWarning
        If the mode is not unique, double precision cannot decide it, or it fits y exactly.

    References
    ----------
    Tibshirani (1996), section 5; Zou and Hastie (2005), "Regularization and variable selection
    via the elastic net", JRSS B 67(2); Park and Casella (2008), eq. 1 to 5 and section 4.

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
    """
    model = Model(data, prior)
    if model.noise.is_known:
        return _mode_given_sigma(model, model.noise.sd)
    from priormap.mode.joint import sigma_modes

    highest, *others = sigma_modes(model)
    fit = _mode_given_sigma(model, highest.sigma, highest.residual)
    lower = [
        LocalMode(m.sigma, float(fit.log_posterior + m.height - highest.height)) for m in others
    ]
    return replace(fit, other_modes=tuple(lower))


def _mode_given_sigma(
    model: Model, sigma: float, sigma_residual: float | None = None
) -> MapEstimate:
    data, penalty = model.data, model.penalty(sigma)
    problem = UnitProblem.of(data, penalty)
    coef, iterations = minimise(problem)
    certificate = certify(
        problem,
        coef,
        names=data.names,
        tolerance=TOLERANCE,
        iterations=iterations,
        sigma_residual=sigma_residual,
    )
    _warn_of_doubt(certificate, data)
    user, intercept = problem.to_user(coef)
    return MapEstimate(user, intercept, sigma, certificate, penalty, data, model.prior)


def _warn_of_doubt(certificate: Certificate, data: Regression) -> None:
    if not certificate.is_mode or certificate.resolution > _UNDECIDED:
        warnings.warn(
            "double precision cannot decide this mode: nearly collinear columns leave its "
            f"objective uncertain by a share of {certificate.resolution:.0e}; drop some of them, "
            "or centre a variable before taking powers of it",
            PriormapWarning,
            stacklevel=4,
        )
    elif not certificate.is_unique:
        warnings.warn(
            "the mode is not unique: collinear columns share a coefficient in any "
            "proportion; one of the modes is returned",
            PriormapWarning,
            stacklevel=4,
        )
    elif certificate.objective < _EXACT_FIT * data.unit.y_norm**2:
        warnings.warn(
            "the mode fits y exactly: nothing is left from which to judge the noise",
            PriormapWarning,
            stacklevel=4,
        )
