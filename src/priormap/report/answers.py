"""What a reader wants to know first: which columns count, and which belief these data support."""

from __future__ import annotations

import re
from collections.abc import Iterable

from priormap.criteria.leave_one_out import BAD_KHAT
from priormap.display import cells
from priormap.display.blocks import Block, Items, Paragraph, Table
from priormap.posterior.convergence import troubles
from priormap.report.results import Results
from priormap.tables.effects import answers
from priormap.tables.prior_comparison import CLEAR, SMALL, PriorComparison

Blocks = tuple[Block, ...]
_SUPPORT = (  # column of the comparison, what it says, decimals
    ("elpd", "log predictive density of the rows, each left out (elpd)", 1),
    ("elpd_diff", "the same, less that of the best prior", 1),
    ("diff_se", "standard error of this difference", 1),
    ("weight", "stacking weight: share of the best mixture of these predictions", 2),
    ("parameters", "effective number of parameters", 1),
    ("log_evidence", "log evidence: log density of all y before the data", 1),
    ("log_evidence_se", "standard error of the log evidence", 2),
    ("khat", "largest k-hat (a dash: exact)", 2),
    ("untrusted", f"rows with a k-hat above {BAD_KHAT}", 0),
)


def in_short(results: Results) -> Blocks:
    """Answer: columns and their direction, disagreement, prediction, and the penalised fit."""
    table = results.table
    loud = [Paragraph(f"Under {said}.", tone="strong bad") for said in results.conflicts]
    said = [_typeset(capital(one)) for one in answers(table, results.origin.target)]
    if len(table.priors) > 1:
        said.append(_verdict(results.support))
    for name, about_posterior in table.sentences.items():
        identity = ""
        if name in results.comparisons:
            identity = f"{results.comparisons[name].summary['verdict'].iloc[0]}. "
        said.append(f"Under {name}: {identity}{capital(about_posterior)}")
    lower = [f"Under {name}: {one}" for name, some in table.other_modes.items() for one in some]
    doubt = [
        f"The draws under {name} are not to be trusted yet, see Diagnostics."
        for name, tree in table.posteriors.items()
        if troubles(tree.attrs)
    ]
    return *loud, Items(
        tuple(filter(None, [*said, results.origin.verdict, *lower, table.sides, *doubt]))
    )


def about_support(results: Results) -> Blocks:
    """Say which prior predicts rows that it has not seen, and how sure that is."""
    found = results.support
    if not isinstance(found, PriorComparison):
        return (Paragraph(_verdict(found)),)
    table = found.table.loc[list(results.table.priors)]
    rows = tuple(
        (cells.text(words), *(cells.fixed(value, decimals) for value in table[column]))
        for column, words, decimals in _SUPPORT
    )
    method = (
        "Each row is predicted from all others: in closed form under a Gaussian prior of known "
        "scale, else by Pareto-smoothed importance weights on the draws of this page. A difference "
        f"below {SMALL:g}, or below {CLEAR:g} of its standard errors, tells nothing apart. The log "
        "evidence judges a prior at its scale: another scale may have another order."
    )
    notes = tuple(_about_note(note, table.index) for note in found.notes)
    caption = "What each prior predicts, as sums over the rows."
    return (
        Paragraph(_verdict(found), tone="strong"),
        Table(("what", *table.index), rows, caption),
        *([Items(notes)] if notes else []),
        Paragraph(method),
    )


def _verdict(found: PriorComparison | str) -> str:
    if isinstance(found, str):
        return f"What the priors predict is not compared, because {found}."
    return found.sentence


def _about_note(note: str, names: Iterable[str]) -> str:
    """A note as a sentence; what it says of one prior begins with that name."""
    is_of_prior = any(note.startswith(f"{name}: ") for name in names)
    return f"Under {note}." if is_of_prior else capital(f"{note}.")


def _typeset(sentence: str) -> str:
    """With the sign of negative numbers that the tables have."""
    return re.sub(r"(?<![\w.])-(?=\d)", "\N{MINUS SIGN}", sentence)


def capital(sentence: str) -> str:
    """Begin as a sentence does."""
    return sentence[:1].upper() + sentence[1:]
