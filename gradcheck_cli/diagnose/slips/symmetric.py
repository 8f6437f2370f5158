"""A matrix was taken to be symmetric."""

from __future__ import annotations

from gradcheck_cli.diagnose.edits import Site, number, over, times
from gradcheck_cli.diagnose.slip import Example, Offer, Offers, Slip
from gradcheck_cli.lang import ast


def at(site: Site) -> Offers:
    """`2 * A` → `A + A.T`, `A` → `A.T` or the mean of both, for a square matrix."""
    match site.node:
        case ast.Binary("*", ast.Number(two), matrix) if two == 2 and _square(site, matrix):
            yield Offer(ast.Binary("+", matrix, _turned(matrix)))
        case ast.Binary("@", ast.Binary("*", ast.Number(two), matrix), x) if two == 2 and _square(
            site, matrix
        ):
            yield Offer(ast.Binary("@", ast.Binary("+", matrix, _turned(matrix)), x))
        case ast.Binary("*", ast.Number(two), ast.Binary("@", matrix, x)) if two == 2 and _square(
            site, matrix
        ):
            yield Offer(ast.Binary("@", ast.Binary("+", matrix, _turned(matrix)), x))
        case ast.Name() if site.rank == 2 and _square(site, site.node):
            both = ast.Binary("+", site.node, _turned(site.node))
            yield Offer(both, 0.3)
            yield Offer(over(both, number(2)), 0.4)
            yield Offer(times(number(2), _turned(site.node)), 0.9)


def _square(site: Site, node: ast.Expr) -> bool:
    type_ = site.names.type_of(node)
    return type_ is not None and type_.rank == 2 and type_.shape[0] == type_.shape[1]


def _turned(node: ast.Expr) -> ast.Expr:
    return ast.Transpose(node, "T")


SLIP = Slip(
    code="GC121",
    name="symmetric assumed",
    title="a matrix was taken to be symmetric",
    page="""
What it looks like
    `dx = 2 * A @ x` for the quadratic form x.T A x, whose gradient is `(A + A.T) @ x`.

Why it happens
    The formula comes from a table of matrix derivatives that assumes a symmetric matrix, in a remark
    that was not copied with it.

How to see it
    With a symmetric matrix the claim holds, with any other it does not. Declare `domain: symmetric`
    if it is meant.
""",
    examples=(
        Example(
            "A: [n, n]; x: [n]", "q: dot(x, A @ x)", "dx = dq * (2 * (A @ x))", "dx = dq * ((A + A.T) @ x)"
        ),
        Example(
            "A: [n, n]; x: [n]", "q: dot(x, A @ x)", "dx = dq * (2 * A @ x)", "dx = dq * ((A + A.T) @ x)"
        ),
    ),
    cost=1.0,
    at=at,
)
