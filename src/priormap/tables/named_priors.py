"""The priors of a figure or table: checked and named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

import numpy as np

from priormap.checks import short
from priormap.data.regression import Regression, check_data
from priormap.errors import PriormapError
from priormap.model.model import Model
from priormap.priors import PRIORS, Gaussian, Laplace, Prior

Priors: TypeAlias = Prior | Iterable[Prior] | Mapping[str, Prior]


def matched_pair(sd: float = 1.0) -> dict[str, Prior]:
    """Return a Gaussian and a Laplace prior of one standard deviation."""
    return named_priors([Gaussian(sd), Laplace(sd / np.sqrt(2.0))])


def named_priors(priors: Priors) -> dict[str, Prior]:
    """One prior, several, or a mapping from names: as a mapping from names.

    Raises
    ------
    PriormapError
        If there is none, one is not a prior, has several scales or learns its scale, or two
        have one name.
    """
    if isinstance(priors, Prior):
        priors = [priors]
    if not isinstance(priors, Iterable) or isinstance(priors, str):
        raise PriormapError(
            f"priors must be a list of priors or a dict of named ones, got {short(priors)}"
        )
    named = dict(priors) if isinstance(priors, Mapping) else _named(list(priors))
    if not named:
        raise PriormapError("priors is empty; give at least one, for example Gaussian(1.0)")
    for name, prior in named.items():
        _check(name, prior)
    return named


def priors_by_name(priors: object, *, or_one: bool = False) -> dict[str, Prior]:
    """Return a mapping of names to priors (or one prior under its label), or refuse.

    What stands under the names is left to whoever knows the columns.
    """
    named = {priors.label: priors} if or_one and isinstance(priors, Prior) else priors
    if not isinstance(named, Mapping) or not named:
        wanted = "one prior or a dict of named ones" if or_one else "a dict from names to priors"
        raise PriormapError(
            f'priors must be {wanted}, for example {{"ridge": Gaussian(1.0)}}, got {short(priors)}'
        )
    for name in named:
        _check_name(name)
    return dict(named)


def check_priors(data: Regression, priors: object) -> None:
    """Refuse what is not data, or not a mapping of names to priors of its columns."""
    check_data(data)
    for prior in priors_by_name(priors).values():
        Model(data, prior)


def coef_unit(priors: Mapping[str, Prior]) -> str:
    """Unit in which the priors as given measure a coefficient."""
    by_noise = {prior.scaled_by_noise for prior in priors.values()}
    if len(by_noise) == 2:
        raise PriormapError(
            "priors mixes scales in units of the noise with plain scales; draw them apart, "
            "or give all the same scaled_by_noise"
        )
    return "noise sd" if by_noise.pop() else "its own unit"


def listed(names: list[str]) -> str:
    """Names in a sentence: ``a``, ``a and b``, ``a, b and c``."""
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def refuse_flat(priors: Mapping[str, Prior]) -> None:
    """Raise a PriormapError if a prior is flat."""
    for name, prior in priors.items():
        if np.any(prior.is_flat):
            raise PriormapError(
                f"prior {name!r} is flat and has no shape to draw; give a finite scale"
            )


def _named(priors: list[Prior]) -> dict[str, Prior]:
    named: dict[str, Prior] = {}
    for prior in priors:
        name = _description(prior)
        if name in named:
            raise PriormapError(
                f"priors holds two priors that read {name!r}; drop one or name them in a dict"
            )
        named[name] = prior
    return named


def _description(prior: Prior) -> str:
    if not isinstance(prior, Prior) or prior.hyperprior or prior.has_vector:
        return repr(prior)  # refused by _check
    if prior.is_flat:
        return f"{prior.label}, flat"
    if not prior.scales:
        return repr(prior)
    sizes = listed([f"{getattr(prior, name):.4g}" for name in prior.scales])
    word = "sd" if prior.is_normal else "scale" + "s" * (len(prior.scales) > 1)
    return f"{prior.label}, {word} {sizes}" + " σ" * prior.scaled_by_noise


def _check_name(name: object) -> None:
    if not isinstance(name, str):
        raise PriormapError(f"priors must be named by strings, got the name {name!r}")


def _check(name: object, prior: object) -> None:
    _check_name(name)
    if not isinstance(prior, Prior):
        *most, last = (kind.label for kind in PRIORS)
        raise PriormapError(
            f"priors must hold {', '.join(most)} or {last} priors, got {short(prior)}"
        )
    one = f"give {prior.label}({', '.join(f'{name}=...' for name in prior.scales)}) with one number"
    if prior.hyperprior is not None:
        raise PriormapError(f"prior {name!r} learns its scale and has no one shape; {one}")
    if prior.has_vector:
        n_scales = max(np.size(getattr(prior, scale)) for scale in prior.scales)
        raise PriormapError(f"prior {name!r} has {n_scales} scales and a figure shows one; {one}")
