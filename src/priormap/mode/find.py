"""`find_map`: a point with its certificate, and no spread; for known and unknown noise."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from priormap.arrays import Bools, Floats
from priormap.data.regression import Regression
from priormap.data.validation import as_new_rows
from priormap.display import cells
from priormap.display.blocks import Block, Items, Paragraph, Table
from priormap.display.text import Described
from priormap.errors import warn
from priormap.mode.certificate import TOLERANCE, Certificate
from priormap.mode.certify import certify
from priormap.mode.certify_rows import certify_rows
from priormap.mode.group_lasso import GroupProblem, GroupRoute
from priormap.mode.newton import RowMode, minimise_rows
from priormap.mode.solve import minimise
from priormap.mode.stationary import OtherPoint, certify_point, stationary_points
from priormap.mode.stationary_certificate import StationaryCertificate
from priormap.model import Model, Penalty, log_posterior
from priormap.model.curved_problem import CurvedProblem
from priormap.model.problem import UnitProblem
from priormap.model.row_problem import RowProblem, refuse_separation
from priormap.priors import GroupNorms, PenaltyParts, Prior, penalty_parts

if TYPE_CHECKING:
    import pandas as pd

_EXACT_FIT = 1e-22  # objective over |y|**2: a fit to eleven digits
_UNDECIDED = 1e-3  # share of the objective that rounding may hide without a warning


@dataclass(frozen=True)
class LocalMode:
    """A lower local maximum of the joint posterior density, where sigma is unknown."""

    sigma: float
    log_posterior: float


@dataclass(frozen=True, eq=False, repr=False)
class MapEstimate(Described):
    """Posterior mode of (intercept, coef), and of sigma where it is unknown.

    Attributes
    ----------
    coef : array of shape (p,)
        Coefficients in units of X; zeros are exact.
    intercept : float
        Zero if the data have no intercept.
    sigma : float
        Noise standard deviation: the known one, or that of the joint mode; 1 where the
        likelihood has none.
    certificate : Certificate or StationaryCertificate
        Proof that this is the mode; or where the penalty is not convex, that it is the highest of
        the stationary points that were found.
    other_modes : tuple of LocalMode
        Lower local maxima of the joint density (sigma unknown only), highest first.
    others : tuple of OtherPoint
        The other stationary points, where the penalty is not convex, highest first.
    data, prior
        What it is the mode of.
    """

    coef: Floats
    intercept: float
    sigma: float
    certificate: Certificate | StationaryCertificate
    data: Regression = field(repr=False)
    prior: Prior
    other_modes: tuple[LocalMode, ...] = ()
    others: tuple[OtherPoint, ...] = ()

    @cached_property
    def penalty(self) -> Penalty:
        """The penalised problem (l1, l2) that it minimises at this sigma, where it is one."""
        return Model(self.data, self.prior, True).penalty(self.sigma)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return self.data.names

    @property
    def support(self) -> Bools:
        """Which coefficients are not exactly zero."""
        return self.coef != 0

    @cached_property
    def log_posterior(self) -> float:
        """Log joint density at the mode (see `priormap.log_posterior`)."""
        sigma = self.sigma if self.data.likelihood.has_sigma else None
        return log_posterior(self.data, self.prior, self.coef, self.intercept, sigma)

    @property
    def about_other_modes(self) -> tuple[str, ...]:
        """A sentence on every lower mode of sigma, and one on other stationary points."""
        if self.others:
            return (self._about_others,)
        return tuple(
            f"There is another, lower mode at sigma = {mode.sigma:.6g} (log density "
            f"{mode.log_posterior:.6g} against {self.log_posterior:.6g})."
            for mode in self.other_modes
        )

    @property
    def _about_others(self) -> str:
        """How many there are, and how far below the highest of them is."""
        nearest, count = self.others[0], len(self.others)
        zeros = int((nearest.coef == 0).sum())
        other = "One other stationary point was found"
        if count > 1:
            other = f"{count} other stationary points were found, the highest of them"
        return (
            f"{other} {self.log_posterior - nearest.log_posterior:.3g} lower in log density, with "
            f"{zeros} of {len(self.coef)} coefficients exactly zero (see others)."
        )

    def predict(self, X: ArrayLike | pd.DataFrame | sparse.sparray) -> Floats:
        """Mean responses of new rows: ``intercept + X coef``, through the inverse link.

        Columns of a DataFrame (or a DataArray) are met by name, in whatever order they stand, and
        its factors coded as in the data; those of an array by position. A column that is missing,
        unknown or not finite is refused, and so is a level that the data have not.
        """
        rows = as_new_rows(X, self.names, self.data.coding)
        return self.data.likelihood.mean(np.asarray(self.intercept + rows @ self.coef))

    def to_frame(self) -> pd.DataFrame:
        """One row per column: its coefficient, and whether that is an exact zero."""
        import pandas as pd

        index = pd.Index(self.names, name="feature")
        return pd.DataFrame({"coef": self.coef, "is_zero": ~self.support}, index=index)

    def blocks(self) -> tuple[Block, ...]:
        """The mode and its certificate in a sentence, its coefficients, and lower modes."""
        zeros = int((~self.support).sum())
        likelihood = self.data.likelihood
        given = f"sigma = {self.sigma:.6g}" if likelihood.has_sigma else likelihood.response
        headline = (
            f"Mode under {self.prior}: {zeros} of {len(self.coef)} coefficients exactly zero, "
            f"{given}. {self.certificate}"
        )
        rows = tuple(
            (cells.text(name), cells.coefficient(value, 8))
            for name, value in zip(self.names, self.coef, strict=True)
        )
        sizes = np.abs(self.coef * self.data.unit.x_norm)  # a table shows the largest
        return (
            Paragraph(headline),
            Items((f"intercept: {self.intercept:.8g}",)),
            Table(("feature", "coef"), rows, is_facts=True, weights=tuple(sizes.tolist())),
            *([Items(self.about_other_modes)] if self.about_other_modes else []),
        )

    def to_dict(self) -> dict[str, Any]:
        """The numbers of the mode and its certificate."""
        return {
            "prior": str(self.prior),
            "sigma": self.sigma,
            "intercept": self.intercept,
            "coef": dict(zip(self.names, self.coef.tolist(), strict=True)),
            "certificate": self.certificate.to_dict(),
            "other_modes": [vars(mode) for mode in self.other_modes],
            "others": [point.to_dict() for point in self.others],
        }


def find_map(data: Regression, prior: Prior) -> MapEstimate:
    r"""Exact posterior mode of a regression under its prior, with its certificate.

    For known sigma the mode minimises

    .. math::

        \tfrac12 \lVert y - a - X b\rVert^2 + \sum_j l_{1j} |b_j|
        + \tfrac12 \sum_j l_{2j} b_j^2,
        \qquad l_{1j} = \sigma^2 / s_j, \quad l_{2j} = \sigma^2 / t_j^2 .

    For unknown sigma it is the mode of the joint density of (intercept, coef, sigma), a
    density of sigma itself: no Jacobian for a transformed parameter, so that a mode in
    log sigma would differ.

    Of a yes/no response or a count (``family=`` of the data) the loss of the rows is their
    negative log likelihood, ``l1 = 1 / s`` and ``l2 = 1 / t**2``; the certificate's gap is that of
    the loss and its conjugate.

    Where the penalty is not convex (`StudentT`, `Cauchy`, `NormalGamma` below the shape 1),
    stationary points are looked for from several starts, always the same ones (all zero, least
    squares, ridge, the rule of one dimension, lasso modes and their supports), and the highest
    is returned with the others beside it. Each is proven to be stationary, and each coefficient
    is at its best given the rest; that none elsewhere is higher is proven only where the data
    make the objective convex, and the certificate says which.

    Parameters
    ----------
    data : Regression
    prior : Gaussian, Laplace, ElasticNet, StudentT, Cauchy or NormalGamma
        Or another with penalty parts, or with the curvature of its penalty.

    Returns
    -------
    MapEstimate
        Zeros are exact zeros; the non-zero part solves the linear system of its support to
        machine precision.

    Raises
    ------
    PriormapError
        If the prior has no mode that means anything, or sigma is unknown and a perfect fit exists:
        the joint density is then unbounded. Also if columns under a flat prior separate the rows
        by their y, so that there is no finite mode; and under another family than Gaussian if the
        prior has no penalty parts.

    Warns
    -----
    PriormapWarning
        If the mode is not unique, double precision cannot decide it, or it fits y exactly.

    References
    ----------
    Tibshirani (1996), section 5; Zou and Hastie (2005), "Regularization and variable selection
    via the elastic net", JRSS B 67(2); Park and Casella (2008), eq. 1 to 5 and section 4.

    Examples
    --------
    >>> from priormap import Laplace, Regression, find_map
    >>> X = [[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]]
    >>> data = Regression(X, [3.0, 0.5, -3.0, -0.5], sigma=1.0)
    >>> fit = find_map(data, Laplace(scale=0.5))
    >>> fit.coef.tolist(), fit.support.tolist()
    ([2.0, 0.0], [True, False])
    >>> fit.certificate.is_mode
    True

    A far observation leaves a Cauchy prior two modes:

    >>> from priormap import Cauchy
    >>> fit = find_map(Regression([[1.0]], [5.0], sigma=1.0, intercept=False), Cauchy(0.1))
    >>> fit.coef.round(3), [point.coef.round(3) for point in fit.others]
    (array([4.562]), [array([0.027])])
    >>> print(fit.certificate.verdict.split(":")[0])
    This is the highest of 2 stationary points found from 8 starts

    Logistic regression, as ``LogisticRegression(C=1)`` of scikit-learn penalises it:

    >>> from priormap import Gaussian
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], ["no", "yes", "no", "yes"]
    >>> fit = find_map(Regression(X, y, family="bernoulli"), Gaussian(1.0))
    >>> fit.coef.round(4).tolist(), fit.certificate.is_mode
    ([0.4529], True)
    >>> fit.predict([[3.0]]).round(4).tolist()
    [0.6636]
    """
    model = Model(data, prior, any_likelihood=True)
    if not data.likelihood.has_moments:
        return mode_of_rows(model)[0]
    if isinstance(model.prior, GroupNorms):
        return _group_mode(model)
    if has_stationary_points(prior):
        return _highest_point(model)
    penalty_parts(prior)
    if model.noise.is_known:
        return _mode_at(model, model.noise.sd)
    from priormap.mode.joint import sigma_modes

    highest, *others = sigma_modes(model)
    fit = _mode_at(model, highest.sigma, highest.residual)
    lower = [
        LocalMode(m.sigma, float(fit.log_posterior + m.height - highest.height)) for m in others
    ]
    return replace(fit, other_modes=tuple(lower))


def mode_of_rows(model: Model, near: RowMode | None = None) -> tuple[MapEstimate, RowMode]:
    """Mode under a likelihood of which only the rows say everything, from one that is near."""
    penalty_parts(model.prior, f"mode of {model.data.likelihood.response}")
    refuse_separation(model.data, model.is_flat)
    problem = RowProblem.of(model.data, model.penalty())
    found = minimise_rows(problem, near)
    certificate = certify_rows(
        problem, found.coef, found.centre, tolerance=TOLERANCE, iterations=found.steps
    )
    _warn_of_doubt(certificate, model.data)
    user, intercept = problem.to_user(found.coef, found.centre)
    return MapEstimate(user, intercept, 1.0, certificate, model.data, model.prior), found


def has_stationary_points(prior: Prior) -> bool:
    """Whether its modes are looked for among stationary points, as its penalty has no parts."""
    return not (prior.no_mode or isinstance(prior, PenaltyParts | GroupNorms))


def _highest_point(model: Model) -> MapEstimate:
    """The highest stationary point, and the others beside it."""
    _ = model.prior.known_scale  # refuses a learnt one
    problem = CurvedProblem(model)
    search = stationary_points(problem)
    best, *rest = search.points
    certificate = certify_point(problem, best.coef, best.sigma, search, TOLERANCE, best.steps)
    highest, *others = (OtherPoint.of(problem, point) for point in (best, *rest))
    found = highest.coef, highest.intercept, highest.sigma
    return MapEstimate(*found, certificate, model.data, model.prior, others=tuple(others))


def _group_mode(model: Model) -> MapEstimate:
    """Mode under a prior on the norms of groups; the highest, where sigma has several."""
    _ = model.prior.known_scale  # refuses a learnt one
    problem, residual, others = GroupProblem(model), None, []
    if model.noise.is_known:
        sigma = model.noise.sd
    else:
        from priormap.mode.joint import sigma_modes

        highest, *others = sigma_modes(model, GroupRoute(problem))
        sigma, residual = highest.sigma, highest.residual
    lam = problem.strength(model.strengths(sigma / model.unit_y)[0])
    theta, sweeps = problem.minimise(lam)
    certificate = problem.certify(theta, lam, TOLERANCE, sweeps, residual)
    _warn_of_doubt(certificate, model.data)
    columns = model.columns
    user = columns.in_callers_units(problem.unit_coef(theta))
    intercept = float(columns.y_mean - columns.x_mean @ user)
    fit = MapEstimate(user, intercept, sigma, certificate, model.data, model.prior)
    lower = [
        LocalMode(m.sigma, float(fit.log_posterior + m.height - highest.height)) for m in others
    ]
    return replace(fit, other_modes=tuple(lower))


def _mode_at(model: Model, sigma: float, sigma_residual: float | None = None) -> MapEstimate:
    data, penalty = model.data, model.penalty(sigma)
    problem = UnitProblem.of(data, penalty)
    coef, iterations = minimise(problem)
    certificate = certify(
        problem,
        coef,
        names=data.names,
        tolerance=TOLERANCE,
        iterations=iterations,
        sigma_residual=sigma_residual,
    )
    _warn_of_doubt(certificate, data)
    user, intercept = problem.to_user(coef)
    return MapEstimate(user, intercept, sigma, certificate, data, model.prior)


def _warn_of_doubt(certificate: Certificate, data: Regression) -> None:
    if certificate.penalty_gap > certificate.tolerance:
        warn(
            "double precision cannot decide this mode: only its weak prior tells collinear columns "
            "apart; give the prior a smaller scale, or drop some of them",
        )
    elif not certificate.is_mode or certificate.resolution > _UNDECIDED:
        warn(
            "double precision cannot decide this mode: nearly collinear columns leave its "
            f"objective uncertain by a share of {certificate.resolution:.0e}; drop some of them, "
            "or centre a variable before taking powers of it",
        )
    elif not certificate.is_unique:
        warn(
            "the mode is not unique: collinear columns share a coefficient in any "
            "proportion; one of the modes is returned",
        )
    elif data.likelihood.has_sigma and certificate.objective < _EXACT_FIT * data.unit.y_norm**2:
        warn(
            "the mode fits y exactly: nothing is left from which to judge the noise",
        )
