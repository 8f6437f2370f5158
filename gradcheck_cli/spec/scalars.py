"""Where every character of a YAML scalar was written, for all five ways of writing one.

The parser says what a scalar means and where it begins and ends; a caret under
a formula needs the place of each character in between. So the five styles are
decoded here once more, with places, and the result is used only if it agrees
with the parser's.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from typing import Literal

Style = Literal["plain", "single", "double", "literal", "folded"]

STYLES: dict[str | None, Style] = {
    None: "plain",  # how the pure Python parser writes it
    "": "plain",  # how the C parser writes it
    "'": "single",
    '"': "double",
    "|": "literal",
    ">": "folded",
}

MAX_EXACT = 100_000
"""Longer scalars are no formulas: all their characters are placed at the beginning."""

Pair = tuple[str, int]
"""A character of the value and the offset at which it was written."""

_BREAK = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")
_BLANK = re.compile(r"[ \t]+")
_FOLD = re.compile(r"[ \t]*(?:\r\n|[\n\r\x85\u2028\u2029])[ \t\n\r\x85\u2028\u2029]*")
_HEX = {"x": 2, "u": 4, "U": 8}
_ESCAPES = {
    "0": "\0",
    "a": "\a",
    "b": "\b",
    "t": "\t",
    "\t": "\t",
    "n": "\n",
    "v": "\v",
    "f": "\f",
    "r": "\r",
    "e": "\x1b",
    "N": "\x85",
    "_": "\xa0",
    "L": "\u2028",
    "P": "\u2029",
}


def places(text: str, start: int, end: int, style: Style, value: str) -> tuple[int, ...]:
    """The offset of each character of `value` in `text`, and that behind the last one.

    `text[start:end]` is the scalar as it was written, quotes and header included.
    """
    if len(value) > MAX_EXACT:
        return (*([start] * len(value)), end)
    if style in {"literal", "folded"}:
        pairs = list(_block(text, start, end, value, folded=style == "folded"))[: len(value)]
    elif style == "plain":
        pairs = list(_flow(text, start, end, ""))
    else:
        pairs = list(_flow(text, start + 1, end - 1, text[start]))
    if "".join(char for char, _ in pairs) != value:
        return (*([start] * len(value)), end)
    if not pairs:
        empty = start + 1 if style in {"single", "double"} else start
        return (empty,)
    last_char, last = pairs[-1]
    behind = last + 1 if text[last] == last_char else end - (style == "double")
    return (*(place for _, place in pairs), behind)


def _flow(text: str, at: int, end: int, quote: str) -> Iterator[Pair]:
    """Plain and quoted scalars: line ends fold, `''` is one quote, backslashes escape."""
    while at < end:
        char = text[at]
        if char in " \t\n\r\x85\u2028\u2029":
            fold = _FOLD.match(text, at, end)
            behind = fold.end() if fold else _BLANK.match(text, at, end).end()  # type: ignore[union-attr]
            yield from _folded(text, at, behind) if fold else ((text[k], k) for k in range(at, behind))
            at = behind
        elif char == quote == "'":
            yield "'", at
            at += 2
        elif char == "\\" and quote == '"':
            at = yield from _escape(text, at, end)
        else:
            yield char, at
            at += 1


def _folded(text: str, start: int, end: int) -> Iterator[Pair]:
    """One line end is a space; of several, all but the first stay."""
    first, *others = _BREAK.finditer(text, start, end)
    if first.group() in "\u2028\u2029":
        yield first.group(), first.start()
    elif not others:
        yield " ", start
    yield from (_line_end(b) for b in others)


def _line_end(match: re.Match[str]) -> Pair:
    return (match.group() if match.group() in "\u2028\u2029" else "\n"), match.start()


def _escape(text: str, at: int, end: int) -> Generator[Pair, None, int]:
    """One escape of a double-quoted scalar; returns the offset behind it."""
    letter = text[at + 1] if at + 1 < end else ""
    if letter in _HEX:
        behind = at + 2 + _HEX[letter]
        yield chr(int(text[at + 2 : behind], 16)), at
        return behind
    line_end = _BREAK.match(text, at + 1, end)
    if line_end is None:
        yield _ESCAPES.get(letter, letter), at
        return at + 2
    behind = line_end.end()
    while behind < end and text[behind] in " \t\n\r\x85\u2028\u2029":
        behind += 1
    yield from (_line_end(b) for b in _BREAK.finditer(text, line_end.end(), behind))
    return behind


def _lines(text: str, start: int, end: int) -> Iterator[tuple[int, int, str]]:
    """(start, end, line end) of every line."""
    while start < end:
        found = _BREAK.search(text, start, end)
        stop, behind = (found.start(), found.end()) if found else (end, end)
        ending = found.group() if found else ""
        yield start, stop, ending if ending in {"", "\u2028", "\u2029"} else "\n"
        start = behind


def _spaces(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _block(text: str, start: int, end: int, value: str, *, folded: bool) -> Iterator[Pair]:
    """Literal and folded scalars, with all line ends at the end (chomping only cuts there).

    The indentation follows from the first line that holds more than spaces, in
    the source and in the value: this covers explicit indentation (`|2`) too.
    """
    _, *lines = _lines(text, start, end) or [(start, end, "")]
    shown = next((line for line in _BREAK.split(value) if line.strip(" ")), "")
    written = next((text[a:b] for a, b, _ in lines if text[a:b].strip(" ")), "")
    indent = max(0, _spaces(written) - _spaces(shown))
    waiting: list[Pair] = []  # the line ends of blank lines
    broken: tuple[str, int] | None = None  # the line end of the last line of text
    loose = True  # whether that line may fold: it begins without white space
    for a, b, ending in lines:
        if b - a <= indent and not text[a:b].strip(" "):
            waiting.append((ending or "\n", b))
            continue
        first = text[a + indent : a + indent + 1]
        if broken is not None:
            if not (folded and loose and broken[0] == "\n" and first not in {" ", "\t"}):
                yield broken
            elif not waiting:
                yield " ", broken[1]
        yield from waiting
        waiting = []
        yield from ((text[i], i) for i in range(a + indent, b))
        broken, loose = (ending or "\n", b), first not in {" ", "\t"}
    if broken is not None:
        yield broken
    yield from waiting
