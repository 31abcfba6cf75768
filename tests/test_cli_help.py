"""Help that helps: whole sentences, groups, an example that runs, lists of one library."""

import json

import numpy as np
import pandas as pd
import pytest

from priormap.cli import app, run
from priormap.cli.command_line import COMMANDS, GROUPS

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
    words = " ".join(out.split())
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
