"""What stands beside the code: the version in each place, and what an install must bring."""

import importlib.metadata
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import priormap

HERE = Path(__file__).parent.parent


def test_the_citation_has_the_version():
    (version,) = re.findall(r"^version: (.+)$", (HERE / "CITATION.cff").read_text(), re.MULTILINE)
    assert version == priormap.__version__


def test_contributing_names_what_stands_beside_it():
    text = (HERE / "CONTRIBUTING.md").read_text()
    for name in ("issue_templates/", "SECURITY.md", "CITATION.cff", ".ci/wheel"):
        assert f"`{name}`" in text
        assert (HERE / name).exists()
    assert len(list((HERE / "issue_templates").glob("*.md"))) >= 3


def test_every_module_that_is_imported_comes_with_a_dependency():
    told = tomllib.loads((HERE / "pyproject.toml").read_text())["project"]
    extras = [one for group in told["optional-dependencies"].values() for one in group]
    names = {re.match(r"[\w-]+", one)[0].lower() for one in [*told["dependencies"], *extras]}
    brings = {
        "markupsafe": "jinja2",
        "pytensor": "pymc",
        "arviz": "pymc",
        "sklearn": "scikit-learn",
    }
    sources = [one.read_text() for one in Path(priormap.__file__).parent.rglob("*.py")]
    modules = {
        found for text in sources for found in re.findall(r"^ *(?:from|import) (\w+)", text, re.M)
    }
    ours = {*sys.stdlib_module_names, "priormap"}
    known = importlib.metadata.packages_distributions()
    for module in (modules & set(known)) - ours:
        assert brings.get(module, module).replace("_", "-") in names, module


@pytest.mark.parametrize("work", ["find_map(data, priormap.Laplace(1.0))", "plot_prior_shapes()"])
def test_modes_and_figures_leave_pymc_alone(work):
    code = (
        "import sys, matplotlib; matplotlib.use('Agg'); import priormap\n"
        "data = priormap.Regression([[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0], sigma=1.0)\n"
        f"priormap.{work}\n"
        "assert not {'pymc', 'pytensor'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
