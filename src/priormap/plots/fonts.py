"""Names in figures as they are: in a font that has their characters, and never as a formula."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache, lru_cache

from matplotlib import font_manager
from matplotlib.figure import FigureBase
from matplotlib.font_manager import FontProperties
from matplotlib.text import Text

from priormap.errors import visible, warn

_LAST_RESORT = "Last Resort"  # its glyphs are boxes
_TICK = r"$\mathdefault{"  # what matplotlib writes for powers of ten
_REGULAR = {400, "normal", "regular", "book"}


@contextmanager
def readable(figure: FigureBase) -> Iterator[None]:
    """Make every text that the block writes into a figure one that can be read.

    A text with characters that its font lacks falls back to fonts of the system that have them,
    dollar signs are no mathematics, and what nobody sees is shown as an escape.

    Warns
    -----
    PriormapWarning
        If no font of the system has a character.
    """
    before = {text: text.get_text() for text in _texts(figure)}
    yield
    lacking = ""
    for text in _texts(figure):
        said = text.get_text()
        if said == before.get(text, ""):
            continue
        if not said.isprintable():
            text.set_text(visible(said, keep="\n"))
        if "$" in said and _TICK not in said:
            text.set_parse_math(False)
        if not said.isascii():
            lacking += _find_fonts(text)
    if lacking:
        warn(
            f"no font here has {', '.join(sorted(set(lacking)))}: figures show boxes, "
            "tables the characters; install a font that has them"
        )


@contextmanager
def without_boxes_said() -> Iterator[None]:
    """Context in which matplotlib says no more of what `readable` has said."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield


def _texts(figure: FigureBase) -> list[Text]:
    return figure.findobj(Text)


def _find_fonts(text: Text) -> str:
    """Give a text the fonts that it needs; return the characters that no font has."""
    own = font_manager.findfont(text.get_fontproperties())
    missing = _lacking(own, frozenset(text.get_text()) - {"\n"})
    families, lacking = _fallback(missing)
    if families:
        text.set_fontfamily([*text.get_fontfamily(), *families])
    return lacking


@lru_cache(maxsize=256)
def _fallback(characters: frozenset[str]) -> tuple[tuple[str, ...], str]:
    """Families that have these characters, those with most of them first; and those in none."""
    families: list[str] = []
    while characters:
        left = {name: _lacking(path, characters) for name, path in _system_fonts().items()}
        best = min(left, key=lambda name: len(left[name]), default="")
        if not best or left[best] == characters:
            break
        families.append(best)
        characters = left[best]
    return tuple(families), "".join(characters)


def _lacking(path: str, characters: frozenset[str]) -> frozenset[str]:
    font = font_manager.get_font(path)
    return frozenset(one for one in characters if not font.get_char_index(ord(one)))


@cache
def _system_fonts() -> dict[str, str]:
    """Upright fonts of ordinary weight by family, those without serifs first."""
    known = {font.fname for font in font_manager.fontManager.ttflist}
    for path in font_manager.findSystemFonts():
        if path not in known:  # newer than matplotlib's list
            with suppress(Exception):  # of whatever kind a broken font is
                font_manager.fontManager.addfont(path)
    names = {
        font.name
        for font in font_manager.fontManager.ttflist
        if (font.style, font.stretch) == ("normal", "normal")
        and font.weight in _REGULAR
        and not font.name.startswith(_LAST_RESORT)
    }
    order = sorted(names, key=lambda name: ("Sans" not in name, "Mono" in name, name))
    return {name: font_manager.findfont(FontProperties(family=[name])) for name in order}
