"""Options that say how a table is read, in every command that reads one."""

import inspect

import pytest

from priormap.cli import run
from priormap.cli.command_line import COMMANDS
from priormap.cli.tables import Reading, with_options

EUROPEAN = "site;dose;y\n" + "".join(
    f"{'ab'[k % 2]};{k * k % 7},5;{k % 5 + k % 2}\n" for k in range(30)
)
OPTIONS = ["--sep", ";", "--decimal", ","]


@pytest.fixture
def european(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text(EUROPEAN + "b;;3\n")
    return str(path)


READERS = [one for one in COMMANDS if "reading" in inspect.signature(one).parameters]
MORE = {
    "contrast": ["--draws", "100"],
    "sample": ["--draws", "100"],
    "rank": ["--draws", "100"],
    "choose": ["--method", "evidence"],
    "report": ["--draws", "100"],
}


def test_every_command_that_reads_a_table_has_the_options():
    without = {one.__name__ for one in COMMANDS} - {one.__name__ for one in READERS}
    assert all(
        "target" not in inspect.signature(one).parameters
        for one in COMMANDS
        if one.__name__ in without
    )
    for one in READERS:
        own = inspect.signature(with_options(one)).parameters
        assert set(Reading.__dataclass_fields__) <= set(own)
        assert "reading" not in own


@pytest.mark.parametrize("name", ["compare", "path", "contrast", "choose", "explain", "convert"])
def test_a_european_table(name, european, capsys):
    words = {
        "explain": ["explain", "sklearn.Lasso", european, "--alpha", "0.1"],
        "convert": [
            *("convert", "0.1", "--from", "sklearn.Lasso", "--to", "glmnet", "--data", european)
        ],
        "path": ["path", european, "--prior", "laplace"],
    }.get(name, [name, european, *MORE.get(name, [])])
    words += ["--target", "y"]
    assert run(words) == 2
    assert "add --sep ';' --decimal ','" in capsys.readouterr().err
    assert run([*words, *OPTIONS]) == 2
    assert capsys.readouterr().err.endswith("or add --missing drop\n")
    assert run([*words, *OPTIONS, "--missing", "drop"]) == 0
    shown = capsys.readouterr()
    if name != "convert":
        assert "1 row with a missing cell was dropped, 30 are left" in shown.out
        assert "a is the reference" in shown.out


def test_columns_and_formula(european, capsys):
    words = ["compare", european, *OPTIONS, "--missing", "drop", "--csv", "-"]
    assert run([*words, "--target", "y", "--drop", "site"]) == 0
    assert "site" not in capsys.readouterr().out
    assert run([*words, "--target", "y", "--features", "dose,site"]) == 0
    assert "site[b]" in capsys.readouterr().out
    assert run([*words, "--formula", "y ~ dose*site"]) == 0
    assert "dose:site[b]" in capsys.readouterr().out
    assert run([*words, "--formula", "y ~ dose", "--target", "y"]) == 2
    assert "--formula and --target" in capsys.readouterr().err
    assert run([*words, "--formula", "y ~ dosis"]) == 2
    assert "did you mean dose?" in capsys.readouterr().err
    assert run(["compare", "--formula", "progression ~ bmi*sex", "--csv", "-"]) == 0
    assert "bmi:sex" in capsys.readouterr().out


def test_a_report_says_how_its_table_was_read(european, tmp_path, capsys):
    page = tmp_path / "page.md"
    words = ["report", european, *OPTIONS, "--missing", "drop", "--target", "y", "--draws", "100"]
    assert run([*words, "-o", str(page), "--seed", "1", "--prior", "gaussian"]) == 0
    text = page.read_text()
    for line in ("sep=';'", "decimal=','", "missing='drop'", "target='y'", "--missing drop"):
        assert line in text


def test_options_of_text_files_only(tmp_path, capsys):
    import pandas as pd

    path = tmp_path / "t.parquet"
    pd.DataFrame({"x": [1.0, 2.0, 4.0], "y": [1.0, 2.0, 3.0]}).to_parquet(path)
    assert run(["compare", str(path), "--target", "y", "--sep", ";"]) == 2
    assert "--sep is an option of CSV files" in capsys.readouterr().err
