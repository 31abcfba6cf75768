"""Choosing the prior scale, and how much it matters: curves, optima, sensitivity."""

from priormap.scale_choice.choosing import METHODS, choose_scale
from priormap.scale_choice.power_scaling import PriorSensitivity, prior_sensitivity
from priormap.scale_choice.result import ScaleChoice

__all__ = ["METHODS", "PriorSensitivity", "ScaleChoice", "choose_scale", "prior_sensitivity"]
