"""One size stands for another."""

from __future__ import annotations

from dataclasses import replace

from gradcheck_cli.diagnose.edits import Site, number
from gradcheck_cli.diagnose.slip import Example, Offer, Offers, Slip
from gradcheck_cli.lang import ast
from gradcheck_cli.lang.functions import FUNCTIONS


def at(site: Site) -> Offers:
    """Another size, or none; in the shape of a constant array as well."""
    node, names = site.node, site.names
    sizes = [d for d in names.dims if d not in names.program.types and d not in names.locals]
    match node:
        case ast.Name(id) if id in sizes:
            yield from (Offer(ast.Name(d)) for d in sizes if d != id)
            yield Offer(ast.Binary("-", node, number(1)), 0.3)
            yield Offer(ast.Binary("+", node, number(1)), 0.5)
        case ast.Number(value) if value == 1:
            yield from (Offer(ast.Name(d), 0.3) for d in sizes)
        case ast.Negative(ast.Number(value)) if value == 1:
            yield from (Offer(ast.Binary("-", ast.Name(d), node.operand), 0.3) for d in sizes)
        case ast.Call("broadcast_to", (x, *_)) if (type_ := names.type_of(x)) is not None:
            if all(d.name for d in type_.shape):
                yield Offer(ast.Call("broadcast_to", (x, *(ast.Name(d.name or "") for d in type_.shape))))
        case ast.Call(function, args):
            kinds = {p.kind for p in FUNCTIONS[function].parameters}
            if not kinds & {"shape", "dim"} or function == "slice":
                return
            for i, arg in enumerate(args):
                if isinstance(arg, ast.Name) and arg.id in sizes:
                    for other in (*(ast.Name(d) for d in sizes if d != arg.id), number(1)):
                        yield Offer(replace(node, args=(*args[:i], other, *args[i + 1 :])), 0.1)
                elif arg == number(1):
                    for d in sizes:
                        yield Offer(replace(node, args=(*args[:i], ast.Name(d), *args[i + 1 :])), 0.1)


SLIP = Slip(
    code="GC128",
    name="wrong size",
    title="one size stands where another belongs",
    page="""
What it looks like
    `sqrt(h * d)` or `sqrt(n)` for `sqrt(d)`; a mean over the batch divided by the length of the
    sequence.

Why it happens
    The letters n, d, m and k change their meaning from text to text, and in an experiment two of
    them are equal.

How to see it
    Give all sizes different values, and change one at a time: the quotient of the two sides changes
    with the two that were mixed up, and with no other.
""",
    examples=(
        Example(
            "Q: [l, d]; K: [m, d]", "S: Q @ K.T / sqrt(d)", "dQ = dS @ K / sqrt(l)", "dQ = dS @ K / sqrt(d)"
        ),
        Example("X: [m, n]", "y: sum(X, axis=0) / m", "dX = ones(m, 1) * dy / n", "dX = ones(m, 1) * dy / m"),
    ),
    cost=0.9,
    at=at,
)
