r"""The Laplace prior on the norm of a group of coefficients, whose mode is the group lasso."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln

from priormap.arrays import Floats, Indices
from priormap.checks import as_labelled_numbers
from priormap.display import cells
from priormap.display.blocks import Block, Paragraph, facts
from priormap.errors import PriormapError
from priormap.priors.base import OneScalePrior, shown
from priormap.priors.groups import Groups

_ONE = "speaks of groups of columns, not of one coefficient"


@dataclass(frozen=True, eq=False, repr=False)
class GroupLaplace(OneScalePrior):
    r"""Laplace prior on the norm of each group: all its coefficients are zero, or none is.

    .. math:: p(b_g) = \frac{\Gamma(m/2)}{2 \pi^{m/2} \Gamma(m) \prod_j s_j}
        \exp\Bigl(-\sqrt{\textstyle\sum_{j \in g} (b_j / s_j)^2}\Bigr), \qquad m = |g| .

    A group of one column is under the Laplace prior. ``Laplace(scale, groups=...)`` is the way to
    write it.

    Parameters
    ----------
    scale : float or array of shape (p,)
        In units of the coefficients.
    scaled_by_noise : bool
        Whether `scale` is in units of the noise.
    groups : mapping of str to list of str, or labels of shape (p,)
        Columns of each group, where others are groups of their own; or the group of each column.
    by_size : bool
        Whether a group of m columns has the scale ``scale / sqrt(m)``, so that large groups enter
        no earlier than small ones (Yuan and Lin 2006).

    Raises
    ------
    PriormapError
        If a scale is not positive and finite, or is learnt, or the groups are none.

    References
    ----------
    Yuan and Lin (2006), "Model selection and estimation in regression with grouped variables",
    JRSS B 68(1), eq. 2.1; Kyung, Gill, Ghosh and Casella (2010), "Penalized regression, standard
    errors, and Bayesian lassos", Bayesian Analysis 5(2), section 2.3, for the density.

    Examples
    --------
    >>> from priormap import Laplace, Regression, find_map
    >>> prior = Laplace(0.5, groups={"size": ["x0", "x1"]})
    >>> X = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [-1, 0, 0], [0, -1, 0], [0, 0, -1]]
    >>> data = Regression(X, [3.0, 4.0, 0.5, -3.0, -4.0, -0.5], sigma=1.0)
    >>> find_map(data, prior).coef.round(9).tolist()
    [2.4, 3.2, 0.0]
    """

    name: ClassVar[str] = "group_laplace"
    label: ClassVar[str] = "Laplace"
    spoken: ClassVar[str] = "group Laplace"
    fit: ClassVar[str] = "group lasso"
    no_mode: ClassVar[str] = ""
    reference: ClassVar[str] = (
        "Yuan and Lin (2006), Model selection and estimation in regression with grouped variables, "
        "JRSS B 68(1)"
    )
    groups: Any = None
    by_size: bool = False
    # places of the columns of every group, once the columns are known
    members: ClassVar[tuple[Indices, ...] | None] = None

    if TYPE_CHECKING:

        def __init__(
            self,
            scale: float | ArrayLike = 1.0,
            scaled_by_noise: bool = False,
            hyperprior: None = None,
            groups: Any = None,
            by_size: bool = False,
        ) -> None: ...

    def __post_init__(self) -> None:
        if not isinstance(self.groups, Groups):
            object.__setattr__(self, "groups", Groups.of(self.groups))
        self._settle_scale()
        if self.hyperprior is not None:
            raise PriormapError("the scale of a prior with groups cannot be learnt; give a number")
        if self.is_flat.any():
            raise PriormapError("scale=inf is the flat prior, which has no groups; use Flat()")

    def for_columns(self, names: tuple[str, ...]) -> Self:
        """Return the prior with its groups as places among these columns."""
        prior = super().for_columns(names)
        return prior._changed(members=self.groups.members(names))

    @property
    def group_weights(self) -> Floats:
        """What the norm of each group is multiplied by."""
        sizes = np.array([len(group) for group in self.members or ()], dtype=float)
        return np.sqrt(sizes) if self.by_size else np.ones(len(sizes))

    def logpdf(self, coef: ArrayLike) -> Floats:
        """Log density of each group of the columns of one regression."""
        _, values = as_labelled_numbers("coef", coef)
        if self.members is None:
            self._refuse()
        scale = np.broadcast_to(np.asarray(self.scale), values.shape)
        found = []
        for group, weight in zip(self.members, self.group_weights.tolist(), strict=True):
            m = len(group)
            sphere = np.log(2) + 0.5 * m * np.log(np.pi) - gammaln(0.5 * m) + gammaln(m)
            size = np.linalg.norm(values[group] / scale[group])
            found.append(m * np.log(weight) - weight * size - sphere - np.log(scale[group]).sum())
        return np.array(found)

    @property
    def parameters(self) -> dict[str, float | Floats]:
        """The scale."""
        return {"scale": self.scale}

    def blocks(self) -> tuple[Block, ...]:
        """The prior in a sentence, and its scale."""
        return Paragraph(repr(self)), facts([("scale", cells.text(shown(self.scale)))])

    def __eq__(self, other: object) -> bool:
        same = super().__eq__(other)
        if same is not True or not isinstance(other, GroupLaplace):
            return same
        return (self.groups, self.by_size) == (other.groups, other.by_size)

    def __hash__(self) -> int:
        return hash((super().__hash__(), self.groups, self.by_size))

    def __repr__(self) -> str:
        parts = [f"scale={shown(self.scale, self._labels)}"]
        parts += ["scaled_by_noise=True"] if self.scaled_by_noise else []
        parts += [f"groups={self.groups}", *(["by_size=True"] if self.by_size else [])]
        return f"Laplace({', '.join(parts)})"

    def _beside(self, name: str, coef: ArrayLike) -> tuple[Self, Floats]:
        if name != "factor":
            self._refuse()
        return super()._beside(name, coef)

    def _refuse(self, *_: object) -> NoReturn:
        raise PriormapError(f"{self!r} {_ONE}; log_posterior knows its density")

    _logpdf = _penalty = _pull_range = _shrink = _posterior_mean = _rvs = _refuse  # type: ignore[assignment]
    _interval = _probability = _sd = _refuse  # type: ignore[assignment]
