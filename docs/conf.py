"""Configuration of the site: `sphinx-build -W docs docs/_build` makes it."""

from __future__ import annotations

import sys
from pathlib import Path

from sphinx_gallery.sorting import FileNameSortKey

import priormap

sys.path.insert(0, str(Path(__file__).parent))

from generated_pages import write  # a neighbour of this file

write()

project, author, copyright = "priormap", "the priormap developers", "the priormap developers"
version = release = priormap.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "mathml",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
]
myst_enable_extensions = ["dollarmath", "amsmath", "deflist"]
myst_heading_anchors = 3
templates_path = ["_templates"]
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

html_math_renderer = "mathml"
html_theme = "pydata_sphinx_theme"
html_title = "priormap"
html_static_path = ["_static"]
html_show_sourcelink = False
html_sidebars = {
    page: []
    for page in (
        "start",
        "verbs",
        "ten_programs",
        "questions",
        "conventions",
        "mathematics",
        "architecture",
    )
}
html_css_files = ["site.css"]
html_js_files = ["filter_table.js"]
html_theme_options = {
    "navigation_with_keys": False,
    "show_toc_level": 2,
    "header_links_before_dropdown": 6,
    "footer_start": ["copyright"],
    "footer_end": [],
}
