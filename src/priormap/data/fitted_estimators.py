r"""What a fitted linear estimator holds, read from its attributes alone.

An estimator behind scalers sees ``(x_j - shift_j) * factor_j``; its coefficients in units of
the caller's columns are ``factor_j`` times its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from priormap.arrays import Floats
from priormap.checks import short
from priormap.errors import PriormapError


@dataclass(frozen=True, eq=False)
class FittedLinear:
    """A fitted linear estimator, alone or behind scalers in a Pipeline.

    Attributes
    ----------
    model : object
        The last step: that which has ``coef_``.
    coef : array of shape (p,)
        Coefficients in units of the columns that came in.
    factor, shift : array of shape (p,)
        The estimator saw ``(x - shift) * factor``.
    names : tuple of str or None
        Columns that it was fitted on, where it saw names.
    """

    model: Any
    coef: Floats
    factor: Floats
    shift: Floats
    names: tuple[str, ...] | None

    @classmethod
    def of(cls, estimator: Any) -> FittedLinear:
        """Read a fitted estimator, or refuse it in one sentence."""
        if isinstance(estimator, type):
            raise PriormapError(
                f"estimator must be a fitted linear model, got the class {estimator.__name__}"
            )
        steps = _steps(estimator)
        if not steps:
            raise PriormapError("the Pipeline has no model; its last step must be a linear one")
        model, kind = steps[-1], type(steps[-1]).__name__
        if not hasattr(model, "fit"):
            raise PriormapError(f"estimator must be a fitted linear model, got {short(estimator)}")
        if hasattr(model, "best_estimator_"):
            raise PriormapError(f"{kind} is a search, not a model; pass its best_estimator_")
        if not hasattr(model, "coef_"):
            raise PriormapError(
                f"{kind} has no coef_: it is not fitted, or not linear; fit it first, "
                "or give a linear model"
            )
        coef = np.asarray(model.coef_, dtype=float)
        if coef.ndim == 2 and len(coef) == 1:
            coef = coef[0]
        if coef.ndim != 1:
            raise PriormapError(
                f"coef_ of {kind} has shape {coef.shape}: it predicts several responses; "
                "fit each response on its own"
            )
        factor, shift = np.ones(len(coef)), np.zeros(len(coef))
        for scaler in steps[:-1]:
            times, moved = _scaling(scaler, len(coef))
            shift, factor = shift + moved / factor, factor * times
        return cls(model, coef * factor, factor, shift, _names(steps[0]))

    def refuse_other_columns(self, names: tuple[str, ...], *, are_named: bool = True) -> None:
        """Refuse columns that are not those which the estimator was fitted on."""
        kind = type(self.model).__name__
        if len(names) != len(self.coef):
            raise PriormapError(
                f"{kind} was fitted on {len(self.coef)} columns but X has {len(names)}; "
                "give the columns of the fit"
            )
        if not are_named or self.names is None or self.names == names:
            return
        if sorted(self.names) == sorted(names):
            raise PriormapError(
                f"{kind} was fitted on the same columns in another order; give them in the order "
                "of its feature_names_in_"
            )
        missing = next((name for name in self.names if name not in names), None)
        raise PriormapError(
            f"{kind} was fitted on other columns: X has no column {missing!r}; give the columns "
            "of the fit"
        )


def is_estimator(value: object) -> bool:
    """Whether `value` is made to be fitted."""
    return hasattr(value, "fit") and (hasattr(value, "coef_") or hasattr(value, "get_params"))


def _steps(estimator: Any) -> list[Any]:
    """Scalers and model, with the steps that do nothing left out."""
    named = getattr(estimator, "steps", None)
    if named is None:
        return [estimator]
    steps = [step for _, step in named if step is not None and step != "passthrough"]
    return [inner for step in steps for inner in _steps(step)]


def _scaling(scaler: Any, p: int) -> tuple[Floats, Floats]:
    """What a fitted scaler multiplies every column by, after it has taken a shift out."""
    kinds = {c.__name__ for c in type(scaler).__mro__ if c.__module__.startswith("sklearn.")}
    name = type(scaler).__name__
    scale = getattr(scaler, "scale_", None)  # None also where a scaler was told not to scale
    if kinds & {"StandardScaler", "RobustScaler", "MaxAbsScaler"}:
        _refuse_unfitted(scaler, name)
        centre = getattr(scaler, "mean_", None) if "StandardScaler" in kinds else None
        if "StandardScaler" in kinds and not scaler.with_mean:
            centre = None  # the mean is kept but not taken out
        if "RobustScaler" in kinds:
            centre = scaler.center_
        factor = np.ones(p) if scale is None else 1 / np.asarray(scale, dtype=float)
        return factor, np.zeros(p) if centre is None else np.asarray(centre, dtype=float)
    if "MinMaxScaler" in kinds:
        _refuse_unfitted(scaler, name)
        if scaler.clip:
            raise PriormapError("MinMaxScaler(clip=True) is not linear; use clip=False")
        factor = np.asarray(scale, dtype=float)
        return factor, -np.asarray(scaler.min_, dtype=float) / factor
    raise PriormapError(
        f"the Pipeline has a step {name}, which is not one of StandardScaler, MinMaxScaler, "
        "MaxAbsScaler, RobustScaler; transform X with the steps before the model, and give both"
    )


def _refuse_unfitted(scaler: Any, name: str) -> None:
    if not hasattr(scaler, "n_features_in_"):
        raise PriormapError(f"{name} is not fitted; fit the Pipeline first")


def _names(first: Any) -> tuple[str, ...] | None:
    names = getattr(first, "feature_names_in_", None)
    return None if names is None else tuple(map(str, names))
