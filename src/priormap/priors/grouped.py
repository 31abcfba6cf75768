r"""Priors of groups of columns that are normal given one local variance of each group.

.. math:: b_g \mid v_g \sim \mathrm{Normal}(0, v_g \operatorname{diag}(s_j^2)), \qquad
    v_g \sim \text{the family's law, which may depend on the size of the group.}

Of `theta_j = b_j / s_j` only the norm over the group enters.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, NoReturn, Self

import numpy as np
from numpy.typing import ArrayLike

from priormap.arrays import Floats, Indices
from priormap.checks import as_labelled_numbers
from priormap.display import cells
from priormap.display.blocks import Block, Paragraph, facts
from priormap.errors import PriormapError
from priormap.priors.base import Prior, shown
from priormap.priors.groups import Groups


@dataclass(frozen=True, eq=False, repr=False)
class GroupedPrior(Prior):
    """What priors of groups share; the groups are places once the columns are known."""

    has_groups: ClassVar[bool] = True
    local_scale: ClassVar[None] = None
    _word: ClassVar[str]  # what the family is called with groups=
    members: ClassVar[tuple[Indices, ...] | None] = None
    # columns that each group had at first, on which its law depends
    sizes: ClassVar[Floats] = np.zeros(0)
    variance_of: ClassVar[Indices] = np.zeros(0, dtype=int)  # group of each column
    _order: ClassVar[Indices] = variance_of
    _starts: ClassVar[Indices] = variance_of

    @property
    @abstractmethod
    def groups(self) -> Any:
        """Which columns belong together."""

    # what a family answers, of norms over groups of coefficients at scale 1

    @abstractmethod
    def _log_density(self, norms: Floats) -> Floats:
        """Log density of the coefficients of each group."""

    @abstractmethod
    def _slope(self, norms: Floats) -> Floats:
        """Fall of the log density per unit of the norm; any number at zero."""

    @abstractmethod
    def _fresh(self, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
        """Draw local variances from their law."""

    @abstractmethod
    def _given_norms(self, norms: Floats, rng: np.random.Generator) -> Floats:
        """Draw local variances given the norms, exactly."""

    @abstractmethod
    def log_variances(self, variances: Floats) -> Floats:
        """Log density of the variances, up to a constant."""

    @abstractmethod
    def start_variances(self, n_columns: int) -> Floats:
        """Return a typical variance of each group."""

    @abstractmethod
    def _alone(self, size: float) -> Prior:
        """Prior of one coefficient of scale 1, whose group has this size."""

    # what follows

    def for_columns(self, names: tuple[str, ...]) -> Self:
        """Return the prior with its groups as places among these columns."""
        if self.members is not None:  # they are, as scales of one number per column are
            return self
        members = self.groups.members(names)
        sizes = np.array([len(group) for group in members], dtype=float)
        return super().for_columns(names)._placed(members, sizes)

    def on_columns(self, which: Indices) -> Self:
        """Return the prior of some of the coefficients; the law of their groups stays."""
        place = {int(column): k for k, column in enumerate(np.arange(len(self._group_of))[which])}
        kept = [[place[j] for j in g.tolist() if j in place] for g in self.members or ()]
        left = np.array([bool(group) for group in kept])
        members = tuple(np.array(group) for group in kept if group)
        return super().on_columns(which)._placed(members, self.sizes[left])

    def _placed(self, members: tuple[Indices, ...], sizes: Floats) -> Self:
        """Return the prior of groups at these places."""
        lengths = [len(group) for group in members]
        order = np.concatenate([*members, np.zeros(0, dtype=int)])
        group_of = np.empty(len(order), dtype=int)
        group_of[order] = np.repeat(np.arange(len(members)), lengths)
        starts = np.cumsum([0, *lengths[:-1]])
        return self._changed(
            members=members, sizes=sizes, variance_of=group_of, _order=order, _starts=starts
        )

    @property
    def _group_of(self) -> Indices:
        if self.members is None:
            self._refuse()
        return self.variance_of

    @property
    def _whole(self) -> Indices:
        """Group of each column, where no group has lost one."""
        if self.members is None or (self._lengths != self.sizes).any():
            self._refuse()
        return self.variance_of

    def norms(self, values: Floats) -> Floats:
        """Norms over groups of the columns, which are the last axis."""
        return np.asarray(
            np.hypot.reduceat(np.abs(values)[..., self._order], self._starts, axis=-1)
        )

    def logpdf(self, coef: ArrayLike) -> Floats:
        """Log density of the coefficients of each group."""
        values, shape = self.logpdf_together(coef), self._group_of.shape
        assert values.shape[-1:] == shape
        return np.asarray(np.add.reduceat(values[..., self._order], self._starts, axis=-1))

    def logpdf_together(self, coef: ArrayLike) -> Floats:
        """Log density of each group, spread evenly over its columns, which are the last axis."""
        group_of, (_, values) = self._whole, as_labelled_numbers("coef", coef)
        scale = np.asarray(self._known.scale)
        logs = self._log_density(self.norms(values / scale)) / self._lengths
        return np.asarray(logs[..., group_of] - np.log(scale))

    def penalty(self, coef: ArrayLike) -> Floats:
        """Drop of the log density of each group, spread evenly over its columns.

        From zero, or where the density is unbounded there from the norm 1.
        """
        group_of, (_, values) = self._whole, as_labelled_numbers("coef", coef)
        norms = self.norms(values / np.asarray(self._known.scale))
        start = self._log_density(np.full(len(self.sizes), float(self.is_unbounded)))
        return np.asarray(((start - self._log_density(norms)) / self._lengths)[..., group_of])

    def pull(self, coef: ArrayLike) -> Floats:
        """Derivatives of the sum of `penalty`; zero for a group at zero."""
        group_of, (_, values) = self._whole, as_labelled_numbers("coef", coef)
        scale = np.asarray(self._known.scale)
        theta = values / scale
        norms = self.norms(theta)
        share = np.divide(self._slope(norms), norms, out=np.zeros(norms.shape), where=norms > 0)
        return np.asarray(theta * share[..., group_of] / scale)

    @property
    def _lengths(self) -> Indices:
        return np.bincount(self.variance_of)

    def draw_variances(self, coef: Floats, variances: Floats, rng: np.random.Generator) -> Floats:
        """Draw new variances given coefficients at scale 1, without memory of the old ones."""
        return self._given_norms(self.norms(coef), rng)

    def _rvs(self, size: int | tuple[int, ...], random_state: np.random.Generator) -> Floats:
        shape, group_of = size if isinstance(size, tuple) else (size,), self._group_of
        variances = self._fresh((*shape[:-1], len(self.sizes)), random_state)
        sd = np.asarray(self.scale) * np.sqrt(variances[..., group_of])
        return np.asarray(sd * random_state.standard_normal(shape))

    def _each(self, ask: Callable[[Prior], Any]) -> Floats:
        """Ask for a number at scale 1 of every column."""
        sizes = self.sizes[self._group_of].tolist()
        found = {size: float(ask(self._alone(size))) for size in set(sizes)}
        return np.array([found[size] for size in sizes])

    def _sd(self) -> Floats:
        return np.asarray(self.scale) * self._each(lambda prior: prior.sd)

    def _interval(self, mass: float) -> Floats:
        return np.asarray(self.scale) * self._each(lambda prior: prior.interval(mass))

    def _probability(self, size: float | Floats) -> Floats:
        at = np.broadcast_arrays(np.asarray(size) / np.asarray(self.scale), self._group_of)[0]
        sizes, found = self.sizes[self.variance_of], np.empty(at.shape)
        for one in set(sizes.tolist()):
            found[..., sizes == one] = self._alone(one)._probability(at[..., sizes == one])
        return found

    @property
    def parameters(self) -> dict[str, float | Floats]:
        """The scale."""
        return {self.scales[0]: self.scale}

    def blocks(self) -> tuple[Block, ...]:
        """The prior in a sentence, and its scale."""
        (name,) = self.scales
        return Paragraph(repr(self)), facts(
            [(name.replace("_", " "), cells.text(shown(self.scale)))]
        )

    def __eq__(self, other: object) -> bool:
        same = super().__eq__(other)
        if same is not True or not isinstance(other, GroupedPrior):
            return same
        return bool(self.groups == other.groups)

    def __hash__(self) -> int:
        return hash((super().__hash__(), self.groups))

    def __repr__(self) -> str:
        plain = super().__repr__().partition("(")[2]
        return f"{self._word}({plain[:-1]}, groups={self.groups})"

    def pull_range(self, coef: ArrayLike) -> NoReturn:
        """Refused: the pulls at zero are a ball for each group, not an interval."""
        self._refuse()

    def _settle_groups(self) -> None:
        """Check groups and scale."""
        if not isinstance(self.groups, Groups):
            object.__setattr__(self, "groups", Groups.of(self.groups))
        self._settle_scale()
        if self.members is None and self.is_flat.any():
            (name,) = self.scales
            raise PriormapError(f"{name}=inf is the flat prior, which has no groups; use Flat()")

    def _refuse(self, *_: object) -> NoReturn:
        raise PriormapError(
            f"{self!r} speaks of groups of columns, not of one coefficient; log_posterior knows "
            "its density"
        )

    _logpdf = _penalty = _pull_range = _shrink = _posterior_mean = _refuse  # type: ignore[assignment]


class WithGroups:
    """A family that is another where it is given groups."""

    @classmethod
    def _of_groups(cls) -> type[Prior]:
        raise NotImplementedError

    def __new__(cls, *args: object, groups: object = None, **options: object) -> Any:
        """With groups, the prior of these."""
        if groups is None:
            return super().__new__(cls, *args, **options)
        return cls._of_groups()(*args, groups=groups, **options)
