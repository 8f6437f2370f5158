"""A number is wrong."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from gradcheck_cli.diagnose.edits import Site, number
from gradcheck_cli.diagnose.hole import Hole
from gradcheck_cli.diagnose.slip import Example, Offer, Offers, Slip
from gradcheck_cli.lang import ast

LARGEST = 100
"""The largest divisor of a fraction that a number is taken for."""


def at(site: Site) -> Offers:
    """One more or less, twice or half, the opposite, rounded."""
    match site.node:
        case ast.Number(value) if site.role != "exponent":
            others = [value - 1, value + 1, value / 2, value * 2, -value]
            if value.denominator > 2:
                others += [value.limit_denominator(d) for d in (10, LARGEST)]
                others += [value * 1000 / 1001]
            far = 0.4 if value in {0, 1} else 0.0
            for other in dict.fromkeys(others):
                if other != value:
                    yield Offer(number(other), far + 0.8 * (site.role == "side"))


def fill(hole: Hole) -> Offers:
    """The number that must stand here."""
    node = hole.site.node
    if not isinstance(node, ast.Number) or hole.site.role == "exponent":
        return
    wanted = [np.ravel(w) for w in hole.wanted]
    first = float(wanted[0][0])
    if all(
        w.size and np.ptp(w) <= 1e-9 * abs(first) and abs(w[0] - first) <= 1e-9 * abs(first) for w in wanted
    ):
        for divisor in (LARGEST, 10**6):
            exact = Fraction(first).limit_denominator(divisor)
            if exact and abs(float(exact) - first) <= 1e-9 * abs(first) and exact != node.value:
                yield Offer(number(exact), 0.1)
                return


SLIP = Slip(
    code="GC127",
    name="wrong number",
    title="a number is wrong",
    page="""
What it looks like
    `1 - 2 * y` for `1 - y`, 0.044 for 0.044715, 1/2 for 1.

Why it happens
    A constant was rounded, copied wrong, or belongs to another variant of the function.

How to see it
    Solve the equation for the number at two elements: both times the same other number comes out.
""",
    examples=(
        Example("x: [n]", "y: sin(2 * x)", "y = sin(3 * x)", "y = sin(2 * x)", kind="identity"),
        Example("x: [n]", "y: x**3 + 5 * x", "dx = dy * (3 * x**2 + 4)", "dx = dy * (3 * x**2 + 5)"),
        Example("x: [n]", "y: tanh(0.8 * x)", "y = tanh(0.7 * x)", "y = tanh(0.8 * x)", kind="identity"),
    ),
    cost=1.1,
    at=at,
    fill=fill,
)
