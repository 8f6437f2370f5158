r"""Reads plain text: no markup but delimiters, fenced specs, and TeX that lost its delimiters.

Pages that were saved as text hold formulas as `\(…\)`, `$…$` or environments,
or, where a page was drawn by KaTeX, as bare TeX behind the letters that were on the screen.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from gradcheck_cli.text import Text
from gradcheck_cli.writeups.found import Block, Piece, Reading, hide
from gradcheck_cli.writeups.markdown import read_markdown

_KNOWN = re.compile(
    r"\\(?:d?frac|partial|mathcal|mathbf|mathbb|mathrm|boldsymbol|text|operatorname|sum|prod|odot|otimes|cdot|nabla|sqrt|left"
    r"|approx|begin|hat|top|times|sigma|alpha|beta|gamma|delta|epsilon|theta|lambda|mu|eta|quad|in|mid|log|exp|max)(?![A-Za-z])"
)
_TOKEN = re.compile(
    r"\\(?:text[a-z]{0,6}|mathrm|operatorname|mbox)\s?\{[^{}\n\0]{0,300}\}"
    r"|\\(?:begin|end)\s?\{[A-Za-z]{1,30}\*?\}"
    r"|\\[A-Za-z]+|\\[^\n\0]|\{|\}|[A-Za-z]{2,}|[^\n\0\\{}]"
)
_SYMBOL = re.compile(r"[A-Za-z](?:[_^](?:\w|\{[^{}\n]{0,50}\}))?[ \t]*(?:=[ \t]*)?$")
_FUNCTIONS = frozenset(
    ["softmax", "exp", "log", "tr", "diag", "max", "min", "sum", "mean", "sin", "cos", "tanh", "sigmoid"]
)
_PROSE_END = re.compile(r"[.,;:!?。:,;!?、]$")
_LEAD = frozenset(["then", "where", "therefore", "thus", "hence", "so", "and", "with", "let", "output"])
_LINE = re.compile(r"[^\n]+")
_MATH = re.compile(r"[\\$=<>{}()\[\]|]")


def read_plain(text: Text) -> Reading:
    """A plain text; fenced specs are taken out."""
    if "gradcheck" in text.value:
        blocks = tuple(b for b in read_markdown(text).blocks if text.value[b.start] in "`~")
    else:
        blocks = ()
    prose = hide(text.value, [(b.start, b.end) for b in blocks])
    return Reading(text, prose, tuple(_headings(prose)), blocks=_sorted(blocks))


def _sorted(blocks: Sequence[Block]) -> tuple[Block, ...]:
    return tuple(sorted(blocks, key=lambda b: b.start))


def _headings(prose: str) -> Iterator[tuple[int, str]]:
    """Short lines that are neither sentences nor mathematics."""
    for match in _LINE.finditer(prose):
        line = match.group()
        if len(line) > 90 or not line.strip():
            continue
        title = line.strip().rstrip("#").strip()
        words = title.split()
        if (
            words
            and title[0].isalpha()
            and len(words) <= 8
            and (title.isascii() or len(title) <= 30)
            and not _PROSE_END.search(title)
            and not _MATH.search(title)
            and words[0].lower() not in _LEAD
        ):
            yield match.start(), title


def bare(prose: str, pieces: Sequence[Piece]) -> Iterator[Piece]:
    """TeX without delimiters: on a line that holds no formula, from the first command to the last."""
    taken = sorted((p.start, p.end) for p in pieces)
    starts = [start for start, _ in taken]
    behind = 0
    for match in _KNOWN.finditer(prose):
        if match.start() < behind:
            continue
        start = prose.rfind("\n", 0, match.start()) + 1
        end = prose.find("\n", match.start())
        behind = end = len(prose) if end < 0 else end
        at = bisect_right(starts, end)
        if at and taken[at - 1][1] > start:
            continue
        piece = _bare(prose, start, match.start(), min(end, match.start() + 5000))
        if piece is not None:
            yield piece


def _bare(prose: str, line: int, first: int, end: int) -> Piece | None:
    symbol = _SYMBOL.search(prose, max(line, first - 60), first)
    start = symbol.start() if symbol else first
    at = last = first
    known = depth = 0
    while at < end and (token := _TOKEN.match(prose, at, end)):
        word = token.group()
        depth += (word == "{") - (word == "}")
        known += _KNOWN.match(word) is not None or _KNOWN.match(prose, at) is not None
        following = prose[token.end() : token.end() + 1]
        if (
            word.isalpha()
            and len(word) > 1
            and not depth
            and word not in _FUNCTIONS
            and following not in {"_", "^", "("}
        ):
            if len(word) > 2:
                break
        elif depth < 0:
            break
        elif not word.isspace() and ord(word[0]) < 0x2E80:
            last = token.end()
        elif ord(word[0]) >= 0x2E80:
            break
        at = token.end()
    if known < 2:
        return None
    return Piece(start, last, start, last, "bare")
