"""What `choose_scale` returns: the curves, their optima, and one prior for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from priormap.arrays import Floats
from priormap.criteria.criterion import Curve, Optimum
from priormap.criteria.scale_family import ScaleFamily, nearest
from priormap.data.regression import Regression
from priormap.display import cells
from priormap.display.blocks import Block, Items, Paragraph, Subheading, Table
from priormap.display.text import Described
from priormap.errors import PriormapError, visible
from priormap.mode import map_path
from priormap.priors import Prior

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False, repr=False)
class ScaleChoice(Described):
    """Criteria along the prior scale, and the scale that each of them chooses.

    Attributes
    ----------
    curves : DataFrame
        Tidy: ``method``, ``scale``, ``value``, ``se``, ``khat``. The value of ``cv`` is the
        mean squared error of prediction, of ``loo`` the expected log predictive density (sum
        over rows), of ``evidence`` the log marginal likelihood, of ``hyperprior`` the posterior
        density of log scale; ``se`` is its standard error (over folds, over rows, of the Monte
        Carlo or the quadrature); ``khat`` is the largest Pareto k-hat of ``loo``.
    optima : DataFrame
        One row per method: ``scale``; ``prior_sd``, ``alpha`` (of scikit-learn's Ridge, Lasso or
        ElasticNet) and ``lambda`` (of the canonical problem), for a column of relative scale 1;
        ``nonzero`` coefficients of the mode there; ``value`` and ``se`` of the criterion;
        ``low`` and ``high`` of a 95 % interval for the scale where there is one; ``meaning``.
    sigma : float
        Noise sd that turns scales into alpha and lambda.
    sigma_origin : str
        Where it comes from.
    notes : tuple of str
        What the reader should know: approximations, and optima at the end of the scales.
    random_seed : int
        Repeats the run.
    data, family
        What was studied.
    """

    curves: pd.DataFrame
    optima: pd.DataFrame
    sigma: float
    sigma_origin: str
    notes: tuple[str, ...]
    random_seed: int
    data: Regression = field(repr=False)
    family: ScaleFamily = field(repr=False)

    @classmethod
    def of(
        cls,
        family: ScaleFamily,
        curves: Mapping[str, Curve],
        optima: list[Optimum],
        notes: tuple[str, ...],
        random_seed: int,
    ) -> ScaleChoice:
        """Tables of what the criteria found."""
        return cls(
            curves=_curves_frame(curves),
            optima=_optima_frame(family, optima),
            sigma=family.sigma,
            sigma_origin=family.sigma_origin,
            notes=notes,
            random_seed=random_seed,
            data=family.data,
            family=family,
        )

    def prior(self, method: str) -> Prior:
        """Prior at the scale that one method chooses, ready for `find_map` and `sample`."""
        if method not in self.optima.index:
            raise PriormapError(
                f"method {method!r} chose no scale here; {nearest(method, list(self.optima.index))}"
            )
        return self.family.prior_at(float(self.optima["scale"][method]))

    def __repr__(self) -> str:
        shown = self.optima[["scale", "alpha", "lambda", "nonzero"]]
        table = shown.to_string(float_format="{:.4g}".format)
        meanings = [f"  {method}: {text}" for method, text in self.optima["meaning"].items()]
        lines = [self.headline, table, *meanings, *self.notes]
        return visible("\n".join(lines), keep="\n")

    def blocks(self) -> tuple[Block, ...]:
        """The scale of every criterion, what each means, and the notes."""
        columns = ("scale", "prior_sd", "alpha", "lambda")
        rows = tuple(
            (
                cells.text(name),
                *(cells.number(row[column]) for column in columns),
                cells.count(row["nonzero"]),
            )
            for name, row in self.optima.iterrows()
        )
        meanings = tuple(f"{name}: {said}" for name, said in self.optima["meaning"].items())
        return (
            Subheading(self.headline),
            Table(("method", "scale", "prior sd", "alpha", "lambda", "nonzero"), rows),
            Items(meanings),
            *(Paragraph(note) for note in self.notes),
        )

    def to_dict(self) -> dict[str, Any]:
        """Optima and curves, and what repeats them."""
        return {
            "family": self.family.name,
            "sigma": self.sigma,
            "sigma_origin": self.sigma_origin,
            "random_seed": self.random_seed,
            "notes": list(self.notes),
            "optima": self.optima.reset_index().to_dict(orient="records"),
            "curves": self.curves.to_dict(orient="records"),
        }

    @property
    def headline(self) -> str:
        """Family, and the noise sd that turns scales into alpha."""
        return (
            f"Scale of the {self.family.name} prior; alpha and lambda at sigma = {self.sigma:.6g}, "
            f"{self.sigma_origin}."
        )


def _curves_frame(curves: Mapping[str, Curve]) -> pd.DataFrame:
    import pandas as pd

    columns = ["method", "scale", "value", "se", "khat"]
    frames = [
        pd.DataFrame(dict(zip(columns, [name, *curve], strict=True)))
        for name, curve in curves.items()
    ]
    if not frames:
        return pd.DataFrame(columns=columns)
    return pd.concat([frame.astype({"khat": float}) for frame in frames], ignore_index=True)


def _optima_frame(family: ScaleFamily, optima: list[Optimum]) -> pd.DataFrame:
    import pandas as pd

    scales = np.array([optimum.scale for optimum in optima])
    columns = {
        "scale": scales,
        "prior_sd": scales * family.unit_sd,
        "alpha": family.alpha(scales),
        "lambda": family.lambda_(scales),
        "nonzero": _nonzero(family, scales),
        **{
            name: [getattr(optimum, name) for optimum in optima]
            for name in ("value", "se", "low", "high", "meaning")
        },
    }
    return pd.DataFrame(columns, index=pd.Index([o.method for o in optima], name="method"))


def _nonzero(family: ScaleFamily, scales: Floats) -> list[int] | float:
    """Coefficients of the mode that are not exactly zero; NaN where there is no exact mode."""
    if family.no_mode:
        return np.nan
    known = family.data.with_noise(family.sigma)
    return [int(count) for count in map_path(known, family.prior_at(1.0), scales).n_nonzero]
