"""The bound of a sum, a slice or a range is wrong."""

from __future__ import annotations

from collections.abc import Iterator

from gradcheck_cli.diagnose.edits import Site, number
from gradcheck_cli.diagnose.slip import Example, Offer, Offers, Slip
from gradcheck_cli.lang import ast

OTHER = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}


def at(site: Site) -> Offers:
    """A comparison that includes its bound, or not; a bound one further."""
    match site.node:
        case ast.Binary(op, left, right) if op in OTHER:
            yield Offer(ast.Binary(OTHER[op], left, right))
            for other in _moved(right):
                yield Offer(ast.Binary(op, left, other), 0.1)
            for other in _moved(left):
                yield Offer(ast.Binary(op, other, right), 0.2)
        case ast.Call("arange", (n,)):
            yield Offer(ast.Binary("+", site.node, number(1)), 0.1)
            yield from (Offer(ast.Call("arange", (other,)), 0.1) for other in _moved(n))
        case ast.Binary("+" | "-", ast.Call("arange"), ast.Number()):
            yield Offer(site.node.left, 0.1)


def _moved(bound: ast.Expr) -> Iterator[ast.Expr]:
    one = number(1)
    match bound:
        case ast.Binary("-" | "+", n, ast.Number(value)):
            yield n
            for other in (value + 1, value - 1, value / 2, value * 2):
                if other:
                    yield ast.Binary(bound.op, n, number(other))
        case ast.Name():
            yield ast.Binary("-", bound, one)
            yield ast.Binary("+", bound, one)
        case ast.Number(value):
            yield number(value + 1)
            yield number(value - 1)


SLIP = Slip(
    code="GC119",
    name="summation bound",
    title="the bound of a sum or range is wrong",
    page="""
What it looks like
    A sum up to n - 1 that should go up to n; `i < j` in a causal mask that should be `i <= j`.

Why it happens
    Mathematics counts from 1 and includes the last, code counts from 0 and does not.

How to see it
    Only the elements at the edge are wrong: the first or last position, or the diagonal.
""",
    examples=(
        Example(
            "x: [n]",
            "y: cumsum(x)",
            "dx[j] = sum[i](where(i > j, 1, 0) * dy[i])",
            "dx[j] = sum[i](where(i >= j, 1, 0) * dy[i])",
        ),
        Example(
            "x: [n]",
            "y: x * arange(n)",
            "dx = dy * (arange(n) + 1)",
            "dx = dy * arange(n)",
        ),
    ),
    cost=1.0,
    at=at,
)
