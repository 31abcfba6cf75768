"""`compare_priors`: which of several beliefs predicts these data, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from priormap.arrays import Floats, Indices
from priormap.checks import Seed, checked_count, checked_seed, positive_number, share, short
from priormap.criteria.bridge_sampling import Evidence
from priormap.criteria.criterion import Folds
from priormap.criteria.folds import split
from priormap.criteria.gaussian_curves import GaussianCurves
from priormap.criteria.held_out import Fold, HeldOut, held_out, left_out
from priormap.criteria.leave_one_out import BAD_KHAT, MOST_ROWS, row_densities, some_rows, totals
from priormap.criteria.marginal_likelihood import marginal_likelihood
from priormap.criteria.posterior_runs import mode_beside, sample_quietly
from priormap.criteria.scale_family import ScaleFamily
from priormap.criteria.stacking import stacking_weights
from priormap.data.regression import Regression
from priormap.display.progress import progress
from priormap.errors import PriormapError
from priormap.model.model import Model
from priormap.posterior.sampling import checked_draws
from priormap.priors import Prior
from priormap.tables.named_priors import check_priors
from priormap.tables.posterior_contrast import rope_half_width
from priormap.tables.prior_comparison import PriorComparison

if TYPE_CHECKING:
    import xarray as xr


def compare_priors(
    data: Regression,
    priors: Mapping[str, Prior],
    *,
    folds: Folds | None = 5,
    refits: int = 20,
    posteriors: Mapping[str, xr.DataTree] | None = None,
    draws: int = 1000,
    chains: int = 4,
    rope: float = 0.1,
    prob: float = 0.9,
    random_seed: Seed | None = None,
    progressbar: bool | None = None,
) -> PriorComparison:
    r"""Compare priors by what they predict, how calibrated that is, and by their evidence.

    Leave-one-out, ``sum_i log p(y_i | y_-i)``, is exact under a Gaussian prior of known scale
    and by Pareto-smoothed importance sampling under the others; where a k-hat exceeds 0.7 the
    row is left out exactly, up to `refits` rows of a prior. Of more than 2,000 rows so many are
    left out, drawn at random.

    The evidence, ``log p(y)`` with a flat intercept, is exact under a Gaussian prior, a sum over
    models under a spike and slab (all of at most 15 columns, else those that half of the draws
    visit, over the share that the other half gives them), and by bridge sampling under the
    others. It judges the prior at its scale: another scale of the same family may have another
    order, see `choose_scale`.

    Parameters
    ----------
    data : Regression
    priors : mapping of str to Prior
        Of known or learnt scale.
    folds : int, list of (train, test), or None
        Held-out folds, as in `choose_scale`; None for none, which leaves what they measure NaN.
    refits : int
        Most rows of a prior that are left out exactly, each by a posterior of its own.
    posteriors : mapping of str to DataTree, optional
        Draws that are there already, such as those of `contrast`; those of other priors are drawn.
    draws, chains : int
        Of each posterior.
    rope : float
        Half-width of the region of practical equivalence, in sd(y) per sd(x).
    prob : float
        Mass of the predictive interval.
    random_seed : int, SeedSequence or Generator, optional
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
    refits, drawn = checked_count("refits", refits, 0), _drawn(data, priors, posteriors)
    draws, chains, _ = checked_draws(data, draws, chains)
    rope, prob = positive_number("rope", rope), share("prob", prob)
    entropy = checked_seed(random_seed)
    seeds = np.random.SeedSequence(entropy).spawn(len(priors) + 1)
    rng = np.random.default_rng(seeds.pop())
    parts = [] if folds is None else split(data, folds, rng)
    held = [Fold.of(data, train, test) for train, test in parts]
    rows = some_rows(data.n_rows, MOST_ROWS, rng)
    study = _Study(data, held, rows, draws, chains, prob, refits)
    judged: dict[str, _Judged] = {}
    with progress(progressbar, len(priors), "Comparing") as done:
        for (name, prior), seed in zip(priors.items(), seeds, strict=True):
            judged[name] = study.judge(Model(data, prior), seed, drawn.get(name))
            if done is not None:
                done(len(judged))
    return _compared(study, judged, rope, entropy)


def _drawn(
    data: Regression, priors: Mapping[str, Prior], posteriors: object
) -> Mapping[str, xr.DataTree]:
    """Draws that are there, or refuse what are none of these priors and columns."""
    if posteriors is None:
        return {}
    if not isinstance(posteriors, Mapping):
        raise PriormapError(
            "posteriors must be a dict of draws by the names of their priors, such as "
            f"contrast(data, priors).posteriors, got {short(posteriors)}"
        )
    for name, tree in posteriors.items():
        if name not in priors:
            known = ", ".join(priors)
            raise PriormapError(f"posteriors has {short(name)}, which is none of: {known}")
        if tree["posterior"].sizes.get("feature") != data.n_features:
            raise PriormapError(
                f"posteriors[{name!r}] has other columns than the data; draw it from these data"
            )
    return posteriors


class _Judged(NamedTuple):
    """One prior: its draws and what they predict."""

    model: Model
    tree: xr.DataTree
    left_out: Floats
    parameters: float
    khat: float
    refits: int
    untrusted: int
    evidence: Evidence
    held: HeldOut | None
    notes: list[str]


@dataclass(frozen=True)
class _Study:
    """What every prior is asked: the same rows and folds."""

    data: Regression
    folds: list[Fold]
    rows: Indices
    draws: int
    chains: int
    prob: float
    most_refits: int

    def judge(
        self, model: Model, seed: np.random.SeedSequence, tree: xr.DataTree | None
    ) -> _Judged:
        """Draw the posterior, unless it is there, and everything that is asked of it."""
        own, folds, bridge, refits = seed.spawn(4)
        said = ""
        if tree is None:
            state = int(own.generate_state(1)[0])
            tree, said = sample_quietly(self.data, model.prior, self.draws, self.chains, state)
        notes = [said] if said else []
        found = row_densities(self.data, tree, self.rows)
        densities, khat, n_refits, untrusted = found.left_out.copy(), np.nan, 0, 0
        if _has_closed_form(model):
            densities = _exact_densities(model, self.rows)
        else:
            khat = float(found.khat.max())
            bad = np.flatnonzero(found.khat > BAD_KHAT)
            worst = bad[np.argsort(-found.khat[bad])][: self.most_refits]
            n_refits, untrusted = len(worst), len(bad) - len(worst)
            for k, one in zip(worst, refits.spawn(n_refits), strict=True):
                densities[k] = left_out(model, int(self.rows[k]), self.draws, self.chains, one)
            notes += _about_khats(len(bad), n_refits)
        evidence = marginal_likelihood(model, tree, bridge)
        if evidence.why_not:
            notes.append(f"log evidence: not given, because {evidence.why_not}")
        held = None
        if self.folds:
            held = held_out(model, self.folds, self.draws, self.chains, self.prob, folds)
        scale = self.data.n_rows / len(self.rows)
        parameters = scale * float((found.fitted - densities).sum())
        counts = (parameters, khat, n_refits, untrusted)
        return _Judged(model, tree, densities, *counts, evidence, held, notes)


def _about_khats(bad: int, refits: int) -> list[str]:
    if not bad:
        return []
    rows = "1 row" if bad == 1 else f"{bad} rows"
    if not refits:
        return [f"leave-one-out: {rows} with a k-hat above {BAD_KHAT}, which are not to be trusted"]
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


def _compared(
    study: _Study, judged: Mapping[str, _Judged], rope: float, seed: int
) -> PriorComparison:
    import pandas as pd

    n, m = study.data.n_rows, len(study.rows)
    densities = np.stack([one.left_out for one in judged.values()], axis=1)
    elpd, se = totals(densities, n)
    difference, difference_se = totals(densities - densities[:, [int(np.argmax(elpd))]], n)
    frame = {
        "family": [one.model.prior.label for one in judged.values()],
        "elpd": elpd,
        "elpd_se": se,
        "elpd_diff": difference,
        "diff_se": difference_se,
        "weight": stacking_weights(densities),
        "parameters": [one.parameters for one in judged.values()],
        "khat": [one.khat for one in judged.values()],
        "refits": [one.refits for one in judged.values()],
        "untrusted": [one.untrusted for one in judged.values()],
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
    size = np.abs(one.tree["posterior"]["coef"].to_numpy())
    zeros = np.nan
    if not one.model.prior.no_mode:
        zeros = float((mode_beside(study.data, one.model.prior, one.tree).coef == 0).sum())
    return {
        **_of_folds(one.held, study.prob),
        "relevant": float((size > rope_half_width(study.data, rope)).mean(axis=(0, 1)).sum()),
        "zeros": zeros,
        "seconds": float(one.tree.attrs["sampling_time"]),
    }


def _of_folds(held: HeldOut | None, prob: float) -> dict[str, float]:
    if held is None:
        return dict.fromkeys(("rmse_mean", "rmse_mode", "coverage", "width", "crps"), np.nan)
    tail = 0.5 * (1 - prob)
    return {
        "rmse_mean": float(np.sqrt(held.error_mean.mean())),
        "rmse_mode": float(np.sqrt(held.error_mode.mean())),
        "coverage": float(((held.below >= tail) & (held.below <= 1 - tail)).mean()),
        "width": float(held.width.mean()),
        "crps": float(held.crps.mean()),
    }
