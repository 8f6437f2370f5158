"""A source text, a place in it, and a string that remembers where it came from.

Offsets count Unicode code points from 0; lines and columns count from 1, as
editors do.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True, eq=False)
class Source:
    """A named text: a file, a fenced block, or a formula given on its own."""

    name: str
    text: str = field(repr=False)

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(i + 1 for i, c in enumerate(self.text) if c == "\n")]

    def position(self, offset: int) -> tuple[int, int]:
        """The (line, column) of an offset; the end of the text is a place too."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of a line, without its line end."""
        start = self._starts[number - 1]
        end = self._starts[number] - 1 if number < len(self._starts) else len(self.text)
        return self.text[start:end].rstrip("\r")

    def span(self, start: int, end: int) -> Span:
        """The place from `start` up to, not including, `end`."""
        return Span(self, start, end)


@dataclass(frozen=True)
class Span:
    """A half-open stretch of a source."""

    source: Source
    start: int
    end: int

    @property
    def line(self) -> int:
        """The line on which the stretch begins."""
        return self.source.position(self.start)[0]

    @property
    def column(self) -> int:
        """The column at which the stretch begins."""
        return self.source.position(self.start)[1]

    @property
    def text(self) -> str:
        """What stands there."""
        return self.source.text[self.start : self.end]

    def to(self, other: Span) -> Span:
        """The stretch from the beginning of this one to the end of another."""
        return Span(self.source, self.start, max(self.end, other.end))


@dataclass(frozen=True, eq=False)
class Text:
    """A string read out of a source, with the place of each of its characters.

    `places[i]` is the source offset of `value[i]`, and `places[len(value)]` the
    offset just after the last one. A YAML scalar that was folded, escaped or
    indented still points at the very characters that were written.
    """

    value: str
    source: Source
    places: Sequence[int]

    @classmethod
    def whole(cls, name: str, value: str) -> Text:
        """A formula that is its own source, such as one given on the command line."""
        return cls(value, Source(name, value), range(len(value) + 1))

    def span(self, start: int, end: int) -> Span:
        """The place in the source of `value[start:end]`."""
        if end <= start:
            return Span(self.source, self.places[start], self.places[start])
        return Span(self.source, self.places[start], self.places[end - 1] + 1)

    @property
    def all(self) -> Span:
        """The place of the whole string."""
        return self.span(0, len(self.value))
