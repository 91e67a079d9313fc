"""How Sphinx makes the pages: ./run docs."""

import re

from pellucid import __version__

project = "pellucid"
author = "the pellucid developers"
release = version = __version__
extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.intersphinx",
    "sphinx.ext.mathjax",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "myst_nb",
]
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
nb_execution_mode = "cache"
nb_execution_raise_on_error = True
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "pellucid"
html_show_sourcelink = False
default_role = "py:obj"  # `Name` in a docstring becomes a link where there is such a name
autodoc_default_options = {"members": True, "imported-members": True, "show-inheritance": True}
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings tell shapes and types
autodoc_inherit_docstrings = False
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True
intersphinx_mapping: dict[str, tuple[str, None]] = {}  # pages are built without a network


def formulas_as_they_stand(app, what, name, thing, options, lines):
    """Show an indented paragraph, a formula, as it stands: reST would take its stars for markup."""
    shown = []
    for i, line in enumerate(lines):
        opens = re.match(r" {4,}\S", line) and not lines[i - 1].strip() if i else False
        inside = bool(shown) and shown[-1].startswith("    ")
        above = next((old for old in reversed(shown) if old.strip()), "")
        indent = len(line) - len(line.lstrip())
        deeper = indent >= len(above) - len(above.lstrip()) + 4
        if opens and deeper and not inside and not above.lstrip().startswith((">>>", "...", "* ", "- ")):
            shown += [above[: len(above) - len(above.lstrip())] + "::", ""]
        shown.append(line)
    lines[:] = shown


def links_between_pages(app, name, content):
    """Links are written as they work in the repository; ARCHITECTURE.md and the pages lie in one folder here."""
    content[0] = content[0].replace("](../ARCHITECTURE.md", "](architecture.md").replace("](docs/", "](")


def setup(app):
    """Hook in; formulas before napoleon reads the sections."""
    app.connect("autodoc-process-docstring", formulas_as_they_stand, priority=400)
    app.connect("source-read", links_between_pages)
    app.connect("include-read", lambda app, path, name, content: links_between_pages(app, name, content))
