"""The sign is wrong: of the whole side, or of one term."""

from __future__ import annotations

from gradcheck_cli.diagnose.edits import Site
from gradcheck_cli.diagnose.hole import Hole
from gradcheck_cli.diagnose.slip import Example, Offer, Offers, Slip
from gradcheck_cli.lang import ast


def at(site: Site) -> Offers:
    """The opposite sign of a term or of the node."""
    match site.node:
        case ast.Binary("+", left, right):
            yield Offer(ast.Binary("-", left, right))
            if not isinstance(left, ast.Negative):
                yield Offer(ast.Binary("-", right, left), 0.2)
        case ast.Binary("-", ast.Negative(left), right):
            yield Offer(ast.Binary("-", left, right))
            yield Offer(ast.Binary("-", right, left), 0.3)
        case ast.Binary("-", left, right):
            yield Offer(ast.Binary("+", left, right))
        case ast.Negative(operand):
            yield Offer(operand)
    if site.role in {"side", "operand"} and not site.known and not isinstance(site.node, ast.Negative):
        yield Offer(ast.Negative(site.node), 0.2)


def fill(hole: Hole) -> Offers:
    """The node is off by -1."""
    factor = hole.constant()
    if factor is not None and factor.is_sign and hole.site.role in {"side", "term"}:
        yield Offer(factor.of(hole.site.node))


SLIP = Slip(
    code="GC101",
    name="sign",
    title="the sign is wrong",
    page="""
What it looks like
    Every element of a side, or of one of its terms, is the negative of what it should be.

Why it happens
    A minus is lost when a difference is taken the other way round (prediction - target or target -
    prediction), when the derivative of 1/x, of cos or of a subtraction is written down, or when a
    loss is turned into a reward.

How to see it
    Divide the claimed by the true gradient: the quotient is -1 everywhere. If it is -1 only for a
    part of a sum, look at the sign between the terms.
""",
    examples=(
        Example("x: [n]", "y: 1 / (1 + x**2)", "dx = dy * 2 * x * y**2", "dx = -(dy * 2 * x * y**2)"),
        Example("P: [n, k]; Y: [n, k]", "R: (P - Y)**2", "dY = 2 * dR * (P - Y)", "dY = -(2 * dR * (P - Y))"),
        Example("s: [n]", "p: softmax(s)", "ds = p * (dp + sum(dp * p))", "ds = p * (dp - sum(dp * p))"),
    ),
    cost=1.0,
    at=at,
    fill=fill,
)
