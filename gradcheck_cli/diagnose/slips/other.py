"""Another formula: what stands there is replaced as a whole."""

from __future__ import annotations

from gradcheck_cli.diagnose.hole import Hole
from gradcheck_cli.diagnose.slip import Example, Offer, Offers, Slip
from gradcheck_cli.lang import ast


def fill(hole: Hole) -> Offers:
    """What has the value that must stand here."""
    for match in hole.whole:
        if (
            hole.site.names.word(match.expr) is None
            or hole.site.role == "side"
            or isinstance(hole.site.node, ast.Number)
        ):
            nested = 0.0 if hole.site.role == "side" else 0.2 + 0.5 * (not match.factor.is_one)
            yield Offer(match.expr, match.cost + nested)


SLIP = Slip(
    code="GC130",
    name="another formula",
    title="another formula belongs here",
    page="""
What it looks like
    The formula shares little with the right one: a forward computation where a gradient belongs, a
    gradient that is said to be zero, a product that was never worked out.

Why it happens
    Lines were copied from another place, or a special case was taken for the general one.

How to see it
    Derive the line afresh; little of it can be kept. Where no small change of a gradient helps, the
    suggestion is derived too: from the lines of the forward computation that use the quantity, and
    the gradients of their results.
""",
    examples=(
        Example("X: [m, k]; W: [k, n]", "Y: X @ W", "dW = 0", "dW = X.T @ dY"),
        Example("X: [k, k]; W: [k, k]", "Y: X @ W", "dW = X @ W", "dW = X.T @ dY"),
    ),
    cost=2.0,
    fill=fill,
    looks_up=True,
)
