"""Judge vectors from anywhere: is it the mode, or how far off is it and why."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np

from priormap.arrays import Floats
from priormap.auditing.limits import limits_of
from priormap.auditing.other_penalty import other_penalty
from priormap.data.regression import Regression
from priormap.errors import PriormapError, PriormapWarning
from priormap.mode.certificate import TOLERANCE, Certificate, Shortfall
from priormap.mode.certify import certify
from priormap.mode.certify_rows import certify_rows
from priormap.mode.group_lasso import GroupProblem
from priormap.mode.newton import minimise_rows
from priormap.mode.solve import minimise
from priormap.mode.stationary import certify_point, stationary_points
from priormap.mode.stationary_certificate import StationaryCertificate
from priormap.model import Model
from priormap.model.curved_problem import CurvedProblem
from priormap.model.penalty import Penalty
from priormap.model.problem import UnitProblem
from priormap.model.row_problem import RowProblem, refuse_separation
from priormap.priors import Prior

_EPS = float(np.finfo(float).eps)
NEAR = 0.1  # distance from the mode within which a digit holds ...
_NEARLY_ALL = 1e-3  # ... or share of what the mode gains that a solver may miss where none does
_LARGEST = 1e150  # unit coefficients whose residual can still be squared


def judge_point(model: Model, coef: Floats, tolerance: float) -> StationaryCertificate:
    """Judge a vector under a penalty that need not be convex, beside what is found from starts."""
    problem, unit = CurvedProblem(model), coef / model.columns.coef_units
    if not np.abs(unit).sum() < _LARGEST:
        raise PriormapError("coef is so large that X coef overflows; give it per unit of X")
    search = stationary_points(problem, [unit])
    return certify_point(problem, unit, model.unit_noise.sd, search, tolerance)


def judge_groups(model: Model, coef: Floats, tolerance: float) -> Certificate:
    """Judge a vector under a prior on the norms of groups."""
    problem, unit = GroupProblem(model), coef / model.columns.coef_units
    if not np.abs(unit).sum() < _LARGEST:
        raise PriormapError("coef is so large that X coef overflows; give it per unit of X")
    lam = problem.strength(model.strengths(model.unit_noise.sd)[0])
    certificate = problem.certify(problem.theta_of(unit), lam, tolerance)
    idle = np.flatnonzero((model.columns.x_norm == 0) & (unit != 0))
    if idle.size:  # on a constant column the prior alone has a say, and it says zero
        name = model.data.names[int(idle[0])]
        return replace(certificate, kkt_residual=np.inf, worst_column=name)
    return certificate


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


def judge_rows(
    data: Regression, penalty: Penalty, coef: Floats, tolerance: float = TOLERANCE
) -> Certificate:
    """Judge a vector under a likelihood of rows, at its best intercept."""
    refuse_separation(data, (penalty.l1 == 0) & (penalty.l2 == 0))
    problem = RowProblem.of(data, penalty)
    with np.errstate(over="ignore"):
        unit = problem.penalised.from_user(coef)
        if not np.abs(unit).sum() < _LARGEST:
            raise PriormapError("coef is so large that X coef overflows; give it per unit of X")
        centre = problem.best_centre(unit)
        certificate = certify_rows(problem, unit, centre, tolerance=tolerance)
    if certificate.is_proven:
        return certificate
    mode = minimise_rows(problem)
    user, _ = problem.to_user(mode.coef, mode.centre)
    best = certify_rows(problem, mode.coef, mode.centre, tolerance=TOLERANCE)
    excess = max(certificate.objective - best.objective, 0.0)
    apart = data.unit.relative_difference(coef, user)
    if not best.is_unique:
        apart = _fits_apart(problem.penalised, coef, user)
    names, tells = np.asarray(data.names), best.is_unique
    shortfall = Shortfall(
        excess=excess / best.objective if best.objective > 0 else np.inf,
        zero_here=tuple(names[(coef == 0) & (user != 0)].tolist()) if tells else (),
        zero_at_mode=tuple(names[(coef != 0) & (user == 0)].tolist()) if tells else (),
        mode=user,
        other=None,
        coef_distance=apart,
        is_near=apart <= NEAR,
    )
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
        is_near |= gains and distance <= NEAR
    with warnings.catch_warnings():  # whatever these data warn of has been said
        warnings.simplefilter("ignore", PriormapWarning)
        known = (prior, sigma, distance, is_near)
        other = other_penalty(data, penalty, coef, certificate, *known)
        limits = limits_of(data, penalty, coef, is_near=is_near) if other is None else None
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
        limits=limits,
    )


def _fits_apart(problem: UnitProblem, coef: Floats, mode: Floats) -> float:
    """Distance of the fit from that of a mode, which all modes share, over its length."""
    fit = problem.columns.fitted(problem.from_user(mode))
    apart = problem.columns.fitted(problem.from_user(coef - mode))
    return float(np.linalg.norm(apart) / (np.linalg.norm(fit) or 1.0))
