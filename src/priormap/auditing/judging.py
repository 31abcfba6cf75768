"""Judge vectors from anywhere: is it the mode, or how far off is it and why."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np

from priormap.arrays import Floats
from priormap.auditing.other_penalty import other_penalty
from priormap.checks import positive_number
from priormap.data.coefficients import Coefficients, as_coefficients
from priormap.data.regression import Regression, check_data
from priormap.errors import PriormapError, PriormapWarning
from priormap.mode.certificate import Certificate, Shortfall
from priormap.mode.certify import TOLERANCE, certify
from priormap.mode.solve import minimise
from priormap.model.penalty import Penalty, prior_of_columns
from priormap.model.problem import UnitProblem
from priormap.priors import Prior

_EPS = float(np.finfo(float).eps)
_LARGEST = 1e150  # unit coefficients whose residual can still be squared


def audit(
    data: Regression,
    prior: Prior | Penalty,
    coef: Coefficients,
    *,
    sigma: float | None = None,
    tolerance: float = TOLERANCE,
) -> Certificate:
    r"""Judge coefficients from anywhere: are they the mode, or how far off are they and why.

    Where they are not, the mode is found, and with it the exact excess of the objective and
    the zeros that differ; and the penalty ``(a l1, m l2)`` of which they are the mode is
    looked for, also on columns that are standardised or not, and with a free, a penalised or
    no intercept. Its optimality conditions

    .. math:: x_j' r = a\, l_{1j} \operatorname{sign}(b_j) + m\, l_{2j} b_j

    are linear in (a, m). A factor that a slip of convention explains, such as n, n/2, sd(y),
    or two of them, is named where one name fits it to a relative 1e-6. The intercept is taken
    as the best one for `coef`.

    Parameters
    ----------
    data : Regression
    prior : prior or Penalty
        What to judge by. A `Penalty` (l1, l2) needs no sigma.
    coef : array of shape (p,), Series, mapping, fitted estimator or path of a CSV file
        Coefficients in units of X, from any program. Named ones are aligned with the columns;
        a CSV file has the columns ``feature`` and ``coef``. An estimator may stand behind a
        StandardScaler (or another scaler) in a Pipeline.
    sigma : float, optional
        Noise standard deviation at which to judge; needed where `data` does not know it and
        a prior is given.
    tolerance : float
        Relative duality gap and KKT residual that still count as the mode.

    Returns
    -------
    Certificate
        Its `shortfall` is set where the coefficients are not the mode.

    Raises
    ------
    PriormapError
        If `coef` has the wrong shape, names that are missing or unknown, or entries that are
        not finite, or sigma is missing.

    Examples
    --------
    >>> from priormap import Gaussian, Regression, audit
    >>> data = Regression([[0.0], [1.0], [5.0]], [0.0, 1.0, 2.0], sigma=1.0)
    >>> audit(data, Gaussian(1.0), coef=[1 / 3]).is_mode
    True
    >>> other = audit(data, Gaussian(1.0), coef={"x0": 5 / 17}).shortfall.other
    >>> round(other.l2_factor, 9), other.l2_slip, other.prior
    (3.0, 'n', Gaussian(scale=0.57735))
    """
    check_data(data)
    values = as_coefficients(coef, data.names)
    tolerance = positive_number("tolerance", tolerance)
    given = None
    if isinstance(prior, Penalty):
        penalty, noise = prior.for_columns(data.names), data.noise.known
        if len(penalty.l1) != data.n_features:
            raise PriormapError(
                f"the penalty has {len(penalty.l1)} entries but X has {data.n_features} columns; "
                "give one per column"
            )
    else:
        noise = data.noise.at(sigma, otherwise="say at which sigma to judge")
        given = prior_of_columns(prior, data)
        penalty = Penalty.from_prior(given, data, noise)
    return judge(data, penalty, values, given, noise, tolerance)


def judge(
    data: Regression,
    penalty: Penalty,
    coef: Floats,
    prior: Prior | None,
    sigma: float | None,
    tolerance: float = TOLERANCE,
    mode: Floats | None = None,
) -> Certificate:
    """Judge a vector by the penalty that `prior` is at `sigma`; `mode` where it is known."""
    problem = UnitProblem.of(data, penalty)
    with np.errstate(over="ignore"):
        unit = problem.from_user(coef)
        if not np.abs(unit).sum() < _LARGEST:
            raise PriormapError("coef is so large that X coef overflows; give it per unit of X")
        certificate = certify(problem, unit, names=data.names, tolerance=tolerance, exact=True)
    if certificate.is_mode:
        return certificate
    shortfall = _shortfall(data, penalty, coef, certificate, prior, sigma, mode)
    return replace(certificate, shortfall=shortfall)


def _shortfall(
    data: Regression,
    penalty: Penalty,
    coef: Floats,
    certificate: Certificate,
    prior: Prior | None = None,
    sigma: float | None = None,
    mode: Floats | None = None,
) -> Shortfall:
    """Solve for the mode where it is unknown; search for the penalty of which `coef` is one."""
    problem = UnitProblem.of(data, penalty)
    unit = minimise(problem)[0] if mode is None else problem.from_user(mode)
    user = problem.to_user(unit)[0] if mode is None else mode
    best = certify(problem, unit, names=data.names, tolerance=certificate.tolerance, exact=True)
    excess = max(certificate.objective - best.objective, 0.0)
    floor = _EPS * 0.5 * data.unit.y_norm**2  # what says nothing beside the objective at zero
    relative = 0.0 if excess <= floor else np.inf
    if best.objective > floor:
        relative = excess / best.objective
    with warnings.catch_warnings():  # whatever these data warn of has been said
        warnings.simplefilter("ignore", PriormapWarning)
        other = other_penalty(data, penalty, coef, certificate, prior, sigma)
    tells = best.is_unique  # else another mode has other zeros
    names = np.asarray(data.names)
    return Shortfall(
        excess=relative,
        zero_here=tuple(names[(coef == 0) & (user != 0)].tolist()) if tells else (),
        zero_at_mode=tuple(names[(coef != 0) & (user == 0)].tolist()) if tells else (),
        mode=user,
        other=None if other is None or other.is_given else other,
    )
