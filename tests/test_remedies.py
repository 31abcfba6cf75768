"""The two forms of a sentence: Python's, and that of the command line, which names its options."""

import ast
import pickle
import re
from pathlib import Path

import pytest
import typer

import priormap
from priormap import PriormapError, PriormapWarning
from priormap.cli import app
from priormap.cli.options import Criterion
from priormap.criteria import METHODS
from priormap.errors import Phrase

SOURCE = Path(priormap.__file__).parent


def phrases():
    """Arguments of every Phrase that is written out in the source."""
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Phrase":
                yield tuple(map(literal, node.args))


def literal(node):
    """A text as it is written; of one with values in it, what stands around them."""
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value for part in node.values if isinstance(part, ast.Constant))
    if isinstance(node, ast.BinOp):
        return literal(node.left) + literal(node.right)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def options():
    """Every option of every command."""
    group = typer.main.get_command(app)
    return {
        word
        for command in group.commands.values()
        for parameter in command.params
        for word in (*parameter.opts, *parameter.secondary_opts)
    }


def test_every_option_of_a_remedy_is_one():
    written = set(phrases())
    assert len(written) > 10
    for python, option in written:
        assert set(re.findall(r"--[\w-]+", option)) <= options(), option
        assert "--" not in python


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
