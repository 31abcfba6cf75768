"""Data, noise and priors of a command line: what was asked for, or a default that says why."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from priormap.arrays import Floats
from priormap.checks import positive_number
from priormap.cli.options import Family
from priormap.cli.user_table import read_table, without_weights
from priormap.data.regression import Regression
from priormap.errors import PriormapError, PriormapWarning
from priormap.priors import ElasticNet, Gaussian, Laplace, Prior
from priormap.priors.densities import HalfStudentT

if TYPE_CHECKING:
    import pandas as pd


_EXACT_FIT = 1e-11  # residual sd over the sd of y: nothing left but rounding


@dataclass(frozen=True, eq=False)
class Choices:
    """The comparison to make, and one sentence for each choice behind it."""

    source: str
    target: str
    data: Regression
    priors: dict[str, Prior]
    sentences: tuple[str, ...]
    sample_weight: Floats | None = None


def choose(
    path: Path | None,
    target: str | None,
    *,
    weights: str | None = None,
    families: Sequence[Family] = (),
    scales: Sequence[float | str] = (),
    alphas: dict[Family, float] | None = None,
    l1_ratio: float = 0.5,
    sigma: str | None = None,
    standardize: bool = True,
) -> Choices:
    """Turn options into data and priors; every option left out has a default in words.

    A scale is a number, or its text; for an elastic net also the text ``L1,L2``. `l1_ratio` goes
    with the alpha of an elastic net. A column named by `weights` is kept out of the data.
    """
    alphas = alphas or {}
    families = _families(families, scales, alphas)
    source, frame, target = _table(path, target)
    frame, sample_weight = without_weights(frame, weights, target)
    data = Regression.from_frame(frame, target, sigma=1.0, standardize=standardize)
    data, noise, about_sigma = _with_noise(data, sigma, bool(alphas))
    if alphas:
        priors = [_from_alpha(f, alphas[f], l1_ratio, noise, data.n_rows) for f in families]
        about_scale = "scale: from the given alpha and sigma"
    elif scales:
        given = scales if len(scales) > 1 else list(scales) * len(families)
        priors = [_of_scale(f, scale) for f, scale in zip(families, given, strict=True)]
        about_scale = "scale: as given"
    else:
        priors, about_scale = _default_priors(data, families, noise)
    about_columns = (
        "columns: the priors speak of standardised columns, that is of sd(x) * coefficient "
        "(--no-standardize for columns as they are); coefficients are printed in units of y "
        "per unit of x"
        if standardize
        else "columns: as they are (--standardize divides them by their sd first)"
    )
    shape = f"{data.n_rows} rows, {data.n_features} column{'s' * (data.n_features != 1)}"
    sentences = (f"data: {source}, {shape}, target {target}", about_sigma, about_columns)
    return Choices(
        source, target, data, _named(families, priors), (*sentences, about_scale), sample_weight
    )


def _families(
    families: Sequence[Family], scales: Sequence[float | str], alphas: dict[Family, float]
) -> Sequence[Family]:
    if not alphas:
        families = families or [Family.gaussian, Family.laplace]
        if len(scales) > 1 and len(scales) != len(families):
            raise PriormapError(
                f"--scale was given {len(scales)} times for {len(families)} priors; give it "
                "once, or once per prior in their order"
            )
        return families
    if scales:
        raise PriormapError("--scale and an alpha both set it; give one")
    if families and sorted(families) != sorted(alphas):
        raise PriormapError(
            f"--prior {' and '.join(families)} does not match the alphas, which are for "
            f"{' and '.join(alphas)}; leave --prior out"
        )
    return list(alphas)


def _table(path: Path | None, target: str | None) -> tuple[str, pd.DataFrame, str]:
    """Name of the source, its table, and the column to predict."""
    if path is None:
        from sklearn.datasets import load_diabetes

        target = target or "progression"
        bunch = load_diabetes(scaled=False, as_frame=True)
        return (
            "diabetes (scikit-learn)",
            bunch.frame.rename(columns={"target": "progression"}),
            target,
        )
    return str(path), *read_table(path, target)


def _with_noise(
    data: Regression, sigma: str | None, has_alphas: bool
) -> tuple[Regression, float, str]:
    """Return the data with their noise, a noise sd for default scales, and the sentence."""
    if sigma not in {None, "unknown"}:
        noise = _number("--sigma", sigma)
        return dataclasses.replace(data, sigma=noise), noise, f"sigma: {noise:g}, as given"
    noise, origin = _noise_estimate(data)
    if sigma == "unknown":
        if has_alphas:
            raise PriormapError("alpha is a scale only at a known sigma; give --sigma a number")
        size = float(np.std(data.y)) or 1.0
        data = dataclasses.replace(data, sigma=HalfStudentT(4, size))
        about = (
            f"sigma: unknown, under HalfStudentT(4, {size:.6g}); the mode is that of "
            "coefficients and sigma"
        )
        return data, noise, about
    about = f"sigma: {noise:.6g}, {origin} (--sigma NUMBER for another, or --sigma unknown)"
    return dataclasses.replace(data, sigma=noise), noise, about


def _noise_estimate(data: Regression) -> tuple[float, str]:
    from priormap.mode import find_map

    sd = float(np.std(data.y))
    if sd == 0:
        return 1.0, "any number serves, because y is constant"
    spare = data.n_rows - data.n_features - data.intercept
    if spare > 0:
        with warnings.catch_warnings():  # collinear columns leave the residuals unique
            warnings.simplefilter("ignore", PriormapWarning)
            fit = find_map(data, Gaussian(np.inf))
        residual = data.y - fit.intercept - data.X @ fit.coef
        estimate = float(np.sqrt(residual @ residual / spare))
        if estimate > _EXACT_FIT * sd:
            return estimate, "the residual sd of least squares"
        return sd, "the sd of y, because least squares fits y exactly"
    return sd, "the sd of y, because least squares with so many columns fits y exactly"


def _default_priors(
    data: Regression, families: Sequence[Family], noise: float
) -> tuple[list[Prior], str]:
    total = float(np.sqrt(data.n_features if data.standardize else np.sum(data.column_sd**2)))
    sd = noise / (total or 1.0)
    defaults: dict[Family, Prior] = {
        Family.gaussian: Gaussian(sd),
        Family.laplace: Laplace(sd / np.sqrt(2)),
        Family.elastic_net: ElasticNet().stretched(sd / ElasticNet().sd),
    }
    which = {1: "the prior has", 2: "both priors have"}.get(len(families), "all priors have")
    about = (
        f"scale: {which} sd {sd:.6g}, so that before the data the columns explain as "
        "much of y as the noise does (--scale for another)"
    )
    return [defaults[family] for family in families], about


def _from_alpha(family: Family, alpha: float, l1_ratio: float, noise: float, n: int) -> Prior:
    match family:
        case Family.gaussian:
            return Gaussian.from_ridge(alpha, noise)
        case Family.laplace:
            return Laplace.from_lasso(alpha, noise, n)
        case Family.elastic_net:
            return ElasticNet.from_elastic_net(alpha, l1_ratio, noise, n)


def _of_scale(family: Family, scale: float | str) -> Prior:
    parts = [_scale(part) for part in str(scale).split(",")]
    if family is Family.elastic_net and len(parts) <= 2:
        return ElasticNet(parts[0], parts[-1])
    if len(parts) > 1:
        most = "two numbers, L1,L2," if family is Family.elastic_net else "one number"
        raise PriormapError(f"--scale of a {family} prior is {most} at most, got {scale!r}")
    return Gaussian(parts[0]) if family is Family.gaussian else Laplace(parts[0])


def _scale(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise PriormapError(
            f"--scale must be a number, or two with a comma, got {text!r}"
        ) from None
    return positive_number("--scale", number, infinite=True)


def _named(families: Sequence[Family], priors: Sequence[Prior]) -> dict[str, Prior]:
    """Name each by its family, and by its scale where a family comes more than once."""
    if len(set(families)) == len(families):
        return {str(family): prior for family, prior in zip(families, priors, strict=True)}
    names = [f"{f} {_shown_scale(prior)}" for f, prior in zip(families, priors, strict=True)]
    if len(set(names)) < len(names):
        raise PriormapError("two priors are the same; give each --prior its own --scale")
    return dict(zip(names, priors, strict=True))


def _shown_scale(prior: Prior) -> str:
    if isinstance(prior, ElasticNet):
        return f"{prior.l1_scale:g},{prior.l2_scale:g}"
    return f"{prior.scale:g}"


def _number(option: str, text: str | None) -> float:
    try:
        return positive_number(option, float(str(text)))
    except ValueError:
        raise PriormapError(
            f"{option} must be a positive finite number or 'unknown', got {text!r}"
        ) from None
