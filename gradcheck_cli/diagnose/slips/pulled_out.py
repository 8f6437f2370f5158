"""A factor was pulled out of a sum, a mean or a matrix product that it does not commute with."""

from __future__ import annotations

from gradcheck_cli.diagnose.edits import Site, mapped, number, over, substituted, times
from gradcheck_cli.diagnose.names import word_key
from gradcheck_cli.diagnose.slip import Example, Offer, Offers, Slip
from gradcheck_cli.lang import ast


def at(site: Site) -> Offers:
    """`f * E(v)` → `E(f * v)`, for each array v of E; the same below a fraction bar."""
    match site.node:
        case ast.Binary("*", ast.Binary("/", f, below), rest):
            for new in _pushed(f, rest, site):
                yield Offer(times(over(number(1), below), new))
        case ast.Binary("/", ast.Binary("*", f, rest), below):
            for new in _pushed(f, rest, site):
                yield Offer(over(new, below))
    match site.node:
        case ast.Binary("*", f, rest):
            yield from (Offer(new) for new in _pushed(f, rest, site))
            yield from (Offer(new, 0.1) for new in _pushed(rest, f, site))


def _pushed(f: ast.Expr, rest: ast.Expr, site: Site) -> list[ast.Expr]:
    """The rest with `f * v` in the place of one of its arrays."""
    type_ = site.names.type_of(f)
    if type_ is None or not type_.rank or isinstance(rest, ast.Name):
        return []
    found: list[ast.Expr] = []
    for node in dict.fromkeys(n for n in ast.walk(rest) if isinstance(n, ast.Name)):
        its = site.names.type_of(node)
        if its is not None and its.shape == type_.shape and node != f:
            found.append(substituted(rest, {node.id: times(f, node)}))
    for grad in dict.fromkeys(n for n in ast.walk(rest) if isinstance(n, ast.Call) and word_key(n)):
        its = site.names.type_of(grad)
        if its is not None and its.shape == type_.shape:
            found.append(mapped(rest, lambda n, grad=grad: times(f, grad) if n == grad else n))  # type: ignore[misc]
    return found


SLIP = Slip(
    code="GC126",
    name="factor pulled out",
    title="a factor that varies was pulled out of a sum, a mean or a matrix product",
    page="""
What it looks like
    `gamma / sigma * (g - mean(g) - x_hat * mean(g * x_hat))`, where every `g` should be `gamma *
    g`.

Why it happens
    A number may be taken out of a mean, an array may not: mean(gamma * g) is not gamma * mean(g).
    The text writes the array as if it were a number, or takes it to be constant.

How to see it
    The formula holds when the factor is constant, `gamma: ones(n)`, and for no other.
""",
    examples=(
        Example(
            "x: [n]; w: [n]", "y: w * (x - mean(x))", "dx = w * (dy - mean(dy))", "dx = w * dy - mean(w * dy)"
        ),
        Example("P: [n, n]; x: [n]; w: [n]", "y: w * (P @ x)", "dx = w * (P.T @ dy)", "dx = P.T @ (w * dy)"),
    ),
    cost=1.2,
    at=at,
)
