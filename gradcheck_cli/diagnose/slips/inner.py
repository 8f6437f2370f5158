"""The chain rule stopped early: the derivative of an inner function is missing."""

from __future__ import annotations

from gradcheck_cli.diagnose.edits import times
from gradcheck_cli.diagnose.hole import Hole
from gradcheck_cli.diagnose.names import words_in
from gradcheck_cli.diagnose.slip import Example, Offer, Offers, Slip
from gradcheck_cli.diagnose.slips.missing_factor import is_plain, moving_words
from gradcheck_cli.lang import ast


def fill(hole: Hole) -> Offers:
    """The quotient of what must stand here and what does is the derivative of something."""
    moving = moving_words(hole.site.names)
    for match in hole.ratio:
        if not is_plain(match.entry.expr) and not words_in(match.expr) & moving:
            node = hole.site.node
            new = times(node, match.expr)
            yield Offer(times(match.expr, node) if isinstance(node, ast.Number) else new, match.cost)


SLIP = Slip(
    code="GC110",
    name="missing inner derivative",
    title="the derivative of an inner function is missing: the chain rule stopped early",
    page="""
What it looks like
    `dx = dy * cos(x**2)` for `dy * cos(x**2) * 2 * x`; the gradient of an activation used as that
    of its input.

Why it happens
    The outer function was differentiated and the inner one was not. In networks it is often the
    activation between two linear layers, or what stands below a square root.

How to see it
    The true gradient divided by the claimed one is the derivative of a part of the forward
    computation.
""",
    examples=(
        Example("z: [n]; w: [n]", "a: tanh(z); y: a * w", "dz = dy * w", "dz = dy * w * (1 - a**2)"),
        Example("x: [n]", "y: sin(x**3)", "dx = dy * cos(x**3)", "dx = dy * cos(x**3) * (3 * x**2)"),
        Example("x: [n]; w: [n]", "u: sin(x); y: u * w", "dx = dy * w", "dx = dy * w * cos(x)"),
    ),
    cost=1.2,
    fill=fill,
    looks_up=True,
)
