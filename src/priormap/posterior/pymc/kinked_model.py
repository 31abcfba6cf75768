r"""A `pymc.Model` as a smooth function plus weighted absolute values, for exact modes.

A free variable ``x`` that is Laplace with centre ``mu`` and scale ``b`` is moved as its distance
``z = x - mu`` to the centre, whatever ``mu`` and ``b`` are made of. Minus the log density is then
``f(z, u) + sum |z| / b(u)`` with a smooth ``f``, where ``u`` are the other variables as PyMC moves
them. Import it lazily.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pymc as pm
from pymc.initial_point import make_initial_point_fn
from pymc.pytensorf import rewrite_pregrad
from pytensor import config, tensor as pt
from pytensor.gradient import DisconnectedInputError, NullTypeGradError, grad
from pytensor.graph.basic import Constant
from pytensor.graph.replace import graph_replace
from pytensor.graph.traversal import ancestors
from pytensor.scalar.basic import Abs, Sign
from pytensor.tensor.random.basic import LaplaceRV

from priormap.arrays import Bools, Floats
from priormap.checks import short
from priormap.errors import PriormapError
from priormap.posterior.pymc.variables import L1_WEIGHT, Tensor


class Kink(NamedTuple):
    """A free variable with a kink at its centre."""

    name: str
    value: Tensor  # where PyMC holds its value
    distance: Tensor  # what is moved in its place
    centre: Tensor
    weight: Tensor
    smooth: Tensor  # its log density without the kink

    @property
    def is_centred(self) -> bool:
        """Whether the value is its distance."""
        return self.distance is self.value


class Coordinate(NamedTuple):
    """One number that is moved: a label for the reader, and what it belongs to."""

    label: str
    variable: str
    is_transformed: bool


@dataclass(frozen=True, eq=False)
class KinkedModel:
    """What a minimiser needs to know of a model.

    Attributes
    ----------
    model : pymc.Model
    kinks : tuple of Kink
        Its variables with a kink, Laplace or the l1 part of an elastic net of ours.
    """

    model: pm.Model
    kinks: tuple[Kink, ...]

    @classmethod
    def of(cls, model: pm.Model) -> KinkedModel:
        """Read the model, or refuse it in one sentence."""
        if not model.free_RVs:
            raise PriormapError("the model has no free variable, so that it has no mode to find")
        for variable in model.free_RVs:
            if variable.dtype in pm.discrete_types:
                raise PriormapError(
                    f"{variable.name!r} is discrete, which no slope leads to; sum it out of the "
                    "model, or observe it"
                )
        kinked = cls(model, tuple(_kinks(model)))
        kinked._refuse_hidden_kinks()
        return kinked

    @cached_property
    def inputs(self) -> list[Tensor]:
        """What is moved, one tensor for each free variable."""
        distances = {kink.value: kink.distance for kink in self.kinks}
        return [distances.get(value, value) for value in self.model.value_vars]

    @cached_property
    def _others(self) -> list[Tensor]:
        """Variables and potentials without a kink."""
        names = {kink.name for kink in self.kinks}
        every = [*self.model.free_RVs, *self.model.observed_RVs, *self.model.potentials]
        return [one for one in every if one.name not in names]

    @cached_property
    def _terms(self) -> list[Tensor]:
        """Log densities of these, each with the variables as the user wrote them."""
        return list(self.model.logp(vars=self._others, jacobian=False, sum=False) or [])

    def _refuse_hidden_kinks(self) -> None:
        values = set(self.model.value_vars)
        for variable, term in zip(self._others, self._terms, strict=True):
            for node in ancestors([term]):
                op = getattr(getattr(node.owner, "op", None), "scalar_op", None)
                if isinstance(op, Abs | Sign) and values & set(ancestors([node])):
                    raise PriormapError(
                        f"the log density of {variable.name!r} has an absolute value of what is "
                        "unknown, a kink that hides in it; write a penalty as pm.Laplace(...), and "
                        "noise with heavy tails as pm.StudentT(...)"
                    )

    def at_distances(self, graphs: list[Tensor]) -> list[Tensor]:
        """Replace values by centre and distance; later variables may be centred at earlier ones."""
        for kink in reversed(self.kinks):
            if not kink.is_centred:
                moved = {kink.value: (kink.centre + kink.distance).astype(kink.value.dtype)}
                graphs = graph_replace(graphs, moved, strict=False)
        return graphs

    def compile(self) -> Evaluator:
        """Minus the log density, its slope and the weights of the kinks, as one function."""
        weights = [pt.zeros_like(kink.distance) + kink.weight for kink in self.kinks]
        smooth = [term.sum() for term in self._terms]
        smooth += [(pt.zeros_like(kink.distance) + kink.smooth).sum() for kink in self.kinks]
        smooth_part, *weights = self.at_distances([pt.add(0.0, 0.0, *smooth), *weights])
        pairs = zip(weights, self.kinks, strict=True)
        peaks = [(weight * pt.abs(kink.distance)).sum() for weight, kink in pairs]
        objective = rewrite_pregrad(pt.add(0.0, 0.0, *peaks) - smooth_part)
        try:
            slopes = grad(objective, self.inputs, disconnected_inputs="ignore")
        except (NotImplementedError, NullTypeGradError, DisconnectedInputError) as error:
            reason = str(error).strip().splitlines()[0].rstrip(".")
            raise PriormapError(
                f"the model has no gradient, because PyTensor says: {short(reason)}; use "
                "operations that have one"
            ) from None
        slope = pt.concatenate([one.ravel() for one in slopes])
        outputs = [objective, slope, *(weight.ravel() for weight in weights)]
        return Evaluator(self, self._function(outputs), self.is_kinked)

    def _function(self, outputs: list[Tensor], mode: str | None = None) -> Any:
        if mode is None and not config.cxx:
            mode = "NUMBA"
        options = {"on_unused_input": "ignore", "point_fn": False, "mode": mode}
        return self.model.compile_fn(outputs, inputs=self.inputs, **options)

    @cached_property
    def start_values(self) -> dict[str, Floats]:
        """Where PyMC starts, by names of values."""
        return {name: np.asarray(x) for name, x in self.model.initial_point().items()}

    def start(self, given: Mapping[str, Any] | None) -> Floats:
        """Where to start: at what is given by names, elsewhere where PyMC starts."""
        values = self.start_values
        if given is not None:
            unknown = set(given) - {one.name for one in (*self.model.free_RVs, *self.inputs)}
            if unknown:
                raise PriormapError(
                    f"start names {short(sorted(unknown)[0])}, which is no free variable of the "
                    f"model; there are {', '.join(one.name for one in self.model.free_RVs)}"
                )
            begin = make_initial_point_fn(
                model=self.model, jitter_rvs=set(), return_transformed=True, overrides=dict(given)
            )
            values = begin(0)
        parts = [np.asarray(values[one.name], dtype=float).ravel() for one in self.model.value_vars]
        for i, value in enumerate(self.model.value_vars):
            for kink in self.kinks:  # those with a centre of their own start in it
                if kink.value is value and not kink.is_centred:
                    parts[i] = np.zeros(parts[i].size)
        return np.concatenate(parts)

    @property
    def _shapes(self) -> list[tuple[int, ...]]:
        return [np.shape(self.start_values[one.name]) for one in self.model.value_vars]

    def split(self, theta: Floats) -> list[Any]:
        """The parts of a flat vector as the inputs want them."""
        parts, begin = [], 0
        for one, shape in zip(self.inputs, self._shapes, strict=True):
            end = begin + int(np.prod(shape, dtype=int))
            parts.append(theta[begin:end].reshape(shape).astype(one.dtype, copy=False))
            begin = end
        return parts

    @cached_property
    def is_kinked(self) -> Bools:
        """Which coordinates belong to a variable with a kink."""
        distances = {kink.distance for kink in self.kinks}
        flags = zip(self.inputs, self._shapes, strict=True)
        parts = [np.full(int(np.prod(shape, dtype=int)), one in distances) for one, shape in flags]
        return np.concatenate(parts)

    @cached_property
    def coordinates(self) -> list[Coordinate]:
        """One for each number that is moved."""
        found = []
        for value, shape in zip(self.model.value_vars, self._shapes, strict=True):
            variable = self.model.values_to_rvs[value]
            transformed = self.model.rvs_to_transforms[variable] is not None
            dims = self.model.named_vars_to_dims.get(variable.name, (None,) * len(shape))
            labels = [self._labels(dim, size) for dim, size in zip(dims, shape, strict=False)]
            for place in np.ndindex(*shape):
                inside = ", ".join(label[k] for label, k in zip(labels, place, strict=False))
                label = f"{variable.name}[{inside}]" if place else variable.name
                found.append(Coordinate(label, variable.name, transformed))
        return found

    def _labels(self, dim: str | None, size: int) -> list[str]:
        labels = self.model.coords.get(dim)
        if labels is None or len(labels) != size:
            return [str(k) for k in range(size)]
        return [str(label) for label in labels]

    def point(self, theta: Floats) -> dict[str, Floats]:
        """Every free variable and deterministic at a vector, as the user wrote them."""
        unobserved = self.model.unobserved_RVs
        graphs = self.at_distances(list(self.model.replace_rvs_by_values(unobserved)))
        values = self._function(graphs, "FAST_COMPILE")(*self.split(theta))
        names = [one.name for one in unobserved]
        return dict(zip(names, map(np.asarray, values), strict=True))


@dataclass(frozen=True, eq=False)
class Evaluator:
    """Call it for value, slope and weights at a flat vector."""

    kinked: KinkedModel
    function: Any
    is_kinked: Bools

    def __call__(self, theta: Floats) -> tuple[float, Floats, Floats]:
        """Evaluate the compiled function."""
        value, slope, *weights = self.function(*self.kinked.split(theta))
        every = np.zeros(len(theta))
        if weights:
            every[self.is_kinked] = np.concatenate(weights)
        return float(value), np.asarray(slope, dtype=float), every


def _kinks(model: pm.Model) -> Iterator[Kink]:
    """Laplace variables, and those of ours whose penalty has an l1 part."""
    for variable in model.free_RVs:
        value, op = model.rvs_to_values[variable], variable.owner.op
        ours = getattr(variable.tag, L1_WEIGHT, None)
        if ours is None and not isinstance(op, LaplaceRV):
            continue
        if model.rvs_to_transforms[variable] is not None:
            raise PriormapError(
                f"{variable.name!r} is Laplace with a transform, which moves its kink; give it "
                "none, and apply the function to a Laplace variable in pm.Deterministic"
            )
        if isinstance(op, LaplaceRV):
            centre, scale = model.replace_rvs_by_values(list(op.dist_params(variable.owner)))
            weight, smooth = 1 / scale, -pt.log(2 * scale)
        else:
            (weight,) = model.replace_rvs_by_values([pt.as_tensor(ours)])
            (log_density,) = model.logp(vars=[variable], jacobian=False, sum=False)
            centre, smooth = pt.constant(0.0), log_density + weight * pt.abs(value)
        is_zero = isinstance(centre, Constant) and not np.any(centre.data)
        distance = value if is_zero else value.type(name=f"{value.name}_distance")
        yield Kink(variable.name, value, distance, centre, weight, smooth)
