"""Is a vector of coefficients the mode; and if not, of what is it one."""

from priormap.auditing.explaining import explain, explain_penalty
from priormap.auditing.explanation import Explanation
from priormap.auditing.judging import audit

__all__ = ["Explanation", "audit", "explain", "explain_penalty"]
