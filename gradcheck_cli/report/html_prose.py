r"""A writeup as blocks that a page can show: headings, paragraphs with formulas in place, code, specs.

No markup of the writeup is interpreted beyond that: its words are shown as they
are, so that nothing a writeup holds can become a part of the page.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from gradcheck_cli.report.audit import AuditedDocument, AuditedFormula
from gradcheck_cli.report.result import ClaimResult
from gradcheck_cli.writeups.found import HIDDEN, Reading
from gradcheck_cli.writeups.kinds import kind_of

Sort = Literal["heading", "text", "item", "code", "spec"]


@dataclass
class Part:
    """A stretch of a block: words, or a formula by its number in the document."""

    text: str = ""
    formula: int | None = None


@dataclass
class Block:
    """A part of a writeup that stands by itself."""

    sort: Sort
    line: int
    parts: list[Part] = field(default_factory=list)
    level: int = 0
    """Of a heading: 0 is the highest in this writeup."""
    claims: list[ClaimResult] = field(default_factory=list)
    """Claims about the words of this block."""
    start: int = 0
    end: int = 0

    @property
    def formulas(self) -> list[int]:
        """The numbers of the formulas in it."""
        return [p.formula for p in self.parts if p.formula is not None]


def blocks(document: AuditedDocument) -> list[Block]:
    """The whole writeup, in order."""
    numbers: dict[int | None, list[tuple[int, AuditedFormula]]] = {}
    for number, formula in enumerate(document.formulas):
        numbers.setdefault(formula.found.cell, []).append((number, formula))
    found: list[Block] = []
    for reading in document.readings:
        made = list(_blocks(document, reading, numbers.get(reading.cell, [])))
        _attach(made, reading, document.beside)
        for block in made:
            if block.sort not in {"code", "spec"}:
                _trim(block, document.formulas)
        found += made
    return _levelled(found)


@dataclass(frozen=True)
class _Thing:
    """Something in the readable text that is no words."""

    start: int
    end: int
    formula: int | None = None
    block: Block | None = None


_BREAK = re.compile(r"\n[ \t\r]*\n\s*")
_HEADING = re.compile(r"(#{1,6})[ \t]+(.*)", re.DOTALL)
_UNDERLINE = re.compile(r"([^\n]+)\n(={3,}|-{3,}|~{3,}|\^{3,})[ \t]*")
_SECTION = re.compile(r"\\(part|chapter|section|subsection|subsubsection|paragraph)\*?\{([^{}]*)\}\s*")
_ITEM = re.compile(r"(?:[-*+•]|\d{1,3}[.)]|\\item)[ \t]+")
_FENCE = re.compile(
    r"^[ ]{0,3}(`{3,}+|~{3,}+)[^\n`]*\n(.*?)(?:^[ ]{0,3}\1[`~]*[ \t]*$|\Z)", re.MULTILINE | re.DOTALL
)
_TEX = re.compile(
    r"\\(?:begin|end)\{[A-Za-z*]{1,30}\}(?:\[[^\]]{0,500}\])?"
    r"|\\(?:maketitle|tableofcontents|label\{[^{}]*\})|^%.*$",
    re.MULTILINE,
)
_BLOCK_TAG = re.compile(
    r"</?(?:p|div|li|h[1-6]|tr|ul|ol|section|article|table|br|pre|blockquote|title)\b", re.IGNORECASE
)
_CODE_LINE = re.compile(
    r"^\s*(?:#|//|import |from |def |class |return|for |if |else|print|@)"
    r"|[\w\])]\s*[-+*]?=\s*\S|\)\s*$|^\s{8,}\S"
)
_ANCHOR = re.compile(r"\A\s*(?:\{#[\w:.-]{1,100}\}\s*)?")
"""The label that stands behind a display."""

_HEADING_LEVELS = ("part", "chapter", "section", "subsection", "subsubsection", "paragraph")


def _blocks(
    document: AuditedDocument, reading: Reading, formulas: Sequence[tuple[int, AuditedFormula]]
) -> Iterator[Block]:
    kind = kind_of(document.source.name)
    text = _shown(reading, kind)
    things = [_Thing(*_stretch(reading, f), formula=n) for n, f in formulas]
    things += (
        _Thing(b.start, b.end, block=Block("spec", _line(reading, b.start), [Part(b.text.value)]))
        for b in reading.blocks
    )
    if kind in {"markdown", "notebook"}:
        for fence in _FENCE.finditer(text):
            things.append(
                _Thing(*fence.span(), block=Block("code", _line(reading, fence.start()), [Part(fence[2])]))
            )
    headings = {_words_begin(text, offset): title for offset, title in reading.headings}
    lines = _heading_lines(text, headings) if kind == "plain" else []
    open_: Block | None = None
    at = 0
    for thing in [*sorted(things, key=lambda t: (t.start, -t.end)), _Thing(len(text), len(text))]:
        if thing.start < at:
            continue  # inside of what was shown already
        for start, end, broken in _stretches(text, at, thing.start, lines):
            if broken and open_ is not None:
                yield from _finished(open_, reading, kind, headings)
                open_ = None
            if end > start:
                open_ = open_ or Block("text", _line(reading, start), start=start)
                open_.parts.append(Part(text[start:end]))
                open_.end = end
        if thing.formula is not None:
            open_ = open_ or Block("text", _line(reading, thing.start), start=thing.start)
            open_.parts.append(Part(formula=thing.formula))
            open_.end = thing.end
        elif open_ is not None:
            yield from _finished(open_, reading, kind, headings)
            open_ = None
        if thing.block is not None:
            thing.block.start, thing.block.end = thing.start, thing.end
            yield thing.block
        at = thing.end


def _stretches(
    text: str, start: int, end: int, lines: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, int, bool]]:
    """The words between two offsets, cut at blank lines and at headings; whether each begins a block."""
    cuts = [match.span() for match in _BREAK.finditer(text, start, end)]
    cuts += (line for line in lines if start <= line[0] and line[1] <= end)
    at, broken = start, False
    for before, behind in sorted(cuts):
        if before >= at:
            yield at, before, broken
            at, broken = behind, True
    yield at, end, broken


def _words_begin(text: str, offset: int) -> int:
    while offset < len(text) and text[offset] in " \t":
        offset += 1
    return offset


def _heading_lines(text: str, headings: dict[int, str]) -> list[tuple[int, int]]:
    """Where a line that is a heading begins, and where it ends, as cuts."""
    found: list[tuple[int, int]] = []
    for offset in headings:
        begin = text.rfind("\n", 0, offset) + 1
        end = text.find("\n", offset)
        found.append((begin, begin))
        if end >= 0:
            found.append((end, end + 1))
    return found


def _shown(reading: Reading, kind: str) -> str:
    """The text of a reading with what is no words blanked; it keeps its length."""
    if kind not in {"html", "tex"}:
        return reading.text.value
    text = reading.text.value

    def blank(match: re.Match[str]) -> str:
        size = match.end() - match.start()
        if kind == "html" and _BLOCK_TAG.search(text, match.start(), match.end()):
            return "\n\n".ljust(size)[:size] if size > 1 else " "
        return " " * size

    shown = re.sub(rf"{HIDDEN}+", blank, reading.prose)
    if kind == "tex":
        begin = text.find(r"\begin{document}")
        if begin >= 0:
            shown = " " * begin + shown[begin:]
        shown = _TEX.sub(
            lambda m: " " * len(m.group()) if m.group()[0] == "%" else "\n\n".ljust(len(m.group())), shown
        )
    return shown


def _stretch(reading: Reading, formula: AuditedFormula) -> tuple[int, int]:
    """Where a formula stands in the readable text."""
    places, span = reading.text.places, formula.found.span
    return bisect_left(places, span.start), bisect_left(places, span.end)


def _line(reading: Reading, offset: int) -> int:
    source = reading.shown
    if source is not None:
        return source.position(offset)[0]
    return reading.text.source.position(reading.text.places[min(offset, len(reading.text.places) - 1)])[0]


def _finished(block: Block, reading: Reading, kind: str, headings: dict[int, str]) -> Iterator[Block]:
    """A block with its sort: a heading is cut off what follows it, and a list into its items."""
    words = "".join(p.text if p.formula is None else "\0" for p in block.parts)
    stripped = words.strip()
    if not stripped:
        return
    first, _, _ = stripped.partition("\n")
    titled = any(block.start <= offset < block.end and title in first for offset, title in headings.items())
    if kind == "tex" and (section := _SECTION.match(stripped)):
        yield _heading(block, [Part(section[2])], _HEADING_LEVELS.index(section[1]))
        _drop(block, len(words) - len(words.lstrip()) + section.end())
        yield from _finished(block, reading, kind, {})
        return
    if kind in {"markdown", "notebook"} and (match := _HEADING.fullmatch(first)):
        rest = stripped[len(first) :].strip()
        title = _heading(block, block.parts, len(match[1]) - 1)
        if rest:
            title = _heading(
                block, [Part(match[2].rstrip("#").rstrip(" \t").replace("\0", "…"))], len(match[1]) - 1
            )
            _drop(block, len(words) - len(words.lstrip()) + len(first))
            yield title
            yield from _finished(block, reading, kind, {})
            return
        _drop(block, len(words) - len(words.lstrip()) + len(match[1]))
        yield title
        return
    if kind in {"markdown", "notebook", "rst"} and (under := _UNDERLINE.fullmatch(stripped)):
        yield _heading(block, [Part(under[1])], 0 if under[2][0] == "=" else 1)
        return
    if titled and kind in {"plain", "html"} and first == stripped and not block.formulas:
        yield _heading(block, block.parts, 1)
        return
    if not block.formulas and _is_code(words):
        block.sort = "code"
    elif _ITEM.match(stripped):
        block.sort = "item" if "\n" not in stripped else "text"
    yield block


def _heading(block: Block, parts: list[Part], level: int) -> Block:
    return Block("heading", block.line, parts, level, start=block.start, end=block.end)


def _is_code(words: str) -> bool:
    lines = [line for line in words.split("\n") if line.strip()]
    return len(lines) > 2 and sum(_CODE_LINE.search(line) is not None for line in lines) > 0.6 * len(lines)


def _drop(block: Block, count: int) -> None:
    """Takes the first characters off a block; a formula counts as one."""
    while count > 0 and block.parts:
        part = block.parts[0]
        size = len(part.text) if part.formula is None else 1
        if size <= count:
            block.parts.pop(0)
        else:
            part.text = part.text[count:]
        count -= size


def _trim(block: Block, formulas: Sequence[AuditedFormula]) -> None:
    """Takes white space off the ends, and off displays, which stand on lines of their own."""
    apart = [p.formula is not None and formulas[p.formula].found.display != "inline" for p in block.parts]
    for number, part in enumerate(block.parts):
        if number == 0 or apart[number - 1]:
            part.text = _ANCHOR.sub("", part.text) if number else part.text.lstrip()
        if number == len(block.parts) - 1 or apart[number + 1]:
            part.text = part.text.rstrip()


def _attach(made: Sequence[Block], reading: Reading, claims: Sequence[ClaimResult]) -> None:
    """Puts the claims about words to the blocks that they stand in."""
    starts = [b.start for b in made]
    places = reading.text.places
    for claim in claims:
        place = claim.place
        if place is None or not made:
            continue
        if reading.shown is not None:
            if not place.source.name.endswith(f":cell {reading.cell}"):
                continue
            offset = place.start
        else:
            offset = bisect_left(places, place.start)
        number = max(0, bisect_left(starts, offset + 1) - 1)
        made[number].claims.append(claim)


def _levelled(found: list[Block]) -> list[Block]:
    """Headings without gaps between their levels, the highest at 0."""
    levels: list[int] = []
    for block in found:
        if block.sort == "heading":
            while levels and levels[-1] >= block.level:
                levels.pop()
            levels.append(block.level)
            block.level = len(levels) - 1
    return found
