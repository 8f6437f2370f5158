"""The gradient that comes from above is missing."""

from __future__ import annotations

from gradcheck_cli.diagnose.edits import Site, matmul, times
from gradcheck_cli.diagnose.hole import Hole
from gradcheck_cli.diagnose.names import word_key
from gradcheck_cli.diagnose.slip import Example, Offer, Offers, Slip
from gradcheck_cli.diagnose.slips.missing_factor import both_ways, with_factor
from gradcheck_cli.lang import ast


def at(site: Site) -> Offers:
    """Ones in the place of a gradient; a product with a gradient, where no quotient can tell."""
    node, names = site.node, site.names
    gradients = [w for w in names.all_words if w.sort in {"gradient", "tangent"}]
    match node:
        case ast.Call("ones_like", (of,)) | ast.Call("ones", (of, *_)):
            key = word_key(of)
            for word in gradients:
                if key in {word_key(word.expr), word.of}:
                    yield Offer(word.expr, -0.5)
            for word in gradients:
                if site.type is not None and word.type.shape == site.type.shape:
                    yield Offer(word.expr, -0.3)
            return
    if site.role == "exponent" or isinstance(node, ast.Number):
        return
    for word in gradients:
        if not site.known:
            yield Offer(times(word.expr, node), 0.5)
        if site.role in {"side", "term", "operand"} and word.type.rank:
            for factor in both_ways(word):
                yield Offer(matmul(node, factor), 0.4)
                yield Offer(matmul(factor, node), 0.4)


def fill(hole: Hole) -> Offers:
    """A gradient is the quotient of what must stand here and what does."""
    yield from with_factor(hole, gradients=True)


SLIP = Slip(
    code="GC109",
    name="missing upstream gradient",
    title="the gradient that comes from above is missing",
    page="""
What it looks like
    `dx = 1 - y**2` for `dx = dy * (1 - y**2)`: the local derivative alone.

Why it happens
    The derivative of the function was looked up, and the chain rule forgotten. If the loss is the
    sum of the outputs, the upstream gradient is 1 and the formula passes: a test with ones misses
    it.

How to see it
    A gradient is linear in the upstream gradient: double `dy`, and `dx` must double. Test with
    random cotangents.
""",
    examples=(
        Example("x: [n]", "y: tanh(x)", "dx = 1 - y**2", "dx = dy * (1 - y**2)"),
        Example("x: [n]; g: [n]", "y: g * x", "dg = x", "dg = dy * x"),
        Example("X: [m, k]; W: [k, n]", "Y: X @ W", "dW = X.T @ ones_like(Y)", "dW = X.T @ dY"),
    ),
    cost=1.1,
    at=at,
    fill=fill,
    looks_up=True,
)
