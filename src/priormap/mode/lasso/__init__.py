"""Exact paths and supports of problems with an L1 penalty."""
