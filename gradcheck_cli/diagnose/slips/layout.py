"""Another layout: the whole result is transposed."""

from __future__ import annotations

from gradcheck_cli.diagnose.edits import Site
from gradcheck_cli.diagnose.slip import Example, Offer, Offers, Slip
from gradcheck_cli.lang import ast


def at(site: Site) -> Offers:
    """The transpose of the whole side; of a product, the transposed factors in reverse order."""
    if site.role != "side" or site.rank < 2 or site.local is not None:
        return
    kind = "T" if site.rank == 2 else "mT"
    match site.node:
        case ast.Transpose(operand, _):
            yield Offer(operand)
        case ast.Binary("@", left, right):
            yield Offer(ast.Binary("@", _turned(right, kind), _turned(left, kind)))
        case node:
            yield Offer(ast.Transpose(node, kind), 0.2)
            if site.rank > 2:
                yield Offer(ast.Transpose(node, "T"), 0.3)


def _turned(node: ast.Expr, kind: str) -> ast.Expr:
    return node.operand if isinstance(node, ast.Transpose) else ast.Transpose(node, kind)


SLIP = Slip(
    code="GC122",
    name="layout",
    title="the whole result is transposed: another layout convention",
    page="""
What it looks like
    The claimed gradient is the transpose of the true one, element for element.

Why it happens
    In numerator layout the derivative of a scalar by an [m, n] matrix is an [n, m] matrix; in
    denominator layout, which all of deep learning uses, a gradient has the shape of its tensor. A
    Jacobian is turned likewise.

How to see it
    The shapes are exchanged, unless the matrix is square.
""",
    examples=(
        Example(
            "X: [m, k]; W: [k, n]", "Y: X @ W", "dW = dY.T @ X", "dW = X.T @ dY", expect="shape-mismatch"
        ),
        Example(
            "A: [n, n]; B: [n, n]",
            "t: trace(A @ B @ A)",
            "dA = dt * (A @ B + B @ A)",
            "dA = (dt * (A @ B + B @ A)).T",
        ),
    ),
    cost=1.0,
    at=at,
)
