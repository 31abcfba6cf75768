"""What options may say. Light: the front of the command line needs these before any number."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Family", "Format"]


class Family(StrEnum):
    """Families of priors."""

    gaussian = "gaussian"
    laplace = "laplace"


class Format(StrEnum):
    """File formats of figures."""

    png = "png"
    svg = "svg"
    pdf = "pdf"
