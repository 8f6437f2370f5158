"""Finds every formula of a writeup, of whatever kind it is, with its place and what stands around it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice

from gradcheck_cli.text import Source, Text
from gradcheck_cli.writeups.found import (
    HIDDEN,
    MAX_FORMULAS,
    FoundFormula,
    Kind,
    Piece,
    Reading,
    above,
    stretch,
    told,
)
from gradcheck_cli.writeups.kinds import kind_of, read_document
from gradcheck_cli.writeups.macros import Macro, delimiters, macros_of, without_definitions
from gradcheck_cli.writeups.markdown import RULES, label_behind
from gradcheck_cli.writeups.plain import bare
from gradcheck_cli.writeups.scan import OUTER, Rules, scan

_RULES: Mapping[Kind, Rules] = {
    "markdown": RULES,
    "notebook": RULES,
    "html": Rules(blank_ends=False),
    "tex": Rules(dollars="tex", environments=OUTER),
    "rst": Rules(),
    "plain": Rules(),
}
_LABEL = re.compile(r"\\(?:label|tag\*?)\s?\{([^{}]{1,200})\}")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_BEFORE = 200
"""How many characters before a formula are kept."""


def find_formulas(document: Source, kind: Kind | None = None) -> tuple[FoundFormula, ...]:
    """Every formula of a document in order, at most `MAX_FORMULAS`. Never raises for what it holds."""
    kind = kind or kind_of(document.name)
    found = (formula for reading in read_document(document, kind) for formula in _of(reading, kind))
    return tuple(islice(found, MAX_FORMULAS))


def find_macros(document: Source, kind: Kind | None = None) -> tuple[Macro, ...]:
    r"""The commands that a document defines by `\newcommand` and the like, in order."""
    readings = read_document(document, kind)
    return tuple(macro for reading in readings for macro in macros_of(reading.text, reading.prose))


def _of(reading: Reading, kind: Kind) -> Iterator[FoundFormula]:
    prose = reading.prose
    rules = _RULES[kind]
    macros = macros_of(reading.text, prose)
    if macros:
        prose = without_definitions(prose, macros)
        rules = replace(rules, macros=delimiters(macros))
    text = reading.text.value
    pieces = [p for p in reading.pieces if text[p.inner_start : p.inner_end].strip()]
    if kind != "rst":
        pieces += scan(prose, rules, MAX_FORMULAS)
    if kind == "plain":
        pieces += bare(prose, pieces)
    for piece in sorted(_apart(pieces), key=lambda p: p.start):
        yield _formula(reading, prose, piece)


def _apart(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Without those that begin inside another."""
    behind = -1
    for piece in sorted(pieces, key=lambda p: (p.start, -p.end)):
        if piece.start >= behind:
            behind = piece.end
            yield piece


def _before(prose: str, at: int) -> str:
    """The words between the beginning of the line, or hidden text, and an offset."""
    words = prose[max(0, at - _BEFORE) : at]
    words = words[max(words.rfind("\n"), words.rfind(HIDDEN)) + 1 :]
    return " ".join(words.split())


def _formula(reading: Reading, prose: str, piece: Piece) -> FoundFormula:
    text = reading.text
    inner = _slice(text, prose, piece)
    if piece.escaped:
        inner = _unescaped(inner)
    span = stretch(text, piece.start, piece.end)
    labels = [name.strip() for name in _LABEL.findall(inner.value)]
    label = piece.label or label_behind(text.value, piece)
    if label and label not in labels:
        labels.append(label)
    return FoundFormula(
        inner,
        span,
        piece.display,
        reading.shown.span(piece.start, piece.end) if reading.shown is not None else span,
        tuple(labels),
        above(reading.headings, piece.start),
        _before(prose, piece.start),
        reading.cell,
        _wrapped(told(reading, inner)),
    )


def _wrapped(text: Text) -> Text:
    """A formula between dollars, whatever its delimiters are, so that it can be read as one."""
    first, behind = text.places[0], text.places[-1]
    places = [first, *text.places[:-1], text.places[-2] if text.value else first, behind]
    return Text(f"${text.value}$", text.source, places)


def _slice(text: Text, prose: str, piece: Piece) -> Text:
    """What stands between the delimiters, comments and definitions in it left out."""
    start, end = piece.inner_start, piece.inner_end
    while start < end and text.value[start].isspace():
        start += 1
    while end > start and text.value[end - 1].isspace():
        end -= 1
    places = text.places[start : end + 1]
    if end >= len(text.places) or end == start or text.places[end - 1] + 1 != text.places[end]:
        places = [*text.places[start:end], text.places[end - 1] + 1 if end > start else text.places[start]]
    value = text.value[start:end]
    seen = prose[start:end]
    return Text(seen if HIDDEN not in seen else value, text.source, places)


def _unescaped(text: Text) -> Text:
    """Without the backslashes that Markdown takes off."""
    value: list[str] = []
    places: list[int] = []
    at = 0
    for match in _ESCAPE.finditer(text.value):
        value += (text.value[at : match.start()], match[1])
        places += (*text.places[at : match.start()], text.places[match.start(1)])
        at = match.end()
    value.append(text.value[at:])
    places += text.places[at:]
    return Text("".join(value), text.source, places)
