"""Reads reStructuredText: `math` directives and roles; literals, code and comments are not prose."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from gradcheck_cli.text import Text
from gradcheck_cli.writeups.found import Block, Piece, Reading, cut, hide

_DIRECTIVE = re.compile(r"\.\.[ \t]+(?P<name>[A-Za-z][\w:.+-]{0,60})::(?:[ \t]+(?P<argument>[^\n]*))?$")
_OPTION = re.compile(r"[ \t]*:(?P<name>[\w-]{1,60}):[ \t]*(?P<value>[^\n]*)$")
_ROLE = re.compile(
    r"(?P<literal>``)|\\[\s\S]"
    r"|:math:`(?P<body>(?:[^`\\\n\0]++|\\[^\n\0]|\n(?![ \t\r]*\n)){1,5000}+)`"
    r"|`(?P<behind>(?:[^`\\\n\0]++|\\[^\n\0]|\n(?![ \t\r]*\n)){1,5000}+)`:math:"
)
_LITERAL_END = re.compile(r"``|\n[ \t\r]*\n|\0")
_RULE = re.compile(r"([=\-`:.'\"~^_*+#<>])\1{2,}[ \t\r]*$")
_CODE = frozenset(
    ["code", "code-block", "sourcecode", "highlight", "parsed-literal", "raw", "literalinclude"]
)
_PARAGRAPH = re.compile(r"\S(?:[^\n]|\n(?![ \t\r]*\n))*")


@dataclass
class _Open:
    """A directive, comment or literal block, as long as its lines are indented."""

    name: str
    start: int
    indent: int
    lines: list[tuple[int, int]] = field(default_factory=list)
    label: str = ""
    nowrap: bool = False
    argument: tuple[int, int] | None = None
    options: bool = True
    """Whether the next line may still be an option."""


class _Reader:
    """One pass over the lines."""

    def __init__(self, text: Text) -> None:
        self.text = text
        self.value = text.value
        self.hidden: list[tuple[int, int]] = []
        self.headings: list[tuple[int, str]] = []
        self.pieces: list[Piece] = []
        self.blocks: list[Block] = []
        self.open: _Open | None = None
        self.literal: int | None = None
        """The indentation of a paragraph that ended in `::`."""
        self.above: tuple[int, str] = (0, "")

    def read(self) -> None:
        """Reads all lines, then the roles in what is left."""
        at = 0
        while at < len(self.value):
            end = self.value.find("\n", at)
            end = len(self.value) if end < 0 else end
            self.line(at, end)
            at = end + 1
        self.close(len(self.value))

    def line(self, start: int, end: int) -> None:
        """Takes one line."""
        raw = self.value[start:end].rstrip()
        rest = raw.lstrip()
        indent = len(raw) - len(rest)
        if self.open is not None:
            if not rest or indent > self.open.indent:
                self.inside(self.open, start, end, rest)
                return
            self.close(start)
        if not rest:
            return
        if self.literal is not None and indent > self.literal:
            self.open = _Open("literal", start, self.literal, [(start, end)])
            self.literal = None
            return
        self.literal = None
        at = start + indent
        directive = _DIRECTIVE.match(rest)
        if directive:
            self.open = _Open(directive["name"].lower(), at, indent)
            if directive["argument"]:
                self.open.argument = (at + directive.start("argument"), at + directive.end("argument"))
        elif rest == ".." or (rest.startswith(".. ") and rest[3:4] not in {"_", "[", "|"}):
            self.open = _Open("comment", at, indent)
        elif _RULE.fullmatch(rest) and self.above[1] and not _RULE.fullmatch(self.above[1]):
            self.headings.append(self.above)
        elif rest.endswith("::"):
            self.literal = indent
        self.above = (start, rest[:300])

    def inside(self, open_: _Open, start: int, end: int, rest: str) -> None:
        """Takes a line of the open block."""
        option = _OPTION.match(self.value, start, end) if open_.options and rest else None
        if option is None:
            open_.options = open_.options and not rest and not open_.lines
            open_.lines.append((start, min(end + 1, len(self.value))))
        elif option["name"] == "label":
            open_.label = option["value"].strip()
        elif option["name"] == "nowrap":
            open_.nowrap = True

    def close(self, end: int) -> None:
        """Ends the open block."""
        open_, self.open = self.open, None
        self.above = (end, "")
        if open_ is None:
            return
        name = open_.name
        words = self.value[slice(*open_.argument)].split() if open_.argument else []
        if name == "math":
            self.math(open_)
        elif name == "gradcheck" or (name in _CODE and words[:1] == ["gradcheck"]):
            self.blocks.append(Block(open_.start, end, cut(self.text, open_.lines or [(end, end)])))
        elif name not in _CODE | {"comment", "literal", "doctest", "testcode", "plot", "ipython"}:
            return  # a note or an admonition holds prose
        self.hidden.append((open_.start, end))

    def math(self, open_: _Open) -> None:
        """The formulas of a directive: its argument, and each paragraph."""
        stretches = [open_.argument] if open_.argument else []
        if open_.lines:
            first, last = open_.lines[0][0], open_.lines[-1][1]
            inside = self.value[first:last]
            if "\\begin" in inside or open_.nowrap:
                stretches.append((first, first + len(inside.rstrip())))
            else:
                stretches += [
                    (first + m.start(), first + m.start() + len(m.group().rstrip()))
                    for m in _PARAGRAPH.finditer(inside)
                ]
        for number, (start, stop) in enumerate(stretches):
            begin = open_.start if number == 0 else start
            if self.value[start:stop].strip():
                self.pieces.append(Piece(begin, stop, start, stop, "display", open_.label))

    def roles(self, prose: str) -> list[tuple[int, int]]:
        """Finds the roles; returns what is literal."""
        hidden: list[tuple[int, int]] = []
        at = 0
        while match := _ROLE.search(prose, at):
            start, at = match.span()
            if match["literal"]:
                closed = _LITERAL_END.search(prose, at)
                if closed and closed.group() == "``":
                    hidden.append((start, closed.end()))
                    at = closed.end()
            elif match.group()[0] != "\\":
                group = "body" if match["body"] is not None else "behind"
                self.pieces.append(Piece(start, at, *match.span(group), "inline"))
        return hidden


def read_rst(text: Text) -> Reading:
    """The prose of a reStructuredText, its headings, formulas and specs."""
    reader = _Reader(text)
    reader.read()
    prose = hide(text.value, reader.hidden)
    prose = hide(prose, reader.roles(prose))
    return Reading(text, prose, tuple(reader.headings), tuple(reader.pieces), tuple(reader.blocks))
