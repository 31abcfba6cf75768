"""The guard of the command line: no error and no warning of a library reaches the user raw."""

import warnings

import pytest

import priormap.tables
from priormap import PriormapError
from priormap.cli import run

COMPARE = ["compare", "--prior", "gaussian"]


def breaks(monkeypatch, error):
    """Let the work of ``compare`` fail as nobody foresaw."""

    def broken(*_, **__):
        raise error

    monkeypatch.setattr(priormap.tables, "compare_map", broken)


UNFORESEEN = [
    ZeroDivisionError("division by zero"),
    KeyError("x"),
    RecursionError(),
    OSError(5, "x"),
]


@pytest.mark.parametrize("error", UNFORESEEN, ids=lambda error: type(error).__name__)
def test_an_unforeseen_error_is_one_line_and_a_code_of_its_own(error, monkeypatch, capsys):
    breaks(monkeypatch, error)
    assert run(COMPARE) == 70
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"priormap: this is an error of priormap: {type(error).__name__}")
    assert err.count("\n") == 1
    assert str(error) in err
    assert "at cli/compare_command.py:" in err
    assert "please report it" in err
    assert "--debug" in err


@pytest.mark.parametrize("line", [["--debug", *COMPARE], [*COMPARE, "--debug"]])
def test_debug_shows_the_traceback(line, monkeypatch, capsys):
    breaks(monkeypatch, ZeroDivisionError("division by zero"))
    assert run(line) == 70
    err = capsys.readouterr().err
    assert err.startswith("Traceback (most recent call last):")
    assert "in broken" in err
    assert err.splitlines()[-1].startswith("priormap: this is an error of priormap")


def test_debug_changes_nothing_else(capsys):
    assert run(COMPARE) == 0
    plain = capsys.readouterr()
    assert run([*COMPARE, "--debug"]) == 0
    assert capsys.readouterr() == plain
    assert run(["convert", "--", "--debug"]) == 2  # after -- it is an argument
    assert "Traceback" not in capsys.readouterr().err


def test_a_refusal_stays_one_and_debug_shows_where(monkeypatch, capsys):
    breaks(monkeypatch, PriormapError("X is bad; mend it"))
    assert run(COMPARE) == 2
    assert capsys.readouterr().err == "priormap: X is bad; mend it\n"
    assert run([*COMPARE, "--debug"]) == 2
    assert "Traceback" in capsys.readouterr().err


def test_no_memory_is_a_refusal(monkeypatch, capsys):
    breaks(monkeypatch, MemoryError("Unable to allocate 7 TiB"))
    assert run(COMPARE) == 2
    err = capsys.readouterr().err
    assert "not enough memory (Unable to allocate 7 TiB)" in err
    assert "fewer" in err


def test_warnings_of_libraries_are_one_line_each(monkeypatch, capsys):
    real = priormap.tables.compare_map

    def warns(*arguments, **options):
        for _ in range(3):
            warnings.warn("overflow encountered\nin square", RuntimeWarning, stacklevel=1)
        return real(*arguments, **options)

    monkeypatch.setattr(priormap.tables, "compare_map", warns)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        assert run(COMPARE) == 0
        err = capsys.readouterr().err
        assert err.count("RuntimeWarning (overflow encountered in square)") == 1
        assert err.count("\n") == 1
        assert "please report it" in err
    with pytest.warns(RuntimeWarning, match="overflow"):  # as Python shows it
        assert run([*COMPARE, "--debug"]) == 0


def test_help_names_the_exit_codes(capsys):
    assert run(["--help"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "70 an error of priormap itself" in out
    assert "--debug" in out
