"""Formulas written once and shown twice: as MathML on a page, as TeX in Markdown."""

from __future__ import annotations

from html import escape
from typing import NamedTuple

_TEX = {
    "α": r"\alpha",
    "β": r"\beta",
    "ε": r"\varepsilon",
    "λ": r"\lambda",
    "π": r"\pi",
    "σ": r"\sigma",
    "τ": r"\tau",
    "∝": r"\propto",
    "∞": r"\infty",
    "≤": r"\le",
    "≥": r"\ge",
    "∈": r"\in",
    "≈": r"\approx",
    "·": r"\cdot",
    "−": "-",
    "⊤": r"\top",
    "∼": r"\sim",
    "{": r"\{",
    "}": r"\}",
}


class Formula(NamedTuple):
    r"""One expression in both notations.

    Examples
    --------
    >>> fraction(superscript(var("σ"), number(2)), row(var("n"), var("s"))).tex
    '\\frac{\\sigma^{2}}{n s}'
    >>> sub(var("b"), var("j")).mathml
    '<msub><mi>b</mi><mi>j</mi></msub>'
    """

    mathml: str
    tex: str


def var(name: str) -> Formula:
    """Return a variable of one letter."""
    return Formula(f"<mi>{escape(name)}</mi>", _TEX.get(name, name))


def words(text: str) -> Formula:
    """Return upright text, such as the name of a function."""
    return Formula(f"<mtext>{escape(text)}</mtext>", rf"\mathrm{{{text}}}")


def number(value: float, digits: int = 5) -> Formula:
    """Return a number, in powers of ten where `%g` would take an exponent."""
    text = f"{value:.{digits}g}"
    if text.lstrip("-") == "inf":
        return row(op("−"), var("∞")) if value < 0 else var("∞")
    mantissa, _, exponent = text.partition("e")
    sign = "−" if mantissa.startswith("-") else ""
    plain = Formula(f"<mn>{sign}{mantissa.lstrip('-')}</mn>", mantissa)
    if not exponent:
        return plain
    power = int(exponent)
    raised = Formula(f"<mn>{'−' * (power < 0)}{abs(power)}</mn>", str(power))
    ten = Formula("<mn>10</mn>", "10")
    return row(plain, Formula("<mo>×</mo>", r"\times"), superscript(ten, raised))


def op(sign: str) -> Formula:
    """Return an operator or a bracket."""
    return Formula(f"<mo>{escape(sign)}</mo>", _TEX.get(sign, sign))


def row(*parts: Formula) -> Formula:
    """Return expressions side by side."""
    inside = "".join(part.mathml for part in parts)
    return Formula(f"<mrow>{inside}</mrow>", " ".join(part.tex for part in parts))


def sub(base: Formula, index: Formula) -> Formula:
    """Return a base with an index."""
    inside = base.mathml + index.mathml
    return Formula(f"<msub>{inside}</msub>", f"{base.tex}_{{{index.tex}}}")


def subsup(base: Formula, index: Formula, power: Formula) -> Formula:
    """Return a power of a base with an index."""
    inside = base.mathml + index.mathml + power.mathml
    return Formula(f"<msubsup>{inside}</msubsup>", f"{base.tex}_{{{index.tex}}}^{{{power.tex}}}")


def superscript(base: Formula, power: Formula) -> Formula:
    """Return a power."""
    inside = base.mathml + power.mathml
    return Formula(f"<msup>{inside}</msup>", f"{base.tex}^{{{power.tex}}}")


def fraction(top: Formula, bottom: Formula) -> Formula:
    """Return a quotient."""
    inside = top.mathml + bottom.mathml
    return Formula(f"<mfrac>{inside}</mfrac>", rf"\frac{{{top.tex}}}{{{bottom.tex}}}")


def root(inside: Formula) -> Formula:
    """Return a square root."""
    return Formula(f"<msqrt>{inside.mathml}</msqrt>", rf"\sqrt{{{inside.tex}}}")


def bar(inside: Formula) -> Formula:
    """Return an absolute value."""
    return row(Formula("<mo>|</mo>", "|"), inside, Formula("<mo>|</mo>", "|"))


def norm(inside: Formula) -> Formula:
    """Return a squared length."""
    fence = Formula("<mo>‖</mo>", r"\|")
    return superscript(row(fence, inside, fence), Formula("<mn>2</mn>", "2"))


def sum_over(index: Formula, inside: Formula) -> Formula:
    """Return a sum over an index."""
    sign = f"<munder><mo>∑</mo>{index.mathml}</munder>"
    return row(Formula(sign, rf"\sum_{{{index.tex}}}"), inside)
