"""Side by side: modes beside penalised fits, as tidy tables."""

from priormap.tables.map_comparison import MapComparison, compare_map

__all__ = ["MapComparison", "compare_map"]
