"""The other penalty of which a vector is the mode: found, proven, and its factors named.

Libraries write the same penalty with or without the number of rows, the halves, the units of y
and the noise. A factor of one of them, or of two, tells which was forgotten; a factor that
fits several names tells nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations

import numpy as np

from priormap.arrays import Floats
from priormap.auditing.nearest_penalty import Candidate, nearest_penalty
from priormap.auditing.weighted_rows import rows_with_ones
from priormap.data.regression import Regression
from priormap.mode.certificate import TOLERANCE, Certificate, OtherPenalty
from priormap.mode.certify import certify
from priormap.model.penalty import Penalty
from priormap.model.problem import UnitProblem
from priormap.priors import Gaussian, Prior, penalty_parts

_CLEAR = 1e-3  # relative uncertainty of a factor beyond which it has no name
_FAR = 0.1  # share of the largest pull
_SAME = 1e-6  # relative: two factors closer than this are one


def other_penalty(
    data: Regression,
    penalty: Penalty,
    coef: Floats,
    certificate: Certificate,
    prior: Prior | None,
    sigma: float | None,
    distance: float,
    is_near: bool,
) -> OtherPenalty | None:
    """Find, prove and name the penalty of which `coef` is the mode, or nearly.

    Where they are near the mode of the given one, a solver that stopped early explains them
    too: then only what is proven, or has a name, by more conditions than it fits or far from
    the given one, counts.
    """
    if _is_least_squares(data, coef):
        free = Penalty(0 * penalty.l1, 0 * penalty.l2)
        proof = _proof(data, free, coef)
        uses = (0.0 if penalty.l1.any() else None), (0.0 if penalty.l2.any() else None)
        flat = Gaussian(np.inf) if prior is not None else None
        none = (None, None)
        return OtherPenalty(*uses, *none, "as given", "as given", False, free, flat, proof)
    found = nearest_penalty(data, penalty, coef, certificate.kkt_residual, TOLERANCE)
    if found is None:
        return None
    sd = data.column_sd**found.sd_power if found.sd_power else 1.0
    scaled = Penalty(found.l1 * sd * penalty.l1, found.l2 * sd**2 * penalty.l2)
    l1, l2 = (
        (found.l1 if penalty.l1.any() else None),
        (found.l2 if penalty.l2.any() else None),
    )
    given = "free" if data.intercept else "none"
    other = OtherPenalty(
        l1_factor=l1,
        l2_factor=l2,
        l1_slip=_slip(data, sigma, found, l1, 0.5),
        l2_slip=_slip(data, sigma, found, l2, 1.0),
        columns={0: "as given", 1: "standardised", -1: "not standardised"}[found.sd_power],
        intercept="as given" if found.intercept == given else found.intercept,
        is_bound=found.at_least,
        penalty=scaled,
        prior=None if prior is None else _rescaled(prior, found, sd),
        certificate=_proof(data, scaled, coef, found),
    )
    is_told = other.certificate.is_proven or other.slip is not None
    is_told &= found.spare > 0 or (distance > _FAR**2 and _is_far(data, penalty, coef, certificate))
    return None if other.is_given or (is_near and not is_told) else other


def _is_far(data: Regression, penalty: Penalty, coef: Floats, certificate: Certificate) -> bool:
    """Whether the conditions fail by much, beside what the penalty pulls with."""
    problem = UnitProblem.of(data, penalty)
    pull = (problem.l1 + problem.l2 * np.abs(problem.from_user(coef)))[coef != 0]
    return bool(certificate.kkt_residual > _FAR * pull.max(initial=0.0))


def _is_least_squares(data: Regression, coef: Floats) -> bool:
    problem = UnitProblem(data.unit, np.zeros(len(coef)), np.zeros(len(coef)))
    gradient, _ = problem.gradient(problem.from_user(coef), exact=True)
    return bool(np.abs(gradient).max() <= TOLERANCE) and data.unit.y_norm > 0


def _slip(
    data: Regression, sigma: float | None, found: Candidate, factor: float | None, half: float
) -> str | None:
    if factor is None:
        return None
    if abs(factor - 1) <= max(_SAME, min(found.uncertainty, _CLEAR)):
        return "1"
    if found.at_least or found.uncertainty > _CLEAR:
        return None
    slips = slips_of(data, sigma)
    if found.sd_power:  # an sd that divides by n - 1, to the power of the penalty
        ratio = data.n_rows / (data.n_rows - 1)
        slips["divisor"] = {"sd with 1/(n - 1)": ratio ** (half * found.sd_power)}
    return name_of_factor(factor, slips, found.uncertainty)


def _rescaled(prior: Prior, found: Candidate, sd: Floats | float) -> Prior:
    """Return the prior whose penalty is the found one."""
    parts = penalty_parts(prior)
    with np.errstate(divide="ignore", over="ignore"):  # a part without penalty is flat
        return parts.with_parts(
            np.divide(parts.l1_scale, found.l1 * sd), np.divide(parts.l2_scale, found.l2**0.5 * sd)
        )


def _proof(
    data: Regression,
    penalty: Penalty,
    coef: Floats,
    found: Candidate | None = None,
) -> Certificate:
    """Certificate of the vector in the model that was found."""
    names = data.names
    if found is not None and found.intercept == "penalised":
        data, penalty, coef = _with_penalised_intercept(data, penalty, coef, found)
        names = data.names
    elif found is not None and (found.intercept == "free") != data.intercept:
        data = replace(data, intercept=found.intercept == "free")
    problem = UnitProblem.of(data, penalty)
    unit = problem.from_user(coef)
    return certify(problem, unit, names=names, tolerance=TOLERANCE, exact=True)


def _with_penalised_intercept(
    data: Regression, penalty: Penalty, coef: Floats, found: Candidate
) -> tuple[Regression, Penalty, Floats]:
    """Make the intercept a column of ones, penalised as every other column is."""
    wider = rows_with_ones(data).data
    l1, l2 = (np.concatenate([part[:1], part]) for part in (penalty.l1, penalty.l2))
    return wider, Penalty(l1, l2), np.concatenate([[found.intercept_value], coef])


def slips_of(data: Regression, sigma: float | None) -> dict[str, dict[str, float]]:
    """Factors that conventions differ by, by what they are made of."""
    n, sd = float(data.n_rows), float(np.std(data.y))
    slips = {
        "rows": {"n": n, "1/n": 1 / n, "2n": 2 * n, "1/(2n)": 0.5 / n, "n/2": n / 2, "2/n": 2 / n},
        "halves": {"2": 2.0, "1/2": 0.5},
    }
    if sd > 0:
        slips["response"] = _powers("sd(y)", sd)
    if sigma is not None:
        slips["noise"] = _powers("sigma", sigma)
    return slips


def name_of_factor(
    factor: float, slips: Mapping[str, Mapping[str, float]], tolerance: float = _SAME
) -> str | None:
    """Name of the one slip, or the one pair of slips, that `factor` is; None if unclear.

    Parameters
    ----------
    factor : float
        Positive.
    slips : mapping
        As `slips_of` returns them; two of one group are never combined.
    tolerance : float
        Relative; at least 1e-6.

    Examples
    --------
    >>> slips = {"rows": {"n": 50.0, "1/n": 0.02}, "halves": {"2": 2.0, "1/2": 0.5}}
    >>> name_of_factor(50.0, slips), name_of_factor(25.0, slips), name_of_factor(7.0, slips)
    ('n', 'n * 1/2', None)
    """
    if not factor > 0 or not math.isfinite(factor):
        return None
    tolerance = max(tolerance, _SAME)
    target = math.log(factor)
    groups = [
        {name: math.log(value) for name, value in group.items() if abs(math.log(value)) > tolerance}
        for group in slips.values()
    ]
    alone = [
        name for group in groups for name, value in group.items() if abs(value - target) < tolerance
    ]
    if alone:
        return alone[0] if len(alone) == 1 else None
    pairs = [
        f"{name} * {other}"
        for group, rest in combinations(groups, 2)
        for name, value in group.items()
        for other, second in rest.items()
        if abs(value + second - target) < tolerance
    ]
    return pairs[0] if len(pairs) == 1 else None


def _powers(name: str, value: float) -> dict[str, float]:
    return {
        name: value,
        f"{name}^2": value**2,
        f"1/{name}": 1 / value,
        f"1/{name}^2": 1 / value**2,
    }
