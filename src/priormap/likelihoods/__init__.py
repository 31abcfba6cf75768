"""What may be observed given the linear predictor: one file a family, one line each here."""

from priormap.likelihoods.base import Likelihood
from priormap.likelihoods.gaussian import Gaussian

__all__ = ["ANOTHER", "LIKELIHOODS", "Gaussian", "Likelihood"]

LIKELIHOODS: tuple[type[Likelihood], ...] = (Gaussian,)

# said to who asks for another one
ANOTHER = (
    f"y is {' or '.join(one.label for one in LIKELIHOODS)} given the columns; hang another "
    "likelihood on the mu of pymc_model(data, prior, likelihood=None)"
)
