"""Formulas as MathML, which browsers show without a script: by the converter of the report."""

from __future__ import annotations

from html import escape
from typing import Any

from latex2mathml.converter import convert


def _inline(self: Any, node: Any) -> None:
    self.body.append(convert(node.astext()))


def _block(self: Any, node: Any) -> None:
    number = ""
    if node["number"]:
        anchor = f"equation-{node['label']}"
        number = f'<span class="eqno" id="{escape(anchor)}">({node["number"]})</span>'
    formula = convert(node.astext(), display="block")
    self.body.append(f'<div class="math">{number}{formula}</div>\n')


def _skip(renderer: Any) -> Any:
    from docutils.nodes import SkipNode

    def visit(self: Any, node: Any) -> None:
        renderer(self, node)
        raise SkipNode

    return visit


def setup(app: Any) -> dict[str, Any]:
    """Register the renderer."""
    app.add_html_math_renderer("mathml", (_skip(_inline), None), (_skip(_block), None))
    return {"parallel_read_safe": True}
