"""What ``method="nuts"`` accepts beside the arguments of `sample`, judged before PyMC is loaded.

PyMC itself lets misspelt options pass without a word, or fails deep inside of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any

import numpy as np

from priormap.errors import PriormapError

NUTS_SAMPLERS = ("pymc", "nutpie", "numpyro", "blackjax")
_OF_ANY_SAMPLER = (
    *("nuts_sampler", "nuts_sampler_kwargs", "likelihood"),
    *("cores", "target_accept", "initvals", "compile_kwargs"),
)
_OF_PYMC = (
    *("max_treedepth", "init", "n_init", "jitter_max_retries"),
    *("callback", "mp_ctx", "blas_cores"),
)


def check_nuts_options(options: Mapping[str, Any]) -> None:
    """Refuse options that no sampler reads, and values that make no sense.

    Raises
    ------
    PriormapError
        One sentence on the first option that is unknown, does not belong to the sampler, or
        has a bad value; or on a sampler that is unknown or not installed.
    """
    for name in options:
        if name not in _OF_ANY_SAMPLER + _OF_PYMC:
            known = ", ".join(sorted(_OF_ANY_SAMPLER + _OF_PYMC))
            raise PriormapError(f"method='nuts' has no option {name!r}; there are: {known}")
    sampler = options.get("nuts_sampler", "pymc")
    if sampler not in NUTS_SAMPLERS:
        raise PriormapError(
            f"nuts_sampler must be one of {', '.join(NUTS_SAMPLERS)}, got {sampler!r}"
        )
    if find_spec(sampler) is None:
        raise PriormapError(
            f"nuts_sampler={sampler!r} is not installed; install it, or use nuts_sampler='pymc'"
        )
    for name in _OF_PYMC if sampler != "pymc" else ():
        if name in options:
            raise PriormapError(
                f"{name!r} is an option of nuts_sampler='pymc'; give {sampler} its own in "
                "nuts_sampler_kwargs={...}"
            )
    for name, (is_good, kind) in _VALUES.items():
        if name in options and not is_good(options[name]):
            raise PriormapError(f"{name} must be {kind}, got {options[name]!r}")


def _is_count(value: object) -> bool:
    is_whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    return bool(is_whole and value > 0)  # type: ignore[operator]


def _is_inner_probability(value: object) -> bool:
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    return bool(number and 0 < float(value) < 1)  # type: ignore[arg-type]


_VALUES: dict[str, tuple[Callable[[object], bool], str]] = {
    "cores": (lambda value: value is None or _is_count(value), "a positive integer or None"),
    "target_accept": (_is_inner_probability, "a number between 0 and 1"),
    "likelihood": (lambda value: value in ("moments", "rows"), "'moments' or 'rows'"),
    "max_treedepth": (_is_count, "a positive integer"),
    "n_init": (_is_count, "a positive integer"),
    "jitter_max_retries": (_is_count, "a positive integer"),
    "nuts_sampler_kwargs": (
        lambda value: isinstance(value, Mapping),
        "a mapping of names to values",
    ),
    "compile_kwargs": (lambda value: isinstance(value, Mapping), "a mapping of names to values"),
}
