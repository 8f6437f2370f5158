"""Finds the specs that stand inside a writeup, with the YAML at its place in the document.

How a spec is marked: in Markdown and plain text a fence with the info word
`gradcheck` (also `yaml gradcheck`, `{.gradcheck}`) or a comment that begins with
the word; in HTML `<pre class="gradcheck">`, `<script type="text/gradcheck">` or
such a comment; in LaTeX the comment lines below `% gradcheck`, or the environment
`gradcheck`; in reStructuredText the directive `gradcheck`, or `code-block::
gradcheck`; in notebooks what Markdown has, and cells that begin with `%%gradcheck`.
"""

from __future__ import annotations

import re
from itertools import islice

from gradcheck_cli.text import Source, Text
from gradcheck_cli.writeups.found import MAX_SPECS, Block, FoundSpec, Kind, Reading, cut, stretch, told
from gradcheck_cli.writeups.kinds import read_document

_LINE = re.compile(r"[^\n]*\n|[^\n]+")


def find_specs(document: Source, kind: Kind | None = None) -> tuple[FoundSpec, ...]:
    """Every spec in a document in order, at most `MAX_SPECS`. Never raises for what it holds."""
    found = (_spec(reading, block) for reading in read_document(document, kind) for block in reading.blocks)
    return tuple(islice(found, MAX_SPECS))


def _spec(reading: Reading, block: Block) -> FoundSpec:
    text = dedented(block.text)
    span = stretch(reading.text, block.start, block.end)
    return FoundSpec(text, span, told(reading, text), reading.cell)


def dedented(text: Text) -> Text:
    """Without the white space that all lines begin with: `---` must stand at the beginning of its line."""
    lines = [match.span() for match in _LINE.finditer(text.value)]
    indents = [
        len(line) - len(line.lstrip(" \t")) for line in (text.value[a:b] for a, b in lines) if line.strip()
    ]
    common = min(indents, default=0)
    return (
        cut(text, [(min(a + common, b - (text.value[b - 1] == "\n")), b) for a, b in lines])
        if common
        else text
    )
