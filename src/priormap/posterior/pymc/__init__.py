"""The one door to PyMC."""
