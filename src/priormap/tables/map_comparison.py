"""`compare_map`: the exact mode beside the penalised fit that people run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from priormap import mode
from priormap.arrays import Floats
from priormap.auditing.judging import judge
from priormap.checks import positive_number
from priormap.data.regression import Regression
from priormap.display import cells
from priormap.display.blocks import Block, Items, Paragraph, Subheading, Table
from priormap.display.text import Described
from priormap.errors import visible
from priormap.mode import Certificate, MapEstimate
from priormap.mode.certificate import agreeing_digits
from priormap.priors import Prior, penalty_parts
from priormap.tables.named_priors import check_priors
from priormap.tables.penalised_fit import PenalisedFit, penalised_fit

if TYPE_CHECKING:
    import pandas as pd


_AGREEMENT = 1e-10
_WHO = {
    "map": "MAP",
    "penalised": "{fit}",
    "default": "{fit} at default settings",
    "find_map": "pm.find_MAP",
}


@dataclass(frozen=True, eq=False, repr=False)
class MapComparison(Described):
    """Modes beside penalised fits; two tables, because they have rows of different kinds.

    Suffixes name who found a vector: ``map`` is `priormap.find_map`, ``penalised`` is
    scikit-learn asked for every digit, ``default`` is scikit-learn as it comes, and
    ``find_map`` is ``pm.find_MAP``, where it was asked for.

    Attributes
    ----------
    coefficients : DataFrame
        One row per prior and column: the coefficients of each, in units of X, ``difference*``
        from the mode, and ``is_zero_*``.
    summary : DataFrame
        One row per prior. ``scale`` is that of a prior with one, ``l1_scale`` and ``l2_scale``
        are those of any. ``alpha`` is the converted penalty of ``call``, and ``l1_ratio`` its
        share of L1, where it is an ElasticNet. ``difference`` is the
        largest absolute one, in units of X; ``relative_difference`` is free of units: of
        ``|x_j| b_j`` (centred lengths), over the largest of them. ``objective_*`` is
        ``1/2 |y - a - X b|**2 + penalty``, in units of y squared. ``gap_*``, ``kkt_*`` and
        ``is_mode_*`` are the certificate of each vector, whoever found it.
    modes : mapping of str to MapEstimate
    certificates : mapping of str to mapping of str to Certificate
        By prior, then by who found the vector.
    """

    coefficients: pd.DataFrame
    summary: pd.DataFrame
    modes: Mapping[str, MapEstimate]
    certificates: Mapping[str, Mapping[str, Certificate]]

    @property
    def agrees(self) -> bool:
        """Whether every penalised fit equals its mode."""
        return bool(self.summary["agrees"].all())

    def __repr__(self) -> str:
        said = [f"{name}: {verdict}" for name, verdict in self.summary["verdict"].items()]
        lower = (
            f"{name}: {note}" for name, fit in self.modes.items() for note in fit.about_other_modes
        )
        return "\n".join(map(visible, [*said, *lower]))

    def blocks(self) -> tuple[Block, ...]:
        """One table per prior, its verdict and every certificate; then the verdict of all."""
        last = (
            Paragraph("Every penalised fit equals its mode.", tone="strong good")
            if self.agrees
            else Paragraph("A penalised fit differs from its mode.", tone="strong bad")
        )
        of_priors = (block for name in self.modes for block in self._blocks_of(name))
        return (*of_priors, Paragraph(""), last)

    def to_dict(self) -> dict[str, Any]:
        """Summary, certificates and coefficients of every prior."""
        priors = [
            {
                **row,
                "other_modes": [vars(one) for one in self.modes[name].other_modes],
                "certificates": {who: str(one) for who, one in self.certificates[name].items()},
                "coefficients": rows_of(self.coefficients, name).to_dict(orient="records"),
            }
            for name, row in summaries(self.summary)
        ]
        return {"agrees": self.agrees, "priors": priors}

    def _blocks_of(self, name: str) -> tuple[Block, ...]:
        mode, row = self.modes[name], self.summary.loc[name].to_dict()
        fit = str(row["call"]).split("(")[0]
        found = rows_of(self.coefficients, name)
        differences = [c for c in found if str(c).startswith("difference")]
        columns = ["feature", "MAP", fit, f"{fit} - MAP", "default - MAP", "find_MAP - MAP"]
        rows = tuple(
            (
                cells.text(one["feature"]),
                *(cells.exact(one[who]) for who in ("map", "penalised")),
                *(cells.difference(one[column]) for column in differences),
            )
            for one in found.to_dict(orient="records")
        )
        sizes = np.abs(found[["map", *differences]].to_numpy(dtype=float))
        size = np.nan_to_num(sizes).max(axis=1)  # zero where the mode and every fit are
        weights = tuple((size * mode.data.unit.x_norm).tolist())
        said = []
        for who, certificate in self.certificates[name].items():
            zeros, at_mode = row[f"zeros_{who}"], row["zeros_map"]
            aside = f" Exact zeros: {zeros}, not {at_mode}." * (zeros != at_mode)
            said.append(f"{_WHO[who].format(fit=fit)}: {certificate}{aside}")
        header = tuple(columns[: 3 + len(differences)])
        return (
            Subheading(f"{mode.prior} is {row['call']}"),
            # the fit is the mode plus the difference
            Table(header, rows, spare=(fit,), weights=weights),
            Paragraph(f"{row['verdict']}.", tone="good" if row["agrees"] else "bad"),
            Items((*said, *mode.about_other_modes)),
        )


def rows_of(coefficients: pd.DataFrame, name: str) -> pd.DataFrame:
    """Rows of one prior, without its name."""
    return coefficients[coefficients["prior"] == name].drop(columns="prior")


def summaries(summary: pd.DataFrame) -> list[tuple[str, dict[Any, Any]]]:
    """Name and summary of each prior, the name also in it."""
    rows = summary.reset_index().to_dict(orient="records")
    return [(str(row["prior"]), row) for row in rows]


def compare_map(
    data: Regression,
    priors: Mapping[str, Prior],
    *,
    find_map: bool = False,
    tolerance: float = _AGREEMENT,
) -> MapComparison:
    """Exact mode of each prior beside the penalised fit that people run.

    A Gaussian prior is set beside scikit-learn's Ridge, a Laplace prior beside its Lasso, at
    the converted alpha: ``sigma**2 / scale**2`` and ``sigma**2 / (n scale)``; an elastic net
    prior beside ElasticNet (see `ElasticNet.to_elastic_net`); a flat prior beside
    LinearRegression. Where sigma is unknown, that of the joint mode converts. Each is
    fitted twice: asked for every digit, and with its default settings.

    Parameters
    ----------
    data : Regression
    priors : mapping of str to Gaussian, Laplace or ElasticNet
        For example ``{"ridge": Gaussian(1.0), "lasso": Laplace(0.5)}``.
    find_map : bool
        Whether to add what ``pm.find_MAP`` finds (compiling takes seconds).
    tolerance : float
        Largest relative difference that still counts as equal.

    Returns
    -------
    MapComparison

    Raises
    ------
    PriormapError
        If `priors` is not a mapping from names to priors, or a mode does not exist (see
        `priormap.find_map`).

    References
    ----------
    Hoerl and Kennard (1970), section 6, for ridge; Tibshirani (1996), section 5, for the lasso;
    Zou and Hastie (2005), JRSS B 67(2), for the elastic net.

    Examples
    --------
    >>> from priormap import Laplace, Regression, compare_map
    >>> X = [[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]]
    >>> data = Regression(X, [3.0, 0.5, -3.0, -0.5], sigma=1.0)
    >>> table = compare_map(data, {"lasso": Laplace(scale=0.5)})
    >>> table.agrees
    True
    >>> table.coefficients[["feature", "map", "is_zero_map", "is_zero_penalised"]]
      feature  map  is_zero_map  is_zero_penalised
    0      x0  2.0        False              False
    1      x1  0.0         True               True
    """
    import pandas as pd

    check_priors(data, priors)
    tolerance = positive_number("tolerance", tolerance)
    modes, certificates, rows, frames = {}, {}, {}, []
    for name, prior in priors.items():
        penalty_parts(prior, "penalised fit")
        fit = mode.find_map(data, prior)
        fits = _penalised_fits(data, prior, fit.sigma)
        coefs = {"map": fit.coef, **{who: penalised.coef for who, penalised in fits.items()}}
        if find_map:
            coefs["find_map"] = _coef_of_pymc(data, prior)
        modes[name] = fit
        certificates[name] = _certificates(fit, coefs)
        frames.append(_coefficient_rows(name, data, coefs))
        rows[name] = _summary_row(fit, fits, coefs, certificates[name], tolerance)
    summary = pd.DataFrame(list(rows.values()), index=pd.Index(rows, name="prior"))
    return MapComparison(pd.concat(frames, ignore_index=True), summary, modes, certificates)


def _penalised_fits(data: Regression, prior: Prior, sigma: float) -> dict[str, PenalisedFit]:
    return {
        "penalised": penalised_fit(data, prior, sigma, tight=True),
        "default": penalised_fit(data, prior, sigma),
    }


def _coef_of_pymc(data: Regression, prior: Prior) -> Floats:
    from priormap.posterior.pymc import pymc_find_map

    return np.asarray(pymc_find_map(data, prior).coef)


def _certificates(fit: MapEstimate, coefs: Mapping[str, Floats]) -> dict[str, Certificate]:
    """Judge every finite vector by the same certificate; the mode's own one knows its steps."""
    others = {who: coef for who, coef in coefs.items() if who != "map" and np.isfinite(coef).all()}
    audits = {
        who: judge(fit.data, fit.penalty, coef, fit.prior, fit.sigma, mode=fit.coef)
        for who, coef in others.items()
    }
    assert isinstance(fit.certificate, Certificate)
    return {"map": fit.certificate, **audits}


def _coefficient_rows(name: str, data: Regression, coefs: Mapping[str, Floats]) -> pd.DataFrame:
    import pandas as pd

    ours = coefs["map"]
    columns: dict[str, Any] = {"prior": name, "feature": list(data.names), "map": ours}
    for who, coef in coefs.items():
        if who != "map":
            short = "" if who == "penalised" else f"_{who}"
            columns |= {_label(who): coef, f"difference{short}": coef - ours}
    columns |= {f"is_zero_{_label(who)}": coef == 0 for who, coef in coefs.items()}
    return pd.DataFrame(columns)


def _label(who: str) -> str:
    return "penalised_default" if who == "default" else who


def _summary_row(
    fit: MapEstimate,
    fits: Mapping[str, PenalisedFit],
    coefs: Mapping[str, Floats],
    certificates: Mapping[str, Certificate],
    tolerance: float,
) -> dict[str, Any]:
    tight, parts = fits["penalised"], penalty_parts(fit.prior)
    relative = fit.data.unit.relative_difference(tight.coef, fit.coef)
    digits = agreeing_digits(relative)
    same_zeros = bool(np.array_equal(fit.coef == 0, tight.coef == 0))
    # exact zeros are the Laplace prior's; a ridge coefficient is zero by rounding only
    equal = relative <= tolerance and (same_zeros or not fit.penalty.l1.any())
    shared = not fit.certificate.is_unique and fit.certificate.is_mode
    shared = shared and "penalised" in certificates and certificates["penalised"].is_mode
    row: dict[str, Any] = {
        "family": fit.prior.label,
        "scale": fit.prior.parameters.get("scale", np.nan),
        "l1_scale": parts.l1_scale,
        "l2_scale": parts.l2_scale,
        "sigma": fit.sigma,
        "call": tight.call,
        "alpha": tight.alpha,
        "l1_ratio": tight.l1_ratio,
        "agrees": bool(equal or shared),
        "digits": digits,
        "same_zeros": same_zeros,
        "difference": float(np.abs(tight.coef - fit.coef).max()),
        "relative_difference": relative,
        "is_unique": fit.certificate.is_unique,
    }
    for who, coef in coefs.items():
        row |= _columns_of(who, fit, coef, certificates.get(who))
    row["intercept_map"] = fit.intercept
    row |= {f"intercept_{who}": one.intercept for who, one in fits.items()}
    row |= {f"converged_{who}": one.converged for who, one in fits.items()}
    row["verdict"] = _verdict(row, len(fit.coef))
    return row


def _columns_of(
    who: str, fit: MapEstimate, coef: Floats, certificate: Certificate | None
) -> dict[str, Any]:
    row: dict[str, Any] = {f"zeros_{who}": int((coef == 0).sum())}
    if who not in {"map", "penalised"}:
        row[f"relative_difference_{who}"] = fit.data.unit.relative_difference(coef, fit.coef)
    row[f"objective_{who}"] = certificate.objective if certificate else np.nan
    row[f"gap_{who}"] = certificate.relative_gap if certificate else np.nan
    row[f"kkt_{who}"] = certificate.kkt_residual if certificate else np.nan
    row[f"is_mode_{who}"] = bool(certificate and certificate.is_mode)
    return row


def _verdict(row: Mapping[str, Any], p: int) -> str:
    """The comparison in one sentence."""
    mode_name = f"the {row['family']} MAP"
    ours, theirs = row["zeros_map"], row["zeros_penalised"]
    if row["agrees"] and not row["is_unique"]:
        return (
            f"{row['call']} and {mode_name} are both modes: collinear columns share a "
            "coefficient in any proportion"
        )
    if row["agrees"]:
        return f"{row['call']} equals {mode_name} to {row['digits']} digits, {_zeros(ours, p)}"
    fault = ""
    if not row["converged_penalised"]:
        fault = "; scikit-learn did not converge"
    elif row["is_mode_map"] and row["is_mode_penalised"]:
        fault = "; both pass the certificate, so the data decide no further digit"
    return (
        f"{row['call']} differs from {mode_name} by {row['relative_difference']:.1e} of the "
        f"largest coefficient, with {theirs} exact zeros against {ours}{fault}"
    )


def _zeros(count: int, p: int) -> str:
    return f"same zeros ({count} of {p})" if count else f"no zeros (0 of {p})"
