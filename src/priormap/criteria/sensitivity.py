"""`prior_sensitivity`: how much the answer hangs on the strength of the prior."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from priormap.arrays import Bools, Floats
from priormap.checks import Seed, as_numbers, share, short
from priormap.criteria.posterior_runs import PriorTerms, prior_terms
from priormap.criteria.power_scaling import (
    Reweighted,
    diagnosis,
    mode_slope,
    power_scaling,
    reweighted,
)
from priormap.data.regression import Regression
from priormap.display import cells
from priormap.display.blocks import Block, Paragraph, Table
from priormap.display.text import Described
from priormap.errors import PriormapError, PriormapWarning, visible
from priormap.mode import MapEstimate, find_map
from priormap.model.model import Model
from priormap.posterior import sample
from priormap.posterior.convergence import ess_of_means
from priormap.priors import Prior, penalty_parts

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


_POWERS = np.sort(np.append(np.geomspace(1 / 8, 8, 25)[np.arange(25) != 12], 1.0))
_RELIABLE = 0.7  # largest k-hat whose weights are believed


@dataclass(frozen=True, eq=False, repr=False)
class PriorSensitivity(Described):
    """What a stronger or weaker prior does to mode and posterior.

    A prior to the power a is the prior whose penalty lambda is a times as large.

    Attributes
    ----------
    coefficients : DataFrame
        One row per column: ``mode`` and ``mode_slope``, its derivative in log lambda on the
        exact path (zero for exact zeros); ``mean`` and ``mean_slope``, that of the posterior
        mean, ``-Cov(b, penalty)``, with its Monte Carlo error ``mean_slope_error``; ``prior``
        and ``likelihood``, arviz_stats' power-scaling sensitivities, and ``diagnosis``.
    powers : DataFrame
        One row per power: ``scale`` of the prior (where it has one), ``khat`` and ``ess`` of
        the weights, and whether they are ``reliable``.
    path : DataFrame
        One row per reliable power and column: ``mode``, and of the reweighted posterior
        ``mean``, its Monte Carlo error ``mean_error``, ``low`` and ``high``.
    fit : MapEstimate
        The mode; where sigma is unknown, at its posterior median.
    posterior : DataTree
        The one run behind it all.
    """

    coefficients: pd.DataFrame
    powers: pd.DataFrame
    path: pd.DataFrame
    fit: MapEstimate
    posterior: xr.DataTree = field(repr=False)

    @property
    def reach(self) -> tuple[float, float]:
        """Smallest and largest power to which the one run carries."""
        reliable = self.powers.loc[self.powers["reliable"], "power"]
        return float(reliable.min()), float(reliable.max())

    def __repr__(self) -> str:
        table = self.coefficients.to_string(index=False, float_format="{:.4g}".format)
        return visible(f"{self._headline()}\n{table}", keep="\n")

    def blocks(self) -> tuple[Block, ...]:
        """How far the one run carries, and the slopes of every coefficient."""
        texts = ("feature", "diagnosis")
        rows = tuple(
            tuple(
                (cells.text if name in texts else cells.number)(value)
                for name, value in row.items()
            )
            for row in self.coefficients.to_dict(orient="records")
        )
        header = tuple(map(str, self.coefficients.columns))
        return Paragraph(self._headline()), Table(header, rows)

    def to_dict(self) -> dict[str, Any]:
        """Slopes, weights and paths, row by row."""
        low, high = self.reach
        tables = {name: getattr(self, name) for name in ("coefficients", "powers", "path")}
        rows = {name: table.to_dict(orient="records") for name, table in tables.items()}
        return {"prior": str(self.fit.prior), "low": low, "high": high, **rows}

    def _headline(self) -> str:
        low, high = self.reach
        return (
            f"Slopes per unit of log lambda under {self.fit.prior}; these draws tell the "
            f"posterior from lambda times {low:.3g} to lambda times {high:.3g}."
        )


def prior_sensitivity(
    data: Regression,
    prior: Prior,
    powers: ArrayLike | None = None,
    *,
    prob: float = 0.95,
    draws: int = 1000,
    tune: int | None = None,
    chains: int = 4,
    method: str = "auto",
    random_seed: Seed | None = None,
) -> PriorSensitivity:
    r"""Sensitivity of mode and posterior to the strength of the prior, from one run.

    Raising the prior to a power a multiplies the penalty by a: the regularisation path *is*
    the path of a prior-sensitivity analysis. With everything at ``a = 1``

    .. math::

        \frac{d \hat b_S}{d \log\lambda} = -(X_S'X_S + L_2)^{-1} (l_{1S} \mathrm{sign}\,\hat b_S
        + L_2 \hat b_S), \qquad
        \frac{d E[b]}{d \log\lambda} = -\mathrm{Cov}(b, \mathrm{penalty}(b) \mid y),

    for the mode on its support S (its zeros stay zero), and for the posterior mean.

    Parameters
    ----------
    data : Regression
    prior : Gaussian, Laplace or ElasticNet
        With a known scale.
    powers : array of shape (k,), optional
        Factors of lambda, to which 1 is added; default: 25 from 1/8 to 8.
    prob : float
        Mass of the equal-tailed intervals.
    draws, tune, chains, method, random_seed
        As in `sample`.

    Returns
    -------
    PriorSensitivity

    Raises
    ------
    PriormapError
        If the prior is flat or its scale learnt, a power is not positive, or an argument of
        `sample` is bad.

    References
    ----------
    Kallioinen, Paananen, Buerkner and Vehtari (2024), "Detecting and diagnosing prior and
    likelihood sensitivity with power-scaling", Statistics and Computing 34, 57.

    Examples
    --------
    >>> from priormap import Laplace, Regression, prior_sensitivity
    >>> X = [[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]]
    >>> data = Regression(X, [3.0, 0.5, -3.0, -0.5], sigma=1.0)
    >>> table = prior_sensitivity(data, Laplace(scale=0.5), random_seed=1).coefficients
    >>> table[["feature", "mode", "mode_slope"]]
      feature  mode  mode_slope
    0      x0   2.0        -1.0
    1      x1   0.0         0.0
    """
    grid = _POWERS if powers is None else _checked_powers(powers)
    model = _checked(data, prior, prob)
    tree = sample(
        data,
        prior,
        draws=draws,
        tune=tune,
        chains=chains,
        method=method,
        random_seed=random_seed,
        progressbar=False,
    )
    fit = _mode(data, prior, tree)
    terms = prior_terms(model, tree)
    coef = tree["posterior"]["coef"].transpose("chain", "draw", "feature").to_numpy()
    table = _coefficients(fit, coef, terms, tree)
    ess = table.pop("ess").replace(0.0, np.nan).to_numpy()  # of draws that are all equal
    excess = coef.shape[0] * coef.shape[1] / ess
    flat = coef.reshape(-1, data.n_features)
    found = reweighted(flat, terms.exponent().ravel(), grid, prob, np.maximum(excess, 1.0))
    return PriorSensitivity(
        coefficients=table,
        powers=_powers_frame(prior, grid, found),
        path=_path_frame(fit, grid, found),
        fit=fit,
        posterior=tree,
    )


def _checked(data: Regression, prior: Prior, prob: float) -> Model:
    model, _ = Model(data, prior), penalty_parts(prior, "exact mode, and no path of modes")
    if prior.hyperprior is not None:
        raise PriormapError(
            f"the scale of {prior!r} is learnt, and its power has no one meaning; fix it with "
            "prior.with_scale(...)"
        )
    if prior.is_flat.all():
        raise PriormapError(f"{prior!r} is flat: there is no penalty to strengthen; give a scale")
    share("prob", prob)
    return model


def _checked_powers(powers: ArrayLike) -> Floats:
    values = as_numbers("powers", powers)
    if values.ndim != 1 or not values.size or not ((values > 0) & np.isfinite(values)).all():
        raise PriormapError(f"powers must be a list of positive numbers, got {short(powers)}")
    return np.unique(np.append(values, 1.0))


def _mode(data: Regression, prior: Prior, tree: xr.DataTree) -> MapEstimate:
    if data.noise.is_known:
        return find_map(data, prior)
    known = data.with_noise(float(tree["posterior"]["sigma"].median()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PriormapWarning)
        return find_map(known, prior)


def _coefficients(
    fit: MapEstimate, coef: Floats, terms: PriorTerms, tree: xr.DataTree
) -> pd.DataFrame:
    import pandas as pd

    exponent = terms.exponent()
    series = (coef - coef.mean(axis=(0, 1))) * (exponent - exponent.mean())[..., None]
    sensitivity = {group: power_scaling(tree, group) for group in ("prior", "likelihood")}
    return pd.DataFrame(
        {
            "feature": list(fit.names),
            "mode": fit.coef,
            "mode_slope": mode_slope(fit),
            "mean": coef.mean(axis=(0, 1)),
            "mean_slope": -series.mean(axis=(0, 1)),
            "mean_slope_error": _error_of_mean(series),
            **sensitivity,
            "diagnosis": [diagnosis(*pair) for pair in zip(*sensitivity.values(), strict=True)],
            "ess": ess_of_means(coef),
        }
    )


def _error_of_mean(draws: Floats) -> Floats:
    """Monte Carlo error of each mean, NaN where the draws are all equal."""
    ess = ess_of_means(draws)
    return np.asarray(draws.std(axis=(0, 1), ddof=1) / np.sqrt(np.where(ess > 0, ess, np.nan)))


def _powers_frame(prior: Prior, powers: Floats, found: Reweighted) -> pd.DataFrame:
    import pandas as pd

    parts, has_one = penalty_parts(prior), len(prior.scales) == 1 and not prior.has_vector
    scales = [parts.power_scaled(a).scale if has_one else np.nan for a in powers.tolist()]
    columns = {"power": powers, "scale": scales, "khat": found.khat, "ess": found.ess}
    return pd.DataFrame({**columns, "reliable": _reliable(powers, found.khat)})


def _reliable(powers: Floats, khat: Floats) -> Bools:
    """Powers that can be reached from 1 without crossing one that cannot."""
    good, above = khat < _RELIABLE, powers >= 1
    good[above] = np.logical_and.accumulate(good[above])
    good[~above] = np.logical_and.accumulate(good[~above][::-1])[::-1]
    return good


def _path_frame(fit: MapEstimate, powers: Floats, found: Reweighted) -> pd.DataFrame:
    import pandas as pd

    frames = []
    for k in np.flatnonzero(_reliable(powers, found.khat)):
        with warnings.catch_warnings():  # of what `fit` was warned of already
            warnings.simplefilter("ignore", PriormapWarning)
            mode = find_map(fit.data, penalty_parts(fit.prior).power_scaled(float(powers[k]))).coef
        columns = {"power": powers[k], "feature": list(fit.names), "mode": mode}
        numbers = {"mean": found.mean, "mean_error": found.error}
        numbers |= {"low": found.low, "high": found.high}
        frames.append(pd.DataFrame(columns | {name: value[k] for name, value in numbers.items()}))
    return pd.concat(frames, ignore_index=True)
