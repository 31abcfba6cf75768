"""The figures that an example saves, as images of its page in the gallery."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

FOLDER = Path(tempfile.gettempdir(), "priormap-gallery")


def folder_as_argument(gallery_conf: dict[str, Any], script_vars: dict[str, Any]) -> list[str]:
    """Let each example save its figures where the gallery finds them."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    return [str(FOLDER)]


def saved_figures(block: Any, block_vars: dict[str, Any], gallery_conf: dict[str, Any]) -> str:
    """Take the figures that a block of an example has saved."""
    from sphinx_gallery.scrapers import figure_rst

    images = []
    for path in sorted(FOLDER.glob("*.png")):
        place = block_vars["image_path_iterator"].next()
        shutil.move(path, place)
        images.append(place)
    return figure_rst(images, gallery_conf["src_dir"])
