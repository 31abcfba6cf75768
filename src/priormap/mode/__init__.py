"""Exact modes: the most probable coefficients, the path of them, and the proof."""

from priormap.mode.certificate import Certificate
from priormap.mode.estimate import LocalMode, MapEstimate
from priormap.mode.find import audit, find_map

__all__ = ["Certificate", "LocalMode", "MapEstimate", "audit", "find_map"]
