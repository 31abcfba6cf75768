"""Log marginal likelihood along the scale: exact, or integrated from posterior draws."""

from __future__ import annotations

import numpy as np

from priormap.criteria.criterion import Criterion, Curve, Optimum, Study, peak
from priormap.criteria.evidence_integration import EvidenceCurve
from priormap.criteria.sampled_curves import sampled

_ROUNDING = 1e-9  # of log scale


def _integrated(study: Study) -> EvidenceCurve:
    return study.once(sampled).evidence()


def _curve(study: Study) -> Curve:
    if study.family.prior.is_normal:
        values, error = study.gaussian.evidence(study.scales)
        return Curve(study.scales, values, np.full_like(values, error))
    curve = study.once(_integrated)
    scales = study.scales[np.log(study.scales) <= curve.log_scales[-1] + _ROUNDING]
    return Curve(scales, curve.at(scales), curve.error(scales))


def _optima(study: Study, found: Curve) -> list[Optimum]:
    meaning = "largest marginal likelihood: no other scale makes these data more probable"
    if study.family.prior.is_normal:
        curves = study.gaussian
        best = peak(lambda s: curves.evidence(s)[0], found.scales, found.values)
        value, error = curves.evidence(np.array([best]))[0][0], found.se[0]
    else:
        curve = study.once(_integrated)
        best, off = curve.maximiser()
        value, error = curve.at(best), curve.error(best)
        if np.isfinite(off):
            meaning += f" (Monte Carlo error of the scale {100 * off:.1g} %)"
    return [Optimum("empirical_bayes", best, float(value), float(error), meaning)]


EVIDENCE = Criterion(
    "evidence",
    {"empirical_bayes": "evidence"},
    _optima,
    _curve,
    label="log\nevidence",
    value="log marginal likelihood",
    best="empirical_bayes",
    is_log=True,
    has_error=True,
    aliases=("empirical_bayes",),
)
