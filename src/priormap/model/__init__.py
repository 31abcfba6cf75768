"""Data and prior settled once: penalty, canonical problem, log density, spectrum."""

from priormap.model.density import log_posterior
from priormap.model.model import Model
from priormap.model.penalty import Penalty

__all__ = ["Model", "Penalty", "log_posterior"]
