"""Fitted estimators from files. Reading one runs code from it, so it is never done unasked."""

from __future__ import annotations

import importlib
import pickle
from pathlib import Path
from typing import Any

from priormap.errors import PriormapError

_PICKLES = {".pkl", ".pickle"}
_ENDINGS = {*_PICKLES, ".joblib", ".skops"}


def is_estimator_file(name: str) -> bool:
    """Whether `name` is a file by its ending, and not the name of a library call."""
    return Path(name).suffix.lower() in _ENDINGS


def read_estimator(name: str, *, trusted: bool) -> Any:
    """Load an estimator that was written by pickle, joblib or skops."""
    path = Path(name)
    if not path.is_file():
        raise PriormapError(f"{path} does not exist; check the path")
    if not trusted:
        raise PriormapError(
            f"{path} may run any code when it is read; add --trust-pickle if you trust where it "
            "comes from"
        )
    try:
        return _load(path)
    except ImportError as error:
        missing = error.name or str(error)
        raise PriormapError(f"{path} needs {missing}, which is not installed") from None
    except Exception as error:  # whatever a file can do while it is read
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        raise PriormapError(f"{path} cannot be read as an estimator ({reason})") from None


def _load(path: Path) -> Any:
    kind = path.suffix.lower()
    if kind == ".skops":
        skops = importlib.import_module("skops.io")
        return skops.load(path, trusted=skops.get_untrusted_types(file=path))
    if kind == ".joblib":
        return importlib.import_module("joblib").load(path)
    with path.open("rb") as file:
        return pickle.load(file)
