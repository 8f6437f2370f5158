"""A transpose is missing or too many."""

from __future__ import annotations

from itertools import permutations

from gradcheck_cli.diagnose.edits import Site, number
from gradcheck_cli.diagnose.slip import Example, Offer, Offers, Slip
from gradcheck_cli.lang import ast


def at(site: Site) -> Offers:
    """The transpose of a matrix, or a matrix without it."""
    node = site.node
    match node:
        case ast.Transpose(operand, kind):
            yield Offer(operand, -0.2)
            if site.rank > 2:
                yield Offer(ast.Transpose(operand, "mT" if kind == "T" else "T"), 0.5)
            return
        case ast.Call("swapaxes" | "transpose", (x, *rest)):
            yield Offer(x)
            if node.function == "transpose" and 1 < len(rest) <= 4:
                yield from (
                    Offer(ast.Call("transpose", (x, *map(number, order))), 0.4)
                    for order in permutations(range(len(rest)))
                )
            return
    if site.parent is not None and isinstance(site.parent.node, ast.Transpose):
        return
    if site.role != "side" and site.rank >= 2 and not isinstance(node, ast.Number):
        bare = isinstance(node, (ast.Name, ast.Call))
        yield Offer(ast.Transpose(node, "T" if site.rank == 2 else "mT"), 0.0 if bare else 0.4)
        if site.rank > 2:
            yield Offer(ast.Transpose(node, "T"), 0.8)


SLIP = Slip(
    code="GC103",
    name="transpose",
    title="a transpose is missing or too many",
    page="""
What it looks like
    One factor of a matrix product stands the wrong way round: `dY @ W` for `dY @ W.T`.

Why it happens
    The product of the forward pass was copied. Backward, each of the other factors is transposed:
    Y = X @ W gives dX = dY @ W.T and dW = X.T @ dY.

How to see it
    If all sizes differ, the shapes do not fit. Square matrices fit either way, and only the numbers
    are wrong: never test a matrix formula on square matrices alone.
""",
    examples=(
        Example("X: [m, k]; W: [k, k]", "Y: X @ W", "dX = dY @ W", "dX = dY @ W.T"),
        Example("X: [m, k]; W: [k, n]", "Y: X @ W", "dW = X @ dY", "dW = X.T @ dY", expect="shape-mismatch"),
        Example("A: [b, l, l]; V: [b, l, d]", "O: A @ V", "dV = A @ dO", "dV = A.mT @ dO"),
    ),
    cost=1.0,
    at=at,
)
