"""The output was used for the input, or the input for the output."""

from __future__ import annotations

from collections.abc import Iterator

from gradcheck_cli.diagnose.edits import Site
from gradcheck_cli.diagnose.names import Names
from gradcheck_cli.diagnose.slip import Example, Offers, Slip
from gradcheck_cli.diagnose.slips.relations import renamed, renamed_throughout
from gradcheck_cli.lang import ast


def at(site: Site) -> Offers:
    """A name of the same shape that stands before or behind in the forward computation."""
    return renamed(site, "input and output")


def across(sides: tuple[ast.Expr, ...], names: Names) -> Iterator[tuple[tuple[ast.Expr, ...], str]]:
    """The same throughout."""
    return renamed_throughout(sides, names, "input and output")


SLIP = Slip(
    code="GC104",
    name="input and output",
    title="an output stands where its input belongs, or an input where the output does",
    page="""
What it looks like
    `x * (1 - x)` for `y * (1 - y)`: the formula is the right one, in the wrong variable.

Why it happens
    Derivatives are often shortest in terms of the output, y' = y (1 - y), and are then read as if
    the variable were the input. The names x, y, x_hat and their shapes are alike, so that nothing
    complains.

How to see it
    Put the other name in. In a kernel, look which of the two the forward pass saved.
""",
    examples=(
        Example("x: [n]", "y: 1 / (1 + exp(-x))", "dx = dy * x * (1 - x)", "dx = dy * y * (1 - y)"),
        Example(
            "x: [n]; g: [n]",
            "h: x / norm(x); y: h * g",
            "dg = dy * x",
            "dg = dy * h",
        ),
    ),
    cost=1.1,
    at=at,
    across=across,
)
