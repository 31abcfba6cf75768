"""Side by side: modes beside penalised fits, and beside posteriors; the numbers of all figures.

The verbs load when they are first used, so that the numbers of a prior alone do not wait for
the samplers.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from priormap.tables.checking_priors import check_prior
    from priormap.tables.comparing_priors import compare_priors
    from priormap.tables.elicitation import PriorStatements, prior_for, prior_says
    from priormap.tables.evidence_curves import EvidenceComparison, compare_evidence
    from priormap.tables.map_comparison import MapComparison, compare_map
    from priormap.tables.posterior_contrast import Contrast, contrast
    from priormap.tables.predictive_check import PredictiveCheck
    from priormap.tables.prior_comparison import PriorComparison
    from priormap.tables.projecting import Projection, project

_FILES = {
    "Contrast": "posterior_contrast",
    "MapComparison": "map_comparison",
    "PredictiveCheck": "predictive_check",
    "PriorComparison": "prior_comparison",
    "PriorStatements": "elicitation",
    "Projection": "projecting",
    "check_prior": "checking_priors",
    "EvidenceComparison": "evidence_curves",
    "compare_evidence": "evidence_curves",
    "compare_map": "map_comparison",
    "compare_priors": "comparing_priors",
    "contrast": "posterior_contrast",
    "prior_for": "elicitation",
    "prior_says": "elicitation",
    "project": "projecting",
}

__all__ = [
    "Contrast",
    "EvidenceComparison",
    "MapComparison",
    "PredictiveCheck",
    "PriorComparison",
    "PriorStatements",
    "Projection",
    "check_prior",
    "compare_evidence",
    "compare_map",
    "compare_priors",
    "contrast",
    "prior_for",
    "prior_says",
    "project",
]


def __getattr__(name: str) -> Any:
    if name not in _FILES:
        raise AttributeError(f"module 'priormap.tables' has no attribute {name!r}")
    return getattr(importlib.import_module(f"priormap.tables.{_FILES[name]}"), name)
