"""A matrix product stands for an elementwise one, or the other way round."""

from __future__ import annotations

from collections.abc import Iterator

from gradcheck_cli.diagnose.edits import Site, call, mapped, number, times
from gradcheck_cli.diagnose.names import Names
from gradcheck_cli.diagnose.slip import Example, Offer, Offers, Slip
from gradcheck_cli.lang import ast


def at(site: Site) -> Offers:
    """The other product; `X @ Y.mT` may be meant as the sums of the rows of `X * Y`, or as `X * Y`."""
    match site.node:
        case ast.Binary("@", left, right) | ast.Call("matmul", (left, right)):
            yield Offer(times(left, right))
            other = _untransposed(right)
            if other is not None:
                yield Offer(times(left, other), 0.2)
                yield Offer(times(_row_sums(left), other), 0.6)
                yield Offer(_row_sums(times(left, other)), 0.6)
            if isinstance(left, ast.Transpose):
                yield Offer(times(left.operand, right), 0.4)
        case ast.Binary("*", left, right):
            yield Offer(ast.Binary("@", left, right))
            yield Offer(ast.Binary("/", left, right), 0.3)
            yield Offer(ast.Binary("/", right, left), 0.5)
            ranks = [t.rank if t else 0 for t in map(site.names.type_of, (left, right))]
            if min(ranks) == max(ranks) == 1:
                yield Offer(call("dot", left, right))
                yield Offer(call("outer", left, right), 0.2)
            if min(ranks) >= 2:
                turned = ast.Transpose(right, "T" if ranks[1] == 2 else "mT")
                yield Offer(ast.Binary("@", left, turned), 0.4)
        case ast.Binary("/", left, right):
            yield Offer(times(left, right), 0.1)
        case ast.Call("dot" | "outer", (left, right)):
            yield Offer(times(left, right))
            other_name = "outer" if site.node.function == "dot" else "dot"
            yield Offer(call(other_name, left, right), 0.3)


def across(sides: tuple[ast.Expr, ...], names: Names) -> Iterator[tuple[tuple[ast.Expr, ...], str]]:  # noqa: ARG001
    """All products of a side."""
    for old, new in (("@", "*"), ("*", "@")):
        count = sum(isinstance(n, ast.Binary) and n.op == old for n in ast.walk(sides[1]))
        if count < 2:
            continue

        def change(node: ast.Expr, old: str = old, new: str = new) -> ast.Expr:
            match node:
                case ast.Binary(op, left, right) if op == old:
                    return ast.Binary(new, left, right)
            return node

        yield (sides[0], mapped(sides[1], change)), f"`{old}` → `{new}` throughout"


def _untransposed(node: ast.Expr) -> ast.Expr | None:
    match node:
        case ast.Transpose(operand, _) | ast.Call("swapaxes", (operand, *_)):
            return operand
    return None


def _row_sums(node: ast.Expr) -> ast.Expr:
    return call("sum", node, axis=number(-1), keepdims=ast.Boolean(True))


SLIP = Slip(
    code="GC107",
    name="kind of product",
    title="a matrix product stands where the elementwise product belongs, or the other way round",
    page="""
What it looks like
    `A @ dA` for `A * dA`; `(dA @ A.mT)` where the sums of the rows of `dA * A` were meant.

Why it happens
    Papers write both products as two letters side by side, and in code `*` and `@` differ by one
    character. An elementwise step of the forward pass has an elementwise product in the backward
    pass, a matrix product has matrix products.

How to see it
    With sizes that all differ the shapes rarely fit. The diagonal of `X @ Y.T` holds the row sums of
    `X * Y`: if only the diagonal is right, this is the slip.
""",
    examples=(
        Example("x: [n, n]", "y: x * x * x", "dx = 3 * (dy @ x @ x)", "dx = 3 * (dy * x * x)"),
        Example("x: [n, n]; m: [n, n]", "y: x * m", "dx = dy @ m", "dx = dy * m"),
        Example("A: [n, n]; B: [n, n]", "C: A @ B", "dA = dC * B.T", "dA = dC @ B.T"),
        Example(
            "s: [n, k]",
            "p: softmax(s)",
            "ds = p * (dp - sum(dp / p, axis=-1, keepdims=True))",
            "ds = p * (dp - sum(dp * p, axis=-1, keepdims=True))",
        ),
    ),
    cost=1.1,
    at=at,
    across=across,
)
