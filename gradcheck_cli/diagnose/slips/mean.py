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
    Both are written with the same letter, or the 1/n stands outside in one text and inside in
    another.

How to see it
    What should be centred does not sum to zero: apply the formula to ones.
""",
    examples=(
        Example("x: [n]", "y: x - mean(x)", "dx = dy - sum(dy)", "dx = dy - mean(dy)"),
        Example("s: [k]", "p: softmax(s)", "ds = p * (dp - mean(dp * p))", "ds = p * (dp - sum(dp * p))"),
    ),
    cost=0.9,
    at=at,
)
