"""Results as text, as HTML, on a terminal, as JSON and as files that are whole or absent.

A result describes itself once, in `blocks()` and `to_dict()`; everything here shows these two.
"""
