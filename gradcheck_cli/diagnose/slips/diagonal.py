"""Only the diagonal of a Jacobian was used, as if the function were elementwise."""

from __future__ import annotations

from gradcheck_cli.diagnose.edits import Site, call, mapped, number, times
from gradcheck_cli.diagnose.slip import Example, Offer, Offers, Slip
from gradcheck_cli.lang import ast
from gradcheck_cli.lang.functions import FUNCTIONS


def at(site: Site) -> Offers:
    """`g * p * (1 - p)` → `p * (g - sum(g * p))`, `diag(p)` → `diag(p) - outer(p, p)`, and with indices."""
    node = site.node
    match node:
        case ast.Call("diag", (ast.Binary("*", p, ast.Binary("-", ast.Number(one), q)),)) if (
            p == q and one == 1
        ):
            yield Offer(ast.Binary("-", call("diag", p), call("outer", p, p)))
        case ast.Call("diag", (p,)):
            yield Offer(ast.Binary("-", node, call("outer", p, p)), 0.2)
        case ast.Binary("-", p, ast.Binary("**", q, ast.Number(two))) if p == q and two == 2:
            yield Offer(ast.Binary("-", call("diag", p), call("outer", p, p)), 0.3)
    if not (isinstance(node, ast.Binary) and node.op == "*"):
        return
    whole, items = _at_indices(node)
    for offer in _softmax(whole, site):
        yield offer if items is None else Offer(ast.Subscript(offer.new, items), offer.cost)


def _at_indices(node: ast.Expr) -> tuple[ast.Expr, tuple[ast.Expr, ...] | None]:
    """A product at indices as the product of arrays, if all of them have the same indices."""
    found = {n.items for n in ast.walk(node) if isinstance(n, ast.Subscript)}
    if len(found) != 1:
        return node, None
    (items,) = found
    bare = mapped(node, lambda n: n.operand if isinstance(n, ast.Subscript) else n)
    return bare, items


def _softmax(node: ast.Expr, site: Site) -> Offers:
    names, factors = site.names, _factors(node)
    for factor in factors:
        match factor:
            case ast.Binary("-", ast.Number(one), p) if one == 1 and p in factors:
                rest = [f for f in factors if f is not factor]
                rest.remove(p)
                g: ast.Expr | None = None
                for f in rest:
                    g = f if g is None else times(g, f)
                if g is None:
                    yield Offer(ast.Binary("-", call("diag", p), call("outer", p, p)), 0.2)
                    continue
                inside = times(g, p)
                if (type_ := names.type_of(inside)) is None or not type_.rank:
                    continue
                whole = call("sum", inside)
                rows = call("sum", inside, axis=number(-1), keepdims=ast.Boolean(True))
                for total in (whole, rows) if type_.rank == 1 else (rows, whole):
                    yield Offer(times(p, ast.Binary("-", g, total)))
    type_ = names.type_of(node)
    if type_ is None or not type_.rank or len(factors) != 2:
        return
    for p, g in (factors, factors[::-1]):
        summed = any(
            isinstance(n, ast.Call) and FUNCTIONS[n.function].rule == "reduction" for n in ast.walk(g)
        )
        if not summed and names.type_of(p) is not None and names.type_of(g) is not None:
            rows = call("sum", times(g, p), axis=number(-1), keepdims=ast.Boolean(True))
            yield Offer(times(p, ast.Binary("-", g, rows)), 0.5)


def _factors(node: ast.Expr) -> list[ast.Expr]:
    if isinstance(node, ast.Binary) and node.op == "*":
        return [*_factors(node.left), *_factors(node.right)]
    return [node]


SLIP = Slip(
    code="GC120",
    name="diagonal only",
    title="only the diagonal of the Jacobian is there, as if the function were elementwise",
    page="""
What it looks like
    `ds = dp * p * (1 - p)` for the softmax, whose gradient is `p * (dp - sum(dp * p))`.

Why it happens
    The derivative of p_i by s_i is p_i (1 - p_i), as that of the sigmoid. But every p_i depends on
    every s_j, and the other terms, -p_i p_j, are as large.

How to see it
    Adding a constant to all s changes nothing, so that the elements of `ds` must sum to zero along
    the axis.
""",
    examples=(
        Example("s: [n]", "p: softmax(s)", "ds = dp * p * (1 - p)", "ds = p * (dp - sum(dp * p))"),
        Example(
            "s: [m, n]",
            "p: softmax(s, axis=-1)",
            "ds = dp * p * (1 - p)",
            "ds = p * (dp - sum(dp * p, axis=-1, keepdims=True))",
        ),
        Example(
            "s: [n]",
            "p: softmax(s)",
            "dp = diag(p) @ ds",
            "dp = (diag(p) - outer(p, p)) @ ds",
            kind="differential",
        ),
    ),
    cost=1.0,
    at=at,
)
