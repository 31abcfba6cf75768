"""Configuration of the site: `sphinx-build -W docs docs/_build` makes it."""

from __future__ import annotations

import sys
from pathlib import Path

from sphinx_gallery.sorting import FileNameSortKey

import priormap

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

project, author, copyright = "priormap", "the priormap developers", "the priormap developers"
version = release = priormap.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
    "generated_pages",
]
myst_enable_extensions = ["dollarmath", "amsmath", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build", "make_gallery.py", "gallery/*.ipynb", "gallery/GALLERY_HEADER.rst"]
suppress_warnings = ["config.cache"]

autosummary_generate = True
autodoc_typehints = "none"
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"\.py$",
    "image_scrapers": ("example_figures.saved_figures",),
    "reset_argv": "example_figures.folder_as_argument",
    "within_subsection_order": FileNameSortKey,
    "remove_config_comments": True,
    "download_all_examples": False,
    "show_memory": False,
}

html_theme = "pydata_sphinx_theme"
html_title = "priormap"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = ["filter_table.js"]
html_theme_options = {
    "navigation_with_keys": False,
    "show_toc_level": 2,
    "header_links_before_dropdown": 6,
    "footer_start": ["copyright"],
    "footer_end": [],
}
