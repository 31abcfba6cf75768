"""The sections of a report, one tuple of all; here those made of tables and sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from priormap.arrays import Indices
from priormap.display import cells
from priormap.display.blocks import Block, Cell, Items, Paragraph, Subheading, Table, facts
from priormap.display.cells import typeset
from priormap.posterior.convergence import (
    LARGEST_RHAT,
    SMALLEST_ESS,
    rhat_in_words,
    troubles,
)
from priormap.report.answers import about_support, capital, in_short
from priormap.report.beliefs import about_beliefs, shown
from priormap.report.methods import methods
from priormap.report.reproducing import reproduction
from priormap.report.results import Results, ranked
from priormap.tables.posterior_contrast import effective_size, summary_cells

Blocks = tuple[Block, ...]
_MOST_ROWS = 30
_WHO = {"map": "MAP", "penalised": "{fit}, every digit", "default": "{fit}, default settings"}
_SUMMARY = (  # column of the summary, what it says, how it is shown
    ("zeros_mode", "coefficients exactly zero in the mode", cells.count),
    ("draws_with_zero", "posterior draws that hold an exact zero", cells.count),
    ("draws", "of so many draws", cells.count),
    ("expected_in_rope", "coefficients expected to be negligible", cells.number),
    ("size_mode", "size of the mode over that of least squares", cells.number),
    ("size_mean", "size of the posterior mean over that of least squares", cells.number),
    ("dof_mode", "effective degrees of freedom of the mode", cells.number),
    ("dof_posterior", "effective degrees of freedom of the posterior mean", cells.number),
    ("r2_mode", "R² of the mode", cells.number),
    ("r2_mean", "R² of the posterior mean", cells.number),
    ("nonzero_savs", "columns that SAVS keeps of the posterior", cells.count),
    ("r2_savs", "R² of these", cells.number),
    ("nonzero_dss", "columns that DSS keeps of the posterior", cells.count),
    ("r2_dss", "R² of these", cells.number),
)


def about_data(results: Results) -> Blocks:
    """Describe the data, the choices that were made, and the warnings."""
    data, origin = results.data, results.origin
    columns = "standardised (divided by their sd)" if data.standardize else "as they are"
    regression: list[tuple[str, Cell]] = [
        ("data", cells.text(origin.name)),
        ("response", cells.text(origin.target)),
        ("rows", cells.count(data.n_rows)),
        ("columns", cells.count(data.n_features)),
        ("mean of the response", cells.number(float(np.mean(data.y)))),
        ("sd of the response", cells.number(float(np.std(data.y)))),
        ("intercept", cells.text("yes, not penalised" if data.intercept else "no")),
        ("columns, to the priors", cells.text(columns)),
        ("noise sd sigma", cells.text(_about_sigma(results))),
    ]
    caption = "The regression, as the priors meet it."
    blocks: list[Block] = [facts(regression, caption)]
    if results.notes:
        blocks += [
            Subheading("Warnings"),
            Items(tuple(f"{capital(one.rstrip('.'))}." for one in results.notes)),
        ]
    said = origin.choices or _as_given(results)
    return (*blocks, Subheading("Choices"), Items(tuple(map(capital, said))))


def _as_given(results: Results) -> tuple[str, ...]:
    """Where sigma and the scales come from, when nobody chose them for the caller."""
    said = [f"Sigma is {_about_sigma(results)}."]
    for name, prior in results.priors.items():
        how = "learnt from the data" if prior.hyperprior else "as given"
        said.append(f"Under {name} the scale is {how}: {prior}.")
    return tuple(said)


def about_modes(results: Results) -> Blocks:
    """Set every mode beside its penalised fit, with the certificate of each vector."""
    blocks: list[Block] = []
    for name, prior in results.table.priors.items():
        blocks.append(Subheading(f"{name}: {prior}"))
        if name in results.comparisons:
            blocks += _beside_its_fit(results, name)
        elif name in results.table.modes:
            fit = results.table.modes[name]
            blocks.append(Items((str(fit.certificate), *fit.about_other_modes)))
        else:
            blocks.append(Paragraph(f"There is no exact mode, because {prior.no_mode}."))
    return tuple(blocks)


def _beside_its_fit(results: Results, name: str) -> Blocks:
    comparison = results.comparisons[name]
    row = comparison.summary.loc[name]
    fit = str(row["call"]).split("(")[0]
    said = [f"{row['verdict']}."]
    for who, certificate in comparison.certificates[name].items():
        said.append(f"{_WHO[who].format(fit=fit)}: {certificate}")
    said += comparison.modes[name].about_other_modes
    header = ("column", "MAP", fit, f"{fit} − MAP", "default settings − MAP")
    values = comparison.coefficients
    columns = ("map", "penalised", "difference", "difference_default")
    kept = _kept(results)
    rows = _rows(results.data.names, [values[column] for column in columns], kept)
    caption = f"{name}: the exact mode and the fit of {row['call']}, in units of X."
    return Items(tuple(said)), Table(header, rows, caption, _note(results, len(kept)))


def about_posteriors(results: Results) -> Blocks:
    """Set every mode beside its posterior."""
    table, settings = results.table, results.settings
    blocks: list[Block] = [_summary(results)]
    percent = f"{100 * settings.hdi_prob:g}"
    header = (
        *("column", "mode", "mean", "sd", f"{percent} % HDI"),
        *("P(b > 0)", "P(negligible)", "SAVS", "DSS"),
    )
    for name, said in table.sentences.items():
        part = table.coefficients[table.coefficients["prior"] == name].reset_index(drop=True)
        kept = _kept(results)
        worth = effective_size(table.posteriors[name])
        rows = tuple(_posterior_row(part.loc[j].to_dict(), worth) for j in kept)
        caption = f"{name}: mode and posterior of every coefficient, in units of X."
        blocks += [
            Subheading(f"{name}: {table.priors[name]}"),
            Paragraph(" ".join((capital(said), *table.other_modes.get(name, ())))),
            Table(header, rows, caption, _note(results, len(kept))),
        ]
    return tuple(blocks)


def about_diagnostics(results: Results) -> Blocks:
    """Say how far the draws can be trusted."""
    columns = []
    for tree in results.table.posteriors.values():
        known, sizes = tree.attrs, tree["posterior"].sizes
        markov = "min_ess_bulk" in known
        drawn = sizes["chain"] * sizes["draw"]
        size = float(known.get("min_ess_bulk", drawn))
        columns.append(
            [
                cells.text("Markov chains" if markov else "independent draws"),
                cells.text(known.get("kernel", known["method"])),
                cells.text(f"{sizes['chain']} of {sizes['draw']}"),
                cells.count(known["tune"]),
                cells.number(size),
                cells.number(known.get("min_ess_tail", drawn)),
                _rhat(known),
                cells.number(1 / np.sqrt(size) if size else np.inf, 2),
                cells.number(known.get("log_evidence", np.nan), 8),
            ]
        )
    names = (
        "kind of draws",
        "kernel",
        "chains",
        "draws discarded before",
        "smallest effective sample size, bulk",
        "smallest effective sample size, tail",
        "largest r-hat",
        "largest Monte Carlo error of a mean, in posterior sds",
        "log evidence",
    )
    rows = tuple(
        (cells.text(name), *row)
        for name, row in zip(names, zip(*columns, strict=True), strict=True)
    )
    header = ("what", *results.table.priors)
    table = Table(header, rows, "Diagnostics of the draws.")
    rule = (
        f"Draws serve when r-hat is at most {LARGEST_RHAT} and every effective sample size at "
        f"least {SMALLEST_ESS}. Independent draws need no r-hat."
    )
    doubtful = [
        f"Under {name} these draws are not to be trusted yet: {'; '.join(said)}; draw more, or "
        "tune longer."
        for name, tree in results.table.posteriors.items()
        if (said := troubles(tree.attrs))
    ]
    return (Paragraph(rule), *([Items(tuple(doubtful))] if doubtful else []), table)


def _rhat(known: Mapping[Any, Any]) -> Cell:
    """Largest r-hat; a dash for independent draws, words where there is none."""
    rhat = known.get("max_rhat", np.nan)
    is_number = np.isfinite(rhat) or "min_ess_bulk" not in known
    return cells.number(rhat, 5) if is_number else cells.text(rhat_in_words(known))


def _about_sigma(results: Results) -> str:
    noise = results.data.noise
    if noise.density is None:
        return f"{shown(noise.sd, 6)}, taken as known"
    parts = (f"{name}={value:.6g}" for name, value in vars(noise.density).items())
    return f"unknown, under {type(noise.density).__name__}({', '.join(parts)})"


def _summary(results: Results) -> Table:
    summary = results.table.summary
    rows = tuple(
        (cells.text(name), *(show(value) for value in summary[column]))
        for column, name, show in _SUMMARY
    )
    return Table(("what", *summary.index), rows, "Mode and posterior in one table.")


def _kept(results: Results) -> Indices:
    return np.sort(ranked(results)[:_MOST_ROWS])


def _note(results: Results, kept: int) -> str:
    left = results.data.n_features - kept
    return f"The {kept} columns that move y most; {left} more are left out." if left else ""


def _rows(
    names: Sequence[str], columns: Sequence[Any], kept: Indices
) -> tuple[tuple[Cell, ...], ...]:
    """Values to six digits, differences to one."""
    values = [np.asarray(column, dtype=float) for column in columns]
    return tuple(
        (
            cells.text(names[j]),
            *(cells.coefficient(value[j], 6) for value in values[:2]),
            *(cells.number(value[j], 1) for value in values[2:]),
        )
        for j in kept
    )


def _posterior_row(row: dict[Any, Any], size: float) -> tuple[Cell, ...]:
    mean, sd, low, high = summary_cells(row, size)
    return (
        cells.text(row["feature"]),
        cells.coefficient(row["mode"]),
        mean,
        sd,
        Cell(f"{typeset(low)} to {typeset(high)}"),
        cells.probability(row["prob_positive"], size),
        cells.probability(row["prob_rope"], size),
        *(cells.coefficient(row[name]) for name in ("savs", "dss")),
    )


SECTIONS: tuple[tuple[str, str, Callable[[Results], Blocks]], ...] = (
    # anchor, heading, text; figures of the same anchor follow
    ("short", "In short", in_short),
    ("data", "The data", about_data),
    ("beliefs", "What each prior believes", about_beliefs),
    ("posterior", "The mode and the posterior", about_posteriors),
    ("support", "Which prior the data favour", about_support),
    ("modes", "The mode is the penalised fit", about_modes),
    ("diagnostics", "Diagnostics", about_diagnostics),
    ("methods", "Methods", methods),
    ("reproduction", "Make it again", reproduction),
)
