"""Odd options and odd tables at random: an answer, or one line with code 2; never a traceback."""

import os
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from priormap.cli import run

FULL = bool(os.environ.get("PRIORMAP_FULL"))
ROWS = np.random.default_rng(0).normal(size=(8, 3))


def table(rows):
    return "\n".join(["a,b,y", *(",".join(map(str, row)) for row in rows.tolist())]) + "\n"


TABLES = {
    "plain.csv": table(ROWS),
    "graded.csv": table(ROWS * [1e-9, 1e9, 1e3]),
    "huge.csv": table(ROWS * [1e100, 1e-100, 1e150]),
    "constant.csv": table(ROWS * [0, 1, 1]),
    "flat_y.csv": table(ROWS * [1, 1, 0] + 5),
    "two_rows.csv": table(ROWS[:2]),
    "one_row.csv": table(ROWS[:1]),
    "exact.csv": table(np.column_stack([ROWS[:, :2], ROWS[:, 0]])),
    "empty.csv": "",
    "header.csv": "a,b,y\n",
    "text.csv": "a,b,y\n1,x,2\n2,y,3\n",
    "missing.csv": "a,b,y\n1,,2\n2,3,4\n3,4,5\n",
    "binary.csv": "\x00\x01\x02",
    "names.csv": table(ROWS).replace("a,b", "\x1b[31ma,b\u202e", 1),
    "twice.csv": table(ROWS).replace("a,b", "a,a", 1),
}
NUMBERS = st.sampled_from(
    [
        "1",
        "0.5",
        "0",
        "-1",
        "1e308",
        "1e-320",
        "nan",
        "inf",
        "-inf",
        "",
        "x",
        "1,2",
        "1e-12",
        "1e12",
    ]
)
COUNTS = st.sampled_from(["1", "5", "20", "0", "-3", "1.5", "99999999999999999999", "x"])
OPTIONS = {
    "--sigma": st.one_of(NUMBERS, st.just("unknown")),
    "--scale": NUMBERS,
    "--prior": st.sampled_from(
        ["gaussian", "ridge", "laplace", "lasso", "elastic_net", "horseshoe", "cauchy", "no", ""]
    ),
    "--draws": COUNTS,
    "--chains": COUNTS,
    "--tune": COUNTS,
    "--points": COUNTS,
    "--folds": COUNTS,
    "--rope": NUMBERS,
    "--seed": COUNTS,
    "--json": st.sampled_from(["-", "", "/dev/full", "/nowhere/x.json", "."]),
    "--csv": st.sampled_from(["-", "", "/dev/full", "\x00"]),
    "--lasso-alpha": NUMBERS,
    "--column": st.sampled_from(["a", "y", ""]),
    "--no-standardize": st.none(),
    "--never-heard-of": st.none(),
}
TAKES = {
    "compare": ["--sigma", "--scale", "--prior", "--lasso-alpha", "--json", "--csv"],
    "contrast": ["--sigma", "--scale", "--prior", "--rope", "--json", "--csv", "--chains"],
    "rank": ["--sigma", "--scale", "--prior", "--folds", "--rope", "--chains"],
    "evidence": ["--sigma", "--scale", "--prior", "--column", "--chains", "--json", "--csv"],
    "path": ["--sigma", "--prior", "--points", "--json", "--csv"],
    "choose": ["--sigma", "--prior", "--folds", "--chains", "--json"],
}
DRAWN = {"contrast", "rank", "evidence", "choose"}


@st.composite
def command_lines(draw):
    command = draw(st.sampled_from(sorted(TAKES)))
    file = draw(st.sampled_from([*TABLES, "nowhere.csv", "."]))
    words = [command, file, "--target", draw(st.sampled_from(["y", "y", "y", "a", "z", ""]))]
    names = draw(st.lists(st.sampled_from(TAKES[command]), max_size=4, unique=True))
    if draw(st.integers(0, 9)) == 0:
        names.append(draw(st.sampled_from(sorted(OPTIONS))))
    for name in names:
        value = draw(OPTIONS[name])
        words += [name] if value is None else [name, value]
    if command in DRAWN and "--draws" not in words:
        words += ["--draws", "20"]
    return words


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("tables")
    for name, text in TABLES.items():
        (place / name).write_text(text, encoding="utf-8")
    return place


@settings(
    max_examples=1500 if FULL else 150,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(words=command_lines())
def test_any_command_line(words, folder, capfd, monkeypatch):
    monkeypatch.chdir(folder)
    before = sorted(os.listdir(folder))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        code = run(words)
    out, err = capfd.readouterr()
    assert code in {0, 1, 2}, (words, err)
    assert "Traceback" not in err
    assert "\x1b[31m" not in (err if "--csv" in words else out + err)  # CSV is for programs
    if code == 2:
        last = err.strip().splitlines()[-1]
        assert last.startswith("priormap: ")
        assert out == "" or "--json" in words or "--csv" in words
    assert sorted(os.listdir(folder)) == before
