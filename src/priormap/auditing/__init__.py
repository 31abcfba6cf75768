"""Is a vector of coefficients the mode; and if not, of what is it one."""

from priormap.auditing.audits import audit
from priormap.auditing.explaining import explain, explain_penalty
from priormap.auditing.explanation import Explanation

__all__ = ["Explanation", "audit", "explain", "explain_penalty"]
