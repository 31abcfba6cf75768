"""Files that are whole or absent: checked before the work, filled in one move after it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

from priormap.errors import PriormapError

# text, bytes, what writes itself to a path, or the files of a folder that is replaced as a whole
Content: TypeAlias = str | bytes | Callable[[Path], object] | Mapping[str, bytes]
_REMEDY = "give another name, or --force to replace it"


def check_file(file: Path, *, force: bool, option: str = "", remedy: str = _REMEDY) -> None:
    """Refuse a file that cannot be written, or is there and may not be replaced.

    Parameters
    ----------
    file : Path
    force : bool
        Whether a file that is there may be replaced.
    option : str
        What asks for it, such as ``--json``.
    remedy : str
        What to do about a file that is there.
    """
    named = f"{option} {file}".lstrip()
    parent = file.absolute().parent
    if file.is_dir():
        raise PriormapError(f"{named} is a folder; name a file")
    if file.exists() and not force:
        raise PriormapError(f"{named} exists; {remedy}")
    if not parent.is_dir():
        raise PriormapError(f"{named} is in a folder that does not exist; make it first")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise PriormapError(f"{named} is in a folder that cannot be written to")


def check_folder(folder: Path) -> None:
    """Refuse a folder that can neither be made nor written into."""
    nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not nearest.is_dir():
        raise PriormapError(f"folder {folder} cannot be made: {nearest} is a file; name another")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise _unwritable(folder, f"no permission to write in {nearest}")


def write_files(contents: Mapping[Path, Content], folder: Path | None = None) -> None:
    """Write everything under temporary names, then move it; a failure leaves nothing new.

    A `folder` is made first, with those above it. Where a content is a mapping of names to
    bytes, its place is a folder, which is put back as it was where anything fails.

    Raises
    ------
    PriormapError
        If a file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "one.txt")
    ...     write_files({file: "whole"})
    ...     file.read_text(encoding="utf-8")
    'whole'
    """
    new, old = ({place: _beside(place, end) for place in contents} for end in ("new", "old"))
    folders = [place for place, content in contents.items() if isinstance(content, Mapping)]
    moved: list[Path] = []
    place = folder or Path()
    try:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        for place, content in contents.items():
            _fill(new[place], content)
        for place in sorted(contents, key=lambda place: place not in folders):
            if place in folders and place.exists():
                place.rename(old[place])
            move = Path.rename if place in folders else Path.replace
            move(new[place], place)
            moved.append(place)
    except OSError as error:
        raise _unwritable(place, error.strerror or error) from None
    finally:
        if len(moved) < len(contents):
            for folder in folders:
                if folder in moved:
                    shutil.rmtree(folder)
                if old[folder].exists():
                    old[folder].rename(folder)
        for leftover in (*new.values(), *old.values()):
            if leftover.is_dir():
                shutil.rmtree(leftover, ignore_errors=True)
            else:
                leftover.unlink(missing_ok=True)


def _beside(place: Path, end: str) -> Path:
    """A hidden name in the same folder, from where a move is one step."""
    return place.with_name(f".{place.name}.{os.getpid()}.{end}")


def _fill(place: Path, content: Content) -> None:
    if isinstance(content, str):
        place.write_text(content, encoding="utf-8")
    elif isinstance(content, bytes):
        place.write_bytes(content)
    elif isinstance(content, Mapping):
        place.mkdir()
        for name, image in content.items():
            (place / name).write_bytes(image)
    else:
        content(place)


def _unwritable(place: Path, reason: object) -> PriormapError:
    return PriormapError(f"cannot write {place} ({reason}); choose a folder that you may write")
