"""Choosing the prior scale, and how much it matters: curves, optima, sensitivity."""

from priormap.scale_choice.choosing import METHODS, choose_scale
from priormap.scale_choice.result import ScaleChoice

__all__ = ["METHODS", "ScaleChoice", "choose_scale"]
