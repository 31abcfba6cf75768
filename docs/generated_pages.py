"""Pages that are made of the records: the dictionary of conventions, and the public names."""

from __future__ import annotations

from html import escape
from pathlib import Path

import priormap

HERE = Path(__file__).parent
_COLUMNS = {
    "likelihood": "likelihood",
    "objective": "minimises",
    "l1": "weight of |b|",
    "l2": "weight of b²/2",
    "at_defaults": "prior at its defaults",
    "intercept": "intercept",
    "note": "note",
}
_ROOMS = (
    ("Data", lambda one: one.startswith("priormap.data")),
    ("Priors and densities", lambda one: one.startswith("priormap.priors")),
    ("Modes", lambda one: one.startswith(("priormap.mode", "priormap.model"))),
    ("Auditing and conventions", lambda one: one.startswith(("priormap.audit", "priormap.conv"))),
    ("Posteriors", lambda one: one.startswith("priormap.posterior")),
    (
        "Choosing and comparing",
        lambda one: one.startswith(("priormap.criteria", "priormap.tables")),
    ),
    ("Figures and pages", lambda one: one.startswith(("priormap.plots", "priormap.report"))),
    ("Errors", lambda one: one.startswith("priormap.errors")),
)


def conventions() -> str:
    """Table of every library call, which the page filters as one types."""
    table = priormap.list_conventions().reset_index()
    head = "".join(f"<th>{name}</th>" for name in ("call", *_COLUMNS.values()))
    rows = "".join(
        "<tr>"
        + "".join(
            f"<td>{'<code>' if name != 'note' else ''}{escape(str(row[name]))}"
            f"{'</code>' if name != 'note' else ''}</td>"
            for name in ("convention", *_COLUMNS)
        )
        + "</tr>\n"
        for _, row in table.iterrows()
    )
    return (
        '<input class="filter-table" type="search" aria-label="Filter the table" '
        f'placeholder="Filter {len(table)} calls: Lasso, glmnet, poisson ...">\n'
        f'<div class="wide-table"><table class="filtered"><thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{rows}</tbody></table></div>\n"
    )


def public_names() -> str:
    """The public names by room, each with a page of its own."""
    left = {name: priormap._HOMES[name] for name in priormap.__all__ if name in priormap._HOMES}
    parts = []
    for title, belongs in _ROOMS:
        names = [name for name, home in left.items() if belongs(home)]
        left = {name: home for name, home in left.items() if name not in names}
        parts.append(_section(title, [f"priormap.{name}" for name in names]))
    if left:
        raise RuntimeError(f"no room of the reference takes {', '.join(left)}")
    return "\n".join([*parts, _section("Estimators", ["priormap.sklearn.BayesianLinear"])])


def _section(title: str, names: list[str]) -> str:
    listed = "".join(f"   {name}\n" for name in names)
    return (
        f"{title}\n{'-' * len(title)}\n\n"
        f".. autosummary::\n   :toctree: api\n   :nosignatures:\n\n{listed}"
    )


def write() -> None:
    """Write the pages, before Sphinx looks for what there is."""
    folder = HERE / "_generated"
    folder.mkdir(exist_ok=True)
    (folder / "conventions.html").write_text(conventions(), encoding="utf-8")
    (HERE / "reference.rst").write_text(
        "Reference\n=========\n\nEvery public name; ``import priormap as pmap`` has them all.\n\n"
        f"{public_names()}",
        encoding="utf-8",
    )
