"""An epsilon is missing, or stands in the wrong place."""

from __future__ import annotations

from gradcheck_cli.diagnose.edits import Site, call, number
from gradcheck_cli.diagnose.slip import Example, Offer, Offers, Slip
from gradcheck_cli.lang import ast


def at(site: Site) -> Offers:
    """The epsilon below the root, in the divisor, or nowhere."""
    node, names = site.node, site.names
    small = [
        w.expr for w in names.words if w.sort == "value" and not w.type.shape and w.of in names.program.inputs
    ]
    for eps in small[:3]:
        if any(n == eps for n in ast.walk(node)):
            match node:
                case ast.Binary("+", x, other) if other == eps:
                    yield Offer(x, 0.1)
                case ast.Call("sqrt", (ast.Binary("+", x, other),)) if other == eps:
                    yield Offer(ast.Binary("+", call("sqrt", x), eps), 0.2)
                case ast.Binary("+", ast.Call("sqrt", (x,)), other) if other == eps:
                    yield Offer(call("sqrt", ast.Binary("+", x, eps)), 0.2)
            continue
        match node:
            case ast.Call("std", (x,), keywords):
                yield Offer(call("sqrt", ast.Binary("+", ast.Call("var", (x,), keywords), eps)))
            case ast.Call("sqrt" | "rsqrt" | "log" as function, (x,)):
                yield Offer(call(function, ast.Binary("+", x, eps)))
            case ast.Call("norm", (x,), keywords):
                square = ast.Call("sum", (ast.Binary("**", x, number(2)),), keywords)
                yield Offer(call("sqrt", ast.Binary("+", square, eps)), 0.2)
            case ast.Binary("/", x, y):
                yield Offer(ast.Binary("/", x, ast.Binary("+", y, eps)), 0.1)
            case ast.Call("var" | "mean" | "sum"):
                yield Offer(ast.Binary("+", node, eps), 0.2)


SLIP = Slip(
    code="GC114",
    name="epsilon",
    title="an epsilon is missing, or stands in the wrong place",
    page="""
What it looks like
    `sigma = std(x)` for `sqrt(var(x) + eps)`. The error is small, of the size of `eps`, and the
    same at every element.

Why it happens
    Derivations leave the epsilon out, code puts it in: below the root (layer norm), or added to the
    root (Adam).

How to see it
    Make `eps` large: with the usual 1e-5 the error is lost in the rounding of float32. In a spec,
    declare `eps: {shape: [], domain: positive}`, which draws values near 1.
""",
    examples=(
        Example(
            "x: [n]; eps: {shape: [], domain: positive}",
            "y: x / sqrt(mean(x**2) + eps)",
            "y = x / sqrt(mean(x**2))",
            "y = x / sqrt(mean(x**2) + eps)",
            kind="identity",
        ),
        Example(
            "x: [n]; eps: {shape: [], domain: positive}",
            "y: (x - mean(x)) / sqrt(var(x) + eps)",
            "y = (x - mean(x)) / std(x)",
            "y = (x - mean(x)) / sqrt(var(x) + eps)",
            kind="identity",
        ),
    ),
    cost=1.0,
    at=at,
)
