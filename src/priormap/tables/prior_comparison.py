"""`compare_priors`: which of several beliefs predicts these data, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from priormap.arrays import Floats, Indices
from priormap.checks import checked_count, checked_seed, positive_number
from priormap.criteria.bridge_sampling import Evidence, bridge_sampling
from priormap.criteria.criterion import Folds
from priormap.criteria.cross_validation import split
from priormap.criteria.gaussian_curves import GaussianCurves
from priormap.criteria.held_out import HeldOut, held_out, left_out
from priormap.criteria.leave_one_out import BAD_KHAT, MOST_ROWS, row_densities, some_rows
from priormap.criteria.posterior_runs import mode_beside, sample_quietly
from priormap.criteria.scale_family import ScaleFamily
from priormap.criteria.stacking import stacking_weights
from priormap.data.regression import Regression
from priormap.display import cells
from priormap.display.blocks import Block, Cell, Items, Paragraph, Table
from priormap.display.progress import progress
from priormap.display.text import Described
from priormap.errors import PriormapError
from priormap.model.model import Model
from priormap.priors import Prior
from priormap.tables.named_priors import check_priors, listed
from priormap.tables.posterior_contrast import rope_half_width

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


_MOST_REFITS = 20  # rows of one prior that are left out exactly
SMALL = 4.0  # a difference of log densities below which its own error cannot be trusted
CLEAR = 2.0  # standard errors
_COLUMNS = {  # what a reader sees of the table
    "elpd": "elpd",
    "difference": "elpd_diff",
    "error": "diff_se",
    "weight": "weight",
    "log evidence": "log_evidence",
    "parameters": "parameters",
    "rmse mean": "rmse_mean",
    "rmse mode": "rmse_mode",
    "coverage": "coverage",
    "width": "width",
    "CRPS": "crps",
    "relevant": "relevant",
    "zeros": "zeros",
}
_IN_UNITS_OF_Y = ("rmse_mean", "rmse_mode", "width", "crps")
_SPARE = ("width", "CRPS", "relevant", "parameters", "zeros")


@dataclass(frozen=True, eq=False, repr=False)
class PriorComparison(Described):
    """What several priors predict of the same data, the best first.

    Attributes
    ----------
    table : DataFrame
        One row per prior, by ``elpd``: the leave-one-out log predictive density, a sum over
        rows, and its standard error ``elpd_se``; ``elpd_diff``, that less the best one, and
        the standard error ``diff_se`` of the difference; ``weight``, the stacking weight;
        ``parameters``, the effective number of them; ``khat``, the largest of the importance
        weights (NaN where leave-one-out is exact), and ``refits``, how many rows were left out
        exactly; ``log_evidence`` and its error ``log_evidence_se``.

        Of held-out folds: ``rmse_mean`` and ``rmse_mode``, root mean squared errors of posterior
        mean and mode; ``coverage`` and mean ``width`` of the central predictive interval;
        ``crps``. Of the whole data: ``relevant``, the expected number of coefficients outside
        their region of practical equivalence; ``zeros`` of the mode; ``seconds`` of sampling.
    densities : DataFrame
        Log density of each row given all others, one column per prior.
    posteriors : mapping of str to DataTree
    priors : mapping of str to Prior
    notes : tuple of str
        What is not defined, approximate or not to be trusted.
    random_seed : int
        Repeats the run.
    data : Regression

    Examples
    --------
    >>> import numpy as np
    >>> from priormap import Gaussian, Regression, compare_priors
    >>> X = np.random.default_rng(0).normal(size=(60, 2))
    >>> pair = {"wide": Gaussian(1.0), "narrow": Gaussian(0.01)}
    >>> found = compare_priors(Regression(X, X[:, 0], sigma=1.0), pair, random_seed=0)
    >>> found.sentence.split(":")[0]
    'wide predicts a row that was left out best'
    """

    table: pd.DataFrame
    densities: pd.DataFrame
    posteriors: Mapping[str, xr.DataTree]
    priors: Mapping[str, Prior]
    notes: tuple[str, ...]
    random_seed: int
    data: Regression = field(repr=False)

    @property
    def sentence(self) -> str:
        """What these data say of the priors, to be quoted."""
        best, *others = map(str, self.table.index)
        if not others:
            return f"One prior was given, {best}, so there is nothing to tell apart."
        alike = [name for name in others if not self._is_worse(name)]
        worse = [name for name in others if self._is_worse(name)]
        if not worse:
            return (
                f"These data do not tell the priors apart: {best} predicts a row that was left "
                f"out best, and {listed([self._said(name) for name in alike])}."
            )
        told = listed([self._said(name) for name in worse])
        if not alike:
            return f"{best} predicts a row that was left out best: {told}."
        return f"{listed([best, *alike])} are not told apart; of the others {told}."

    @property
    def is_decided(self) -> bool:
        """Whether some prior predicts clearly worse than the best one."""
        return any(self._is_worse(str(name)) for name in self.table.index)

    def _is_worse(self, name: str) -> bool:
        row = self.table.loc[name]
        return bool(-row["elpd_diff"] > max(SMALL, CLEAR * row["diff_se"]))

    def _said(self, name: str) -> str:
        row = self.table.loc[name]
        return (
            f"{name} has {-row['elpd_diff']:.1f} less log density (standard error "
            f"{row['diff_se']:.1f})"
        )

    def __repr__(self) -> str:
        shown = self.table[["elpd", "elpd_diff", "diff_se", "weight", "log_evidence"]]
        return "\n".join([self.sentence, shown.to_string(float_format="{:.4g}".format)])

    def blocks(self) -> tuple[Block, ...]:
        """The sentence, one row per prior, and the notes."""
        rows = tuple(_cells(str(name), row) for name, row in self.table.iterrows())
        return (
            Paragraph(self.sentence),
            Table(("prior", *_COLUMNS), rows, spare=_SPARE),
            Items(self.notes),
        )

    def to_dict(self) -> dict[str, Any]:
        """Table, densities, and what repeats them."""
        return {
            "sentence": self.sentence,
            "random_seed": self.random_seed,
            "notes": list(self.notes),
            "priors": self.table.reset_index().to_dict(orient="records"),
            "densities": self.densities.to_dict(orient="list"),
        }


def _cells(name: str, row: pd.Series[Any]) -> tuple[Cell, ...]:
    digits = {key: int(2 - np.floor(np.log10(row["rmse_mean"] or 1.0))) for key in _IN_UNITS_OF_Y}
    decimals = {"weight": 2, "coverage": 2, "zeros": 0} | {k: max(d, 0) for k, d in digits.items()}
    return (
        cells.text(name),
        *(cells.fixed(row[key], decimals.get(key, 1)) for key in _COLUMNS.values()),
    )


def compare_priors(
    data: Regression,
    priors: Mapping[str, Prior],
    *,
    folds: Folds = 5,
    draws: int = 1000,
    chains: int = 4,
    rope: float = 0.1,
    prob: float = 0.9,
    random_seed: int | None = None,
    progressbar: bool | None = None,
) -> PriorComparison:
    r"""Compare priors by what they predict, how calibrated that is, and by their evidence.

    Leave-one-out, ``sum_i log p(y_i | y_-i)``, is exact under a Gaussian prior of known scale
    and by Pareto-smoothed importance sampling under the others; where a k-hat exceeds 0.7 the
    row is left out exactly, up to 20 rows of a prior. Of more than 2,000 rows so many are left
    out, drawn at random.

    The evidence, ``log p(y)`` with a flat intercept, is exact under a Gaussian prior and by
    bridge sampling under the others. It judges the prior at its scale: another scale of the same
    family may have another order, see `choose_scale`.

    Parameters
    ----------
    data : Regression
    priors : mapping of str to Prior
        Of known or learnt scale.
    folds : int or list of (train, test)
        Held-out folds, as in `choose_scale`.
    draws, chains : int
        Of each posterior.
    rope : float
        Half-width of the region of practical equivalence, in sd(y) per sd(x).
    prob : float
        Mass of the predictive interval.
    random_seed : int, optional
    progressbar : bool, optional
        Default: on a terminal only.

    Returns
    -------
    PriorComparison

    Raises
    ------
    PriormapError
        If an argument is bad or a posterior is improper.

    References
    ----------
    Vehtari, Gelman and Gabry (2017), "Practical Bayesian model evaluation using leave-one-out
    cross-validation and WAIC", Statistics and Computing 27; Yao, Vehtari, Simpson and Gelman
    (2018), "Using stacking to average Bayesian predictive distributions", Bayesian Analysis
    13(3); Sivula, Magnusson, Matamoros and Vehtari (2020), "Uncertainty in Bayesian
    leave-one-out cross-validation based model comparison", arXiv:2008.10296, for the rule that
    differences below 4 are small; Gneiting and Raftery (2007), "Strictly proper scoring rules,
    prediction, and estimation", JASA 102(477), for the CRPS.

    Examples
    --------
    >>> import numpy as np
    >>> from priormap import Gaussian, Laplace, Regression, compare_priors
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(60, 5))
    >>> data = Regression(X, X @ [2.0, 0, 0, 0, 0] + rng.normal(size=60), sigma=1.0)
    >>> pair = {"wide": Gaussian(1.0), "narrow": Gaussian(0.01)}
    >>> found = compare_priors(data, pair, random_seed=0)
    >>> found.table.index.tolist(), found.table["weight"].round(1).tolist()
    (['wide', 'narrow'], [1.0, 0.0])
    """
    check_priors(data, priors)
    draws, chains = checked_count("draws", draws), checked_count("chains", chains)
    rope = positive_number("rope", rope)
    if not 0 < positive_number("prob", prob) < 1:
        raise PriormapError(f"prob must lie between 0 and 1, got {prob!r}")
    entropy = checked_seed(random_seed)
    seeds = np.random.SeedSequence(entropy).spawn(len(priors) + 1)
    rng = np.random.default_rng(seeds.pop())
    study = _Study(
        data, split(data, folds, rng), some_rows(data.n_rows, MOST_ROWS, rng), draws, chains, prob
    )
    judged: dict[str, _Judged] = {}
    with progress(progressbar, len(priors), "Comparing") as done:
        for (name, prior), seed in zip(priors.items(), seeds, strict=True):
            judged[name] = study.judge(Model(data, prior), seed)
            if done is not None:
                done(len(judged))
    return _compared(study, judged, rope, entropy)


class _Judged(NamedTuple):
    """One prior: its draws and what they predict."""

    model: Model
    tree: xr.DataTree
    left_out: Floats
    parameters: float
    khat: float
    refits: int
    evidence: Evidence
    held: HeldOut
    notes: list[str]


@dataclass(frozen=True)
class _Study:
    """What every prior is asked: the same rows and folds."""

    data: Regression
    pairs: list[tuple[Indices, Indices]]
    rows: Indices
    draws: int
    chains: int
    prob: float

    def judge(self, model: Model, seed: np.random.SeedSequence) -> _Judged:
        """Draw the posterior and everything that is asked of it."""
        own, folds, bridge, refits = seed.spawn(4)
        state = int(own.generate_state(1)[0])
        tree, said = sample_quietly(self.data, model.prior, self.draws, self.chains, state)
        notes = [said] if said else []
        found = row_densities(self.data, tree, self.rows)
        densities, khat, n_refits = found.left_out.copy(), np.nan, 0
        if _has_closed_form(model):
            densities = _exact_densities(model, self.rows)
        else:
            khat = float(found.khat.max())
            bad = np.flatnonzero(found.khat > BAD_KHAT)
            worst = bad[np.argsort(-found.khat[bad])][:_MOST_REFITS]
            n_refits = len(worst)
            for k, one in zip(worst, refits.spawn(n_refits), strict=True):
                densities[k] = left_out(model, int(self.rows[k]), self.draws, self.chains, one)
            notes += _about_khats(len(bad), n_refits)
        evidence = _evidence(model, tree, bridge)
        if evidence.why_not:
            notes.append(f"log evidence: not given, because {evidence.why_not}")
        held = held_out(model, self.pairs, self.draws, self.chains, self.prob, folds)
        scale = self.data.n_rows / len(self.rows)
        parameters = scale * float((found.fitted - densities).sum())
        return _Judged(model, tree, densities, parameters, khat, n_refits, evidence, held, notes)


def _about_khats(bad: int, refits: int) -> list[str]:
    if not bad:
        return []
    rows = "1 row" if bad == 1 else f"{bad} rows"
    if refits == bad:
        return [f"leave-one-out: {rows} with a k-hat above {BAD_KHAT} left out exactly"]
    return [
        f"leave-one-out: {rows} with a k-hat above {BAD_KHAT}, of which the worst {refits} were "
        "left out exactly; do not trust the others"
    ]


def _has_closed_form(model: Model) -> bool:
    """Whether leave-one-out has one: a Gaussian prior, known everywhere."""
    is_known = model.prior.is_normal and model.prior.hyperprior is None
    return is_known and not bool(model.is_flat.any()) and bool(model.columns.x_norm.all())


def _exact_densities(model: Model, rows: Indices) -> Floats:
    family = ScaleFamily.of(model.data, model.prior)
    scale = 1.0 if model.prior.has_vector else float(model.prior.scale)
    return GaussianCurves.of(family).loo_densities(np.array([scale]), rows)[:, 0]


def _evidence(model: Model, tree: xr.DataTree, seed: np.random.SeedSequence) -> Evidence:
    if model.is_flat.any():
        flat = "a flat prior is improper: it gives the data no probability"
        return Evidence(np.nan, np.nan, flat)
    if not model.prior.is_continuous:
        return Evidence(np.nan, np.nan, "draws with exact zeros have no joint density to bridge")
    if "log_evidence" in tree.attrs:
        return Evidence(tree.attrs["log_evidence"], tree.attrs["log_evidence_error"])
    return bridge_sampling(model, tree, seed)


def _compared(
    study: _Study, judged: Mapping[str, _Judged], rope: float, seed: int
) -> PriorComparison:
    import pandas as pd

    n, m = study.data.n_rows, len(study.rows)
    densities = np.stack([one.left_out for one in judged.values()], axis=1)
    elpd = n * densities.mean(axis=0)
    differences = densities - densities[:, [int(np.argmax(elpd))]]
    spread = n / np.sqrt(m)
    frame = {
        "family": [one.model.prior.label for one in judged.values()],
        "elpd": elpd,
        "elpd_se": spread * densities.std(axis=0, ddof=1),
        "elpd_diff": n * differences.mean(axis=0),
        "diff_se": spread * differences.std(axis=0, ddof=1),
        "weight": stacking_weights(densities),
        "parameters": [one.parameters for one in judged.values()],
        "khat": [one.khat for one in judged.values()],
        "refits": [one.refits for one in judged.values()],
        "log_evidence": [one.evidence.value for one in judged.values()],
        "log_evidence_se": [one.evidence.error for one in judged.values()],
    }
    rows = [_of_one(study, one, rope) for one in judged.values()]
    frame |= {key: [row[key] for row in rows] for key in rows[0]}
    table = pd.DataFrame(frame, index=pd.Index(list(judged), name="prior"))
    notes = [f"{name}: {note}" for name, one in judged.items() for note in one.notes]
    if m < n:
        notes.append(f"leave-one-out: estimated from {m} of the {n} rows, drawn at random")
    return PriorComparison(
        table.sort_values("elpd", ascending=False, kind="stable"),
        pd.DataFrame(densities, columns=list(judged), index=pd.Index(study.rows, name="obs_id")),
        {name: one.tree for name, one in judged.items()},
        {name: one.model.prior for name, one in judged.items()},
        tuple(notes),
        seed,
        study.data,
    )


def _of_one(study: _Study, one: _Judged, rope: float) -> dict[str, float]:
    """What held-out folds and the whole posterior say of one prior."""
    tail = 0.5 * (1 - study.prob)
    size = np.abs(one.tree["posterior"]["coef"].to_numpy())
    zeros = np.nan
    if not one.model.prior.no_mode:
        zeros = float((mode_beside(study.data, one.model.prior, one.tree).coef == 0).sum())
    return {
        "rmse_mean": float(np.sqrt(one.held.error_mean.mean())),
        "rmse_mode": float(np.sqrt(one.held.error_mode.mean())),
        "coverage": float(((one.held.below >= tail) & (one.held.below <= 1 - tail)).mean()),
        "width": float(one.held.width.mean()),
        "crps": float(one.held.crps.mean()),
        "relevant": float((size > rope_half_width(study.data, rope)).mean(axis=(0, 1)).sum()),
        "zeros": zeros,
        "seconds": float(one.tree.attrs["sampling_time"]),
    }


def compare_table(found: PriorComparison) -> pd.DataFrame:
    """Numbers of `plot_compare`.

    Parameters
    ----------
    found : PriorComparison
        What `compare_priors` returned.

    Returns
    -------
    DataFrame
        One row per prior, the best first: ``prior``, ``family``, ``difference`` of leave-one-out
        log density to the best one, its interval of two standard errors from ``low`` to ``high``,
        and the stacking ``weight``.

    Examples
    --------
    >>> import numpy as np
    >>> from priormap import Gaussian, Regression, compare_priors
    >>> X = np.random.default_rng(0).normal(size=(60, 2))
    >>> pair = {"wide": Gaussian(1.0), "narrow": Gaussian(0.01)}
    >>> found = compare_priors(Regression(X, X[:, 0], sigma=1.0), pair, random_seed=0)
    >>> compare_table(found)["prior"].tolist()
    ['wide', 'narrow']
    """
    if not isinstance(found, PriorComparison):
        raise PriormapError(
            f"found must be what compare_priors(data, priors) returned, got {type(found).__name__}"
        )
    rows = found.table.reset_index()
    difference, reach = rows["elpd_diff"], CLEAR * rows["diff_se"]
    limits = {"difference": difference, "low": difference - reach, "high": difference + reach}
    return rows[["prior", "family"]].assign(**limits, weight=rows["weight"])
