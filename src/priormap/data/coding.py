"""How the columns of a table become columns of numbers: factors, and the rows of a formula."""

from __future__ import annotations

import datetime
import decimal
import numbers
import re
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

import numpy as np

from priormap.arrays import Bools
from priormap.checks import meant, one_of, reads_as_number, short
from priormap.data.frames import as_pandas, is_frame, is_series
from priormap.errors import Phrase, PriormapError, warn

if TYPE_CHECKING:
    import pandas as pd

Missing: TypeAlias = Literal["refuse", "drop"]
_MISSING: tuple[Missing, ...] = ("refuse", "drop")
# how exports name a column that only counts the rows
_ROW_NAMES = {"unnamed: 0", "rownames", "row.names", "row_names", "rowname", "index", "row", "id"}
_MOST_NAMES = 3
_MOST_LEVELS = 8
_MOSTLY = 0.5  # share of the entries that are numbers, above which the others are slips
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_DATE = re.compile(
    r"\d{4}([-/.])\d\d?\1\d\d?([T ].*)?|\d\d?([-/.])\d\d?\3\d{2,4}([T ].*)?"
    rf"|\d\d?[- ]?{_MONTH}[- ,]*\d{{2,4}}|{_MONTH} \d\d?,? \d{{4}}"
    r"|\d\d?:\d\d(:\d\d(\.\d+)?)?( ?[ap]m)?",
    re.IGNORECASE,
)
_BESIDE_NUMBERS = re.compile(r"[\s$€£¥%]")
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:(?:,\d{3})+(?:\.\d+)?|(?:\.\d{3})+(?:,\d+)?|('\d{3})+)")
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")


class Coding(Protocol):
    """What a table went through; new rows go through the same."""

    @property
    def groups(self) -> Mapping[str, tuple[str, ...]]:
        """Columns of numbers that stand for one column or term, where they are several."""

    @property
    def sentences(self) -> tuple[str, ...]:
        """What was done, in words."""

    def code(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Columns of numbers of other rows of the same table."""


@dataclass(frozen=True, eq=False)
class FactorCoding:
    """Columns of numbers as they are, and an indicator of every level of a factor but the first.

    Attributes
    ----------
    columns : tuple of str
        Columns of the table, in order.
    levels : dict of str to tuple
        Levels of each factor; the first is the reference, which has no column.
    """

    columns: tuple[str, ...]
    levels: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, frame: pd.DataFrame) -> FactorCoding:
        """Coding of a table without missing cells."""
        columns, levels = tuple(map(str, frame.columns)), {}
        refused: dict[str, PriormapError] = {}
        for name, (_, column) in zip(columns, frame.items(), strict=True):
            try:
                if not holds_numbers(_column(name), column):
                    levels[name] = _levels(name, column)
            except PriormapError as error:
                refused[name] = error
        if refused:
            first, *others = refused
            more = f"; nor can {_listed(map(repr, others))} be used" if others else ""
            raise PriormapError(*refused[first].args, more)
        coding = cls(columns, levels)
        indicators = [name for group in coding.groups.values() for name in group]
        name, count = Counter([*(set(columns) - set(levels)), *indicators]).most_common(1)[0]
        if count > 1:
            raise PriormapError(
                f"column name {name!r} of X occurs {count} times once factors have their "
                "indicators; rename a column"
            )
        return coding

    @cached_property
    def groups(self) -> Mapping[str, tuple[str, ...]]:
        """Indicator columns of each factor."""
        return {
            name: tuple(f"{name}[{level}]" for level in levels[1:])
            for name, levels in self.levels.items()
        }

    @property
    def sentences(self) -> tuple[str, ...]:
        """One on each factor."""
        return tuple(
            f"{name} has the levels {_listed(map(str, levels), _MOST_LEVELS)}; {levels[0]} is the "
            "reference, so that a prior speaks of differences from it"
            for name, levels in self.levels.items()
        )

    def code(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Columns of numbers; the columns of `frame` are met by name, and may come in any order.

        Raises
        ------
        PriormapError
            If a column is missing or unknown, or a factor has a level that the first rows had not.
        """
        import pandas as pd

        parts: dict[str, Any] = {}
        for name, column in _by_name(frame, self.columns).items():
            if name not in self.levels:
                if not holds_numbers(_column(name), column):
                    raise PriormapError(
                        f"column {name!r} holds {described(column)}, where the rows of the fit "
                        "have numbers; give numbers"
                    )
                parts[name] = column.to_numpy(dtype=float, na_value=np.nan)
                continue
            levels = self.levels[name]
            which = pd.Index(levels).get_indexer(column)
            if (which < 0).any():
                unseen = _levels_of(column[which < 0])
                raise PriormapError(
                    f"column {name!r} has the level {short(unseen[0])}, which the rows of the fit "
                    f"have not (they have {_listed(map(str, levels), _MOST_LEVELS)}); drop "
                    f"{_rows(int((which < 0).sum()))}, or fit with rows of that level"
                )
            for k, label in enumerate(self.groups[name], start=1):
                parts[label] = (which == k).astype(float)
        return pd.DataFrame(parts, index=frame.index)


@dataclass(frozen=True, eq=False)
class FormulaCoding:
    """The right-hand side of a formula, as formulaic has learnt it of the first rows.

    Attributes
    ----------
    formula : str
    spec : formulaic.ModelSpec
        With the levels, centres and knots of the first rows.
    """

    formula: str
    spec: Any

    @cached_property
    def groups(self) -> Mapping[str, tuple[str, ...]]:
        """Columns of each term that has several."""
        columns = self.spec.column_names
        return {
            str(term): tuple(_plain_name(columns[k]) for k in which)
            for term, which in self.spec.term_indices.items()
            if len(which) > 1
        }

    @property
    def sentences(self) -> tuple[str, ...]:
        """The formula, and the reference level of each factor."""
        said = [f"formula: {self.formula}"]
        for name, (_, state) in self.spec.encoder_state.items():
            if state.get("categories"):
                said.append(f"the reference of {name} is its first level, {state['categories'][0]}")
        return tuple(said)

    def code(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Columns of numbers, by the levels, centres and knots of the first rows."""
        from formulaic.errors import DataMismatchWarning

        with warnings.catch_warnings():
            warnings.simplefilter("error", DataMismatchWarning)
            try:
                matrix = self.spec.get_model_matrix(frame, na_action="raise", context={})
            except DataMismatchWarning as warning:
                unseen = "".join(re.findall(r"{.*?}", str(warning)))
                raise PriormapError(
                    f"a factor of the formula has a level that the rows of the fit have not "
                    f"({unseen[1:-1]}); drop those rows, or fit with rows of that level"
                ) from None
            except Exception as error:  # whatever the terms of a formula may raise
                raise _formula_error(self.formula, error, frame) from None
        return _numbers_of(matrix)


def coded(frame: pd.DataFrame) -> tuple[pd.DataFrame, FactorCoding | None]:
    """Columns of numbers of a table, and how they came about; None where they are as they were.

    Raises
    ------
    PriormapError
        For a column that holds neither numbers nor a factor, or for missing cells.
    """
    if all(kind.kind in "fiub" for kind in frame.dtypes if isinstance(kind, np.dtype)) and all(
        isinstance(kind, np.dtype) for kind in frame.dtypes
    ):
        _refuse_missing(frame, frame.isna().to_numpy())
        return frame, None
    _refuse_missing(frame, frame.isna().to_numpy())
    coding = FactorCoding.of(frame)
    return coding.code(frame), coding


def as_yes_or_no(y: Any, event: Any = None) -> tuple[Any, tuple[str, str] | None]:
    """Zeros and ones of a response with two answers, and what they stand for.

    Numbers stay what they are unless an event is named; then everything else is 0.

    Raises
    ------
    PriormapError
        If there are not two answers, or the event is none of them.

    Examples
    --------
    >>> as_yes_or_no(["no", "yes", "no"])
    (array([0., 1., 0.]), ('no', 'yes'))
    """
    y = as_pandas(y)
    if is_frame(y) and y.shape[1] == 1:
        y = y.iloc[:, 0]
    values = y if is_series(y) else np.asarray(y)
    are_numbers = getattr(values.dtype, "kind", "O") in "fiu"
    if (event is None and are_numbers) or values.ndim != 1:
        return y, None
    import pandas as pd

    column = pd.Series(values)
    if column.isna().any():
        count = int(column.isna().sum())
        raise PriormapError(
            f"y has {count} missing value{'s' * (count != 1)}; drop or impute these rows first"
        )
    try:
        levels = _levels_of(column)
    except TypeError:
        raise PriormapError("y mixes texts with other values; give it two levels") from None
    said = _listed(map(str, levels), _MOST_LEVELS)
    if event is None and len(levels) != 2:
        raise PriormapError(
            f"y has the level{'s' * (len(levels) != 1)} {said}, and a yes/no response has two; "
            "name the event with event=, against which all else counts as no"
        )
    yes = levels[1] if event is None else event
    if yes not in levels:
        raise PriormapError(f"event={short(event)} is no value of y, which has {said}; name one")
    others = [str(level) for level in levels if level != yes]
    reference = others[0] if len(others) == 1 else f"not {yes}"
    return (column == yes).to_numpy(dtype=float), (reference, str(yes))


def about_levels(reference: str, event: str) -> str:
    """What the zeros and ones of a yes/no response stand for, as a sentence."""
    return (
        f"y has the levels {reference}, {event}; {reference} is the reference, so that the "
        f"probability is that of {event}"
    )


def of_formula(formula: str, frame: pd.DataFrame) -> tuple[Any, pd.DataFrame, bool, FormulaCoding]:
    """Response, columns, whether there is an intercept, and the coding of a formula.

    Raises
    ------
    PriormapError
        If the formula cannot be read, or names what the table has not.
    """
    from formulaic import model_matrix

    if not isinstance(formula, str) or "~" not in formula or not formula.split("~")[0].strip():
        raise PriormapError(
            f"formula must be a text such as 'y ~ x + z', got {short(formula)}; name the response "
            "on its left"
        )
    for name, kind in frame.dtypes.items():
        if kind.name == "category":  # a level that no row has would be a column of zeros
            frame = frame.assign(**{str(name): frame[name].cat.remove_unused_categories()})
    try:
        both = model_matrix(formula, frame, na_action="raise", context={})
    except Exception as error:  # whatever the terms of a formula may raise
        raise _formula_error(formula, error, frame) from None
    response, matrix = both.lhs, both.rhs
    if isinstance(matrix, tuple):
        raise PriormapError(
            f"formula {formula!r} has several parts right of ~; write + in place of |"
        )
    if response.shape[1] != 1:
        raise PriormapError(
            f"formula {formula!r} has {response.shape[1]} columns left of ~; its response must be "
            "one column of numbers"
        )
    has_intercept = "Intercept" in matrix.columns
    columns = _numbers_of(matrix)
    if not columns.shape[1]:
        raise PriormapError(f"formula {formula!r} has no column right of ~; name at least one")
    spec = matrix.model_spec
    return response.iloc[:, 0], columns, has_intercept, FormulaCoding(formula, spec)


def formula_names(formula: object) -> set[str]:
    """Every name that a formula mentions, of columns and of functions."""
    quoted = re.findall(r"`([^`]+)`", str(formula))
    return {*quoted, *re.findall(r"[^\W\d]\w*(?:\.\w+)*", str(formula))}


def warn_of_a_row_count(frame: pd.DataFrame) -> None:
    """Say that the first column counts the rows, where it has a name that exports give to such."""
    name, column = frame.columns[0], frame.iloc[:, 0]
    if str(name).strip().lower() not in _ROW_NAMES or not len(column):
        return
    counts = column.to_numpy()
    if counts.dtype.kind not in "iu" or (np.diff(counts) != 1).any() or counts[0] not in {0, 1}:
        return
    warn(
        f"column {str(name)!r} counts the rows and is taken as a predictor; ",
        Phrase(f"drop it (drop=[{str(name)!r}])", f"drop it (--drop {str(name)!r})"),
    )


def without_missing(frame: pd.DataFrame, missing: Missing) -> tuple[pd.DataFrame, int]:
    """Return the rows without a missing cell and the number of those left out, or refuse."""
    one_of("missing", missing, _MISSING)
    gaps = frame.isna().to_numpy()
    if missing == "refuse":
        _refuse_missing(frame, gaps)
    whole = ~gaps.any(axis=1)
    if whole.all():
        return frame, 0
    if gaps.all(axis=0).any() or not whole.any():
        _refuse_missing(frame, gaps)
    return frame.iloc[np.flatnonzero(whole)], int((~whole).sum())


def _refuse_missing(frame: pd.DataFrame, gaps: Bools) -> None:
    """Refuse missing cells: how many rows, in which columns, and what can be done."""
    if not gaps.any():
        return
    counts = gaps.sum(axis=0)
    names = [str(name) for name in frame.columns]
    empty = [repr(name) for name, column in zip(names, gaps.T, strict=True) if column.all()]
    if empty:
        raise PriormapError(
            f"column{'s' * (len(empty) > 1)} {_listed(empty)} {_have(empty)} no entry; ",
            Phrase(
                f"drop {_them(empty)} (drop=[{', '.join(empty)}])",
                f"drop {_them(empty)} ({' '.join(f'--drop {name}' for name in empty)})",
            ),
        )
    order = np.argsort(-counts, kind="stable")
    told = [f"{counts[j]} in {names[j]!r}" for j in order if counts[j]]
    if len(told) == 1:
        most = int(counts[order[0]])
        what = f"column {names[order[0]]!r} has {most} missing value{'s' * (most != 1)}"
    else:
        rows = f"{int(gaps.any(axis=1).sum())} of {len(frame)} rows"
        what = f"{rows} have missing values ({_listed(told)})"
    raise PriormapError(
        f"{what}; drop or impute these rows first",
        Phrase(" (from_frame has missing='drop')", ", or add --missing drop"),
    )


def holds_numbers(what: str, column: pd.Series[Any]) -> bool:
    """Whether a column holds numbers; False for a factor, and a refusal for anything else."""
    import pandas as pd

    kind = column.dtype
    if isinstance(kind, pd.CategoricalDtype):
        return False
    if pd.api.types.is_complex_dtype(kind):
        raise PriormapError(f"{what} holds complex numbers; take the real part")
    if pd.api.types.is_numeric_dtype(kind):  # booleans too
        return True
    if getattr(kind, "kind", "O") in "mM" or isinstance(kind, pd.PeriodDtype):
        raise _date_error(what, "durations" if getattr(kind, "kind", "") == "m" else "dates")
    values = column.dropna().tolist()
    if all(isinstance(value, numbers.Real | decimal.Decimal) for value in values):
        return True
    if all(isinstance(value, str) for value in values):
        _refuse_slips(what, column, values)
        return False
    if all(isinstance(value, datetime.date | datetime.time) for value in values):
        raise _date_error(what, "dates")
    raise PriormapError(
        f"{what} holds objects (such as {short(values[0])}), not numbers; convert or drop it"
    )


def _refuse_slips(what: str, column: pd.Series[Any], values: list[str]) -> None:
    """Refuse text that was meant as numbers or dates."""
    count = sum(map(reads_as_number, values))
    if count == len(values):
        raise PriormapError(
            f"{what} holds numbers written as text (such as {values[0]!r}); convert "
            "it with pandas.to_numeric, or drop it"
        )
    dressed = next((value for value in values if not reads_as_number(value)), "")
    if not _DATE.fullmatch(dressed.strip()) and all(map(_is_a_dressed_number, values)):
        raise PriormapError(
            f"{what} holds numbers with signs beside the digits (such as {dressed!r}); write them "
            "plainly, without signs of percent, currency or thousands, or drop it"
        )
    if all(_DECIMAL_COMMA.fullmatch(value.strip()) or reads_as_number(value) for value in values):
        raise PriormapError(
            f"{what} holds numbers with decimal commas (such as {values[0]!r}); ",
            Phrase("read it with decimal=','", "add --decimal ','"),
        )
    if count > _MOSTLY * len(values):
        place = next(
            k for k, v in enumerate(column) if isinstance(v, str) and not reads_as_number(v)
        )
        slip = str(column.iloc[place])
        others = len(values) - count
        raise PriormapError(
            f"{what} has {others} {'entry' if others == 1 else 'entries'} that "
            f"{'is no number' if others == 1 else 'are no numbers'} among {count} that are, the "
            f"first {slip!r} in row {place + 1}; correct {'it' if others == 1 else 'them'}, or ",
            Phrase(
                f"read {slip!r} as missing with na_values=[{slip!r}]",
                f"read {slip!r} as missing with --na {slip!r}",
            ),
        )
    if all(_DATE.fullmatch(value.strip()) for value in values):
        raise _date_error(what, "dates")


def _is_a_dressed_number(value: str) -> bool:
    """Whether it is a number once percent, currency, blanks and groups of thousands are gone."""
    bare = _BESIDE_NUMBERS.sub("", value).replace("\N{MINUS SIGN}", "-")
    return reads_as_number(bare) or _THOUSANDS.fullmatch(bare) is not None


def _date_error(what: str, kind: str) -> PriormapError:
    return PriormapError(
        f"{what} holds {kind}; convert it to a number, such as the days since the first, or drop it"
    )


def _column(name: str) -> str:
    return f"column {name!r} of X"


def _levels(name: str, column: pd.Series[Any]) -> tuple[Any, ...]:
    """Levels of a factor, or the refusal of one that says nothing."""
    levels = _levels_of(column)
    drop = Phrase(f"drop it (drop=[{name!r}])", f"drop it (--drop {name!r})")
    if len(levels) == 1:
        raise PriormapError(
            f"column {name!r} of X has only the level {short(levels[0])}, which tells no row from "
            "another; ",
            drop,
        )
    if len(levels) == len(column):
        raise PriormapError(
            f"column {name!r} of X holds text with a level of its own in each of the "
            f"{len(column)} rows, like a name or a number of the row; ",
            drop,
        )
    return levels


def _levels_of(column: pd.Series[Any]) -> tuple[Any, ...]:
    """Levels that occur: in the order of the categories, else sorted."""
    import pandas as pd

    if isinstance(column.dtype, pd.CategoricalDtype):
        return tuple(column.cat.remove_unused_categories().cat.categories)
    return tuple(sorted(column.unique()))


def _by_name(frame: pd.DataFrame, columns: tuple[str, ...]) -> dict[str, pd.Series[Any]]:
    """Columns of a table by name, in this order."""
    own = [str(name).strip() for name in frame.columns]
    missing = [name for name in columns if name not in own]
    if missing:
        guess = meant(missing[0], own)
        raise PriormapError(
            f"X has no column {missing[0]!r}, which the fit has; add it"
            + (f" ({guess})" if guess else "")
        )
    unknown = [name for name in own if name not in columns]
    if unknown:
        raise PriormapError(f"X has a column {unknown[0]!r}, which the fit has not; drop it")
    if len(own) > len(columns):
        name, count = Counter(own).most_common(1)[0]
        raise PriormapError(f"X has {count} entries for {name!r}; give one")
    return {name: frame.iloc[:, own.index(name)] for name in columns}


def _formula_error(formula: str, error: Exception, frame: pd.DataFrame) -> PriormapError:
    text = _of_formulaic(error)
    absent = re.search(r"`([^`]*)` is not present|name '([^']*)' is not defined", text)
    if absent:
        name = absent.group(1) or absent.group(2)
        guess = meant(name, [str(one) for one in frame.columns]) or f"there are: {_some(frame)}"
        return PriormapError(f"formula {formula!r} names {name!r}, which is no column; {guess}")
    return PriormapError(f"formula {formula!r} cannot be used ({text}); check its terms")


def _of_formulaic(error: Exception) -> str:
    text = re.sub(r"\x1b\[[0-9;]*m|⧛\[[0-9;]*m|⧚", "", str(error))
    return " ".join(text.split())[:200] or type(error).__name__


def _numbers_of(matrix: Any) -> pd.DataFrame:
    """Columns of a model matrix without its intercept, under plain names."""
    import pandas as pd

    columns = pd.DataFrame(matrix).drop(columns="Intercept", errors="ignore").astype(float)
    columns.columns = pd.Index(map(_plain_name, columns.columns))
    return columns


def _plain_name(name: Any) -> str:
    """Name of a column without formulaic's mark of a contrast: ``g[T.b]`` is ``g[b]``."""
    return str(name).replace("[T.", "[")


def described(column: pd.Series[Any]) -> str:
    """What a column that is a factor holds, in a word."""
    is_text = all(isinstance(value, str) for value in column.dropna())
    return "text" if is_text and column.dtype.name != "category" else "categories"


def _some(frame: pd.DataFrame) -> str:
    return _listed([str(name) for name in frame.columns], _MOST_LEVELS)


def _listed(words: Iterable[str], most: int = _MOST_NAMES) -> str:
    words = list(words)
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more


def _rows(count: int) -> str:
    return "that row" if count == 1 else f"these {count} rows"


def _have(words: list[str]) -> str:
    return "has" if len(words) == 1 else "have"


def _them(words: list[str]) -> str:
    return "it" if len(words) == 1 else "them"
