"""What speaks for one prior scale, and how much it matters: criteria, their optima, sensitivity.

A criterion is one record in a file of its own and one line in `CRITERIA`.
"""

from priormap.criteria.choosing import choose_scale
from priormap.criteria.criterion import Criterion, criterion_named
from priormap.criteria.cross_validation import CROSS_VALIDATION
from priormap.criteria.evidence import EVIDENCE
from priormap.criteria.hyperprior import HYPERPRIOR
from priormap.criteria.leave_one_out import LEAVE_ONE_OUT
from priormap.criteria.point_null import SavageDickey, savage_dickey
from priormap.criteria.resampling import Resamples
from priormap.criteria.result import ScaleChoice
from priormap.criteria.sensitivity import PriorSensitivity, prior_sensitivity
from priormap.criteria.universal import UNIVERSAL

CRITERIA: tuple[Criterion, ...] = (
    CROSS_VALIDATION,
    LEAVE_ONE_OUT,
    EVIDENCE,
    HYPERPRIOR,
    UNIVERSAL,
)
METHODS = tuple(name for one in CRITERIA for name in one.names)

__all__ = [
    "CRITERIA",
    "METHODS",
    "Criterion",
    "PriorSensitivity",
    "Resamples",
    "SavageDickey",
    "ScaleChoice",
    "choose_scale",
    "criterion_named",
    "prior_sensitivity",
    "savage_dickey",
]
