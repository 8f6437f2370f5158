"""Reads what stands behind `shape:`, `domain:`, `random:` and `away_from:`: sizes, sets, laws and numbers."""

from __future__ import annotations

import re
from fractions import Fraction

from gradcheck_cli.lang.ast import Binary, Expr, Name, Negative, Number, walk
from gradcheck_cli.lang.plain import parse_expression
from gradcheck_cli.spec.formula import part, read_expression
from gradcheck_cli.spec.model import DOMAINS, LAWS, Domain, Random
from gradcheck_cli.text import Problem, Text, UserError, nearest

_DOMAIN = re.compile(r"([^\W\d][\w-]*)\s*(?:\((.*)\))?", re.DOTALL)
_DIMENSION_HELP = "a dimension is a whole number, a name, or built from them: `2*r`, `n/r`, `l + 1`"


def read_dimension(text: Text) -> Expr:
    """One entry of a shape, or the value of a dimension. Raises UserError."""
    expression = read_expression(text)
    for node in walk(expression):
        if isinstance(node, Number) and node.value.denominator != 1:
            raise UserError(Problem("a dimension is a whole number", node.span, help=_DIMENSION_HELP))
        if not isinstance(node, Number | Name | Binary) or (
            isinstance(node, Binary) and node.op not in "+-*/"
        ):
            raise UserError(Problem("this is not a dimension", node.span or text.all, help=_DIMENSION_HELP))
    if isinstance(expression, Number) and expression.value < 1:
        raise UserError(Problem("a dimension is at least 1", expression.span, help=_DIMENSION_HELP))
    return expression


def read_number(text: Text) -> Fraction:
    """A decimal with an optional sign, exactly. Raises UserError."""
    expression = parse_expression(text)
    negative = isinstance(expression, Negative)
    inner = expression.operand if isinstance(expression, Negative) else expression
    if not isinstance(inner, Number):
        raise UserError(Problem("a number is expected here", text.all, help="such as `-0.5` or `1e-3`"))
    return -inner.value if negative else inner.value


def read_domain(text: Text) -> Domain:
    """`positive`, `index(v)`, `range(-1, 1)`, … Raises UserError."""
    match = _DOMAIN.fullmatch(text.value)
    if match is None and "(" in text.value and ")" not in text.value:
        advice = "inside `{…}` a comma ends a value: write `'range(-1, 1)'`, between quotes"
        raise UserError(Problem(f"`{text.value}` is cut off", text.all, help=advice))
    if match is None or match[1] not in DOMAINS:
        word = match[1] if match else text.value
        other = nearest(word, DOMAINS)
        listed = ", ".join(f"`{d}`" for d in DOMAINS)
        advice = f"did you mean `{other}`?" if other else f"the domains are {listed}"
        raise UserError(Problem(f"`{word}` is not a domain", text.all, help=advice))
    kind = match[1]
    inside = part(text, *match.span(2)) if match[2] is not None else None
    if kind == "index":
        if inside is None or not inside.value.strip():
            raise UserError(
                Problem(
                    "`index` needs the dimension that its whole numbers stay below",
                    text.all,
                    help="write `index(v)`, where `v` is a dimension",
                )
            )
        return Domain(kind, below=read_dimension(inside), span=text.all)
    if kind == "range":
        low, high = _bounds(text, inside)
        return Domain(kind, low=low, high=high, span=text.all)
    if inside is not None:
        raise UserError(Problem(f"`{kind}` takes nothing in brackets", inside.all, help=f"write `{kind}`"))
    return Domain(kind, span=text.all)


def _bounds(text: Text, inside: Text | None) -> tuple[Fraction, Fraction]:
    cut = inside.value.split(",") if inside else []
    if inside is None or len(cut) != 2:
        raise UserError(Problem("`range` needs two numbers", text.all, help="write `range(-1, 1)`"))
    comma = len(cut[0])
    low = read_number(part(inside, 0, comma))
    high = read_number(part(inside, comma + 1, len(inside.value)))
    if low >= high:
        raise UserError(
            Problem(
                "this range is empty: its lower end must be below its upper end",
                inside.all,
                help="write `range(-1, 1)`",
            )
        )
    return low, high


def read_random(text: Text) -> Random:
    """`normal(0, 1)`, `uniform(-1, 1)`, `rademacher`; `normal` alone is standard. Raises UserError."""
    match = _DOMAIN.fullmatch(text.value)
    if match is None and "(" in text.value and ")" not in text.value:
        advice = "inside `{…}` a comma ends a value: write `'normal(0, 2)'`, between quotes"
        raise UserError(Problem(f"`{text.value}` is cut off", text.all, help=advice))
    if match is None or match[1] not in LAWS:
        word = match[1] if match else text.value
        other = nearest(word, LAWS)
        listed = "the laws are `normal(mean, deviation)`, `uniform(low, high)` and `rademacher`"
        advice = f"did you mean `{other}`?" if other else listed
        raise UserError(Problem(f"`{word}` is not a law", text.all, help=advice))
    name, needed = match[1], LAWS[match[1]]
    usual = (Fraction(0), Fraction(1)) if needed else ()
    parameters = _parameters(part(text, *match.span(2))) if match[2] is not None else usual
    if len(parameters) != len(needed):
        needs = " and ".join(needed) or "nothing"
        example = f"{name}(0, 1)" if needed else name
        raise UserError(Problem(f"`{name}` takes {needs} in brackets", text.all, help=f"write `{example}`"))
    if name == "normal" and parameters[1] <= 0:
        raise UserError(Problem("a standard deviation is positive", text.all, help="write `normal(0, 1)`"))
    if name == "uniform" and parameters[0] >= parameters[1]:
        empty = "this range is empty: its lower end must be below its upper end"
        raise UserError(Problem(empty, text.all, help="write `uniform(-1, 1)`"))
    return Random(name, parameters)


def _parameters(inside: Text) -> tuple[Fraction, ...]:
    """Numbers between commas."""
    found, start = [], 0
    for piece in inside.value.split(","):
        if piece.strip():
            found.append(read_number(part(inside, start, start + len(piece))))
        start += len(piece) + 1
    return tuple(found)
