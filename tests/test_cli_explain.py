"""``priormap explain`` and ``priormap audit``: what they print, write and refuse."""

import json
import pickle
from importlib.util import find_spec

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Lasso, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import priormap
from priormap.cli import run

TIGHT = {"tol": 1e-14, "max_iter": 1_000_000}


def table():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(40, 4)) * [1.0, 10.0, 100.0, 1.0] + [0.0, 50.0, 0.0, 3.0]
    y = 2 * X[:, 0] - 0.1 * X[:, 1] + rng.normal(size=40)
    return pd.DataFrame(X, columns=["age", "bmi", "s1", "noise"]), pd.Series(y, name="outcome")


@pytest.fixture
def csv(tmp_path):
    X, y = table()
    path = tmp_path / "data.csv"
    X.assign(outcome=y).to_csv(path, index=False)
    return str(path)


def written(tmp_path, model):
    path = tmp_path / "coefs.csv"
    coef = pd.Series(model.coef_, index=table()[0].columns, name="coef")
    coef.rename_axis("feature").to_csv(path)
    return str(path)


# explain


def test_a_library_call_is_explained(csv, capsys):
    command = ["explain", "sklearn.Lasso", csv, "--target", "outcome", "--alpha", "0.2"]
    assert run([*command, "--sigma", "2"]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    assert "sklearn.Lasso(alpha=0.2) on 40 rows and 4 columns believes: Laplace(scale=0.5)" in (
        shown.out
    )
    assert "noise: sd 2, as given" in shown.out
    assert "This is the mode" in shown.out
    assert run(command) == 0
    assert "the residual sd, with" in capsys.readouterr().out


def test_other_numbers_and_standardised_columns(csv, capsys):
    base = [csv, "--target", "outcome", "--sigma", "1"]
    assert run(["explain", "glmnet", *base, "--lambda", "0.05", "--number", "alpha=0.5"]) == 0
    assert "ElasticNet(l1_scale=1, l2_scale=" in capsys.readouterr().out
    assert run(["explain", "sklearn.Ridge", *base, "--alpha", "4", "--standardize"]) == 0
    assert "Gaussian(scale=0.5) on standardised columns" in capsys.readouterr().out


def test_the_diabetes_data_serve_without_a_file(capsys):
    assert run(["explain", "sklearn.ElasticNet", "--alpha", "1", "--l1-ratio", "0.9"]) == 0
    out = capsys.readouterr().out
    assert "data: diabetes" in out
    assert "l1 scale" in out


@pytest.mark.parametrize("ending", ["pkl", "joblib"])
def test_a_pickle_is_read_only_where_it_is_trusted(ending, csv, tmp_path, capsys):
    X, y = table()
    path = tmp_path / f"model.{ending}"
    model = make_pipeline(StandardScaler(), Ridge(alpha=4.0)).fit(X, y)
    path.write_bytes(pickle.dumps(model)) if ending == "pkl" else joblib.dump(model, path)
    command = ["explain", str(path), csv, "--target", "outcome", "--sigma", "1"]
    assert run(command) == 2
    assert "may run any code when it is read; add --trust-pickle" in capsys.readouterr().err
    assert run([*command, "--trust-pickle"]) == 0
    out = capsys.readouterr().out
    assert "Ridge(alpha=4) on 40 rows" in out
    assert "Gaussian(scale=0.5) on standardised columns" in out


class Tattling:
    """A pickle that leaves a trace when it is read."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def test_an_untrusted_pickle_runs_nothing(csv, tmp_path, capsys):
    trace, path = tmp_path / "trace", tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(Tattling(trace)))
    assert run(["explain", str(path), csv, "--target", "outcome"]) == 2
    assert not trace.exists()


def test_json_and_csv_of_an_explanation(csv, tmp_path, capsys):
    place = tmp_path / "out.csv"
    command = ["explain", "sklearn.Lasso", csv, "--target", "outcome", "--alpha", "0.2"]
    assert run([*command, "--json", "-", "--csv", str(place)]) == 0
    saved = json.loads(capsys.readouterr().out)
    data = priormap.Regression.from_csv(csv, "outcome")
    explanation = priormap.explain_penalty("sklearn.Lasso", data=data, alpha=0.2)
    assert saved["sigma"] == explanation.sigma
    assert saved["is_mode"] is True
    assert saved["prior_r2"]["median"] == explanation.r2.median
    frame = pd.read_csv(place, index_col="feature")
    pd.testing.assert_frame_equal(frame, explanation.to_frame(), rtol=1e-14)
    assert [row["coef"] for row in saved["coefficients"]] == explanation.coef.tolist()


@pytest.mark.skipif(find_spec("skops") is not None, reason="speaks of its absence")
def test_a_reader_that_is_not_installed_is_named(csv, tmp_path, capsys):
    path = tmp_path / "model.skops"
    path.write_bytes(b"")
    assert run(["explain", str(path), csv, "--target", "outcome", "--trust-pickle"]) == 2
    assert "needs skops, which is not installed" in capsys.readouterr().err


def weighted(tmp_path):
    """Table with a column of weights, and the lasso that took them."""
    X, y = table()
    w = np.arange(40.0) % 3
    path = tmp_path / "weighted.csv"
    X.assign(outcome=y, w=w).to_csv(path, index=False)
    model = Lasso(alpha=0.2, **TIGHT).fit(X, y, sample_weight=w)
    return ["--target", "outcome", "--weights", "w"], str(path), model


def test_a_column_of_weights(tmp_path, capsys):
    options, csv, model = weighted(tmp_path)
    assert run(["explain", "sklearn.Lasso", csv, *options, "--alpha", "0.2", "--json", "-"]) == 0
    by_numbers = json.loads(capsys.readouterr().out)
    coef = [row["coef"] for row in by_numbers["coefficients"]]
    np.testing.assert_allclose(coef, model.coef_, atol=1e-10)
    assert by_numbers["rows"] == 26  # those of weight zero are left out
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(model))
    assert run(["explain", str(path), csv, *options, "--trust-pickle", "--json", "-"]) == 0
    by_file = json.loads(capsys.readouterr().out)
    assert by_file["is_mode"]
    assert by_file["sigma"] == pytest.approx(by_numbers["sigma"], rel=1e-9)
    coefs = written(tmp_path, model)
    assert run(["audit", coefs, csv, *options, "--as", "sklearn.Lasso", "--alpha", "0.2"]) == 0
    assert run(["audit", coefs, csv, *options, "--as", "sklearn.Lasso", "--alpha", "0.1"]) == 1
    assert "That is alpha=0.2." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--weights", "z"], "--weights 'z' is not a column; choose one of: age, bmi"),
        (["--weights", "outcome"], "--weights and --target both name 'outcome'"),
        (["--weights", "s1"], "--weights must be finite and not negative, got -"),
    ],
)
def test_weights_that_cannot_be_used(options, sentence, csv, capsys):
    command = ["explain", "sklearn.Lasso", csv, "--target", "outcome", "--alpha", "0.2"]
    assert run([*command, *options]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert sentence in shown.err
    assert shown.err.count("\n") == 1


# audit


def test_the_mode_exits_with_zero(csv, tmp_path, capsys):
    X, y = table()
    coefs = written(tmp_path, Lasso(alpha=0.2, **TIGHT).fit(X, y))
    base = ["audit", coefs, csv, "--target", "outcome"]
    assert run([*base, "--as", "sklearn.Lasso", "--alpha", "0.2"]) == 0
    assert "This is the mode" in capsys.readouterr().out
    prior = ["--prior", "laplace", "--scale", "0.5", "--sigma", "2", "--no-standardize"]
    assert run([*base, *prior]) == 0
    out = capsys.readouterr().out
    assert "prior: Laplace(scale=0.5)" in out
    assert "This is the mode" in out


def test_another_penalty_exits_with_one_and_is_named(csv, tmp_path, capsys):
    X, y = table()
    coefs = written(tmp_path, Lasso(alpha=0.2, **TIGHT).fit(X, y))
    base = ["audit", coefs, csv, "--target", "outcome"]
    assert run([*base, "--as", "sklearn.Lasso", "--alpha", "0.1"]) == 1
    out = capsys.readouterr().out
    assert "This is not the mode" in out
    assert "of the given penalty times 2. That is alpha=0.2." in out
    prior = ["--prior", "laplace", "--scale", "0.5", "--sigma", "2"]
    assert run([*base, *prior, "--json", "-"]) == 1
    saved = json.loads(capsys.readouterr().out)
    assert saved["is_mode"] is False
    assert saved["other"]["slip"] == "not standardised columns"
    assert saved["other"]["is_mode"] is True
    assert saved["excess"] > 0


BAD = {
    "no prior": ([], "either --prior with --scale, or --as CALL"),
    "both": (["--prior", "laplace", "--as", "glmnet"], "either --prior with --scale"),
    "scale of a call": (["--as", "glmnet", "--scale", "1"], "--scale belongs to --prior"),
    "number of a prior": (["--prior", "laplace", "--alpha", "1"], "alpha is a library's number"),
    "unknown sigma": (["--prior", "laplace", "--sigma", "unknown"], "give --sigma a number"),
    "unknown call": (["--as", "glmnett", "--lambda", "1"], "unknown convention 'glmnett'"),
    "missing number": (["--as", "glmnet"], "needs lambda_"),
    "number": (["--as", "glmnet", "--number", "lambda_"], "--number must be NAME=NUMBER"),
    "twice": (["--as", "glmnet", "--lambda", "1", "--number", "lambda_=2"], "given twice"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_to_audit_is_one_line(case, csv, tmp_path, capsys):
    X, y = table()
    coefs = written(tmp_path, Ridge().fit(X, y))
    arguments, sentence = BAD[case]
    assert run(["audit", coefs, csv, "--target", "outcome", *arguments]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1
    assert sentence in shown.err


def test_coefficients_that_cannot_be_used(csv, tmp_path, capsys):
    path = tmp_path / "coefs.csv"
    path.write_text("feature,coef\nage,1\nbmi,0\ns1,0\nheight,3\n", encoding="utf-8")
    base = [csv, "--target", "outcome", "--as", "sklearn.Lasso", "--alpha", "1"]
    assert run(["audit", str(path), *base]) == 2
    assert "has an entry 'height'" in capsys.readouterr().err
    assert run(["audit", "none.csv", *base]) == 2
    assert "none.csv does not exist" in capsys.readouterr().err


def test_bad_input_to_explain_is_one_line(csv, tmp_path, capsys):
    base = [csv, "--target", "outcome"]
    broken = tmp_path / "broken.pkl"
    broken.write_bytes(b"no pickle")
    thing = tmp_path / "thing.pkl"
    thing.write_bytes(pickle.dumps({"alpha": 1}))
    for arguments, sentence in (
        (["torch.AdamW", *base, "--number", "weight_decay=1"], "no equivalent prior"),
        (["sklearn.Lasso", *base, "--alpha", "-1"], "must be finite and not negative"),
        (["model.pkl", *base, "--trust-pickle"], "model.pkl does not exist"),
        ([str(broken), *base, "--trust-pickle"], "cannot be read as an estimator"),
        ([str(thing), *base, "--trust-pickle"], "must be a fitted linear model"),
        ([str(thing), *base, "--alpha", "1"], "has its own numbers"),
        (["sklearn.Lasso", *base, "--alpha", "1", "--csv", csv], "exists; give another name"),
    ):
        assert run(["explain", *arguments]) == 2
        shown = capsys.readouterr()
        assert shown.out == ""
        assert shown.err.count("\n") == 1
        assert sentence in shown.err
