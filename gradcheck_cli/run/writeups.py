"""Specs out of the files of a run: a YAML file, or a writeup with specs in fenced blocks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from gradcheck_cli.spec.load import load, load_sources, read_text
from gradcheck_cli.spec.model import Operator, SpecFile
from gradcheck_cli.text import Problem, Source
from gradcheck_cli.writeups.fences import find_specs

SUFFIXES = (".md", ".markdown", ".html", ".htm", ".tex", ".rst", ".ipynb", ".txt")
"""Files that are writeups; every other one is a spec."""


def load_any(file: Path, name: str) -> SpecFile:
    """The operators of a file, whatever it is; `name` is what it is called in messages."""
    if file.suffix.lower() not in SUFFIXES:
        return load(file, name=name)
    text = read_text(file, name)
    if isinstance(text, Problem):
        return SpecFile(name, None, problems=(text,))
    document = Source(name, text)
    found = find_specs(document)
    if not found:
        advice = "a block of code with the info word `gradcheck` holds a spec: ```gradcheck"
        problem = Problem("this writeup holds no spec", file=name, help=advice)
        return SpecFile(name, document, problems=(problem,))
    spec = load_sources(name, [block.source for block in found])
    return replace(spec, operators=tuple(_published(operator, file) for operator in spec.operators))


def _published(operator: Operator, file: Path) -> Operator:
    """An operator whose claims stand in the writeup itself, unless it names another document."""
    if operator.document.document is not None:
        return operator
    return replace(operator, document=replace(operator.document, document=file.name))
