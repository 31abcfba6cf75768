"""The one error and the one warning that priormap raises about its input."""

from __future__ import annotations


class PriormapError(ValueError):
    """Input that priormap cannot use, told in one sentence with the remedy."""


class PriormapWarning(UserWarning):
    """The answer is right, but the input has a property that its owner should know of."""
