"""Files that are whole or absent: checked before the work, filled in one move after it."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeAlias

from priormap.errors import Phrase, PriormapError

# text, bytes, or the files of a folder that is replaced as a whole
Content: TypeAlias = str | bytes | memoryview | Mapping[str, bytes]
_REMEDY = Phrase(
    "give another name, or force=True to replace it", "give another name, or --force to replace it"
)
FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
_LONGEST = 100  # characters of a path in a sentence


def check_file(
    file: str | Path, *, force: bool, option: str = "", remedy: Phrase = _REMEDY
) -> None:
    """Refuse a file that cannot be written, or is there and may not be replaced.

    A device or a pipe is written into, and never replaced.

    Parameters
    ----------
    file : str or Path
    force : bool
        Whether a file that is there may be replaced.
    option : str
        What asks for it, such as ``--json``.
    remedy : Phrase
        What to do about a file that is there.
    """
    named = f"{option} {shown(file)}".lstrip()
    mode, file = _mode(file, named), Path(file)
    if stat.S_ISDIR(mode):
        raise PriormapError(f"{named} is a folder; name a file")
    if mode and not os.access(file, os.W_OK):
        raise PriormapError(f"{named} may not be written to; give another name")
    if mode and not stat.S_ISREG(mode):
        return
    if mode and not force:
        raise PriormapError(f"{named} exists; ", remedy)
    parent = _target(file).parent
    if not parent.is_dir():
        raise PriormapError(f"{named} is in a folder that does not exist; make it first")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise PriormapError(
            f"{named} is in a folder that cannot be written to; choose one that you may write"
        )


def check_folder(folder: str | Path, option: str = "folder") -> None:
    """Refuse a folder that can neither be made nor written into."""
    named = f"{option} {shown(folder)}"
    _mode(folder, named)
    folder = Path(folder)
    nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not nearest.is_dir():
        raise PriormapError(f"{named} cannot be made: {shown(nearest)} is a file; name another")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise PriormapError(
            f"{named} cannot be made (no permission to write in {shown(nearest)}); choose a "
            "folder that you may write"
        )


def shown(path: str | os.PathLike[str]) -> str:
    """Return a path for a sentence: the middle of a very long one is left out.

    Examples
    --------
    >>> shown("page.html"), len(shown("x" * 5000))
    ('page.html', 99)
    """
    text = os.fspath(path)
    half = _LONGEST // 2 - 1
    return text if len(text) <= _LONGEST else f"{text[:half]}…{text[-half:]}"


def write_files(contents: Mapping[Path, Content], folder: Path | None = None) -> None:
    """Write everything beside its place, then move it; a failure leaves everything as it was.

    A `folder` is made first, with those above it. Where a content is a mapping of names to
    bytes, its place is a folder.

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
    with written(contents, folder):
        pass


@contextmanager
def written(contents: Mapping[Path, Content], folder: Path | None = None) -> Iterator[None]:
    """Keep files as `write_files` writes them only if the block that follows succeeds too."""
    moves = _Moves()
    _under_way.append(moves)
    place = folder or Path()
    try:
        try:
            if folder is not None:
                moves.make(folder)
            for place, content in sorted(contents.items(), key=lambda one: _is_stream(one[0])):
                moves.stage(place, content)  # what cannot be taken back comes last
            for place in moves.move():  # noqa: B007 - an error is that of the last one
                pass
            moves.is_whole = True
        except OSError as error:
            raise _unwritable(place, error) from None
        yield
        moves.is_done = True
    finally:
        moves.end()
        _under_way.remove(moves)


def end_writing(*, keep: bool) -> None:
    """Put right what is under way, for a process that ends at once; `keep` what is whole."""
    for moves in _under_way:
        moves.is_done |= keep and moves.is_whole
        moves.end()


class _Moves:
    """Files made in a hidden folder beside their place, from where a move is one step.

    Every step is noted before it is taken, so that `end` knows at any moment which were.
    """

    def __init__(self) -> None:
        self.is_whole = False  # everything is in its place
        self.is_done = False  # and shall stay there
        self._made: list[Path] = []  # folders that were not there
        self._stages: dict[Path, Path] = {}  # of the folder in which a place is
        self._staged: dict[Path, tuple[Path, Path]] = {}  # the new one, and where the old is kept
        self._moved: list[Path] = []

    def make(self, folder: Path) -> None:
        """Make a folder and those above it."""
        missing = [one for one in (folder, *folder.absolute().parents) if not one.exists()]
        self._made += missing
        for one in reversed(missing):
            one.mkdir(exist_ok=True)

    def stage(self, place: Path, content: Content) -> None:
        """Fill a file or a folder beside its place, or a device at once."""
        if _is_stream(place):
            place.write_bytes(_bytes(content))
            return
        place = _target(place)
        new, _ = self._staged[place] = self._beside(place)
        if isinstance(content, Mapping):
            new.mkdir()
            for name, image in content.items():
                _fill(new / name, image)
            return
        _fill(new, content)
        if place.exists():
            shutil.copymode(place, new)

    def move(self) -> Iterator[Path]:
        """Put what was staged into its place, and keep what is there for the time being."""
        for place, (new, old) in self._staged.items():
            yield place
            self._moved.append(place)
            if new.is_dir():
                if place.exists():
                    place.rename(old)
                new.rename(place)
                continue
            if place.exists():
                try:
                    os.link(place, old)
                except OSError:  # a file system without links
                    shutil.copy2(place, old)
            new.replace(place)

    def end(self) -> None:
        """Drop what is left over; unless all is done, put everything back as it was."""
        for place in self._moved if not self.is_done else ():
            new, old = self._staged[place]
            if not os.path.lexists(new):
                os.replace(place, new)
            if os.path.lexists(old):
                os.replace(old, place)
        self._moved.clear()
        for stage in self._stages.values():
            shutil.rmtree(stage, ignore_errors=True)
        for folder in self._made if not self.is_done else ():
            with suppress(OSError):
                folder.rmdir()

    def _beside(self, place: Path) -> tuple[Path, Path]:
        parent, number = place.parent, len(self._staged)
        if parent not in self._stages:
            self._stages[parent] = parent / f".priormap-{secrets.token_hex(4)}"
            self._stages[parent].mkdir()
        return self._stages[parent] / f"{number}.new", self._stages[parent] / f"{number}.old"


_under_way: list[_Moves] = []


def _fill(file: Path, content: str | bytes | memoryview) -> None:
    if isinstance(content, str):
        file.write_text(content, encoding="utf-8", errors="backslashreplace")
    else:
        file.write_bytes(content)
    with file.open("r+b") as opened:
        os.fsync(opened.fileno())  # some file systems say only now that they are full


def _bytes(content: Content) -> bytes | memoryview:
    if isinstance(content, Mapping):
        raise NotADirectoryError(errno.ENOTDIR, "it is a device")
    return content.encode(errors="backslashreplace") if isinstance(content, str) else content


def _target(place: Path) -> Path:
    """The file behind links, which stay."""
    return Path(os.path.realpath(place))


def _is_stream(place: Path) -> bool:
    """Whether a place is a device or a pipe."""
    mode = place.stat().st_mode if place.exists() else 0
    return bool(mode) and not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _mode(place: str | Path, named: str) -> int:
    """What stands at a place, 0 for nothing; or refuse a name that no file can have."""
    if not os.fspath(place):
        raise PriormapError(f"{named.strip() or 'the path'} is empty; give a name")
    try:
        os.path.abspath(place)
    except OSError:
        raise PriormapError("the current folder was deleted; change to another") from None
    try:
        return os.stat(place).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return 0
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise PriormapError(f"{named} cannot be written ({reason}); give another name") from None


def _unwritable(place: Path, error: OSError) -> PriormapError:
    remedy = "choose a folder " + ("with room" if error.errno in FULL else "that you may write")
    return PriormapError(f"cannot write {shown(place)} ({error.strerror or error}); {remedy}")
