"""Every convention as a row of a table, in formulas that are read from the records that convert."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from priormap.conventions.catalogue import CONVENTIONS
from priormap.conventions.given_numbers import range_in_words
from priormap.conventions.records import Convention, Term

if TYPE_CHECKING:
    import pandas as pd


_COLUMN = {"sd": "sd(x)", "size": "rms(x)", "norm": "norm(x)"}
_ROWS = {"one": "", "n": "n", "W": "W"}


def list_conventions() -> pd.DataFrame:
    """Tabulate every library call that `convert` knows, and what its penalty is.

    Returns
    -------
    DataFrame
        One row per convention, by its name.

        - ``likelihood``: only conventions of the same one are converted to each other.
        - ``parameters``: names and ranges.
        - ``objective``: what the library minimises. ``a`` is the intercept, ``b`` the
          coefficients, ``nll`` the negative log likelihood of a row.
        - ``l1``, ``l2``: weights of ``|b_j|`` and ``b_j**2 / 2`` beside
          ``sum w (y - a - x b)**2 / 2`` with raw sample weights. ``n`` is the number of rows,
          ``W`` the sum of the weights (n without), ``sd(x)`` and ``sd(y)`` have 1/n.
        - ``at_defaults``: the prior that the library's defaults are.
        - ``intercept``: whether it is free or penalised at the library's defaults.
        - ``divides``: what X and y are divided by first.
        - ``weights``: sample weights are taken raw, normalised to a mean of 1, or not at all.
        - ``evidence``: how the row was verified.
        - ``note``: what its user has to know besides.

    Examples
    --------
    >>> table = list_conventions()
    >>> table.loc["sklearn.Lasso", ["l1", "at_defaults"]].tolist()
    ['W * alpha', 'alpha=1: Laplace(scale = sigma^2 / W)']
    >>> table.loc["glmnet", "l2"]
    'W * sd(x)^2 * lambda_ * (1 - alpha) * penalty_factor / sd(y)'
    """
    import pandas as pd

    rows = {name: _row(convention) for name, convention in CONVENTIONS.items()}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("convention")


def _row(convention: Convention) -> dict[str, str]:
    l1, l2 = _penalty_formulas(convention)
    ranges = [range_in_words(convention, name) for name in convention.parameters]
    return {
        "likelihood": convention.likelihood,
        "parameters": "; ".join(ranges),
        "objective": convention.objective,
        "l1": l1,
        "l2": l2,
        "at_defaults": _prior_at_defaults(convention),
        "intercept": convention.intercept,
        "divides": _divisors(convention),
        "weights": convention.weights,
        "evidence": convention.evidence,
        "note": f"no equivalent prior: {convention.no_prior}"
        if convention.no_prior
        else convention.note,
    }


def _penalty_formulas(convention: Convention) -> tuple[str, str]:
    """``l1`` and ``l2`` of a column in the library's own parameters; empty where there is none.

    ``n`` is the number of rows and ``W`` the sum of the sample weights (n without), ``sd`` and
    ``rms`` have 1/n.
    """
    shares = (convention.mixing, f"(1 - {convention.mixing})") if convention.mixing else ("", "")
    texts = []
    for term, power, share in zip((convention.l1, convention.l2), (1, 2), shares, strict=True):
        if term is None:
            texts.append("")
            continue
        powers = _powers(convention, term, power)
        powers[term.parameter] = term.power
        powers[share] = powers[convention.factors] = 1
        texts.append(_product(term.multiple, powers))
    return texts[0], texts[1]


def _prior_at_defaults(convention: Convention) -> str:
    """Prior that the library's defaults are, such as ``alpha=1: Laplace(scale = sigma^2 / n)``."""
    defaults = convention.defaults
    if not convention.terms or not all(name in defaults for name in convention.strengths):
        return ""
    scales = {}
    share = defaults.get(convention.mixing, 1.0)
    for name, term, power, part in (
        ("l1_scale", convention.l1, 1, share if convention.mixing else 1.0),
        ("l2_scale", convention.l2, 2, 1 - share if convention.mixing else 1.0),
    ):
        strength = defaults[term.parameter] ** term.power * part * term.multiple if term else 0.0
        if term is not None and strength > 0:
            scales[name] = _scale(convention, term, power, strength)
    at = ", ".join(f"{name}={value:g}" for name, value in defaults.items())
    if len(scales) == 1:
        family = "Laplace" if "l1_scale" in scales else "Gaussian"
        return f"{at}: {family}(scale = {next(iter(scales.values()))})"
    both = ", ".join(f"{name} = {text}" for name, text in scales.items())
    return f"{at}: ElasticNet({both})" if scales else f"{at}: no penalty"


def _divisors(convention: Convention) -> str:
    """What the library divides X and y by, in words."""
    terms = convention.terms
    x = _COLUMN.get(convention.column, "")
    y = "sd(y)" if any(term.response for term in terms) else ""
    parts = [f"X by {x}"] * bool(x) + [f"y by {y}"] * bool(y)
    return ", ".join(parts) or "none"


def _scale(convention: Convention, term: Term, power: int, strength: float) -> str:
    """``sigma^2 / l1`` or ``sigma / sqrt(l2)``, the scale of the prior."""
    powers = _powers(convention, term, power)
    if convention.likelihood in {"gaussian", "any"}:
        powers["sigma"] -= 2
    scale_powers = {name: -value / power for name, value in powers.items()}
    return _product(strength ** (-1 / power), scale_powers)


def _powers(convention: Convention, term: Term, power: int) -> dict[str, float]:
    """Powers of the facts of the data, in the order in which they are written."""
    return {
        "sigma": term.noise,
        _ROWS[term.rows]: 1,
        _COLUMN.get(convention.column, ""): power,
        "sd(y)": term.response,
    }


def _product(number: float, powers: dict[str, float]) -> str:
    """``number * a * b^2 / (c * d)``, symbols of power zero and nameless ones left out."""
    above = [_power(name, value) for name, value in powers.items() if name and value > 0]
    below = [_power(name, -value) for name, value in powers.items() if name and value < 0]
    fraction = Fraction(number).limit_denominator(1000)
    if abs(float(fraction) - number) > 1e-12 * number:
        above.insert(0, f"{number:.4g}")
    else:
        above = [f"{fraction.numerator}"] * (fraction.numerator != 1) + above
        below = [f"{fraction.denominator}"] * (fraction.denominator != 1) + below
    top, bottom = " * ".join(above) or "1", " * ".join(below)
    if not bottom:
        return top
    return f"{top} / {bottom}" if len(below) == 1 else f"{top} / ({bottom})"


def _power(name: str, value: float) -> str:
    if value == 1:
        return name
    return f"sqrt({name})" if value == 0.5 else f"{name}^{value:g}"
