"""The house: floors that import only downwards, a light front door, no stray names."""

import ast
import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import priormap
from priormap.priors import PRIORS
from priormap.priors.densities import DENSITIES

ROOT = Path(priormap.__file__).parent

PUBLIC = {
    "Beta",
    "Cauchy",
    "R2D2",
    "enumerate_models",
    "Flat",
    "Horseshoe",
    "NormalGamma",
    "SpikeAndSlab",
    "StudentT",
    "Contrast",
    "contrast",
    "convert",
    "pymc_model",
    "pymc_prior",
    "to_inference_data",
    *("PosteriorMoments", "pool", "posterior_moments", "predict", "prediction_table"),
    "sample",
    "HalfCauchy",
    "Certificate",
    "ElasticNet",
    "Explanation",
    "Gaussian",
    "HalfNormal",
    "HalfStudentT",
    "InverseGamma",
    "Jeffreys",
    "Laplace",
    "MapComparison",
    "MapEstimate",
    "MapPath",
    "Penalty",
    "PredictiveCheck",
    "PriorComparison",
    "PriorSensitivity",
    "PriorStatements",
    "Projection",
    "PriormapError",
    "PriormapWarning",
    "PymcMode",
    "Regression",
    "Resamples",
    "SavageDickey",
    "savage_dickey",
    "audit",
    "check_prior",
    "choose_scale",
    "compare_evidence",
    "compare_map",
    "EvidenceComparison",
    "plot_evidence",
    "compare_priors",
    "explain",
    "explain_penalty",
    "find_map",
    "list_conventions",
    "log_posterior",
    "map_path",
    "model_code",
    "plot_coefficient_shrinkage",
    "plot_compare",
    "plot_contrast",
    "plot_geometry",
    "plot_joint",
    "plot_loo_pit",
    "plot_nonzero_counts",
    "plot_path",
    "plot_posterior_vs_map",
    "plot_prior_predictive",
    "plot_prior_shapes",
    "plot_projection",
    "plot_pull",
    "plot_scale_choice",
    "plot_sensitivity",
    "plot_shrinkage",
    "plot_stability",
    "plot_shrinkage_profile",
    "prior_for",
    "prior_says",
    "project",
    "prior_sensitivity",
    "write_report",
    "ScaleChoice",
}

# Those that verbs return and nobody calls: their docstrings list attributes instead of an example
RESULTS = {
    "Certificate",
    "Contrast",
    "Explanation",
    "MapComparison",
    "MapEstimate",
    "MapPath",
    "PymcMode",
} | {
    "EvidenceComparison",
    "PredictiveCheck",
    "PriorSensitivity",
    "PriorStatements",
    "SavageDickey",
    "Projection",
    "ScaleChoice",
}

# The floor of every module, by the first part of its name below priormap
FLOORS = (
    {"errors", "arrays", "_version"},
    {"checks"},
    {"display"},
    {"priors"},
    {"likelihoods"},
    {"data"},
    {"model"},
    {"mode", "conventions"},
    {"posterior", "auditing"},
    {"criteria"},
    {"tables"},
    {"plots"},
    {"cli", "report", "sklearn", "__main__"},
)
FLOOR = {name: floor for floor, names in enumerate(FLOORS) for name in names}
TOP = len(FLOORS) - 1

# Only these may import the package on the left, at any depth of their code
OWNERS = {
    "pymc": {"posterior"},
    "pytensor": {"posterior"},
    "arviz": {"posterior"},
    "arviz_base": {"posterior"},
    "arviz_stats": {"posterior", "criteria", "tables"},
    "xarray": {"posterior", "criteria", "tables", "plots", "cli", "sklearn"},
    "matplotlib": {"plots"},
    "sklearn": {"tables", "cli", "sklearn"},
    "numba": {"mode", "posterior"},
    "typer": {"cli"},
    "rich": {"cli", "display", "posterior"},
    "jinja2": {"report"},
    "markupsafe": {"report"},
    "latex2mathml": {"report"},
    "pyarrow": set(),
}
HEAVY = (*OWNERS, "pandas")


def module_name(path):
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted(ROOT.rglob("*.py"))}


def part(module):
    """The first part of a module's name below priormap; empty for priormap itself."""
    return ([*module.split("."), ""])[1]


def imports(path):
    """Every module that a file imports, wherever in the file the import stands."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: imports are absolute here"
            deeper = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in MODULES else node.module for name in deeper)


def test_every_module_has_a_floor():
    assert {part(module) for module in MODULES} - {""} <= FLOOR.keys()


@pytest.mark.parametrize("module", sorted(set(MODULES) - {"priormap"}))
def test_a_module_imports_only_from_below_or_beside_it_in_its_own_part(module):
    for imported in imports(MODULES[module]):
        if imported.split(".")[0] != "priormap" or part(imported) == part(module):
            continue
        here, there = FLOOR[part(module)], FLOOR.get(part(imported), TOP)  # the door is on top
        top = here == there == TOP and part(imported) in {"", "cli", "report"}
        assert there < here or top, f"{module} (floor {here}) imports {imported}"


def test_the_picture_in_the_docs_shows_the_floors():
    picture = (ROOT.parents[1] / "docs" / "architecture.md").read_text(encoding="utf-8")
    lines = picture.split("```")[1].splitlines()
    heights = {
        room: next(k for k, line in enumerate(lines) if re.search(rf"(^|  ){room}  ", line))
        for room in FLOOR
        if not room.startswith("_")
    }
    for room, floor in FLOOR.items():
        below = [low for low in heights if FLOOR[low] < floor and room in heights]
        assert all(heights[low] > heights[room] for low in below), room


def test_files_do_not_import_each_other_in_a_circle():
    below = {
        module: {name for name in imports(path) if name in MODULES and name != module}
        for module, path in MODULES.items()
        if path.name != "__init__.py"
    }
    below = {module: needs & below.keys() for module, needs in below.items()}
    while below:
        free = {name for name, needs in below.items() if not needs & below.keys()}
        assert free, f"a circle among {sorted(below)}"
        below = {name: needs for name, needs in below.items() if name not in free}


@pytest.mark.parametrize("package", OWNERS)
def test_each_library_has_one_owner(package):
    users = {
        part(module)
        for module, path in MODULES.items()
        if any(name.split(".")[0] == package for name in imports(path))
    }
    assert users <= OWNERS[package]


def loaded_by(code):
    """Heavy packages in sys.modules of a fresh interpreter that ran `code`."""
    report = f"import sys; print(*(n for n in {HEAVY} if n in sys.modules))"
    environment = {"PYTHONPATH": str(ROOT.parent), "PATH": ""}
    run = [sys.executable, "-W", "error", "-c", f"{code}\n{report}"]
    done = subprocess.run(run, capture_output=True, text=True, check=True, env=environment)
    return done.stdout.split()


def test_importing_priormap_is_light():
    assert loaded_by("import priormap, priormap.data.reading") == []


def test_the_nouns_are_light_to_use():
    work = (
        "from priormap import *\n"
        "data = Regression([[0.0], [1.0], [2.0]], [0.0, 1.0, 2.5], sigma=1.0)\n"
        "log_posterior(data, Laplace(1.0), [0.5], 0.0)\n"
        "Penalty.from_prior(Gaussian(1.0), data, 1.0), data.moments, data.column_sd\n"
    ).replace("*", "Regression, Laplace, Gaussian, Penalty, log_posterior")
    assert loaded_by(work) == []


def test_the_command_line_is_light_until_it_works():
    assert set(loaded_by("import priormap.cli")) <= {"typer", "rich"}


def test_negative_control_a_heavy_import_is_seen():
    assert "pandas" in loaded_by("import priormap, pandas")


# names


def test_the_public_names():
    assert set(priormap.__all__) == PUBLIC
    assert priormap.__all__ == sorted(priormap.__all__)
    assert set(dir(priormap)) >= PUBLIC


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_every_public_name_is_there(name):
    value = getattr(priormap, name)
    assert value.__name__ == name
    assert value.__module__.partition(".")[0] == "priormap"


def test_unknown_names_are_attribute_errors():
    with pytest.raises(AttributeError, match="no attribute 'find_mode'"):
        priormap.find_mode  # noqa: B018


def test_no_module_has_the_name_of_a_public_function():
    assert not {module.rsplit(".")[-1] for module in MODULES} & PUBLIC


def public_callables():
    for name in sorted(PUBLIC):
        value = getattr(priormap, name)
        if not (inspect.isclass(value) and issubclass(value, Exception)):
            yield name, value


def test_every_public_callable_is_documented_with_an_example():
    for name, value in public_callables():
        text = inspect.getdoc(value)
        assert text, name
        section = "Attributes\n----------" if name in RESULTS else "Examples\n--------\n>>> "
        assert section in text, f"{name} lacks {section.split()[0]}"


def test_every_public_method_is_documented():
    for name, value in public_callables():
        if inspect.isclass(value):
            for method, function in vars(value).items():
                if not method.startswith("_") and (callable(function) or hasattr(function, "fget")):
                    assert inspect.getdoc(getattr(value, method)), f"{name}.{method}"


def test_every_package_is_one():
    assert all((path.parent / "__init__.py").is_file() for path in MODULES.values())


def test_only_the_faces_of_packages_list_what_they_export():
    for module, path in MODULES.items():
        listed = "__all__ = " in path.read_text(encoding="utf-8")
        assert path.name == "__init__.py" or not listed, module
        if listed:
            loaded = importlib.import_module(module)
            assert all(hasattr(loaded, name) for name in loaded.__all__)


# families


FAMILIES = {kind.__name__ for kind in (*PRIORS, *DENSITIES)}
WORDS = {word for kind in PRIORS for word in (kind.name, kind.label, kind.spoken, kind.fit) if word}
OF_A_PRIOR = {"name", "label", "spoken", "fit", "family", "__name__"}
HOLDS_ONE = {"prior", "priors", "sigma", "noise", "density", "hyperprior", "relative", "columns"}
# May ask, and do: the tables of random variables in PyMC, and their reader
ASKS = {"priormap.posterior.pymc.inference", "priormap.posterior.pymc.variables"}


def last_name(node):
    """Last name of a dotted expression: ``sigma`` of ``self.data.sigma``."""
    return getattr(node, "attr", getattr(node, "id", ""))


def names_in(node):
    return {last_name(one) for one in ast.walk(node)}


def asks_for_a_family(node):
    """Whether an expression or pattern asks which prior or density it holds, or sigma its type."""
    match node:
        case ast.Call(func=ast.Name(id="isinstance" | "issubclass"), args=[it, kinds]):
            of_sigma = last_name(it) == "sigma" and names_in(kinds) & {"float", "int", "Real"}
            return bool(names_in(kinds) & FAMILIES) or bool(of_sigma)
        case ast.MatchClass(cls=kind):
            return last_name(kind) in FAMILIES
        case ast.Call(func=ast.Name(id="type"), args=[it]):
            return last_name(it) in HOLDS_ONE
        case ast.Attribute(value=it, attr="__class__"):
            return last_name(it) in HOLDS_ONE
        case ast.Dict(keys=keys):
            return any(last_name(key) in FAMILIES for key in keys)
        case ast.Compare(left=it, comparators=others):
            constants = {
                one.value
                for each in others
                for one in ast.walk(each)
                if isinstance(one, ast.Constant)
            }
            return last_name(it) in OF_A_PRIOR and bool(constants & WORDS)
    return False


def askers(source):
    """Lines of a source that ask for a family; ``type(prior).__name__`` only names it."""
    nodes = list(ast.walk(ast.parse(source)))
    names = {id(one.value) for one in nodes if getattr(one, "attr", "") == "__name__"}
    return [one.lineno for one in nodes if id(one) not in names and asks_for_a_family(one)]


def test_only_priors_and_the_translation_to_pymc_know_families():
    asked = {
        module: lines
        for module, path in MODULES.items()
        if part(module) != "priors" and (lines := askers(path.read_text(encoding="utf-8")))
    }
    assert asked.keys() == ASKS, asked


@pytest.mark.parametrize(
    "code",
    [
        "isinstance(prior, Laplace)",
        "isinstance(fit.prior, priors.Gaussian | priors.Laplace)",
        "issubclass(kind, (Laplace, ElasticNet))",
        "isinstance(data.sigma, float)",
        "type(fit.prior) is kind",
        "table[type(prior)]",
        "prior.__class__",
        "{Gaussian: 'ridge'}",
        "prior.name == 'laplace'",
        "type(prior).__name__ == 'Laplace'",
        "fit.prior.label in {'Gaussian', 'Laplace'}",
        "match prior:\n    case Gaussian(scale):\n        pass",
        "match sigma:\n    case densities.Jeffreys():\n        pass",
    ],
)
def test_negative_control_a_family_that_is_asked_for_is_seen(code):
    assert askers(code)


@pytest.mark.parametrize(
    "code",
    [
        "isinstance(prior, Prior)",
        "isinstance(prior, PenaltyParts)",
        "type(error) is ValueError",
        "type(prior).__name__",
        "convention.likelihood == 'gaussian'",
        "LOOKS = {'Gaussian': 1}",
        "Gaussian(2.0)",
        "match value:\n    case float():\n        pass",
    ],
)
def test_a_capability_may_be_asked_for(code):
    assert not askers(code)


# long functions

MOST_LINES = 50


def lengths(source):
    """Lines of every function's body, without its docstring, by name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            body = node.body[bool(ast.get_docstring(node)) :]
            yield node.name, node.end_lineno - body[0].lineno + 1 if body else 0


def test_functions_are_short():
    long = {
        f"{module}.{name}": lines
        for module, path in MODULES.items()
        for name, lines in lengths(path.read_text(encoding="utf-8"))
        if lines > MOST_LINES
    }
    assert not long


def test_negative_control_a_long_function_is_seen():
    body = "    x = 1\n" * (MOST_LINES + 1)
    ((_, lines),) = lengths(f'def f():\n    """Say\n\n    it.\n    """\n{body}')
    assert lines == MOST_LINES + 1
