"""Help that helps: whole sentences, groups, an example that runs, lists of one library."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numba.core import event

from priormap import Gaussian, Laplace, Regression, contrast, find_map
from priormap.cli import app, run
from priormap.cli.command_line import COMMANDS, GROUPS
from priormap.display.text import as_text

EXAMPLES = {
    command.__name__: example for group in GROUPS.values() for command, example in group.items()
}

CONVERT = "convert 1 --from sklearn.Lasso --to penalty --data cars.csv --target mpg --weights whp"


@pytest.fixture
def cars(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 2))
    frame = pd.DataFrame(X, columns=["hp", "wt"]).assign(mpg=X @ [1.0, 0.0] + rng.normal(size=30))
    frame.to_csv(tmp_path / "cars.csv", index=False)
    frame[["hp", "wt"]].head(3).to_csv(tmp_path / "new.csv", index=False)
    (tmp_path / "coefs.csv").write_text("feature,coef\nhp,1\nwt,0\n")
    monkeypatch.chdir(tmp_path)


def shown(capsys, *words):
    code = run(list(words))
    seen = capsys.readouterr()
    return code, seen.out, seen.err


def test_commands_stand_in_groups_with_their_whole_sentence(capsys):
    _, out, _ = shown(capsys, "--help")
    assert "..." not in out.partition("See:")[2]
    places = [out.index(f"{title}:") for title in GROUPS]
    assert places == sorted(places)
    words = " ".join(re.sub(r"-\n +", "-", out).split())
    for command in COMMANDS:
        sentence = " ".join(command.__doc__.partition("\n\n")[0].split())
        assert f"{command.__name__} {sentence}" in words
    assert "More:" not in out


def test_a_command_in_no_group_is_listed_too(capsys, monkeypatch):
    def believe() -> None:
        """Say more."""

    monkeypatch.setattr(app, "registered_commands", [*app.registered_commands])
    app.command()(believe)
    assert "More:\n  believe  Say more." in shown(capsys, "--help")[1]


@pytest.mark.parametrize("name", EXAMPLES)
def test_help_ends_in_an_example_that_runs(name, cars, capsys):
    _, out, _ = shown(capsys, name, "--help")
    example = f"priormap {name} {EXAMPLES[name]}"
    assert out.rstrip().endswith(example)
    few = ["--draws", "50"] if "--draws" in out else []
    code, out, err = shown(capsys, *example.split()[1:], *few)
    assert code in {0, 1, 4}, err
    assert out


def test_priors_are_named_by_their_penalties_too(capsys):
    for name in ("compare", "path", "audit"):
        out = " ".join(shown(capsys, name, "--help")[1].split())
        assert "gaussian (ridge), laplace (lasso), elastic_net" in out


def test_the_list_of_one_library(capsys):
    code, out, _ = shown(capsys, "convert", "--list", "LARS")
    assert code == 0
    assert "sklearn.LassoLars" in out
    assert "glmnet" not in out
    _, out, _ = shown(capsys, "convert", "--list", "glmnet", "sklearn.Ridge", "--json", "-")
    found = [row["convention"] for row in json.loads(out)]
    assert "sklearn.Ridge" in found
    assert all("glmnet" in one or "sklearn.Ridge" in one for one in found)
    code, out, err = shown(capsys, "convert", "--list", "sklern.Laso")
    assert (code, out) == (2, "")
    assert "the nearest are 'sklearn.Lasso'" in err


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["compare", "cars.csv", "--target", "MPG"], "did you mean mpg?"),
        (["explain", "sklearn.Lasso", "cars.csv", "--target", "mgp"], "did you mean mpg?"),
        (["explain", "sklearn.Laso", "cars.csv", "--target", "mpg", "--alpha=1"], "sklearn.Lasso"),
        (["compare", "cars.csv", "--target", "mpg", "--prior", "laso"], "did you mean lasso"),
        (["compare", "cars.csv", "--target", "mpg", "--scael", "1"], "--scale"),
        (
            CONVERT.split(),
            "did you mean hp?",
        ),
        (["compare", "cars.csv", "--target", "7"], "choose one of: hp, wt, mpg\n"),
    ],
)
def test_what_was_meant(words, meant, cars, capsys):
    code, _, err = shown(capsys, *words)
    assert code == 2
    assert meant in err


def test_completion(capsys, monkeypatch):
    monkeypatch.setenv("_PRIORMAP_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "priormap con")
    monkeypatch.setenv("COMP_CWORD", "1")
    with pytest.raises(SystemExit):  # as it must: a shell reads what is printed
        run([])
    assert capsys.readouterr().out.split() == ["contrast", "convert"]


# what comes before the numbers, and what waits


def test_one_default_of_sigma(capsys, tmp_path, monkeypatch):
    """The same call by every command: a mode is that of the model whose posterior is drawn."""
    monkeypatch.chdir(tmp_path)
    told = {}
    for command in ("compare", "contrast", "report"):
        few = [] if command == "compare" else ["--draws", "50", "--seed", "1"]
        out = shown(capsys, command, *few)[1]
        told[command] = [line for line in out.splitlines() if line.startswith(("sigma:", "scale:"))]
        told[command] = [line.partition(" (--")[0] for line in told[command]]
        if command == "compare":
            calls = re.findall(r"is (\w+\(alpha=\S+\))", out)
    assert told["compare"] == told["contrast"] == told["report"]
    assert len(calls) == 2
    page = Path("report.html").read_text(encoding="utf-8")
    assert all(call in page for call in calls)


def test_an_alpha_says_why_it_takes_one_sigma(cars, capsys):
    for words in (["compare", "--lasso-alpha=1"], ["path"]):
        out = shown(capsys, words[0], "cars.csv", "--target", "mpg", *words[1:])[1]
        assert "least squares, because a penalty is a prior at one sigma only (--sigma for" in out
    out = shown(capsys, "compare", "cars.csv", "--target", "mpg", "--sigma", "2")[1]
    assert "sigma: 2, as given" in out


def test_compare_says_what_it_shows_before_any_digits(capsys):
    out = shown(capsys, "compare")[1]
    before = out.partition("feature")[0]
    for word in ("shown: the exact mode (MAP)", "penalised fit", "default settings", "verdict"):
        assert word in before


def test_a_first_run_says_that_it_compiles(monkeypatch, capsys):
    from numba import njit

    from priormap.mode import lasso
    from priormap.posterior import kernels

    assert lasso is not None
    assert kernels is not None

    def compiled(module):
        def twice(x):
            return 2 * x

        twice.__module__ = module
        assert njit(twice)(1.0) == 2.0
        return capsys.readouterr().err

    told = [one for one in event._registered["numba:compile"] if hasattr(one, "is_told")]
    assert len(told) == 1
    monkeypatch.setattr(told[0], "is_told", False, raising=False)
    assert compiled("priormap.mode") == ""  # in a pipe
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert compiled("another") == ""
    assert compiled("priormap.mode") == "priormap: compiling once, some seconds ...\n"
    assert compiled("priormap.mode") == ""


# wide tables and collinear columns


@pytest.fixture
def spectra(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 2)) @ rng.normal(size=(2, 60)) + 1e-2 * rng.normal(size=(40, 60))
    frame = pd.DataFrame(X, columns=[f"c{j}" for j in range(60)])
    frame.assign(y=3 * X[:, 50] + rng.normal(size=40)).to_csv(tmp_path / "wide.csv", index=False)
    monkeypatch.chdir(tmp_path)


def test_wide_tables_show_the_rows_that_are_not_zero(spectra, capsys):
    words = ["wide.csv", "--target", "y", "--prior", "lasso", "--json", "found.json"]
    out = shown(capsys, "compare", *words)[1]
    rows = {row["feature"]: row for row in found("found.json")}
    nonzero = [name for name, row in rows.items() if row["map"] or row["difference_default"]]
    assert 0 < len(nonzero) < 30
    listed = re.findall(r"^  (c\d+) ", out, re.MULTILINE)
    assert listed == nonzero
    assert f"({len(nonzero)} of 60 coefficients" in out
    out = shown(capsys, "contrast", *words, "--force", "--draws=50", "--seed=1")[1]
    nonzero = [row["feature"] for row in found("found.json") if row["mode"]]
    listed = re.findall(r"^  (c\d+) ", out, re.MULTILINE)
    assert len(listed) == 30
    assert set(nonzero) <= set(listed)


def found(path):
    return json.loads(Path(path).read_text())["priors"][0]["coefficients"]


def test_the_repr_of_a_wide_mode_shows_them_too(spectra):
    data = Regression.from_csv("wide.csv", "y", sigma=1.0)
    fit = find_map(data, Laplace(0.3))
    names = [name for name, kept in zip(fit.names, fit.support, strict=True) if kept]
    assert re.findall(r"^  (c\d+):", repr(fit), re.MULTILINE) == names
    assert f"... {60 - len(names)} more" in repr(fit)


def test_a_sparse_summary_that_fails_is_said_to():
    rng = np.random.default_rng(5)
    X = rng.normal(size=(60, 3))
    data = Regression(X, X[:, 0] + rng.normal(size=60), sigma=1.0)
    table = contrast(data, {"ridge": Gaussian(1.0)}, draws=100, random_seed=1)
    assert "fails here" not in as_text(table.blocks())
    for name in ("savs", "dss"):
        worse = replace(table, summary=table.summary.assign(**{f"r2_{name}": -0.5}))
        assert f"{name.upper()} fails here: below 0, its R^2 says" in as_text(worse.blocks())
