"""The sections of a report that are made of tables and sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from priormap.arrays import Indices
from priormap.report import numerals
from priormap.report.beliefs import beliefs_table
from priormap.report.content import Block, Cell, Code, Items, Paragraph, Subheading, Table
from priormap.report.reproducing import fingerprint, python_code, versions
from priormap.report.results import Results, ranked

Blocks: TypeAlias = tuple[Block, ...]
_MOST_ROWS = 30
_MOST_RHAT, _LEAST_ESS = 1.01, 400
_WHO = {"map": "MAP", "penalised": "{fit}, every digit", "default": "{fit}, default settings"}
_SUMMARY = (  # column of the summary, what it says, how it is shown
    ("zeros_mode", "coefficients exactly zero in the mode", numerals.count),
    ("draws_with_zero", "posterior draws that hold an exact zero", numerals.count),
    ("draws", "of so many draws", numerals.count),
    ("expected_in_rope", "coefficients expected to be negligible", numerals.number),
    ("size_mode", "size of the mode over that of least squares", numerals.number),
    ("size_mean", "size of the posterior mean over that of least squares", numerals.number),
    ("dof_mode", "effective degrees of freedom of the mode", numerals.number),
    ("dof_posterior", "effective degrees of freedom of the posterior mean", numerals.number),
    ("r2_mode", "R² of the mode", numerals.number),
    ("r2_mean", "R² of the posterior mean", numerals.number),
    ("nonzero_savs", "columns that SAVS keeps of the posterior", numerals.count),
    ("r2_savs", "R² of these", numerals.number),
    ("nonzero_dss", "columns that DSS keeps of the posterior", numerals.count),
    ("r2_dss", "R² of these", numerals.number),
)


def in_short(results: Results) -> Blocks:
    """Give the answer in a few sentences per prior."""
    said = []
    for name, about_posterior in _sentences(results).items():
        verdict = str(results.comparisons[name].summary["verdict"].iloc[0])
        said.append(f"{name}: {verdict}. {about_posterior}")
    return (Items(tuple(said)),)


def about_data(results: Results) -> Blocks:
    """Describe the data, the choices that were made, and the warnings."""
    data, origin = results.data, results.origin
    columns = "standardised (divided by their sd)" if data.standardize else "as they are"
    facts: list[tuple[str, Cell]] = [
        ("data", numerals.text(origin.name)),
        ("response", numerals.text(origin.target)),
        ("rows", numerals.count(data.n_rows)),
        ("columns", numerals.count(data.n_features)),
        ("mean of the response", numerals.number(float(np.mean(data.y)))),
        ("sd of the response", numerals.number(float(np.std(data.y)))),
        ("intercept", numerals.text("yes, not penalised" if data.intercept else "no")),
        ("columns, to the priors", numerals.text(columns)),
        ("noise sd sigma", numerals.text(_about_sigma(results))),
    ]
    rows = tuple((numerals.text(name), cell) for name, cell in facts)
    caption = "The regression, as the priors meet it."
    blocks: list[Block] = [Table(caption, ("what", "value"), rows, is_facts=True)]
    if results.notes:
        blocks += [Subheading("Warnings"), Items(results.notes)]
    if origin.choices:
        blocks += [Subheading("Choices"), Items(origin.choices)]
    return tuple(blocks)


def about_beliefs(results: Results) -> Blocks:
    """Say what every prior believes, before the data."""
    blocks: list[Block] = [
        Paragraph(
            (
                "A penalty is a belief. These numbers are what each prior takes for granted "
                "before it has seen a single response.",
            )
        ),
        beliefs_table(results.table.modes, results.settings.rope),
    ]
    learnt = []
    for name, tree in results.table.posteriors.items():
        if "scale" in tree["posterior"]:
            draws = tree["posterior"]["scale"].to_numpy().ravel()
            low, median, high = np.quantile(draws, (0.025, 0.5, 0.975))
            learnt.append(
                f"{name}: the scale is learnt. Its posterior median is "
                f"{numerals.shown(median)} (95 % of the draws lie between "
                f"{numerals.shown(low)} and {numerals.shown(high)}); numbers and figures of "
                "this prior, and its mode, are those at the median."
            )
    return (*blocks, Items(tuple(learnt))) if learnt else tuple(blocks)


def about_modes(results: Results) -> Blocks:
    """Set every mode beside its penalised fit, with the certificate of each vector."""
    blocks: list[Block] = []
    for name, comparison in results.comparisons.items():
        row = comparison.summary.loc[name]
        fit = str(row["call"]).split("(")[0]
        said = [f"{row['verdict']}."]
        for who, certificate in comparison.certificates[name].items():
            said.append(f"{_WHO[who].format(fit=fit)}: {certificate}")
        header = ("column", "MAP", fit, f"{fit} − MAP", "default settings − MAP")
        values = comparison.coefficients
        columns = ("map", "penalised", "difference", "difference_default")
        shown = _shown(results)
        rows = _rows(results.data.names, [values[column] for column in columns], shown)
        caption = f"{name}: the exact mode and the fit of {row['call']}, in units of X."
        blocks += [
            Subheading(f"{name}: {results.table.modes[name].prior}"),
            Items(tuple(said)),
            Table(caption, header, rows, _note(results, len(shown))),
        ]
    return tuple(blocks)


def about_posteriors(results: Results) -> Blocks:
    """Set every mode beside its posterior."""
    table, settings = results.table, results.settings
    blocks: list[Block] = [_summary(results)]
    percent = f"{100 * settings.hdi_prob:g}"
    header = (
        *("column", "mode", "mean", "sd", f"{percent} % HDI"),
        *("P(b > 0)", "P(negligible)", "SAVS", "DSS"),
    )
    for name, said in _sentences(results).items():
        part = table.coefficients[table.coefficients["prior"] == name].reset_index(drop=True)
        shown = _shown(results)
        rows = tuple(_posterior_row(part.loc[j].to_dict()) for j in shown)
        caption = f"{name}: mode and posterior of every coefficient, in units of X."
        blocks += [
            Subheading(f"{name}: {table.modes[name].prior}"),
            Paragraph((said,)),
            Table(caption, header, rows, _note(results, len(shown))),
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
                numerals.text("Markov chains" if markov else "independent draws"),
                numerals.text(known.get("kernel", known["method"])),
                numerals.text(f"{sizes['chain']} of {sizes['draw']}"),
                numerals.count(known["tune"]),
                numerals.number(size),
                numerals.number(known.get("min_ess_tail", drawn)),
                numerals.number(known.get("max_rhat", np.nan), 5),
                numerals.number(1 / np.sqrt(size) if size else np.inf, 2),
                numerals.number(known.get("log_evidence", np.nan), 8),
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
        (numerals.text(name), *cells)
        for name, cells in zip(names, zip(*columns, strict=True), strict=True)
    )
    table = Table("Diagnostics of the draws.", ("what", *results.table.modes), rows)
    said = (
        f"Draws serve when r-hat is at most {_MOST_RHAT} and every effective sample size at "
        f"least {_LEAST_ESS}. Independent draws need no r-hat."
    )
    doubtful = [
        f"{name}: these draws are not to be trusted yet; draw more, or tune longer."
        for name, tree in results.table.posteriors.items()
        if not _serves(tree.attrs)
    ]
    return (Paragraph((said,)), *([Items(tuple(doubtful))] if doubtful else []), table)


def _serves(known: Mapping[Any, Any]) -> bool:
    sizes = (known.get(f"min_ess_{kind}", np.inf) for kind in ("bulk", "tail"))
    return bool(min(sizes) >= _LEAST_ESS and known.get("max_rhat", 1.0) <= _MOST_RHAT)


def reproduction(results: Results) -> Blocks:
    """Give the code, the seed, the versions and the fingerprint of the data."""
    blocks: list[Block] = []
    if results.origin.command:
        blocks += [Subheading("In a shell"), Code("sh", results.origin.command + "\n")]
    code = python_code(results.data, results.priors, results.settings, results.origin)
    facts = {
        "seed": str(results.settings.random_seed),
        "SHA-256 of X, y and the names": fingerprint(results.data),
        **versions(),
    }
    rows = tuple((numerals.text(name), numerals.text(value)) for name, value in facts.items())
    table = Table("What the numbers depend on.", ("what", "value"), rows, is_facts=True)
    return (*blocks, Subheading("In Python"), Code("python", code), table)


def _about_sigma(results: Results) -> str:
    data = results.data
    if isinstance(data.sigma, float):
        return f"{numerals.shown(data.sigma, 6)}, taken as known"
    parts = (f"{name}={value:.6g}" for name, value in vars(data.sigma).items())
    return f"unknown, under {type(data.sigma).__name__}({', '.join(parts)})"


def _sentences(results: Results) -> dict[str, str]:
    """What the contrast says of each prior, without its name."""
    said = {}
    for name, line in zip(results.table.modes, repr(results.table).splitlines(), strict=True):
        text = line.removeprefix(f"{name}: ")
        said[name] = text[:1].upper() + text[1:]
    return said


def _summary(results: Results) -> Table:
    summary = results.table.summary
    rows = tuple(
        (numerals.text(name), *(show(value) for value in summary[column]))
        for column, name, show in _SUMMARY
    )
    return Table("Mode and posterior in one table.", ("what", *summary.index), rows)


def _shown(results: Results) -> Indices:
    return np.sort(ranked(results)[:_MOST_ROWS])


def _note(results: Results, shown: int) -> str:
    left = results.data.n_features - shown
    return f"The {shown} columns that move y most; {left} more are left out." if left else ""


def _rows(
    names: Sequence[str], columns: Sequence[Any], shown: Indices
) -> tuple[tuple[Cell, ...], ...]:
    """Values to six digits, differences to one."""
    values = [np.asarray(column, dtype=float) for column in columns]
    return tuple(
        (
            numerals.text(names[j]),
            *(numerals.coefficient(value[j], 6) for value in values[:2]),
            *(numerals.number(value[j], 1) for value in values[2:]),
        )
        for j in shown
    )


def _posterior_row(row: dict[Any, Any]) -> tuple[Cell, ...]:
    return (
        numerals.text(row["feature"]),
        numerals.coefficient(row["mode"]),
        *(numerals.number(row[name]) for name in ("mean", "sd")),
        numerals.interval(row["hdi_low"], row["hdi_high"]),
        numerals.probability(row["prob_positive"]),
        numerals.probability(row["prob_rope"]),
        *(numerals.coefficient(row[name]) for name in ("savs", "dss")),
    )
