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
from priormap.mode.certificate import TOLERANCE, Certificate, Shortfall
from priormap.mode.certify import certify
from priormap.mode.solve import minimise
from priormap.model.penalty import Penalty, prior_of_columns
from priormap.model.problem import UnitProblem
from priormap.priors import Prior

_EPS = float(np.finfo(float).eps)
_NEAR = 0.1  # distance from the mode within which a digit holds ...
_NEARLY_ALL = 1e-3  # ... or share of what the mode gains that a solver may miss where none does
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
        Distance from the mode that still counts as it: largest difference of an effect
        ``|x_j| b_j`` over the largest effect at the mode, so that 1e-6 asks for six digits. At
        the default of 1e-9 and below nothing counts but a proof, by duality gap and KKT residual.

    Returns
    -------
    Certificate
        Its `grade` is "mode", "mode to digits" (how many are in `digits`: a solver stopped
        early), "mode of another penalty" or "another point"; but for the first, its `shortfall`
        says more. `is_mode` is whether it is the mode within the tolerance.

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
    if certificate.is_proven:
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
    best = certify(problem, unit, names=data.names, tolerance=TOLERANCE, exact=True)
    excess = max(certificate.objective - best.objective, 0.0)
    null = 0.5 * data.unit.y_norm**2  # the objective at zero
    floor = _EPS * null  # what says nothing beside it
    relative = 0.0 if excess <= floor else np.inf
    if best.objective > floor:
        relative = excess / best.objective
    distance, is_near = np.inf, False
    if best.is_proven and null > 0:
        gains = null - best.objective > floor
        missed = excess / (null - best.objective if gains else null)
        apart = data.unit.relative_difference(coef, user)
        if not best.is_unique:
            apart = max(certificate.penalty_gap, _fits_apart(problem, coef, user))
        distance = max(apart, missed)  # a penalty may be large where the effect of a column is not
        objective_tells = gains and certificate.penalty_gap <= TOLERANCE
        is_near = missed <= _NEARLY_ALL if objective_tells else distance <= _NEARLY_ALL
        is_near |= gains and distance <= _NEAR
    with warnings.catch_warnings():  # whatever these data warn of has been said
        warnings.simplefilter("ignore", PriormapWarning)
        other = other_penalty(data, penalty, coef, certificate, prior, sigma, is_near)
    tells = best.is_unique  # else another mode has other zeros
    names = np.asarray(data.names)
    return Shortfall(
        excess=relative,
        zero_here=tuple(names[(coef == 0) & (user != 0)].tolist()) if tells else (),
        zero_at_mode=tuple(names[(coef != 0) & (user == 0)].tolist()) if tells else (),
        mode=user,
        other=other,
        coef_distance=distance,
        is_near=is_near,
    )


def _fits_apart(problem: UnitProblem, coef: Floats, mode: Floats) -> float:
    """Distance of the fit from that of a mode, which all modes share, over its length."""
    fit = problem.columns.fitted(problem.from_user(mode))
    apart = problem.columns.fitted(problem.from_user(coef - mode))
    return float(np.linalg.norm(apart) / (np.linalg.norm(fit) or 1.0))
