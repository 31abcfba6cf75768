"""`contrast`: the mode and its exact zeros beside the posterior, which has none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from priormap.arrays import Floats
from priormap.checks import Seed, positive_number, share
from priormap.criteria.posterior_runs import mode_beside
from priormap.criteria.resampling import ResampledModes, Resamples, resampled_modes
from priormap.criteria.scale_conflict import ScaleConflict, loud_conflicts
from priormap.data.regression import Regression
from priormap.display import cells
from priormap.display.blocks import Block, Cell, Items, Paragraph, Subheading, Table
from priormap.display.text import Described
from priormap.errors import visible
from priormap.mode import MapEstimate, map_path
from priormap.model import Model
from priormap.posterior import sample
from priormap.priors import PenaltyParts, Prior
from priormap.tables.degrees_of_freedom import posterior_degrees_of_freedom
from priormap.tables.fit_measures import (
    least_squares_size,
    mode_degrees_of_freedom,
    r_squared,
    size,
)
from priormap.tables.map_comparison import rows_of, summaries
from priormap.tables.named_priors import check_priors
from priormap.tables.resampled import resampled_blocks, resampled_columns
from priormap.tables.several_modes import about_other_modes, about_sides, shares_of_modes
from priormap.tables.sparse_summaries import decoupled_selection, savs

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


_FAILS = (
    "fails here: below 0, its R^2 says that it predicts y worse than the mean of y, because "
    "columns that stand in for each other were judged one by one or left out"
)
_HEADER = (
    *("feature", "mode", "mean", "sd", "HDI from", "to"),
    *("P(b > 0)", "P(negl.)", "SAVS", "DSS"),
)
_END = 2.7  # error of an end of a 95 % interval, over that of the mean, where it is normal
_KNOT, _MOST_KNOTS = "zero up to scale", 100  # the column, and columns of X for which it is shown


@dataclass(frozen=True, eq=False, repr=False)
class Contrast(Described):
    """Modes beside posteriors; two tables, because they have rows of different kinds.

    Attributes
    ----------
    coefficients : DataFrame
        One row per prior and column, in units of X: ``mode`` and whether it ``is_zero``;
        posterior ``mean``, ``median``, ``sd``, ``hdi_low``, ``hdi_high``; ``prob_positive``;
        ``prob_rope``, the probability of ``|coef| <= rope``; and two sparse summaries of the
        posterior, ``savs`` and ``dss``. With resamples: in which share of them the mode is not
        zero, or positive (``resampled_nonzero``, ``resampled_positive``), its quantiles
        ``resampled_low`` and ``resampled_high`` of the mass of the HDI, and ``prob_nonzero``,
        the share of the draws that are not exactly zero (1, but for a spike at zero).
    summary : DataFrame
        One row per prior. ``zeros_mode``; ``draws`` and how many of them hold an exact zero;
        ``expected_in_rope``, the posterior expectation of the number of coefficients in their
        region; ``size_mode`` and ``size_mean``, the length of mode and posterior mean over that
        of least squares (in lengths ``|x_j| b_j``; NaN where least squares is not unique);
        ``dof_mode`` and ``dof_posterior``, effective degrees of freedom; ``nonzero_*`` and
        ``r2_*`` of the sparse summaries: how many columns they keep, and their share of the
        variance of y, beside ``r2_mode`` and ``r2_mean``.
    modes : mapping of str to MapEstimate
        Of the priors that have an exact mode; `Prior.no_mode` says why another has none, and
        what the tables say of its mode is NaN.
    posteriors : mapping of str to DataTree
    data : Regression
    priors : mapping of str to Prior
        A learnt scale at its posterior median.
    resampled : mapping of str to ResampledModes
        Of the priors that have an exact mode, where resamples were asked for.
    """

    coefficients: pd.DataFrame
    summary: pd.DataFrame
    modes: Mapping[str, MapEstimate]
    posteriors: Mapping[str, xr.DataTree]
    data: Regression
    priors: Mapping[str, Prior]
    resampled: Mapping[str, ResampledModes] = field(default_factory=dict)

    def __repr__(self) -> str:
        said = [f"{name}: {sentence}" for name, sentence in self.sentences.items()]
        lower = [f"{name}: {note}" for name, some in self.other_modes.items() for note in some]
        loud = [f"{name}: {conflict}." for name, conflict in self.conflicts.items()]
        return "\n".join(map(visible, filter(None, [*said, *loud, *lower, self.sides])))

    @cached_property
    def zero_up_to(self) -> Mapping[str, Floats]:
        """Prior scale up to which the mode of each coefficient is exactly zero, by prior.

        A knot of the path, at the sigma of the mode; of a prior with several scales a multiple of
        them. Only of modes that are a lasso: under other priors no scale makes a zero, or a mode
        at each scale would have to be found.
        """
        found = {}
        for name, fit in self.modes.items():
            parts = fit.prior
            if isinstance(parts, PenaltyParts) and parts.has_l1 and not parts.has_l2:
                path = map_path(self.data.with_noise(fit.sigma), fit.prior)
                found[name] = path.zero_up_to
        return found

    @cached_property
    def conflicts(self) -> Mapping[str, ScaleConflict]:
        """Known scales that contradict the data by more than a few nats of log evidence."""
        trees = self.posteriors
        known = {n: one for n, one in self.priors.items() if "scale" not in trees[n]["posterior"]}
        return loud_conflicts(self.data, known)

    @property
    def sentences(self) -> Mapping[str, str]:
        """What the table says of each prior."""
        rows = {str(name): row for name, row in self.summary.iterrows()}
        return {name: _sentence(prior, rows[name]) for name, prior in self.priors.items()}

    @property
    def other_modes(self) -> Mapping[str, tuple[str, ...]]:
        """Sentences on lower modes of each prior that has some, with their shares of the draws."""
        return {
            name: about_other_modes(fit, self._sigma(name))
            for name, fit in self.modes.items()
            if fit.other_modes
        }

    @property
    def sides(self) -> str:
        """Which modes of sigma the priors lie near, where they differ in that; else empty."""
        if not any(fit.other_modes for fit in self.modes.values()):
            return ""
        sigma = {name: self._sigma(name) for name in self.priors}
        r2 = {str(name): float(value) for name, value in self.summary["r2_mean"].items()}
        return about_sides(self.modes, sigma, r2)

    def _sigma(self, name: str) -> Floats:
        return np.asarray(self.posteriors[name]["posterior"]["sigma"].to_numpy().ravel())

    def blocks(self) -> tuple[Block, ...]:
        """One table per prior, and what it says in a sentence."""
        sides = [Paragraph(""), Paragraph(self.sides)] if self.sides else []
        return (*(block for name in self.priors for block in self._blocks_of(name)), *sides)

    def to_dict(self) -> dict[str, Any]:
        """Summary, coefficients and sampling of every prior."""
        priors = [
            {
                **row,
                "certificate": _certificate(self, name),
                "other_modes": _lower_modes(self, name),
                "conflict": str(self.conflicts.get(name, "")),
                "sampling": dict(self.posteriors[name].attrs),
                **({"resampled": self.resampled[name].to_dict()} if name in self.resampled else {}),
                "coefficients": rows_of(self.coefficients, name).to_dict(orient="records"),
            }
            for name, row in summaries(self.summary)
        ]
        return {"priors": priors}

    def _blocks_of(self, name: str) -> tuple[Block, ...]:
        row = self.summary.loc[name]
        found = rows_of(self.coefficients, name)
        worth = effective_size(self.posteriors[name])
        rows = tuple(_cells(one, worth) for one in found.to_dict(orient="records"))
        header: tuple[str, ...] = _HEADER
        if len(rows) <= _MOST_KNOTS and name in self.zero_up_to:
            knots = (cells.number(scale, 3) for scale in self.zero_up_to[name])
            header = (*header, _KNOT)
            rows = tuple((*row, knot) for row, knot in zip(rows, knots, strict=True))
        size = np.abs(found["mean"].to_numpy() * self.data.unit.x_norm)
        kept = (found["mode"].fillna(0.0) != 0).to_numpy()  # before those whose mode is zero
        weights = tuple((size + kept * size.max()).tolist())
        mode = f"mode {row['r2_mode']:.3f}, " if name in self.modes else ""
        sparse = (
            f"R^2: {mode}posterior mean {row['r2_mean']:.3f}; sparse from "
            f"the posterior: SAVS {row['r2_savs']:.3f} with {row['nonzero_savs']} of {len(rows)} "
            f"coefficients, DSS {row['r2_dss']:.3f} with {row['nonzero_dss']}."
        )
        loud = (f"{self.conflicts[name]}.",) if name in self.conflicts else ()
        failed = [one for one in ("savs", "dss") if row[f"r2_{one}"] < 0]
        fails = tuple(f"{one.upper()} {_FAILS}" for one in failed)
        beside: tuple[Block, ...] = ()
        if "resampled_nonzero" in found:
            beside = resampled_blocks(self.resampled.get(name), found, weights)
        return (
            Subheading(str(self.priors[name])),
            Table(header, rows, spare=("sd", "DSS", _KNOT), weights=weights),
            Paragraph(f"{name}: {self.sentences[name]}"),
            Items((sparse, *fails, *loud, *self.other_modes.get(name, ()))),
            *beside,
        )


def _cells(row: Mapping[Any, Any], size: float) -> tuple[Cell, ...]:
    return (
        cells.text(row["feature"]),
        cells.coefficient(row["mode"]),
        *summary_cells(row, size),
        *(cells.probability(row[name], size) for name in ("prob_positive", "prob_rope")),
        *(cells.coefficient(row[name]) for name in ("savs", "dss")),
    )


def effective_size(tree: xr.DataTree) -> float:
    """Independent draws that the draws of a tree are worth, at the coefficient that mixes worst."""
    sizes = tree["posterior"].sizes
    return float(tree.attrs.get("min_ess_bulk", sizes["chain"] * sizes["draw"]))


def summary_cells(row: Mapping[Any, Any], size: float) -> tuple[Cell, Cell, Cell, Cell]:
    """Mean, sd and the ends of the interval, with the digits that so many draws support."""
    error = row["sd"] / np.sqrt(size) if size > 0 else np.inf
    return (
        cells.estimate(row["mean"], error),
        cells.estimate(row["sd"], error / np.sqrt(2)),
        cells.estimate(row["hdi_low"], _END * error),
        cells.estimate(row["hdi_high"], _END * error),
    )


def contrast(
    data: Regression,
    priors: Mapping[str, Prior],
    *,
    draws: int = 1000,
    tune: int | None = None,
    chains: int = 4,
    method: str = "auto",
    random_seed: Seed | None = None,
    progressbar: bool | None = None,
    rope: float = 0.1,
    hdi_prob: float = 0.95,
    resamples: Resamples | int | None = None,
) -> Contrast:
    r"""Set the mode's sparsity beside what the posterior of the same model says.

    The region of practical equivalence of a coefficient is ``|b_j| <= rope sd(y) / sd(x_j)``:
    moving x_j by one standard deviation moves y by less than `rope` of its own.

    The mode is the joint one where sigma is unknown. Where that does not exist, and where the
    prior's scale is learnt, it is the mode at the posterior median of sigma and of the scale.

    Effective degrees of freedom are ``sum_k d_k / (d_k + l2)`` for a Gaussian mode, the number
    of non-zero coefficients for a Laplace one (Zou, Hastie and Tibshirani 2007, theorem 1), the
    first sum over their columns for an elastic net. For the posterior they are
    ``tr cov(X b | sigma, scale) / sigma**2`` averaged over sigma and a learnt scale: the
    derivative in y of the posterior mean at each of them, summed, which is the trace of the hat
    matrix under a Gaussian prior and never above ``min(p, n - 1)`` with an intercept.

    Parameters
    ----------
    data : Regression
    priors : mapping of str to Gaussian, Laplace or ElasticNet
    draws, tune, chains, method, random_seed, progressbar
        As in `sample`.
    rope : float
        Half-width of the region of practical equivalence, in sd(y) per sd(x).
    hdi_prob : float
        Mass of the highest-density interval.
    resamples : Resamples or int, optional
        Sets beside the posterior what other samples of rows would have made of the mode: a
        number of resamples of rows, or `Resamples` of another kind. Each has its exact mode
        under the same prior, at the sigma of the mode of all rows, with its certificate.

    Returns
    -------
    Contrast

    Raises
    ------
    PriormapError
        If an argument is bad or a posterior is improper.

    References
    ----------
    Ray and Bhattacharya (2018), "Signal adaptive variable selector for the horseshoe prior",
    arXiv:1810.09004 (savs); Hahn and Carvalho (2015), "Decoupling shrinkage and selection in
    Bayesian linear models", JASA 110(509) (dss); Kruschke (2018), "Rejecting or accepting
    parameter values in Bayesian estimation", AMPPS 1(2), for the region; for resamples those
    of `Resamples`.

    Examples
    --------
    >>> import numpy as np
    >>> from priormap import Laplace, Regression, contrast
    >>> X = np.random.default_rng(0).normal(size=(60, 3))
    >>> data = Regression(X, X @ [1.0, 0.1, 0.0], sigma=1.0)
    >>> table = contrast(data, {"lasso": Laplace(0.1)}, random_seed=1)
    >>> table.summary[["zeros_mode", "draws", "draws_with_zero"]]
           zeros_mode  draws  draws_with_zero
    prior
    lasso           2   4000                0
    """
    import pandas as pd

    check_priors(data, priors)
    rope = positive_number("rope", rope)
    hdi_prob = share("hdi_prob", hdi_prob)
    again = Resamples.of(resamples)
    again = None if again is None else again.seeded(random_seed)
    modes, posteriors, known, resampled, frames, rows = {}, {}, {}, {}, [], {}
    options: dict[str, Any] = {
        "draws": draws,
        "tune": tune,
        "chains": chains,
        "method": method,
        "random_seed": random_seed,
        "progressbar": progressbar,
    }
    for name, prior in priors.items():
        tree = sample(data, prior, **options)
        posterior = _Posterior(Model(data, prior), tree)
        fit = None if prior.no_mode else mode_beside(data, prior, tree)
        if prior.hyperprior is not None:
            prior = prior.stretched(float(tree["posterior"]["scale"].median()))
        sparse = {
            "savs": savs(data, posterior.mean, posterior.sigma.mean()),
            "dss": decoupled_selection(data, posterior.coef, posterior.sigma),
        }
        frame = _coefficient_rows(data, fit, posterior, rope, hdi_prob, tree).assign(**sparse)
        frame.insert(0, "prior", name)
        posteriors[name], known[name] = tree, prior
        if fit is not None:
            modes[name] = fit
        if again is not None:
            if fit is not None:
                resampled[name] = resampled_modes(fit, again, progressbar)
            beside = resampled_columns(resampled.get(name), posterior.coef, hdi_prob)
            frame = frame.assign(**beside)
        frames.append(frame)
        rows[name] = _summary_row(data, prior, fit, posterior, frame, sparse)
    summary = pd.DataFrame(list(rows.values()), index=pd.Index(rows, name="prior"))
    table = pd.concat(frames, ignore_index=True)
    return Contrast(table, summary, modes, posteriors, data, known, resampled)


class _Posterior:
    """Draws as matrices, chains end to end."""

    def __init__(self, model: Model, tree: xr.DataTree) -> None:
        posterior, noise = tree["posterior"], model.noise
        self.coef: Floats = posterior["coef"].to_numpy().reshape(-1, model.columns.p)
        self.mean: Floats = self.coef.mean(axis=0)
        self.sigma: Floats = (
            np.full(len(self.coef), noise.sd)
            if noise.is_known
            else posterior["sigma"].to_numpy().ravel()
        )
        self.degrees_of_freedom = posterior_degrees_of_freedom(model, tree)


def _certificate(table: Contrast, name: str) -> str:
    if name in table.modes:
        return str(table.modes[name].certificate)
    return f"No exact mode: {table.priors[name].no_mode}."


def _lower_modes(table: Contrast, name: str) -> list[dict[str, float]]:
    """Each lower mode of one prior, and the share of the draws near it."""
    if name not in table.modes or not table.modes[name].other_modes:
        return []
    fit = table.modes[name]
    shares = shares_of_modes(fit, table._sigma(name))[1:].tolist()
    return [
        {**vars(mode), "share": share} for mode, share in zip(fit.other_modes, shares, strict=True)
    ]


def _coefficient_rows(
    data: Regression,
    fit: MapEstimate | None,
    posterior: _Posterior,
    rope: float,
    hdi_prob: float,
    tree: xr.DataTree,
) -> pd.DataFrame:
    import arviz_stats
    import pandas as pd

    interval = arviz_stats.hdi(tree["posterior"]["coef"], prob=hdi_prob).to_numpy()
    region = rope_half_width(data, rope)
    mode = np.full(data.n_features, np.nan) if fit is None else fit.coef
    return pd.DataFrame(
        {
            "feature": list(data.names),
            "mode": mode,
            "is_zero": mode == 0,
            "mean": posterior.mean,
            "median": np.median(posterior.coef, axis=0),
            "sd": posterior.coef.std(axis=0, ddof=1),
            "hdi_low": interval[..., 0].ravel(),
            "hdi_high": interval[..., 1].ravel(),
            "prob_positive": (posterior.coef > 0).mean(axis=0),
            "rope": region,
            "prob_rope": (np.abs(posterior.coef) <= region).mean(axis=0),
        }
    )


def rope_half_width(data: Regression, rope: float) -> Floats:
    """``rope sd(y) / sd(x_j)``; infinite for a constant column, which moves nothing."""
    sd = data.column_sd
    width = np.full(data.n_features, np.inf)
    return np.divide(rope * float(np.std(data.y)), sd, out=width, where=sd > 0)


def _summary_row(
    data: Regression,
    prior: Prior,
    fit: MapEstimate | None,
    posterior: _Posterior,
    frame: pd.DataFrame,
    sparse: Mapping[str, Floats],
) -> dict[str, Any]:
    size_ls, mode = least_squares_size(data), frame["mode"].to_numpy()
    row = {
        "family": prior.label,
        "sigma_mode": np.nan if fit is None else fit.sigma,
        "features": data.n_features,
        "zeros_mode": np.nan if fit is None else int(frame["is_zero"].sum()),
        "draws": len(posterior.coef),
        "draws_with_zero": int((posterior.coef == 0).any(axis=1).sum()),
        "expected_in_rope": float(frame["prob_rope"].sum()),
        "size_mode": size(data, mode) / size_ls,
        "size_mean": size(data, posterior.mean) / size_ls,
        "dof_mode": np.nan if fit is None else mode_degrees_of_freedom(fit),
        "dof_posterior": posterior.degrees_of_freedom,
    }
    row |= {f"nonzero_{name}": int((coef != 0).sum()) for name, coef in sparse.items()}
    vectors = {"mode": mode, "mean": posterior.mean, **sparse}
    return row | {f"r2_{name}": r_squared(data, coef) for name, coef in vectors.items()}


def _sentence(prior: Prior, row: pd.Series[Any]) -> str:
    """What the table says of one prior."""
    zeros = (
        f"there is no exact mode, because {prior.no_mode}"
        if prior.no_mode
        else f"the mode has {int(row['zeros_mode'])} of {row['features']} coefficients exactly zero"
    )
    of_mode = "" if prior.no_mode else f", the mode with {row['dof_mode']:.1f}"
    return (
        f"{zeros}; {row['draws_with_zero']} of {row['draws']} posterior draws hold a zero. "
        f"{row['expected_in_rope']:.1f} coefficients are expected to be negligible; the "
        f"posterior fits with {row['dof_posterior']:.1f} degrees of freedom{of_mode}."
    )
