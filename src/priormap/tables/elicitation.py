r"""Elicitation both ways: the scale from what one can say, and what a scale says.

Three statements of a prior, before y is seen: how much of y the columns explain, how many of them
matter, and how large an effect may be (a coefficient times the standard deviation of its column).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import brentq

from priormap.arrays import Floats
from priormap.checks import positive_number, share
from priormap.criteria.scale_family import PriorFamily, family_member
from priormap.data.regression import Regression, check_data
from priormap.display import cells
from priormap.display.blocks import Block, Items, Table
from priormap.display.text import Described
from priormap.errors import PriormapError
from priormap.model.model import Model
from priormap.model.prior_predictive import common_draws, even_factor, prior_r2
from priormap.model.shrinkage_factors import Relevance
from priormap.priors import PointMass, Prior
from priormap.tables.named_priors import priors_by_name

if TYPE_CHECKING:
    import pandas as pd


_LIMIT = 0.95  # of the limit on an effect
_FAR = 100.0  # in logs, on either side of where half of a coefficient is shrunk away
_SEED = 0
_HALF = 0.5


def prior_for(
    data: Regression,
    family: PriorFamily,
    *,
    r2: float | None = None,
    relevant: float | None = None,
    effect: float | None = None,
) -> Prior:
    r"""Return the prior of a family whose scale says what one believes before y is seen.

    Exactly one of three statements is given:

    `r2`
        Median of ``R^2 = var(X b) / (var(X b) + sigma^2)``, simulated with a fixed seed.
    `relevant`
        Expected number of coefficients that matter. Under a mixture of normals the effective
        number of nonzero coefficients,

        .. math:: m_\text{eff} = \sum_j (1 - \kappa_j), \qquad
            \kappa_j = \frac{1}{1 + s_j^2 v_j |x_j|^2 / \sigma^2},

        averaged over local variances, sigma and a learnt scale, with columns taken for
        orthogonal. Under a spike and slab it is the number of columns in the model, which sets
        its `inclusion`; the slab of a class or a name then lets the columns explain half of
        var(y) in the median, and that of an instance stays as it is.
    `effect`
        Limit that 95 % of each effect stay within, in units of y per standard deviation of the
        column. Where columns are not standardised, each gets its own scale.

    Parameters
    ----------
    data : Regression
        X and the noise; y matters only where the noise does.
    family : str, class or prior
        A name (``"lasso"``, ``"ridge"``, ``"horseshoe"``), a class, or a prior, whose shape,
        relative scales and hyperprior are kept.
    r2 : float, optional
        Between 0 and 1.
    relevant : float, optional
        Above 0 and below the number of columns that vary.
    effect : float, optional

    Returns
    -------
    Prior

    Raises
    ------
    PriormapError
        If not exactly one is given, it is out of range, or it means nothing for this prior.

    References
    ----------
    Piironen and Vehtari (2017), "Sparsity information and regularization in the horseshoe and
    other shrinkage priors", Electronic Journal of Statistics 11(2), eqs 3.2 and 3.9, for the
    effective number of nonzero coefficients.

    Examples
    --------
    >>> import numpy as np
    >>> from priormap import Horseshoe, Regression, prior_for
    >>> X = np.random.default_rng(0).normal(size=(100, 20))
    >>> data = Regression(X, X[:, 0], sigma=1.0, standardize=True)
    >>> prior_for(data, "lasso", effect=2.0)
    Laplace(scale=0.667616)
    >>> prior_for(data, Horseshoe, relevant=4)
    Horseshoe(global_scale=0.025)
    """
    check_data(data)
    given = {"r2": r2, "relevant": relevant, "effect": effect}
    said = {name: value for name, value in given.items() if value is not None}
    if len(said) != 1:
        got = " and ".join(said) or "none of them"
        raise PriormapError(f"say exactly one of r2, relevant and effect, got {got}")
    if not data.unit.x_norm.any():
        raise PriormapError("no column varies, so that no scale says anything of them")
    prior, hyperprior = family_member(family, "family")
    if hyperprior is not None:
        prior = prior.with_hyperprior(hyperprior)
    Model(data, prior)
    if r2 is not None:
        return _for_r2(data, prior, share("r2", r2))
    if relevant is not None:
        slab = family if isinstance(family, Prior) else None
        return _for_relevant(data, prior, relevant, slab)
    return _for_effect(data, prior, positive_number("effect", effect))


def _stretched(prior: Prior, factor: float | Floats) -> Prior:
    """The prior with all scales times a factor; a learnt one keeps its hyperprior."""
    stretched = prior.stretched(factor)
    return stretched if prior.hyperprior is None else stretched.with_hyperprior(prior.hyperprior)


def _for_r2(data: Regression, prior: Prior, r2: float) -> Prior:
    columns = int(np.count_nonzero(data.unit.x_norm))
    if isinstance(prior, PointMass) and (1 - prior.inclusion) ** columns >= _HALF:
        raise PriormapError(
            f"with inclusion={prior.inclusion:g} most models of {columns} columns are empty, so "
            "that the median of R^2 is 0 at every scale; give a larger inclusion"
        )
    return _stretched(prior, even_factor(data, prior.stretched(1.0), prior.hyperprior, r2))


def _for_relevant(data: Regression, prior: Prior, relevant: float, given: Prior | None) -> Prior:
    found = Relevance(data, prior)
    relevant = positive_number("relevant", relevant)
    if relevant >= found.columns:
        raise PriormapError(
            f"relevant must be below {found.columns}, the number of columns that vary, "
            f"got {relevant:g}"
        )
    if isinstance(prior, PointMass):
        share_of_columns = {"inclusion": relevant / found.columns}
        if given is not None:
            return replace(given, **share_of_columns)
        prior = replace(prior, **share_of_columns)
        return _stretched(prior, even_factor(data, prior))
    low, high = found.middle - _FAR, found.middle + _FAR
    if not found.at(low) < relevant < found.at(high):
        raise PriormapError(
            f"relevant={relevant:g} is beyond what {prior!r} expects at any scale that floats "
            "hold; give another number"
        )
    log_factor = brentq(lambda at: found.at(at) - relevant, low, high, xtol=1e-12)
    return _stretched(prior, float(np.exp(log_factor)))


def _for_effect(data: Regression, prior: Prior, effect: float) -> Prior:
    limits = effect_limits(data, prior)
    varies = limits > 0
    if not varies.any():
        raise PriormapError(
            f"under {prior!r} more than {_LIMIT:.0%} of each effect are exactly zero at every "
            "scale; give a larger inclusion"
        )
    if data.standardize or prior.has_vector:
        return _stretched(prior, effect / float(limits.max()))
    factor = np.where(varies, effect / np.where(varies, limits, 1.0), 0.0)
    factor = np.where(varies, factor, factor.max())  # a constant column has no effect
    return _stretched(prior, float(factor[0]) if np.ptp(factor) == 0 else factor)


def effect_limits(data: Regression, prior: Prior) -> Floats:
    """Limit that 95 % of each effect stay within, shape (p,); zero for a constant column.

    Exact where all scales are known, else from draws with a fixed seed.
    """
    prior, sd = Model(data, prior).prior, data.column_sd
    factor, _ = common_draws(data.noise, prior, np.random.default_rng(_SEED))
    known = prior.stretched(1.0)
    if known.has_vector:
        columns = [known.on_columns(np.array([j])) for j in range(len(sd))]
    else:
        columns = [known]
    limits = np.array([_limit(one, factor) for one in columns])
    return np.where(sd > 0, limits * (1.0 if data.standardize else sd), 0.0)


def _limit(one: Prior, factor: Floats) -> float:
    """That of one coefficient, whose scale is multiplied by each factor alike."""
    if one.is_flat.any():
        return np.inf
    if np.ptp(factor) == 0:
        return float(np.ravel(one.interval(_LIMIT))[0] * factor[0])
    drawn = one.rvs((len(factor), 1), np.random.default_rng(_SEED + 1))[:, 0]
    return float(np.quantile(np.abs(factor * drawn), _LIMIT))


@dataclass(frozen=True, eq=False, repr=False)
class PriorStatements(Described):
    """What priors say before y is seen.

    Attributes
    ----------
    table : DataFrame
        One row per prior: ``family``; ``r2_median``, ``r2_low`` and ``r2_high``, median and
        central 95 % of R squared; ``relevant``, the expected number of relevant coefficients
        (see `prior_for`; NaN of a prior that is no mixture of normals), of ``columns``;
        ``effect``, the limit that 95 % of an effect per standard deviation of its column stay
        within, and ``effect_least``, that of the column with the narrowest one.
    priors : mapping of str to Prior
    """

    table: pd.DataFrame
    priors: Mapping[str, Prior]

    @property
    def sentences(self) -> Mapping[str, str]:
        """What each prior says."""
        return {str(name): _sentence(row) for name, row in self.table.iterrows()}

    def __repr__(self) -> str:
        return "\n".join(f"{name}: {said}" for name, said in self.sentences.items())

    def blocks(self) -> tuple[Block, ...]:
        """One row per prior, and what it says in a sentence."""
        rows = tuple(
            (
                cells.text(name),
                cells.fixed(row["r2_median"], 2),
                cells.text(f"{row['r2_low']:.2f} to {row['r2_high']:.2f}"),
                cells.fixed(row["relevant"], 1),
                cells.number(row["effect"], 3),
            )
            for name, row in self.table.iterrows()
        )
        header = ("prior", "R^2", "95 % between", "relevant", "95 % of effects within")
        said = tuple(f"{name}: {sentence}" for name, sentence in self.sentences.items())
        return Table(header, rows, "Before y is seen"), Items(said)

    def to_dict(self) -> dict[str, Any]:
        """The table, and what it says."""
        rows = self.table.reset_index().to_dict(orient="records")
        return {"priors": [{**row, "says": self.sentences[row["prior"]]} for row in rows]}


def prior_says(data: Regression, priors: Prior | Mapping[str, Prior]) -> PriorStatements:
    """Say what priors expect before y is seen: of R squared, of how many columns, of an effect.

    The way back from `prior_for`, whose three statements these are.

    Parameters
    ----------
    data : Regression
        X and the noise, which is drawn where it is unknown.
    priors : prior or dict of named priors

    Returns
    -------
    PriorStatements

    Raises
    ------
    PriormapError
        If the density of sigma is improper.

    Examples
    --------
    >>> import numpy as np
    >>> from priormap import Regression, prior_for, prior_says
    >>> X = np.random.default_rng(0).normal(size=(100, 20))
    >>> data = Regression(X, X[:, 0], sigma=1.0, standardize=True)
    >>> said = prior_says(data, prior_for(data, "ridge", r2=0.4))
    >>> said.table[["r2_median", "relevant", "effect"]].round(3)
              r2_median  relevant  effect
    prior
    Gaussian        0.4    15.532   0.365
    """
    import pandas as pd

    check_data(data)
    named = {
        name: Model(data, one).prior for name, one in priors_by_name(priors, or_one=True).items()
    }
    rows = [_said_of(data, prior) for prior in named.values()]
    return PriorStatements(pd.DataFrame(rows, index=pd.Index(list(named), name="prior")), named)


def _said_of(data: Regression, prior: Prior) -> dict[str, Any]:
    r2, limits = prior_r2(data, prior), effect_limits(data, prior)
    varies = limits[data.column_sd > 0]
    try:
        relevance = Relevance(data, prior).at()
    except PriormapError:
        if not data.noise.is_proper:
            raise
        relevance = np.nan  # no mixture of normals
    return {
        "family": prior.label,
        "r2_median": r2.median,
        "r2_low": r2.low,
        "r2_high": r2.high,
        "relevant": relevance,
        "columns": int(np.count_nonzero(data.unit.x_norm)),
        "effect": float(varies.max(initial=0.0)),
        "effect_least": float(varies.min(initial=np.inf)) if varies.size else 0.0,
    }


def _sentence(row: pd.Series[Any]) -> str:
    relevant = (
        f"{row['relevant']:.3g} of {row['columns']} coefficients matter"
        if np.isfinite(row["relevant"])
        else "how many coefficients matter is not defined for it"
    )
    narrow = f"{row['effect_least']:.3g} to " if row["effect_least"] < row["effect"] else ""
    return (
        f"before y is seen, R^2 is {row['r2_median']:.2f} in the median (95 % between "
        f"{row['r2_low']:.2f} and {row['r2_high']:.2f}), {relevant}, and 95 % of an effect per sd "
        f"of its column are within {narrow}{row['effect']:.3g}."
    )
