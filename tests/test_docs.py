"""The code blocks of the site run, in order, each page as one session."""

from pathlib import Path

import pytest

from test_readme_python import run

DOCS = Path(__file__).parents[1] / "docs"
PAGES = [DOCS / "index.md", DOCS / "start.md", DOCS / "questions.md"]
PAGES += sorted((DOCS / "guide").glob("*.md"))
CHAPTERS = {page.stem for page in PAGES if page.parent.name == "guide"} - {"index"}


@pytest.mark.filterwarnings("ignore::priormap.PriormapWarning")  # pages show what warns
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert (run(page.read_text(encoding="utf-8")) >= 1) or page.name == "index.md"


def test_the_guide_lists_its_chapters():
    listed = (DOCS / "guide" / "index.md").read_text(encoding="utf-8")
    assert len(CHAPTERS) == 8
    assert all(f"\n{name}\n" in listed for name in CHAPTERS)


def test_at_least_twenty_questions():
    text = (DOCS / "questions.md").read_text(encoding="utf-8")
    questions = [line for line in text.splitlines() if line.startswith("## ")]
    assert len(questions) >= 20
    assert all(line.endswith("?") for line in questions)
