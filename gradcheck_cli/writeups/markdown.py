"""Reads Markdown: hides code, comments, tags and front matter, and takes out fenced specs and formulas.

Blocks are found line by line (lists and quotes as far as fences and indented
code need it), code spans by the lengths of their backtick runs; each once over
the text. Dialects are read together: CommonMark, GitHub's `math` fences and
dollars around backticks, and Quarto's `{#eq-label}`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from gradcheck_cli.text import Text
from gradcheck_cli.writeups.found import Block, Piece, Reading, cut, hide
from gradcheck_cli.writeups.inline import Inline
from gradcheck_cli.writeups.scan import Rules

RULES = Rules(doubled=True)

_FRONT = re.compile(r"---[ \t]*\r?\n(?:(?!---|\.\.\.)[^\n]*\n)*+(?:---|\.\.\.)[ \t]*\r?$", re.MULTILINE)
_FRONT_TOML = re.compile(r"\+\+\+[ \t]*\r?\n(?:(?!\+\+\+)[^\n]*\n)*+\+\+\+[ \t]*\r?$", re.MULTILINE)
_FENCE = re.compile(r"(?P<run>`{3,}|~{3,})(?P<info>[^\n]*)")
_ITEM = re.compile(r"(?:[-*+]|\d{1,9}[.)])(?=[ \t]|$)")
_ATX = re.compile(r"#{1,6}(?=[ \t])[ \t]*(?P<title>[^\n]*)")
_ATX_END = re.compile(r"[ \t]#+[ \t]*$|[ \t]*\{[^{}]*\}[ \t]*$")
_SETEXT = re.compile(r"(?:=+|-{2,})[ \t]*")
_LABEL = re.compile(r"[ \t]*(?:\{#([\w:.-]{1,100})[^{}\n]{0,200}\}|\(([\w:.-]{1,100})\)[ \t\r]*(?:\n|$))")
_WORD = re.compile(r"[^\s{},]+")


def is_spec(info: str) -> bool:
    """Whether an info string marks a spec: `gradcheck`, `yaml gradcheck`, `{.yaml .gradcheck}`."""
    words = [w.lower() for w in _WORD.findall(info[:200])]
    if not words:
        return False
    if "{" in info:
        return any(w in {"gradcheck", ".gradcheck"} for w in words)
    return words[0] == "gradcheck" or (words[0] in {"yaml", "yml"} and words[1:2] == ["gradcheck"])


def read_markdown(text: Text) -> Reading:
    """The prose of a Markdown text, its headings, fenced specs and fenced formulas."""
    blocks = _Blocks(text)
    blocks.read()
    shown = hide(text.value, blocks.marks, " ")
    inline = Inline(text, hide(shown, blocks.hidden))
    inline.read()
    return Reading(
        replace(text, value=shown),
        hide(inline.value, inline.hidden),
        tuple(blocks.headings),
        (*blocks.pieces, *inline.pieces),
        tuple(sorted([*blocks.blocks, *inline.blocks], key=lambda b: b.start)),
    )


def label_behind(value: str, piece: Piece) -> str:
    """The label that Quarto or MyST write behind a display."""
    match = _LABEL.match(value, piece.end) if piece.display == "display" else None
    return (match[1] or match[2]) if match else ""


@dataclass
class _Fence:
    """A fenced block that is open."""

    run: str
    info: str
    start: int
    depth: int
    """How many characters stand before the fence: quote marks and indentation."""
    quotes: int
    inner: int
    lines: list[tuple[int, int]] = field(default_factory=list)


class _Blocks:
    """One pass over the lines."""

    def __init__(self, text: Text) -> None:
        self.text = text
        self.value = text.value
        self.hidden: list[tuple[int, int]] = []
        self.marks: list[tuple[int, int]] = []
        """The marks of quotes, which are white space to what is quoted."""
        self.headings: list[tuple[int, str]] = []
        self.pieces: list[Piece] = []
        self.blocks: list[Block] = []
        self.indents: list[int] = []
        """The columns at which the contents of the open list items begin."""
        self.fence: _Fence | None = None
        self.may_be_code = True
        """Whether an indented line begins code: it does not go on with a paragraph."""
        self.paragraph: tuple[int, str] | None = None
        """The line above, if a row of `=` or `-` may make a heading of it."""
        self.comment = False
        self.last_comment = self.value.rfind("-->")

    def read(self) -> None:
        """Reads all lines."""
        at = 0
        front = _FRONT.match(self.value) or _FRONT_TOML.match(self.value)
        if front:
            self.hidden.append(front.span())
            at = front.end()
        while at < len(self.value):
            end = self.value.find("\n", at)
            end = len(self.value) if end < 0 else end
            self.line(at, end)
            at = end + 1
        if self.fence is not None:
            self.close(len(self.value))

    def line(self, start: int, end: int) -> None:
        """Takes one line."""
        if self.fence is not None and self.inside(self.fence, start, end):
            return
        at, quotes, column = _prefix(self.value, start, end)
        rest = self.value[at:end].rstrip("\r")
        if quotes:
            self.marks.append((start, at))
        if self.comment:
            self.comment = "-->" not in rest
            return
        above, self.paragraph = self.paragraph, None
        if not rest.strip():
            self.may_be_code = True
            return
        if self.may_be_code:
            while self.indents and column < self.indents[-1]:
                self.indents.pop()
        base = self.indents[-1] if self.indents else 0
        if column >= base + 4 and self.may_be_code:
            self.hidden.append((start, end))
            return
        while column < base + 4 and (item := _ITEM.match(rest)):
            at, column = self.item(at, column, item.end(), end)
            rest = self.value[at:end].rstrip("\r")
            if column >= self.indents[-1] + 4:
                break
        self.plain_line(at, end, column, quotes, rest, above)

    def item(self, at: int, column: int, width: int, end: int) -> tuple[int, int]:
        """Opens a list item; returns where its contents begin."""
        while self.indents and column < self.indents[-1]:
            self.indents.pop()
        behind, after = _spaces(self.value, at + width, end, column + width)
        inner = after if behind < end and after - column - width <= 4 else column + width + 1
        if len(self.indents) < 50:
            self.indents.append(inner)
        return behind, after

    def plain_line(
        self, at: int, end: int, column: int, quotes: int, rest: str, above: tuple[int, str] | None
    ) -> None:
        """Takes a line that is not code, without its list marks."""
        self.may_be_code = False
        fence = _FENCE.match(rest)
        if fence and not (fence["run"][0] == "`" and "`" in fence["info"]):
            self.fence = _Fence(
                fence["run"], fence["info"].strip(), at, column, quotes, min(end + 1, len(self.value))
            )
            return
        heading = _ATX.match(rest)
        if heading:
            self.headings.append((at, _title(heading["title"])))
            self.may_be_code = True
        elif above and above[1] and _SETEXT.fullmatch(rest):
            self.headings.append((above[0], _title(above[1])))
            self.may_be_code = True
        else:
            self.paragraph = (at, rest.strip())
        # a comment may hold blank lines and code, which are then not read as such
        last = rest.rfind("<!--")
        open_ = last >= 0 and "-->" not in rest[last:] and "`" not in rest
        self.comment = open_ and at < self.last_comment

    def inside(self, fence: _Fence, start: int, end: int) -> bool:
        """Takes a line of a fenced block; False where a quote around it ended."""
        at, quotes, column = _prefix(self.value, start, end, fence.quotes)
        if quotes < fence.quotes:
            self.close(start)
            return False
        if quotes:
            self.marks.append((start, at))
        closing = self.value[at:end].strip()
        if (
            column < fence.depth + 4
            and len(closing) >= len(fence.run)
            and closing == closing[:1] * len(closing)
            and closing[0] == fence.run[0]
        ):
            self.close(end)
            return True
        taken, _, _ = _prefix(self.value, start, end, fence.quotes, fence.depth)
        fence.lines.append((taken, min(end + 1, len(self.value))))
        return True

    def close(self, end: int) -> None:
        """Ends the fenced block."""
        fence, self.fence = self.fence, None
        assert fence is not None
        self.may_be_code = True
        end = end - 1 if self.value[fence.start : end].endswith("\r") else end
        last = fence.lines[-1][1] if fence.lines else fence.inner
        if fence.info.lower() == "math" or fence.info.lower() == "{math}":
            self.pieces.append(Piece(fence.start, end, fence.inner, max(fence.inner, last - 1), "display"))
        elif is_spec(fence.info):
            lines = fence.lines or [(min(fence.inner, len(self.value)),) * 2]
            self.blocks.append(Block(fence.start, end, cut(self.text, lines)))
        self.hidden.append((fence.start, end))


def _prefix(value: str, at: int, end: int, quotes: int = 50, depth: int = 1 << 30) -> tuple[int, int, int]:
    """Behind the quote marks and the indentation of a line: (offset, quote marks, column).

    At most `quotes` marks are taken, and indentation up to the column `depth`.
    """
    count = column = 0
    while True:
        behind, wide = _spaces(value, at, end, column, depth if count == quotes else 1 << 30)
        if count < quotes and behind < end and value[behind] == ">" and wide - column < 4:
            at, column, count = behind + 1, 0, count + 1
            if at < end and value[at] == " ":
                at += 1
        elif count < quotes and depth < 1 << 30:
            behind, wide = _spaces(value, at, end, column, depth)
            return behind, count, wide
        else:
            return behind, count, wide


def _spaces(value: str, at: int, end: int, column: int, depth: int = 1 << 30) -> tuple[int, int]:
    """Behind white space, with the column that is reached; tabs stop at every fourth one."""
    while at < end and column < depth and value[at] in " \t":
        column += 4 - column % 4 if value[at] == "\t" else 1
        at += 1
    return at, column


def _title(text: str) -> str:
    return _ATX_END.sub("", text.strip()[:300]).strip()
