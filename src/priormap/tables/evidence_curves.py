"""`compare_evidence`: log evidence along the scale of several families, on one axis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from priormap.arrays import Floats
from priormap.checks import checked_seed, result_of
from priormap.criteria.bridged_evidence import bridged_evidence
from priormap.criteria.choosing import default_scales
from priormap.criteria.gaussian_curves import GaussianCurves
from priormap.criteria.scale_family import ScaleFamily
from priormap.data.regression import Regression, check_data
from priormap.display import cells
from priormap.display.blocks import Block, Items, Paragraph, Table
from priormap.display.progress import told_if_slow
from priormap.display.text import Described
from priormap.errors import PriormapError
from priormap.model.prior_predictive import even_factor
from priormap.posterior.sampling import checked_draws
from priormap.priors import Prior
from priormap.tables.named_priors import check_priors

if TYPE_CHECKING:
    import pandas as pd

_POINTS = 81  # of each curve
_DEEP = 12.0  # below its best, where a curve ends
_AROUND = (0.5, 1.0, 2.0)  # times a prior's own scale
_OPEN = 1.0  # difference of log evidence that is not worth more than a bare mention
_COLUMNS = ("prior", "family", "scale", "prior_sd", "r2", "log_evidence", "se")


@dataclass(frozen=True, eq=False, repr=False)
class EvidenceComparison(Described):
    """Log evidence of each family along its scale, and at the scale that its prior has.

    Attributes
    ----------
    curves : DataFrame
        Tidy: ``prior``, ``family``, ``scale``, ``prior_sd`` (of a coefficient of relative scale
        1; `Prior.spread` where there is none), ``r2`` (median of R squared before the data),
        ``log_evidence`` and its standard error ``se``.
    summary : DataFrame
        One row per prior: ``scale``, ``prior_sd``, ``r2`` and ``log_evidence`` with ``se`` at its
        own scale (NaN where its curve does not reach there); ``at_half`` and ``at_double`` of
        it; ``best_scale``, ``best_sd`` and ``best``, the largest.
    priors : mapping of str to Prior
    random_seed : int
    """

    curves: pd.DataFrame
    summary: pd.DataFrame
    priors: Mapping[str, Prior]
    random_seed: int

    @property
    def sentence(self) -> str:
        """Whether the order of the priors is that of their families, or of their scales."""
        rows = self.summary
        if len(rows) == 1:
            (name,), row = rows.index, rows.iloc[0]
            lost = row["best"] - row["log_evidence"]
            return f"{name} loses {lost:.1f} nats of log evidence to the best scale of its family."
        own, best = rows["log_evidence"].dropna().sort_values(), rows["best"].sort_values()
        said = [
            f"{what} {found.index[-1]} is ahead of {found.index[-2]} by "
            f"{found.iloc[-1] - found.iloc[-2]:.1f} nats"
            for what, found in (("at their own scales", own), ("each at its best scale", best))
            if len(found) > 1
        ]
        said[0] = said[0][0].upper() + said[0][1:]
        open_ = best.iloc[-1] - best.iloc[-2] < _OPEN
        if open_:
            said.append("the evidence does not tell these families apart, only their scales")
        return "; ".join(said) + "."

    def __repr__(self) -> str:
        return "\n".join([self.sentence, self.summary.to_string(float_format="{:.4g}".format)])

    def blocks(self) -> tuple[Block, ...]:
        """The sentence, evidence at three scales of each prior and its best."""
        header = ("prior", "scale", "at half", "log evidence", "error", "at double")
        rows = tuple(
            (
                cells.text(name),
                cells.number(row["scale"]),
                *(cells.fixed(row[key], 2) for key in ("at_half", "log_evidence")),
                cells.number(row["se"], 1),
                *(cells.fixed(row[key], 2) for key in ("at_double", "best")),
                cells.number(row["best_scale"], 3),
            )
            for name, row in self.summary.iterrows()
        )
        note = (
            "The evidence of a prior is that of its scale too: a Bayes factor at one scale of each "
            "family says as much of the scales as of the families."
        )
        return (
            Paragraph(self.sentence),
            Table((*header, "best", "at scale"), rows, spare=("error",)),
            Items((note,)),
        )

    def to_dict(self) -> dict[str, Any]:
        """Summary, curves, and what repeats them."""
        return {
            "sentence": self.sentence,
            "random_seed": self.random_seed,
            "priors": self.summary.reset_index().to_dict(orient="records"),
            "curves": self.curves.to_dict(orient="records"),
        }


def compare_evidence(
    data: Regression,
    priors: Mapping[str, Prior],
    *,
    draws: int = 1000,
    chains: int = 4,
    random_seed: int | None = None,
    progressbar: bool | None = None,
) -> EvidenceComparison:
    r"""Log evidence along the scale of each prior's family, so that no one scale decides.

    Exact under a Gaussian prior; under a spike and slab with a normal slab the sum over models;
    under the others bridged from posterior draws at a few scales, where it is within 12 nats of
    the family's best. With a flat intercept it is that of n - 1 contrasts of y.

    Parameters
    ----------
    data : Regression
    priors : mapping of str to Prior
        Proper and of known scale: each stands for its family, and is marked at its own scale.
    draws, chains : int
        Of each posterior that is drawn.
    random_seed : int, optional
    progressbar : bool, optional
        As in `choose_scale`.

    Returns
    -------
    EvidenceComparison

    Raises
    ------
    PriormapError
        If a prior is improper, learns its scale, or has no evidence that can be estimated.

    References
    ----------
    Kass and Raftery (1995), "Bayes factors", JASA 90(430), section 5.

    Examples
    --------
    >>> import numpy as np
    >>> from priormap import Gaussian, Laplace, Regression, compare_evidence
    >>> X = np.random.default_rng(0).normal(size=(60, 3))
    >>> data = Regression(X, X @ [1.0, 0.1, 0.0], sigma=1.0)
    >>> pair = {"ridge": Gaussian(1.0), "lasso": Laplace(1.0)}
    >>> found = compare_evidence(data, pair, random_seed=0)
    >>> found.summary["best_scale"].round(1).to_dict()
    {'ridge': 0.6, 'lasso': 0.4}
    """
    import pandas as pd

    check_data(data)
    check_priors(data, priors)
    draws, chains, _ = checked_draws(data, draws, chains)
    entropy = checked_seed(random_seed)
    seeds = np.random.SeedSequence(entropy).spawn(len(priors))
    curves, rows = [], {}
    for (name, prior), seed in zip(priors.items(), seeds, strict=True):
        _check_proper(name, prior)
        with told_if_slow(progressbar, f"evidence of {name}"):
            curve, row = _along_the_scale(data, prior, draws, chains, seed)
        curves.append(pd.DataFrame({"prior": name, "family": prior.label, **curve}))
        rows[name] = row
    table = pd.concat(curves, ignore_index=True)[list(_COLUMNS)]
    summary = pd.DataFrame(list(rows.values()), index=pd.Index(rows, name="prior"))
    return EvidenceComparison(table, summary, dict(priors), entropy)


def _check_proper(name: str, prior: Prior) -> None:
    if prior.is_flat.any():
        raise PriormapError(
            f"prior {name!r} is flat in some column and improper: it gives the data no "
            "probability, and its evidence is any number; give it finite scales"
        )
    if prior.hyperprior is not None:
        raise PriormapError(
            f"prior {name!r} learns its scale, which is averaged over and has no curve; give it a "
            "number"
        )


def _along_the_scale(
    data: Regression, prior: Prior, draws: int, chains: int, seed: np.random.SeedSequence
) -> tuple[dict[str, Floats], dict[str, float]]:
    """Curve of one family, and its row of the summary."""
    family = ScaleFamily.of(data, prior)
    gaussian = GaussianCurves.of(family)
    scales = default_scales(family, gaussian)
    spread = np.broadcast_to(prior.spread, np.shape(family.prior.spread))
    own = float(np.ravel(spread / family.prior.spread)[0])
    low, high = min(scales[0], own / 2), max(scales[-1], 2 * own)
    if prior.is_normal:

        def at(where: Floats) -> tuple[Floats, Floats]:
            values, error = gaussian.evidence(where)
            return values, np.full_like(values, error)

    else:
        ends = float(low), float(high)
        found = bridged_evidence(family, gaussian, ends, draws, chains, seed)
        low, high = np.exp(found.log_scales[[0, -1]])

        def at(where: Floats) -> tuple[Floats, Floats]:
            outside = (where < low * (1 - 1e-9)) | (where > high * (1 + 1e-9))
            return np.where(outside, np.nan, found.at(where)), found.error(where)

    grid = np.geomspace(low, high, 10 * _POINTS)
    values, _ = at(grid)
    kept = np.flatnonzero(values >= values.max() - _DEEP)
    grid = np.geomspace(grid[kept[0]], grid[kept[-1]], _POINTS)
    values, errors = at(grid)
    best = int(np.argmax(values))
    around, around_error = at(own * np.array(_AROUND))
    half = even_factor(data, family.prior_at(1.0))

    def r2(where: Any) -> Any:
        return 1 / (1 + (half / where) ** 2)

    curve = {"scale": grid, "prior_sd": grid * family.unit_sd, "r2": r2(grid)}
    curve |= {"log_evidence": values, "se": errors}
    row = {"scale": own, "prior_sd": own * family.unit_sd, "r2": r2(own)}
    row |= {"at_half": around[0], "log_evidence": around[1], "se": around_error[1]}
    row |= {"at_double": around[2], "best": values[best], "best_scale": grid[best]}
    return curve, row | {"best_sd": grid[best] * family.unit_sd}


def evidence_table(found: EvidenceComparison) -> pd.DataFrame:
    """Curves of `plot_evidence`.

    Parameters
    ----------
    found : EvidenceComparison
        What `compare_evidence` returned.

    Returns
    -------
    DataFrame
        As `EvidenceComparison.curves`, with ``value``, ``low`` and ``high``: log evidence less the
        largest of all, and one standard error away.
    """
    curves = check_evidence(found).curves
    value = curves["log_evidence"] - curves["log_evidence"].max()
    return curves.assign(value=value, low=value - curves["se"], high=value + curves["se"])


def check_evidence(found: object) -> EvidenceComparison:
    """Return what `compare_evidence` returned, or refuse."""
    return result_of("compare_evidence(data, priors)", "found", found, EvidenceComparison)
