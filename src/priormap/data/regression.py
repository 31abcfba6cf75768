"""The data of a linear regression: validated once, its columns named, its moments at hand."""

from __future__ import annotations

import copy
import os
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from priormap.arrays import Floats, Indices, Matrix
from priormap.checks import WordsOfInit, meant, refuse_keywords, short
from priormap.data.coding import (
    Coding,
    Missing,
    about_levels,
    as_yes_or_no,
    formula_names,
    of_formula,
    warn_of_a_row_count,
    without_missing,
)
from priormap.data.frames import as_pandas, is_frame
from priormap.data.moments import Moments, means_and_norms
from priormap.data.noise import Noise
from priormap.data.unit_columns import UnitColumns
from priormap.data.validation import (
    as_design,
    as_response,
    check_same_index,
    in_row_order,
    row_index,
)
from priormap.display import cells
from priormap.display.blocks import Block, Paragraph, Table
from priormap.display.text import Described
from priormap.errors import Phrase, PriormapError, warn
from priormap.likelihoods import ANOTHER, Likelihood, likelihood_named
from priormap.priors.densities import HalfStudentT, PositiveDensity

if TYPE_CHECKING:
    import pandas as pd


# verbs that need no moments of the rows
OF_ANY_LIKELIHOOD = (
    *("find_map", "map_path", "audit", "log_posterior"),
    *("pymc_model", "pymc_prior", "sample", "predict"),
)
_FARTHEST = 1e153  # ratio of sigma to a unit, or to the sd of y, that can still be squared
_OPTIONS = {"target": "--target", "features": "--features", "drop": "--drop"}
_CLEARLY_INDEPENDENT = 1e-5  # smallest pivot of the correlation matrix that needs no second look


@dataclass(frozen=True, eq=False, repr=False)
class Regression(Described):
    r"""Data and noise of the model ``y | a, b ~ Normal(a + X b, sigma**2)``, or of another family.

    The intercept ``a`` is not penalised: its prior is flat. X is not copied, so do not change
    it afterwards.

    Parameters
    ----------
    X : array, DataFrame or scipy sparse matrix of shape (n, p)
        Predictors: real and finite numbers.
    y : array or Series of shape (n,)
        Response: real and finite numbers.
    sigma : float, noise prior or None
        A number is a known noise standard deviation, in units of y. A prior (`HalfNormal`,
        `HalfStudentT`, `InverseGamma`, `Jeffreys`) is an unknown one. ``None`` is unknown
        under ``HalfStudentT(4, sd(y))``.
    intercept : bool
        Whether there is an intercept.
    standardize : bool
        Whether priors speak of standardised columns (divided by their standard deviation
        with 1/n), that is of ``sd_j * b_j``. Coefficients are always in units of X.
    names : list of str, optional
        Column names; default those of the DataFrame, or x0, x1, ...
    family : str
        What y is, given the linear predictor ``eta = a + X b``: "gaussian"; "bernoulli" (also
        "binomial" or "logistic"), a yes/no response with ``logit(P(y = 1)) = eta``; or
        "poisson", a count with the mean ``exp(eta)``. The latter two have no sigma, which is 1
        wherever a number is needed.
    event : optional
        The value of a yes/no y that counts as 1. By default the second of its two levels: True,
        the last in the order of categories, or of the alphabet.

    Attributes
    ----------
    levels : tuple of two str, or None
        The reference and the event of a yes/no y that was coded.
    coding : FactorCoding, FormulaCoding or None
        How the columns of a DataFrame became columns of numbers, where they were not: text and
        categories are factors, of which every level but the first (the reference) becomes an
        indicator column ``factor[level]``. New rows are coded alike.

    Raises
    ------
    PriormapError
        For anything that is not a finite real table with a response of as many rows; one
        sentence says what and where.

    Warns
    -----
    PriormapWarning
        For a constant or collinear column, or a constant y; kept in `notes`.

    Examples
    --------
    >>> data = Regression([[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0], sigma=1.0)
    >>> data
    Regression(3 rows, 1 column, sigma=1)
    >>> data.moments.xty
    array([4.])
    """

    X: Matrix
    y: Floats
    sigma: float | PositiveDensity = None  # type: ignore[assignment]  # None is replaced below
    intercept: bool = True
    standardize: bool = False
    names: tuple[str, ...] = None  # type: ignore[assignment]  # None is replaced below
    family: str = "gaussian"
    event: Any = None
    levels: tuple[str, str] | None = field(init=False, default=None)
    unit: UnitColumns = field(init=False)
    notes: tuple[str, ...] = field(init=False, default=())
    coding: Coding | None = field(init=False, default=None)
    _index: Any = field(init=False, default=None)  # labels of the rows, where they have some

    if TYPE_CHECKING:

        def __init__(
            self,
            X: ArrayLike | pd.DataFrame | sparse.sparray,
            y: ArrayLike | pd.Series[Any],
            sigma: float | PositiveDensity | None = None,
            intercept: bool = True,
            standardize: bool = False,
            names: Iterable[str] | None = None,
            family: str | Likelihood = "gaussian",
            event: Any = None,
        ) -> None: ...

    __signature__: ClassVar = WordsOfInit()

    def __new__(cls, *args: object, **options: object) -> Self:
        """Refuse an unknown keyword in one sentence that names the nearest ones."""
        known = cls.__match_args__  # the names of __init__
        if "likelihood" in options:
            raise PriormapError(f"Regression has no keyword 'likelihood'; {ANOTHER}")
        refuse_keywords("Regression", options, known)
        return super().__new__(cls)

    def __post_init__(self) -> None:
        for name in ("intercept", "standardize"):
            value = getattr(self, name)
            if not isinstance(value, bool | np.bool_):
                raise PriormapError(f"{name} must be True or False, got {short(value)}")
        likelihood = likelihood_named(self.family)
        object.__setattr__(self, "family", likelihood.name)
        check_same_index(self.X, self.y)
        index = row_index(self.X)
        object.__setattr__(self, "_index", row_index(self.y) if index is None else index)
        X, names, coding = as_design(self.X, self.names)
        object.__setattr__(self, "coding", coding)
        y = as_response(self._yes_or_no(likelihood), X.shape[0])
        likelihood.check(y)
        if len(y) < 1 + self.intercept:
            raise PriormapError(
                f"X has {len(y)} row; ",
                Phrase("give at least 2, or use intercept=False", "give at least 2"),
            )
        if not sparse.issparse(X):
            X = X.view()
            X.flags.writeable = False
        unit = UnitColumns(X, y, names, bool(self.intercept))
        for name, value in (("X", X), ("y", y), ("names", names), ("unit", unit)):
            object.__setattr__(self, name, value)
        self._judge_constant_columns()
        self._warn_of_collinear_columns()
        object.__setattr__(self, "sigma", self._checked_sigma(self.sigma))

    def __repr__(self) -> str:
        options = ("" if self.intercept else ", intercept=False") + (
            ", standardize=True" if self.standardize else ""
        )
        columns = f"{self.n_features} column{'s' * (self.n_features != 1)}"
        what = f"sigma={self.noise}" if self.likelihood.has_sigma else f"family={self.family!r}"
        return f"Regression({self.n_rows} rows, {columns}, {what}{options})"

    def blocks(self) -> tuple[Block, ...]:
        """The data in a sentence, and the standard deviation of each column."""
        rows = tuple(
            (cells.text(name), cells.number(sd, 6))
            for name, sd in zip(self.names, self.column_sd, strict=True)
        )
        said = self.coding.sentences if self.coding is not None else ()
        if self.levels is not None:
            said = (about_levels(*self.levels), *said)
        return Paragraph(repr(self)), *map(Paragraph, said), Table(("column", "sd"), rows)

    @classmethod
    def from_frame(
        cls,
        frame: Any,
        target: str,
        *,
        features: Iterable[str] | None = None,
        drop: Iterable[str] = (),
        missing: Missing = "refuse",
        **options: Any,
    ) -> Self:
        """Regression of one column of a table on others.

        Parameters
        ----------
        frame : DataFrame
            Of pandas, polars, pyarrow, modin or any other library that narwhals knows.
        target : str
            Column to predict.
        features, drop : list of str, optional
            Columns to predict from, or not to: default all others.
        missing : {"refuse", "drop"}
            What to do with rows that have a missing cell; `notes` says how many were dropped.
        **options
            As in the class.

        Raises
        ------
        PriormapError
            For a column that is not there, or is neither numbers nor a factor, and for missing
            cells.

        Examples
        --------
        >>> import pandas as pd
        >>> frame = pd.DataFrame({"y": [1.0, 3.0, 2.0, 5.0], "site": list("abab")})
        >>> data = Regression.from_frame(frame, "y", sigma=1.0)
        >>> data.names
        ('site[b]',)
        >>> print(*data.coding.sentences)
        site has the levels a, b; a is the reference, so that a prior speaks of differences from it
        """
        frame = _as_table(frame)
        columns = _columns_of(frame, target, features, drop)
        warn_of_a_row_count(frame[columns])
        frame, dropped = without_missing(frame[[target, *columns]], missing)
        data = cls(frame[columns], frame[target], **options)
        data._say_dropped(dropped)
        return data

    @classmethod
    def from_formula(
        cls, formula: str, frame: Any, *, missing: Missing = "refuse", **options: Any
    ) -> Self:
        """Regression by a formula such as ``"y ~ x + log(z) + site*dose"``.

        The formula is read by formulaic, whose transforms (``C()``, ``scale()``, ``bs()``,
        ``poly()``, ...) it may use; ``0 +`` leaves the intercept out.

        Parameters
        ----------
        formula : str
        frame : DataFrame
            Of any library, as in `from_frame`.
        missing : {"refuse", "drop"}
            What to do with rows that have a missing cell in a column of the formula.
        **options
            As in the class, `intercept` excepted.

        Raises
        ------
        PriormapError
            If the formula cannot be read or names what is no column.

        Examples
        --------
        >>> import pandas as pd
        >>> frame = pd.DataFrame({"y": [1.0, 3.0, 2.0, 5.0], "x": [1.0, 2.0, 4.0, 8.0]})
        >>> Regression.from_formula("y ~ x + log(x)", frame, sigma=1.0).names
        ('x', 'log(x)')
        """
        frame = _as_table(frame)
        if "intercept" in options:
            raise PriormapError("the formula says whether there is an intercept; write '0 +' in it")
        used = [name for name in frame.columns if str(name) in formula_names(formula)]
        kept, dropped = without_missing(frame[used], missing)
        response, columns, intercept, coding = of_formula(formula, frame.loc[kept.index])
        data = cls(columns, response, intercept=intercept, **options)
        object.__setattr__(data, "coding", coding)
        data._say_dropped(dropped)
        return data

    @classmethod
    def from_csv(
        cls,
        path: str | os.PathLike[str],
        target: str | None = None,
        *,
        formula: str | None = None,
        **options: Any,
    ) -> Self:
        """Regression from a CSV file with a header line, which may be compressed.

        Parameters
        ----------
        path : path
        target, formula : str
            Column to predict from the others, or else a formula (`from_formula`).
        **options
            Those of the class, of `from_frame`, and of reading: `sep`, `decimal`, `encoding`,
            `na_values`, `index_col` and `skip` (see `priormap.data.reading.read_csv`).
        """
        from priormap.data.reading import CSV_OPTIONS, read_csv

        reading = {name: options.pop(name) for name in CSV_OPTIONS if name in options}
        return cls._of_table(read_csv(path, **reading), target, formula, options)

    @classmethod
    def from_parquet(
        cls,
        path: str | os.PathLike[str],
        target: str | None = None,
        *,
        formula: str | None = None,
        **options: Any,
    ) -> Self:
        """Regression from a Parquet file (needs pyarrow); the rest as in `from_csv`."""
        from priormap.data.reading import read_parquet

        return cls._of_table(read_parquet(path), target, formula, options)

    @classmethod
    def _of_table(
        cls, frame: pd.DataFrame, target: str | None, formula: str | None, options: dict[str, Any]
    ) -> Self:
        if (target is None) == (formula is None):
            raise PriormapError("give the target, the column to predict, or else a formula")
        if formula is not None:
            return cls.from_formula(formula, frame, **options)
        return cls.from_frame(frame, str(target), **options)

    @property
    def n_rows(self) -> int:
        """Number of rows, n."""
        return self.unit.n

    @property
    def n_features(self) -> int:
        """Number of columns, p."""
        return self.unit.p

    @property
    def moments(self) -> Moments:
        """Means and cross products of the (centred) data, computed once."""
        return self.unit.moments

    @cached_property
    def column_sd(self) -> Floats:
        """Standard deviation of every column (about its mean, with 1/n), shape (p,)."""
        norms, n = self.unit.x_norm, self.n_rows
        if not self.intercept:  # those norms are about zero
            means, norms = means_and_norms(self.X, True)
            norms[norms <= 4 * np.finfo(float).eps * np.sqrt(n) * np.abs(means)] = 0.0
        return norms / np.sqrt(n)

    @cached_property
    def y_sd(self) -> float:
        """Standard deviation of the response (about its mean, with 1/n)."""
        return float(np.std(self.y))

    def per_row(self, what: str | Phrase, value: Any) -> Any:
        """Put one number per row into the order of the rows, by their labels where both have some.

        Raises
        ------
        PriormapError
            If the labels are not those of the rows.

        Examples
        --------
        >>> import pandas as pd
        >>> frame = pd.DataFrame({"x": [0.0, 1.0]}, index=["a", "b"])
        >>> data = Regression(frame, [0.0, 2.0], sigma=1.0)
        >>> data.per_row("weights", pd.Series({"b": 2.0, "a": 1.0})).tolist()
        [1.0, 2.0]
        """
        return in_row_order(what, value, self._index, self.n_rows)

    @property
    def row_labels(self) -> pd.Index[Any] | None:
        """Labels that the rows came with: numbers, dates or text; None of plain arrays.

        Examples
        --------
        >>> import pandas as pd
        >>> frame = pd.DataFrame({"x": [0.0, 1.0]}, index=["a", "b"])
        >>> Regression(frame, [0.0, 2.0], sigma=1.0).row_labels.tolist()
        ['a', 'b']
        """
        index = self._index
        if index is None or (isinstance(index.dtype, np.dtype) and index.dtype.kind in "iufM"):
            return index
        return index.map(str).astype(object)

    @property
    def likelihood(self) -> Likelihood:
        """Density of a response given its linear predictor."""
        return likelihood_named(self.family)

    @property
    def noise(self) -> Noise:
        """What is known, or believed, of sigma."""
        return Noise(self.sigma)

    def with_noise(self, sigma: float | PositiveDensity | None) -> Self:
        """Return the same data with another sigma; what was computed of the rows is shared.

        Parameters
        ----------
        sigma : float, density or None
            As in the class.

        Examples
        --------
        >>> data = Regression([[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0])
        >>> data.with_noise(2.0)
        Regression(3 rows, 1 column, sigma=2)
        >>> data.with_noise(2.0).moments is data.moments
        True
        """
        other = copy.copy(self)
        object.__setattr__(other, "sigma", self._checked_sigma(sigma))
        return other

    def on_columns(self, which: Indices) -> Self:
        """Return the same rows with some of the columns; moments are cut out, not summed again.

        Examples
        --------
        >>> data = Regression([[0.0, 1.0], [1.0, 5.0], [2.0, 0.0]], [1.0, 3.0, 5.0], sigma=1.0)
        >>> data.on_columns([1])
        Regression(3 rows, 1 column, sigma=1)
        """
        which = np.asarray(which)
        X, names = self.X[:, which], tuple(self.names[j] for j in which)
        known = self.moments.on_columns(which) if self.unit.has_cheap_gram else None
        unit = UnitColumns(X, self.y, names, bool(self.intercept), known)
        other = copy.copy(self)
        other.__dict__.pop("column_sd", None)
        for name, value in (("X", X), ("names", names), ("unit", unit), ("coding", None)):
            object.__setattr__(other, name, value)
        return other

    def _yes_or_no(self, likelihood: Likelihood) -> Any:
        """The response, its two answers as 0 and 1 where it is one of these."""
        if not likelihood.is_binary:
            if self.event is not None:
                raise PriormapError(
                    f"event={short(self.event)} names one of the two answers of a yes/no response, "
                    "which y is under family='bernoulli'; give that family, or leave event out"
                )
            return self.y
        y, levels = as_yes_or_no(self.y, self.event)
        object.__setattr__(self, "levels", levels)
        return y

    def _checked_sigma(self, sigma: object) -> float | PositiveDensity:
        if not self.likelihood.has_sigma:
            if sigma is not None:
                raise PriormapError(
                    f"a {self.likelihood.label} response has no sigma, got sigma={short(sigma)}; "
                    "leave it out"
                )
            return 1.0
        if sigma is None:
            return HalfStudentT(4, self.y_sd if self.unit.y_norm > 0 else 1.0)
        noise = Noise.of(sigma)
        size = self.unit.y_norm / np.sqrt(self.n_rows)
        for unit in (1.0, size or 1.0):
            if noise.known and not unit / _FARTHEST < noise.known < unit * _FARTHEST:
                raise PriormapError(
                    f"sigma={noise.known:g} is too far from the sd of y, {size:g}, to be squared; "
                    "give it in the units of y"
                )
        return noise.sigma

    def _say_dropped(self, count: int) -> None:
        if count:
            rows = f"{count} row{'s' * (count != 1)}"
            said = f"{rows} with a missing cell {'was' if count == 1 else 'were'} dropped"
            object.__setattr__(self, "notes", (*self.notes, f"{said}, {self.n_rows} are left"))

    def _note(self, sentence: str) -> None:
        """Warn of a property of the data, and keep the sentence with them."""
        object.__setattr__(self, "notes", (*self.notes, sentence))
        warn(sentence)

    def _judge_constant_columns(self) -> None:
        if self.standardize and not (self.column_sd > 0).all():
            name = self.names[int(np.argmin(self.column_sd))]
            raise PriormapError(
                f"column {name!r} is constant and cannot be standardised; drop it or use ",
                Phrase("standardize=False", "--no-standardize"),
            )
        dead = () if self.unit.x_norm.all() else np.flatnonzero(self.unit.x_norm == 0)
        constant = [self.names[j] for j in dead]
        if constant:
            kind = "constant" if self.intercept else "zero"
            more = f" and {len(constant) - 1} more" if len(constant) > 1 else ""
            self._note(
                f"column {constant[0]!r}{more} is {kind}: the data say nothing about its "
                "coefficient, whose mode is 0"
            )
        if self.unit.y_norm == 0 and self.likelihood.has_moments:
            kind = "constant" if self.intercept else "zero"
            self._note(f"y is {kind}: every coefficient's mode is 0")

    def _warn_of_collinear_columns(self) -> None:
        """Name the first column that the ones before it determine, where that is cheap to see."""
        unit = self.unit
        if not unit.has_cheap_gram or unit.p >= unit.n - self.intercept:
            return
        if unit.smallest_pivot > _CLEARLY_INDEPENDENT:
            return
        live = np.flatnonzero(unit.x_norm > 0)
        # cross products cannot tell near from exact: ask the rows
        pivots = np.abs(np.diag(np.linalg.qr(unit.columns(live), mode="r")))
        dependent = live[pivots <= 4 * np.finfo(float).eps * np.sqrt(self.n_rows) * len(live)]
        if dependent.size:
            more = f" and {len(dependent) - 1} more" if len(dependent) > 1 else ""
            self._note(
                f"column {self.names[dependent[0]]!r}{more} is a linear combination of the "
                "columns before it: the data cannot tell them apart, only the prior can"
            )


def check_data(data: object, *, any_likelihood: bool = False) -> None:
    """Refuse what is not a Regression in one sentence.

    Unless it takes any likelihood, a verb computes with moments, and refuses data of which these
    do not say everything.
    """
    if not isinstance(data, Regression):
        raise PriormapError(
            f"data must be a Regression, got {type(data).__name__}; make one by Regression(X, y)"
        )
    likelihood = data.likelihood
    if not (any_likelihood or likelihood.has_moments):
        raise PriormapError(
            f"y is {likelihood.response} here (family={data.family!r}), which only "
            f"{', '.join(OF_ANY_LIKELIHOOD[:-1])} and {OF_ANY_LIKELIHOOD[-1]} take so far; ask "
            "one of these, or give Regression(..., family='gaussian')"
        )


def _as_table(frame: Any) -> pd.DataFrame:
    table = as_pandas(frame)
    if not is_frame(table):
        raise PriormapError(
            f"frame must be a DataFrame, got {type(frame).__name__}; arrays go to Regression(X, y)"
        )
    return table


def _columns_of(
    frame: pd.DataFrame, target: Any, features: Iterable[str] | None, drop: Iterable[str]
) -> list[Any]:
    """Columns to predict from, in the order of the table."""
    columns = frame.columns.tolist()
    if not isinstance(target, Hashable) or target not in columns:
        raise _no_column("target", target, columns)
    if columns.count(target) > 1:
        raise PriormapError(f"target {target!r} names several columns; rename them")
    if isinstance(drop, str):
        drop = [drop]
    if isinstance(features, str):
        features = [features]
    for role, names in (("features", features or ()), ("drop", drop)):
        for name in names:
            if name not in columns or name == target:
                raise _no_column(role, name, [one for one in columns if one != target])
    chosen = set(columns if features is None else features) - {target, *drop}
    left = [name for name in columns if name in chosen]
    if not left:
        raise PriormapError(f"target {target!r} is the only column; there is nothing to fit")
    return left


def _no_column(role: str, name: Any, columns: list[Any]) -> PriormapError:
    names = [str(one) for one in columns]
    listed = ", ".join(names[:8]) + ", ..." * (len(names) > 8)
    guess = meant(str(name), names)
    said = f" {short(name)} is not a column; choose one of: {listed}"
    return PriormapError(Phrase(role, _OPTIONS[role]), said, f"; {guess}" if guess else "")
