r"""Finds formulas by their delimiters in prose: `$…$`, `$$…$$`, `\(…\)`, `\[…\]` and environments.

Every search stops at the next delimiter of its own kind, at hidden text and,
where a blank line ends a paragraph, there; so the whole is linear whatever the
text holds, and a delimiter without its partner spoils no more than its paragraph.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from gradcheck_cli.writeups.found import HIDDEN, Piece

MAX_LENGTH = 20_000
"""A longer stretch between delimiters is not a formula; `lang` reads no longer one either."""

OUTER = frozenset(
    [
        "equation",
        "align",
        "alignat",
        "xalignat",
        "flalign",
        "gather",
        "multline",
        "eqnarray",
        "displaymath",
        "math",
        "dmath",
        "dgroup",
        "IEEEeqnarray",
    ]
)
"""Environments that begin mathematics; they do not stand in themselves."""

INNER = frozenset(["aligned", "alignedat", "gathered", "split"])
"""Environments that stand in mathematics, but are printed alone by MathJax and by KaTeX's text."""

MAX_TRIES = 200_000
"""How many delimiters of one text are looked at."""

_PARAGRAPH = r"\n(?![ \t\r]*\n)"
_NESTED = (
    r"\\(?:text[a-z]{0,6}|mbox|hbox|intertext)\s?\{"
    r"(?:[^{}$\\\0]{0,200}\$[^$\n\0]{1,200}\$){1,5}[^{}$\\\0]{0,200}\}"
)
r"""A group such as `\text{if $x>0$}`, whose dollars do not end the formula around it."""


def _patterns(line_end: str) -> Mapping[str, re.Pattern[str]]:
    """For each opening delimiter, what may follow up to and with its closing one."""
    return {
        "$": re.compile(rf"(?:{_NESTED}|[^\\$\n\0]++|\\[^\n\0]|{line_end})*+\$"),
        "$$": re.compile(rf"(?:[^\\$\n\0]++|\\[^\n\0]|{line_end}|\$(?!\$))*+\$\$"),
        r"\(": re.compile(rf"(?:[^\\\n\0]++|\\[^()\[\]\n\0]|\\(?=\n)|{line_end})*+\\\)"),
        r"\[": re.compile(rf"(?:[^\\\n\0]++|\\[^\[\]\n\0]|\\(?=\n)|{line_end})*+\\\]"),
        r"\\(": re.compile(rf"(?:[^\\\n\0]++|\\{{4}}|\\(?!\\[()])[^\n\0]|\\(?=\n)|{line_end})*+\\\\\)"),
        r"\\[": re.compile(rf"(?:[^\\\n\0]++|\\{{4}}|\\(?!\\[\[\]])[^\n\0]|\\(?=\n)|{line_end})*+\\\\\]"),
    }


_BOUNDED, _UNBOUNDED = _patterns(_PARAGRAPH), _patterns(r"\n")
_OPEN_OR_COMMAND = re.compile(r"\\begin\s?\{[A-Za-z]{1,30}\*?\}|\\[^A-Za-z\0]|\\[A-Za-z]+|\$+")
_OPEN = re.compile(r"\\(?:begin\s?\{[A-Za-z]{1,30}\*?\}|[^A-Za-z\0])|\$+")
_EDGE = re.compile(r"\\(begin|end)\s?\{([A-Za-z]{1,30})(\*?)\}|\\\\")
_NO_FORMULA = re.compile(
    r"\s*(?:\\(?:eq)?ref\*?\s*\{[^{}]*\}\s*)?"  # nothing, or only a reference
)
_FOOTNOTE = re.compile(r"[\sxX]?|[\d\s,;–-]*")
r"""What `\[…\]` holds where a Markdown author escaped brackets: `\[1, 2\]`, `\[x\]`."""
_PRICE = re.compile(r"\d[^\s\\^_={}+*/<>|]*+\s(?>[^\\^_={}+*/<>|]*?[A-Za-z]{2})[^\\^_={}]*+")
"""A sum of money and a word behind it."""

_DISPLAY = re.compile(rf"\\begin\s?\{{(?:{'|'.join(sorted(OUTER))})\*?\}}")
"""What cannot stand between single dollars: the first one has lost its partner."""


@dataclass(frozen=True)
class Rules:
    """How a kind of document writes its formulas."""

    dollars: Literal["pandoc", "tex"] = "pandoc"
    r"""TeX takes every `$`; pandoc wants no space inside it, and no digit behind it."""
    blank_ends: bool = True
    """Whether a blank line ends a paragraph."""
    doubled: bool = False
    r"""Whether `\\(…\\)` and `\\[…\\]` are read, for a Markdown that takes one backslash off."""
    environments: frozenset[str] = OUTER | INNER
    macros: Mapping[str, str] = field(default_factory=dict)
    r"""Commands that stand for `\begin{…}` or `\end{…}`."""


def scan(value: str, rules: Rules, limit: int) -> Iterator[Piece]:
    """The formulas of a text, in order, at most `limit`."""
    environments = _environments(value, rules)
    opening = _OPEN_OR_COMMAND if rules.macros else _OPEN
    at = tries = 0
    while limit > 0 and tries < MAX_TRIES and (match := opening.search(value, at)):
        at = match.end()
        tries += 1
        piece = _piece(value, match, rules, environments)
        if piece is None:
            continue
        at = piece.end
        if _NO_FORMULA.fullmatch(value, piece.inner_start, piece.inner_end) is None:
            limit -= 1
            yield piece


def _piece(value: str, match: re.Match[str], rules: Rules, environments: Mapping[int, Piece]) -> Piece | None:
    start, end = match.span()
    sign = match.group()
    if start in environments:
        piece = environments[start]
        return None if HIDDEN in value[start : piece.end] else piece
    if sign == "\\\\" and rules.doubled and value[end : end + 1] in {"(", "["}:
        sign, end = sign + value[end], end + 1
    pattern = (_BOUNDED if rules.blank_ends else _UNBOUNDED).get(sign)
    if pattern is None:
        return None
    closed = pattern.match(value, end, end + MAX_LENGTH)
    if closed is None:
        return None
    width = len(sign)
    display = "inline" if sign in {"$", r"\(", r"\\("} else "display"
    piece = Piece(start, closed.end(), end, closed.end() - width, display, escaped=width == 3)
    inner = value[piece.inner_start : piece.inner_end]
    if sign == "$" and rules.dollars == "pandoc" and not _pandoc(value, inner, piece.end):
        return None
    if sign == r"\[" and rules.doubled and _FOOTNOTE.fullmatch(inner):
        return None
    return piece


def _pandoc(value: str, inner: str, end: int) -> bool:
    """Pandoc's rule for dollars, which leaves `$5 and $6` alone, and `$5 for two$` besides."""
    if not inner or inner[0].isspace() or inner[-1].isspace() or value[end : end + 1].isdigit():
        return False
    return _PRICE.fullmatch(inner) is None and _DISPLAY.search(inner) is None


def _environments(value: str, rules: Rules) -> dict[int, Piece]:
    """The environments by the place of their beginning, each with the end that belongs to it."""
    found: dict[int, Piece] = {}
    open_: dict[str, list[tuple[int, int]]] = {}
    for match in _edges(value, rules):
        side, name, starred = _edge(match, rules)
        if name not in rules.environments:
            continue
        begun = open_.setdefault(name + starred, [])
        if side == "begin":
            if name in OUTER:
                begun.clear()  # the one before was never closed
            begun.append(match.span())
        elif begun:
            start, inner = begun.pop()
            if match.end() - start <= MAX_LENGTH:
                found[start] = Piece(start, match.end(), inner, match.start(), name + starred)
    return found


def _edges(value: str, rules: Rules) -> Iterator[re.Match[str]]:
    if not rules.macros:
        return (m for m in _EDGE.finditer(value) if m.group() != "\\\\")
    names = "|".join(re.escape(name) for name in sorted(rules.macros, key=len, reverse=True))
    edge = re.compile(rf"{_EDGE.pattern}|(?:{names})(?![A-Za-z])")
    return (m for m in edge.finditer(value) if m.group() != "\\\\")


def _edge(match: re.Match[str], rules: Rules) -> tuple[str, str, str]:
    if match[1]:
        return match[1], match[2], match[3]
    meant = _EDGE.match(rules.macros[match.group()])
    return (meant[1], meant[2], meant[3]) if meant else ("", "", "")
