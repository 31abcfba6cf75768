"""Side by side: modes beside penalised fits, and beside posteriors, as tidy tables."""

from priormap.tables.map_comparison import MapComparison, compare_map
from priormap.tables.posterior_contrast import Contrast, contrast

__all__ = ["Contrast", "MapComparison", "compare_map", "contrast"]
