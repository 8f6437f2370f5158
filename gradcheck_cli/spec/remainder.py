"""Remainders of a claim: what `… + O(eta**2)` leaves out, taken off before the sides get their shapes."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from gradcheck_cli.lang import ast
from gradcheck_cli.lang.ast import Equation
from gradcheck_cli.lang.calls import bind
from gradcheck_cli.shapes.typed import Program
from gradcheck_cli.text import Problem, UserError

_ZERO = ast.Number(Fraction(0))
_HELP = "a remainder is a power of one scalar input: `O(eta)`, `O(eta**2)`"


@dataclass(frozen=True)
class Remainder:
    """Terms of order `power` and higher in a small scalar input."""

    name: str
    power: int
    call: ast.Call


def taken_off(equation: Equation, program: Program) -> tuple[Equation, tuple[Remainder | None, ...]]:
    """The equation without its remainders, and for each side the one that it had. Raises UserError."""
    sides: list[ast.Expr] = []
    found: list[Remainder | None] = []
    for side in equation.sides:
        rest, call = _split(side)
        sides.append(rest)
        found.append(None if call is None else _read(call, program))
    if not any(found):
        return equation, tuple(found)
    return Equation(tuple(sides), equation.relations, span=equation.span), tuple(found)


def put_back(equation: Equation | None, remainders: tuple[Remainder | None, ...]) -> Equation | None:
    """The equation with its remainders, for a reader."""
    if equation is None or not any(remainders):
        return equation
    sides = [
        side if r is None else r.call if side == _ZERO else ast.Binary("+", side, r.call, span=side.span)
        for side, r in zip(equation.sides, remainders, strict=True)
    ]
    return Equation(tuple(sides), equation.relations, span=equation.span)


def _split(side: ast.Expr) -> tuple[ast.Expr, ast.Call | None]:
    match side:
        case ast.Noted(inner, remark):
            rest, call = _split(inner)
            return (ast.Noted(rest, remark, span=side.span) if call is not None else side), call
        case ast.Binary("+", rest, ast.Call("O") as call):
            return rest, call
        case ast.Call("O"):
            return ast.Number(Fraction(0), span=side.span), side
    return side, None


def _read(call: ast.Call, program: Program) -> Remainder:
    inside = bind(call)["expression"]
    while isinstance(inside, ast.Noted):
        inside = inside.operand
    power = 1
    match inside:
        case ast.Binary("**" | "^", base, ast.Number(value)) if value.denominator == 1 and value > 0:
            inside, power = base, int(value)
    plain = isinstance(inside, ast.Name) and inside.id in program.inputs
    if not isinstance(inside, ast.Name) or not plain or program.inputs[inside.id].rank:
        raise UserError(Problem("this is no order of a scalar input", call.span, help=_HELP))
    if power > 8:
        raise UserError(Problem("orders are measured up to 8", call.span, help=_HELP))
    printed = ast.Name(inside.id, span=inside.span)
    exponent = ast.Number(Fraction(power), span=inside.span)
    shown = printed if power == 1 else ast.Binary("**", printed, exponent, span=inside.span)
    return Remainder(inside.id, power, ast.Call("O", (shown,), span=call.span))
