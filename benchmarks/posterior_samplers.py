"""Every sampler of the posterior benchmark by its name, and why one cannot run here."""

from __future__ import annotations

import shutil
import subprocess
from importlib.util import find_spec

from posterior_ours import OURS
from posterior_peers import PEERS
from posterior_protocol import Sampler

__all__ = ["SAMPLERS", "what_is_missing"]

SAMPLERS = {sampler.name: sampler for sampler in (*OURS, *PEERS)}


def what_is_missing(sampler: Sampler) -> str | None:
    """One sentence, or None if it can run."""
    for package in sampler.needs:
        if package.startswith("R:"):
            if shutil.which("Rscript") is None:
                return f"{sampler.name} is skipped: there is no Rscript"
            name = package.removeprefix("R:")
            test = f"quit(status = !requireNamespace('{name}', quietly = TRUE))"
            if subprocess.run(["Rscript", "-e", test], capture_output=True, check=False).returncode:
                return f"{sampler.name} is skipped: R has no package {name}"
        elif find_spec(package) is None:
            return f"{sampler.name} is skipped: {package} is not installed"
    return None
