r"""How one library call writes a penalty, as a record that one formula reads.

A convention is two terms. With ``u`` the library's own strength of a term,

.. math::

    l_{1j} = u_1 \, v_j \, c_1 \, N_1 \, d_j \, s_y^{k_1} \sigma^{q_1}, \qquad
    l_{2j} = u_2 \, v_j \, c_2 \, N_2 \, d_j^2 \, s_y^{k_2} \sigma^{q_2},

where ``c`` is a constant, ``N`` is 1, n or the sum of weights W, ``d_j`` is what the library
divides column j by, ``s_y`` what it divides y by, and ``v_j`` a penalty factor of the column.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Term:
    """One half of a penalty: how its weight comes from a parameter and from the data.

    Attributes
    ----------
    parameter : str
        The library's name of the strength.
    power : float
        The weight is proportional to this power of it: -1 for C or the scale of a Laplace
        prior, -2 for the standard deviation of a Gaussian one.
    multiple : float
        Constant factor, such as the 1/2 of a loss without its own.
    rows : {"one", "n", "W"}
        Factor 1, the number of rows, or the sum of the sample weights.
    response, noise : int
        Powers of the response's scale and of the noise's standard deviation.
    """

    parameter: str
    power: float = 1
    multiple: float = 1.0
    rows: Literal["one", "n", "W"] = "one"
    response: int = 0
    noise: int = 0


@dataclass(frozen=True)
class Convention:
    """A library call and its penalty.

    Attributes
    ----------
    name : str
        The call, as one writes it.
    objective : str
        What it minimises, in its own parameters.
    evidence : str
        How the record was verified.
    l1, l2 : Term or None
        Weights of ``|b_j|`` and of ``b_j**2 / 2``; None where there is none.
    defaults : mapping of str to float
        The library's defaults, as far as it has any.
    mixing : str
        Parameter that shares one strength out, its value to l1 and the rest to l2.
    factors : str
        Parameter with one penalty factor per column.
    factors_sum : bool
        Whether those factors are rescaled to the sum p.
    per_column : bool
        Whether the strength itself may be one per column.
    column : {"caller", "raw", "sd", "size", "norm"}
        What columns are divided by: nothing, their standard deviation, their root mean square
        about the mean (about zero without an intercept), or their length. "raw" becomes "sd"
        where the caller standardises; "caller" does not.
    response : {"size", "sd"}
        What y is divided by: its root mean square about the mean (about zero without an
        intercept), or its standard deviation always.
    unbiased_sd : bool
        Whether standard deviations have n - 1 below.
    precision : str
        Parameter that is 1 / sigma**2.
    weights : {"raw", "normalised", "none"}
        Whether sample weights count as they are, are rescaled to a mean of 1, or not taken.
    intercept : {"free", "penalised", "none"}
        How the library treats it at its defaults.
    without_intercept : str
        The convention that it is instead where there is no intercept, if another one.
    likelihood : str
        "gaussian", "binomial", "poisson" or "gamma"; "any" for priors and the hub itself.
    note : str
        What its user has to know besides.
    no_prior : str
        Why no prior is equivalent, where none is.
    """

    name: str
    objective: str
    evidence: str
    l1: Term | None = None
    l2: Term | None = None
    defaults: Mapping[str, float] = field(default_factory=dict)
    mixing: str = ""
    factors: str = ""
    factors_sum: bool = False
    per_column: bool = False
    column: Literal["caller", "raw", "sd", "size", "norm"] = "raw"
    response: Literal["size", "sd"] = "size"
    unbiased_sd: bool = False
    precision: str = ""
    weights: Literal["raw", "normalised", "none"] = "raw"
    intercept: Literal["free", "penalised", "none"] = "free"
    without_intercept: str = ""
    likelihood: str = "gaussian"
    note: str = ""
    no_prior: str = ""

    @property
    def terms(self) -> tuple[Term, ...]:
        """The terms that there are, l1 first."""
        return tuple(term for term in (self.l1, self.l2) if term is not None)

    @property
    def strengths(self) -> tuple[str, ...]:
        """Parameters that say how strong the penalty is."""
        return tuple(dict.fromkeys(term.parameter for term in self.terms))

    @property
    def parameters(self) -> tuple[str, ...]:
        """Every parameter, strengths first."""
        others = (self.precision, self.mixing, self.factors)
        return (*self.strengths, *filter(None, others))
