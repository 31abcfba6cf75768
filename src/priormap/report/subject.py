"""What a report is about: a regression and its priors, or the prior that an estimator holds."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from priormap.auditing import Explanation, explain
from priormap.data.regression import Regression
from priormap.errors import PriormapError
from priormap.priors import Prior
from priormap.report.places import Origin
from priormap.tables.named_priors import check_priors


class Subject(NamedTuple):
    """Data, the priors to compare on them, and where both come from."""

    data: Regression
    priors: Mapping[str, Prior]
    origin: Origin


def subject_of(given: Any, priors: Any, X: Any, y: Any, origin: Origin | None) -> Subject:
    """Return the subject of what `write_report` was given, or refuse."""
    if isinstance(priors, str | os.PathLike):
        raise PriormapError(
            f"priors is the path {os.fspath(priors)!r}; give both: write_report(data, priors, path)"
        )
    if is_estimator := not isinstance(given, Explanation) and hasattr(given, "fit"):
        if X is None or y is None:
            raise PriormapError(
                f"{type(given).__name__} has no data of its own; give what it was fitted on: "
                "write_report(estimator, X=X, y=y)"
            )
        given = explain(given, X, y)
    if not is_estimator and (X is not None or y is not None):
        raise PriormapError("X and y are for a fitted estimator; leave them out")
    if not isinstance(given, Explanation):
        check_priors(given, priors)
        return Subject(given, priors, origin or Origin())
    believed = {given.call: given.prior} | dict(priors or {})
    check_priors(given.data, believed)
    return Subject(given.data, believed, _of(given, origin or Origin()))


def _of(given: Explanation, origin: Origin) -> Origin:
    """Say where the noise and the scale of an explanation come from, and how good its fit is."""
    choices = (
        f"Sigma is {given.sigma:.6g}, {given.sigma_origin}.",
        f"Under {given.call} the scale is that of which this penalty is the prior: {given.prior}.",
    )
    verdict = f"The coefficients of {given.call}: {given.verdict}"
    return replace(origin, choices=(*origin.choices, *choices), verdict=verdict)
