"""What a writeup is taken apart into: its formulas, its fenced specs, and the readable text between them."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from gradcheck_cli.text import Source, Span, Text

Kind = Literal["markdown", "html", "tex", "rst", "notebook", "plain"]

MAX_FORMULAS = 20_000
"""How many formulas of one document are found."""

MAX_SPECS = 200
"""How many fenced specs of one document are found."""

HIDDEN = "\0"
"""Stands for what is not prose (code, comments, tags); no formula reaches across it."""


@dataclass(frozen=True, eq=False)
class Excerpt(Source):
    """A part of a document that reads as a text of its own, and reports places in the document.

    `text` may lack what its carrier needs (a quote's `> `, HTML entities, JSON
    escapes); lines and columns, and the line that a caret is drawn under, are
    those of the document.
    """

    origin: Text = field(repr=False)

    @classmethod
    def of(cls, text: Text) -> Excerpt:
        """The text, in the name of the document it comes from."""
        return cls(text.source.name, text.value, text)

    def position(self, offset: int) -> tuple[int, int]:
        """The (line, column) in the document of an offset in this text."""
        return self.origin.source.position(self.origin.places[offset])

    def line(self, number: int) -> str:
        """A line of the document."""
        return self.origin.source.line(number)


@dataclass(frozen=True, eq=False)
class Cell(Source):
    """A cell of a notebook, which a reader knows by its number and the lines in it."""

    origin: Text = field(repr=False)
    """The same with its places in the file."""


def in_file(span: Span) -> Span:
    """A place as one in the file itself, for readers that do not know of cells."""
    source = span.source
    if not isinstance(source, (Excerpt, Cell)):
        return span
    places = source.origin.places
    end = places[span.end - 1] + 1 if span.end > span.start else places[span.start]
    return in_file(Span(source.origin.source, places[span.start], end))


@dataclass(frozen=True, eq=False)
class FoundFormula:
    r"""A formula of a writeup, and what stands around it.

    `text` is what stands between the delimiters, each character with its place
    in the document; `span` includes the delimiters. `shown` is the place to tell
    a reader, which for a notebook lies in a source that holds its `cell` only.
    """

    text: Text
    span: Span
    display: str
    """`inline`, `display`, `bare` (TeX without delimiters), or the name of the environment."""
    shown: Span
    labels: tuple[str, ...] = ()
    heading: str = ""
    before: str = ""
    """The words before it on its line."""
    cell: int | None = None
    told: Text | None = None
    """The formula between its delimiters, with the places that a reader is told."""

    @property
    def label(self) -> str | None:
        r"""The first of its labels: `\label{…}`, or as the kind of document writes it."""
        return self.labels[0] if self.labels else None


@dataclass(frozen=True, eq=False)
class FoundSpec:
    """A spec inside a writeup: the YAML text, and the block with its fences.

    `shown` is the text with the places that a reader is told, as for a formula.
    """

    text: Text
    span: Span
    shown: Text
    cell: int | None = None

    @cached_property
    def source(self) -> Source:
        """What `spec.load` is to read, so that its messages point into the writeup."""
        return Excerpt.of(self.shown)


@dataclass(frozen=True)
class Piece:
    """A formula as offsets into the readable text; `inner` is what stands between the delimiters."""

    start: int
    end: int
    inner_start: int
    inner_end: int
    display: str
    label: str = ""
    escaped: bool = False
    r"""Written for a Markdown that takes a backslash off: `\\( x\_1 \\)`."""


@dataclass(frozen=True)
class Block:
    """A spec as offsets into a text, and its YAML."""

    start: int
    end: int
    text: Text


@dataclass(frozen=True)
class Reading:
    """A document made readable: its text, the prose in which all else is hidden, and what was found.

    All offsets count in `text`, whose places lead into the document; `prose` has the same length.
    """

    text: Text
    prose: str
    headings: tuple[tuple[int, str], ...] = ()
    pieces: tuple[Piece, ...] = ()
    """Formulas that are marked otherwise than by delimiters in the prose."""
    blocks: tuple[Block, ...] = ()
    cell: int | None = None
    shown: Source | None = None
    """Where a reader finds it, if that is not the document: the text of its cell."""


def identity(document: Source) -> Text:
    """A whole document as a text of which every character stands at its own place."""
    return Text(document.text, document, range(len(document.text) + 1))


def cut(text: Text, stretches: Iterable[tuple[int, int]]) -> Text:
    """The stretches of a text, one behind the other, with their places."""
    kept: list[str] = []
    places: list[int] = []
    end = 0
    for start, stop in stretches:
        kept.append(text.value[start:stop])
        places.extend(text.places[start:stop])
        end = stop
    places.append(_behind(text, end))
    return Text("".join(kept), text.source, places)


def _behind(text: Text, end: int) -> int:
    return text.places[end - 1] + 1 if end else text.places[0]


_ANYTHING = re.compile(r"[^\n\r]")


def hide(value: str, stretches: Iterable[tuple[int, int]], by: str = HIDDEN) -> str:
    """The value with the stretches overwritten, line ends aside; stretches may overlap."""
    kept: list[str] = []
    at = 0
    for start, end in sorted(stretches):
        if end <= at:
            continue
        kept.append(value[at : max(at, start)])
        kept.append(_ANYTHING.sub(by, value[max(at, start) : end]))
        at = end
    kept.append(value[at:])
    return "".join(kept)


def above(headings: Sequence[tuple[int, str]], offset: int) -> str:
    """The nearest heading above an offset."""
    at = bisect_right(headings, offset, key=lambda h: h[0])
    return headings[at - 1][1] if at else ""


def stretch(text: Text, start: int, end: int) -> Span:
    """The place in the document, which reaches to the end of the last entity or escape in it."""
    places = text.places
    begin = places[start]
    last = places[end - 1] + 1 if end > start else begin
    return Span(text.source, begin, last)


def told(reading: Reading, text: Text) -> Text:
    """A part of a reading with the places that a reader is told."""
    if reading.shown is None:
        return text
    places = [bisect_left(reading.text.places, place) for place in text.places]
    return Text(text.value, reading.shown, places)
