"""Data, noise and priors of a command line: what was asked for, or a default that says why."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from priormap import priors
from priormap.arrays import Floats
from priormap.checks import positive_number
from priormap.cli.tables import diabetes, read_table, without_weights
from priormap.data.regression import Regression
from priormap.display.blocks import Paragraph
from priormap.errors import PriormapError
from priormap.model.least_squares import least_squares
from priormap.priors import Prior
from priormap.priors.densities import HalfStudentT

_EXACT_FIT = 1e-11  # residual sd over the sd of y: nothing left but rounding
_DEFAULT_PRIORS = ("gaussian", "laplace")

Kind: TypeAlias = type[Prior]
OfNoise: TypeAlias = Callable[[float, int], Prior]  # the prior at a noise sd and a number of rows


@dataclass(frozen=True, eq=False)
class Choices:
    """The model to work with, and one sentence for each choice behind it."""

    source: str
    target: str
    data: Regression
    priors: dict[str, Prior]
    sentences: tuple[str, ...]
    sample_weight: Floats | None = None

    @property
    def prior(self) -> Prior:
        """The prior, where one was asked for."""
        (prior,) = self.priors.values()
        return prior

    def blocks(self, sentences: Sequence[str] | None = None) -> list[Paragraph]:
        """The sentences, or those given in their place, for a person."""
        return [Paragraph(one) for one in (self.sentences if sentences is None else sentences)]

    def to_dict(self, sentences: Sequence[str] | None = None) -> dict[str, Any]:
        """The data and the choices, for a program."""
        return {
            "source": self.source,
            "target": self.target,
            "rows": self.data.n_rows,
            "columns": self.data.n_features,
            "standardize": self.data.standardize,
            "choices": list(self.sentences if sentences is None else sentences),
        }


def choose(
    path: Path | None,
    target: str | None,
    words: Sequence[str] | None = None,
    scales: Sequence[str] | None = None,
    sigma: str | None = None,
    *,
    standardize: bool = True,
    weights: str | None = None,
    given: Mapping[str, OfNoise] | None = None,
) -> Choices:
    """Turn options into data and priors; every option left out has a default in words.

    Parameters
    ----------
    path, target : Path, str
        Where the data are, and the column to predict. Default: scikit-learn's diabetes data.
    words : list of str
        Priors by name or alias. Default: gaussian and laplace.
    scales : list of str
        One for all priors, or one for each: a number, or ``L1,L2``.
    sigma : str
        A number, or ``unknown``. Default: estimated.
    standardize : bool
    weights : str
        Column of weights, which is kept out of the data.
    given : mapping of str to callable
        Priors that are given by a penalty, in place of scales.
    """
    kinds = _kinds(words or (), scales or (), given or {})
    if path is None:
        source, frame, target = "diabetes (scikit-learn)", diabetes(), target or "progression"
    else:
        source, (frame, target) = str(path), read_table(path, target)
    frame, sample_weight = without_weights(frame, weights, target)
    data = Regression.from_frame(frame, target, sigma=1.0, standardize=standardize)
    if given and sigma == "unknown":
        raise PriormapError("alpha is a scale only at a known sigma; give --sigma a number")
    data, noise, about_sigma = _with_noise(data, sigma)
    if given:
        members = [given[kind.name](noise, data.n_rows) for kind in kinds]
        about_scale = "scale: from the given alpha and sigma"
    elif scales:
        each = scales if len(scales) > 1 else list(scales) * len(kinds)
        members = [_of_scale(kind, scale) for kind, scale in zip(kinds, each, strict=True)]
        about_scale = "scale: as given"
    else:
        members, about_scale = _default_priors(data, kinds, noise)
    shape = f"{data.n_rows} rows, {data.n_features} column{'s' * (data.n_features != 1)}"
    about_data = f"data: {source}, {shape}, target {target}"
    sentences = (about_data, about_sigma, _about_columns(standardize), about_scale)
    return Choices(source, target, data, _named(members), sentences, sample_weight)


def _kinds(words: Sequence[str], scales: Sequence[str], given: Mapping[str, OfNoise]) -> list[Kind]:
    """Families of the priors, in their order."""
    kinds = [_kind(word) for word in words]
    if not given:
        kinds = kinds or [_kind(word) for word in _DEFAULT_PRIORS]
        if len(scales) > 1 and len(scales) != len(kinds):
            raise PriormapError(
                f"--scale was given {len(scales)} times for {len(kinds)} priors; give it "
                "once, or once per prior in their order"
            )
        return kinds
    if scales:
        raise PriormapError("--scale and an alpha both set it; give one")
    if kinds and sorted(kind.name for kind in kinds) != sorted(given):
        raise PriormapError(
            f"--prior {' and '.join(words)} does not match the alphas, which are for "
            f"{' and '.join(given)}; leave --prior out"
        )
    return [_kind(name) for name in given]


def _kind(word: str) -> Kind:
    kind = priors.prior_named(word)
    if kind is None:
        known = ", ".join(kind.name for kind in priors.PRIORS)
        raise PriormapError(f"--prior {word!r} is unknown; choose one of: {known}")
    return kind


def _with_noise(data: Regression, sigma: str | None) -> tuple[Regression, float, str]:
    """Return the data with their noise, a noise sd for default scales, and the sentence."""
    if sigma not in {None, "unknown"}:
        noise = _noise_sd(str(sigma))
        return data.with_noise(noise), noise, f"sigma: {noise:g}, as given"
    noise, origin = _noise_estimate(data)
    if sigma == "unknown":
        size = data.y_sd or 1.0
        about = (
            f"sigma: unknown, under HalfStudentT(4, {size:.6g}); the mode is that of "
            "coefficients and sigma"
        )
        return data.with_noise(HalfStudentT(4, size)), noise, about
    about = f"sigma: {noise:.6g}, {origin} (--sigma NUMBER for another, or --sigma unknown)"
    return data.with_noise(noise), noise, about


def _noise_sd(text: str) -> float:
    try:
        return positive_number("--sigma", float(text))
    except ValueError:
        raise PriormapError(
            f"--sigma must be a positive finite number or 'unknown', got {text!r}"
        ) from None


def _noise_estimate(data: Regression) -> tuple[float, str]:
    if data.y_sd == 0:
        return 1.0, "any number serves, because y is constant"
    fit = least_squares(data)
    if fit.dof <= 0:
        return data.y_sd, "the sd of y, because least squares with so many columns fits y exactly"
    if fit.sd > _EXACT_FIT * data.y_sd:
        return fit.sd, "the residual sd of least squares"
    return data.y_sd, "the sd of y, because least squares fits y exactly"


def _about_columns(standardize: bool) -> str:
    if not standardize:
        return "columns: as they are (--standardize divides them by their sd first)"
    return (
        "columns: the priors speak of standardised columns, that is of sd(x) * coefficient "
        "(--no-standardize for columns as they are); coefficients are printed in units of y "
        "per unit of x"
    )


def _default_priors(
    data: Regression, kinds: Sequence[Kind], noise: float
) -> tuple[list[Prior], str]:
    total = float(np.sqrt(data.n_features if data.standardize else np.sum(data.column_sd**2)))
    sd = noise / (total or 1.0)
    which = {1: "the prior has", 2: "both priors have"}.get(len(kinds), "all priors have")
    heavy = any(not np.isfinite(kind().sd) for kind in kinds)
    spread = ", or holds as much within it where there is no sd" if heavy else ""
    about = (
        f"scale: {which} sd {sd:.6g}{spread}, so that before the data the columns explain as "
        "much of y as the noise does (--scale for another)"
    )
    return [kind().stretched(sd / kind().spread) for kind in kinds], about


def _of_scale(kind: Kind, text: str) -> Prior:
    """Prior of as many scales as it has; the last one given serves for the rest."""
    parts = [_scale(part) for part in text.split(",")]
    names = kind.scales
    if len(parts) > len(names):
        letters = ",".join(name.removesuffix("_scale").upper() for name in names)
        most = "one number" if len(names) == 1 else f"two numbers, {letters},"
        raise PriormapError(f"--scale of a {kind.name} prior is {most} at most, got {text!r}")
    parts += parts[-1:] * (len(names) - len(parts))
    if len(names) == 1:
        return kind().with_scale(parts[0])
    return kind(**dict(zip(names, parts, strict=True)))


def _scale(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise PriormapError(
            f"--scale must be a number, or two with a comma, got {text!r}"
        ) from None
    return positive_number("--scale", number, infinite=True)


def _named(members: Sequence[Prior]) -> dict[str, Prior]:
    """Name each by its family, and by its scale where a family comes more than once."""
    names = [prior.name for prior in members]
    if len(set(names)) < len(names):
        names = [f"{prior.name} {_shown_scales(prior)}" for prior in members]
    if len(set(names)) < len(names):
        raise PriormapError("two priors are the same; give each --prior its own --scale")
    return dict(zip(names, members, strict=True))


def _shown_scales(prior: Prior) -> str:
    return ",".join(f"{getattr(prior, name):g}" for name in prior.scales)
