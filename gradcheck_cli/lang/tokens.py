"""Cuts plain text into tokens; one regular expression, no backtracking, every token with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gradcheck_cli.text import Problem, Span, Text, UserError

MAX_DIGITS = 60
"""Digits of one number."""

MAX_LENGTH = 20_000
"""Characters in one formula. The longest formula of our sources has 600."""

_TOKEN = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[^\W\dᵀ][^\Wᵀ]*)"
    r"|(?P<op>\*\*|<=|>=|==|!=|\.\.\.|[-+*/@<>=()\[\],.:])"
    r"|(?P<string>'[^'\n]*'|\"[^\"\n]*\")"
)

_HINTS = {
    "^": "a power is written `**`: `x**2`",
    "·": "a product is written `*` (elementwise) or `@` (matrix)",
    "×": "a product is written `*` (elementwise) or `@` (matrix)",
    "⊙": "the elementwise product is written `*`",
    "∘": "the elementwise product is written `*`",
    "⊗": "the Kronecker product is written `kron(x, y)`, the outer product `outer(x, y)`",
    "−": "this is the Unicode minus sign; write `-`",
    "–": "this is a dash; write `-`",
    "≤": "write `<=`",
    "≥": "write `>=`",
    "≠": "write `!=`",
    "√": "write `sqrt(x)`",
    "∑": "write `sum(x)`, or `sum[i, j](x[i, j])` over named indices",
    "∂": "the gradient of `X` is written `dX` or `grad(X)`, a derivative `D(y, x)`",
    "∇": "the gradient of `X` is written `dX` or `grad(X)`",
    "ᵀ": "the transpose is written `.T`, or `.mT` for the last two axes",
    "|": "the absolute value is written `abs(x)`, a norm `norm(x)`",
    "\\": "this looks like LaTeX; plain text uses Python's syntax",
    "$": "this looks like LaTeX; plain text uses Python's syntax",
    "{": "group with round brackets: `(…)`",
    "}": "group with round brackets: `(…)`",
    "%": "there is no remainder operator",
    "&": "combine conditions by a product: `(x > 0) * (x < 1)`",
    ";": "one claim holds one equation; write a second claim for the second one",
    "'": "a quote begins here and does not end; a derivative is written `D(y, x)`",
    '"': "a quote begins here and does not end",
}


@dataclass(frozen=True, slots=True)
class Token:
    """One word or sign; `kind` is number, name, op, string or end."""

    kind: str
    text: str
    start: int
    end: int


def tokens(text: Text) -> list[Token]:
    """All tokens of a formula, with one of kind `end` behind the last.

    Raises UserError at the first character that cannot begin a token.
    """
    value = text.value
    if len(value) > MAX_LENGTH:
        raise UserError(
            Problem(
                f"this formula has {len(value):,} characters; at most {MAX_LENGTH:,} are read",
                text.span(0, 1),
                help="split it: name its parts under `where:`",
            )
        )
    found: list[Token] = []
    at = 0
    while at < len(value):
        match = _TOKEN.match(value, at)
        if match is None:
            raise UserError(_unreadable(text, at))
        kind = match.lastgroup or ""
        if kind != "space":
            found.append(Token(kind, match.group(), at, match.end()))
        at = match.end()
    found.append(Token("end", "", len(value), len(value)))
    return found


def _unreadable(text: Text, at: int) -> Problem:
    char = text.value[at]
    span: Span = text.span(at, at + 1)
    hint = _HINTS.get(char, "formulas use Python's syntax: + - * / ** @ .T [ ] and function calls")
    if text.value.startswith("^T", at):
        hint = "the transpose is written `.T`, or `.mT` for the last two axes"
    shown = char if char.isprintable() else f"U+{ord(char):04X}"
    return Problem(f"`{shown}` cannot stand in a formula", span, help=hint)
