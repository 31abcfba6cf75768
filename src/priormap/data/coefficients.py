"""Coefficients of any origin as one vector in the order of the columns."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import numpy as np

from priormap.arrays import Floats
from priormap.checks import as_numbers
from priormap.data.fitted_estimators import FittedLinear, is_estimator
from priormap.data.validation import as_names
from priormap.errors import PriormapError

# A vector, a Series, a mapping, a fitted estimator (known by its coef_) or the path of a file
Coefficients: TypeAlias = Any
# How programs call the intercept in their tables of coefficients; it is not a coefficient here
_INTERCEPTS = {"intercept", "(Intercept)", "Intercept", "const", "_cons"}


def as_coefficients(coef: Coefficients, names: tuple[str, ...]) -> Floats:
    """Return coefficients of the columns `names`, shape (p,), from whatever holds them.

    Parameters
    ----------
    coef : array, Series, mapping, fitted estimator or path of a CSV file
        A vector is taken in the order of the columns. A Series, a mapping and a file (columns
        ``feature`` and ``coef``) are aligned by name; an entry named intercept is left out.
        The coefficients of an estimator behind scalers are taken back to the units of the
        caller's columns.
    names : tuple of str

    Raises
    ------
    PriormapError
        If a name is missing, unknown or repeated, or a coefficient is not a finite number.
    """
    if isinstance(coef, str | os.PathLike):
        return _finite(_by_name(_read(coef), names, str(coef)), names)
    if isinstance(coef, Mapping):
        return _finite(_by_name(coef.items(), names, "coef"), names)
    if hasattr(coef, "items") and hasattr(coef, "index"):
        if np.ndim(coef) != 1:
            raise PriormapError(
                "coef is a table; give one of its columns, for example table['coef']"
            )
        return _finite(_by_name(coef.items(), names, "coef"), names)
    if is_estimator(coef):
        fitted = FittedLinear.of(coef)
        fitted.refuse_other_columns(names, are_named=names != as_names(None, None, len(names)))
        return _finite(fitted.coef, names)
    values = as_numbers("coef", coef)
    if values.shape != (len(names),):
        raise PriormapError(
            f"coef has shape {values.shape} but X has {len(names)} columns; "
            "give one number per column"
        )
    return _finite(values, names)


def _by_name(entries: Iterable[tuple[Any, Any]], names: tuple[str, ...], source: str) -> Floats:
    """Put named entries into the order of `names`."""
    pairs = [(str(name).strip(), value) for name, value in entries]
    pairs = [(name, value) for name, value in pairs if name in names or name not in _INTERCEPTS]
    given = Counter(name for name, _ in pairs)
    unknown = next((name for name in given if name not in names), None)
    missing = next((name for name in names if name not in given), None)
    repeated = next((name for name, count in given.items() if count > 1), None)
    if unknown is not None:
        raise PriormapError(
            f"{source} has an entry {unknown!r}, which is not a column of X; "
            "give a plain vector if the order is that of the columns"
        )
    if missing is not None:
        raise PriormapError(f"{source} has no entry for column {missing!r}; give one per column")
    if repeated is not None:
        raise PriormapError(f"{source} has {given[repeated]} entries for {repeated!r}; give one")
    values = dict(pairs)
    return as_numbers("coef", [values[name] for name in names])


def _read(path: str | os.PathLike[str]) -> list[tuple[Any, Any]]:
    """Rows of a CSV file with the columns ``feature`` and ``coef``, or with two columns."""
    from priormap.data.reading import read_csv

    frame = read_csv(path)
    columns = ["feature", "coef"]
    if not set(columns) <= set(frame.columns):
        if len(frame.columns) != 2:
            raise PriormapError(
                f"{path} must have the columns feature and coef, got "
                f"{', '.join(map(str, frame.columns[:8]))}"
            )
        columns = list(frame.columns)
    return list(frame[columns].itertuples(index=False, name=None))


def _finite(values: Floats, names: tuple[str, ...]) -> Floats:
    if not np.isfinite(values).all():
        j = int(np.argmin(np.isfinite(values)))
        raise PriormapError(f"coef of {names[j]!r} is {values[j]}; give finite numbers")
    return values
