"""Finds what stands inside the lines of Markdown and is no prose: code spans, comments and tags.

A code span ends at the next run of as many backticks in its paragraph; the runs
are sorted by length once, so that many that never end cost nothing.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from gradcheck_cli.text import Text
from gradcheck_cli.writeups.found import Block, Piece, cut

_INLINE = re.compile(
    r"\\[\\`<]|(?P<code>`+)|(?P<comment><!--)"
    r"|<(?P<raw>script|style|pre|code|textarea)(?=[\s>])[^<>]{0,500}>"
    r"|<[A-Za-z][A-Za-z0-9-]{0,30}(?:\s{1,9}[A-Za-z_:][\w:.-]{0,50}\s?=\s?(?:\"[^\"\n\0]{0,2000}\"|'[^'\n\0]{0,2000}')){1,20}+\s?/?>",
    re.IGNORECASE,
)
_BLANK = re.compile(r"\n[ \t\r]*(?=\n)")


class Inline:
    """One pass over the prose for code spans, comments and tags."""

    def __init__(self, text: Text, value: str) -> None:
        self.text = text
        self.value = value
        self.hidden: list[tuple[int, int]] = []
        self.pieces: list[Piece] = []
        self.blocks: list[Block] = []
        self.runs: dict[int, list[int]] = {}
        self.unclosed: set[str] = set()
        for run in re.finditer(r"`+", value):
            self.runs.setdefault(run.end() - run.start(), []).append(run.start())
        self.blanks = [m.start() for m in _BLANK.finditer(value)] if self.runs else []

    def read(self) -> None:
        """Finds what is to be hidden."""
        at = 0
        while match := _INLINE.search(self.value, at):
            at = match.end()
            for start, end in self.stretch(match):
                self.hidden.append((start, end))
                at = end

    def stretch(self, match: re.Match[str]) -> Iterator[tuple[int, int]]:
        """What a sign hides, if it is closed."""
        start, end = match.span()
        if match["code"]:
            width = end - start
            runs = self.runs.get(width, [])
            next_ = bisect_right(runs, start)
            blank = bisect_right(self.blanks, start)
            paragraph = self.blanks[blank] if blank < len(self.blanks) else len(self.value)
            if next_ < len(runs) and runs[next_] < paragraph:
                yield self.code(start, end, runs[next_], runs[next_] + width)
        elif match["comment"]:
            close = self.find("-->", end)
            if close >= 0:
                yield start, close + 3
                first, _, _ = self.value[end:close].lstrip().partition("\n")
                if first.strip() == "gradcheck":
                    inner = self.value.index("gradcheck", end) + len("gradcheck")
                    inner = self.value.index("\n", inner) + 1
                    self.blocks.append(Block(start, close + 3, cut(self.text, [(inner, close)])))
        elif match["raw"]:
            close = self.find(f"</{match['raw'].lower()}", end)
            if close >= 0:
                yield start, close
        elif match.group()[0] == "<":
            yield start, end

    def find(self, wanted: str, at: int) -> int:
        """Where a closing sign stands; one that was once missing is not looked for again."""
        if wanted in self.unclosed:
            return -1
        found = re.compile(re.escape(wanted), re.IGNORECASE).search(self.value, at)
        if found is None:
            self.unclosed.add(wanted)
            return -1
        return found.start()

    def code(self, start: int, inner: int, behind: int, end: int) -> tuple[int, int]:
        """A code span, which between dollars is a formula."""
        if self.value[start - 1 : start] == "$" == self.value[end : end + 1]:
            self.pieces.append(Piece(start - 1, end + 1, inner, behind, "inline"))
            return start - 1, end + 1
        return start, end
