"""Every example runs in a process of its own, says something, and saves its figures."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


def launch(example, folder):
    environment = os.environ | {"MPLBACKEND": "Agg", "PYTHONPATH": str(ROOT / "src")}
    return subprocess.run(
        [sys.executable, "-W", "error", str(example), str(folder)],
        capture_output=True,
        text=True,
        env=environment,
        cwd=folder,
        timeout=120,
    )


def test_there_are_examples():
    names = {example.stem for example in EXAMPLES}
    assert names >= {"ridge_is_a_gaussian_map", "lasso_is_a_laplace_map", "prior_shapes"}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_it_runs_prints_and_saves(example, tmp_path):
    done = launch(example, tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    saved = re.findall(r"^saved (.+)$", done.stdout, re.MULTILINE)
    assert saved
    assert sorted(map(Path, saved)) == sorted(tmp_path.iterdir())
    assert all(Path(path).stat().st_size > 1000 for path in saved)
    for difference in re.findall(r"largest difference.*: (\S+)$", done.stdout, re.MULTILINE):
        assert float(difference) < 1e-9


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_it_opens_as_a_notebook(example):
    text = example.read_text(encoding="utf-8")
    assert len(re.findall(r"^# %%$", text, re.MULTILINE)) >= 3
    assert re.search(r"^# %% \[markdown\]\n# \w", text, re.MULTILINE)
