"""Derivatives of the functions of one argument, as formulas: what a gradient is multiplied by."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from gradcheck_cli.diagnose.edits import number, substituted, times
from gradcheck_cli.lang import ast
from gradcheck_cli.lang.plain import parse_expression
from gradcheck_cli.text import Text

ONE, TWO = number(1), number(2)

SLOPES: Mapping[str, str] = {
    "exp": "g * y",
    "expm1": "g * exp(x)",
    "log": "g / x",
    "log1p": "g / (1 + x)",
    "sqrt": "g / (2 * y)",
    "rsqrt": "-g * y**3 / 2",
    "abs": "g * sign(x)",
    "sin": "g * cos(x)",
    "cos": "-g * sin(x)",
    "tan": "g * (1 + y**2)",
    "atan": "g / (1 + x**2)",
    "sinh": "g * cosh(x)",
    "cosh": "g * sinh(x)",
    "tanh": "g * (1 - y**2)",
    "sigmoid": "g * y * (1 - y)",
    "logsigmoid": "g * (1 - sigmoid(x))",
    "softplus": "g * sigmoid(x)",
    "relu": "g * (x > 0)",
    "silu": "g * (sigmoid(x) + y * (1 - sigmoid(x)))",
    "lgamma": "g * digamma(x)",
    "negative": "-g",
}
"""What arrives at x where g arrives at y = f(x)."""


@cache
def _rule(function: str) -> ast.Expr:
    return parse_expression(Text.whole("slope", SLOPES[function]))


def back(function: str, g: ast.Expr, x: ast.Expr, y: ast.Expr) -> ast.Expr:
    """The gradient in front of an elementwise function."""
    return substituted(_rule(function), {"g": g, "x": x, "y": y})


def power_back(g: ast.Expr, x: ast.Expr, k: ast.Expr) -> ast.Expr:
    """The gradient in front of a power that is constant."""
    match k:
        case ast.Number(value) if value == 2:
            return times(times(TWO, g), x)
        case ast.Number(value):
            return times(times(k, g), ast.Binary("**", x, number(value - 1)))
    return times(times(k, g), ast.Binary("**", x, minus(k, ONE)))


def plus(left: ast.Expr, right: ast.Expr) -> ast.Expr:
    """A sum; adding a negative is subtracting."""
    if isinstance(right, ast.Negative):
        return minus(left, right.operand)
    return ast.Binary("+", left, right)


def minus(left: ast.Expr, right: ast.Expr) -> ast.Expr:
    """A difference."""
    return ast.Binary("-", left, right)


def negative(x: ast.Expr) -> ast.Expr:
    """The negative; two signs are none."""
    return x.operand if isinstance(x, ast.Negative) else ast.Negative(x)
