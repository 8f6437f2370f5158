"""Claims about code: `expression = what it gives`, the left side Python, the right one ours.

The Python is not parsed here, only cut out: nothing of a listing is read by
this process. An `=` between brackets or quotes, or one that belongs to `==`,
is no equals sign.
"""

from __future__ import annotations

from gradcheck_cli.lang.ast import Equation, Expr, String, Tuple
from gradcheck_cli.lang.plain import parse_expression
from gradcheck_cli.lang.tokens import MAX_LENGTH
from gradcheck_cli.spec.formula import part
from gradcheck_cli.text import Problem, Text, UserError

_OPEN, _CLOSE = "([{", ")]}"
_HELP = "for example `f(X, dY) = dX`, or `printed[0] = 'done'`"


def read_code(text: Text) -> Equation:
    """The equation; its left side is a `String` of Python. Raises UserError."""
    if len(text.value) > MAX_LENGTH:
        message = f"this claim has {len(text.value):,} characters; at most {MAX_LENGTH:,} are read"
        raise UserError(Problem(message, text.span(0, 1), help="define a function in the listing"))
    signs = _at_top(text.value, "=")
    if not signs:
        raise UserError(
            Problem("a claim about code is an equation, and this one has no `=`", text.all, help=_HELP)
        )
    if len(signs) > 1:
        raise UserError(
            Problem(
                "a claim about code has one `=`, and this one has a second",
                text.span(signs[1], signs[1] + 1),
                help="make it a claim of its own; a comparison is written `==`",
            )
        )
    left, right = _stripped(text, 0, signs[0]), _stripped(text, signs[0] + 1, len(text.value))
    for side, name in ((left, "left"), (right, "right")):
        if not side.value:
            place = text.span(signs[0], signs[0] + 1)
            raise UserError(Problem(f"the {name} side of this claim is empty", place, help=_HELP))
    return Equation((String(left.value, span=left.all), _right(right)), span=text.all)


def _right(text: Text) -> Expr:
    """An expression, or several with commas between them."""
    commas = _at_top(text.value, ",")
    if not commas:
        return parse_expression(text)
    starts = [0, *(c + 1 for c in commas)]
    ends = [*commas, len(text.value)]
    items = [_stripped(text, start, end) for start, end in zip(starts, ends, strict=True)]
    if not items[-1].value:
        items.pop()  # as in `a,`
    return Tuple(tuple(parse_expression(item) for item in items), span=text.all)


def _at_top(value: str, sign: str) -> list[int]:
    """Where a sign stands outside of brackets and quotes; of `=` only the lone one."""
    found = []
    depth, at, quote = 0, 0, ""
    while at < len(value):
        char = value[at]
        if quote:
            at += char == "\\"
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char in _OPEN:
            depth += 1
        elif char in _CLOSE:
            depth -= 1
        elif char == sign and depth <= 0 and not (sign == "=" and _compares(value, at)):
            found.append(at)
        at += 1
    return found


def _compares(value: str, at: int) -> bool:
    return value[at + 1 : at + 2] == "=" or value[at - 1 : at] in {"=", "!", "<", ">", ":"}


def _stripped(text: Text, start: int, end: int) -> Text:
    """A stretch without the white space around it."""
    inner = text.value[start:end]
    start += len(inner) - len(inner.lstrip())
    return part(text, start, max(start, start + len(inner.strip())))
