"""`map_path`: the mode as a function of the strength of the prior."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from priormap.arrays import Floats, Indices
from priormap.checks import as_numbers, one_of
from priormap.data.regression import Regression
from priormap.display import cells
from priormap.display.blocks import Block, Paragraph, Table
from priormap.display.text import Described
from priormap.errors import Phrase, PriormapError
from priormap.mode.certificate import TOLERANCE, Certificate
from priormap.mode.certify import certify
from priormap.mode.certify_rows import certify_rows
from priormap.mode.find import LocalMode, find_map, has_stationary_points, mode_of_rows
from priormap.mode.newton import entry_strength
from priormap.mode.routes import Knots, OneSpectrum, Route, route_of
from priormap.mode.stationary_certificate import StationaryCertificate
from priormap.model import Model
from priormap.model.row_problem import RowProblem, refuse_separation
from priormap.priors import PenaltyParts, Prior, penalty_parts

if TYPE_CHECKING:
    import pandas as pd

Along: TypeAlias = Literal["scale", "power"]

_GRID, _WEAKEST = 100, 1e-3  # default grid of other likelihoods: from the entry down to this
_MOST_ROWS, _MOST_NAMES = 20, 12  # of the table that a notebook shows


@dataclass(frozen=True)
class _Axis:
    """What the numbers of a path say of its prior.

    Along ``"scale"`` both penalties fall with the scale c, l1 as ``1 / c`` and l2 as
    ``1 / c**2``; along ``"power"`` both are multiplied by it.
    """

    along: Along

    def __post_init__(self) -> None:
        one_of("along", self.along, ("scale", "power"))

    def prior_at(self, prior: Prior, value: float) -> Prior:
        """Return the prior at one number; a vector of scales is multiplied by its scale."""
        if self.along == "power":
            return penalty_parts(prior).power_scaled(value)
        return prior.with_scale(value) if np.ndim(prior.scale) == 0 else prior.stretched(value)

    def strengths(self, values: Floats) -> tuple[Floats, Floats]:
        """Multiples ``(k1, k2)`` of the penalties that the prior has at the number 1."""
        if self.along == "power":
            return values, values
        with np.errstate(over="ignore"):
            return 1 / values, (1 / values) ** 2

    def values_at(self, strengths: Floats, *, of_l1: bool) -> Floats:
        """Numbers at which l1 (or l2) has these multiples."""
        if self.along == "power":
            return strengths
        with np.errstate(divide="ignore"):
            return np.asarray(1 / (strengths if of_l1 else np.sqrt(strengths)))

    def checked(self, name: str, values: ArrayLike) -> Floats:
        """Return positive scales, or powers that are not negative, as a vector."""
        values = as_numbers(name, values)
        kind = "positive" if self.along == "scale" else "finite and not negative"
        if values.ndim != 1 or values.size == 0:
            raise PriormapError(
                f"{name} must be a vector of {kind} numbers, got an array of shape {values.shape}"
            )
        good = values > 0 if self.along == "scale" else (values >= 0) & np.isfinite(values)
        if not good.all():
            raise PriormapError(f"{name} must be {kind}, got {values[~good][0]}")
        return values


@dataclass(frozen=True, eq=False, repr=False)
class MapPath(Described):
    """Modes along the strength of the prior.

    Attributes
    ----------
    values : array of shape (k,)
        Where the path was asked for, or by default from all shrunk away to all let free: prior
        scales (multiples of the prior's own where it has one per column or two), of which
        ``inf`` is least squares; or powers of the prior, of which 0 is.
    coef : array of shape (k, p)
        Coefficients in units of X; zeros are exact.
    intercept : array of shape (k,)
    sigma : array of shape (k,)
        The known noise, or that of each joint mode.
    is_knots : bool
        Whether `values` are the knots between which the Laplace path is linear in
        ``1 / scale``, or in the power, so that `at` is exact everywhere.
    data, prior
        What it is the path of.
    along : {"scale", "power"}
        What `values` are.
    other_modes : tuple of tuple of LocalMode
        Lower modes of the joint density at each value, where sigma is unknown.
    """

    values: Floats
    coef: Floats
    intercept: Floats
    sigma: Floats
    is_knots: bool
    data: Regression
    prior: Prior
    along: Along = "scale"
    _route: Route | None = field(default=None, repr=False)
    other_modes: tuple[tuple[LocalMode, ...], ...] = ()

    @property
    def about_other_modes(self) -> tuple[str, ...]:
        """A sentence on the values at which the joint density has lower modes, if it has."""
        several = [k for k, lower in enumerate(self.other_modes) if lower]
        if not several:
            return ()
        low, high = self.values[several].min(), self.values[several].max()
        return (
            f"At {len(several)} of {len(self.values)} {self.along}s, from {low:.4g} to "
            f"{high:.4g}, the joint density has another, lower mode with another sigma; where "
            "the two change places the path jumps.",
        )

    @property
    def scales(self) -> Floats:
        """The values of a path along the scale."""
        if self.along != "scale":
            raise PriormapError(f"this path is along the {self.along} of the prior; see values")
        return self.values

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return self.data.names

    @property
    def n_nonzero(self) -> Indices:
        """Number of coefficients that are not exactly zero, for each value."""
        return np.count_nonzero(self.coef, axis=1)

    @property
    def zero_up_to(self) -> Floats:
        """Scale up to which each coefficient is exactly zero, shape (p,): a knot of the path.

        Infinite where it is zero at every scale. NaN where `values` are no knots of scales.

        Examples
        --------
        >>> from priormap import Laplace, Regression, map_path
        >>> X = [[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]]
        >>> path = map_path(Regression(X, [3.0, 0.5, -3.0, -0.5], sigma=1.0), Laplace())
        >>> path.zero_up_to.round(4).tolist()
        [0.1667, 1.0]
        """
        if not self.is_knots or self.along != "scale":
            return np.full(len(self.names), np.nan)
        live = self.coef != 0
        last = np.where(live.any(axis=0), live.argmax(axis=0) - 1, len(live) - 1)
        edges = np.append(self.values, 0.0)[last]  # -1 where it is never zero: a flat prior
        return np.asarray(np.where(live.any(axis=0), edges, np.inf))

    def at(self, value: ArrayLike) -> Floats:
        """Coefficients of the mode at any scale or power, shape ``(p,)`` or ``(m, p)``; exact."""
        axis = _Axis(self.along)
        values = axis.checked("values", np.atleast_1d(as_numbers("value", value)))
        if self._route is None:
            modes = [find_map(self.data, axis.prior_at(self.prior, float(v))) for v in values]
            coef = np.stack([fit.coef for fit in modes])
        else:
            unit = self._route.coefs(*axis.strengths(values))
            coef = self.data.unit.in_callers_units(unit)
        return coef[0] if np.ndim(value) == 0 else coef

    def certificate(self, k: int) -> Certificate | StationaryCertificate:
        """Certificate of the k-th mode of the path."""
        prior = _Axis(self.along).prior_at(self.prior, float(self.values[k]))
        if not isinstance(prior, PenaltyParts):
            return find_map(self.data, prior).certificate
        if not self.data.likelihood.has_moments:
            rows = RowProblem.of(self.data, Model(self.data, prior, True).penalty())
            centre = float(self.intercept[k] + self.coef[k] @ self.data.unit.x_mean)
            found = rows.penalised.from_user(self.coef[k])
            return certify_rows(rows, found, centre, tolerance=TOLERANCE)
        problem = Model(self.data, prior).problem(float(self.sigma[k]))
        unit = problem.from_user(self.coef[k])
        return certify(problem, unit, names=self.names, tolerance=TOLERANCE, exact=True)

    def to_frame(self) -> pd.DataFrame:
        """Scales or powers as index, one column per coefficient."""
        import pandas as pd

        index = pd.Index(self.values, name=self.along)
        return pd.DataFrame(self.coef, index=index, columns=list(self.names))

    def blocks(self) -> tuple[Block, ...]:
        """The path in a sentence, and coefficients along it, spread evenly where it is long."""
        shown = np.unique(np.linspace(0, len(self.values) - 1, _MOST_ROWS).astype(int)).tolist()
        largest = np.abs(self.coef[-1] * self.data.unit.x_norm)
        kept = np.sort(np.argsort(-largest, kind="stable")[:_MOST_NAMES]).tolist()
        rows = tuple(
            (
                cells.number(self.values[k]),
                cells.count(self.n_nonzero[k]),
                *(cells.coefficient(self.coef[k, j]) for j in kept),
            )
            for k in shown
        )
        header = (self.along, "nonzero", *(self.names[j] for j in kept))
        notes = (Paragraph(note) for note in self.about_other_modes)
        return Paragraph(repr(self)), Table(header, rows), *notes

    def to_dict(self) -> dict[str, Any]:
        """Every mode of the path."""
        return {
            "prior": self.prior.label,
            "along": self.along,
            "is_knots": self.is_knots,
            "features": list(self.names),
            "values": self.values.tolist(),
            "sigma": self.sigma.tolist(),
            "intercept": self.intercept.tolist(),
            "coef": self.coef.tolist(),
            "other_modes": [[vars(mode) for mode in lower] for lower in self.other_modes],
        }

    def __repr__(self) -> str:
        kind = "knots" if self.is_knots else f"{self.along}s"
        low, high = self.values.min(), self.values.max()
        return f"MapPath({len(self.values)} {kind} from {low:.4g} to {high:.4g}, {self.prior!r})"


def map_path(
    data: Regression,
    prior: Prior,
    scales: ArrayLike | None = None,
    *,
    along: Along = "scale",
) -> MapPath:
    r"""Modes as a function of the prior's scale or power, exact at every one.

    Under a Laplace prior the coefficients are piecewise linear in ``1 / scale``; all knots are
    found. Under a Gaussian prior one eigendecomposition serves every scale. Under an elastic
    net prior each mode is found from its neighbour. With sigma unknown each scale has its own
    joint mode; where the penalty is not convex, its own highest stationary point. Of a yes/no
    response or a count each mode starts from its neighbour, and the first of the default scales
    is that from which on all coefficients are zero, exactly.

    Parameters
    ----------
    data : Regression
    prior : Gaussian, Laplace, ElasticNet, StudentT, Cauchy or NormalGamma
        Its family, and relative scales where it has one per column; along the scale a single
        scale is replaced by those of the path.
    scales : array of shape (k,), optional
        Prior scales (multiples of the given ones where the prior has one per column or two),
        or powers. Default: every knot of the Laplace path; 100 scales between all shrunk away
        and all let free for the Gaussian one, and 100 from where all coefficients are zero to
        a thousandth of that l1 for the elastic net.
    along : {"scale", "power"}
        Scale: the l1 of a prior falls as ``1 / scale`` and its l2 as ``1 / scale**2``. Power:
        the density of the prior is taken to the power a, which multiplies l1 and l2 by a. For
        an elastic net these are two paths, and the second is that of scikit-learn's
        ``enet_path``; for the other priors one path with two names for its points.

    Returns
    -------
    MapPath

    Raises
    ------
    PriormapError
        If a scale is not positive or a power negative, or sigma is unknown (or the penalty not
        convex) and none are given.

    References
    ----------
    Osborne, Presnell and Turlach (2000); Efron, Hastie, Johnstone and Tibshirani (2004),
    "Least angle regression", Annals of Statistics 32(2), section 3.1.

    Examples
    --------
    >>> from priormap import ElasticNet, Laplace, Regression, map_path
    >>> X = [[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]]
    >>> data = Regression(X, [3.0, 0.5, -3.0, -0.5], sigma=1.0)
    >>> path = map_path(data, Laplace())
    >>> path.scales.round(4).tolist(), path.n_nonzero.tolist()
    ([0.1667, 1.0, inf], [0, 1, 2])
    >>> path.at(0.5).tolist()
    [2.0, 0.0]
    >>> map_path(data, ElasticNet(l1_scale=1.0, l2_scale=1.0), [2.0, 0.0], along="power").coef
    array([[1. , 0. ],
           [3. , 0.5]])
    """
    axis = _Axis(along)
    model = Model(data, prior, any_likelihood=True)
    grid = None if scales is None else axis.checked("scales", scales)
    if not data.likelihood.has_moments:
        return _path_of_rows(model, grid, axis)
    if has_stationary_points(prior) or prior.has_groups:
        return _path_of_points(data, prior, grid, axis)
    parts = penalty_parts(prior)
    if not model.noise.is_known:
        return _path_of_joint_modes(data, prior, grid, axis)
    weakest = 0.0 if grid is None else float(axis.strengths(grid)[0].min())
    route = route_of(model.with_prior(axis.prior_at(parts, 1.0)).problem(), weakest)
    of_l1 = not isinstance(route, OneSpectrum)
    chosen = axis.values_at(route.default_strengths(), of_l1=of_l1) if grid is None else grid
    knots = route.knots if grid is None and isinstance(route, Knots) else None
    at = axis.strengths(chosen)
    unit, violation = route.proven(*at) if knots is None else (knots, 0.0)
    if violation > TOLERANCE:
        raise PriormapError(
            f"double precision cannot decide the path of {prior!r} from {axis.along} "
            f"{chosen.min():.4g} to {chosen.max():.4g}: its optimality conditions fail by "
            f"{violation:.1e}; drop columns that the others explain, or let the prior be tighter"
        )
    columns = model.columns
    coef = columns.in_callers_units(unit)
    intercept = columns.y_mean - coef @ columns.x_mean
    sigma = np.full(len(chosen), model.noise.sd)
    return MapPath(chosen, coef, intercept, sigma, knots is not None, data, prior, along, route)


def _path_of_rows(model: Model, values: Floats | None, axis: _Axis) -> MapPath:
    """Modes under a likelihood of rows, each started from the one of fewer non-zeros before it."""
    data, prior = model.data, model.prior
    parts = penalty_parts(prior, f"mode of {data.likelihood.response}")
    if values is None:
        refuse_separation(data, model.is_flat)
        problem = RowProblem.of(data, model.with_prior(axis.prior_at(parts, 1.0)).penalty())
        l1, is_flat = problem.penalised.l1, problem.penalised.is_flat
        entry = 0.0
        if (l1[~is_flat] > 0)[data.unit.x_norm[~is_flat] > 0].all():
            entry = entry_strength(problem)
        if not entry > 0:
            raise PriormapError(
                f"{prior!r} has no scale from which on all coefficients of these data are zero; "
                "give scales=..."
            )
        values = axis.values_at(np.geomspace(entry, _WEAKEST * entry, _GRID), of_l1=True)
    strengths, _ = axis.strengths(values)
    fits, near = {}, None
    for k in np.argsort(-strengths, kind="stable"):
        at = model.with_prior(axis.prior_at(parts, float(values[k])))
        fits[k], near = mode_of_rows(at, near)
    found = [fits[k] for k in range(len(values))]
    coef = np.stack([fit.coef for fit in found])
    intercept = np.array([fit.intercept for fit in found])
    sigma = np.ones(len(values))
    return MapPath(values, coef, intercept, sigma, False, data, prior, axis.along)


def _path_of_points(data: Regression, prior: Prior, values: Floats | None, axis: _Axis) -> MapPath:
    """Mode at every scale: of a group lasso, or the highest stationary point, which may jump."""
    if axis.along == "power":
        penalty_parts(prior, "power that is a prior of its family")
    if values is None:
        raise PriormapError(
            f"the modes of {prior!r} have no knots along the scale; give scales=..."
        )
    return _path_of_fits(data, prior, values, axis)


def _path_of_joint_modes(
    data: Regression, prior: Prior, values: Floats | None, axis: _Axis
) -> MapPath:
    if values is None:
        raise PriormapError(
            f"sigma is unknown, so each prior {axis.along} has its own joint mode; ",
            Phrase("give scales=..., or fix sigma for the whole path", "give --sigma a number"),
        )
    return _path_of_fits(data, prior, values, axis)


def _path_of_fits(data: Regression, prior: Prior, values: Floats, axis: _Axis) -> MapPath:
    fits = [find_map(data, axis.prior_at(prior, float(value))) for value in values]
    return MapPath(
        values=values,
        coef=np.stack([fit.coef for fit in fits]),
        intercept=np.array([fit.intercept for fit in fits]),
        sigma=np.array([fit.sigma for fit in fits]),
        is_knots=False,
        data=data,
        prior=prior,
        along=axis.along,
        other_modes=tuple(fit.other_modes for fit in fits),
    )
