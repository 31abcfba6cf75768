"""Data of a regression: checked once, read once, named."""

from priormap.data.regression import Regression, check_data

__all__ = ["Regression", "check_data"]
