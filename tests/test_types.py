"""README, examples and what callers write type-check: mypy in its strict mode, as the house is."""

import doctest
import os
import subprocess
import sys
from pathlib import Path

import pytest

from test_readme_python import BLOCK, README

ROOT = README.parent
CALLS = """
import numpy as np
import pandas as pd
from sklearn.linear_model import Lasso

import priormap as pmap

X = np.ones((3, 2))
data = pmap.Regression(X, [1.0, 2.0, 3.0])
priors = {
    "ridge": pmap.Gaussian(1.0),
    "lasso": pmap.Laplace(scale=[1.0, 2.0]),
    "horseshoe": pmap.Horseshoe(0.1),
    "learnt": pmap.Gaussian(pmap.HalfCauchy(1.0)),
}
alike = {"weak": pmap.Gaussian(2.0), "strong": pmap.Gaussian(0.5)}
fits = {"ridge": pmap.Gaussian(1.0), "lasso": pmap.Laplace(1.0)}
for given in (alike, fits, priors):
    pmap.contrast(data, given, random_seed=np.random.default_rng(1))
    pmap.compare_priors(data, given, random_seed=np.random.SeedSequence(1))
    pmap.write_report(data, given, "page.html")
    pmap.plot_prior_shapes(given)
    pmap.plot_shrinkage(given)
    pmap.plot_pull(given)
    pmap.plot_prior_predictive(data, given)
pmap.contrast(data, priors)
pmap.compare_priors(data, alike)
pmap.compare_map(data, alike)
pmap.compare_map(data, fits)
pmap.plot_geometry(data, fits)
pmap.plot_shrinkage(list(priors.values()))
pmap.sample(data, pmap.Laplace({"x0": 1.0, "x1": 2.0}), include={"prior", "effect"})
pmap.ElasticNet({"x0": 1.0, "x1": 2.0}, l2_scale=[1.0, 2.0])
pmap.Gaussian(pd.Series({"x0": 1.0, "x1": 3.0}))
found, prior = pmap.explain(Lasso(0.1).fit(X, [1.0, 2.0, 3.0]), X, [1.0, 2.0, 3.0])
pmap.contrast(found, {"explained": prior})
"""
WRONG = """
import priormap as pmap

data = pmap.Regression([[1.0], [2.0]], [1.0, 2.0])
pmap.contrast(data, {"lasso": 1.0})
"""


def check(*files):
    """Errors that mypy finds, one a line; it keeps what it knows of priormap in its cache."""
    command = [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml")]
    command += ["--follow-imports=silent", "--allow-untyped-defs", "--allow-untyped-calls"]
    environment = os.environ | {"MYPYPATH": str(ROOT / "src")}
    found = subprocess.run(
        [*command, *map(str, files)], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert not found.stderr, found.stderr
    return [line for line in found.stdout.splitlines() if ": error: " in line]


def code_of(page):
    """Python blocks of a page as one module, without prompts and what they print."""
    parser = doctest.DocTestParser()
    blocks = (
        "".join(example.source for example in parser.get_examples(block))
        if ">>> " in block
        else block
        for block in BLOCK.findall(page)
    )
    return "\n".join(blocks)


def test_readme_examples_and_calls_type_check(tmp_path):
    pytest.importorskip("mypy")
    (readme := tmp_path / "readme_code.py").write_text(code_of(README.read_text(encoding="utf-8")))
    (calls := tmp_path / "calls.py").write_text(CALLS)
    assert "pmap." in readme.read_text()
    assert check(readme, calls, *sorted(Path(ROOT, "examples").glob("*.py"))) == []
    (wrong := tmp_path / "wrong.py").write_text(WRONG)  # negative control
    (error,) = check(wrong)
    assert 'expected "Prior"' in error or '"str": "Prior"' in error
