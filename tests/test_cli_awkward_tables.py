"""Tables as people have them, on the command line: readable answers, or one sentence."""

import re

import numpy as np
import pandas as pd
import pytest

from priormap.cli import run

N = 40
TARGET = "my y [°C]"
LONG = "a very long name of a column that goes on and on, for ever and ever and then some more"


def table(names=("a", "b", "c"), target="y", unit=1.0):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N, 3))
    y = X[:, 0] + rng.normal(size=N)
    return pd.DataFrame(unit * X, columns=list(names)).assign(**{target: unit * y})


def written(tmp_path, frame, **options):
    path = tmp_path / "table.csv"
    frame.to_csv(path, index=False, **options)
    return str(path)


COMMANDS = {
    "compare": ["--prior", "elastic_net"],
    "contrast": ["--draws", "400", "--seed", "1"],
    "path": ["--prior", "laplace"],
}
AS_ARGUMENT = {
    "explain": lambda csv, target: ["sklearn.ElasticNet", csv, "--target", target, "--alpha", "1"],
    "convert": lambda csv, target: [
        *["0.1", "--from", "sklearn.Lasso", "--to", "glmnet", "--data", csv, "--target", target]
    ],
}


def command(name, csv, target="y"):
    if name in AS_ARGUMENT:
        return [name, *AS_ARGUMENT[name](csv, target)]
    return [name, csv, "--target", target, *COMMANDS[name]]


@pytest.mark.parametrize("name", [*COMMANDS, *AS_ARGUMENT])
@pytest.mark.parametrize("unit", [1.0, 1e8, 1e-8])
def test_any_names_and_units_are_readable_at_80_columns(name, unit, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    frame = table(["body mass (kg)", 'say "hi", it\'s', LONG], TARGET, unit)
    assert run(command(name, written(tmp_path, frame), TARGET)) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    lines = re.sub(r"\x1b\[[0-9;]*m", "", shown.out).splitlines()
    assert max(map(len, lines)) <= 80
    assert any('say "hi"' in line for line in lines)
    if name != "path":  # no number is broken over two lines
        assert any(re.match(r" body mass( \(kg\))?( +-?[0-9.e+-]+)+ *$", line) for line in lines)


def test_a_narrow_contrast_keeps_the_posterior_mean(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    assert run(["contrast", "--draws", "100", "--seed", "1", "--prior", "laplace"]) == 0
    out = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
    header = next(line for line in out.splitlines() if line.startswith(" feature"))
    assert re.match(r" feature +mode +mean +(HDI )?from +to ", header)
    assert "DSS" not in header  # there is no room for all


@pytest.mark.parametrize("name", [*COMMANDS, *AS_ARGUMENT])
@pytest.mark.parametrize(
    ("sign", "word", "option"), [(";", "semicolons", "';'"), ("\t", "tabs", "TAB")]
)
def test_another_separator_is_named(name, sign, word, option, tmp_path, capsys):
    csv = written(tmp_path, table(), sep=sign)
    assert run(command(name, csv)) == 2
    assert capsys.readouterr().err.endswith(f"is separated by {word}; add --sep {option}\n")


REMEDIES = {
    "constant": (lambda t: t.assign(b=1.0), "compare", [], "drop it or use --no-standardize"),
    "exact": (lambda t: t.assign(y=t.a), "contrast", [], "sigma piles up at 0; give --sigma a"),
    "no mode": (lambda t: t.assign(y=t.a), "compare", ["--sigma", "unknown"], "give --sigma a n"),
    "no path": (lambda t: t, "path", ["--sigma", "unknown"], "joint mode; give --sigma a number"),
    "one row": (lambda t: t.head(1), "path", [], "X has 1 row; give at least 2\n"),
    "weights": (lambda t: t.assign(b=-1.0), "explain", ["--weights", "b"], "--weights must be"),
    "no weight": (lambda t: t.assign(b=0.0), "explain", ["--weights", "b"], "--weights is zero"),
    "text": (
        lambda t: t.assign(b="x"),
        "convert",
        [],
        "level 'x', which tells no row from another",
    ),
    "missing": (lambda t: t.assign(b=t.b.where(t.b > 0)), "explain", [], "missing value"),
}


@pytest.mark.parametrize("case", REMEDIES)
def test_the_remedy_is_an_option(case, tmp_path, capsys):
    change, name, options, sentence = REMEDIES[case]
    assert run([*command(name, written(tmp_path, change(table()))), *options]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert sentence in shown.err
    assert shown.err.count("\n") == 1
    assert not re.search(r"\w+=(True|False|\.\.\.)|sample_weight|InverseGamma", shown.err)


def test_advice_in_warnings_is_an_option(capsys):
    assert run(["contrast", "--prior", "laplace", "--draws", "30", "--seed", "1"]) == 0
    assert "raise --draws or --tune" in capsys.readouterr().err


@pytest.mark.parametrize("alpha", ["0", "0.5", "1"])
def test_a_constant_column_is_explained(alpha, tmp_path, capsys):
    csv = written(tmp_path, table().assign(k=1.0))
    numbers = ["--lambda", "0.1", "--number", f"alpha={alpha}", "--csv", "-"]
    assert run(["explain", "glmnet", csv, "--target", "y", *numbers]) == 0
    shown = capsys.readouterr()
    assert "'k' is constant" in shown.err
    *_, last = shown.out.splitlines()
    assert last.startswith("k,0.0,inf,")
