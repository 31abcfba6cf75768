"""All figures into one folder, with their captions and, on request, their numbers."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from priormap.display.csv import as_csv
from priormap.display.files import Content, check_folder, write_files
from priormap.errors import Phrase, PriormapError, visible, warn
from priormap.plots.gallery import Picture, data_pictures, prior_pictures
from priormap.plots.saving import figure_of, known_format, rendered
from priormap.plots.style import house_style, without_windows

if TYPE_CHECKING:
    from priormap.tables import Contrast


_CAPTIONS = "captions.txt"


def write_figures(
    folder: str | os.PathLike[str],
    format: str = "png",
    table: Contrast | None = None,
    *,
    features: tuple[str, ...] | None = None,
    tables: bool = False,
    force: bool = False,
) -> list[Path]:
    """Write figures into a folder: those that need no data, and those of a contrast.

    Everything is checked before the first figure is drawn, and drawn before the first file is
    written, each under a temporary name that is then moved. A folder that does not exist is
    made. All captions go to ``captions.txt``.

    Parameters
    ----------
    folder : path
        Where to write.
    format : {"png", "svg", "pdf"}
    table : Contrast, optional
        What `contrast` returned: adds the figures of its data, modes and posteriors.
    features : tuple of two str, optional
        Columns of the figures of two coefficients; default as in `plot_geometry`.
    tables : bool
        Whether to write the numbers behind each figure as CSV, under the same name.
    force : bool
        Whether to replace files that exist.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    PriormapError
        If the format is unknown, the folder cannot be written, a file exists, or `features`
        are not two columns.

    Warns
    -----
    PriormapWarning
        For a figure that cannot be drawn of these data (such as one of two columns where there
        is one), and is left out.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [path.name for path in write_figures(folder)]
    ['prior-shapes.png', 'pull.png', 'shrinkage.png', 'shrinkage-profile.png', 'captions.txt']
    """
    folder = Path(folder)
    names: Sequence[str] = ()
    if table is not None:
        from priormap.tables.chosen import check_contrast

        names = list(check_contrast(table).priors)
    resampled = table is not None and bool(table.resampled)
    check_places(folder, format, names, resampled=resampled, tables=tables, force=force)
    pictures = prior_pictures()
    if table is not None:
        pictures += _pictures_of(table, features)
    contents, captions = _contents(pictures, format, tables)
    contents[_CAPTIONS] = (
        "\n\n".join(f"{name}\n{visible(text)}" for name, text in captions.items()) + "\n"
    )
    files = {folder / name: content for name, content in contents.items()}
    write_files(files, folder)
    return list(files)


def check_places(
    folder: str | os.PathLike[str],
    format: str,
    priors: Sequence[str] = (),
    *,
    resampled: bool = False,
    tables: bool = False,
    force: bool = False,
) -> None:
    """Refuse a folder that cannot be written, or a file in it that would be replaced.

    Parameters
    ----------
    folder, format, tables, force
        As in `write_figures`.
    priors : list of str
        Names of the priors of the contrast, where there is one.
    resampled : bool
        Whether it holds resamples.
    """
    check_folder(os.fspath(folder))
    folder, format = Path(folder), known_format(format)
    if force:
        return
    pictures = prior_pictures() + (data_pictures(priors, _never, None, resampled) if priors else [])
    names = [f"{picture.name}.{format}" for picture in pictures] + [_CAPTIONS]
    if tables:
        names += [
            f"{picture.name}{end}.csv" for picture in pictures for end in picture.parts.values()
        ]
    there = [name for name in names if (folder / name).exists()]
    if there:
        more = f" and {len(there) - 1} more" if len(there) > 1 else ""
        raise PriormapError(
            f"{folder / there[0]}{more} exists; name another folder, or replace what is there "
            "with ",
            Phrase("force=True", "--force"),
        )


def _pictures_of(table: Contrast, features: tuple[str, ...] | None) -> list[Picture]:
    from priormap.tables.two_columns import chosen_pair

    if features is not None:
        chosen_pair(table.data, features)  # refuses what is no pair before anything is drawn
    return data_pictures(list(table.priors), lambda: table, features, bool(table.resampled))


def _contents(
    pictures: Sequence[Picture], format: str, tables: bool
) -> tuple[dict[str, Content], dict[str, str]]:
    """Return the content of every file, and the caption of every figure, by their names."""
    contents: dict[str, Content] = {}
    captions: dict[str, str] = {}
    for picture in pictures:
        name = f"{picture.name}.{format}"
        try:
            caption = picture.caption
            with house_style(), without_windows():
                image = rendered(figure_of(picture.draw()), format, caption)
        except PriormapError as reason:
            warn(f"{name} is left out: ", *reason.args)
            continue
        contents[name], captions[name] = image, caption
        if tables:
            for part, end in picture.parts.items():
                contents[f"{picture.name}{end}.csv"] = as_csv(picture.table(part))
    return contents, captions


def _never() -> Any:
    raise AssertionError("names of files need no data")
