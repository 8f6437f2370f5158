"""Changed formulas: what somebody could have written by mistake in place of a right one.

Only the expression is looked at; whether a change has a type is for the shapes to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction

from gradcheck_cli.diagnose.edits import arrays, number
from gradcheck_cli.lang import ast
from gradcheck_cli.lang.functions import FUNCTIONS
from gradcheck_cli.shapes.typed import Program

MOST = 24
"""Changes that are tried of one side."""

_TWO = ast.Number(Fraction(2))
_Place = tuple[ast.Expr, Callable[[ast.Expr], ast.Expr], str]


def changes(side: ast.Expr, program: Program, most: int = MOST) -> list[ast.Expr]:
    """At most `most` changes of one side, none twice, with as many kinds as possible among the first."""
    kinds = [list(_all(side, kind, program)) for kind in _KINDS]
    found: dict[ast.Expr, None] = {}
    for turn in range(max(map(len, kinds), default=0)):
        for kind in kinds:
            if turn < len(kind) and kind[turn] != side:
                found.setdefault(kind[turn])
    return list(found)[:most]


def _all(side: ast.Expr, kind: _Kind, program: Program) -> Iterator[ast.Expr]:
    for node, rebuild, role in _places(side):
        for other in kind(node, role, program):
            if other != node:
                yield rebuild(other)


def _places(
    node: ast.Expr, rebuild: Callable[[ast.Expr], ast.Expr] = lambda n: n, role: str = "side"
) -> Iterator[_Place]:
    """The node and every array below it; what a derivative is of is no part of the formula."""
    yield node, rebuild, role
    if isinstance(node, ast.Call) and FUNCTIONS[node.function].group == "derivative":
        return
    for child, put, its in arrays(node):
        yield from _places(child, lambda n, put=put: rebuild(put(n)), its)  # type: ignore[misc]


_Changes = Iterator[ast.Expr]
_Kind = Callable[[ast.Expr, str, Program], _Changes]


def _sign(node: ast.Expr, role: str, _: Program) -> _Changes:
    match node:
        case ast.Binary("+", left, right):
            yield ast.Binary("-", left, right)
        case ast.Binary("-", left, right):
            yield ast.Binary("+", left, right)
        case ast.Negative(operand):
            yield operand
    if role == "side":
        yield ast.Negative(node)


def _factor(node: ast.Expr, role: str, program: Program) -> _Changes:
    """Twice as large, or divided by a size."""
    if role in {"side", "term"}:
        yield ast.Binary("*", _TWO, node)
        yield from (ast.Binary("/", node, ast.Name(d)) for d in sorted(program.dims)[:1])


def _term(node: ast.Expr, _role: str, _: Program) -> _Changes:
    match node:
        case ast.Binary("+", left, right):
            yield from (left, right)
        case ast.Binary("-", left, right):
            yield from (left, ast.Negative(right))


def _dropped(node: ast.Expr, _role: str, _: Program) -> _Changes:
    """A factor, a divisor, a function or a power forgotten."""
    match node:
        case ast.Binary("*" | "@", left, right):
            yield from (left, right)
        case ast.Binary("/" | "**", left, _):
            yield left
        case ast.Call(function, (x, *_)) if FUNCTIONS[function].group in {"elementwise", "reduction"}:
            yield x


def _transpose(node: ast.Expr, role: str, _: Program) -> _Changes:
    match node:
        case ast.Transpose(operand, _):
            yield operand
        case ast.Name() | ast.Call("grad") if role in {"factor", "side"}:
            yield ast.Transpose(node, "mT")


def _axis(node: ast.Expr, _role: str, _: Program) -> _Changes:
    """Another axis, or all of them."""
    if isinstance(node, ast.Call):
        for given in (k for k in node.keywords if k.name == "axis"):
            rest = tuple(k for k in node.keywords if k is not given)
            for axis in (number(0), number(-1), number(-2)):
                if axis != given.value:
                    yield replace(node, keywords=(ast.Keyword("axis", axis), *rest))
            if FUNCTIONS[node.function].rule == "reduction":
                yield replace(node, keywords=rest)


def _mean(node: ast.Expr, _role: str, _: Program) -> _Changes:
    other = {"sum": "mean", "mean": "sum"}
    if isinstance(node, (ast.Call, ast.Over)) and node.function in other:
        yield replace(node, function=other[node.function])


def _other_name(node: ast.Expr, _role: str, program: Program) -> _Changes:
    """Output for input, one gradient for another: names of one type, nearest in the forward first."""
    types = program.types
    names = list(types)
    match node:
        case ast.Name(id) if id in types:
            near = sorted((n for n in names if n != id), key=lambda n: abs(names.index(n) - names.index(id)))
            yield from (ast.Name(n) for n in near[:6] if types[n] == types[id])
        case ast.Call("grad", (ast.Name(id),)) if id in types:
            yield from (ast.Call("grad", (ast.Name(n),)) for n in names if n != id and types[n] == types[id])
        case ast.Name(id) if id[:1] == "d" and id[1:] in types:
            yield from (ast.Name(f"d{n}") for n in names if n != id[1:] and types[n] == types[id[1:]])


def _upstream(node: ast.Expr, _role: str, program: Program) -> _Changes:
    """The gradient from above forgotten: ones in its place."""
    match node:
        case ast.Name(id) if id[:1] == "d" and id not in program.types and id[1:] in program.types:
            yield ast.Call("ones_like", (ast.Name(id[1:]),))
        case ast.Call("grad", (of,)):
            yield ast.Call("ones_like", (of,))


def _operands(node: ast.Expr, role: str, _: Program) -> _Changes:
    """Operands exchanged, one product for the other, another number."""
    match node:
        case ast.Binary("@", left, right):
            yield ast.Binary("@", right, left)
            yield ast.Binary("*", left, right)
        case ast.Binary("/", left, right):
            yield ast.Binary("*", left, right)
        case ast.Binary("<" | ">" as op, left, right):
            yield ast.Binary("<" if op == ">" else ">", left, right)
        case ast.Number(value) if role != "exponent":
            yield number(value + 1)
        case ast.Subscript(operand, (one, other, *rest)):
            yield ast.Subscript(operand, (other, one, *rest))


_KINDS: tuple[_Kind, ...] = (
    _term, _sign, _factor, _dropped, _other_name, _transpose, _upstream, _mean, _axis, _operands,
)  # fmt: skip
