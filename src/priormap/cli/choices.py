"""Data, noise and priors of a command line: what was asked for, or a default that says why."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np

from priormap import priors
from priormap.arrays import Floats
from priormap.checks import meant, one_of, positive_number
from priormap.cli.tables import AS_IT_IS, Reading, diabetes
from priormap.criteria.scale_conflict import loud_conflicts
from priormap.criteria.scale_family import ScaleFamily
from priormap.data.regression import Regression
from priormap.display.blocks import Paragraph
from priormap.errors import PriormapError, warn
from priormap.model.least_squares import least_squares
from priormap.model.prior_predictive import even_factor
from priormap.priors import Prior
from priormap.priors.densities import HalfCauchy, HalfStudentT

_EXACT_FIT = 1e-11  # residual sd over the sd of y: nothing left but rounding
_DEFAULT_PRIORS = ("gaussian", "laplace")
_LEARN = "learn"
UNKNOWN_IF_JOINT = "unknown, where coefficients and sigma have a joint mode"
_RESIDUAL = "the residual sd of least squares"
_OF_A_NUMBER = ("float", "float | Floats")  # fields that brackets may set
_SAID = ("r2", "relevant", "effect")  # of a scale in words that `prior_for` takes

Use: TypeAlias = Literal["mode", "posterior", "family"]
OfNoise: TypeAlias = Callable[[float, int], Prior]  # the prior at a noise sd and a number of rows


@dataclass(frozen=True, eq=False)
class Choices:
    """The model to work with, and one sentence for each choice behind it."""

    source: str
    target: str
    data: Regression
    priors: dict[str, Prior]
    about_data: tuple[str, ...]
    about_model: tuple[str, ...]
    sample_weight: Floats | None = None

    @property
    def sentences(self) -> tuple[str, ...]:
        """What was chosen, and why."""
        return (*self.about_data, *self.about_model)

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
    use: Use = "mode",
    reading: Reading = AS_IT_IS,
) -> Choices:
    """Turn options into data and priors; every option left out has a default in words.

    Where the scale of a prior that is to be sampled contradicts the data, it warns.

    Parameters
    ----------
    path, target : Path, str
        Where the data are, and the column to predict. Default: scikit-learn's diabetes data.
    words : list of str
        Priors by name or alias. Default: gaussian and laplace.
    scales : list of str
        One for all priors, or one for each: a number, ``L1,L2``, or ``learn``.
    sigma : str
        A number, or ``unknown``. Default: estimated, for what has a meaning at one sigma only;
        `UNKNOWN_IF_JOINT` is estimated only where least squares leaves nothing to tell it by.
    standardize : bool
    weights : str
        Column of weights, which is kept out of the data.
    given : mapping of str to callable
        Priors that are given by a penalty, in place of scales.
    use : {"mode", "posterior", "family"}
        What the priors are for: a mode has one scale, a posterior may learn it, and a family is
        looked at along its scale, so that none is chosen.
    reading : Reading
        How the file is read, and which of its columns and rows are used.
    """
    units = _units(words or (), scales or (), given or {})
    options = {"sigma": 1.0, "standardize": standardize}
    if path is None:
        source = "diabetes (scikit-learn)"
        target = target if target or reading.formula else "progression"
        data, target, weight = reading.of_frame(diabetes(), target, weights, **options)
    else:
        source = str(path)
        data, target, weight = reading.of_file(path, target, weights, **options)
    if given and sigma == "unknown":
        raise PriormapError("alpha is a scale only at a known sigma; give --sigma a number")
    data, believed, about_sigma = _with_noise(data, sigma)
    if given:
        members = [given[unit.name](data.noise.sd, data.n_rows) for unit in units]
        about_scale = "scale: from the given alpha and sigma"
    elif use == "family":
        members, about_scale = units, ""
    else:
        members, about_scale = _of_scales(believed, units, scales or (), use)
    named = _named(members)
    if use == "posterior":
        _warn_of_conflicts(data, named)
    shape = f"{data.n_rows} rows, {data.n_features} column{'s' * (data.n_features != 1)}"
    about_data = f"data: {source}, {shape}, target {target}"
    coding = data.coding.sentences if data.coding is not None else ()
    said = tuple(filter(None, (about_sigma, _about_columns(standardize), about_scale)))
    return Choices(
        *(source, target, data, named),
        about_data=(about_data, *_about_rows(data), *coding),
        about_model=said,
        sample_weight=weight,
    )


def _units(
    words: Sequence[str], scales: Sequence[str], given: Mapping[str, OfNoise]
) -> list[Prior]:
    """The priors at scale 1, in their order."""
    units = [_unit(word) for word in words]
    if not given:
        units = units or [_unit(word) for word in _DEFAULT_PRIORS]
        if len(scales) > 1 and len(scales) != sum(bool(unit.scales) for unit in units):
            raise PriormapError(
                f"--scale was given {len(scales)} times for {len(units)} priors; give it "
                "once, or once per prior in their order"
            )
        return units
    if scales:
        raise PriormapError("--scale and an alpha both set it; give one")
    if units and sorted(unit.name for unit in units) != sorted(given):
        raise PriormapError(
            f"--prior {' and '.join(words)} does not match the alphas, which are for "
            f"{' and '.join(given)}; leave --prior out"
        )
    return [_unit(name) for name in given]


def _unit(word: str) -> Prior:
    """The prior that a word names, with the numbers in its brackets: ``student_t(df=4)``."""
    name, _, inside = word.strip().removesuffix(")").partition("(")
    kind = priors.prior_named(name)
    if kind is None:
        words = [word for kind in priors.PRIORS for word in (kind.name, *kind.aliases)]
        known = ", ".join(kind.name for kind in priors.PRIORS)
        guess = meant(name, words)
        raise PriormapError(
            f"--prior {name!r} is unknown; choose one of: {known}", f"; {guess}" if guess else ""
        )
    own = [one.name for one in fields(kind) if one.init and one.type in _OF_A_NUMBER]
    numbers: dict[str, Any] = {}
    for text in filter(None, inside.split(",")):
        parameter, _, value = (part.strip() for part in text.partition("="))
        try:
            numbers[one_of(f"--prior {name}", parameter, own)] = float(value)
        except PriormapError:
            raise
        except ValueError:
            raise PriormapError(f"--prior {word!r}: {parameter} must be a number") from None
    return kind(**numbers)


def _with_noise(data: Regression, sigma: str | None) -> tuple[Regression, Regression, str]:
    """Return the data with their noise, with that of the default scales, and the sentence."""
    if sigma not in {None, "unknown", UNKNOWN_IF_JOINT}:
        noise = noise_sd(str(sigma))
        data = data.with_noise(noise)
        return data, data, f"sigma: {noise:g}, as given"
    size = data.y_sd or 1.0
    unknown = data.with_noise(HalfStudentT(4, size))
    if sigma != "unknown":
        noise, origin, from_rows = _noise_estimate(unknown)
        if sigma is None or origin != _RESIDUAL:
            reason = ", because a penalty is a prior at one sigma only" * (origin == _RESIDUAL)
            about = f"sigma: {noise:.6g}, {origin}{reason} (--sigma for another)"
            data = data.with_noise(noise)
            return data, data if from_rows else unknown, about
    about = (
        f"sigma: unknown, under HalfStudentT(4, {size:.6g}); the mode is that of coefficients and "
        "sigma"
    )
    return unknown, unknown, about


def noise_sd(text: str) -> float:
    """The number of --sigma, or a refusal."""
    try:
        return positive_number("--sigma", float(text))
    except ValueError:
        raise PriormapError(
            f"--sigma must be a positive finite number or 'unknown', got {text!r}"
        ) from None


def _noise_estimate(unknown: Regression) -> tuple[float, str, bool]:
    """A noise sd, where it comes from, and whether rows are left to tell it from the columns."""
    if unknown.y_sd == 0:
        return 1.0, "any number serves, because y is constant", True
    fit = least_squares(unknown)
    if fit.dof <= 0:
        origin = (
            "its posterior mean under a Gaussian prior of learnt scale, because least squares with "
            "so many columns fits y exactly"
        )
        return ScaleFamily.of(unknown, "gaussian").sigma, origin, False
    if fit.sd > _EXACT_FIT * unknown.y_sd:
        return fit.sd, _RESIDUAL, True
    return unknown.y_sd, "the sd of y, because least squares fits y exactly", True


def _about_rows(data: Regression) -> tuple[str, ...]:
    """How many rows were left out."""
    return tuple(f"rows: {note}" for note in data.notes if "missing cell" in note)


def _about_columns(standardize: bool) -> str:
    if not standardize:
        return "columns: as they are (--standardize divides them by their sd first)"
    return (
        "columns: the priors speak of standardised columns, that is of sd(x) * coefficient "
        "(--no-standardize for columns as they are); coefficients are printed in units of y "
        "per unit of x"
    )


def _of_scales(
    data: Regression, units: Sequence[Prior], scales: Sequence[str], use: Use
) -> tuple[list[Prior], str]:
    """Priors of the scales that were asked for, else of the default one, and the sentence.

    One that has no scale stands as it is.
    """
    if all(unit.scales for unit in units):
        return _scaled(data, units, scales, use)
    bound = [unit for unit in units if unit.scales]
    if scales and not bound:
        raise PriormapError(f"--scale: {units[0]!r} has no scale; leave --scale out")
    found, about = _scaled(data, bound, scales, use) if bound else ([], "")
    members = iter(found)
    return [next(members) if unit.scales else unit for unit in units], about


def _scaled(
    data: Regression, units: Sequence[Prior], scales: Sequence[str], use: Use
) -> tuple[list[Prior], str]:
    if _LEARN in scales and use != "posterior":
        raise PriormapError(
            "--scale learn is a belief about the scale, and a mode has one scale; give a number, "
            "or learn it in contrast, sample, rank, figures or report"
        )
    if not scales and data.noise.is_known:
        return _as_large_as_noise(data, units)
    each: Sequence[str] = scales if len(scales) > 1 else list(scales or ("",)) * len(units)
    members = [_member(data, unit, scale) for unit, scale in zip(units, each, strict=True)]
    is_number = [scale not in {"", _LEARN} and "=" not in scale for scale in each]
    if all(is_number):
        return members, "scale: as given"
    shown = ", ".join(
        f"{prior!r} from {scale}"
        if "=" in scale
        else f"{prior.name} {_shown_scales(prior)}{' as given' * number}"
        for prior, scale, number in zip(members, each, is_number, strict=True)
    )
    if not set(each) & {"", _LEARN}:
        return members, f"scale: {shown}"
    another = "a number" if _LEARN in each else "another" + ", or learn" * (use == "posterior")
    return members, (
        f"scale: {shown}; before the data the columns explain half of var(y), in the median over "
        f"all that is unknown (--scale for {another})"
    )


def _member(data: Regression, unit: Prior, scale: str) -> Prior:
    """The prior of a scale that is a number, learnt, said in other words, or left to us."""
    if scale in {"", _LEARN}:
        return _even(data, unit, scale == _LEARN)
    word, is_said, number = scale.partition("=")
    if not is_said:
        return _of_scale(unit, scale)
    from priormap.tables import prior_for

    family = unit.name if unit == _unit(unit.name) else unit
    try:
        return prior_for(data, family, **{one_of("--scale", word, _SAID): float(number)})
    except ValueError as error:
        if isinstance(error, PriormapError):
            raise
        raise PriormapError(f"--scale {word}= must be a number, got {number!r}") from None


def _even(data: Regression, unit: Prior, learn: bool) -> Prior:
    """The prior under which the median R^2 is 1/2, or where its scale is learnt, averages so."""
    if not learn:
        return unit.stretched(_rounded(even_factor(data, unit)))
    return unit.with_hyperprior(HalfCauchy(_rounded(even_factor(data, unit, HalfCauchy(1.0)))))


def _rounded(number: float) -> float:
    return float(f"{number:.3g}")  # what is simulated has no more digits


def _as_large_as_noise(data: Regression, units: Sequence[Prior]) -> tuple[list[Prior], str]:
    """Priors that expect of the columns the variance of a known noise."""
    total = float(np.sqrt(data.n_features if data.standardize else np.sum(data.column_sd**2)))
    sd = data.noise.sd / (total or 1.0)
    which = {1: "the prior has", 2: "both priors have"}.get(len(units), "all priors have")
    heavy = any(not np.isfinite(unit.sd) for unit in units)
    spread = ", or holds as much within it where there is no sd" if heavy else ""
    about = (
        f"scale: {which} sd {sd:.6g}{spread}, so that before the data the columns explain as "
        "much of y as the noise does (--scale for another)"
    )
    return [unit.stretched(sd / unit.spread) for unit in units], about


def _warn_of_conflicts(data: Regression, named: Mapping[str, Prior]) -> None:
    for name, conflict in loud_conflicts(data, named).items():
        warn(f"{name}: ", *conflict.sentence)


def _of_scale(unit: Prior, text: str) -> Prior:
    """Prior of as many scales as it has; the last one given serves for the rest."""
    parts = [_scale(part) for part in text.split(",")]
    names = unit.scales
    if len(parts) > len(names):
        letters = ",".join(name.removesuffix("_scale").upper() for name in names)
        most = "one number" if len(names) == 1 else f"two numbers, {letters},"
        raise PriormapError(f"--scale of a {unit.name} prior is {most} at most, got {text!r}")
    parts += parts[-1:] * (len(names) - len(parts))
    if len(names) == 1:
        return unit.with_scale(parts[0])
    return replace(unit, **dict(zip(names, parts, strict=True)))


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
    if prior.hyperprior is not None:
        numbers = ", ".join(f"{value:g}" for value in vars(prior.hyperprior).values())
        return f"learnt under {type(prior.hyperprior).__name__}({numbers})"
    return ",".join(f"{getattr(prior, name):g}" for name in prior.scales)
