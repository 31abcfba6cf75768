"""The numbers of the shrinkage profile: how much of a coefficient a prior shrinks away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit

from priormap.arrays import Floats
from priormap.checks import positive_number
from priormap.errors import PriormapError
from priormap.model.shrinkage_factors import ShrinkageLaw, shrinkage_laws
from priormap.priors import Gaussian, Horseshoe, Laplace, Prior
from priormap.tables.named_priors import Priors, named_priors, refuse_flat

if TYPE_CHECKING:
    import pandas as pd


_REACH, _POINTS = 14.0, 1121  # of the logit of kappa
_FINE = 200.0, 80_001  # the same, for the probabilities
_FAR = 0.1  # from either end: nearly left alone, nearly shrunk away


def shrinkage_profile_table(priors: Priors | None = None, sd: float = 1.0) -> pd.DataFrame:
    r"""Density of the shrinkage factor of one coefficient, before it is observed.

    Given its local variance v a coefficient is normal, and the posterior mean of an observation z
    with noise `sd` is ``(1 - kappa) z`` with ``kappa = 1 / (1 + v / sd**2)``: 0 where it is left
    alone, 1 where it is shrunk away. What the prior believes of v is a density of kappa; under a
    horseshoe of scale `sd` it is Beta(1/2, 1/2), whose shape gives the prior its name.

    Parameters
    ----------
    priors : prior, list of priors or dict of named priors, optional
        Mixtures of normals. Default: a horseshoe of scale `sd` beside a Laplace and a Gaussian
        prior of that standard deviation.
    sd : float
        Standard deviation of the noise in an observation of the coefficient.

    Returns
    -------
    DataFrame
        Columns ``prior``, ``family``, ``kappa`` and ``density``, which is 0 where kappa is a
        number: see `shrinkage_profile_points_table`.

    Raises
    ------
    PriormapError
        If a prior is flat or no mixture of normals.

    References
    ----------
    Carvalho, Polson and Scott (2010), "The horseshoe estimator for sparse signals", Biometrika
    97(2), section 2 and figure 2.

    Examples
    --------
    >>> table = shrinkage_profile_table(Horseshoe(1.0))
    >>> middle = table.iloc[(table["kappa"] - 0.5).abs().argmin()]
    >>> round(float(middle["density"]), 4)  # 2 / pi
    0.6366
    """
    import pandas as pd

    kappa = expit(np.linspace(-_REACH, _REACH, _POINTS))
    parts = []
    for name, prior in checked_profiles(priors, sd).items():
        law, a = _law(prior, sd)
        columns = {"kappa": kappa, "density": law.density(kappa, a)}
        parts.append(pd.DataFrame({"prior": name, "family": prior.label, **columns}))
    return pd.concat(parts, ignore_index=True)


def shrinkage_profile_points_table(priors: Priors | None = None, sd: float = 1.0) -> pd.DataFrame:
    """Single values of the shrinkage factor that have a mass, and what each prior expects of it.

    Returns
    -------
    DataFrame
        Columns ``prior``, ``family``; ``point`` and its ``mass``: under a Gaussian prior kappa is
        one number, under a spike and slab it is 1 where the coefficient is exactly zero (NaN and 0
        where there is none); ``mean`` of kappa; probabilities that it is ``below`` 0.1, where a
        coefficient is nearly left alone, and ``above`` 0.9, where it is nearly shrunk away.
    """
    import pandas as pd

    rows = []
    for name, prior in checked_profiles(priors, sd).items():
        law, a = _law(prior, sd)
        points = _points(law, a)
        low, high = (_probability(law, a, end) for end in (_FAR, 1 - _FAR))
        low += sum(mass for at, mass in points if at < _FAR)
        high += sum(mass for at, mass in points if at <= 1 - _FAR)
        mean = 1 - float(law.mean_share(np.array(np.log(a))))
        for at, mass in points or [(np.nan, 0.0)]:
            rows.append((name, prior.label, at, mass, mean, low, 1 - high))
    columns = ["prior", "family", "point", "mass", "mean", "below", "above"]
    return pd.DataFrame(rows, columns=columns)


def checked_profiles(priors: Priors | None, sd: float) -> dict[str, Prior]:
    """Return the priors by name, at the noise, if each is a mixture of normals, or refuse."""
    sd = positive_number("sd", sd)
    if priors is None:
        priors = {
            "horseshoe": Horseshoe(sd),
            "lasso": Laplace(sd / np.sqrt(2.0)),
            "ridge": Gaussian(sd),
        }
    named = named_priors(priors)
    refuse_flat(named)
    for prior in named.values():
        _law(prior, sd)
    return named


def _law(prior: Prior, sd: float) -> tuple[ShrinkageLaw, float]:
    """Law of the one coefficient, and its scale over that of the noise."""
    ((law, scale),) = shrinkage_laws(prior.given_noise(sd))
    a = float(np.ravel(scale)[0]) / sd
    if not 0 < a < np.inf:
        raise PriormapError(f"sd={sd:g} is out of reach of {prior!r}; give one of its size")
    return law, a


def _points(law: ShrinkageLaw, a: float) -> list[tuple[float, float]]:
    points = []
    if (at := law.point(a)) is not None:
        points.append((at, law.inclusion))
    if law.inclusion < 1:
        points.append((1.0, 1 - law.inclusion))
    return points


def _probability(law: ShrinkageLaw, a: float, end: float) -> float:
    """Probability that kappa is below `end`, without single values."""
    if law.log_density is None:
        return 0.0
    reach, steps = _FINE
    log_odds = np.linspace(-reach, float(np.log(end / (1 - end))), int(steps))
    with np.errstate(over="ignore", invalid="ignore"):
        density: Floats = np.exp(law.log_density(-log_odds - 2 * np.log(a)))
    return law.inclusion * float(np.trapezoid(np.nan_to_num(density), log_odds))
