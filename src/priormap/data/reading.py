"""Tables from files, with one sentence for whatever goes wrong, in the words of the file."""

from __future__ import annotations

import csv
import importlib.util
import os
import re
import warnings
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from priormap.checks import checked_count, short
from priormap.display.files import shown
from priormap.errors import Phrase, PriormapError

if TYPE_CHECKING:
    import pandas as pd

CSV_OPTIONS = ("sep", "decimal", "encoding", "na_values", "index_col", "skip")
PARQUET, FEATHER = {".parquet", ".pq"}, {".feather", ".arrow"}
_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars", " ": "blanks"}
_NO_TABLE = "{} is not a CSV file with a header line (it starts with {!r}); export it as one"
_SIGNATURES = {
    b"PK\x03\x04": "is a workbook or an archive, not a CSV file; save the sheet as CSV",
    b"\xd0\xcf\x11\xe0": "is a workbook, not a CSV file; save the sheet as CSV",
    b"PAR1": "is a Parquet file; give it a name that ends in .parquet",
    b"ARROW1": "is a Feather file; give it a name that ends in .feather",
}
_SAMPLE = 50  # lines that are looked at before the parser sees the file
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?")


def read_table(path: str | os.PathLike[str], **options: Any) -> pd.DataFrame:
    """Read a file by its ending: Parquet, Feather, or else CSV with the options of `read_csv`."""
    ending = os.path.splitext(path)[1].lower()
    if ending not in PARQUET | FEATHER:
        return read_csv(path, **options)
    given = next((name for name, value in options.items() if value), None)
    if given is not None:
        raise PriormapError(
            Phrase(given, f"--{given.removesuffix('_values').replace('_', '-')}"),
            f" is an option of CSV files, which {shown(path)} is not; leave it out",
        )
    return read_parquet(path) if ending in PARQUET else read_feather(path)


def read_csv(
    path: str | os.PathLike[str],
    *,
    sep: str | None = None,
    decimal: str = ".",
    encoding: str | None = None,
    na_values: Sequence[str] = (),
    index_col: str | int | None = None,
    skip: int = 0,
) -> pd.DataFrame:
    r"""Read a CSV file with a header line that names every column.

    Lines before the header that begin with ``#`` are skipped. A first column without a name, as
    R and pandas export the names of rows, becomes the index.

    Parameters
    ----------
    path : path
        Also of a compressed file (``.csv.gz``).
    sep : str, optional
        What separates entries. Default: a comma; a tab where the name ends in ``.tsv``.
    decimal : {".", ","}
    encoding : str, optional
        Default: UTF-8, or UTF-16 where the file says so.
    na_values : list of str
        What is written in a cell that is missing, beside nothing, NA, NaN, null and the like.
    index_col : str or int, optional
        Column (or its place) that labels the rows.
    skip : int
        Lines before the header that are no part of the table.

    Raises
    ------
    PriormapError
        One sentence on what the file is instead, with the option that reads it where one does.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "table.csv")
    >>> _ = path.write_text("x;y\n1,5;2\n2,5;3\n")
    >>> read_csv(path)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    priormap.errors.PriormapError: ... is separated by semicolons with decimal commas; ...
    >>> read_csv(path, sep=";", decimal=",")
         x  y
    0  1.5  2
    1  2.5  3
    """
    import pandas as pd

    _refuse_missing_file(path)
    decimal, skip = _checked_decimal(decimal), checked_count("skip", skip, least=0)
    try:
        layout = _Layout.of(path, sep, encoding, skip)
        with warnings.catch_warnings():
            # rows longer than the others: pandas would drop their ends with a warning
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame = pd.read_csv(
                path,
                sep=r"\s+" if layout.sep == " " else layout.sep,
                decimal=decimal,
                encoding=layout.encoding,
                na_values=[na_values] if isinstance(na_values, str) else list(na_values),
                header=None,
                names=range(layout.width),
                skiprows=layout.first_row,
                index_col=False,
                skipinitialspace=True,
                low_memory=False,
            )
    except (pd.errors.ParserError, pd.errors.EmptyDataError, pd.errors.ParserWarning) as error:
        raise _parser_error(path, layout, error) from None
    except UnicodeError as error:
        raise _encoding_error(path, error) from None
    except LookupError:
        raise PriormapError(
            Phrase("encoding", "--encoding"),
            f" {short(encoding)} is unknown; give one such as 'utf-8' or 'latin-1'",
        ) from None
    except OSError as error:
        raise PriormapError(
            f"{path} cannot be read ({error.strerror or error}); check the file"
        ) from None
    return _with_names(path, frame, layout, index_col)


def read_parquet(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read a Parquet file; needs the optional pyarrow."""
    return _read_arrow(path, "Parquet")


def read_feather(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read a Feather (Arrow IPC) file; needs the optional pyarrow."""
    return _read_arrow(path, "Feather")


def _read_arrow(path: str | os.PathLike[str], kind: str) -> pd.DataFrame:
    import pandas as pd

    _refuse_missing_file(path)
    if importlib.util.find_spec("pyarrow") is None:
        raise PriormapError(
            f"reading {kind} needs pyarrow, which is not installed; "
            "install priormap[parquet], or save the table as CSV"
        )
    try:
        if kind == "Parquet":
            return pd.read_parquet(path, engine="pyarrow")
        return pd.read_feather(path)
    except (ImportError, OSError, ValueError) as error:
        raise PriormapError(
            f"{path} is not a readable {kind} file ({_one_line(error)}); export it again"
        ) from None


def _refuse_missing_file(path: str | os.PathLike[str]) -> None:
    if not os.path.isfile(path):  # unlike Path, without an error where no file can have that name
        kind = "is a folder, not a file" if os.path.isdir(path) else "does not exist"
        raise PriormapError(f"{shown(path)} {kind}; check the path")


def _checked_decimal(decimal: object) -> str:
    if decimal not in {".", ","}:
        raise PriormapError(
            Phrase("decimal", "--decimal"), f" must be '.' or ',', got {short(decimal)}"
        )
    return str(decimal)


@dataclass(frozen=True)
class _Layout:
    """How the entries of a CSV file stand.

    Attributes
    ----------
    sep, encoding : str
    names : tuple of str
        Names in the header, without blanks around them.
    width : int
        Entries in a row.
    first_row : int
        Lines before the first row.
    quotes_first : bool
        Whether the first entry of the first row is in quotes.
    """

    sep: str
    encoding: str
    names: tuple[str, ...]
    width: int
    first_row: int
    quotes_first: bool

    @classmethod
    def of(
        cls, path: str | os.PathLike[str], sep: str | None, encoding: str | None, skip: int
    ) -> _Layout:
        """Look at the first lines as they are written: a parser renames what it does not know."""
        start = _start_of(path)
        encoding = encoding or _encoding_of(start)
        with _opened(path, encoding) as file:
            lines = list(islice(file, skip + _SAMPLE))
        before = skip
        while before < len(lines) and (
            not lines[before].strip() or lines[before].lstrip().startswith("#")
        ):
            before += 1
        lines = lines[before:]
        if not lines:
            raise PriormapError(
                f"{shown(path)} is empty, not a CSV file with a header line; export it as one"
            )
        if lines[0].lstrip().startswith(("{", "[", "<")):
            raise PriormapError(_NO_TABLE.format(shown(path), lines[0].split()[0][:10]))
        if sep is None:
            sep = "\t" if ".tsv" in os.path.basename(path).lower() else ","
            _refuse_other_separator(path, lines, sep)
        elif not isinstance(sep, str) or len(sep) != 1:
            raise PriormapError(Phrase("sep", "--sep"), f" must be one character, got {short(sep)}")
        rows = _rows_of(lines, sep)
        names = tuple(name.strip(" \t") for name in rows[0])
        if any("\0" in name for name in names):
            raise PriormapError(_NO_TABLE.format(shown(path), names[0][:10]))
        widths = [len(row) for row in rows[1:]]
        width = max(set(widths), key=widths.count, default=len(names))
        if not any(names[1:]) and names[0] and width > 1:
            _refuse_title(path, lines, sep, width, before)
        taken = _lines_of_header(lines, sep)
        quotes = bool(lines[taken:]) and lines[taken].lstrip().startswith('"')
        return cls(sep, encoding, names, max(width, len(names)), before + taken, quotes)


def _with_names(
    path: str | os.PathLike[str],
    frame: pd.DataFrame,
    layout: _Layout,
    index_col: str | int | None,
) -> pd.DataFrame:
    """Name the columns as the header does, and take the labels of rows for what they are."""
    if not len(frame):
        raise PriormapError(f"{shown(path)} has a header line and no row below it; export it again")
    told = np.flatnonzero(frame.notna().any(axis=1))
    frame = frame.iloc[: told[-1] + 1] if len(told) else frame  # rows of separators at the end
    names = list(layout.names)
    while len(names) < frame.shape[1] and len(frame) and frame.iloc[:, -1].isna().all():
        frame = frame.iloc[:, :-1]  # a separator at the end of each row
    while names and not names[-1] and frame.iloc[:, -1].isna().all():
        frame, names = frame.iloc[:, :-1], names[:-1]  # ... and of the header
    is_shorter = len(names) == frame.shape[1] - 1
    if is_shorter and layout.quotes_first and _labels_rows(frame.iloc[:, 0]):
        names = ["", *names]  # R leaves out the name of the names of rows
    if len(names) != frame.shape[1]:
        raise PriormapError(
            f"{path} has rows with more entries than its header has names; name every column"
        )
    if index_col is None and names[0] == "" and _labels_rows(frame.iloc[:, 0]):
        index_col = 0
    if "" in names[(index_col == 0) :]:
        raise PriormapError(
            f"{path} has no name for column {names.index('') + 1}; name it in the header, or ",
            Phrase(
                f"use it as labels of the rows (index_col={names.index('')})",
                f"use it as labels of the rows (--index-col {names.index('')})",
            ),
        )
    name, count = Counter(names).most_common(1)[0]
    if count > 1:
        raise PriormapError(f"{path} has {count} columns named {name!r}; give each its own name")
    frame.columns = names
    for name in names:
        if frame[name].dtype.kind not in "fiub":
            frame[name] = frame[name].map(_stripped)
    return _with_index(path, frame, index_col)


def _with_index(
    path: str | os.PathLike[str], frame: pd.DataFrame, index_col: str | int | None
) -> pd.DataFrame:
    if index_col is None:
        return frame
    names = frame.columns.tolist()
    place = names.index(index_col) if index_col in names else index_col
    with suppress(TypeError, ValueError):
        place = int(place)
    if not isinstance(place, int) or not 0 <= place < len(names):
        raise PriormapError(
            Phrase("index_col", "--index-col"),
            f" {short(index_col)} is not a column of {shown(path)}; give a name or a place from 0 "
            f"to {len(names) - 1}",
        )
    return frame.set_index(names[place]).rename_axis(names[place] or None)


def _stripped(value: Any) -> Any:
    return value.strip(" \t") if isinstance(value, str) else value


def _labels_rows(column: pd.Series[Any]) -> bool:
    """Whether a column names the rows: each once, by words or by counting them."""
    if not column.is_unique:
        return False
    if column.dtype.kind in "iu":
        return bool((column.diff().dropna() == 1).all()) and column.iloc[0] in {0, 1}
    return column.dtype.kind not in "fb"


def _start_of(path: str | os.PathLike[str]) -> bytes:
    with open(path, "rb") as file:
        start = file.read(8)
    for signature, what in _SIGNATURES.items():
        if start.startswith(signature):
            raise PriormapError(f"{shown(path)} {what}")
    return start


def _encoding_of(start: bytes) -> str:
    return "utf-16" if start.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"


def _opened(path: str | os.PathLike[str], encoding: str) -> IO[str]:
    """Open a text, whether or not it is compressed."""
    import bz2
    import gzip
    import lzma

    kinds: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
    opener = kinds.get(os.path.splitext(path)[1].lower(), open)
    return opener(path, "rt", encoding=encoding, newline="")


def _rows_of(lines: Sequence[str], sep: str) -> list[list[str]]:
    """Entries of the first lines."""
    if sep == " ":
        lines = [" ".join(line.split()) for line in lines]
    rows = csv.reader(lines, delimiter=sep, skipinitialspace=True)
    return [row for row in rows if row]


def _lines_of_header(lines: Sequence[str], sep: str) -> int:
    """How many lines the header takes: a name in quotes may have several."""
    reader = csv.reader(lines, delimiter=sep, skipinitialspace=True)
    next(reader)
    return reader.line_num


def _refuse_other_separator(path: str | os.PathLike[str], lines: list[str], sep: str) -> None:
    """Guess what a file is separated by whose header is of one entry, and say so."""
    if len(_rows_of(lines[:1], sep)[0]) > 1 or len(lines) < 2:
        return
    for sign, name in _SEPARATORS.items():
        if sign == " " and _widths(lines, sep)[1] > 1:  # the blanks of a title
            break
        header, width = _widths(lines, sign)
        if sign == sep or width < 2 or header not in {width, width - 1}:
            continue
        entries = [entry.strip() for row in _rows_of(lines[1:], sign) for entry in row]
        commas = any(map(_DECIMAL_COMMA.fullmatch, entries))
        with_commas = " with decimal commas" if commas else ""
        remedy = Phrase(
            f"sep={sign!r}" + ", decimal=','" * commas,
            f"--sep {'TAB' if sign == chr(9) else repr(sign)}" + " --decimal ','" * commas,
        )
        raise PriormapError(f"{shown(path)} is separated by {name}{with_commas}; add ", remedy)
    for sign in (sep, *_SEPARATORS):
        header, width = _widths(lines, sign)
        if width > max(1, header) and len(lines) > 2:
            raise PriormapError(
                f"{shown(path)} has a line above its header ({short(lines[0].strip())}); ",
                Phrase("leave it out with skip=1", "leave it out with --skip 1"),
            )


def _refuse_title(
    path: str | os.PathLike[str], lines: list[str], sep: str, width: int, before: int
) -> None:
    """Refuse lines of one entry above a line that names every column."""
    for above, line in enumerate(lines):
        entries = _rows_of([line], sep)
        if above and entries and len(entries[0]) == width and all(map(str.strip, entries[0])):
            count, title = before + above, short(lines[0].strip(f"{sep}\n "))
            raise PriormapError(
                f"{shown(path)} has a line above its header ({title}); ",
                Phrase(f"leave it out with skip={count}", f"leave it out with --skip {count}"),
            )


def _widths(lines: list[str], sep: str) -> tuple[int, int]:
    """Entries of the first line, and of each of the others if they have equally many, else 0."""
    first, *others = map(len, _rows_of(lines, sep))
    return first, others[0] if len(set(others)) == 1 else 0


def _parser_error(path: str | os.PathLike[str], layout: _Layout, error: Exception) -> PriormapError:
    """Say in the words of the file what the parser stumbled over."""
    with suppress(csv.Error), _opened(path, layout.encoding) as file:
        rows = csv.reader(file, delimiter=layout.sep, skipinitialspace=True)
        for row in rows:
            if rows.line_num > layout.first_row and len(row) > layout.width:
                return PriormapError(
                    f"{shown(path)} has {len(row)} entries in line {rows.line_num}, where its "
                    f"header has {len(layout.names)} names; correct that line"
                )
    unclosed = re.search(r"EOF inside string starting at row (\d+)", str(error))
    if unclosed:
        return PriormapError(
            f"{shown(path)} has a quote in line {int(unclosed[1]) + 1} that is not closed; correct "
            "that line"
        )
    return PriormapError(
        f"{path} is not a CSV file with a header line ({_one_line(error)}); export it as one"
    )


def _encoding_error(path: str | os.PathLike[str], error: UnicodeError) -> PriormapError:
    byte = ""
    if isinstance(error, UnicodeDecodeError):
        byte = f" (byte 0x{error.object[error.start]:02x})"
    return PriormapError(
        f"{path} is not a CSV file in UTF-8{byte}; export it as UTF-8, or add ",
        Phrase("encoding='latin-1'", "--encoding latin-1"),
        " if it comes from an older program",
    )


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()).removeprefix("Error tokenizing data. C error: ")[:120]
