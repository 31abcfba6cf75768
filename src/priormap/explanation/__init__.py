"""What a penalty believes: from a fitted estimator or from a library's numbers to its prior."""

from priormap.explanation.explaining import explain, explain_penalty
from priormap.explanation.result import Explanation

__all__ = ["Explanation", "explain", "explain_penalty"]
