"""``priormap figures``: the figures that need no data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from priormap.cli.options import Format

__all__ = ["figures"]


def figures(
    folder: Annotated[
        Path, typer.Option("--output", "-o", help="Folder to write to.", show_default=True)
    ] = Path("figures"),
    format: Annotated[Format, typer.Option(help="File format.")] = Format.png,
) -> None:
    """Write the figures of prior shapes, pull and shrinkage."""
    from priormap.plots import write_figures

    for path in write_figures(folder, format=format.value):
        typer.echo(path)
