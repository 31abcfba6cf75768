r"""The priors, and everything that one coefficient can be asked about them.

A prior knows numbers only: no data, no columns. One file a family; the families stand in
`PRIORS`, which every list of priors in help texts, options and refusals is read from.
"""

from __future__ import annotations

from priormap.checks import short
from priormap.errors import PriormapError
from priormap.priors.base import OneScalePrior, Prior
from priormap.priors.beta import Beta
from priormap.priors.capabilities import (
    CurvedPenalty,
    GroupNorms,
    LocalVariances,
    NormalMixture,
    OfDesign,
    PenaltyParts,
    PointMass,
    penalty_parts,
)
from priormap.priors.elastic_net import ElasticNet
from priormap.priors.flat import Flat
from priormap.priors.gaussian import Gaussian
from priormap.priors.group_horseshoe import GroupHorseshoe
from priormap.priors.group_laplace import GroupLaplace
from priormap.priors.horseshoe import Horseshoe
from priormap.priors.laplace import Laplace
from priormap.priors.normal_gamma import NormalGamma
from priormap.priors.r2d2 import R2D2
from priormap.priors.scale_mixture import ScaleMixture
from priormap.priors.spike_and_slab import SpikeAndSlab
from priormap.priors.student_t import Cauchy, StudentT

__all__ = [
    "PRIORS",
    "R2D2",
    "Beta",
    "Cauchy",
    "CurvedPenalty",
    "ElasticNet",
    "Flat",
    "Gaussian",
    "GroupHorseshoe",
    "GroupLaplace",
    "GroupNorms",
    "Horseshoe",
    "Laplace",
    "LocalVariances",
    "NormalGamma",
    "NormalMixture",
    "OfDesign",
    "OneScalePrior",
    "PenaltyParts",
    "PointMass",
    "Prior",
    "ScaleMixture",
    "SpikeAndSlab",
    "StudentT",
    "check_prior",
    "listed_priors",
    "penalty_parts",
    "prior_named",
]

PRIORS: tuple[type[Prior], ...] = (
    *(Gaussian, Laplace, ElasticNet, Flat),
    *(StudentT, Cauchy, Horseshoe, NormalGamma, R2D2, SpikeAndSlab),
)


def listed_priors(last: str = "or") -> str:
    """Return the families in a sentence: ``Gaussian(...), Laplace(...) or ElasticNet(...)``."""
    names = [f"{kind.__name__}(...)" for kind in PRIORS]
    return f" {last} ".join([", ".join(names[:-1]), names[-1]])


def check_prior(prior: object) -> Prior:
    """Return a prior, or refuse whatever is not one."""
    if not isinstance(prior, Prior):
        kind = prior_named(prior) if isinstance(prior, str) else None
        meant = f"; did you mean {kind.__name__}(...)?" if kind else ""
        raise PriormapError(f"prior must be {listed_priors()}, got {short(prior)}{meant}")
    return prior


def prior_named(word: str) -> type[Prior] | None:
    """Return the family with this name or alias, whatever its case and hyphens; None if none."""
    plain = word.lower().replace("-", "_")
    for kind in PRIORS:
        if plain in {kind.name, kind.label.lower(), *kind.aliases}:
            return kind
    return None
