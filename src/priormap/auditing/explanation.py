"""What `explain` returns: the prior that a penalty is, in units that a person can judge."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from priormap.arrays import Floats
from priormap.data.regression import Regression
from priormap.display import cells
from priormap.display.blocks import Block, Paragraph, Table
from priormap.display.text import Described
from priormap.errors import visible
from priormap.mode import Certificate
from priormap.model import Model, Penalty
from priormap.model.prior_predictive import PriorR2, prior_r2
from priormap.priors import Prior

if TYPE_CHECKING:
    import pandas as pd


_MOST_ROWS = 20
_COLUMNS = {  # of the table: what heads them
    "coef": "coef",
    "scale": "scale",
    "l1_scale": "l1 scale",
    "l2_scale": "l2 scale",
    "prior_sd": "prior sd",
    "high": "95% within",
    "high_per_sd": "per sd(x)",
    "coef_in_prior_sd": "coef / prior sd",
}


@dataclass(frozen=True, eq=False, repr=False)
class Explanation(Described):
    """What a penalty believes about one data set; unpacks as ``data, prior = explanation``.

    Attributes
    ----------
    call : str
        The estimator or the library call that was explained.
    prior : prior
        The prior whose mode it is; of standardised columns where ``data.standardize``.
    data : Regression
        The regression that it solved, at the noise `sigma`. With sample weights its rows are
        centred by the weighted means and multiplied by the root of their weight, which gives
        the same likelihood of the coefficients; it then has no intercept of its own.
    penalty : Penalty
        The penalty, in units of the caller's columns.
    sigma : float
        Noise standard deviation (of a row of weight 1) at which the penalty is this prior.
    sigma_origin : str
        Where that number came from.
    coef : array of shape (p,)
        The coefficients that were explained, in units of the caller's columns.
    intercept : float
        Their best intercept.
    certificate : Certificate
        Whether those coefficients are the mode.
    column_sd : array of shape (p,)
        Standard deviation of the caller's columns, weighted if the rows are.
    response_sd : float
        That of y.
    notes : tuple of str
        What else has to be known of the library call.
    """

    call: str
    prior: Prior
    data: Regression = field(repr=False)
    penalty: Penalty
    sigma: float
    sigma_origin: str
    coef: Floats
    intercept: float
    certificate: Certificate
    column_sd: Floats
    response_sd: float
    notes: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Any]:
        return iter((self.data, self.prior))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return self.data.names

    @property
    def family(self) -> str:
        """Family of the prior: "Gaussian", "Laplace", "ElasticNet" or "flat"."""
        return "flat" if self._is_flat else self.prior.label

    @property
    def _is_flat(self) -> bool:
        return bool(np.all(self.prior.is_flat))

    @cached_property
    def prior_per_unit(self) -> Prior:
        """The prior of each coefficient in units of the caller's columns."""
        return Model(self.data, self.prior).column_prior

    @cached_property
    def prior_sd(self) -> Floats:
        """Prior standard deviation of each coefficient, shape (p,)."""
        return np.broadcast_to(np.asarray(self.prior_per_unit.sd), self.coef.shape)

    @cached_property
    def half_width(self) -> Floats:
        """Size within which the prior holds each coefficient with probability 0.95."""
        return np.broadcast_to(self.prior_per_unit.interval(0.95), self.coef.shape)

    @property
    def _half_width_per_sd(self) -> Floats:
        """Zero for a constant column, also under a flat prior."""
        return np.where(self.column_sd > 0, self.half_width, 0.0) * self.column_sd

    @cached_property
    def r2(self) -> PriorR2:
        """``var(X b) / (var(X b) + sigma**2)`` before the data: median and 95 % interval."""
        return prior_r2(self.data, self.prior, self.sigma)

    def to_frame(self) -> pd.DataFrame:
        """One row per column, in units of y per unit of x and per standard deviation of x.

        The scale of the prior, its standard deviation, its central 95 % interval, and the
        coefficient, also in prior standard deviations.
        """
        import pandas as pd

        prior, shape = self.prior_per_unit, self.coef.shape
        per_sd = self._half_width_per_sd
        columns = {
            "coef": self.coef,
            **{name: np.broadcast_to(value, shape) for name, value in prior.parameters.items()},
            "prior_sd": self.prior_sd,
            "low": -self.half_width,
            "high": self.half_width,
            "low_per_sd": -per_sd,
            "high_per_sd": per_sd,
            "coef_in_prior_sd": self.coef / self.prior_sd,
        }
        return pd.DataFrame(columns, index=pd.Index(self.names, name="feature"))

    @property
    def sentences(self) -> tuple[str, ...]:
        """The explanation in words, one line each."""
        rows = f"{self.data.n_rows} rows and {len(self.coef)} column" + "s" * (len(self.coef) != 1)
        on = " on standardised columns (sd(x) * coefficient)" if self.data.standardize else ""
        believes = "no prior at all: it is flat" if self._is_flat else f"{self.prior}{on}"
        lines = [
            f"{self.call} on {rows} believes: {believes}.",
            f"noise: sd {self.sigma:.6g}, {self.sigma_origin}",
            f"prior R^2: {self.r2}",
        ]
        if not self._is_flat:
            lines.append(f"before the data, with probability 0.95: {self._widest()}")
        lines.append(f"coefficients: {self.verdict}")
        return (*lines, *(f"note: {note}" for note in self.notes))

    @property
    def verdict(self) -> str:
        """Whether the coefficients are the mode, and where else they would be."""
        return str(self.certificate)

    @property
    def elsewhere(self) -> str:
        """The library's own numbers at which the coefficients are the mode, where others do."""
        shortfall = self.certificate.shortfall
        return "" if shortfall is None or shortfall.other is None else shortfall.other.call

    def _widest(self) -> str:
        """What one sd of a column may do to y, of all columns."""
        per_sd = self._half_width_per_sd[self.column_sd > 0]
        if not per_sd.size:
            return "nothing, because every column is constant"
        low, high = float(per_sd.min()), float(per_sd.max())
        span = f"{high:.4g}" if high - low <= 1e-6 * high else f"{low:.4g} to {high:.4g}"
        share = f"{high / self.response_sd:.3g} sd(y)" if self.response_sd > 0 else "sd(y) is 0"
        return f"one sd of a column moves y by at most {span} ({share})"

    def blocks(self) -> tuple[Block, ...]:
        """The explanation in words, and the prior of every coefficient."""
        first, *rest = self.sentences
        table = self.to_frame()
        shown = [name for name in _COLUMNS if name in table]
        rows = tuple(
            (cells.text(feature), *(cells.coefficient(row[name]) for name in shown))
            for feature, row in zip(self.names, table.to_dict(orient="records"), strict=True)
        )
        header = ("feature", *(_COLUMNS[name] for name in shown))
        weights = tuple(np.abs(self.coef * self.data.unit.x_norm).tolist())
        return (
            Paragraph(first, tone="strong"),
            *(Paragraph(sentence) for sentence in rest),
            Paragraph(""),
            Table(header, rows, spare=("prior sd",), weights=weights),
        )

    def to_dict(self) -> dict[str, Any]:
        """The prior, the verdict on the coefficients, and a row for each of them."""
        return {
            "call": self.call,
            "family": self.family,
            "prior": str(self.prior),
            "standardize": self.data.standardize,
            "sigma": self.sigma,
            "sigma_origin": self.sigma_origin,
            "prior_r2": vars(self.r2),
            "is_mode": self.certificate.is_mode,
            "grade": self.certificate.grade,
            "digits": self.certificate.digits,
            "verdict": self.verdict,
            "notes": list(self.notes),
            "coefficients": self.to_frame().reset_index().to_dict(orient="records"),
        }

    def __repr__(self) -> str:
        table = self.to_frame().head(_MOST_ROWS).to_string(float_format="{:.4g}".format)
        more = len(self.coef) - _MOST_ROWS
        lines = [*self.sentences, table, *([f"... {more} more"] if more > 0 else [])]
        return visible("\n".join(lines), keep="\n")
