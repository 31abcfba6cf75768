"""From what a report says to a page: templates in, text out, everything of the user's escaped."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from latex2mathml.converter import convert
from markupsafe import Markup

from priormap.display.blocks import Block, Picture, Tex
from priormap.display.cells import typeset
from priormap.display.html import escape
from priormap.errors import visible
from priormap.report.places import place_of

_MARKDOWN_SIGNS = re.compile(r"([\\`*_{}\[\]<>#|$~&!])")
_DROPPED = re.compile(r"<!--.*?-->|<metadata>.*?</metadata>|<style[^>]*>.*?</style>", re.DOTALL)
_SIZE = re.compile(r' (?:width|height)="[\d.]+pt"')
_NAME = re.compile(r'(\bid="|href="#|url\(#)')


@dataclass(frozen=True)
class Section:
    """One part of the page; `name` is its anchor."""

    name: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class ReportContent:
    """Everything that the page says.

    Attributes
    ----------
    title, lead : str
        What the report is about, in a line and in a sentence.
    sections : tuple of Section
    version : str
        Of priormap.
    """

    title: str
    lead: str
    sections: tuple[Section, ...]
    version: str

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """All pictures, in their order on the page."""
        blocks = (block for section in self.sections for block in section.blocks)
        return tuple(block for block in blocks if isinstance(block, Picture))


@dataclass(frozen=True, repr=False)
class Report:
    """A page that no file holds yet: notebooks show it, ``str`` is its HTML.

    Attributes
    ----------
    title, html : str
    """

    title: str
    html: str

    def __str__(self) -> str:
        return self.html

    def __repr__(self) -> str:
        size = len(self.html.encode()) // 1000
        return visible(f"{self.title}: a page of {size} kB; write(path) writes it")

    def _repr_html_(self) -> str:
        """A frame of its own: the styles of the page stay inside."""
        style = "width: 100%; height: 80vh; border: 0"
        page, title = escape(self.html, keep="\n"), escape(self.title)
        return f'<iframe title="{title}" style="{style}" srcdoc="{page}"></iframe>'

    def write(self, path: str | os.PathLike[str], *, force: bool = False) -> Path:
        """Write the page, whole or not at all, and return its path."""
        place = place_of(path, "html", force=force)
        place.write(self.html)
        return place.file


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
    environment = _environment(autoescape=True, finalize=_visible)
    environment.filters["svg"] = lambda picture: Markup(inline_svg(picture))
    environment.filters["math"] = lambda formula, display=False: Markup(mathml(formula, display))
    environment.filters["lines"] = lambda code: Markup(escape(code, keep="\n"))
    return environment


@cache
def _markdown() -> Environment:
    environment = _environment(finalize=_escaped_for_markdown)
    environment.filters["tex"] = Markup
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
    environment.filters["typeset"] = typeset
    environment.tests["formula"] = lambda part: isinstance(part, Tex)
    return environment


def mathml(formula: str, display: bool = False) -> str:
    r"""Return TeX as MathML, which browsers show without a script.

    Upright words become text, which a screen reader says as words, and the tilde of a
    distribution an operator, which has space around it.

    Examples
    --------
    >>> mathml(r"\frac{\sigma^{2}}{n}").removeprefix("<math display=\"inline\">")
    '<mrow><mfrac><mrow><msup><mi>&#x003C3;</mi><mrow><mn>2</mn></mrow></msup></mrow><mrow><mi>n</mi></mrow></mfrac></mrow></math>'
    """
    words = formula.replace(r"\mathrm{", r"\text{").replace(r"\_", "_")
    converted: str = convert(words, xmlns="", display="block" if display else "inline")
    return converted.replace(' xmlns=""', "").replace("<mi>&#x0007E;</mi>", "<mo>∼</mo>")


def inline_svg(picture: Picture) -> str:
    """SVG element with a title for those who cannot see it.

    Every id gets the name of the picture in front, because ids are shared by a whole page, and
    the element has no size of its own but the proportions of its ``viewBox``.
    """
    text = _DROPPED.sub("", picture.image.decode("utf-8"))
    text = text[text.index("<svg ") :]
    head, body = text.split(">", 1)
    head = _SIZE.sub("", head)
    prefix = f"{picture.name}-"
    body = _NAME.sub(lambda match: match[1] + prefix, body)
    label, words = f"{prefix}title", escape(picture.title)
    described = f'role="img" aria-labelledby="{label}" aria-describedby="{prefix}caption"'
    body = re.sub(r"\n\s*", "\n", body).strip()
    return f'{head} {described}><title id="{label}">{words}</title>{body}'


def _visible(value: Any) -> Any:
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _escaped_for_markdown(value: Any) -> Any:
    """Every expression of a Markdown template passes here, as HTML does through autoescape."""
    if isinstance(value, Markup):
        return value
    return _MARKDOWN_SIGNS.sub(r"\\\1", re.sub(r"\s+", " ", visible(str(value))))


def _fenced(language: str, text: str) -> str:
    """Code between fences that are longer than any inside it."""
    inside = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, inside + 1)
    lines = visible(text.rstrip(), keep="\n")
    return f"{fence}{language}\n{lines}\n{fence}"
