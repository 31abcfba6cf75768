"""From content to a page: templates in, text out, everything of the user's escaped."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from priormap.report.content import Picture, ReportContent
from priormap.report.inline_svg import inline_svg
from priormap.report.mathematics import Formula

_MARKDOWN_SIGNS = re.compile(r"([\\`*_{}\[\]<>#|$~&!])")


def html_page(content: ReportContent) -> str:
    """Return one HTML document that needs nothing beside it."""
    css = files("priormap.report").joinpath("templates/page.css").read_text(encoding="utf-8")
    page = _html().get_template("page.html.j2")
    return page.render(content=content, css=Markup(css), language="en")


def markdown_page(content: ReportContent, folder: str) -> str:
    """Return Markdown whose pictures are PNG files in `folder`."""
    folder = Markup(quote(folder))
    text = _markdown().get_template("page.md.j2").render(content=content, folder=folder)
    return re.sub(r"\n{3,}", "\n\n", text)


@cache
def _html() -> Environment:
    environment = _environment(autoescape=True)
    environment.filters["svg"] = lambda picture: Markup(inline_svg(picture))
    environment.filters["math"] = lambda formula, display=False: Markup(_mathml(formula, display))
    return environment


@cache
def _markdown() -> Environment:
    environment = _environment(finalize=_escaped_for_markdown)
    environment.filters["tex"] = lambda formula: Markup(formula.tex)
    environment.filters["fenced"] = lambda code: Markup(_fenced(code.language, code.text))
    return environment


def _environment(**options: Any) -> Environment:
    environment = Environment(
        loader=PackageLoader("priormap.report"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        **options,
    )
    environment.tests["formula"] = lambda part: isinstance(part, Formula)
    environment.tests["picture"] = lambda block: isinstance(block, Picture)
    return environment


def _mathml(formula: Formula, display: bool) -> str:
    kind = ' display="block"' if display else ""
    return f"<math{kind}><mrow>{formula.mathml}</mrow></math>"


def _escaped_for_markdown(value: Any) -> Any:
    """Every expression of a Markdown template passes here, as HTML does through autoescape."""
    if isinstance(value, Markup):
        return value
    return _MARKDOWN_SIGNS.sub(r"\\\1", re.sub(r"\s+", " ", str(value)))


def _fenced(language: str, text: str) -> str:
    """Code between fences that are longer than any inside it."""
    inside = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, inside + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"
