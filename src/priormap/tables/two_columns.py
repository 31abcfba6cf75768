"""The regression on two columns alone, where a picture of two coefficients is the whole story."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.optimize import brentq

from priormap.arrays import Floats
from priormap.checks import short
from priormap.data.regression import Regression, check_data
from priormap.errors import Phrase, PriormapError
from priormap.mode import MapEstimate, find_map
from priormap.model.least_squares import least_squares
from priormap.model.model import Model
from priormap.posterior.plane_posterior import PlanePosterior
from priormap.priors import Gaussian, Laplace, Prior, penalty_parts
from priormap.tables.named_priors import priors_by_name

_EXACT_FIT = 1e-22  # residual sum of squares over that of y: a fit to eleven digits
_LEAST, _FACTORS = 1e-6, 400  # multiples of the scales among which a zero is looked for
_SINGULAR = 1e-7  # Cholesky pivot of a correlation matrix that rounding may have left


@dataclass(frozen=True, eq=False)
class TwoColumns:
    """A mode of the regression on two columns and the intercept, in the units of a figure.

    These are the units in which the prior speaks: effects (coefficient times sd of its column)
    where the regression is standardised, coefficients otherwise. A prior with one scale for
    both columns then is a square or a circle.

    Attributes
    ----------
    fit : MapEstimate
    """

    fit: MapEstimate

    @cached_property
    def unit(self) -> Floats:
        """What a coefficient is multiplied by to be drawn, shape (2,)."""
        data = self.fit.data
        return data.column_sd if data.standardize else np.ones(2)

    @property
    def mode(self) -> Floats:
        """The mode, shape (2,)."""
        return self.fit.coef * self.unit

    @cached_property
    def gram(self) -> Floats:
        """Second derivatives of the loss ``|y - X b|**2 / 2``, shape (2, 2)."""
        columns = self.fit.data.unit
        length = columns.x_norm / self.unit
        return np.asarray(columns.gram * length[:, None] * length)

    @cached_property
    def free(self) -> Floats:
        """Least squares, shape (2,)."""
        columns = self.fit.data.unit
        scaled = np.linalg.solve(columns.gram, columns.xty) * columns.y_norm
        return np.asarray(scaled / columns.x_norm * self.unit)

    @property
    def l1(self) -> Floats:
        """Weight of ``|b|`` in the penalty."""
        return self.fit.penalty.l1 / self.unit

    @property
    def l2(self) -> Floats:
        """Weight of ``b**2 / 2`` in the penalty."""
        return self.fit.penalty.l2 / self.unit**2

    @cached_property
    def root(self) -> Floats:
        """Matrix R with ``R R'`` the covariance of the likelihood."""
        return np.asarray(self.fit.sigma * np.linalg.cholesky(np.linalg.inv(self.gram)))

    @cached_property
    def posterior(self) -> PlanePosterior:
        """Exact posterior of the two."""
        variance = self.fit.sigma**2
        return PlanePosterior(
            precision=(self.gram + np.diag(self.l2)) / variance,
            linear=self.gram @ self.free / variance,
            rate=self.l1 / variance,
            mode=self.mode,
        )

    @property
    def nearest_zero(self) -> float:
        """How many times as far from least squares as the mode the nearest zero is.

        That is the size of the smallest ellipse of the loss that touches an axis, as a multiple
        of the one through the mode.
        """
        inverse = np.linalg.inv(self.gram)
        away = self.mode - self.free
        own = np.sqrt(away @ self.gram @ away)
        least = np.min(np.abs(self.free) / np.sqrt(np.diag(inverse)))
        return float(least / own) if own > 0 else np.inf

    def scale_of_a_zero(self) -> float:
        """Largest multiple of the prior's scales, up to 1, whose mode has a zero; 0 if none has."""
        pull, gram = self.gram @ self.free, self.gram
        factors = np.geomspace(1, _LEAST, _FACTORS)

        def excess(factor: float) -> float:
            """By how much the pull of the prior at zero exceeds that of the data there."""
            l1, l2 = self.l1 / factor, self.l2 / factor**2
            own = np.sign(pull) * np.maximum(np.abs(pull) - l1, 0) / (np.diag(gram) + l2)
            return float(np.max(l1 - np.abs(pull - gram[0, 1] * own[::-1])))

        found = np.array([excess(factor) for factor in factors]) >= 0
        first = int(np.argmax(found))
        if not found.any() or not self.l1.any():
            return 0.0
        return float(brentq(excess, factors[first], factors[first - 1])) if first else 1.0


def schematic() -> tuple[Regression, dict[str, Prior]]:
    """Two columns and priors whose least squares and modes are whole numbers or halves.

    Least squares is (3, 1) with the second derivatives (2, 1; 1, 2); at sigma 1 the lasso's mode
    is (3/2, 0) and that of ridge (2, 1).
    """
    data = Regression([[1, 0], [0, 1], [1, 1]], [3, 1, 4], sigma=1.0, intercept=False)
    return data, {"lasso": Laplace(0.25), "ridge": Gaussian(1.0)}


def two_columns(
    data: Regression | None,
    priors: Prior | Mapping[str, Prior] | None,
    features: tuple[str, str] | None,
) -> dict[str, TwoColumns]:
    """Solve the regression on two columns under each prior.

    Raises
    ------
    PriormapError
        If the two are not different columns that vary, are collinear, or the priors do not
        fit the data.
    """
    expressive: Mapping[str, Prior] | None = None
    if data is None:
        data, expressive = schematic()
        features = features or ("x0", "x1")
    which = chosen_pair(data, features)
    pair = _regression(data, which)
    if priors is None:
        given = dict(expressive or _expressive(pair))
    else:
        named = priors_by_name(priors, or_one=True)
        given = {name: _of_columns(name, prior, data, which) for name, prior in named.items()}
    known = {name: penalty_parts(prior, "contours of l1 and l2") for name, prior in given.items()}
    return {name: TwoColumns(find_map(pair, prior)) for name, prior in known.items()}


def chosen_pair(data: Regression, features: object = None) -> list[int]:
    """Indices of the named columns; or of two that make an expressive figure.

    These are the first column to enter the lasso path, and the strongest of those that are
    still out when it has come half of its way (the strongest of all, where none is).
    """
    check_data(data)
    live = data.unit.x_norm > 0
    if live.sum() < 2:
        raise PriormapError(
            f"a figure of two coefficients needs two columns that vary, and the data have "
            f"{int(live.sum())}; plot_path and plot_posterior_vs_map show one"
        )
    if features is not None:
        return _named_pair(data, features)
    speaks_of = data.unit.x_norm / (data.column_sd if data.standardize else 1.0)
    weight = np.where(live, speaks_of, 0.0)
    strength = np.abs(data.unit.xty) * weight
    first = int(np.argmax(strength))
    if data.unit.has_cheap_gram:
        beside = data.unit.gram[first]
    else:
        beside = (
            data.unit.columns(np.arange(data.n_features)).T
            @ data.unit.columns(np.array([first])).ravel()
        )
    left = np.abs(data.unit.xty - 0.5 * data.unit.xty[first] * beside) * weight
    others = live & (np.arange(data.n_features) != first)
    late = others & (left <= 0.5 * strength[first]) & (beside**2 < 1 - _SINGULAR**2)
    second = int(np.argmax(np.where(late if late.any() else others, strength, -1.0)))
    return [first, second]


def _named_pair(data: Regression, features: object) -> list[int]:
    if isinstance(features, str) or not isinstance(features, Iterable):
        raise PriormapError(
            f'features must be two column names, for example ("x0", "x1"), got {short(features)}'
        )
    pair, names = list(features), data.names
    if len(pair) != 2 or pair[0] == pair[1]:
        raise PriormapError(
            'features must be two different column names, for example ("x0", "x1"), got '
            f"{short(pair)}"
        )
    for name in pair:
        if name not in names:
            known = ", ".join(names[:8]) + ", ..." * (len(names) > 8)
            raise PriormapError(f"features has {name!r}, which is no column; choose from: {known}")
        if data.unit.x_norm[names.index(name)] == 0:
            raise PriormapError(
                f"features has {name!r}, a constant column, which moves nothing; name another"
            )
    return [names.index(name) for name in pair]


def _regression(data: Regression, which: list[int]) -> Regression:
    pair = data.on_columns(np.array(which))
    if pair.n_rows - data.intercept < 2 or pair.unit.smallest_pivot <= _SINGULAR:
        first, second = pair.names
        raise PriormapError(
            f"columns {first!r} and {second!r} are collinear: their loss has no ellipses; "
            "name two others in features"
        )
    return pair if data.noise.is_known else pair.with_noise(_residual_sd(pair))


def _residual_sd(pair: Regression) -> float:
    """Noise that least squares on the two columns leaves, where sigma is unknown."""
    fit = least_squares(pair)
    if fit.dof < 1 or fit.rss < _EXACT_FIT * pair.unit.y_norm**2:
        first, second = pair.names
        raise PriormapError(
            f"columns {first!r} and {second!r} fit y exactly, so that they do not "
            "tell sigma; give ",
            Phrase("Regression(..., sigma=...)", "--sigma"),
            " a number",
        )
    return fit.sd


def _of_columns(name: str, prior: object, data: Regression, which: list[int]) -> Prior:
    """Prior of the chosen columns: their entries, where it has one scale for each column."""
    if not isinstance(prior, Prior):
        raise PriormapError(f"prior {name!r} must be a prior, got {short(prior)}")
    if prior.hyperprior is not None:
        raise PriormapError(
            f"prior {name!r} learns its scale and has no one shape; fix it with ",
            Phrase("prior.with_scale(...)", "--scale NUMBER", "a number"),
        )
    model = Model(data, prior)
    penalty = model.penalty(1.0)  # refuses scales that do not match the columns
    if not (penalty.l1[which] + penalty.l2[which] > 0).all():
        raise PriormapError(f"prior {name!r} is flat and has no shape to draw; give a finite scale")
    return model.prior.on_columns(np.array(which))


def _expressive(pair: Regression) -> dict[str, Prior]:
    """Priors that halve least squares of the column that enters the lasso path first, alone."""
    sigma = pair.noise.sd
    length = pair.unit.x_norm / (pair.column_sd if pair.standardize else 1.0)
    correlation = np.abs(pair.unit.xty) * length * pair.unit.y_norm
    first = int(np.argmax(correlation))
    if correlation[first] == 0:
        raise PriormapError("y does not vary with the columns: there is nothing to shrink")
    return {
        "lasso": Laplace(2 * sigma**2 / float(correlation[first])),
        "ridge": Gaussian(sigma / float(length[first])),
    }
