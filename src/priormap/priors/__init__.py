r"""The priors, and everything that one coefficient can be asked about them.

A prior knows numbers only. In the canonical penalised problem (see `priormap.model.penalty`) the
Laplace prior is the penalty ``l1 |b|``, the Gaussian prior the penalty ``l2 b**2 / 2``, and the
elastic net prior both.
"""

from typing import TypeAlias

from priormap.priors.elastic_net import ElasticNet
from priormap.priors.gaussian import Gaussian
from priormap.priors.laplace import Laplace

__all__ = ["ElasticNet", "Gaussian", "Laplace", "Prior"]

Prior: TypeAlias = Gaussian | Laplace | ElasticNet
