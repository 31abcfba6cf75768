"""One figure: its input checked once, its tables computed once, then drawn and said in words."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self

from priormap.plots.style import Look, drawing_axes, looks_of, one_of_both
from priormap.plots.words import written_with
from priormap.tables.named_priors import listed

if TYPE_CHECKING:
    import pandas as pd

    from priormap.tables import Contrast


class Figure(ABC):
    """What a figure shows, before there are axes: a frozen dataclass of checked inputs.

    The public functions of a figure are short: ``plot_<name>`` is ``X.of(...).plot(ax)``,
    ``<name>_caption`` is ``X.of(...).caption``, and ``<name>_table`` stands in
    ``priormap.tables``, where `compute` takes it from.

    Attributes
    ----------
    height : float
        Of a new figure, in inches.
    rows, columns : int
        Panels: one Axes is handed to `draw`, or a vector, or where columns are several a matrix.
    shares_x : bool
        Whether the panels have one horizontal axis.
    headroom : float or None
        Inches above the axes of a figure whose labels are known, so that a file of it needs no
        layout engine; None where it does.
    """

    columns: ClassVar[int] = 1
    shares_x: ClassVar[bool] = True
    headroom: ClassVar[float | None] = None

    @property
    @abstractmethod
    def height(self) -> float:
        """Of a new figure, in inches."""

    @property
    def rows(self) -> int:
        """Panels above each other."""
        return 1

    @classmethod
    @abstractmethod
    def of(cls, *given: Any, **options: Any) -> Self:
        """Check what the public functions are given, or refuse."""

    @classmethod
    def of_contrast(cls, table: Contrast, features: tuple[str, ...] | None, prior: str) -> Self:
        """Return the figure that `write_figures` writes of a contrast (and one of its priors)."""
        return cls.of(table)

    @abstractmethod
    def compute(self) -> Mapping[str, pd.DataFrame]:
        """Return the numbers: the main table under "", the others under their names."""

    @cached_property
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """What `compute` returned: drawing, caption and files read the same tables."""
        return self.compute()

    @abstractmethod
    def draw(self, axes: Any) -> None:
        """Draw the tables."""

    @property
    @abstractmethod
    def caption(self) -> str:
        """What the figure shows, in words and computed numbers."""

    @property
    def column_names(self) -> Sequence[str]:
        """Columns of the data, which a caller may call otherwise."""
        return ()

    def said(self, labels: Mapping[str, str] | None = None, units: str = "") -> str:
        """Caption in the words of the caller, which are those of `plot`."""
        with written_with(labels, units, self.column_names):
            return self.caption

    def plot(
        self,
        ax: Any = None,
        axes: Any = None,
        labels: Mapping[str, str] | None = None,
        units: str = "",
    ) -> Any:
        """Draw on the given Axes in their own style, or on new ones in the house style.

        Parameters
        ----------
        ax, axes : Axes or array of Axes, optional
            Where to draw: two words for one thing.
        labels : dict of str, optional
            What columns are called in the figure, by their names in the data.
        units : str
            Unit of y.
        """
        self.tables  # noqa: B018 - what they refuse is refused before there is a window
        shape = (self.height, self.rows, self.columns, self.shares_x)
        with (
            written_with(labels, units, self.column_names),
            drawing_axes(one_of_both(ax, axes), *shape) as drawn,
        ):
            self.draw(drawn)
            return drawn


@dataclass(frozen=True, eq=False)
class ContrastFigure(Figure):
    """A figure of what `contrast` returned: one look for each of its priors."""

    table: Contrast

    @property
    def column_names(self) -> Sequence[str]:
        return self.table.data.names

    @cached_property
    def looks(self) -> Mapping[str, Look]:
        """Look of each prior by its name."""
        return looks_of(self.table.priors)

    @property
    def priors_listed(self) -> str:
        """Names of the priors in a sentence."""
        return listed(list(self.table.priors))
