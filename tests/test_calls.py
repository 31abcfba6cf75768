"""Calls that a verb cannot take: one sentence that names the argument and the nearest ones."""

from __future__ import annotations

import inspect
import pickle
import warnings

import numpy as np
import pytest

import priormap
from priormap import Laplace, PriormapError, PriormapWarning, Regression, find_map
from priormap.checks import says_why

VERBS = [name for name in priormap.__all__ if inspect.isfunction(getattr(priormap, name))]


def words_of(verb):
    return {
        name: one
        for name, one in inspect.signature(verb).parameters.items()
        if one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
    }


def said_by(verb, *values, **named):
    with pytest.raises(PriormapError) as caught:
        verb(*values, **named)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def data(rng):
    return Regression(rng.normal(size=(20, 2)), rng.normal(size=20), sigma=1.0)


def takes_any(verb):
    return any(one.kind is one.VAR_KEYWORD for one in inspect.signature(verb).parameters.values())


@pytest.mark.parametrize("name", [name for name in VERBS if not takes_any(getattr(priormap, name))])
def test_a_misspelt_keyword_is_answered_by_the_one_meant(name):
    verb = getattr(priormap, name)
    if not words_of(verb):
        assert said_by(verb, folds=1) == f"{name} has no keyword 'folds'; there are: none"
    for word in words_of(verb):
        slip = word + "x"
        if slip not in words_of(verb):
            said = said_by(verb, **{slip: 1})
            assert said.startswith(f"{name} has no keyword '{slip}'; there are: ")
            assert word in said.partition("did you mean ")[2], said


@pytest.mark.parametrize("name", VERBS)
def test_a_missing_argument_is_named(name):
    verb = getattr(priormap, name)
    needed = [word for word, one in words_of(verb).items() if one.default is one.empty]
    for k, word in enumerate(needed):
        said = said_by(verb, **dict.fromkeys(needed[:k], 1))
        assert said.startswith(f"{name} needs {word}; its arguments are: {needed[0]}")


@pytest.mark.parametrize(
    ("verb", "word", "hint"),
    [
        ("find_map", "sigma", "it belongs to the data, as Regression(X, y, sigma=...)"),
        ("find_map", "scale", "it belongs to a prior, as Laplace(scale=...)"),
        ("find_map", "X", "data is made first, as Regression(X, y)"),
        ("contrast", "n_samples", "did you mean draws?"),
        ("contrast", "alpha", "as Laplace.from_lasso(alpha, data=data)"),
        ("compare_priors", "seed", "did you mean random_seed?"),
        ("plot_path", "colour", "change the Axes that it returns"),
        ("write_report", "priorz", "did you mean priors or progress?"),
    ],
)
def test_what_other_libraries_take_has_a_hint(verb, word, hint):
    assert said_by(getattr(priormap, verb), **{word: 1}).endswith(hint)


def test_too_many_arguments_and_one_that_is_given_twice(data):
    assert said_by(find_map, data, Laplace(1.0), 1.0) == (
        "find_map takes data, prior without a name, got 3 of them; give the others by name: start"
    )
    said = said_by(priormap.contrast, data, {}, 100)
    assert said.startswith("contrast takes data, priors without a name, got 3 of them; give the ")
    assert "by name: draws, tune, chains" in said
    assert said_by(find_map, data, Laplace(1.0), data=data) == (
        "find_map got data twice, in its place and by name; give it once"
    )


def test_a_type_error_from_within_stays_what_it_is():
    with pytest.raises(TypeError, match="unsupported operand"):
        says_why(lambda a: a + "b")(1)


def test_a_call_is_looked_at_only_once_python_refused_it(monkeypatch, data):
    monkeypatch.setattr("priormap.checks.signature", None)
    find_map(data, Laplace(1.0))


@pytest.mark.parametrize("name", VERBS)
def test_verbs_stay_what_they_are(name):
    verb = getattr(priormap, name)
    assert verb is getattr(priormap, name)
    assert pickle.loads(pickle.dumps(verb)) is verb
    assert inspect.signature(verb) == inspect.signature(verb.__wrapped__)
    assert inspect.getdoc(verb) == inspect.getdoc(verb.__wrapped__)
    assert name in inspect.getsource(verb)


def test_warnings_stand_at_the_line_of_the_caller():
    x = np.ones((20, 2)) * np.arange(20.0)[:, None]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        find_map(Regression(x, x[:, 0], sigma=1.0), Laplace(1.0))
    assert caught
    assert all(issubclass(one.category, PriormapWarning) for one in caught)
    assert {one.filename for one in caught} == {__file__}
