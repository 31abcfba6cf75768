"""Result files that are whole or absent, and exact numbers in them."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from priormap.errors import PriormapError


class Outputs:
    """Where results go: files, or ``-`` for stdout; checked before anything is computed.

    Parameters
    ----------
    places : mapping of str to str or None
        What to write, and where.
    force : bool
        Whether to replace files.
    """

    def __init__(self, places: Mapping[str, str | None], *, force: bool) -> None:
        self._places = {what: place for what, place in places.items() if place is not None}
        repeated = list(self._places.values())
        if len(set(repeated)) < len(repeated):
            raise PriormapError(
                f"--{' and --'.join(self._places)} both go to {repeated[0]}; give each its own"
            )
        for what, place in self._places.items():
            if place != "-":
                _check_place(what, Path(place), force)

    @property
    def takes_stdout(self) -> bool:
        """Whether a result is what stdout shows."""
        return "-" in self._places.values()

    def write(self, makers: Mapping[str, Callable[[], str]]) -> None:
        """Make every text, then write all; files under a temporary name that is then moved."""
        texts = {place: makers[what]() for what, place in self._places.items()}
        moves: list[tuple[Path, Path]] = []
        try:
            for place, text in texts.items():
                if place != "-":
                    file = Path(place)
                    moves.append((file.with_name(f".{file.name}.{os.getpid()}.part"), file))
                    moves[-1][0].write_text(text, encoding="utf-8")
            for temporary, file in moves:
                temporary.replace(file)
        except OSError as error:
            raise PriormapError(f"cannot write {error.filename}: {error.strerror}") from None
        finally:
            for temporary, _ in moves:
                temporary.unlink(missing_ok=True)
        if "-" in texts:
            sys.stdout.write(texts["-"])


def as_json(value: Any) -> str:
    """Strict JSON; finite numbers read back exactly, infinity as "inf", NaN as null."""
    return json.dumps(_plain(value), indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):  # numpy arrays and scalars
        return _plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value


def _check_place(what: str, file: Path, force: bool) -> None:
    if file.is_dir():
        raise PriormapError(f"--{what} {file} is a folder; name a file")
    if file.exists() and not force:
        raise PriormapError(f"--{what} {file} exists; give another name, or --force to replace it")
    if not file.absolute().parent.is_dir():
        raise PriormapError(f"--{what} {file} is in a folder that does not exist; make it first")
    if not os.access(file.absolute().parent, os.W_OK):
        raise PriormapError(f"--{what} {file} is in a folder that cannot be written to")
