"""A sum stands for a mean, or a mean for a sum."""

from __future__ import annotations

from dataclasses import replace

from gradcheck_cli.diagnose.edits import Site
from gradcheck_cli.diagnose.slip import Example, Offer, Offers, Slip
from gradcheck_cli.lang import ast

OTHER = {"sum": "mean", "mean": "sum"}


def at(site: Site) -> Offers:
    """The other of the two."""
    match site.node:
        case ast.Call(function) | ast.Over(function) if function in OTHER:
            yield Offer(replace(site.node, function=OTHER[function]))


SLIP = Slip(
    code="GC111",
    name="sum for mean",
    title="a sum stands where a mean belongs, or a mean where a sum does",
    page="""
What it looks like
    `dy - sum(dy)` for `dy - mean(dy)` in the gradient of a normalisation.

Why it happens
    The 1/n stands in front of the whole formula in one text and inside the brackets in another, and
    was lost on the way.

How to see it
    The two sides differ by a factor n in one term only, so that the error grows with the size. Where
    a mean is subtracted, the result must sum to zero.
""",
    examples=(
        Example("x: [n]", "y: x - mean(x)", "dx = dy - sum(dy)", "dx = dy - mean(dy)"),
        Example("s: [k]", "p: softmax(s)", "ds = p * (dp - mean(dp * p))", "ds = p * (dp - sum(dp * p))"),
    ),
    cost=0.9,
    at=at,
)
