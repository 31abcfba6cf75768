"""The command line: what it prints, what it writes, and how it refuses."""

import json
import os
import re
import signal
import subprocess
import sys
from csv import DictReader
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import priormap
import priormap.tables.penalised_fit as penalised_fit_module
from priormap.cli import run

SOURCE = Path(priormap.__file__).parents[1]


@pytest.fixture
def csv(tmp_path):
    rng = np.random.default_rng(3)
    X = rng.normal(size=(40, 4)) * [1.0, 10.0, 100.0, 1.0] + [0.0, 50.0, 0.0, 3.0]
    y = 2 * X[:, 0] - 0.1 * X[:, 1] + rng.normal(size=40)
    frame = pd.DataFrame(X, columns=["age", "bmi", "s1", "noise"]).assign(outcome=y)
    path = tmp_path / "data.csv"
    frame.to_csv(path, index=False)
    return path


def launch(*arguments, before="", **environment):
    """Run a real process."""
    start = ["-c", before] if before else ["-m", "priormap"]
    known = {"PYTHONPATH": str(SOURCE), "PATH": os.environ["PATH"], "HOME": os.environ["HOME"]}
    return subprocess.run(
        [sys.executable, "-W", "error", *start, *arguments],
        capture_output=True,
        text=True,
        env=known | environment,
        timeout=120,
    )


# what it says


def test_the_question_is_answered_without_arguments(capsys):
    assert run(["compare"]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    digits = [int(d) for d in re.findall(r"MAP to (\d+) digits", shown.out)]
    assert len(digits) == 2
    assert min(digits) >= 10
    assert "Ridge(alpha=7.94164) on X / sd equals the Gaussian MAP" in shown.out
    assert re.search(r"Lasso\(alpha=\S+\) on X / sd equals .* same zeros \(2 of 10\)", shown.out)
    assert shown.out.count("This is the mode") >= 4
    for default in ("sigma: unknown", "scale: gaussian 19, laplace 14.3", "target progression"):
        assert default in shown.out


def test_the_users_own_table(csv, capsys):
    assert run(["compare", str(csv), "--target", "outcome", "--sigma", "1"]) == 0
    out = capsys.readouterr().out
    assert f"data: {csv}, 40 rows, 4 columns, target outcome" in out
    assert "sigma: 1, as given" in out
    assert re.search(r"^  bmi +-0\.\d+ ", out, re.MULTILINE)


@pytest.mark.skipif(find_spec("pyarrow") is None, reason="needs pyarrow")
def test_parquet(csv, tmp_path, capsys):
    path = tmp_path / "data.parquet"
    pd.read_csv(csv).to_parquet(path)
    assert run(["compare", str(path), "--target", "outcome", "--prior", "gaussian"]) == 0
    assert "4 columns, target outcome" in capsys.readouterr().out


def test_alphas_instead_of_scales(capsys):
    assert run(["compare", "--ridge-alpha", "3", "--lasso-alpha", "0.7", "--sigma", "50"]) == 0
    out = capsys.readouterr().out
    assert "Gaussian(scale=28.8675) is Ridge(alpha=3) on X / sd" in out
    assert "is Lasso(alpha=0.7) on X / sd" in out
    assert run(["compare", "--lasso-alpha", "0.7"]) == 0
    assert "Ridge" not in capsys.readouterr().out


def test_scales_for_all_or_one_per_prior(capsys):
    assert run(["compare", "--scale", "2", "--no-standardize"]) == 0
    out = capsys.readouterr().out
    assert "Gaussian(scale=2)" in out
    assert "Laplace(scale=2)" in out
    assert "X / sd" not in out
    priors = ["--prior", "laplace", "--prior", "laplace", "--scale", "5", "--scale", "inf"]
    assert run(["compare", *priors]) == 0
    out = capsys.readouterr().out
    assert "Laplace(scale=5) is Lasso(" in out
    assert "Laplace(scale=inf) is LinearRegression()" in out


def test_unknown_sigma(capsys):
    assert run(["compare", "--sigma", "unknown"]) == 0
    assert "sigma: unknown, under HalfStudentT" in capsys.readouterr().out


def test_default_noise_where_least_squares_leaves_nothing(tmp_path, capsys):
    rng = np.random.default_rng(0)
    path = tmp_path / "wide.csv"
    pd.DataFrame(rng.normal(size=(12, 40))).rename(columns=str).to_csv(path, index=False)
    assert run(["compare", str(path), "--target", "0"]) == 0
    out = capsys.readouterr().out
    assert "its posterior mean under a Gaussian prior of learnt scale, because least sq" in out
    assert "(30 of 39 coefficients" in out


def test_warnings_are_one_line_on_stderr(tmp_path, capsys):
    path = tmp_path / "constant.csv"
    path.write_text("y,a,b\n1,0,4\n2,1,4\n4,2,4\n5,4,4\n", encoding="utf-8")
    assert run(["compare", str(path), "--target", "y", "--no-standardize"]) == 0
    shown = capsys.readouterr()
    assert shown.err.startswith("priormap: warning: column 'b' is constant")
    assert shown.err.count("\n") == 1


# what it writes


def test_json_holds_every_number_exactly(tmp_path, capsys):
    path = tmp_path / "result.json"
    assert run(["compare", "--json", str(path)]) == 0
    assert "Every penalised fit equals its mode." in capsys.readouterr().out
    saved = json.loads(path.read_text(encoding="utf-8"))
    assert run(["compare", "--json", "-"]) == 0
    shown = json.loads(capsys.readouterr().out)  # nothing but JSON
    assert shown == saved
    assert saved["agrees"] is True
    assert (saved["rows"], saved["columns"], saved["target"]) == (442, 10, "progression")
    from priormap.cli.choices import choose

    choices = choose(None, None, sigma="unknown")
    for entry in saved["priors"]:
        fit = priormap.find_map(choices.data, choices.priors[entry["prior"]])
        assert [row["map"] for row in entry["coefficients"]] == fit.coef.tolist()
        assert entry["sigma"] == fit.sigma
        assert set(entry["certificates"]) == {"map", "penalised", "default"}


def test_json_is_strict_about_infinity(capsys):
    assert run(["compare", "--scale", "inf", "--prior", "gaussian", "--json", "-"]) == 0

    def refuse(constant):
        raise AssertionError(constant)

    (entry,) = json.loads(capsys.readouterr().out, parse_constant=refuse)["priors"]
    assert entry["scale"] == "inf"


def test_csv_is_the_tidy_table(tmp_path):
    path = tmp_path / "out.csv"
    assert run(["compare", "--csv", str(path)]) == 0
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(DictReader(file))
    assert len(rows) == 20
    for row in rows:
        assert float(row["penalised"]) - float(row["map"]) == float(row["difference"])


def test_both_files(tmp_path):
    places = [str(tmp_path / "a.json"), str(tmp_path / "b.csv")]
    assert run(["compare", "--json", places[0], "--csv", places[1]]) == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.json", "b.csv"]


def test_an_unequal_comparison_exits_with_one(tmp_path, capsys, monkeypatch):
    right = penalised_fit_module.scikit_learn_call
    monkeypatch.setattr(
        penalised_fit_module, "scikit_learn_call", lambda *of: right(*of)._replace(alpha=3.0)
    )
    path = tmp_path / "result.json"
    assert run(["compare", "--json", str(path)]) == 1
    out = capsys.readouterr().out
    assert "A penalised fit differs from its mode." in out
    assert "This is not the mode" in out
    assert json.loads(path.read_text(encoding="utf-8"))["agrees"] is False


# how it refuses

BAD = {
    "no such file": (["none.csv", "--target", "y"], "none.csv does not exist"),
    "no target": (["{csv}"], "needs --target, the column to predict, one of: age, bmi"),
    "wrong target": (["{csv}", "--target", "agee"], "target 'agee' is not a column"),
    "sigma": (["--sigma", "-1"], "--sigma must be a positive finite number"),
    "sigma text": (["--sigma", "much"], "--sigma must be a positive finite number or 'unknown'"),
    "sigma nan": (["--sigma", "nan"], "--sigma must be a positive finite number"),
    "scale": (["--scale", "0"], "scale must be"),
    "scale text": (["--scale", "big"], "--scale"),
    "scales": (["--scale", "1", "--scale", "2", "--scale", "3"], "3 times for 2 priors"),
    "alpha": (["--ridge-alpha", "-1"], "alpha"),
    "scale and alpha": (["--scale", "1", "--lasso-alpha", "1"], "give one"),
    "alpha of another": (["--prior", "gaussian", "--lasso-alpha", "1"], "does not match"),
    "alpha without sigma": (["--lasso-alpha", "1", "--sigma", "unknown"], "known sigma"),
    "prior": (["--prior", "gumbel"], "gumbel"),
    "same priors": (["--prior", "laplace", "--prior", "laplace"], "two priors are the same"),
    "option": (["--sigmma", "1"], "--sigmma"),
    "extra": (["{csv}", "more"], "more"),
    "text column": (["{text}", "--target", "y"], "column 'city' of X holds text"),
    "missing values": (["{gaps}", "--target", "y"], "column 'a' has 1 missing value"),
    "not CSV": (["{binary}", "--target", "y"], "is not a CSV file"),
    "constant": (["{constant}", "--target", "y"], "column 'a' is constant"),
    "perfect fit": (["{exact}", "--target", "y", "--sigma", "unknown"], "give --sigma a number"),
    "output exists": (["--json", "{csv}"], "exists; give another name, or --force"),
    "output is a folder": (["--csv", "{folder}"], "is a folder"),
    "no output folder": (["--json", "{folder}/none/out.json"], "folder that does not exist"),
    "two to stdout": (["--json", "-", "--csv", "-"], "both go to -"),
}
FILES = {
    "text": "y,city\n1,Rome\n2,Bonn\n3,Oslo\n",
    "gaps": "y,a\n1,2\n2,\n4,1\n",
    "binary": "\0\1\2",
    "constant": "y,a,b\n1,2,1\n2,2,3\n4,2,0\n",
    "exact": "y,a,b,c\n1,2,1,0\n2,0,3,1\n4,1,0,7\n",
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line_and_writes_nothing(case, csv, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    places = {"csv": csv, "folder": tmp_path}
    for name, text in FILES.items():
        places[name] = tmp_path / f"{name}.csv"
        places[name].write_text(text, encoding="utf-8")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    arguments, sentence = BAD[case]
    arguments = [part.format(**places) for part in arguments]
    outputs = [] if "output" in case or "--json" in arguments else ["--json", "j", "--csv", "c"]
    assert run(["compare", *arguments, *outputs]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("priormap: ")
    assert shown.err.count("\n") == 1
    assert sentence in shown.err
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_force_replaces(tmp_path):
    path = tmp_path / "out.json"
    path.write_text("old", encoding="utf-8")
    assert run(["compare", "--json", str(path), "--force"]) == 0
    assert json.loads(path.read_text(encoding="utf-8"))["agrees"]


def test_a_failed_write_leaves_nothing(tmp_path, capsys, monkeypatch):
    def full(self, target):
        raise OSError(28, "No space left on device", str(target))

    monkeypatch.setattr(Path, "replace", full)
    assert run(["compare", "--json", str(tmp_path / "a"), "--csv", str(tmp_path / "b")]) == 2
    assert "No space left" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_unknown_commands(capsys):
    assert run(["compair"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


# the process around it


def test_help_loads_nothing_heavy():
    code = (
        "import sys; from priormap.cli import run; code = run(sys.argv[1:]);"
        "heavy = {'pymc', 'arviz', 'matplotlib', 'sklearn', 'xarray', 'pandas', 'numba'};"
        "print('loaded:', *(heavy & set(sys.modules))); sys.exit(code)"
    )
    for arguments in (["--help"], ["compare", "--help"], ["--version"], []):
        done = launch(*arguments, before=code)
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines()[-1] == "loaded:"
    assert launch("--version").stdout == f"priormap {priormap.__version__}\n"


def test_a_pipe_gets_plain_text():
    done = launch("compare", "--prior", "laplace", PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert done.stdout.isascii()
    assert "\x1b" not in done.stdout
    assert not re.search(r" $", done.stdout, re.MULTILINE)


def test_head_ends_it_quietly():
    command = f"{sys.executable} -W error -m priormap compare --help | head -n 1"
    done = subprocess.run(
        ["sh", "-c", command],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(SOURCE), "PATH": os.environ["PATH"]},
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_interrupt_is_130_without_a_traceback(capsys, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("priormap.tables.compare_map", interrupted)
    assert run(["compare"]) == 128 + signal.SIGINT
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("columns", [44, 60, 120])
def test_a_terminal_gets_a_table_of_its_width(columns, capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", str(columns))
    assert run(["compare", "--prior", "laplace"]) == 0
    out = capsys.readouterr().out
    assert "\x1b[" in out
    lines = re.sub(r"\x1b\[[0-9;]*m", "", out).splitlines()
    assert max(map(len, lines)) <= columns
    assert any(re.match(r" s5 +47\.[79]", line) for line in lines)


def test_no_color(capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    assert run(["compare", "--prior", "gaussian"]) == 0
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]m", capsys.readouterr().out)


def test_figures(tmp_path, capsys):
    folder = tmp_path / "new"
    assert run(["figures", "-o", str(folder), "--format", "svg"]) == 0
    written = capsys.readouterr().out.splitlines()
    assert sorted(written) == sorted(str(path) for path in folder.iterdir())
    assert all(path.endswith((".svg", "captions.txt")) for path in written)
    assert run(["figures", "-o", str(folder), "--format", "bmp"]) == 2
