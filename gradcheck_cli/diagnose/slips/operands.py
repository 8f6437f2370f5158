"""The operands of a product stand in the wrong order."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

from gradcheck_cli.diagnose.edits import Site, turned
from gradcheck_cli.diagnose.slip import Example, Offer, Offers, Slip
from gradcheck_cli.lang import ast


def at(site: Site) -> Offers:
    """Two operands exchanged where their order matters; factors of a longer product too."""
    node = site.node
    match node:
        case ast.Binary("@", ast.Binary("@", a, b), c):
            yield Offer(ast.Binary("@", c, node.left))
            yield Offer(ast.Binary("@", ast.Binary("@", b, a), c), 0.2)
            yield Offer(ast.Binary("@", ast.Binary("@", a, c), b), 0.2)
        case ast.Binary("@", left, right):
            yield Offer(ast.Binary("@", right, left))
            ranks = [t.rank if t else 0 for t in map(site.names.type_of, (left, right))]
            if min(ranks) >= 2:
                yield Offer(ast.Binary("@", turned(right, ranks[1]), left), 0.5)
                yield Offer(ast.Binary("@", right, turned(left, ranks[0])), 0.5)
        case ast.Binary("/" | "-" | "**" as op, left, right):
            yield Offer(ast.Binary(op, right, left), 0.1)
        case ast.Binary("<" | ">" | "<=" | ">=" as op, left, right):
            yield Offer(ast.Binary(op, right, left), 0.1)
        case ast.Call("where", (condition, x, y)):
            yield Offer(replace(node, args=(condition, y, x)))
        case ast.Call("outer" | "kron" | "concatenate" | "stack" | "solve", (x, y, *rest)):
            yield Offer(replace(node, args=(y, x, *rest)))
        case ast.Call("reshape" | "transpose", (x, *order)) if len(order) > 1:
            for i, j in combinations(range(len(order)), 2):
                swapped = list(order)
                swapped[i], swapped[j] = swapped[j], swapped[i]
                yield Offer(replace(node, args=(x, *swapped)))


SLIP = Slip(
    code="GC106",
    name="operand order",
    title="the operands stand in the wrong order",
    page="""
What it looks like
    `dY @ X.T` for `X.T @ dY`, `outer(x, dy)` for `outer(dy, x)`, a quotient upside down.

Why it happens
    Products of numbers commute, those of matrices do not. Texts with row vectors (Y = X W) and texts
    with column vectors (y = W x) have the factors in opposite orders, and a formula was copied from
    one into the other.

How to see it
    Write the shape under each factor: the inner sizes must be the same. With square matrices only
    the numbers tell.
""",
    examples=(
        Example("X: [k, k]; W: [k, k]", "Y: X @ W", "dW = dY @ X.T", "dW = X.T @ dY"),
        Example("W: [n, n]; x: [n]", "y: W @ x", "dW = outer(x, dy)", "dW = outer(dy, x)"),
        Example(
            "a: {shape: [n], domain: positive}; b: {shape: [n], domain: positive}",
            "y: a * log(b)",
            "db = dy * (b / a)",
            "db = dy * (a / b)",
        ),
    ),
    cost=1.1,
    at=at,
)
