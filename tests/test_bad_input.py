"""Every kind of bad input: one sentence that names the argument, the value and the remedy."""

import datetime
import functools
import importlib.util

import numpy as np
import pandas as pd
import pytest
from scipy import sparse, stats

import priormap
from priormap import (
    Gaussian,
    HalfNormal,
    HalfStudentT,
    InverseGamma,
    Laplace,
    Penalty,
    PriormapError,
    Regression,
)

X = np.array([[0.0, 3.0], [1.0, 1.0], [2.0, 0.5], [3.0, 2.0]])
Y = np.array([1.0, 0.0, 2.0, 5.0])
FRAME = pd.DataFrame(X, columns=["age", "bmi"])


def with_entry(value, column=1):
    return np.where(np.arange(8).reshape(4, 2) == 2 + column, value, X)


def frame(values, dtype=None):
    return pd.DataFrame({"age": [0.0, 1.0, 2.0, 3.0], "bmi": pd.array(values, dtype=dtype)})


def check(words, call, *arguments, **options):
    """The call is refused in one line, without a full stop inside, that has all the words."""
    with pytest.raises(PriormapError) as caught:
        call(*arguments, **options)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert ". " not in sentence
    assert len(sentence) < 300
    for word in words:
        assert word in sentence, f"{word!r} is not in {sentence!r}"
    assert caught.value.__cause__ is None  # nothing of numpy's or pandas' own trouble is shown


BAD_X = {
    "nan": (with_entry(np.nan), ["'x1'", "X", "1 NaN value", "drop or impute"]),
    "infinity": (with_entry(-np.inf), ["'x1'", "X", "1 infinite value", "drop or impute"]),
    "nan and inf": (
        np.column_stack([X[:, 0], [np.nan, np.inf, np.nan, 1.0]]),
        ["'x1'", "2 NaN", "1 infinite values", "drop or impute"],
    ),
    "inf of both signs": (
        np.column_stack([X[:, 0], [np.inf, -np.inf, 0.0, 1.0]]),
        ["'x1'", "2 infinite values"],
    ),
    "sparse nan": (sparse.csr_array(with_entry(np.nan)), ["'x1'", "1 NaN", "drop or impute"]),
    "frame nan": (frame([1.0, np.nan, np.nan, 2.0]), ["'bmi'", "2 missing values", "drop"]),
    "frame inf": (frame([1.0, np.inf, 3.0, 2.0]), ["'bmi'", "X", "1 infinite value", "drop"]),
    "pandas NA": (frame([1, None, 3, 4], "Int64"), ["'bmi'", "1 missing value", "impute"]),
    "pandas NA float": (frame([1, pd.NA, 3, 4], "Float64"), ["'bmi'", "1 missing", "impute"]),
    "pandas NA bool": (frame([True, pd.NA, False, True], "boolean"), ["'bmi'", "1 missing"]),
    "object NA": (frame([1, pd.NA, 3, 4], object), ["'bmi'", "1 missing value", "impute"]),
    "text": (np.array([["a", "b"]] * 4), ["X", "text", "'a'", "convert"]),
    "numeric strings": (X.astype(str), ["X", "numbers written as text", "'0.0'", "convert"]),
    "bytes": (X.astype("S3"), ["X", "numbers written as text", "convert"]),
    "numeric strings in a frame": (
        frame(["1", "2", "3", "4"]),
        ["'bmi'", "numbers written as text", "convert"],
    ),
    "one string": ([[0.0, "1.5"], [1.0, 2.0], [2, 3], [3, 4]], ["X", "written as text"]),
    "dates": (frame(pd.date_range("2020", periods=4)), ["'bmi'", "X", "dates", "convert"]),
    "dates with zone": (
        frame(pd.date_range("2020", periods=4, tz="UTC")),
        ["'bmi'", "dates", "convert"],
    ),
    "durations": (frame(pd.to_timedelta([1, 2, 3, 4], unit="D")), ["'bmi'", "durations"]),
    "numpy dates": (np.full((4, 2), "2020", dtype="M8[D]"), ["X", "dates", "convert"]),
    "python dates": ([[datetime.date(2020, 1, 1)] * 2] * 4, ["X", "objects", "convert"]),
    "complex": (X + 1j, ["X", "complex", "real part"]),
    "complex frame": (frame([1j, 2, 3, 4]), ["'bmi'", "complex", "real part"]),
    "complex sparse": (sparse.csr_array(X + 1j), ["X", "complex", "real part"]),
    "objects": (np.array([[None, 1], [2, 3]], dtype=object), ["X", "objects", "astype(float)"]),
    "objects in a frame": (frame([{}, [], 1, 2], object), ["'bmi'", "objects", "convert"]),
    "object integers": (X.astype(object), ["X", "objects", "astype(float)"]),
    "records": (np.zeros((4, 2), dtype=[("a", float)]), ["X", "dtype", "convert"]),
    "None": (None, ["X", "array of numbers", "None"]),
    "a path": ("rows.csv", ["X", "text", "'rows.csv'"]),
    "empty list": ([], ["X", "2 dimensions", "(0,)"]),
    "no rows": (np.empty((0, 2)), ["X", "rows", "(0, 2)"]),
    "no columns": (np.empty((4, 0)), ["X", "columns", "(4, 0)"]),
    "empty frame": (pd.DataFrame(), ["X", "rows", "(0, 0)"]),
    "empty sparse": (sparse.csr_array((4, 0)), ["X", "columns", "(4, 0)"]),
    "ragged": ([[1.0, 2.0], [3.0], [4.0, 5.0], [6.0]], ["X", "ragged", "same length"]),
    "number": (3.0, ["X", "2 dimensions", "0 dimensions", "()"]),
    "1-d": (X[:, 0], ["X", "2 dimensions", "1 dimension ", "(4,)", "reshape(-1, 1)"]),
    "Series": (FRAME["age"], ["X", "2 dimensions", "(4,)", "reshape(-1, 1)"]),
    "1-d sparse": (sparse.coo_array(X[:, 0]), ["X", "2 dimensions", "(4,)"]),
    "3-d": (X[None], ["X", "2 dimensions", "3 dimensions", "(1, 4, 2)"]),
    "masked": (np.ma.masked_array(X, mask=X > 2), ["X", "masked array", "drop or fill"]),
    "masked without mask": (np.ma.masked_array(X), ["X", "masked array", "drop or fill"]),
    "too few rows": (X[:3], ["X", "3 rows", "y", "4", "one response per row"]),
    "duplicate names": (
        pd.DataFrame(X, columns=["age", "age"]),
        ["'age'", "2 times", "rename"],
    ),
    "names equal as text": (pd.DataFrame(X, columns=[1, "1"]), ["'1'", "2 times", "rename"]),
    "name missing": (pd.DataFrame(X, columns=["age", None]), ["column 1", "no name", "give"]),
    "name empty": (pd.DataFrame(X, columns=["age", " "]), ["column 1", "no name", "give"]),
    "name NaN": (pd.DataFrame(X, columns=["age", np.nan]), ["column 1", "no name", "give"]),
    "1e200": (X * 1e200, ["'x0'", "rescale"]),
    "1e-200": (X * 1e-200, ["'x0'", "rescale"]),
}


@pytest.mark.parametrize(("bad", "words"), BAD_X.values(), ids=BAD_X)
def test_bad_x(bad, words):
    check(words, Regression, bad, Y, 1.0)


BAD_Y = {
    "nan": (np.array([1.0, np.nan, np.nan, 2.0]), ["y", "2 NaN values", "drop or impute"]),
    "infinity": ([1.0, np.inf, 0.0, 2.0], ["y", "1 infinite value", "drop or impute"]),
    "pandas NA": (pd.Series([1, None, 3, 4], dtype="Int64"), ["y", "1 missing value", "impute"]),
    "text": (list("abcd"), ["y", "text", "'a'", "convert"]),
    "text series": (pd.Series(list("abcd")), ["y", "text", "convert"]),
    "numeric strings": (["1", "2", "3", "4"], ["y", "numbers written as text", "'1'"]),
    "numeric string series": (pd.Series(["1", "2", "3", "4"]), ["y", "written as text"]),
    "categories": (pd.Series(list("mfmf"), dtype="category"), ["y", "categories", "encode"]),
    "bare categories": (pd.Categorical(list("mfmf")), ["y", "text", "convert"]),
    "dates": (pd.Series(pd.date_range("2020", periods=4)), ["y", "dates", "convert"]),
    "complex": (Y * 1j, ["y", "complex", "real part"]),
    "ragged": ([1.0, [2.0, 3.0], 4.0, 5.0], ["y", "ragged", "same length"]),
    "masked": (np.ma.masked_greater(Y, 2), ["y", "masked array", "drop or fill"]),
    "two columns": (np.column_stack([Y, Y]), ["y", "one column", "(4, 2)", "y[:, 0]"]),
    "two named columns": (FRAME, ["y", "one column", "(4, 2)"]),
    "a row": (Y[None], ["y", "one column", "(1, 4)"]),
    "3-d": (Y[:, None, None], ["y", "one column", "(4, 1, 1)"]),
    "number": (1.0, ["y", "one column", "()"]),
    "None": (None, ["y", "array of numbers", "None"]),
    "objects": (Y.astype(object), ["y", "objects", "astype(float)"]),
    "sparse": (sparse.csc_array(Y[:, None]), ["y", "sparse", "toarray"]),
    "empty": ([], ["X has 4 rows", "y has 0", "one response per row"]),
    "too short": (Y[:3], ["X has 4 rows", "y has 3", "one response per row"]),
    "1e200": (Y * 1e200, ["y", "rescale"]),
    "1e-200": (Y * 1e-200, ["y", "rescale"]),
}


@pytest.mark.parametrize(("bad", "words"), BAD_Y.values(), ids=BAD_Y)
def test_bad_y(bad, words):
    check(words, Regression, X, bad, 1.0)


def test_one_column_of_y_is_never_broadcast():
    data = Regression(X, Y[:, None], 1.0)
    assert data.y.shape == (4,)
    assert data.moments.xty.shape == (2,)


@pytest.mark.parametrize(
    "y", [pd.Series(Y, index=[3, 2, 1, 0]), pd.DataFrame({"y": Y[::-1]}, index=list("abcd"))]
)
def test_indices_that_disagree(y):
    check(["X", "y", "different indices", "align", "drop the index"], Regression, FRAME, y, 1.0)


BAD_OPTIONS = {
    "sigma zero": ({"sigma": 0}, ["sigma", "positive", "got 0"]),
    "sigma negative": ({"sigma": -1.5}, ["sigma", "positive", "-1.5"]),
    "sigma nan": ({"sigma": np.nan}, ["sigma", "positive", "nan"]),
    "sigma infinite": ({"sigma": np.inf}, ["sigma", "finite", "inf"]),
    "sigma text": ({"sigma": "1.0"}, ["sigma", "number", "'1.0'"]),
    "sigma bool": ({"sigma": True}, ["sigma", "number", "True"]),
    "sigma array": ({"sigma": np.ones(4)}, ["sigma", "number", "array"]),
    "sigma complex": ({"sigma": 1j}, ["sigma", "number", "1j"]),
    "sigma of scipy": ({"sigma": stats.halfnorm()}, ["sigma", "number"]),
    "sigma a class": ({"sigma": HalfNormal}, ["sigma", "number", "HalfNormal"]),
    "intercept text": ({"intercept": "no"}, ["intercept", "True or False", "'no'"]),
    "intercept number": ({"intercept": 0}, ["intercept", "True or False", "0"]),
    "standardize text": ({"standardize": None}, ["standardize", "True or False", "None"]),
    "names too few": ({"names": ["a"]}, ["names", "1 entries", "2 columns", "one per column"]),
    "names text": ({"names": "ab"}, ["names", "list", "'ab'"]),
    "names number": ({"names": 2}, ["names", "list", "2"]),
    "names repeated": ({"names": ["a", "a"]}, ["'a'", "2 times", "rename"]),
    "names missing": ({"names": ["a", None]}, ["column 1", "no name", "give"]),
    "unknown keyword": ({"sgima": 1.0}, ["'sgima'", "sigma", "intercept", "standardize"]),
}


@pytest.mark.parametrize(("options", "words"), BAD_OPTIONS.values(), ids=BAD_OPTIONS)
def test_bad_options(options, words, tmp_path):
    check(words, Regression, X, Y, **options)
    if "names" not in options:
        check(words, Regression.from_frame, FRAME.assign(y=Y), "y", **options)


def test_one_row_has_no_intercept():
    check(["X", "1 row", "2", "intercept"], Regression, X[:1], Y[:1])
    assert Regression(X[1:2], Y[:1], 1.0, intercept=False).n_rows == 1


@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_array, pd.DataFrame])
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("value", [0.0, 0.1, 7.0])
def test_constant_columns_cannot_be_standardised(kind, intercept, value):
    bad = np.column_stack([X[:, 0], np.full(4, value)])
    words = ["constant", "standardised", "drop it", "standardize=False"]
    check(words, Regression, kind(bad), Y, 1.0, intercept=intercept, standardize=True)


# priors


BAD_SCALES = {
    "zero": (0, ["positive", "0"]),
    "negative": (-1.0, ["positive", "-1.0"]),
    "nan": (np.nan, ["positive", "nan"]),
    "minus infinity": (-np.inf, ["positive", "-inf"]),
    "text": ("1", ["text", "'1'"]),
    "bool": (True, ["positive number", "True"]),
    "None": (None, ["None"]),
    "a zero among others": ([1.0, 0.0], ["positive in every column", "0.0", "column 1"]),
    "a nan among others": ([1.0, np.nan], ["positive in every column", "nan", "column 1"]),
    "empty": ([], ["one entry per column", "(0,)"]),
    "matrix": ([[1.0, 2.0]], ["one entry per column", "(1, 2)"]),
    "ragged": ([[1.0], [2.0, 3.0]], ["ragged"]),
    "numeric strings": (["1", "2"], ["numbers written as text", "'1'", "convert"]),
    "complex": ([1j, 1.0], ["complex", "real part"]),
    "dates": (np.array(["2020", "2021"], dtype="M8[Y]"), ["dates", "convert"]),
    "masked": (np.ma.masked_array([1.0, 2.0], mask=[0, 1]), ["masked array", "drop or fill"]),
    "pandas NA": (np.array([1.0, pd.NA], dtype=object), ["objects", "convert"]),
}


@pytest.mark.parametrize("family", [Gaussian, Laplace])
@pytest.mark.parametrize(("scale", "words"), BAD_SCALES.values(), ids=BAD_SCALES)
def test_bad_scales(family, scale, words):
    check(["scale", *words], family, scale)


@pytest.mark.parametrize("family", [Gaussian, Laplace])
def test_bad_prior_options(family):
    check(["scaled_by_noise", "True or False", "'yes'"], family, 1.0, "yes")
    check(["sd", "positive", "-1.0"], family(1.0).shrink, 2.0, -1.0)
    check(["sd", "positive", "nan"], family(1.0).posterior_mean, 2.0, np.nan)
    data = Regression(X, Y, 1.0)
    words = ["scale has 3 entries", "X has 2 columns", "one per column"]
    check(words, Penalty.from_prior, family([1.0, 2.0, 3.0]), data, 1.0)
    check(["prior", "Gaussian", "Laplace", "2.0"], Penalty.from_prior, 2.0, data, 1.0)


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan, np.inf, "1", True, None, [1.0]])
@pytest.mark.parametrize(
    ("family", "good", "name"),
    [
        (HalfNormal, {}, "scale"),
        (HalfStudentT, {"scale": 1.0}, "df"),
        (HalfStudentT, {"df": 1.0}, "scale"),
        (InverseGamma, {"scale": 1.0}, "shape"),
        (InverseGamma, {"shape": 1.0}, "scale"),
    ],
)
def test_bad_noise_priors(family, good, name, bad):
    check([name, "positive finite number", repr(bad)], family, **good, **{name: bad})


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf, "1", None])
def test_bad_conversions(bad):
    check(["alpha", "positive", repr(bad)], Gaussian.from_ridge, bad, 1.0)
    check(["sigma", "positive", repr(bad)], Gaussian.from_ridge, 1.0, bad)
    check(["sigma", "positive", repr(bad)], Gaussian(1.0).to_ridge, bad)
    check(["alpha", "positive", repr(bad)], Laplace.from_lasso, bad, 1.0, 10)
    check(["sigma", "positive", repr(bad)], Laplace.from_lasso, 1.0, bad, 10)
    check(["n ", "positive", repr(bad)], Laplace.from_lasso, 1.0, 1.0, bad)
    check(["n ", "positive", repr(bad)], Laplace(1.0).to_lasso, 1.0, bad)


def test_a_number_of_any_kind_is_a_number():
    for one in (1, 1.0, np.float32(1), np.int8(1), np.array(1.0), np.float64(1)):
        assert Gaussian(one) == Gaussian(1.0)
        assert Regression(X, Y, one).sigma == 1.0


# tables and files


def test_bad_targets():
    table = FRAME.assign(y=Y)
    check(["target 'z'", "age", "bmi", "y"], Regression.from_frame, table, "z")
    check(["target 'Y'", "age, bmi, y"], Regression.from_frame, table, "Y")
    check(["target ['y']", "age"], Regression.from_frame, table, ["y"])
    check(["'age'", "only column"], Regression.from_frame, FRAME[["age"]], "age")
    twice = pd.concat([table, table["y"]], axis=1)
    check(["'y'", "several columns", "rename"], Regression.from_frame, twice, "y")
    check(["frame", "DataFrame", "ndarray"], Regression.from_frame, X, "y")
    wide = pd.DataFrame(np.zeros((2, 300)))
    check(["target 'y'", "0, 1, 2", "..."], Regression.from_frame, wide, "y")


BAD_FILES = {
    "binary": (bytes(range(256)) * 4, ["not a CSV file", "export"]),
    "zeros": (b"\0" * 64, ["not a CSV file", "export"]),
    "png": (b"\x89PNG\r\n\x1a\n\0\0", ["not a CSV file", "export"]),
    "latin-1": ("größe,y\n1,2\n3,5\n".encode("latin-1"), ["not a CSV file", "export"]),
    "json": (b'{"a": [1, 2], "y": [1, 2]}', ["not a CSV file", "{", "export"]),
    "json records": (b'[{"a": 1, "y": 2},\n {"a": 2, "y": 3}]', ["not a CSV file", "export"]),
    "indented json": (b'[\n  {"a": 1,\n "y": 2}]', ["not a CSV file", "export"]),
    "html": (b"<html>\n<body>1, 2</body>", ["not a CSV file", "<html>", "export"]),
    "empty": (b"", ["not a CSV file", "export"]),
    "blank lines": (b"\n\n\n", ["not a CSV file", "export"]),
    "header only": (b"a,y\n", ["header line and no row below it", "export"]),
    "unnamed column": (b",a,y\n0,1,2\n3,2,4\n", ["no name for column 1", "labels of the rows"]),
    "repeated names": (b"a,a,y\n0,1,3\n1,2,3\n", ["2 columns named 'a'", "its own name"]),
    "repeated target": (b"a,y,y\n0,1,3\n1,2,3\n", ["2 columns named 'y'", "its own name"]),
    "names equal but for blanks": (b"a,a ,y\n0,1,3\n1,2,3\n", ["2 columns named 'a'"]),
    "long rows": (b"a,y\n0,1,2\n1,2,4\n", ["more entries than", "name every column"]),
    "one long row": (b"a,y\n0,1\n1,2,4\n", ["3 entries in line 3", "2 names", "correct"]),
    "short row": (b"a,y\n0,1\n1\n2,5\n", ["y", "1 missing value", "drop or impute"]),
    "gap": (b"a,y\n0,1\n,2\n2,5\n", ["'a'", "1 missing value", "drop or impute"]),
    "text": (b"a,y\nlow,1\nhigh,2\n", ["'a'", "text", "own in each of the 2 rows", "drop"]),
    "semicolons": (b"a;y\n1;2\n2;3\n", ["separated by semicolons", "add sep=';'"]),
    "no header": (b"1,2\n2,3\n4,6\n", ["target 'y'", "1, 2"]),
}


@pytest.mark.parametrize(("content", "words"), BAD_FILES.values(), ids=BAD_FILES)
def test_bad_csv(content, words, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_bytes(content)
    check(words, Regression.from_csv, path, "y", sigma=1.0)


@pytest.mark.parametrize("read", [Regression.from_csv, Regression.from_parquet])
def test_no_such_file(read, tmp_path):
    check([str(tmp_path / "no.csv"), "does not exist", "path"], read, tmp_path / "no.csv", "y")
    check([str(tmp_path), "folder", "path"], read, tmp_path, "y")


def test_unreadable_file(tmp_path, monkeypatch):
    path = tmp_path / "rows.csv"
    path.write_text("a,y\n1,2\n")

    def refuse(*args, **options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(pd, "read_csv", refuse)
    check([str(path), "cannot be read", "Permission denied"], Regression.from_csv, path, "y")


def test_parquet_that_is_none(tmp_path):
    path = tmp_path / "rows.parquet"
    path.write_text("a,y\n1,2\n")
    check([str(path), "not a readable Parquet file"], Regression.from_parquet, path, "y")


def test_parquet_without_pyarrow(tmp_path, monkeypatch):
    path = tmp_path / "rows.parquet"
    FRAME.assign(y=Y).to_parquet(path)
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *rest: None if name == "pyarrow" else find_spec(name, *rest),
    )
    words = ["Parquet needs pyarrow", "install priormap[parquet]", "CSV"]
    check(words, Regression.from_parquet, path, "y")


@pytest.mark.parametrize(
    "verb", ["audit", "compare_map", "contrast", "explain_penalty", "find_map", "map_path"]
)
def test_arrays_in_place_of_data(verb):
    arguments = {
        "audit": (X, Laplace(1.0), [1.0, 2.0]),
        "compare_map": (X, {"lasso": Laplace(1.0)}),
        "contrast": (X, {"lasso": Laplace(1.0)}),
        "find_map": (X, Laplace(1.0)),
        "map_path": (X, Laplace(1.0)),
    }
    call = getattr(priormap, verb)
    if verb == "explain_penalty":
        call = functools.partial(call, "sklearn.Lasso", alpha=1.0, data=X)
    check(
        ["data must be a Regression", "ndarray", "Regression(X, y)"], call, *arguments.get(verb, ())
    )


def test_scales_of_a_path_that_are_text():
    data = Regression(X, Y, sigma=1.0)
    check(["scales", "text", "convert"], priormap.map_path, data, Laplace(1.0), ["wide"])


def test_negative_control_good_input_is_not_refused():
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        check([], Regression, X, Y, 1.0)
