"""Exact modes: the most probable coefficients, the path of them, and the proof."""

from priormap.mode.certificate import Certificate
from priormap.mode.find import LocalMode, MapEstimate, find_map
from priormap.mode.path import MapPath, map_path

__all__ = ["Certificate", "LocalMode", "MapEstimate", "MapPath", "find_map", "map_path"]
