"""Which columns belong together: the levels of a factor, the terms of a spline."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from priormap.arrays import Indices
from priormap.checks import labels_of, short
from priormap.errors import PriormapError


@dataclass(frozen=True)
class Groups:
    """Groups of columns, by the names of their columns or by a label for each column.

    Attributes
    ----------
    by_name : tuple of (str, tuple of str)
        Name of each group and its columns; a column in none is a group of its own.
    by_column : tuple of str
        Label of the group of every column, where groups were given so.
    """

    by_name: tuple[tuple[str, tuple[str, ...]], ...] = ()
    by_column: tuple[str, ...] = ()

    @classmethod
    def of(cls, groups: Any) -> Groups:
        """Groups from a mapping of names to columns, or from one label for each column."""
        if isinstance(groups, Mapping):
            named = []
            for name, columns in groups.items():
                if isinstance(columns, str) or not isinstance(columns, Iterable):
                    raise PriormapError(
                        f"groups[{short(name)}] must be a list of columns, got {short(columns)}"
                    )
                named.append((str(name), tuple(map(str, columns))))
            if not named or not all(columns for _, columns in named):
                raise PriormapError(f"groups must name columns, got {short(groups)}")
            return cls(by_name=tuple(named))
        if labels_of(groups) is not None:
            labels = labels_of(groups) or ()
            gathered: dict[str, list[str]] = {}
            for column, label in zip(labels, np.asarray(groups).tolist(), strict=True):
                gathered.setdefault(str(label), []).append(column)
            return cls.of(gathered)
        if isinstance(groups, str) or not isinstance(groups, Iterable):
            raise PriormapError(
                "groups must be a mapping of names to columns, or one label for each column, got "
                f"{short(groups)}"
            )
        return cls(by_column=tuple(str(label) for label in groups))

    def members(self, names: tuple[str, ...]) -> tuple[Indices, ...]:
        """Places of the columns of each group; every column is in one of them."""
        if self.by_column:
            if len(self.by_column) != len(names):
                raise PriormapError(
                    f"groups has {len(self.by_column)} labels but X has {len(names)} columns; give "
                    "one label per column, or a mapping of names to columns"
                )
            labels = np.array(self.by_column)
            return tuple(np.flatnonzero(labels == one) for one in dict.fromkeys(self.by_column))
        place, taken, found = {name: k for k, name in enumerate(names)}, set[str](), []
        for group, columns in self.by_name:
            for column in columns:
                if column not in place:
                    raise PriormapError(f"groups[{group!r}] names {column!r}, which X has not")
                if column in taken:
                    raise PriormapError(f"groups names {column!r} twice; put it into one group")
                taken.add(column)
            found.append(np.array([place[column] for column in columns]))
        alone = [np.array([k]) for name, k in place.items() if name not in taken]
        return (*found, *alone)

    def __str__(self) -> str:
        if self.by_column:
            return short(list(self.by_column))
        return short({name: list(columns) for name, columns in self.by_name})
