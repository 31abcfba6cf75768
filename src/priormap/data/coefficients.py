"""Coefficients of any origin as one vector in the order of the columns."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from priormap.arrays import Floats
from priormap.checks import as_labelled_numbers, in_order
from priormap.data.fitted_estimators import FittedLinear, is_estimator
from priormap.data.validation import as_names
from priormap.errors import PriormapError

if TYPE_CHECKING:
    import pandas as pd

# A vector, a Series, a mapping, a fitted estimator (known by its coef_) or the path of a file
Coefficients: TypeAlias = Any
# How programs call the intercept in their tables of coefficients; it is not a coefficient here
_INTERCEPTS = {"intercept", "(Intercept)", "Intercept", "const", "_cons"}


def as_coefficients(coef: Coefficients, names: tuple[str, ...]) -> Floats:
    """Return coefficients of the columns `names`, shape (p,), from whatever holds them.

    Parameters
    ----------
    coef : array, Series, mapping, fitted estimator or path of a CSV file
        A vector is taken in the order of the columns. A Series, a mapping, a DataArray and a
        file (columns ``feature`` and ``coef``) are aligned by name; an entry named intercept is
        left out.
        The coefficients of an estimator behind scalers are taken back to the units of the
        caller's columns.
    names : tuple of str

    Raises
    ------
    PriormapError
        If a name is missing, unknown or repeated, or a coefficient is not a finite number.
    """
    what = "coef"
    if isinstance(coef, str | os.PathLike):
        what, coef = str(coef), read_by_name(coef)
    if is_estimator(coef):
        fitted = FittedLinear.of(coef)
        fitted.refuse_other_columns(names, are_named=names != as_names(None, None, len(names)))
        return _finite(fitted.coef, names)
    if hasattr(coef, "columns"):
        raise PriormapError("coef is a table; give one of its columns, for example table['coef']")
    labels, values = as_labelled_numbers("coef", coef)
    if labels is not None:
        kept = [k for k, name in enumerate(labels) if name in names or name not in _INTERCEPTS]
        labels, values = tuple(labels[k] for k in kept), values[kept]
    values = in_order(what, labels, values, names)
    if values.shape != (len(names),):
        raise PriormapError(
            f"coef has shape {values.shape} but X has {len(names)} columns; "
            "give one number per column"
        )
    return _finite(values, names)


def read_by_name(path: str | os.PathLike[str]) -> pd.Series[Any]:
    """Numbers by name of a CSV file: its columns ``feature`` and ``coef``, or its only two."""
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
    feature, coef = columns
    return frame.set_index(feature)[coef]


def _finite(values: Floats, names: tuple[str, ...]) -> Floats:
    if not np.isfinite(values).all():
        j = int(np.argmin(np.isfinite(values)))
        raise PriormapError(f"coef of {names[j]!r} is {values[j]}; give finite numbers")
    return values
