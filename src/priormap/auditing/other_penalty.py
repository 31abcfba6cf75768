"""The other penalty of which a vector is the mode: proven, named, and in words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from priormap.arrays import Floats
from priormap.auditing.nearest_penalty import Candidate, nearest_penalty
from priormap.auditing.slips import name_of_factor, slips_of
from priormap.data.regression import Regression
from priormap.mode.certificate import Certificate, certify
from priormap.model.penalty import Penalty
from priormap.model.problem import UnitProblem
from priormap.priors import Gaussian, Prior, penalty_parts

_CLEAR = 1e-3  # relative uncertainty of a factor beyond which it has no name
_SAME = 1e-6  # relative: a factor that counts as one
_PLACES = {
    "as given": "",
    "standardised": ", on columns divided by their sd",
    "not standardised": ", on columns not divided by their sd",
    "free": ", in a model with a free intercept",
    "none": ", in a model without an intercept",
    "penalised": ", in a model whose intercept is penalised too",
}


@dataclass(frozen=True, eq=False)
class OtherPenalty:
    """A penalty of the same family of which a vector is the mode.

    Attributes
    ----------
    l1_factor, l2_factor : float or None
        What the given penalties are multiplied by; None for one that is zero anyway.
    l1_slip, l2_slip : str or None
        The slip of convention that explains the factor, such as "n", "n/2" or
        "n * 1/sd(y)", or "1"; None where no name, or more than one, fits (to a relative 1e-6,
        or to what a solver that stopped early leaves uncertain, 1e-3 at most).
    columns : str
        "as given"; "standardised" or "not standardised" where that differs from the given.
    intercept : str
        "as given"; "free", "none" or "penalised" where that differs from the given.
    is_bound : bool
        Whether every larger penalty serves too: all coefficients are zero.
    penalty : Penalty
        The penalty itself, in units of X.
    prior : Prior or None
        The prior that it is, where one was given.
    certificate : Certificate
        Proof that the vector is the mode there, or how nearly.
    """

    l1_factor: float | None
    l2_factor: float | None
    l1_slip: str | None
    l2_slip: str | None
    columns: str
    intercept: str
    is_bound: bool
    penalty: Penalty
    prior: Prior | None
    certificate: Certificate

    def to_dict(self) -> dict[str, Any]:
        """Its factors, the slip that explains them, and how nearly the vector is its mode."""
        return {
            "l1_factor": self.l1_factor,
            "l2_factor": self.l2_factor,
            "columns": self.columns,
            "intercept": self.intercept,
            "slip": self.slip,
            "is_bound": self.is_bound,
            "is_mode": self.certificate.is_mode,
            "kkt_residual": self.certificate.kkt_residual,
        }

    @property
    def slip(self) -> str | None:
        """The whole slip in words, where every part of it has a name."""
        parts: list[str | None] = []
        for factor, name in self._factors.values():
            if factor is not None and name is None:
                return None
            parts += [name] if name not in {None, "1"} else []
        if len(set(parts)) > 1:
            parts = [f"l1: {self.l1_slip}", f"l2: {self.l2_slip}"]
        parts = list(dict.fromkeys(parts))  # both halves may share one
        if self.columns != "as given":
            parts.append(f"{self.columns} columns")
        if self.intercept != "as given":
            parts.append(f"{'no' if self.intercept == 'none' else self.intercept} intercept")
        return ", ".join(map(str, parts)) or None

    @property
    def sentence(self) -> str:
        """What the vector is the mode of."""
        if not (self.penalty.l1.any() or self.penalty.l2.any()):
            return "It is least squares, the mode without any penalty."
        opening = "It is the mode"
        if not self.certificate.is_mode:
            opening = f"It is nearly the mode (it fails by {self.certificate.kkt_residual:.0e})"
        places = _PLACES[self.columns] + _PLACES[self.intercept]
        more = " or more (all its coefficients are zero)" if self.is_bound else ""
        prior = f": {self.prior}" if self.prior is not None and not more else ""
        return f"{opening} of the given penalty{self._in_words}{more}{places}{prior}."

    @property
    def _factors(self) -> dict[str, tuple[float | None, str | None]]:
        return {"l1": (self.l1_factor, self.l1_slip), "l2": (self.l2_factor, self.l2_slip)}

    @property
    def _in_words(self) -> str:
        shown = {
            name: f" times {factor:.6g}" + (f" (that is {slip})" if slip and slip != "2" else "")
            for name, (factor, slip) in self._factors.items()
            if factor is not None and slip != "1"
        }
        if self.l1_factor is None or self.l2_factor is None or self.l1_factor == self.l2_factor:
            return next(iter(shown.values()), "")
        return ", its " + " and its ".join(f"{name}{words}" for name, words in shown.items())


def other_penalty(
    data: Regression,
    penalty: Penalty,
    coef: Floats,
    certificate: Certificate,
    prior: Prior | None,
    sigma: float | None,
) -> OtherPenalty | None:
    """Find, prove and name the penalty of which `coef` is the mode, or nearly."""
    if _is_least_squares(data, coef, certificate.tolerance):
        free = Penalty(0 * penalty.l1, 0 * penalty.l2)
        proof = _proof(data, free, coef, certificate.tolerance)
        uses = (0.0 if penalty.l1.any() else None), (0.0 if penalty.l2.any() else None)
        flat = Gaussian(np.inf) if prior is not None else None
        none = (None, None)
        return OtherPenalty(*uses, *none, "as given", "as given", False, free, flat, proof)
    found = nearest_penalty(data, penalty, coef, certificate.kkt_residual, certificate.tolerance)
    if found is None:
        return None
    sd = data.column_sd**found.sd_power if found.sd_power else 1.0
    scaled = Penalty(found.l1 * sd * penalty.l1, found.l2 * sd**2 * penalty.l2)
    l1, l2 = (
        (found.l1 if penalty.l1.any() else None),
        (found.l2 if penalty.l2.any() else None),
    )
    given = "free" if data.intercept else "none"
    return OtherPenalty(
        l1_factor=l1,
        l2_factor=l2,
        l1_slip=_slip(data, sigma, found, l1, 0.5),
        l2_slip=_slip(data, sigma, found, l2, 1.0),
        columns={0: "as given", 1: "standardised", -1: "not standardised"}[found.sd_power],
        intercept="as given" if found.intercept == given else found.intercept,
        is_bound=found.at_least,
        penalty=scaled,
        prior=None if prior is None else _rescaled(prior, found, sd),
        certificate=_proof(data, scaled, coef, certificate.tolerance, found),
    )


def _is_least_squares(data: Regression, coef: Floats, tolerance: float) -> bool:
    problem = UnitProblem(data.unit, np.zeros(len(coef)), np.zeros(len(coef)))
    gradient, _ = problem.gradient(problem.from_user(coef), exact=True)
    return bool(np.abs(gradient).max() <= tolerance) and data.unit.y_norm > 0


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
    with np.errstate(divide="ignore"):
        return parts.with_parts(
            parts.l1_scale / (found.l1 * sd), parts.l2_scale / (found.l2**0.5 * sd)
        )


def _proof(
    data: Regression,
    penalty: Penalty,
    coef: Floats,
    tolerance: float,
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
    return certify(problem, unit, names=names, tolerance=tolerance, exact=True)


def _with_penalised_intercept(
    data: Regression, penalty: Penalty, coef: Floats, found: Candidate
) -> tuple[Regression, Penalty, Floats]:
    """Make the intercept a column of ones, penalised as every other column is."""
    ones = np.ones((data.n_rows, 1))
    X = sparse.hstack([ones, data.X]) if sparse.issparse(data.X) else np.hstack([ones, data.X])
    name = "intercept" if "intercept" not in data.names else "the intercept"
    wider = Regression(X, data.y, data.sigma, intercept=False, names=(name, *data.names))
    l1, l2 = (np.concatenate([part[:1], part]) for part in (penalty.l1, penalty.l2))
    return wider, Penalty(l1, l2), np.concatenate([[found.intercept_value], coef])
