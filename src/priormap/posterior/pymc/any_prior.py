"""The log density of any prior as an operation of PyTensor, for priors that have no variable.

It calls the prior itself, and takes the pull of the prior for its gradient. Import it lazily.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from pytensor.graph import Apply, Op
from pytensor.tensor import as_tensor_variable

from priormap.priors import Prior


class LogDensity(Op):  # type: ignore[misc]
    """Elementwise log density of coefficients under a prior with one scale, or one for each."""

    __props__ = ("prior",)

    def __init__(self, prior: Prior) -> None:
        self.prior = prior

    def make_node(self, coef: Any) -> Any:
        """Take a vector of coefficients and give one of the same type."""
        coef = as_tensor_variable(coef).astype("float64")
        return Apply(self, [coef], [coef.type()])

    def perform(self, node: Any, inputs: Any, outputs: Any) -> None:
        """Ask the prior."""
        outputs[0][0] = np.asarray(self.of(inputs[0]), dtype=np.float64)

    def of(self, coef: Any) -> Any:
        """What is asked of the prior."""
        return self.prior.logpdf(coef)

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> Any:
        """Minus the pull of the prior."""
        return [-cotangents[0] * _Pull(self.prior)(inputs[0])]

    L_op = pullback  # its name before PyTensor 3


class _Pull(LogDensity):
    """Derivative of minus the log density."""

    def of(self, coef: Any) -> Any:
        return self.prior.pull(coef)
