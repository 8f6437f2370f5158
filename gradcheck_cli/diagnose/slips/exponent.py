"""An exponent is wrong."""

from __future__ import annotations

from fractions import Fraction

from gradcheck_cli.diagnose.edits import Site, number
from gradcheck_cli.diagnose.slip import Example, Offer, Offers, Slip
from gradcheck_cli.lang import ast


def at(site: Site) -> Offers:
    """One power more or less; a root more or less."""
    node = site.node
    match node:
        case ast.Binary("**", base, ast.Number(value)):
            yield Offer(base)
            for other in (value + 1, value - 1, value + 2, value / 2):
                if other not in {0, 1}:
                    yield Offer(ast.Binary("**", base, number(other)), 0.1 * (abs(other - value) != 1))
            yield Offer(ast.Binary("**", base, ast.Negative(ast.Number(value))), 0.2)
        case ast.Binary("**", base, ast.Negative(ast.Number(value))):
            yield Offer(ast.Binary("**", base, ast.Number(value)), 0.2)
            yield Offer(ast.Binary("**", base, number(-value - 1)), 0.1)
            yield Offer(ast.Binary("**", base, number(-value + 1)), 0.1)
        case ast.Call("sqrt", (x,)):
            yield Offer(x, 0.2)
            return
        case ast.Number() | ast.Negative():
            return
    if site.role != "exponent" and not isinstance(node, ast.Binary | ast.Transpose):
        for power in (2, 3):
            yield Offer(ast.Binary("**", node, ast.Number(Fraction(power))), 0.1 * power)
    elif (
        site.role in {"side", "term", "operand", "factor"}
        and isinstance(node, ast.Binary)
        and node.op != "**"
    ):
        yield Offer(ast.Binary("**", node, number(2)), 0.4)


SLIP = Slip(
    code="GC115",
    name="exponent",
    title="an exponent is wrong",
    page="""
What it looks like
    `x / s**2` for `x / s**3`, `2 * x` for `3 * x**2`, a variance where a standard deviation
    belongs.

Why it happens
    A derivative lowers a power by one; that of 1/sigma, where sigma is a root, has sigma to the third
    below the bar. Normalisations have sigma, its square and its cube in one line.

How to see it
    Scale the input by 2 and look at how both sides scale: the exponents must balance.
""",
    examples=(
        Example("x: {shape: [n], domain: positive}", "y: 1 / x", "dx = -dy / x", "dx = -dy / x**2"),
        Example(
            "x: [n]",
            "s: norm(x); y: x / s",
            "dx = dy / s - x * dot(x, dy) / s**2",
            "dx = dy / s - x * dot(x, dy) / s**3",
        ),
    ),
    cost=1.0,
    at=at,
)
