"""The README keeps its word: two commands of one line each, a figure, and names that exist."""

import re
from operator import attrgetter
from pathlib import Path

import pandas as pd
import pytest
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Lasso

import priormap

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
VERBS = (ROOT / "docs" / "verbs.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^python3 -m venv .*$", TEXT, re.MULTILINE)


def test_two_commands_set_up_on_a_fresh_machine():
    compare, tests = COMMANDS
    assert compare.endswith("&& .venv/bin/priormap compare")
    assert tests.endswith("&& .venv/bin/python -m pytest")
    for command in COMMANDS:
        assert f"```sh\n{command}\n```" in TEXT  # a single line in a block of its own
        assert set(re.findall(r"(\S+)(?= (?:-m|install|compare))", command)) <= {
            "python3",
            ".venv/bin/pip",
            ".venv/bin/python",
            ".venv/bin/priormap",
        }


def test_continuous_integration_runs_these_commands():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    pattern = re.search(r"grep '(\^python3 -m venv)' README\.md", script)
    assert pattern
    assert re.findall(f"{pattern[1]}.*$", TEXT, re.MULTILINE) == COMMANDS
    own = [line for line in script.splitlines() if "pip install" in line]
    # neither the lowest versions nor the site are the README's
    assert all(".venv-lowest" in line or "[docs]" in line for line in own)


def test_it_is_short():
    assert TEXT.count("\n") < 120


def test_its_figures_are_there_and_small():
    images = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", TEXT)
    assert len(images) == 5
    assert all(1_000 < (ROOT / image).stat().st_size < 200_000 for image in images)
    committed = {f"docs/images/{path.name}" for path in (ROOT / "docs/images").iterdir()}
    assert set(images) == committed


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`pmap\.([\w.]+)`", TEXT + VERBS))))
def test_the_names_in_it_exist(name):
    assert callable(attrgetter(name)(priormap))


@pytest.mark.parametrize("command", ["compare", "figures"])
def test_the_options_in_it_exist(command, capsys):
    from priormap.cli import run

    assert run([command, "--help"]) == 0
    known = set(re.findall(r"--[\w-]+", capsys.readouterr().out))
    written = re.findall(rf"priormap {command}[^`]*", TEXT + VERBS)  # may go on in the next line
    used = set(re.findall(r"--[\w-]+", " ".join(written)))
    assert used
    assert used <= known


# Those of the table; a report takes long and has tests of its own
IN_TABLE = [
    command
    for command in re.findall(r"^\|.*`priormap (\w[^`]*)` \|$", VERBS, re.MULTILINE)
    if not command.startswith("report")
]


@pytest.mark.parametrize("command", sorted(set(IN_TABLE)))
def test_the_commands_in_its_table_run(command, tmp_path, monkeypatch, capsys):
    from priormap.cli import run

    monkeypatch.chdir(tmp_path)
    bunch = load_diabetes(as_frame=True, scaled=False)
    bunch.frame.rename(columns={"target": "COLUMN"}).to_csv("DATA.csv", index=False)
    bunch.data.head(3).to_csv("NEW.csv", index=False)
    coef = pd.Series(Lasso(0.1).fit(bunch.data, bunch.target).coef_, bunch.data.columns)
    coef.rename("coef").to_csv("coefs.csv", index_label="feature")
    name, *arguments = command.split()
    few = (
        ["--draws", "200"] if name in {"choose", "contrast", "figures", "sample", "predict"} else []
    )
    code = run([name, *arguments, *few])
    assert code == (3 if name == "audit" else 0)  # the fit at default settings stops early
    assert capsys.readouterr().out


def test_the_table_shows_every_command():
    from priormap.cli import app

    shown = {command.split()[0] for command in IN_TABLE} | {"report"}
    assert shown == {command.callback.__name__ for command in app.registered_commands}
