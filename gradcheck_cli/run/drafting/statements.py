r"""Takes a writeup apart into its statements: each equation of each display by itself, with its place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from gradcheck_cli.lang.latex_layout import canonical, chunks
from gradcheck_cli.lang.latex_tokens import Token, tokens
from gradcheck_cli.text import Source, Text, UserError
from gradcheck_cli.writeups.expansion import expand
from gradcheck_cli.writeups.formulas import find_formulas, find_macros
from gradcheck_cli.writeups.found import FoundFormula

MAX_STATEMENTS = 1500
"""How many equations of one document are looked at."""

MAX_LATEX = 3000
"""How many characters an equation may have."""

OPENING = frozenset({"(", "[", "{", r"\{", r"\langle", "begin", r"\lfloor"})
CLOSING = frozenset({")", "]", "}", r"\}", r"\rangle", "end-of", r"\rfloor"})
_FONT = re.compile(r"\\[A-Za-z]{2,12}\{\Z")
EQUALS = frozenset({"=", r"\equiv", r"\triangleq", r"\coloneqq"})


@dataclass(frozen=True)
class Side:
    """What stands between two equals signs."""

    latex: str
    tokens: tuple[Token, ...]


@dataclass(frozen=True)
class Statement:
    """One equation, perhaps a chain, as the writeup prints it."""

    latex: str
    sides: tuple[Side, ...]
    line: int
    heading: str
    cell: int | None = None
    quote: str = ""
    """What is printed, where `latex` says it more clearly."""

    @property
    def place(self) -> str:
        """Where a reader finds it."""
        return f"line {self.line}" if self.cell is None else f"cell {self.cell}, line {self.line}"

    @cached_property
    def key(self) -> str:
        """The same for equations that differ in layout only."""
        return " = ".join("".join(t.text for t in side.tokens) for side in self.sides)


@dataclass(frozen=True)
class Formula:
    """A formula with its tokens, fonts and layout taken off."""

    tokens: tuple[Token, ...]
    text: Text
    line: int
    heading: str
    before: str
    start: int
    end: int
    """Where it stands in the document, delimiters included."""
    cell: int | None = None


@dataclass(frozen=True)
class Document:
    """All that drafting looks at."""

    name: str
    formulas: tuple[Formula, ...]
    statements: tuple[Statement, ...]
    unread: int
    """How many formulas could not be cut into tokens."""
    skipped: int
    """How many formulas or equations go beyond the limits."""


def read(source: Source) -> Document:
    """The statements of a writeup. Never raises for what it holds."""
    found = find_formulas(source)
    macros = find_macros(source)
    formulas: list[Formula] = []
    statements: list[Statement] = []
    unread = skipped = 0
    for one in found:
        if len(statements) >= MAX_STATEMENTS or len(formulas) >= 4 * MAX_STATEMENTS:
            skipped += 1
            continue
        text = expand(one.text, macros) if macros else one.text
        try:
            cut = tokens(text)
            place = one.span.start, one.span.end
            words = _before(one, source)
            formulas.append(
                Formula(tuple(canonical(cut)), text, one.shown.line, one.heading, words, *place, one.cell)
            )
            for statement in _statements(text, chunks(text, cut, members=True), one):
                if len(statement.latex) <= MAX_LATEX and statement.latex.isprintable():
                    statements.append(statement)
                else:
                    skipped += 1
        except UserError:
            unread += 1
    return Document(source.name, tuple(formulas), tuple(statements), unread, skipped)


def _before(one: FoundFormula, source: Source) -> str:
    """What stands before a formula on its line, other formulas included."""
    start = source.text.rfind("\n", 0, one.span.start) + 1
    return source.text[max(start, one.span.start - 300) : one.span.start]


def _statements(text: Text, parts: Iterable[Sequence[Token]], one: FoundFormula) -> Iterable[Statement]:
    for part in parts:
        kept = list(part[:-1])
        for at, token in enumerate(kept):
            if token.text in {r"\in", r"\sim"} and not _depth(kept[:at]):
                kept = kept[:at]
                break
        sides = split(kept, EQUALS)
        if len(sides) < 2 or not all(sides):
            continue
        line = one.shown.line
        if one.cell is None:
            line = text.source.position(text.places[kept[0].start])[0]
        yield Statement(
            latex(text, kept),
            tuple(Side(latex(text, side), tuple(side)) for side in sides),
            line,
            one.heading,
            one.cell,
        )


def _depth(found: Sequence[Token]) -> int:
    return sum((t.text in OPENING or t.kind in OPENING) - (t.text in CLOSING) for t in found)


def split(found: Sequence[Token], signs: frozenset[str]) -> list[list[Token]]:
    """The stretches between some signs that stand in no bracket; `:=` counts as `=`."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for at, token in enumerate(found):
        depth += (token.text in OPENING or token.kind in OPENING) - (token.text in CLOSING)
        if depth == 0 and token.text in signs and token.kind != "text":
            parts.append([])
        elif token.text == ":" and at + 1 < len(found) and found[at + 1].text in signs:
            continue
        elif token.kind != "end":
            parts[-1].append(token)
    return parts


def latex(text: Text, found: Sequence[Token]) -> str:
    r"""What the document prints for some tokens, on one line, with every brace that belongs to it."""
    value = text.value
    start, end = found[0].start, found[-1].end
    while (missing := _braces(value[start:end])) > 0 and value[end:].lstrip().startswith("}"):
        end = value.index("}", end) + 1
    while missing < 0 and start > 0 and (opening := value.rfind("{", 0, start)) >= 0:
        start = opening
        missing = _braces(value[start:end])
    while (font := _FONT.search(value[max(0, start - 20) : start])) and value[end : end + 1] == "}":
        start, end = start - len(font.group()), end + 1
    if value[:start].endswith(r"\left"):
        start -= len(r"\left")
    return " ".join(value[start:end].replace(r"\nonumber", " ").split())


def _braces(value: str) -> int:
    plain = value.replace(r"\{", "").replace(r"\}", "")
    return plain.count("{") - plain.count("}")
