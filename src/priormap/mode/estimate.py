"""What `find_map` returns: a point with its certificate, and no spread."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from priormap.arrays import Bools, Floats
from priormap.data.regression import Regression
from priormap.display import cells
from priormap.display.blocks import Block, Items, Paragraph, Table
from priormap.display.text import Described
from priormap.errors import PriormapError
from priormap.mode.certificate import Certificate
from priormap.model.density import log_posterior
from priormap.model.penalty import Penalty
from priormap.priors import Prior

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class LocalMode:
    """A lower local maximum of the joint posterior density, where sigma is unknown."""

    sigma: float
    log_posterior: float


@dataclass(frozen=True, eq=False, repr=False)
class MapEstimate(Described):
    """Posterior mode of (intercept, coef), and of sigma where it is unknown.

    Attributes
    ----------
    coef : array of shape (p,)
        Coefficients in units of X; zeros are exact.
    intercept : float
        Zero if the data have no intercept.
    sigma : float
        Noise standard deviation: the known one, or that of the joint mode.
    certificate : Certificate
        Proof that this is the mode.
    penalty : Penalty
        The penalised problem that it minimises at this sigma.
    other_modes : tuple of LocalMode
        Lower local maxima of the joint density (sigma unknown only), highest first.
    data, prior
        What it is the mode of.
    """

    coef: Floats
    intercept: float
    sigma: float
    certificate: Certificate
    penalty: Penalty
    data: Regression = field(repr=False)
    prior: Prior
    other_modes: tuple[LocalMode, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return self.data.names

    @property
    def support(self) -> Bools:
        """Which coefficients are not exactly zero."""
        return self.coef != 0

    @cached_property
    def log_posterior(self) -> float:
        """Log joint density at the mode (see `priormap.log_posterior`)."""
        return log_posterior(self.data, self.prior, self.coef, self.intercept, self.sigma)

    def predict(self, X: ArrayLike) -> Floats:
        """Fitted values ``intercept + X coef`` for rows of the same columns."""
        X = np.asarray(X, dtype=float)
        if X.ndim != 2 or X.shape[1] != len(self.coef):
            raise PriormapError(
                f"X has shape {X.shape} but the mode has {len(self.coef)} coefficients"
            )
        return self.intercept + X @ self.coef

    def to_frame(self) -> pd.DataFrame:
        """One row per column: its coefficient, and whether that is an exact zero."""
        import pandas as pd

        index = pd.Index(self.names, name="feature")
        return pd.DataFrame({"coef": self.coef, "is_zero": ~self.support}, index=index)

    def blocks(self) -> tuple[Block, ...]:
        """The mode and its certificate in a sentence, its coefficients, and lower modes."""
        zeros = int((~self.support).sum())
        headline = (
            f"Mode under {self.prior}: {zeros} of {len(self.coef)} coefficients exactly zero, "
            f"sigma = {self.sigma:.6g}. {self.certificate}"
        )
        rows = tuple(
            (cells.text(name), cells.coefficient(value, 8))
            for name, value in zip(self.names, self.coef, strict=True)
        )
        lower = tuple(
            f"There is another, lower mode at sigma = {mode.sigma:.6g} (log density "
            f"{mode.log_posterior:.6g} against {self.log_posterior:.6g})."
            for mode in self.other_modes
        )
        return (
            Paragraph(headline),
            Items((f"intercept: {self.intercept:.8g}",)),
            Table(("feature", "coef"), rows, is_facts=True),
            *([Items(lower)] if lower else []),
        )

    def to_dict(self) -> dict[str, Any]:
        """The numbers of the mode and its certificate."""
        return {
            "prior": str(self.prior),
            "sigma": self.sigma,
            "intercept": self.intercept,
            "coef": dict(zip(self.names, self.coef.tolist(), strict=True)),
            "certificate": self.certificate.to_dict(),
            "other_modes": [vars(mode) for mode in self.other_modes],
        }
