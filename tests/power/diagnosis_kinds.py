"""More mistakes than the judge's campaign makes: those that the diagnosis claims to know by name.

Each kind of mistake has the codes that name it rightly; some mistakes have two
names, as a lost `1 - a` is a missing term and a missing inner derivative.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from gradcheck_cli.lang import ast

from .kinds import KINDS, Mistakes, number
from .places import Names, Place


def size_factor(place: Place, names: Names) -> Mistakes:
    """A side that is off by a size, or by its root."""
    if place.role != "side":
        return
    for name in _sizes(names)[:2]:
        size = ast.Name(name)
        yield ast.Binary("*", size, place.node)
        yield ast.Binary("/", place.node, size)
        yield ast.Binary("/", place.node, ast.Call("sqrt", (size,)))


def _sizes(names: Names) -> list[str]:
    return [d for d in names.dims if ast.Name(d) not in names.types]


def in_for_out(place: Place, names: Names) -> Mistakes:
    """The input of a line of the forward for its output, and back; so for activations."""
    match place.node:
        case ast.Name(id):
            for line in names.case.operator.forward:
                inside = {n.id for n in ast.walk(line.expression) if isinstance(n, ast.Name)}
                pairs = [(line.name, i) for i in inside] + [(i, line.name) for i in inside]
                for here, there in pairs:
                    if here == id and there in names.alike(id) and not names.is_gradient(there):
                        yield ast.Name(there)


def other_gradient(place: Place, names: Names) -> Mistakes:
    """The gradient of another quantity of the same shape."""
    match place.node:
        case ast.Name(id) if names.is_gradient(id):
            yield from (ast.Name(n) for n in names.alike(id) if names.is_gradient(n))


def brackets(place: Place, names: Names) -> Mistakes:
    """A pair of brackets lost, as on one line of plain text."""
    match place.node:
        case ast.Binary("*" | "@" as by, a, ast.Binary("+" | "-" as op, b, c)):
            yield ast.Binary(op, ast.Binary(by, a, b), c)
    match place.node:
        case ast.Binary("*" | "@" | "/" as by, ast.Binary("+" | "-" as op, a, b), c):
            yield ast.Binary(op, a, ast.Binary(by, b, c))
        case ast.Binary("/", a, ast.Binary("*" as by, b, c)):
            yield ast.Binary(by, ast.Binary("/", a, b), c)
        case ast.Binary("-", a, ast.Binary("+" | "-" as by, b, c)):
            yield ast.Binary(by, ast.Binary("-", a, b), c)
        case ast.Binary("**", ast.Binary(op, a, b), c):
            yield ast.Binary(op, a, ast.Binary("**", b, c))
        case ast.Call("sum" | "mean" as f, (ast.Binary("*" as op, a, b),), keywords):
            yield ast.Binary(op, ast.Call(f, (a,), keywords), b)


def diagonal(place: Place, names: Names) -> Mistakes:
    """Of the Jacobian of a softmax the diagonal alone; a diagonal forgotten."""
    match place.node:
        case ast.Binary("*", ast.Name() as a, ast.Binary("-", g, ast.Call("sum"))):
            yield ast.Binary("*", ast.Binary("*", a, ast.Binary("-", number(1), a)), g)
        case ast.Binary("-", ast.Call("diag", (a,)), ast.Call("outer", _)):
            yield ast.Call("diag", (ast.Binary("*", a, ast.Binary("-", number(1), a)),))
        case ast.Call("diag", (a,)) if (names.rank(a) or 0) == 1:
            yield a


def layout(place: Place, names: Names) -> Mistakes:
    """The whole side in the other layout."""
    rank = names.rank(place.node)
    if place.role == "side" and rank is not None and rank >= 2:
        match place.node:
            case ast.Binary("@", ast.Transpose(a, _), ast.Transpose(b, _)):
                yield ast.Binary("@", b, a)
            case ast.Binary("@", a, ast.Transpose(b, kind)):
                yield ast.Binary("@", b, ast.Transpose(a, kind))
            case ast.Binary("@", ast.Transpose(a, kind), b):
                yield ast.Binary("@", ast.Transpose(b, kind), a)


def pulled_out(place: Place, names: Names) -> Mistakes:
    """A factor in front of the sum or mean that it belongs in."""
    match place.node:
        case ast.Call("sum" | "mean" as f, (ast.Binary("*", a, b),), keywords):
            yield ast.Binary("*", a, ast.Call(f, (b,), keywords))
            yield ast.Binary("*", b, ast.Call(f, (a,), keywords))


def epsilon(place: Place, names: Names) -> Mistakes:
    """A small number forgotten."""
    match place.node:
        case ast.Binary("+", left, ast.Name(id)) if id.startswith("eps"):
            yield left


def bound(place: Place, names: Names) -> Mistakes:
    """A mask or range with another edge."""
    node = place.node
    match node:
        case ast.Call("tril" | "triu" as f, (x, *rest)):
            given = rest[0] if rest else number(0)
            yield from (ast.Call(f, (x, number(k))) for k in (-1, 0, 1) if number(k) != given)
        case ast.Call("arange", (ast.Name() as n,)):
            yield replace(node, args=(ast.Binary("-", n, number(1)),))
        case ast.Binary("<", left, right):
            yield ast.Binary("<=", left, right)
        case ast.Binary("<=", left, right):
            yield ast.Binary("<", left, right)
        case ast.Binary(">", left, right):
            yield ast.Binary(">=", left, right)


def inner(place: Place, names: Names) -> Mistakes:
    """The chain rule stopped early: a gradient without the derivative of what is inside."""
    match place.node:
        case ast.Binary("*", ast.Name(id) as g, ast.Binary("*" | "-" | "**") | ast.Call()) if (
            names.is_gradient(id)
        ):
            yield g
        case ast.Binary("*", ast.Binary("*", ast.Name(id), _) as left, ast.Binary("-") | ast.Call()) if (
            names.is_gradient(id)
        ):
            yield left


MORE: dict[str, Callable[[Place, Names], Iterator[ast.Expr]]] = {
    "size factor": size_factor,
    "in for out": in_for_out,
    "other gradient": other_gradient,
    "brackets": brackets,
    "diagonal": diagonal,
    "layout": layout,
    "pulled out": pulled_out,
    "epsilon": epsilon,
    "bound": bound,
    "inner": inner,
}

ALL = {**MORE, **KINDS}
"""The special kinds first: a mutant that two kinds make counts as the more telling one."""

NAMED: Mapping[str, frozenset[str]] = {
    kind: frozenset(f"GC1{n}" for n in codes.split())
    for kind, codes in {
        "size factor": "02 28",
        "in for out": "04 05 16",
        "other gradient": "16 04 05",
        "brackets": "18",
        "diagonal": "20 18 08 12 07",
        "layout": "22 03 06 21",
        "pulled out": "26 18",
        "epsilon": "14 08",
        "bound": "19 17",
        "inner": "10 24 08",
        "sign": "01 21",
        "factor": "02",
        "dropped term": "08 20 10 14",
        "dropped factor": "24 09 10 02 03 28 26",
        "transpose": "03 21 06 22",
        "swapped name": "16 04 05 09",
        "upstream": "09 24 08",
        "mean for sum": "11",
        "dropped function": "12 20 25 05 10 02 11 17 19 24",
        "neighbour": "25 11 19 20 21 07",
        "axis": "13 12",
        "keepdims": "12",
        "operands": "06 22 03 25",
        "product": "07 06 20",
        "exponent": "15",
        "constant": "27 02 28",
        "dimension": "28 02",
        "index": "17 19",
    }.items()
}
"""The codes that name a kind of mistake rightly."""
