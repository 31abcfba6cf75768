"""The Python blocks of the README run, in order, as one session."""

import doctest
import re
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"
BLOCK = re.compile(r"^```(?:python|pycon)\n(.*?)^```", re.MULTILINE | re.DOTALL)
FLAGS = doctest.NORMALIZE_WHITESPACE


def run(text):
    """Run the blocks of a page; those with prompts must print what they show."""
    session: dict[str, object] = {"__name__": "__main__"}
    blocks = BLOCK.findall(text)
    for number, block in enumerate(blocks, 1):
        if ">>> " in block:
            test = doctest.DocTestParser().get_doctest(block, session, f"block {number}", None, 0)
            runner = doctest.DebugRunner(optionflags=FLAGS)
            runner.run(test, clear_globs=False)
            session = test.globs
        else:
            exec(compile(block, f"README.md, block {number}", "exec"), session)
    return len(blocks)


def test_the_readme_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # figures that it saves land here
    assert run(README.read_text(encoding="utf-8")) >= 1


def test_blocks_share_a_session():
    assert run("```python\na = 2\n```\n\n```python\n>>> a + 1\n3\n\n```\n\n```sh\nno\n```\n") == 2


@pytest.mark.parametrize(
    ("block", "failure"),
    [("1 / 0", ZeroDivisionError), (">>> 1 + 1\n3", doctest.DocTestFailure)],
)
def test_negative_control_a_wrong_block_fails(block, failure):
    with pytest.raises(failure):
        run(f"```python\n{block}\n```\n")
