"""All conventions by name."""

from __future__ import annotations

import difflib

from priormap.conventions.of_priors import PRIORS
from priormap.conventions.of_python import PYTHON, TRAINING_LOOPS
from priormap.conventions.of_r import R_PACKAGES
from priormap.conventions.of_scikit_learn import SCIKIT_LEARN
from priormap.conventions.records import Convention
from priormap.errors import Phrase, PriormapError

CONVENTIONS: dict[str, Convention] = {
    one.name: one for one in (*PRIORS, *SCIKIT_LEARN, *PYTHON, *R_PACKAGES, *TRAINING_LOOPS)
}


def conventions_like(name: str) -> list[str]:
    """Names of the conventions that hold this one, whatever its case; one is refused as unknown.

    Examples
    --------
    >>> conventions_like("lars")
    ['sklearn.LassoLars']
    """
    found = [one for one in CONVENTIONS if name.lower() in one.lower()]
    return found or [convention_named(name).name]


def convention_named(name: str) -> Convention:
    """Record of a convention; an unknown name is refused with the nearest ones."""
    if isinstance(name, str) and name in CONVENTIONS:
        return CONVENTIONS[name]
    known = {one.lower(): one for one in CONVENTIONS}
    wanted = str(name).lower()
    low = [one for one in known if wanted and (wanted in one or one in wanted)]
    calls = difflib.get_close_matches(wanted, {one.split(".")[-1] for one in known}, n=3)
    low += [one for call in calls for one in known if one.split(".")[-1] == call]
    low += difflib.get_close_matches(wanted, known, n=3, cutoff=0.6)
    near = ", ".join(repr(known[one]) for one in dict.fromkeys(low[:4]))
    everywhere = Phrase("list_conventions() has them all", "priormap convert --list has them all")
    hint = f"the nearest are {near}" if near else everywhere
    raise PriormapError(f"unknown convention {name!r}; ", hint)
