"""Which figures `write_figures` writes: one entry for each file."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

import matplotlib
from matplotlib.figure import Figure

from priormap.plots import figure as plots_figure
from priormap.plots.register import FIGURES, Entry
from priormap.plots.style import COLUMN_WIDTH

if TYPE_CHECKING:
    import pandas as pd

    from priormap.tables import Contrast


_MOST_WITH_BANDS = 200  # columns of a path with posteriors: more take minutes
Pair: TypeAlias = tuple[str, str]
Arguments: TypeAlias = tuple[tuple[Any, ...], dict[str, Any]]


@dataclass(frozen=True)
class Picture:
    """One figure: its name, which is that of its files, and what makes it when it is wanted.

    `tables` holds the tables behind it, by what is added to the name of the file.
    """

    name: str
    draw: Callable[[], Any]
    caption: Callable[[], str]
    tables: Mapping[str, Callable[[], pd.DataFrame]]


def prior_pictures() -> list[Picture]:
    """Return the figures that need no data."""
    alone = [entry for entry in FIGURES if entry.written == "alone"]
    return [_of_figure(entry, lambda entry=entry: entry.load().of()) for entry in alone]  # type: ignore[misc]


def data_pictures(
    priors: Sequence[str], contrast: Callable[[], Contrast], features: tuple[str, ...] | None = None
) -> list[Picture]:
    """Return the figures of a contrast, which is asked for when the first of them is drawn.

    Parameters
    ----------
    priors : list of str
        Names of its priors.
    contrast : callable
        Returns it.
    features : tuple of two str, optional
        Columns of the figures of two coefficients.
    """

    def pair() -> Pair:
        from priormap.tables.two_columns import chosen_pair

        names = _data(contrast()).names
        first, second = chosen_pair(_data(contrast()), features)
        return names[first], names[second]

    def whole() -> Arguments:
        return (contrast(),), {}

    def beliefs() -> Arguments:
        return (_data(contrast()), _priors(contrast())), {}

    def plane() -> Arguments:
        return (_data(contrast()), _priors(contrast()), pair()), {}

    def path_of(name: str) -> Callable[[], Arguments]:
        def arguments() -> Arguments:
            data = _data(contrast())
            few = {} if data.n_features <= _MOST_WITH_BANDS else {"draws": 0}
            return (data, _priors(contrast())[name]), few

        return arguments

    def joint_of(name: str) -> Callable[[], Arguments]:
        return lambda: ((contrast(), pair()), {"prior": name})

    arguments_of = {"prior_predictive": beliefs, "geometry": plane}
    of_each = {"path": path_of, "joint": joint_of}

    def picture(entry: Entry, prior: str = "") -> Picture:
        if entry.figure:
            return _of_figure(
                entry, lambda: entry.load().of_contrast(contrast(), features, prior), prior
            )
        given = of_each[entry.name](prior) if prior else arguments_of.get(entry.name, whole)
        return _picture(entry.name, given, entry.parts, prior)

    return [
        picture(entry, prior)
        for entry in FIGURES
        if entry.written in ("once", "each prior")
        for prior in (priors if entry.written == "each prior" else [""])
    ]


def _of_figure(entry: Entry, make: Callable[[], plots_figure.Figure], prior: str = "") -> Picture:
    """Entry of a figure that is an object: made once, when it is first wanted."""
    figure = cache(make)

    def table(part: str) -> Callable[[], pd.DataFrame]:
        return lambda: figure().tables[part]

    tables = {"-" * bool(part) + part: table(part) for part in ("", *entry.parts)}
    name = _file_name(entry.name, prior)
    return Picture(name, lambda: _drawn(figure()), lambda: figure().caption, tables)


def _picture(
    function: str, arguments: Callable[[], Arguments], more: Sequence[str] = (), prior: str = ""
) -> Picture:
    """Entry of a figure whose functions all take the same arguments."""

    def call(which: str) -> Callable[[], Any]:
        def result() -> Any:
            from priormap import plots

            given, options = arguments()
            return getattr(plots, which)(*given, **options)

        return result

    tables = {"": call(f"{function}_table")}
    tables |= {f"-{part}": call(f"{function}_{part}_table") for part in more}
    name = _file_name(function, prior)
    return Picture(name, call(f"plot_{function}"), call(f"{function}_caption"), tables)


def _file_name(name: str, prior: str) -> str:
    return "-".join(filter(None, [name.replace("_", "-"), prior and _in_a_file_name(prior)]))


def _data(table: Contrast) -> Any:
    from priormap.tables.chosen import data_of

    return data_of(table)


def _priors(table: Contrast) -> dict[str, Any]:
    return {name: fit.prior for name, fit in table.modes.items()}


def _in_a_file_name(name: str) -> str:
    return re.sub(r"[^\w.]+", "-", name).strip("-.") or "prior"


def _drawn(shown: plots_figure.Figure) -> Any:
    """Draw a figure, without a layout engine where its labels are known.

    That engine measures every label once more, which costs a few tenths of a second.
    """
    if shown.headroom is None:
        return shown.plot()
    with matplotlib.rc_context({"figure.constrained_layout.use": False}):
        figure = Figure(figsize=(COLUMN_WIDTH, shown.height))
    top, bottom = 1 - shown.headroom / shown.height, 0.38 / shown.height
    figure.subplots_adjust(left=0.155, right=0.98, top=top, bottom=bottom, hspace=0.08)
    shown.plot(figure.subplots(shown.rows, sharex=shown.shares_x))
    return figure
