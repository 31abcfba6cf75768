"""Choosing the prior scale, and how much it matters: curves, optima, sensitivity."""

from priormap.criteria.choosing import METHODS, choose_scale
from priormap.criteria.power_scaling import PriorSensitivity, prior_sensitivity
from priormap.criteria.result import ScaleChoice

__all__ = ["METHODS", "PriorSensitivity", "ScaleChoice", "choose_scale", "prior_sensitivity"]
