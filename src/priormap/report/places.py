"""What a report was asked for: its place, checked before the work, and where the data come from."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from priormap.checks import short
from priormap.display.files import Content, check_file, check_folder, write_files
from priormap.errors import Phrase, PriormapError

_REMEDY = Phrase(
    "give another name, or replace it by force=True", "give another name, or replace it by --force"
)
_FORMATS = {"": "html", ".html": "html", ".htm": "html", ".md": "markdown", ".markdown": "markdown"}


@dataclass(frozen=True)
class Origin:
    """Where data come from, for a report that can be made again.

    Parameters
    ----------
    name : str
        What to call the data.
    target : str
        What y is.
    load : str
        Lines of Python that make `data`.
    command : str
        The shell command that writes the report.
    choices : tuple of str
        One sentence for each choice that was made for the reader.
    verdict : str
        Whether coefficients that were found elsewhere are the mode.
    """

    name: str = "arrays in memory"
    target: str = "y"
    load: str = ""
    command: str = ""
    choices: tuple[str, ...] = ()
    verdict: str = ""


def place_of(path: str | os.PathLike[str], format: str | None, *, force: bool) -> Place:
    """Return the place of a report, checked; its format goes by the ending if none is given."""
    if not isinstance(path, str | os.PathLike):
        raise PriormapError(
            f"path must be the name of a file, got {short(path)}; data of an estimator go by name: "
            "write_report(estimator, X=X, y=y)"
        )
    file = Path(path)
    if format is None:
        format = _FORMATS.get(file.suffix.lower())
        if format is None:
            raise PriormapError(
                f"format of {file} is unknown; end its name with .html or .md, or name the format"
            )
    if not isinstance(format, str) or format not in {"html", "markdown"}:
        raise PriormapError(f"format must be html or markdown, got {short(format)}")
    return Place(file, format, force=force)


class Place:
    """A file, and for Markdown the folder of its pictures beside it.

    Parameters
    ----------
    file : Path
    format : {"html", "markdown"}
    force : bool
        Whether a report that is there may be replaced.

    Raises
    ------
    PriormapError
        If the place cannot be written, or is taken.
    """

    def __init__(self, file: Path, format: str, *, force: bool) -> None:
        self.file, self.format = file, format
        self.folder = file.with_name(f"{file.stem}_files")
        check_file(file, force=force, remedy=_REMEDY)
        if format == "markdown":
            if os.path.exists(self.folder):
                self._check_folder(force)
            else:
                check_folder(self.folder)

    def write(self, text: str, images: Mapping[str, bytes] | None = None) -> None:
        """Write the page, and its pictures where they stand beside it; all or nothing."""
        pictures: dict[Path, Content] = {} if images is None else {self.folder: images}
        write_files({**pictures, self.file: text})

    def _check_folder(self, force: bool) -> None:
        """The pictures' folder may be replaced only where it holds nothing but pictures."""
        if not force:
            raise PriormapError(f"{self.folder} exists; ", _REMEDY)
        if not self.folder.is_dir():
            raise PriormapError(f"{self.folder} is a file where pictures would go; move it away")
        others = [one.name for one in self.folder.iterdir() if one.suffix != ".png"]
        if others:
            raise PriormapError(
                f"{self.folder} holds {others[0]!r}, which is no picture of a report; move it away"
            )
