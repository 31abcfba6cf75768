"""From an SVG file to an element of a page, whose names are its own."""

from __future__ import annotations

import re
from html import escape

from priormap.report.content import Picture

_DROPPED = re.compile(r"<!--.*?-->|<metadata>.*?</metadata>|<style[^>]*>.*?</style>", re.DOTALL)
_SIZE = re.compile(r' (?:width|height)="[\d.]+pt"')
_NAME = re.compile(r'(\bid="|href="#|url\(#)')


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
