"""Specs out of the files of a run: a YAML file, or a writeup with specs in fenced blocks.

Either may refer to formulas of a writeup and use its macros: what it needs of
them is lent to it here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from gradcheck_cli.spec.load import load, load_sources, read_text
from gradcheck_cli.spec.model import Operator, SpecFile
from gradcheck_cli.spec.prose import Prose
from gradcheck_cli.text import Problem, Source, Text
from gradcheck_cli.writeups.expansion import expand
from gradcheck_cli.writeups.fences import find_specs
from gradcheck_cli.writeups.formulas import find_formulas, find_macros
from gradcheck_cli.writeups.found import FoundFormula, FoundSpec
from gradcheck_cli.writeups.locate import Writeup, find_document, read
from gradcheck_cli.writeups.relations import states

SUFFIXES = (".md", ".markdown", ".html", ".htm", ".tex", ".rst", ".ipynb", ".txt")
"""Files that are writeups; every other one is a spec."""


def load_any(file: Path, name: str, sources: Path | None = None) -> SpecFile:
    """The operators of a file, whatever it is; `name` is what it is called in messages.

    A document that a spec names is looked up beside it and in `sources`.
    """

    def lend(document: str) -> Prose:
        return _named(document, [file.parent, *([sources] if sources else [])])

    if file.suffix.lower() not in SUFFIXES:
        return load(file, name, lend)
    text = read_text(file, name)
    if isinstance(text, Problem):
        return SpecFile(name, None, problems=(text,))
    document = Source(name, text)
    found = find_specs(document)
    if not found:
        advice = (
            "a block of code with the info word `gradcheck` holds a spec: ```gradcheck; or have one proposed:"
            f" gradcheck draft {name}"
        )
        problem = Problem("this writeup holds no spec", file=name, help=advice)
        return SpecFile(name, document, problems=(problem,))
    spec = load_sources(name, [(block.source, prose) for block, prose in _around(document, found)], lend)
    return replace(spec, operators=tuple(_published(operator, file) for operator in spec.operators))


def _published(operator: Operator, file: Path) -> Operator:
    """An operator whose claims stand in the writeup itself, unless it names another document."""
    if operator.document.document is not None:
        return operator
    return replace(operator, document=replace(operator.document, document=file.name))


def _around(document: Source, blocks: Sequence[FoundSpec]) -> Iterable[tuple[FoundSpec, Prose]]:
    """Each block with what the writeup around it lends."""
    formulas = find_formulas(document)
    known = _labels(formulas)
    with_macros = _expansion(document)
    for block in blocks:
        before = (f for f in reversed(formulas) if f.span.end <= block.span.start and states(f.text.value))
        above = next(before, None)
        yield (
            block,
            Prose(
                document.name,
                found=True,
                inside=True,
                above=above.told if above else None,
                labelled=lambda: known,
                expand=with_macros,
            ),
        )


def _named(document: str, folders: Sequence[Path]) -> Prose:
    """What a document lends to a spec that names it; its formulas are looked for when a label is."""
    file = find_document(document, folders)
    writeup = read(file, document) if file is not None else None
    if not isinstance(writeup, Writeup):
        return Prose(document)
    source = writeup.source
    labelled = cache(lambda: _labels(find_formulas(source)))
    return Prose(document, found=True, labelled=labelled, expand=_expansion(source))


def _labels(formulas: Iterable[FoundFormula]) -> Mapping[str, Text]:
    """The formulas by label; the first that carries it counts."""
    found: dict[str, Text] = {}
    for formula in formulas:
        for label in formula.labels:
            if formula.told is not None:
                found.setdefault(label, formula.told)
    return found


def _expansion(document: Source) -> Callable[[Text], Text]:
    """Puts the macros of a document into a formula; they are looked for when the first formula is."""
    macros = cache(lambda: find_macros(document))
    return lambda text: expand(text, macros()) if "\\" in text.value else text
