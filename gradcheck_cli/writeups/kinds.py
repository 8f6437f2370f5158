"""Which kind of document a writeup is, and the reader for it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath

from gradcheck_cli.text import Source
from gradcheck_cli.writeups.found import Kind, Reading, identity
from gradcheck_cli.writeups.html import read_html
from gradcheck_cli.writeups.markdown import read_markdown
from gradcheck_cli.writeups.notebook import read_notebook
from gradcheck_cli.writeups.plain import read_plain
from gradcheck_cli.writeups.rst import read_rst
from gradcheck_cli.writeups.tex import read_tex

_SUFFIXES: Mapping[str, Kind] = {
    ".md": "markdown", ".markdown": "markdown", ".mdown": "markdown", ".mkd": "markdown", ".mdx": "markdown",
    ".qmd": "markdown", ".rmd": "markdown", ".html": "html", ".htm": "html", ".xhtml": "html", ".tex": "tex",
    ".ltx": "tex", ".latex": "tex", ".rst": "rst", ".rest": "rst", ".ipynb": "notebook",
}  # fmt: skip


def kind_of(name: str) -> Kind:
    """The kind of a document by its suffix; what is unknown is plain text."""
    return _SUFFIXES.get(PurePath(name).suffix.lower(), "plain")


def read_document(document: Source, kind: Kind | None = None) -> tuple[Reading, ...]:
    """What of a document is prose: one reading, or for a notebook one for each cell."""
    text = identity(document)
    match kind or kind_of(document.name):
        case "markdown":
            return (read_markdown(text),)
        case "html":
            return (read_html(text),)
        case "tex":
            return (read_tex(text),)
        case "rst":
            return (read_rst(text),)
        case "notebook":
            return read_notebook(text)
        case _:
            return (read_plain(text),)
