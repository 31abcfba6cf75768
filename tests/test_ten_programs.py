"""The programs of the documentation run as they stand, each in a session of its own."""

import re
import warnings
from pathlib import Path

import matplotlib
import pytest

from priormap import PriormapWarning

PAGE = (Path(__file__).parents[1] / "docs" / "ten_programs.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
PROGRAMS = {
    part.partition("\n")[0]: "".join(BLOCK.findall(part)) for part in PAGE.split("\n## ")[1:]
}
SAYS = {
    "The figure of the lecture": "saved geometry.png",
    "Ridge, lasso and the Bayesian lasso, with held-out errors": "rmse_mode",
    "What is glmnet's lambda in scikit-learn, and as a prior?": "Laplace",
    "What does LassoCV believe?": "believes: Laplace",
    "Do 90 % intervals hold 90 % of what is true?": "of 400 cases",
    "Zero in the mode, zero in resamples, negligible in the posterior": "resampled_nonzero",
    "How wide should the prior be?": "under Gaussian(scale=",
    "The prior of a lasso for counts, in PyMC": "[",
    "Five priors": "spike and slab",
    "An estimator in a report": "",
}


def test_there_are_ten_short_ones():
    assert list(PROGRAMS) == list(SAYS)
    assert PAGE.count("```python") == len(SAYS) == 10
    assert max(len(program.splitlines()) for program in PROGRAMS.values()) <= 12


@pytest.mark.parametrize("title", SAYS)
def test_it_runs_and_answers(title, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    matplotlib.use("Agg")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of PyMC and its compiler
        warnings.simplefilter("error", PriormapWarning)
        exec(compile(PROGRAMS[title], title, "exec"), {"__name__": "__main__"})
    assert SAYS[title] in capsys.readouterr().out


def test_what_they_answer_is_right(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    programs = list(PROGRAMS.values())
    exec(programs[4], {})
    share = float(re.search(r"in ([\d.]+) %", capsys.readouterr().out)[1])
    assert abs(share - 90.0) < 4 * 1.5  # four errors of 400 cases
    exec(programs[2], {})
    first, second, *_ = capsys.readouterr().out.splitlines()
    assert first.startswith("sklearn.Lasso on X / sd(x): alpha=2;")
    assert second.startswith(f"priormap.Laplace on X / sd(x): scale={54.0**2 / (442 * 2.0):.6g};")
