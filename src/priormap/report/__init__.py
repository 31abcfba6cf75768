"""One page with the whole comparison: what a penalty believes, its mode and its posterior.

Computing (`results`), what is said of it (`sections`, `beliefs`, `methods`, `figures`) and how
it looks (`pages`, `templates/`) are apart; between the first two and the last stand blocks of
`priormap.display`. What computes loads when it is first used, so that a place is refused at once.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from priormap.report.places import Origin, place_of

if TYPE_CHECKING:
    from priormap.report.pages import Report
    from priormap.report.writing import write_report

__all__ = ["Origin", "Report", "place_of", "write_report"]
_HOMES = {"Report": "pages", "write_report": "writing"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'priormap.report' has no attribute {name!r}")
    return getattr(importlib.import_module(f"priormap.report.{_HOMES[name]}"), name)
