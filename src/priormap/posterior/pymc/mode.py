"""Mode of any `pymc.Model`, with the exact zeros that Laplace variables have at it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from priormap.arrays import Floats
from priormap.display import cells
from priormap.display.blocks import Block, Items, Paragraph, Table
from priormap.display.text import Described
from priormap.errors import PriormapError
from priormap.mode.kinks import KinkedMinimum, minimise_with_kinks
from priormap.mode.stationary_certificate import StationaryCertificate
from priormap.posterior.pymc.variables import load_pymc

if TYPE_CHECKING:
    import pymc as pm
    import xarray as xr

    from priormap.posterior.pymc.kinked_model import KinkedModel

_TOLERANCE = 1e-8  # conditional standard deviations
_FAR = 25.0  # a logarithm or logit that went so far left for the edge of its range


@dataclass(frozen=True, eq=False, repr=False)
class PymcMode(Described):
    """Mode of a PyMC model, in the variables as the user wrote them.

    Attributes
    ----------
    point : xarray.Dataset
        Every free variable and ``pm.Deterministic``, by name, with the dimensions and coordinates
        of the model. A Laplace variable whose mode is its centre is exactly there.
    zeros : dict of str to array of bool
        Of each variable with a kink, which of its elements are at their centre.
    log_density : float
        Log density of the variables as written, without any Jacobian.
    certificate : StationaryCertificate
        What is proven about the point. Its residual is the slope in conditional standard
        deviations of the variable, or the share by which it exceeds what the kink can hold.
    """

    point: xr.Dataset
    zeros: Mapping[str, Any]
    log_density: float
    certificate: StationaryCertificate
    notes: tuple[str, ...] = field(default=())

    def __getitem__(self, name: str) -> Floats:
        """The variable of this name, as an array."""
        if name not in self.point:
            raise PriormapError(
                f"the model has no variable {name!r}; there are {', '.join(map(str, self.point))}"
            )
        return np.asarray(self.point[name].to_numpy())

    def blocks(self) -> tuple[Block, ...]:
        """Zeros and certificate in a sentence, and every variable."""
        count = sum(int(np.sum(at)) for at in self.zeros.values())
        of = sum(np.size(at) for at in self.zeros.values())
        headline = f"Mode of a PyMC model, log density {self.log_density:.8g}. {self.certificate}"
        if of:
            names = ", ".join(self.zeros)
            headline = f"{count} of {of} elements of {names} exactly at their centre. " + headline
        rows = tuple(
            (
                cells.text(_label(name, array, place)),
                cells.coefficient(float(array.values[place]), 8),
            )
            for name, array in self.point.items()
            for place in np.ndindex(*array.shape)
        )
        table = Table(("variable", "mode"), rows, is_facts=True)
        return (Paragraph(headline), *([Items(self.notes)] if self.notes else []), table)

    def to_dict(self) -> dict[str, Any]:
        """The numbers of the mode and its certificate."""
        return {
            "point": {str(name): array.values.tolist() for name, array in self.point.items()},
            "zeros": {name: np.asarray(at).tolist() for name, at in self.zeros.items()},
            "log_density": self.log_density,
            "certificate": self.certificate.to_dict(),
            "notes": list(self.notes),
        }


def _label(name: Any, array: xr.DataArray, place: tuple[int, ...]) -> str:
    labels = [str(array[dim].values[k]) for dim, k in zip(array.dims, place, strict=True)]
    return f"{name}[{', '.join(labels)}]" if labels else str(name)


def is_pymc_model(value: object) -> bool:
    """Whether it is a `pymc.Model`; PyMC is not loaded for the question."""
    pymc = sys.modules.get("pymc")
    return pymc is not None and isinstance(value, pymc.Model)


def pymc_mode(model: pm.Model, start: Mapping[str, Any] | None = None) -> PymcMode:
    r"""Mode of a PyMC model whose free variables include Laplace ones, with exact zeros.

    Minus the log density is a smooth function plus ``sum |x - mu| / b`` over the Laplace variables
    (and the l1 part of our elastic net), whatever ``mu`` and ``b`` are made of. It is minimised
    as that: by quasi-Newton steps that stay in an orthant, then by Newton steps on the variables
    that are not at their centre.

    The density is that of the variables as the model writes them: those that PyMC moves through
    a logarithm or a logit are moved so too, but no Jacobian enters, as in `pymc.find_MAP`.

    Parameters
    ----------
    model : pymc.Model
    start : mapping of names to values, optional
        Where to start, as in `pymc.find_MAP`; default is where PyMC starts.

    Returns
    -------
    PymcMode

    Raises
    ------
    PriormapError
        If a free variable is discrete, PyTensor has no gradient, an absolute value hides in
        another term (a potential, a Laplace likelihood), or the density has no highest point.
    """
    load_pymc()
    from priormap.posterior.pymc.inference import quiet_pymc
    from priormap.posterior.pymc.kinked_model import KinkedModel

    with quiet_pymc():
        kinked = KinkedModel.of(model)
        begin = kinked.start(start)
        evaluate = kinked.compile()
        value, slope, _ = evaluate(begin)
        if not (np.isfinite(value) and np.isfinite(slope).all()):
            raise PriormapError(
                "the log density is not finite where the model starts; give start={name: value}"
            )
        found = minimise_with_kinks(evaluate, begin, _TOLERANCE)
        _refuse_no_mode(kinked, found, begin)
        return _result(kinked, found)


def _refuse_no_mode(kinked: KinkedModel, found: KinkedMinimum, begin: Floats) -> None:
    """Refuse a density that grows without bound toward the edge of a variable's range."""
    moved = np.abs(found.theta - begin)
    for one, far in zip(kinked.coordinates, moved, strict=True):
        if one.is_transformed and far > _FAR:
            raise PriormapError(
                f"the density has no highest point: it grows as {one.label} goes to the edge of "
                f"its range; fix {one.variable}, or give it a prior that is zero there, such as "
                "pm.InverseGamma or pm.LogNormal"
            )


def _result(kinked: KinkedModel, found: KinkedMinimum) -> PymcMode:
    worst = int(np.argmax(found.violations))
    certificate = StationaryCertificate(
        kkt_residual=float(found.violations[worst]),
        worst_column=kinked.coordinates[worst].label,
        lowest_curvature=found.lowest_curvature,
        is_convex=False,
        found=1,
        starts=1,
        below=0.0,
        objective=found.value,
        iterations=found.steps,
        tolerance=_TOLERANCE,
        kkt_resolution=found.resolution,
        subject="log density of this model",
    )
    theirs = dict(zip((one.name for one in kinked.inputs), kinked.split(found.theta), strict=True))
    zeros = {kink.name: theirs[kink.distance.name] == 0 for kink in kinked.kinks}
    notes = () if kinked.kinks else (_NO_KINK,)
    return PymcMode(_dataset(kinked, found.theta), zeros, -found.value, certificate, notes)


_NO_KINK = (
    "No free variable of the model is Laplace, so that no zero is exact: this is the point that "
    "pm.find_MAP looks for, with a certificate."
)


def _dataset(kinked: KinkedModel, theta: Floats) -> xr.Dataset:
    """The point with the dimensions and coordinates of the model."""
    import xarray as xr

    model, arrays, coords = kinked.model, {}, {}
    for name, array in kinked.point(theta).items():
        dims = model.named_vars_to_dims.get(name) or [f"{name}_dim_{k}" for k in range(array.ndim)]
        arrays[name] = (list(dims), array)
        for dim, size in zip(dims, array.shape, strict=True):
            labels = model.coords.get(dim)
            coords[dim] = np.arange(size) if labels is None else np.asarray(labels)
    return xr.Dataset(arrays, coords=coords)
