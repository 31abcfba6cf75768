"""The lines to paste: a prior and the normal likelihood in the words of other programs."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from priormap.arrays import Floats
from priormap.checks import one_of
from priormap.data.regression import Regression
from priormap.errors import Phrase, PriormapError
from priormap.model.model import Model
from priormap.priors import Prior, penalty_parts

Language: TypeAlias = Literal["pymc", "stan", "brms", "bambi"]
_R_NAME = re.compile(r"[A-Za-z](?:[A-Za-z0-9]|\.(?!\d))*")  # brms drops other signs of a name


def model_code(data: Regression, prior: Prior, language: Language = "pymc") -> str:
    r"""Code of a model with this prior and normal noise, in PyMC, Stan, brms or Bambi.

    Every number is in units of the columns as they are, also where the prior speaks of
    standardised ones, and a comment says what the last argument of the prior is: a scale ``b`` of
    ``exp(-|coef| / b) / (2 b)``, or an sd. Nobody here takes a rate, a precision or a variance.

    Parameters
    ----------
    data : Regression
    prior : Prior
        One whose penalty is ``|b|`` or ``b**2``: Laplace or Gaussian.
    language : {"pymc", "stan", "brms", "bambi"}

    Returns
    -------
    str
        PyMC and Stan read an ``X`` and a ``y``; brms and Bambi a table with the columns by name.

    Raises
    ------
    PriormapError
        For another prior, flat columns, a learnt scale, a prior in units of an unknown noise, or
        names that R's formulas do not read.

    Examples
    --------
    >>> from priormap import Laplace
    >>> data = Regression([[0.0], [1.0], [3.0]], [0.0, 2.0, 5.0], sigma=2.0)
    >>> print(model_code(data, Laplace(0.5), "brms"))
    brm(
      y ~ x0, data = table,  # table: a data frame with these columns
      prior = c(
        prior(double_exponential(0, 0.5), class = b),  # 0.5 is a scale, not a rate or an sd
        prior("", class = Intercept),  # flat
        prior(constant(2), class = sigma)
      )
    )
    """
    write = _LANGUAGES[one_of("language", language, _LANGUAGES)]
    return write(_Parts.of(data, prior))


@dataclass(frozen=True)
class _Parts:
    """What all programs are told: in units of the columns as they are.

    Attributes
    ----------
    names : tuple of str
    is_laplace : bool
        Whether the scales are those of Laplace priors, not sds.
    scales : array of shape (p,)
    sigma : float or None
        None where it is unknown, under a half t with `df` and `noise_scale` (half normal: inf).
    intercept : bool
    """

    names: tuple[str, ...]
    is_laplace: bool
    scales: Floats
    sigma: float | None
    df: float
    noise_scale: float
    intercept: bool

    @classmethod
    def of(cls, data: Regression, prior: Prior) -> _Parts:
        model = Model(data, prior)
        known = model.noise.is_known
        if model.prior.scaled_by_noise and not known:
            raise PriormapError(
                f"{prior!r} is in units of the noise; ",
                Phrase("give the data a known sigma", "give --sigma a number"),
            )
        parts = penalty_parts(model.given_noise(model.noise.sd if known else 1.0), "code")
        shape = (data.n_features,)
        l1, l2 = (np.broadcast_to(one, shape) for one in (parts.l1_scale, parts.l2_scale))
        with_l1, with_l2 = np.isfinite(l1).all(), np.isfinite(l2).all()
        if with_l1 == with_l2 or np.isfinite(l1).any() == np.isfinite(l2).any():
            raise PriormapError(
                f"{prior!r} has no code of one line for all columns; take pymc_model(data, prior)"
            )
        df, scale = _half_t(data)
        sigma = float(model.noise.sd) if known else None
        scales = l1 if with_l1 else l2
        return cls(data.names, bool(with_l1), scales, sigma, df, scale, data.intercept)

    @property
    def is_equal(self) -> bool:
        """Whether all columns have the same scale."""
        return bool((self.scales == self.scales[0]).all())

    @property
    def unit(self) -> str:
        """What the last argument of the prior is."""
        return "scale, not a rate or an sd" if self.is_laplace else "sd, not a precision"

    def numbers(self) -> str:
        """The scale, or one for each column in brackets."""
        if self.is_equal:
            return _number(self.scales[0])
        return f"[{', '.join(map(_number, self.scales))}]"

    @property
    def said(self) -> str:
        """The comment on the prior."""
        what = f"{_number(self.scales[0])} is a" if self.is_equal else "each number is a"
        return f"{what} {self.unit}"


def _half_t(data: Regression) -> tuple[float, float]:
    """Degrees of freedom (a half normal has infinitely many) and scale of the prior of sigma."""
    density = data.noise.density
    if density is None:
        return np.inf, np.nan
    logs, inverse, square, tail, reach = density.terms
    if logs or inverse or bool(square) == bool(tail):
        raise PriormapError(
            f"sigma under {data.noise} has no code of one line; use HalfNormal or HalfStudentT, "
            "or pymc_model(data, prior)"
        )
    if square:
        return np.inf, float(np.sqrt(0.5 / square))
    df = 2 * tail - 1
    return df, float(reach / np.sqrt(df))


def _pymc(parts: _Parts) -> str:
    family, word = ("Laplace", "b") if parts.is_laplace else ("Normal", "sigma")
    numbers = parts.numbers() if parts.is_equal else f"np.array({parts.numbers()})"
    is_normal = np.isinf(parts.df)
    law, df = ("HalfNormal", "") if is_normal else ("HalfStudentT", f"nu={_number(parts.df)}, ")
    unknown = f'pm.{law}("sigma", {df}sigma={_number(parts.noise_scale)})'
    noise = f"sigma = {_number(parts.sigma) if parts.sigma else unknown}"
    intercept = ['    intercept = pm.Flat("intercept")'] if parts.intercept else []
    mean = "intercept + X @ coef" if parts.intercept else "X @ coef"
    lines = [
        *([] if parts.is_equal else ["import numpy as np"]),
        "import pymc as pm",
        "",
        f'with pm.Model(coords={{"feature": {list(parts.names)!r}}}) as model:',
        *intercept,
        f"    # {parts.said}",
        f'    coef = pm.{family}("coef", mu=0, {word}={numbers}, dims="feature")',
        f"    {noise}",
        f'    pm.Normal("y", mu={mean}, sigma=sigma, observed=y)',
    ]
    return "\n".join(lines)


def _stan(parts: _Parts) -> str:
    family = "double_exponential" if parts.is_laplace else "normal"
    numbers = parts.numbers() if parts.is_equal else f"{parts.numbers()}'"
    known = parts.sigma is not None
    given = f"\ntransformed data {{\n  real sigma = {_number(parts.sigma)};\n}}" if known else ""
    unknown = "" if known else "  real<lower=0> sigma;\n"
    intercept = "  real intercept;\n" if parts.intercept else ""
    mean = "intercept + X * coef" if parts.intercept else "X * coef"
    noise = "" if known else f"  sigma ~ {_half_in_stan(parts)};  // half, by lower=0\n"
    return (
        "data {\n  int<lower=1> n;\n  int<lower=1> p;\n  matrix[n, p] X;\n  vector[n] y;\n}"
        f"{given}\nparameters {{\n{intercept}  vector[p] coef;\n{unknown}}}\nmodel {{\n"
        f"  coef ~ {family}(0, {numbers});  // {parts.said}\n"
        f"{noise}  y ~ normal({mean}, sigma);\n}}"
    )


def _half_in_stan(parts: _Parts) -> str:
    scale = _number(parts.noise_scale)
    return f"normal(0, {scale})" if np.isinf(parts.df) else f"student_t({parts.df:g}, 0, {scale})"


def _brms(parts: _Parts) -> str:
    family = "double_exponential" if parts.is_laplace else "normal"
    noise = "constant(" + _number(parts.sigma) + ")" if parts.sigma else _half_in_stan(parts)
    lines = (
        [f"prior({family}(0, {parts.numbers()}), class = b),  # {parts.said}"]
        if parts.is_equal
        else [
            f'prior({family}(0, {_number(scale)}), class = b, coef = "{name}"),'
            f"  # {_number(scale)} is a {parts.unit}"
            for name, scale in zip(parts.names, parts.scales, strict=True)
        ]
    )
    lines += ['prior("", class = Intercept),  # flat'] if parts.intercept else []
    lines.append(f"prior({noise}, class = sigma)")
    body = "".join(f"    {line}\n" for line in lines)
    return (
        f"brm(\n  {_formula(parts)}, data = table,  # table: a data frame with these columns\n"
        f"  prior = c(\n{body}  )\n)"
    )


def _bambi(parts: _Parts) -> str:
    family, word = ("Laplace", "b") if parts.is_laplace else ("Normal", "sigma")
    law = '"HalfNormal"' if np.isinf(parts.df) else f'"HalfStudentT", nu={_number(parts.df)}'
    unknown = f"bmb.Prior({law}, sigma={_number(parts.noise_scale)})"
    noise = _number(parts.sigma) if parts.sigma else unknown
    entries = [
        f'"{name}": bmb.Prior("{family}", mu=0, {word}={_number(scale)}),'
        for name, scale in zip(parts.names, parts.scales, strict=True)
    ]
    entries += ['"Intercept": bmb.Prior("Flat"),'] if parts.intercept else []
    entries.append(f'"sigma": {noise},')
    body = "".join(f"    {entry}\n" for entry in entries)
    return (
        f"import bambi as bmb\n\n# {word} is a {parts.unit}\npriors = {{\n{body}}}\n"
        f'model = bmb.Model("{_formula(parts)}", table, priors=priors)  # columns by name'
    )


def _formula(parts: _Parts) -> str:
    strange = [name for name in parts.names if name == "y" or not _R_NAME.fullmatch(name)]
    if strange:
        raise PriormapError(
            f"column {strange[0]!r} has a name that a formula does not read as one; rename it, or "
            "take the code for pymc or stan"
        )
    return f"y ~ {'' if parts.intercept else '0 + '}{' + '.join(parts.names)}"


def _number(value: float | None) -> str:
    """Shortest text that reads as the same double; the whole ones without a point."""
    value = float(np.nan if value is None else value)
    return f"{value:.0f}" if value.is_integer() and abs(value) < 1e15 else repr(value)


_LANGUAGES: dict[str, Callable[[_Parts], str]] = {
    "pymc": _pymc,
    "stan": _stan,
    "brms": _brms,
    "bambi": _bambi,
}
