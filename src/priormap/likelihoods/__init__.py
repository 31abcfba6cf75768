"""What may be observed given the linear predictor: one file a family, one line each here."""

from priormap.likelihoods.base import Likelihood
from priormap.likelihoods.gaussian import Gaussian

__all__ = ["LIKELIHOODS", "Gaussian", "Likelihood"]

LIKELIHOODS: tuple[type[Likelihood], ...] = (Gaussian,)
