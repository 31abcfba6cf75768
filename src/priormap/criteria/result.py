"""What `choose_scale` returns: the curves, their optima, and one prior for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from priormap.arrays import Floats
from priormap.checks import nearest
from priormap.criteria.criterion import AT_END, Criterion, Curve, Optimum
from priormap.criteria.scale_family import ScaleFamily
from priormap.data.regression import Regression
from priormap.display import cells
from priormap.display.blocks import Block, Cell, Items, Paragraph, Subheading, Table
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
        density of log scale; ``se`` is its standard error (over folds; of the difference from
        the best scale, over rows; of the Monte Carlo or the quadrature); ``khat`` is the
        largest Pareto k-hat of ``loo``.
    optima : DataFrame
        One row per method: ``scale``; ``prior_sd``, ``alpha`` (of scikit-learn's Ridge, Lasso or
        ElasticNet) and ``lambda`` (of the canonical problem), for a column of relative scale 1;
        ``nonzero`` coefficients of the mode there; ``value`` and ``se`` of the criterion;
        ``low`` and ``high``, between which ``cv`` and ``loo`` are within one standard error of
        their best and ``hyperprior`` has 95 % of its mass; ``meaning``. A prior of several
        scales has each of them too, and scikit-learn's ``l1_ratio``.
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
        shown = self.optima[["scale", "low", "high", "alpha", "lambda", "nonzero", *self._parts]]
        table = shown.to_string(float_format="{:.4g}".format, na_rep="")
        meanings = [f"  {method}: {text}" for method, text in self.optima["meaning"].items()]
        said = [*self.lead, table, *meanings, *self.notes, self._about_seed]
        return visible("\n".join((self.headline, *said)), keep="\n")

    def blocks(self) -> tuple[Block, ...]:
        """What is flat, the scale of every criterion, what each means, and the notes."""
        columns = ("scale", "low", "high", "prior_sd", "alpha", "lambda", *self._parts)
        rows = tuple(
            (
                cells.text(name),
                *(_cell(row[column]) for column in columns),
                cells.count(row["nonzero"]),
            )
            for name, row in self.optima.iterrows()
        )
        meanings = tuple(f"{name}: {said}" for name, said in self.optima["meaning"].items())
        header = ("method", *(column.replace("_sd", " sd") for column in columns), "nonzero")
        return (
            Subheading(self.headline),
            *map(Paragraph, self.lead),
            Table(header, rows),
            Items(meanings),
            *map(Paragraph, self.notes),
            Paragraph(self._about_seed),
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
    def lead(self) -> tuple[str, ...]:
        """Where criteria are flat: what the data leave open comes before what they are best at."""
        from priormap.criteria import CRITERIA

        flat = [
            f"{self._flat(one)} by {one.name} ({one.within})"
            for one in CRITERIA
            if one.within and one.best in self.optima.index
        ]
        return (f"Flat {' and '.join(flat)}.",) if flat else ()

    def _flat(self, one: Criterion) -> str:
        """From where to where, and at which end the scales stop before the curve falls."""
        low, high = self.optima.loc[one.best, ["low", "high"]]
        scales = self.curves.loc[self.curves["method"] == one.name, "scale"]
        ends = [" (the smallest scale)" * bool(low <= scales.min() * (1 + AT_END))]
        ends += [" (the largest scale)" * bool(high >= scales.max() * (1 - AT_END))]
        return f"from {low:.3g}{ends[0]} to {high:.3g}{ends[1]}"

    @property
    def _parts(self) -> list[str]:
        """Columns of the optima that a prior of several scales has."""
        return list(self.family.parts(np.ones(1)))

    @property
    def _about_seed(self) -> str:
        return f"The seed of this run is {self.random_seed}."

    @property
    def headline(self) -> str:
        """Family, and the noise sd that turns scales into alpha."""
        return (
            f"Scale of the {self.family.name} prior; alpha and lambda at sigma = {self.sigma:.6g}, "
            f"{self.sigma_origin}."
        )


def _cell(value: float) -> Cell:
    """Four digits, and nothing for what there is not."""
    return cells.text("") if np.isnan(value) else cells.number(value)


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
        **family.parts(scales),
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
