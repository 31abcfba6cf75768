"""The criteria that choose a scale: each gives its curve and the scales that it prefers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.optimize import brentq

from priormap.arrays import Floats
from priormap.criteria.cross_validation import FoldErrors
from priormap.criteria.hyperposterior import posterior_of_scale
from priormap.criteria.leave_one_out import LeaveOneOut, loo_exact
from priormap.criteria.optimum import Curve, Optimum, peak
from priormap.criteria.study import Study
from priormap.criteria.universal import universal_scale
from priormap.criteria.unknown_noise import evidence_over_sigma

Found: TypeAlias = "tuple[Curve | None, list[Optimum]]"
_BAD_KHAT = 0.7
_NEAR = 4.0  # of a log density: differences below are small beside those over rows
_LOO = "largest leave-one-out predictive density of the posterior"
_EVIDENCE = "largest marginal likelihood: no other scale makes these data more probable"
_ONE_SE = "strongest prior whose mode predicts within one standard error of cv"
_UNIVERSAL = (
    "lambda = sigma sqrt(2 n log p) on columns of sd 1, just above what noise alone does to p "
    "columns"
)


def _cross_validation(study: Study) -> Found:
    """Prediction error of the mode: its minimum, and the one-standard-error rule."""
    errors = FoldErrors(study.family, study.folds, study.hold, study.scales)
    mean, se = _over_folds(errors.at(study.scales))
    best = peak(lambda s: -_over_folds(errors.at(s))[0], study.scales, -mean)
    least, error = (float(value[0]) for value in _over_folds(errors.at(np.array([best]))))

    def excess(log_scale: float) -> float:
        return float(_over_folds(errors.at(np.exp(np.array([log_scale]))))[0][0]) - least - error

    strong = _first_below(excess, study.scales[study.scales < best], mean - least - error, best)
    value = least + error + excess(np.log(strong))
    meaning = f"smallest {len(study.folds)}-fold prediction error of the mode"
    optima = [
        Optimum("cv", best, least, error, meaning),
        Optimum("cv_1se", strong, value, error, _ONE_SE),
    ]
    return Curve("cv", study.scales, mean, se), optima


def _over_folds(errors: Floats) -> tuple[Floats, Floats]:
    """Mean over folds, and its standard error."""
    return errors.mean(axis=0), errors.std(axis=0, ddof=1) / np.sqrt(len(errors))


def _first_below(
    excess: Callable[[float], float], scales: Floats, excesses: Floats, best: float
) -> float:
    """Smallest scale up to the best one at which nothing is in excess."""
    points = np.append(scales, best)
    inside = np.append(excesses[: len(scales)] <= 0, True)
    first = int(np.argmax(inside))
    if first == 0:
        return float(points[0])
    left, right = np.log(points[first - 1]), np.log(points[first])
    if excess(right) >= 0:
        return float(points[first])
    return float(np.exp(brentq(excess, left, right, xtol=1e-10)))


def _leave_one_out(study: Study) -> Found:
    """Leave-one-out density of the posterior."""
    if study.is_exact:
        curves, rows = study.gaussian, study.loo_rows
        scales, found = study.scales, loo_exact(curves, study.scales, rows)
        spline = CubicSpline(np.log(scales), found.elpd)
        best = peak(lambda s: spline(np.log(s)), scales, found.elpd)
        there = loo_exact(curves, np.array([best]), rows)
        value, se = float(there.elpd[0]), float(there.se[0])
    else:
        scales, found = study.sampled.leave_one_out(study.loo_rows)
        study.note_sampler()
        _judge_khats(study, scales, found)
        best, value = _smooth_peak(scales, found.elpd)
        se = float(np.interp(best, scales, found.se))
    return Curve("loo", scales, found.elpd, found.se, found.khat), [
        Optimum("loo", best, value, se, _LOO)
    ]


def _judge_khats(study: Study, scales: Floats, found: LeaveOneOut) -> None:
    """Warn of large k-hats where they could change the choice, and note them elsewhere."""
    bad = found.khat > _BAD_KHAT
    top = int(np.argmax(found.elpd))
    matters = bad & (found.elpd > found.elpd[top] - found.se[top])
    if bad.any():
        (study.cautions if matters.any() else study.notes).append(
            f"loo: a k-hat is above {_BAD_KHAT} at {bad.sum()} of {len(scales)} scales, from "
            f"{scales[bad][0]:.3g} to {scales[bad][-1]:.3g}; do not trust its values there."
        )


def _smooth_peak(scales: Floats, values: Floats) -> tuple[float, float]:
    """Peak of a cubic through the values near the largest, whose Monte Carlo errors it evens."""
    top = int(np.argmax(values))
    near = values > values[top] - _NEAR
    near[max(0, top - 2) : top + 3] = True
    x, y = np.log(scales[near]), values[near]
    cubic = np.polynomial.Polynomial.fit(x, y, min(3, len(x) - 1))
    fine = np.linspace(x[0], x[-1], 1001)
    best = fine[np.argmax(cubic(fine))]
    return float(np.exp(best)), float(cubic(best))


def _evidence(study: Study) -> Found:
    """Log marginal likelihood: exact, or integrated along the scale."""
    if study.is_exact:
        values, error = _exact_evidence(study, study.scales)
        best = peak(lambda s: _exact_evidence(study, s)[0], study.scales, values)
        value, errors = float(_exact_evidence(study, np.array([best]))[0][0]), np.array([error])
        meaning = _EVIDENCE
    else:
        curve = study.sampled.evidence()
        best, off = curve.maximiser()
        values, errors = curve.at(study.scales), curve.error(study.scales)
        value, error = float(curve.at(best)), float(curve.error(best))
        meaning = _EVIDENCE
        if np.isfinite(off):
            meaning += f" (Monte Carlo error of the scale {100 * off:.1g} %)"
    optimum = Optimum("empirical_bayes", best, value, error, meaning)
    return Curve("evidence", study.scales, values, np.broadcast_to(errors, values.shape)), [optimum]


def _exact_evidence(study: Study, scales: Floats) -> tuple[Floats, float]:
    noise = study.family.data.sigma
    if isinstance(noise, float):
        return study.gaussian.log_evidence(scales, noise), 0.0
    return evidence_over_sigma(study.gaussian, scales, noise)


def _hyperprior(study: Study) -> Found:
    """Posterior of the scale where it is learnt."""
    found = posterior_of_scale(study.family, study.draws, study.chains, study.fresh_seed())
    if found.warning:
        study.cautions.append(f"hyperprior: {found.warning}.")
    middle, low, high = (found.quantile(q) for q in (0.5, 0.025, 0.975))
    density = found.density(np.append(study.scales, middle))
    meaning = (
        f"posterior median of the scale under {study.family.hyperprior.spoken}, 95 % within "
        f"{low:.3g} and {high:.3g}"
    )
    nowhere = np.full(len(study.scales), np.nan)
    optimum = Optimum("hyperprior", middle, float(density[-1]), np.nan, meaning, low, high)
    return Curve("hyperprior", study.scales, density[:-1], nowhere), [optimum]


def _universal(study: Study) -> Found:
    """Rule without a curve."""
    scale = universal_scale(study.family)
    return None, [Optimum("universal", scale, np.nan, np.nan, _UNIVERSAL)]


CRITERIA: Mapping[str, Callable[[Study], Found]] = {
    "cv": _cross_validation,
    "loo": _leave_one_out,
    "evidence": _evidence,
    "empirical_bayes": _evidence,
    "hyperprior": _hyperprior,
    "universal": _universal,
}
