"""`write_report`: one page with everything, whole or absent."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypedDict, Unpack, overload

from priormap._version import __version__
from priormap.auditing import Explanation
from priormap.checks import Seed, checked_seed, short
from priormap.data.regression import Regression
from priormap.errors import PriormapError
from priormap.priors import Prior
from priormap.report.figures import draw_figures
from priormap.report.pages import Report, ReportContent, Section, html_page, markdown_page
from priormap.report.places import Origin, place_of
from priormap.report.results import Progress, Results, Settings, compute
from priormap.report.sections import SECTIONS
from priormap.report.subject import subject_of
from priormap.tables.named_priors import listed


class _Options(TypedDict, total=False):
    X: Any
    y: Any
    format: str | None
    draws: int
    tune: int | None
    chains: int
    rope: float
    random_seed: Seed | None
    force: bool
    origin: Origin | None
    progress: Progress | None


@overload
def write_report(
    data: Any,
    priors: Mapping[str, Prior] | None = None,
    path: None = None,
    **options: Unpack[_Options],
) -> Report: ...
@overload
def write_report(
    data: Any,
    priors: Mapping[str, Prior] | None = None,
    *,
    path: str | os.PathLike[str],
    **options: Unpack[_Options],
) -> Path: ...
@overload
def write_report(
    data: Any,
    priors: Mapping[str, Prior] | None,
    path: str | os.PathLike[str],
    **options: Unpack[_Options],
) -> Path: ...
def write_report(
    data: Regression | Explanation | Any,
    priors: Mapping[str, Prior] | None = None,
    path: str | os.PathLike[str] | None = None,
    *,
    X: Any = None,
    y: Any = None,
    format: str | None = None,
    draws: int = 1000,
    tune: int | None = None,
    chains: int = 4,
    rope: float = 0.1,
    random_seed: Seed | None = None,
    force: bool = False,
    origin: Origin | None = None,
    progress: Progress | None = None,
) -> Path | Report:
    r"""Write what the priors believe, their modes and their posteriors as one page.

    The HTML page needs no network and no JavaScript, prints well, and has figures as inline
    SVG. The Markdown version has PNG files in a folder beside it, ``NAME_files``. Places are
    checked before anything is computed, and everything is written under a temporary name and
    then moved, so that a report is whole or absent. The same seed gives the same bytes.

    Parameters
    ----------
    data : Regression, Explanation or fitted estimator
        What `explain` returned has a prior; an estimator, with its `X` and `y`, is explained.
    priors : mapping of str to prior
        For example ``{"ridge": Gaussian(1.0), "lasso": Laplace(0.5)}``. Beside an explanation
        or an estimator: further priors, optional.
    path : path, optional
        The file to write; without one the HTML page is returned.
    X, y
        What an estimator was fitted on.
    format : {"html", "markdown"}, optional
        Default: by the ending of `path`: Markdown for ``.md`` and ``.markdown``, HTML for
        ``.html``, ``.htm`` and none; any other ending needs it.
    draws, tune, chains, rope
        As in `contrast`.
    random_seed : int, SeedSequence or Generator, optional
        Without one a fresh seed is taken; the report states it either way.
    force : bool
        Whether to replace a report of that name.
    origin : Origin, optional
        What the data are called and how they are loaded, for the code on the page.
    progress : callable, optional
        Told in a few words what begins.

    Returns
    -------
    Path or Report
        `path`; without one the page, which a notebook shows, ``str`` gives as HTML and
        ``write(path)`` writes.

    Raises
    ------
    PriormapError
        If the place cannot be written or is taken, the format is unknown, or an argument is one
        that `contrast`, `compare_map` or `explain` refuses.

    Examples
    --------
    >>> import numpy as np
    >>> from priormap import Laplace, Regression, write_report
    >>> X = np.random.default_rng(0).normal(size=(60, 3))
    >>> data = Regression(X, X @ [1.0, 0.1, 0.0], sigma=1.0)
    >>> page = write_report(data, {"lasso": Laplace(0.1)}, random_seed=1)
    >>> str(page)[:15]
    '<!doctype html>'
    """
    if path is None and isinstance(data, Explanation) and isinstance(priors, str | os.PathLike):
        priors, path = None, priors
    place = None if path is None else place_of(path, format, force=force)
    if place is None and format not in {None, "html"}:
        raise PriormapError(
            f"format {short(format)} needs a path; without one the page is returned as HTML"
        )
    subject = subject_of(data, priors, X, y, origin)
    settings = Settings(checked_seed(random_seed), draws, tune, chains, rope)
    progress = progress or (lambda _: None)
    results = compute(subject.data, subject.priors, settings, subject.origin, progress)
    if place is None or place.format == "html":
        content = gather(results, "svg", progress)
        page = Report(content.title, html_page(content))
        if place is None:
            return page
        place.write(page.html)
    else:
        content = gather(results, "png", progress)
        images = {f"{picture.name}.png": picture.image for picture in content.pictures}
        place.write(markdown_page(content, place.folder.name), images)
    return place.file


def gather(results: Results, image_format: str, progress: Progress) -> ReportContent:
    """Arrange tables, sentences and pictures; `image_format` is "svg" or "png"."""
    pictures = draw_figures(results, image_format, progress)
    progress("writing the page")
    sections = tuple(
        Section(name, title, say(results) + pictures.get(name, ())) for name, title, say in SECTIONS
    )
    data = results.data
    columns = f"{data.n_features} column{'s' * (data.n_features != 1)}"
    priors = listed(list(results.table.priors))
    return ReportContent(
        title=f"What a penalty believes about {results.origin.target}",
        lead=f"Data: {results.origin.name}, {data.n_rows} rows and {columns}, under {priors}. The "
        "penalised fit is the mode of a posterior; here is the mode, proven, and the rest of "
        "the posterior beside it.",
        sections=sections,
        version=__version__,
    )
