"""The recipes of CONTRIBUTING.md run, and the prior in them is the one that tests use."""

import re
from pathlib import Path

import pytest

from priormap import cli, criteria, priors
from priormap.conventions.catalogue import CONVENTIONS
from priormap.plots import style
from priormap.priors import densities
from test_readme_python import BLOCK, run

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
HOUSE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def registers(monkeypatch):
    """Give back afterwards what a recipe adds to."""
    monkeypatch.setattr(priors, "PRIORS", priors.PRIORS)
    monkeypatch.setattr(densities, "DENSITIES", densities.DENSITIES)
    monkeypatch.setattr(criteria, "CRITERIA", criteria.CRITERIA)
    monkeypatch.setattr(style, "LOOKS", style.LOOKS)
    monkeypatch.setattr(cli.app, "registered_commands", list(cli.app.registered_commands))
    conventions = dict(CONVENTIONS)
    yield
    CONVENTIONS.clear()
    CONVENTIONS.update(conventions)


def test_the_recipes_run():
    assert run(TEXT) >= 10


def test_the_prior_and_the_density_are_those_of_the_tests():
    tested = (ROOT / "tests" / "logistic_prior.py").read_text(encoding="utf-8")
    shown = [block for block in BLOCK.findall(TEXT) if "Prior):" in block or "Density):" in block]
    assert len(shown) == 2
    assert all(block.strip() in tested for block in shown)


def test_the_files_and_registers_that_the_pages_name_are_there():
    for page in (TEXT, HOUSE):
        for name in re.findall(r"`((?:\w+/)+\w*(?:\.\w+)?)`", page):
            assert any((base / name).exists() for base in (ROOT, ROOT / "src/priormap")), name
    source = "".join(path.read_text(encoding="utf-8") for path in ROOT.glob("src/**/*.py"))
    for name in re.findall(r"`([A-Z]{3,}[A-Z_]*)`", HOUSE):
        assert re.search(rf"^{name}\b.* = ", source, re.MULTILINE), name


def test_hooks_run_the_linters_of_continuous_integration():
    hooks = re.findall(
        r"entry: (.*)", (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    )
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert hooks == re.findall(r'^step "(?:ruff|mypy)[^"]*" 1 "(.*)"$', script, re.MULTILINE)
    by_hand = " && ".join(hooks)
    assert f"```sh\n{by_hand}\n```" in TEXT
