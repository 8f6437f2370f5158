"""The pre-activation was used for the activation, or the activation for the pre-activation."""

from __future__ import annotations

from collections.abc import Iterator

from gradcheck_cli.diagnose.edits import Site
from gradcheck_cli.diagnose.names import Names
from gradcheck_cli.diagnose.slip import Example, Offers, Slip
from gradcheck_cli.diagnose.slips.relations import renamed, renamed_throughout
from gradcheck_cli.lang import ast


def at(site: Site) -> Offers:
    """What the activation function is applied to, or its result."""
    return renamed(site, "activation")


def across(sides: tuple[ast.Expr, ...], names: Names) -> Iterator[tuple[tuple[ast.Expr, ...], str]]:
    """The same throughout."""
    return renamed_throughout(sides, names, "activation")


SLIP = Slip(
    code="GC105",
    name="pre-activation",
    title="a pre-activation stands where the activation belongs, or the other way round",
    page="""
What it looks like
    `1 - Z**2` for `1 - A**2` where `A: tanh(Z)`; `Z.T @ dY` for `A.T @ dY` in the gradient of the
    next layer.

Why it happens
    Both arrays have one shape and live side by side. The derivative of tanh and of the sigmoid is
    short in terms of the activation; that of ReLU, GELU and SiLU needs the pre-activation.

How to see it
    For each activation in the formula ask what it is a function of.
""",
    examples=(
        Example("z: [n]", "a: sigmoid(z)", "dz = da * z * (1 - z)", "dz = da * a * (1 - a)"),
        Example("z: [n]", "a: tanh(z)", "dz = da * (1 - z**2)", "dz = da * (1 - a**2)"),
        Example("Z: [m, k]; W: [k, n]", "A: relu(Z); Y: A @ W", "dW = Z.T @ dY", "dW = A.T @ dY"),
    ),
    cost=1.0,
    at=at,
    across=across,
)
