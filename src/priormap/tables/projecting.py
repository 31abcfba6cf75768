"""`project`: the smallest set of columns that predicts as well as the whole posterior."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from priormap.arrays import Floats
from priormap.checks import checked_count, checked_seed, result_of
from priormap.criteria.criterion import Folds
from priormap.criteria.folds import split
from priormap.criteria.held_out import Fold, posterior_of_fold
from priormap.criteria.leave_one_out import BAD_KHAT, MOST_ROWS, some_rows, totals
from priormap.criteria.posterior_runs import end_to_end, sample_quietly
from priormap.criteria.projection import Projector, submodel_densities
from priormap.data.moments import dense
from priormap.data.regression import Regression, check_data
from priormap.display import cells
from priormap.display.blocks import Block, Items, Paragraph, Table
from priormap.display.text import Described
from priormap.errors import PriormapError
from priormap.model.model import Model
from priormap.posterior.sampling import checked_draws
from priormap.priors import Prior

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


_MOST_DRAWS = 1000  # that are projected, spread evenly over the chains
_MOST_COLUMNS = 30  # that are entered unless a number is given


@dataclass(frozen=True, eq=False, repr=False)
class Projection(Described):
    """A posterior projected onto more and more columns.

    Attributes
    ----------
    table : DataFrame
        One row per ``size``, the number of columns: the ``feature`` that enters; ``divergence``,
        the mean Kullback-Leibler divergence of the projected draws from the reference over all
        rows, in nats; ``elpd``, log predictive density of rows left out, and its standard error
        ``elpd_se``; ``elpd_diff``, that less the reference's, and ``diff_se``.
    suggested : int or None
        Smallest size whose ``elpd_diff + diff_se`` is not below zero; None where none is.
    order : tuple of str
        Columns as they enter.
    prior : Prior
        Of the reference.
    posterior : DataTree
        The reference.
    notes : tuple of str
    random_seed : int
    data : Regression
    """

    table: pd.DataFrame
    suggested: int | None
    order: tuple[str, ...]
    prior: Prior
    posterior: xr.DataTree
    notes: tuple[str, ...]
    random_seed: int
    data: Regression = field(repr=False)
    _projector: Projector = field(repr=False)

    def draws(self, size: int | None = None) -> Floats:
        """Projected draws of all coefficients, shape (draws, p); those left out are zero.

        Of the suggested size, unless another is given.
        """
        return self._projector.coef(self._size(size))

    def coef(self, size: int | None = None) -> Floats:
        """Mean of the projected draws, shape (p,), with exact zeros."""
        return np.asarray(self.draws(size).mean(axis=0))

    def _size(self, size: int | None) -> int:
        if size is None:
            if self.suggested is None:
                raise PriormapError(
                    "no size is suggested, because no submodel predicts as well as the reference; "
                    "give size=..."
                )
            return self.suggested
        return checked_count("size", size, least=0, most=self._projector.sizes - 1)

    @property
    def sentence(self) -> str:
        """What the projections say."""
        best = self.table["elpd_diff"].max()
        if self.suggested is None:
            return (
                f"No submodel of up to {len(self.order)} columns predicts as well as the whole "
                f"posterior, within one standard error: the best has {-best:.1f} less log density."
            )
        row = self.table.loc[self.suggested]
        columns = ", ".join(self.order[: self.suggested]) or "none"
        return (
            f"{self.suggested} of {self.data.n_features} columns predict as well as the whole "
            f"posterior, within one standard error (log density {row['elpd_diff']:+.1f}, standard "
            f"error {row['diff_se']:.1f}): {columns}."
        )

    def __repr__(self) -> str:
        return f"{self.sentence}\n{self.table.to_string(float_format='{:.4g}'.format)}"

    def blocks(self) -> tuple[Block, ...]:
        """The sentence, one row per size, and the coefficients of the suggested one."""
        rows = tuple(
            (
                cells.count(size),
                cells.text(row["feature"]),
                *(cells.fixed(row[key], 1) for key in ("divergence", "elpd")),
                *cells.with_error(row["elpd_diff"], row["diff_se"]),
            )
            for size, row in enumerate(self.table.to_dict(orient="records"))
        )
        header = ("size", "enters", "divergence", "elpd", "difference", "error")
        found: list[Block] = [Paragraph(self.sentence), Table(header, rows)]
        if self.suggested:
            found.append(self._coefficients(self.suggested))
        return (*found, *([Items(self.notes)] if self.notes else []))

    def _coefficients(self, size: int) -> Table:
        draws = self.draws(size)
        low, high = np.quantile(draws, (0.025, 0.975), axis=0)
        found, error = (draws.mean(axis=0), low, high), draws.std(axis=0) / np.sqrt(len(draws))
        rows = tuple(
            (
                cells.text(name),
                *(cells.estimate(values[j], error[j]) for values in found),
            )
            for name in self.order[:size]
            for j in (self.data.names.index(name),)
        )
        return Table(("feature", "mean", "95 % from", "to"), rows, "Projected coefficients")

    def to_dict(self) -> dict[str, Any]:
        """The table, the suggestion and its coefficients."""
        found: dict[str, Any] = {
            "sentence": self.sentence,
            "prior": repr(self.prior),
            "random_seed": self.random_seed,
            "suggested": self.suggested,
            "order": list(self.order),
            "notes": list(self.notes),
            "sizes": self.table.reset_index().to_dict(orient="records"),
        }
        if self.suggested is not None:
            names = zip(self.data.names, self.coef().tolist(), strict=True)
            found["coefficients"] = dict(names)
        return found


def project(
    data: Regression,
    prior: Prior,
    *,
    most: int | None = None,
    folds: Folds | None = None,
    draws: int = 1000,
    chains: int = 4,
    random_seed: int | None = None,
    posterior: xr.DataTree | None = None,
) -> Projection:
    r"""Project a posterior onto few columns, and say how few predict as well.

    The posterior under the prior is the reference. Columns enter in the order of the lasso path
    through its mean fit, which never looks at y; onto each set of them the draws are projected by
    least squares of their fits, which minimises the Kullback-Leibler divergence. A sparse answer
    for every prior, which keeps what the whole posterior knows of the noise.

    Predictive loss: the log density of rows left out less that of the reference, by the
    Pareto-smoothed weights of leave-one-out, with the one order of all rows; or with `folds` on
    held-out folds, each of which has its own reference and its own order. The suggested size is
    the smallest whose difference is within one standard error of zero.

    Parameters
    ----------
    data : Regression
    prior : Prior
    most : int, optional
        Most columns that enter; default 30.
    folds : int or list of (train, test), optional
        As in `choose_scale`; default: leave-one-out.
    draws, chains : int
        Of the reference; 1,000 of them, spread evenly, are projected.
    random_seed : int, optional
    posterior : DataTree, optional
        What `sample` returned for these data and this prior, in place of new draws.

    Returns
    -------
    Projection

    Raises
    ------
    PriormapError
        If an argument is bad or the posterior is improper.

    References
    ----------
    Piironen, Paasiniemi and Vehtari (2020), "Projective inference in high-dimensional problems:
    Prediction and feature selection", Electronic Journal of Statistics 14(1), sections 3 and 4.

    Examples
    --------
    >>> from priormap import Gaussian, Regression, project
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(100, 6))
    >>> data = Regression(X, X @ [2.0, 0, 0, -1.0, 0, 0] + rng.normal(size=100), sigma=1.0)
    >>> found = project(data, Gaussian(1.0), random_seed=1)
    >>> found.suggested, found.order[:2]
    (2, ('x0', 'x3'))
    """
    check_data(data)
    model = Model(data, prior)
    draws, chains, _ = checked_draws(data, draws, chains)
    if not data.unit.x_norm.any():
        raise PriormapError("no column varies, so that there is nothing to project onto")
    wanted = _MOST_COLUMNS if most is None else checked_count("most", most)
    entropy = checked_seed(random_seed)
    own, others, rest = np.random.SeedSequence(entropy).spawn(3)
    notes: list[str] = []
    if posterior is None:
        seed = int(own.generate_state(1)[0])
        posterior, said = sample_quietly(data, model.prior, draws, chains, seed)
        notes += [said] if said else []
    taken = _drawn(data, posterior)
    projector = Projector.of(data, taken[0], taken[2], wanted)
    rng = np.random.default_rng(rest)
    if folds is None:
        found, reference = _left_out(projector, taken, rng, notes)
    else:
        pairs = split(data, folds, rng)
        parts = [Fold.of(data, train, test) for train, test in pairs]
        found, reference = _held_out(model, parts, projector.sizes, draws, chains, others)
    table = _table(projector, found, reference)
    near = np.flatnonzero(table["elpd_diff"] + table["diff_se"] >= 0)
    return Projection(
        table,
        int(near[0]) if near.size else None,
        tuple(data.names[j] for j in projector.order),
        model.prior,
        posterior,
        tuple(notes),
        entropy,
        data,
        projector,
    )


def _drawn(data: Regression, tree: xr.DataTree) -> tuple[Floats, Floats, Floats]:
    """Coefficients, intercepts and sigmas of draws that are spread evenly."""
    if tree["posterior"]["coef"].sizes["feature"] != data.n_features:
        raise PriormapError("posterior has other columns than data; give what sample returned")
    coef, intercept, sigma = end_to_end(data, tree)
    which = np.linspace(0, len(coef) - 1, min(len(coef), _MOST_DRAWS)).astype(int)
    return coef[which], intercept[which], sigma[which]


def _left_out(
    projector: Projector,
    drawn: tuple[Floats, Floats, Floats],
    rng: np.random.Generator,
    notes: list[str],
) -> tuple[Floats, Floats]:
    data = projector.data
    rows = some_rows(data.n_rows, MOST_ROWS, rng)
    X, y = dense(data.X[rows]), np.asarray(data.y[rows], dtype=float)
    found, reference, khat = submodel_densities(projector, drawn, X, y, seen=True)
    bad = int((khat > BAD_KHAT).sum())
    if bad:
        notes.append(
            f"leave-one-out: {bad} rows have a k-hat above {BAD_KHAT}; do not trust it, and give "
            "folds=10"
        )
    if len(rows) < data.n_rows:
        notes.append(f"leave-one-out: estimated from {len(rows)} of the {data.n_rows} rows")
    return found, reference


def _held_out(
    model: Model,
    folds: list[Fold],
    sizes: int,
    draws: int,
    chains: int,
    seed: np.random.SeedSequence,
) -> tuple[Floats, Floats]:
    """Densities of test rows, each under the projections of its own training rows."""
    found, references = [], []
    for fold, own in zip(folds, seed.spawn(len(folds)), strict=True):
        part, tree = posterior_of_fold(model, fold, draws, chains, own)
        drawn = _drawn(part.data, tree)
        projector = Projector.of(part.data, drawn[0], drawn[2], sizes - 1)
        X, y = dense(fold.X), np.asarray(fold.y, dtype=float)
        densities, reference, _ = submodel_densities(projector, drawn, X, y, seen=False)
        short_of = sizes - projector.sizes  # columns that are constant in this fold
        found.append(np.pad(densities, ((0, 0), (0, short_of)), mode="edge"))
        references.append(reference)
    return np.concatenate(found), np.concatenate(references)


def _table(projector: Projector, densities: Floats, reference: Floats) -> pd.DataFrame:
    import pandas as pd

    n = projector.data.n_rows
    elpd, se = totals(densities, n)
    difference, error = totals(densities - reference[:, None], n)
    names = ["", *(projector.data.names[j] for j in projector.order)]
    columns: Mapping[str, Any] = {
        "feature": names,
        "divergence": projector.divergences.mean(axis=0),
        "elpd": elpd,
        "elpd_se": se,
        "elpd_diff": difference,
        "diff_se": error,
    }
    return pd.DataFrame(columns, index=pd.RangeIndex(projector.sizes, name="size"))


def projection_table(found: Projection) -> pd.DataFrame:
    """Numbers of `plot_projection`.

    Parameters
    ----------
    found : Projection
        What `project` returned.

    Returns
    -------
    DataFrame
        One row per size: ``size``, ``feature``, ``difference`` of log density to the reference,
        its interval of one standard error from ``low`` to ``high``, and ``is_suggested``.
    """
    rows = check_projection(found).table.reset_index()
    difference, reach = rows["elpd_diff"], rows["diff_se"]
    limits = {"difference": difference, "low": difference - reach, "high": difference + reach}
    return rows[["size", "feature"]].assign(**limits, is_suggested=rows["size"] == found.suggested)


def check_projection(found: object) -> Projection:
    """Return what `project` returned, or refuse."""
    return result_of("project(data, prior)", "found", found, Projection)
