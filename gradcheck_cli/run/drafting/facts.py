r"""Finds what a writeup states of shapes and laws, `X \in \mathbb R^{m\times n}`, in formulas and prose."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from gradcheck_cli.lang.ast import Call, Expr
from gradcheck_cli.lang.latex import parse_latex_equations
from gradcheck_cli.lang.latex_symbols import GREEK, Symbols
from gradcheck_cli.lang.latex_tokens import Token
from gradcheck_cli.lang.printer import to_plain
from gradcheck_cli.run.drafting.statements import EQUALS, Document, Formula, split
from gradcheck_cli.run.drafting.symbols import Habits, occurrences
from gradcheck_cli.text import Source, Text, UserError
from gradcheck_cli.writeups.found import above
from gradcheck_cli.writeups.kinds import read_document

MAX_RANK = 6
_DIMENSION = re.compile(r"[A-Za-z](?:_\w+)?|\d{1,4}|[A-Za-z0-9_ +*/-]{1,20}")
_SAYS_SHAPE = re.compile(r"\b(?:shapes?|sizes?|dimensions?|dims?)\b|形状|大小|维度|尺寸", re.IGNORECASE)
_PROSE = re.compile(
    r"(?<![\w\\$])(?P<names>[A-Za-z]\w{0,12}(?:\s?,\s?[A-Za-z]\w{0,12}){0,5})\s{0,2}"
    r"(?:(?:∈|\\in)\s{0,2}(?:ℝ|R|\\mathbb\s?\{?R\}?)\s?\^?\s?(?P<space>[({\[][^(){}\[\]\n]{1,40}[)}\]]|[a-z]\b)"
    r"|(?:of|has|is of|with|have)\s(?:the\s)?(?:shape|size|dimensions?)\s(?:is\s|of\s)?"
    r"(?P<said>[(\[][^()\[\]\n]{1,40}[)\]]))"
)
_TIMES = re.compile(r"\s*(?:,|×|\\times|\bx\b)\s*")


@dataclass(frozen=True)
class Shape:
    """What the writeup says about one symbol."""

    name: str
    dims: tuple[str, ...]
    line: int
    heading: str = ""


@dataclass(frozen=True)
class Law:
    """`u \\sim \\mathcal N(0, 1)`: a law as a spec writes it."""

    name: str
    law: str
    line: int


@dataclass(frozen=True)
class Facts:
    """Everything that is stated."""

    shapes: tuple[Shape, ...]
    laws: tuple[Law, ...]
    preamble: int = 0
    """The last line before the first equation."""


def find(document: Document, source: Source, habits: Habits) -> Facts:
    """What a document states, in order."""
    shapes: list[Shape] = []
    laws: list[Law] = []
    on_line: list[tuple[int, str]] = []
    for formula in document.formulas:
        shapes += _memberships(formula, habits)
        laws += _laws(formula, habits)
        shapes += _said(formula, on_line)
        names = occurrences(formula.tokens, habits)
        if not any(t.text in EQUALS or t.text == r"\in" for t in formula.tokens):
            on_line = [(number, name) for number, name in on_line if number == formula.line]
            on_line += [(formula.line, o.name) for o in names if not o.indices]
    shapes += _in_prose(source, document.formulas)
    first = document.statements[0].line - 1 if document.statements else 0
    return Facts(tuple(sorted(shapes, key=lambda s: s.line)), tuple(laws), first)


def _memberships(formula: Formula, habits: Habits) -> Iterator[Shape]:
    r"""`A, B \in \mathbb R^{m\times k}`, and `Z = XA \in …`; names that share a space stand before commas."""
    waiting: list[str] = []
    for part in parts(formula.tokens):
        signs = [at for at, t in enumerate(part) if t.text == r"\in" and t.kind == "command"]
        names = [o for o in occurrences(part, habits) if not o.indices]
        if len(signs) != 1:
            alone = len(names) == 1 and names[0].at == 0 and names[0].end == len(part)
            waiting = [*waiting, names[0].name] if alone else []
            continue
        left, right = part[: signs[0]], part[signs[0] + 1 :]
        head = [o.name for o in occurrences(split(left, EQUALS)[0], habits) if o.at == 0 and not o.indices]
        dims = space(right)
        if head and dims is not None and _is_symbol(left, habits):
            for name in (*waiting, head[0]):
                yield Shape(name, dims, formula.line, formula.heading)
        waiting = []


def _is_symbol(left: Sequence[Token], habits: Habits) -> bool:
    """Whether the left of `\\in` begins with nothing but a symbol, perhaps with its definition behind it."""
    first = split(left, EQUALS)[0]
    found = occurrences(first, habits)
    return len(found) == 1 and found[0].at == 0 and found[0].end == len(first)


def parts(found: Sequence[Token]) -> list[list[Token]]:
    """The stretches between commas, gaps and rows."""
    parts: list[list[Token]] = [[]]
    for part in split(list(found), frozenset({",", ";"})):
        for token in part:
            if token.text == "\\\\" or token.gap:
                parts.append([])
            if token.text not in {"\\\\", "&"}:
                parts[-1].append(token)
        parts.append([])
    return [p for p in parts if p]


def space(right: Sequence[Token]) -> tuple[str, ...] | None:
    r"""The dimensions of `\mathbb R^{n\times m}` or `[n, h, 1]`; None where it is neither."""
    if not right:
        return None
    if right[0].text == "R":
        if len(right) > 1 and right[1].text != "^":
            return None
        text = " ".join(t.text for t in right)
        try:
            sides = parse_latex_equations(
                Text.whole("shape", rf"$X \in {text}$"), Symbols(frozenset({"X"})), members=True
            )[0].sides
        except UserError:
            return None
        return _dims(sides[1].args) if isinstance(sides[1], Call) else None
    return None


def _dims(items: Sequence[Expr]) -> tuple[str, ...] | None:
    texts = tuple(to_plain(item).replace(" * ", "*") for item in items)
    return texts if len(texts) <= MAX_RANK and all(map(_DIMENSION.fullmatch, texts)) else None


def _tuple(found: Sequence[Token]) -> tuple[str, ...] | None:
    r"""A formula that is a list of sizes: `(n, h, l, d)`, `[n, d]`, `m \times n`."""
    tokens = [t for t in found if t.kind != "end"]
    if len(tokens) > 2 and tokens[0].text in {"(", "["} and tokens[-1].text in {")", "]"}:
        inner = split(tokens[1:-1], frozenset({","}))
    else:
        inner = split(tokens, frozenset({r"\times"}))
    if len(inner) < 2 or any(len(p) != 1 for p in inner):
        return None
    texts = tuple(GREEK[p[0].text][0] if p[0].text in GREEK else p[0].text for p in inner)
    return texts if len(texts) <= MAX_RANK and all(map(_DIMENSION.fullmatch, texts)) else None


def _said(formula: Formula, on_line: Iterable[tuple[int, str]]) -> Iterator[Shape]:
    """`the shape of Q, K, V is (n, h, l, d)`: a list of sizes behind the word, names before it."""
    dims = _tuple(formula.tokens)
    says = dims and list(_SAYS_SHAPE.finditer(formula.before))
    if not dims or not says:
        return
    names = [name for number, name in on_line if number == formula.line and name not in dims]
    if r"\partial" in formula.before or r"\nabla" in formula.before or not names:
        return
    # `B is the bias and its shape is …`: the names that stand nearest, since the last sentence end
    since = max(formula.before.rfind(". "), formula.before.rfind("。"), 0)
    near = [n for n in dict.fromkeys(names) if n in _names_in(formula.before[since:])]
    for name in near:
        yield Shape(name, dims, formula.line, formula.heading)


def _names_in(text: str) -> set[str]:
    return set(re.findall(r"[A-Za-z]\w*|(?<=\{)[A-Za-z](?=\})", text))


def _in_prose(source: Source, formulas: Sequence[Formula]) -> Iterator[Shape]:
    """`W ∈ R^{d×k}` and `X of shape (m, n)` outside of formulas."""
    starts = [formula.start for formula in formulas]
    ends = [formula.end for formula in formulas]
    for reading in read_document(source):
        text = reading.text
        for match in _PROSE.finditer(reading.prose):
            inside = (match["space"] or match["said"] or "").strip("(){}[]")
            dims = tuple(d.strip() for d in _TIMES.split(inside))
            if not 0 < len(dims) <= MAX_RANK or not all(
                re.fullmatch(r"[A-Za-z]\w{0,11}|\d{1,4}", d) for d in dims
            ):
                continue
            place = text.places[match.start()]
            at = bisect_right(starts, place) - 1
            if at >= 0 and place < ends[at]:
                continue
            for name in re.split(r"\s?,\s?", match["names"]):
                if len(name) <= 3 or "_" in name:
                    yield Shape(name, dims, source.position(place)[0], above(reading.headings, match.start()))


def _laws(formula: Formula, habits: Habits) -> Iterator[Law]:
    r"""`u, v \sim \mathcal N(0, 1)`; the second number of a normal law is the variance."""
    tokens = [t for t in formula.tokens if t.kind != "end"]
    signs = [at for at, t in enumerate(tokens) if t.text == r"\sim"]
    if len(signs) != 1 or any(t.text == "{" for t in tokens[: signs[0]]):
        return
    right = [t.text for t in tokens[signs[0] + 1 :]]
    if right[:2] == ["N", "("] and right[3:4] == [","] and right[2] in {"0", r"\zeros"}:
        variance = right[4] if len(right) > 4 else ""
        if variance in {"1", "I", r"\ones"}:
            for one in occurrences(tokens[: signs[0]], habits):
                yield Law(one.name, "normal", formula.line)
