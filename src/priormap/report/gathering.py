"""From results to content: which section says what, in which order."""

from __future__ import annotations

from priormap._version import __version__
from priormap.report import sections
from priormap.report.content import Block, ReportContent, Section
from priormap.report.figures import draw_figures
from priormap.report.methods import methods
from priormap.report.results import Progress, Results

_SECTIONS = (  # anchor, heading, text; figures of the same anchor follow
    ("short", "In short", sections.in_short),
    ("data", "The data", sections.about_data),
    ("beliefs", "What each prior believes", sections.about_beliefs),
    ("modes", "The mode is the penalised fit", sections.about_modes),
    ("posterior", "The mode and the posterior", sections.about_posteriors),
    ("diagnostics", "Diagnostics", sections.about_diagnostics),
    ("methods", "Methods", methods),
    ("reproduction", "Make it again", sections.reproduction),
)


def gather(results: Results, image_format: str, progress: Progress) -> ReportContent:
    """Arrange tables, sentences and pictures; `image_format` is "svg" or "png"."""
    pictures = draw_figures(results, image_format, progress)
    progress("writing the page")
    parts = []
    for name, title, say in _SECTIONS:
        blocks: tuple[Block, ...] = say(results)
        parts.append(Section(name, title, blocks + pictures.get(name, ())))
    data = results.data
    columns = f"{data.n_features} column{'s' * (data.n_features != 1)}"
    priors = " and ".join(results.table.modes)
    return ReportContent(
        title=f"What a penalty believes about {results.origin.target}",
        lead=f"{results.origin.name}: {data.n_rows} rows and {columns}, under {priors}. The "
        "penalised fit is the mode of a posterior; here is the mode, proven, and the rest of "
        "the posterior beside it.",
        sections=tuple(parts),
        version=__version__,
    )
