"""The two forms of a sentence: Python's, and that of the command line, which names its options."""

import ast
import pickle
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import typer

import priormap
from priormap import PriormapError, PriormapWarning
from priormap.cli import app, run
from priormap.cli.options import Criterion
from priormap.criteria import METHODS
from priormap.errors import Phrase

SOURCE = Path(priormap.__file__).parent


COMMANDS = typer.main.get_command(app).commands
WORD = re.compile(r"(?<![\w-])--[a-z][\w-]*\w(?![\w-])")


def options(command):
    return {
        word for one in COMMANDS[command].params for word in (*one.opts, *one.secondary_opts)
    } | {"--help"}


EVERY = set.union(*map(options, COMMANDS)) | {"--debug", "--version"}


def said(tree):
    """Texts that a file may show: all but docstrings and the help of options."""
    for node in ast.iter_child_nodes(tree):
        called = getattr(getattr(node, "func", None), "attr", "") or getattr(
            getattr(node, "func", None), "id", ""
        )
        if isinstance(node, ast.Call) and called in {"Option", "Argument", "Phrase"}:
            continue
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        yield from said(node)


def phrases():
    """Arguments of every Phrase that is written out in the source."""
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Phrase":
                yield [
                    " ".join(
                        one.value
                        for one in ast.walk(argument)
                        if isinstance(one, ast.Constant) and isinstance(one.value, str)
                    )
                    for argument in node.args
                ]


def test_every_option_of_a_phrase_is_one():
    written = list(phrases())
    assert len(written) > 10
    for python, *forms in written:
        assert not WORD.findall(python)
        for form in forms:
            assert set(WORD.findall(form)) <= EVERY, form


def test_options_stand_in_phrases_outside_the_command_line():
    for path in sorted(SOURCE.rglob("*.py")):
        if path.parent.name == "cli":
            continue
        for text in said(ast.parse(path.read_text(encoding="utf-8"))):
            is_part = text.strip().startswith("--")  # of what a Phrase is made of
            assert is_part or not WORD.findall(text), (path.name, text)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_that_a_command_names_is_its_own(command):
    path = SOURCE / "cli" / f"{command}_command.py"
    for text in said(ast.parse(path.read_text(encoding="utf-8"))):
        of_other = {w for other in COMMANDS if f"priormap {other}" in text for w in options(other)}
        assert set(WORD.findall(text)) <= options(command) | of_other, text


def test_a_command_names_none_of_anothers_options():
    phrase = Phrase("tune longer", "raise --draws or --tune", "raise --draws")
    told = PriormapError("trust nothing; ", phrase)
    for command in COMMANDS:
        known = options(command)
        assert set(WORD.findall(told.for_command(known))) <= known
    assert told.for_command(options("contrast")).endswith("raise --draws or --tune")
    assert told.for_command(options("choose")).endswith("raise --draws")
    assert told.for_command(options("convert")) == "trust nothing; "


ROWS = np.random.default_rng(1).normal(size=(25, 4))
TABLES = {
    "good": ROWS,
    "flat": ROWS * [1, 1, 1, 0],
    "constant": ROWS * [0, 1, 1, 1],
    "exact": np.column_stack([ROWS[:, :3], ROWS[:, 0]]),
    "two": ROWS[:2],
    "one": ROWS[:1],
    "empty": np.where([True, False, False, False], np.nan, ROWS),
    "hole": np.where(np.arange(100).reshape(25, 4) == 4, np.nan, ROWS),
}
MORE = {
    "compare": [["--lasso-alpha", "1", "--sigma", "unknown"], ["--scale", "learn"], ["--find-map"]],
    "contrast": [["--scale", "inf", "--sigma", "1e200"], ["--scale", "1e-300"]],
    "rank": [["--folds", "99"], ["--scale", "inf"]],
    "evidence": [["--scale", "learn"], ["--scale", "inf"], ["--column", "d"]],
    "choose": [["--method", "universal", "--prior", "gaussian"], ["--scales", "3"]],
    "path": [["--sigma", "unknown"], ["--points", "1"], ["--prior", "horseshoe"]],
    "sample": [["--method", "gibbs", "--prior", "ridge"], ["--method", "nuts", "--prior", "ss"]],
    "figures": [["--prior", "laplace", "--scale", "inf"], ["--feature", "a"]],
    "report": [["--scale", "1e-300"], ["--format", "markdown", "--output", "there.md"]],
    "explain": [["--alpha", "1", "--sigma", "1e-300"], ["--alpha", "-1"]],
    "audit": [["--scale", "1"], ["--prior", "lasso", "--sigma", "unknown"]],
    "check": [["--prior", "laplace", "--scale", "inf"], ["--scale", "1e-300"]],
    "project": [["--most", "0"], ["--folds", "99"], ["--scale", "inf"]],
    "predict": [["--new", "no.csv"], ["--kind", "mean", "--mass", "2"], ["--scale", "inf"]],
    "convert": [["--to", "glmnet"], ["--sigma", "-1"], ["--weights", "w"]],
}
FIRST = {
    "explain": ["sklearn.Lasso"],
    "audit": ["coefs.csv"],
    "predict": ["--new", "good.csv"],
    "convert": ["0.1", "--from", "sklearn.Lasso", "--to", "lm.ridge", "--data"],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_what_a_command_says_names_its_own_options(command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name, rows in TABLES.items():
        frame = pd.DataFrame(rows, columns=[*"abc", "y"])
        frame.to_csv(f"{name}.csv", index=False)
    Path("coefs.csv").write_text("feature,coef\na,1\nb,0\nc,0\n")
    Path("there.md").write_text("taken")
    few = ["--draws", "20", "--chains", "2"] if "--chains" in options(command) else []
    few += ["--draws", "20"] if command == "figures" else []
    out = ["--output", "out.nc"] if command == "sample" else []
    lines = [[f"{name}.csv", "--target", "y"] for name in TABLES] + [["good.csv"], ["no.csv"]]
    lines += [["good.csv", "--target", "y", *more] for more in MORE.get(command, [])]
    known, seen = options(command), 0
    if command in {"figures", "report"}:  # slow where they go through
        lines = [line for line in lines if line[0] not in {"good.csv", "hole.csv"} or len(line) > 3]
    for line in lines:
        run([command, *FIRST.get(command, []), *line, *few, *out])
        shown = capsys.readouterr()
        words = set(WORD.findall(re.sub(r"priormap \w+ --list", "", shown.out + shown.err)))
        assert words <= known, (line, shown.err)
        seen += bool(words)
    assert seen
    assert capsys.readouterr().err.count("this is an error of priormap") == 0


@pytest.mark.parametrize("kind", [PriormapError, PriormapWarning])
def test_a_sentence_has_two_forms_and_survives_pickling(kind):
    told = kind("sigma is unknown; ", Phrase("fix sigma", "give --sigma a number"), ", or sample")
    for one in (told, pickle.loads(pickle.dumps(told))):
        assert str(one) == "sigma is unknown; fix sigma, or sample"
        assert one.in_options == "sigma is unknown; give --sigma a number, or sample"
    plain = kind("X has 1 row")
    assert str(plain) == plain.in_options == "X has 1 row"
    assert isinstance(plain, ValueError if kind is PriormapError else UserWarning)


def test_the_options_list_every_criterion():
    assert list(Criterion) == list(METHODS)
