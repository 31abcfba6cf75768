"""Log marginal likelihood along the scale: exact, or integrated or bridged from draws."""

from __future__ import annotations

import numpy as np

from priormap.criteria.bridged_evidence import BridgedEvidence, bridged_evidence
from priormap.criteria.criterion import Criterion, Curve, Optimum, Study, peak
from priormap.criteria.evidence_integration import EvidenceCurve
from priormap.criteria.sampled_curves import sampled
from priormap.priors import PenaltyParts

_ROUNDING = 1e-9  # of log scale


def _integrated(study: Study) -> EvidenceCurve | BridgedEvidence:
    """From a small scale, or bridged where tails may be heavier than exponential."""
    if isinstance(study.family.prior, PenaltyParts):
        return study.once(sampled).evidence()
    ends = float(study.scales[0]), float(study.scales[-1])
    seed = study.seed.spawn(1)[0]
    return bridged_evidence(study.family, study.gaussian, ends, study.draws, study.chains, seed)


def _curve(study: Study) -> Curve:
    if study.family.prior.is_normal:
        values, error = study.gaussian.evidence(study.scales)
        return Curve(study.scales, values, np.full_like(values, error))
    curve = study.once(_integrated)
    low, high = curve.log_scales[0] - _ROUNDING, curve.log_scales[-1] + _ROUNDING
    inside = (np.log(study.scales) >= low) & (np.log(study.scales) <= high)
    scales = study.scales[inside]
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
