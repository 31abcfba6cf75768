"""Side by side: modes beside penalised fits, and beside posteriors, as tidy tables."""

from priormap.tables.contrast import Contrast, contrast
from priormap.tables.map_comparison import MapComparison, compare_map

__all__ = ["Contrast", "MapComparison", "compare_map", "contrast"]
