"""A place for a report: checked before the work, filled in one move after it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from priormap.errors import PriormapError

_REMEDY = "give another name, or replace it by force (--force)"


_FORMATS = {"": "html", ".html": "html", ".htm": "html", ".md": "markdown", ".markdown": "markdown"}


def place_of(path: str | os.PathLike[str], format: str | None, *, force: bool) -> Place:
    """Return the place of a report, checked; its format goes by the ending if none is given."""
    file = Path(path)
    if format is None:
        format = _FORMATS.get(file.suffix.lower())
        if format is None:
            raise PriormapError(
                f"format of {file} is unknown; end its name with .html or .md, or name the format"
            )
    if format not in {"html", "markdown"}:
        raise PriormapError(f"format must be html or markdown, got {format!r}")
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
        self._check_file(force)
        if format == "markdown":
            self._check_folder(force)

    def write(self, text: str, images: Mapping[str, bytes] | None = None) -> None:
        """Write everything under temporary names, then move it; a failure leaves nothing."""
        own = f".{self.file.name}.{os.getpid()}"
        page, new, old = (self.file.with_name(f"{own}.{end}") for end in ("part", "new", "old"))
        moved = written = False
        try:
            page.write_text(text, encoding="utf-8")
            if images is not None:
                new.mkdir()
                for name, image in images.items():
                    (new / name).write_bytes(image)
                if self.folder.exists():
                    self.folder.rename(old)
                new.rename(self.folder)
                moved = True
            page.replace(self.file)
            written = True
        except OSError as error:
            raise PriormapError(f"cannot write {self.file}: {error.strerror or error}") from None
        finally:
            if moved and not written:
                shutil.rmtree(self.folder)
            if old.exists() and not written:
                old.rename(self.folder)
            page.unlink(missing_ok=True)
            for folder in (new, old):
                shutil.rmtree(folder, ignore_errors=True)

    def _check_file(self, force: bool) -> None:
        parent = self.file.absolute().parent
        if self.file.is_dir():
            raise PriormapError(f"{self.file} is a folder; name a file")
        if self.file.exists() and not force:
            raise PriormapError(f"{self.file} exists; {_REMEDY}")
        if not parent.is_dir():
            raise PriormapError(f"{self.file} is in a folder that does not exist; make it first")
        if not os.access(parent, os.W_OK | os.X_OK):
            raise PriormapError(f"{self.file} is in a folder that cannot be written to")

    def _check_folder(self, force: bool) -> None:
        """The pictures' folder may be replaced only where it holds nothing but pictures."""
        if not self.folder.exists():
            return
        if not force:
            raise PriormapError(f"{self.folder} exists; {_REMEDY}")
        if not self.folder.is_dir():
            raise PriormapError(f"{self.folder} is a file where pictures would go; move it away")
        others = [one.name for one in self.folder.iterdir() if one.suffix != ".png"]
        if others:
            raise PriormapError(
                f"{self.folder} holds {others[0]!r}, which is no picture of a report; move it away"
            )
