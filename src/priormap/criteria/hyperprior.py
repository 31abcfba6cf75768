"""Posterior of a learnt scale, as draws and as a density per unit of log scale."""

from __future__ import annotations

import numpy as np

from priormap.arrays import Floats
from priormap.criteria.criterion import Criterion, Curve, Optimum, Study
from priormap.criteria.posterior_runs import sample_enough
from priormap.criteria.scale_family import ScaleFamily


def posterior_of_scale(
    family: ScaleFamily, draws: int, chains: int, seed: int
) -> tuple[Floats, str]:
    """Draws of the scale under the hyperprior of the family, and what the sampler warned of."""
    learnt = family.prior.with_hyperprior(family.hyperprior)
    tree, said = sample_enough(family.data, learnt, draws, chains, seed)
    return tree["posterior"]["scale"].to_numpy().ravel(), said


def density_of_log(draws: Floats, scales: Floats) -> Floats:
    """Kernel estimate, from draws of a scale, of the density of its log."""
    from scipy.stats import gaussian_kde

    logs = np.log(draws)
    if not np.ptp(logs) > 0:
        return np.full(len(scales), np.nan)
    return np.asarray(gaussian_kde(logs)(np.log(scales)))


def _draws(study: Study) -> Floats:
    draws, said = posterior_of_scale(study.family, study.draws, study.chains, study.fresh_seed())
    if said:
        study.cautions.append(f"hyperprior: {said}.")
    return draws


def _curve(study: Study) -> Curve:
    density = density_of_log(study.once(_draws), study.scales)
    return Curve(study.scales, density, np.full(len(density), np.nan))


def _optima(study: Study, _: Curve) -> list[Optimum]:
    draws = study.once(_draws)
    low, middle, high = (float(np.quantile(draws, q)) for q in (0.025, 0.5, 0.975))
    meaning = (
        f"posterior median of the scale under {study.family.hyperprior.spoken}, 95 % within "
        f"{low:.3g} and {high:.3g}"
    )
    density = float(density_of_log(draws, np.array([middle]))[0])
    return [Optimum("hyperprior", middle, density, np.nan, meaning, low, high)]


HYPERPRIOR = Criterion(
    "hyperprior",
    {"hyperprior": "a hyperprior"},
    _optima,
    _curve,
    label="posterior of\nlog scale",
    value="posterior density of log scale",
)
