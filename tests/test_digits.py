"""One rule for digits: what the error supports, points in one line, no sign of a zero."""

from __future__ import annotations

import io
import math
import re

import numpy as np
import pytest
from hypothesis import given, strategies as st
from rich.console import Console

from priormap import Gaussian, Laplace, Regression, contrast
from priormap.display import cells
from priormap.display.terminal import _Terminal
from priormap.display.text import aligned, as_text

finite = st.floats(-1e12, 1e12, allow_nan=False).filter(lambda x: x == 0 or abs(x) > 1e-12)
errors = st.floats(1e-12, 1e12)


@given(finite, errors)
def test_an_estimate_is_rounded_at_the_first_digit_of_its_error(value, error):
    shown = float(str(cells.estimate(value, error, digits=16)))
    place = 10.0 ** math.floor(math.log10(error))
    if max(abs(value), error) >= 1e-4:
        assert abs(shown - value) <= 0.51 * place + 1e-14 * abs(value)


@given(finite, errors, st.integers(1, 8))
def test_no_more_digits_than_there_is_room_for(value, error, digits):
    text = str(cells.estimate(value, error, digits))
    significant = text.partition("e")[0].lstrip("-0.").replace(".", "")
    assert len(significant.rstrip("0")) <= digits


@given(st.floats(), st.floats(0), st.integers(0, 6))
def test_no_cell_shows_the_sign_of_a_zero(value, error, decimals):
    shown = [
        cells.estimate(value, error),
        *cells.with_error(value, error),
        cells.fixed(value, decimals),
        cells.number(value),
        cells.count(value),
    ]
    for cell in shown:
        assert not re.fullmatch(r"-[0.]+(e.*)?", str(cell)), cell
        assert cell.value == value or cell.value == error or math.isnan(cell.value)


@given(st.floats(0, 1), st.floats(1, 1e6))
def test_probabilities_stay_probabilities(value, size):
    assert 0 <= float(str(cells.probability(value, size))) <= 1


@given(st.lists(finite, min_size=1, max_size=8))
def test_points_stand_in_one_line(values):
    rows = [[f"x{k}", str(cells.number(value))] for k, value in enumerate(values)]
    lines = aligned(["column", "value"], rows)[1:]
    ends = {
        re.match(r"  \S+ +-?\d+", line).end()  # the first digit before the point
        for line in lines
    }
    assert len(ends) == 1


def test_points_stand_in_one_line_on_a_terminal():
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=80, color_system=None)
    _Terminal(console).table(["column", "value"], [["a", "0.25"], ["b", "-12"], ["c", "1e-05"]])
    lines = [line for line in out.getvalue().splitlines() if re.match(r" *[abc] ", line)]
    assert len({re.search(r"\d+(?=\.|e| |$)", line).end() for line in lines}) == 1


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    data = Regression(X, X @ [1.0, 0.1, 0.0] + rng.normal(size=60), sigma=1.0)
    return contrast(data, {"ridge": Gaussian(0.5), "lasso": Laplace(0.2)}, draws=500, random_seed=1)


def test_a_contrast_shows_what_its_draws_support(table):
    for name, tree in table.posteriors.items():
        size = tree.attrs.get("min_ess_bulk", 2000)
        shown = next(b for b in table._blocks_of(name) if hasattr(b, "header"))
        for row in shown.rows:
            record = dict(zip(shown.header, row, strict=True))
            error = record["sd"].value / np.sqrt(size)
            decimals = str(record["mean"]).partition(".")[2]
            assert len(decimals) == -math.floor(math.log10(error)), record
    assert "-0.00 " not in as_text(table.blocks())


def test_exact_numbers_stay_in_what_programs_read(table):
    first = table.to_dict()["priors"][0]["coefficients"][0]
    assert first["mean"] == table.coefficients["mean"].iloc[0]
    assert len(repr(first["mean"])) > 10
