"""``priormap convert``: what it prints, what it writes, and how it refuses."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from conventional_data import regression
from priormap import convert
from priormap.cli import run
from priormap.conventions.catalogue import CONVENTIONS


@pytest.fixture
def csv(tmp_path):
    data = regression()
    frame = pd.DataFrame(data.X, columns=["a", "b", "c", "d"]).assign(y=data.y, w=np.arange(30))
    frame.to_csv(tmp_path / "d.csv", index=False)
    return str(tmp_path / "d.csv")


def test_one_number(csv, capsys):
    call = ["convert", "0.1", "--from", "sklearn.Lasso", "--to", "glmnet", "--standardize"]
    assert run([*call, "--data", csv, "--target", "y"]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    assert re.match(r"glmnet\n  lambda_ = 0\.1\n  alpha = 1\nobjective: sum w ", shown.out)


def test_a_factor_for_every_column(csv, capsys):
    call = ["convert", "0.1", "--from", "sklearn.Lasso", "--to", "glmnet", "--data", csv]
    assert run([*call, "--target", "y", "--weights", "w", "--json", "-"]) == 0
    shown = json.loads(capsys.readouterr().out)
    frame = pd.read_csv(csv)
    from priormap import Regression

    data = Regression.from_frame(frame.drop(columns="w"), "y")
    wanted = convert(0.1, "sklearn.Lasso", "glmnet", data=data, sample_weight=frame["w"].to_numpy())
    assert shown["numbers"]["penalty_factor"] == wanted["penalty_factor"].tolist()
    assert shown["penalty"]["l1"] == wanted.penalty.l1.tolist()
    assert (shown["from"], shown["to"]) == ("sklearn.Lasso", "glmnet")
    assert run([*call, "--target", "y"]) == 0
    assert re.search(r"^  w +0\.", capsys.readouterr().out, re.MULTILINE)


def test_numbers_by_name(capsys):
    call = ["reg_alpha=0.1", "reg_lambda=0.3", "--from", "xgboost.gblinear", "--rows", "10"]
    assert run(["convert", *call, "--to", "sklearn.ElasticNet"]) == 0
    assert "  alpha = 0.4\n  l1_ratio = 0.25\n" in capsys.readouterr().out
    call = ["alpha=0.4", "--l1-ratio", "0.25", "--from", "sklearn.ElasticNet", "--rows", "10"]
    assert run(["convert", *call, "--to", "xgboost.gblinear"]) == 0
    assert "  reg_alpha = 0.1\n  reg_lambda = 0.3\n" in capsys.readouterr().out
    assert run(["convert", "scale=1,2", "--from", "priormap.Gaussian", "--sigma", "2",
                "--to", "penalty", "--json", "-"]) == 0  # fmt: skip
    assert json.loads(capsys.readouterr().out)["numbers"] == {"l1": 0.0, "l2": [4.0, 1.0]}


def test_notes_and_standardised_columns_are_told(csv, capsys):
    call = ["convert", "1", "--from", "MASS.lm.ridge", "--to", "torch.weight_decay"]
    assert run([*call, "--data", csv, "--target", "y", "--standardize"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("torch.weight_decay on X / sd(x)\n")
    assert "note: torch.weight_decay penalises the intercept at its defaults" in out


def test_the_list_has_every_library(capsys, tmp_path):
    path = tmp_path / "all.json"
    assert run(["convert", "--list", "--json", str(path)]) == 0
    out = capsys.readouterr().out
    rows = json.loads(path.read_text())
    assert [row["convention"] for row in rows] == list(CONVENTIONS)
    for name in CONVENTIONS:
        assert f"\n{name}\n" in out


REFUSED = {
    "nothing": ([], "convert needs a number, --from and --to"),
    "text": (["x", "--from", "sklearn.Ridge", "--to", "penalty"], "NUMBER must be a number"),
    "two": (["1", "2", "--from", "sklearn.Ridge", "--to", "penalty"], "each as NAME=NUMBER"),
    "twice": (["alpha=1", "alpha=2", "--from", "sklearn.Ridge", "--to", "penalty"], "2 times"),
    "unknown": (["1", "--from", "sklearn.Rigde", "--to", "penalty"], "'sklearn.Ridge'"),
    "columns": (["1", "--from", "glmnet", "--to", "penalty"], "divides columns by their"),
    "reason": (["1", "--from", "torch.AdamW", "--to", "penalty"], "no equivalent prior"),
    "target": (
        ["1", "--from", "sklearn.Ridge", "--to", "penalty", "--target", "y"],
        "--target names a column of --data",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_in_one_line(case, capsys):
    arguments, sentence = REFUSED[case]
    assert run(["convert", *arguments]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert sentence in shown.err
    assert shown.err.count("\n") == 1


def test_columns_that_are_not_there(csv, capsys):
    call = ["convert", "1", "--from", "sklearn.Ridge", "--to", "penalty", "--data", csv]
    for more, sentence in (
        ([], "needs --target"),
        (["--target", "y", "--weights", "z"], "--weights 'z' is not a column; choose one of: a"),
    ):
        assert run([*call, *more]) == 2
        assert sentence in capsys.readouterr().err
