"""Brackets were lost, or stand in the wrong place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gradcheck_cli.diagnose.edits import Site, mapped, put_arg
from gradcheck_cli.diagnose.names import Names
from gradcheck_cli.diagnose.slip import Example, Offer, Offers, Slip
from gradcheck_cli.lang import ast


def regrouped(node: ast.Expr) -> Iterator[ast.Expr]:
    """The same symbols in the same order, with brackets elsewhere."""
    yield from _widened(node)
    yield from _narrowed(node)
    yield from _chained(node)
    yield from _at_signs(node)


def _widened(node: ast.Expr) -> Iterator[ast.Expr]:
    """A product that was meant to take in the whole sum."""
    match node:
        case ast.Binary("+" | "-" as op, ast.Binary("*" | "@" as by, a, b), c):
            yield ast.Binary(by, a, ast.Binary(op, b, c))
    match node:
        case ast.Binary("+" | "-" as op, a, ast.Binary("*" | "@" | "/" as of, b, c)):
            yield ast.Binary(of, ast.Binary(op, a, b), c)


def _narrowed(node: ast.Expr) -> Iterator[ast.Expr]:
    """A product that was meant to take in one term only."""
    match node:
        case ast.Binary("*" | "@" as by, a, ast.Binary("+" | "-" as op, b, c)):
            yield ast.Binary(op, ast.Binary(by, a, b), c)
    match node:
        case ast.Binary("*" | "@" | "/" as of, ast.Binary("+" | "-" as op, a, b), c):
            yield ast.Binary(op, a, ast.Binary(of, b, c))
        case ast.Binary("*" | "@" | "/" as of, ast.Negative(ast.Binary("+" | "-" as op, a, b)), c):
            yield ast.Binary(op, ast.Negative(a), ast.Binary(of, b, c))


def _chained(node: ast.Expr) -> Iterator[ast.Expr]:
    """Operators of one strength."""
    match node:
        case ast.Binary("/", a, ast.Binary("*" | "/" as by, b, c)):
            yield ast.Binary(by, ast.Binary("/", a, b), c)
        case ast.Binary("-", a, ast.Binary("+" | "-" as by, b, c)):
            yield ast.Binary(by, ast.Binary("-", a, b), c)
    match node:
        case ast.Binary("*" | "/" as by, ast.Binary("/", a, b), c):
            yield ast.Binary("/", a, ast.Binary(by, b, c))
        case ast.Binary("+" | "-" as by, ast.Binary("-", a, b), c):
            yield ast.Binary("-", a, ast.Binary(by, b, c))
    match node:
        case ast.Binary("@", ast.Binary("*", a, b), c):
            yield ast.Binary("*", a, ast.Binary("@", b, c))
        case ast.Binary("*", ast.Binary("@", a, b), c):
            yield ast.Binary("@", a, ast.Binary("*", b, c))
        case ast.Binary("*", a, ast.Binary("@", b, c)):
            yield ast.Binary("@", ast.Binary("*", a, b), c)


def _at_signs(node: ast.Expr) -> Iterator[ast.Expr]:
    """A power or a minus that reaches further, or not so far."""
    match node:
        case ast.Binary("**", ast.Binary(op, a, b), c):
            yield ast.Binary(op, a, ast.Binary("**", b, c))
        case ast.Binary(op, a, ast.Binary("**", b, c)):
            yield ast.Binary("**", ast.Binary(op, a, b), c)
    match node:
        case ast.Negative(ast.Binary("+" | "-" as op, a, b)):
            yield ast.Binary(op, ast.Negative(a), b)
        case ast.Binary("+" | "-" as op, ast.Negative(a), b):
            yield ast.Negative(ast.Binary(op, a, b))


def into_call(node: ast.Expr) -> Iterator[ast.Expr]:
    """`f(a) * b` → `f(a * b)`."""
    match node:
        case ast.Binary(op, ast.Call() as f, b) if f.args and not isinstance(f.args[-1], ast.Tuple):
            yield put_arg(f, len(f.args) - 1, ast.Binary(op, f.args[-1], b))
    match node:
        case ast.Binary(op, b, ast.Call() as f) if f.args and not isinstance(f.args[0], ast.Tuple):
            yield put_arg(f, 0, ast.Binary(op, b, f.args[0]))
    match node:
        case ast.Call(_, (*_, ast.Binary(op, a, b))):
            yield ast.Binary(op, put_arg(node, len(node.args) - 1, a), b)
    match node:
        case ast.Call(_, (ast.Binary(op, a, b),)):
            yield ast.Binary(op, a, replace(node, args=(b,)))


def at(site: Site) -> Offers:
    """Another grouping of two operators or calls."""
    for new in regrouped(site.node):
        mixed = isinstance(new, ast.Binary) and {new.op, getattr(site.node, "op", "")} == {"@", "*"}
        yield Offer(new, 0.3 * mixed)
    yield from (Offer(new, 0.1) for new in into_call(site.node))


def across(sides: tuple[ast.Expr, ...], names: Names) -> Iterator[tuple[tuple[ast.Expr, ...], str]]:  # noqa: ARG001
    """The same at every place of a side."""
    for rule, words in ((into_call, "into the brackets"), (regrouped, "other brackets")):
        count = 0

        def change(node: ast.Expr, rule: object = rule) -> ast.Expr:
            nonlocal count
            if isinstance(node, ast.Binary) and node.op in "+-":
                return node
            new = next(rule(node), None)  # type: ignore[operator]
            count += new is not None
            return node if new is None else new

        side = mapped(sides[1], change)
        if 1 < count < 5:
            yield (sides[0], side), f"{words} throughout"


SLIP = Slip(
    code="GC118",
    name="brackets",
    title="brackets were lost, or stand in the wrong place",
    page="""
What it looks like
    `p * dp - sum(dp * p)` for `p * (dp - sum(dp * p))`; `x / 2 * n` for `x / (2 * n)`; `dot(g, a) *
    dx` for `dot(g, a * dx)`.

Why it happens
    A fraction bar brackets what is below it, and a sum sign reaches as far as the layout shows; both
    are lost when a formula is typed on one line.

How to see it
    Write the formula with all its brackets. Shapes often tell: what a sum has swallowed became a
    single number.
""",
    examples=(
        Example(
            "g: [n]; x: [n]; w: [n]",
            "q: dot(g, x * w)",
            "dq = dot(dg, x) * w + dot(g, x) * dw + dot(g, dx) * w",
            "dq = dot(dg, x * w) + dot(g, x * dw) + dot(g, dx * w)",
            kind="differential",
            expect="shape-mismatch",
        ),
        Example("s: [n]", "p: softmax(s)", "ds = p * dp - sum(dp * p)", "ds = p * (dp - sum(dp * p))"),
        Example("x: [n]", "m: sum(x**2) / (2 * n)", "dx = dm * 2 * x / 2 * n", "dx = dm * 2 * x / (2 * n)"),
    ),
    cost=1.0,
    at=at,
    across=across,
)
