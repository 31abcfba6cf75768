"""A library's call is spelt alike in convert, explain and audit: ``sklearn.Lasso --alpha 0.1``."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Lasso

from priormap import Regression, convert, explain_penalty
from priormap.cli import run

CALLS = [
    ("sklearn.Lasso", ["--alpha", "0.2"], {"alpha": 0.2}),
    ("sklearn.ElasticNet", ["--alpha", "0.2", "--l1-ratio", "1"], {"alpha": 0.2, "l1_ratio": 1.0}),
    ("glmnet", ["--lambda", "0.2", "--alpha", "0.6"], {"lambda_": 0.2, "alpha": 0.6}),
    ("glmnet", ["--lambda", "0.2", "--l1-ratio", "0.6"], {"lambda_": 0.2, "alpha": 0.6}),
    ("xgboost.gblinear", ["--number", "reg_alpha=2"], {"reg_alpha": 2.0}),
    ("glmnet", ["--lambda", "0.2", "--number", "penalty_factor=0,1,2"],
     {"lambda_": 0.2, "penalty_factor": [0.0, 1.0, 2.0]}),
]  # fmt: skip

CODES = {"mode": 0, "mode of another penalty": 1, "mode to digits": 3, "another point": 4}


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(40, 3)) * [1.0, 3.0, 0.5], columns=list("abc"))
    y = frame.to_numpy() @ [2.0, 0.5, 0.0] + rng.normal(size=40)
    frame.assign(y=y).to_csv("data.csv", index=False)
    coef = Lasso(0.2, tol=1e-14).fit(frame, y).coef_
    pd.Series(coef, frame.columns, name="coef").to_csv("coefs.csv", index_label="feature")
    pd.Series([2.0, 0.0, 1.0], list("cab"), name="v").to_csv("factors.csv", index_label="feature")
    return Regression(frame, y), coef


def output(capsys, *words):
    code = run([*words, "--json", "-"])
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(("call", "options", "numbers"), CALLS)
def test_all_three_read_the_same_call(call, options, numbers, files, capsys):
    data, coef = files
    table = ["data.csv", "--target", "y"]
    _, explained = output(capsys, "explain", call, *table, *options)
    python = explain_penalty(call, data=data, **numbers)
    assert explained["prior"] == str(python.prior)
    code, judged = output(capsys, "audit", call, "coefs.csv", *table, *options)
    python = explain_penalty(call, data=data, coef=coef, **numbers)
    assert judged["verdict"] == python.verdict
    assert code == CODES[judged["grade"]]
    _, converted = output(capsys, "convert", call, *table, *options, "--to", "penalty")
    wanted = dict(convert(numbers, call, "penalty", data=data))
    np.testing.assert_array_equal(converted["numbers"]["l1"], wanted["l1"])
    np.testing.assert_array_equal(converted["numbers"]["l2"], wanted["l2"])


def test_older_spellings_and_other_orders_say_the_same(files, capsys):
    table, alpha = ["data.csv", "--target", "y"], ["--alpha", "0.2"]
    verdicts = [
        output(capsys, "audit", *words)
        for words in (
            ["sklearn.Lasso", "coefs.csv", *table, *alpha],
            ["coefs.csv", "sklearn.Lasso", *table, *alpha],
            ["coefs.csv", *table, "--as", "sklearn.Lasso", *alpha],
            ["sklearn.Lasso", "coefs.csv", *table, "alpha=0.2"],
        )
    ]
    assert verdicts[1:] == verdicts[:-1]
    converted = [
        output(capsys, "convert", *words, "--to", "glmnet", "--target", "y")[1]
        for words in (
            ["sklearn.Lasso", "data.csv", *alpha],
            ["0.2", "--from", "sklearn.Lasso", "--data", "data.csv"],
            ["alpha=0.2", "--from", "sklearn.Lasso", "--data", "data.csv"],
            ["sklearn.Lasso", "0.2", "--data", "data.csv"],
        )
    ]
    assert converted[1:] == converted[:-1]


def test_penalty_factors_in_a_file_are_met_by_name(files, capsys):
    table = ["data.csv", "--target", "y", "--lambda", "0.2"]
    by_place = ["--number", "penalty_factor=0,1,2"]
    by_name = ["--number", "penalty_factor=factors.csv"]
    one, other = (
        output(capsys, "audit", "glmnet", "coefs.csv", *table, *of) for of in (by_place, by_name)
    )
    assert one == other


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["audit", "sklearn.Laso", "coefs.csv"], "unknown convention 'sklearn.Laso'; the nearest"),
        (["audit", "glmnet", "coefs.csv", "--as", "sklearn.Lasso"], "are two calls; give one"),
        (["audit", "sklearn.Lasso"], "audit reads COEFS and DATA"),
        (["audit", "sklearn.Lasso", "no.csv"], "no.csv does not exist"),
        (["audit", "sklearn.Lasso", "coefs.csv", "--l1-ratio", "0.5"], "has no 'l1_ratio'"),
        (["audit", "sklearn.Lasso", "coefs.csv", "alpha=1", "--alpha", "1"], "given twice"),
        (["audit", "coefs.csv", "--alpha", "1"], "either --prior with --scale, or --as CALL"),
        (["convert", "sklearn.Laso", "--alpha", "1", "--to", "glmnet"], "unknown convention"),
        (["convert", "sklearn.Lasso", "glmnet", "--alpha", "1"], "are two calls; give one"),
        (["convert", "sklearn.Lasso", "--alpha", "1"], "the call and --to, as in"),
        (["convert", "sklearn.Lasso", "1", "2", "--to", "penalty"], "give each as NAME=NUMBER"),
        (["convert", "glmnet", "data.csv", "coefs.csv", "--to", "penalty"], "are two tables"),
        (["convert", "glmnet", "--number", "x", "--to", "penalty"], "must be NAME=NUMBER"),
    ],
)
def test_words_that_are_no_call_are_refused_in_one_line(words, sentence, files, capsys):
    assert run(words) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert sentence in shown.err
    assert shown.err.count("\n") == 1
