"""Notebook manners: every result is a compact table and a plain text, every example a notebook."""

from pathlib import Path

import jupytext
import nbformat
import numpy as np
import pytest

import priormap
from priormap import (
    ElasticNet,
    Gaussian,
    HalfCauchy,
    Laplace,
    Penalty,
    Regression,
    compare_map,
    contrast,
    find_map,
    map_path,
)
from priormap.display.blocks import Cell, Table
from priormap.display.html import as_html
from report_pages import tree

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.py"))
WORST = "<script>alert('&')</script>"


def data(p=2):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, p))
    names = (WORST, *(f"x{j}" for j in range(1, p)))
    return Regression(X, X[:, 0] + rng.normal(size=40), sigma=1.0, names=names)


def results(p=2):
    known, prior = data(p), Laplace(0.1)
    fit = find_map(known, prior)
    yield known
    yield from (prior, Gaussian([1.0] * p), ElasticNet(1.0, 2.0), Laplace(HalfCauchy(1.0)))
    yield fit
    yield fit.certificate
    yield priormap.audit(known, prior, np.ones(p))
    yield fit.penalty
    yield map_path(known, prior)
    yield compare_map(known, {WORST: prior, "ridge": Gaussian(1.0)})
    yield contrast(known, {WORST: prior}, draws=500, random_seed=1)


@pytest.fixture(scope="module")
def shown():
    return list(results())


def test_every_result_is_a_table_whose_text_is_escaped(shown):
    for result in shown:
        html = result._repr_html_()
        assert list(tree(html).all("table")), type(result)
        assert "<script" not in html, type(result)


def test_every_result_is_plain_text_too(shown):
    for result in shown:
        text = repr(result)
        assert text
        assert "<table" not in text
        assert " object at 0x" not in text, type(result)


def test_many_columns_stay_compact():
    for result in results(p=60):
        html = result._repr_html_()
        page = tree(html)
        assert len(list(page.all("tr"))) <= 25, type(result)
        assert len(html) < 60_000


def test_the_numbers_are_in_the_table():
    cells = [cell.text for cell in tree(Penalty([1.5], [0.25])._repr_html_()).all("td")]
    assert cells == ["1.5", "0.25"]
    rows = tuple((Cell(f"x{j}"), Cell(f"{j}")) for j in range(23))
    page = tree(as_html([Table(("column", "number"), rows)]))
    assert [cell.text for cell in page.all("td")] == [str(j) for j in range(20)]
    assert "... 3 more" in page.text


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_opens_as_a_notebook(example):
    notebook = jupytext.read(example, fmt="py:percent")
    nbformat.validate(notebook)
    kinds = [cell.cell_type for cell in notebook.cells]
    assert kinds.count("code") >= 3
    assert kinds.count("markdown") >= 1
    for cell in notebook.cells:
        if cell.cell_type == "code":
            compile(cell.source, example.name, "exec")
    assert jupytext.reads(jupytext.writes(notebook, fmt="ipynb"), fmt="ipynb").cells
