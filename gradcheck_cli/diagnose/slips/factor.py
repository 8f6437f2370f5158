"""A constant factor is missing or too many: 2, 1/2, 1/n, 1/sqrt(d), n."""

from __future__ import annotations

from gradcheck_cli.diagnose.edits import Site, call, number, over, times
from gradcheck_cli.diagnose.hole import Hole
from gradcheck_cli.diagnose.slip import Example, Offer, Offers, Slip
from gradcheck_cli.lang import ast


def is_constant(node: ast.Expr, site: Site) -> bool:
    """Whether a part is made of numbers and sizes only."""
    dims, names = site.names.dims, site.names.program.types
    return all(
        not isinstance(n, ast.Name) or (n.id in dims and n.id not in names and n.id not in site.names.locals)
        for n in ast.walk(node)
    )


def at(site: Site) -> Offers:
    """A constant less; where no value is known, a usual one more."""
    node = site.node
    match node:
        case ast.Binary("*", left, right):
            if is_constant(left, site):
                yield Offer(right, -0.2)
            if is_constant(right, site):
                yield Offer(left, -0.2)
        case ast.Binary("/", left, right) if is_constant(right, site):
            yield Offer(left, -0.2)
            yield Offer(times(left, right), 0.4)
    if site.known or site.role == "exponent" or is_constant(node, site):
        return
    two = number(2)
    yield Offer(times(two, node), 0.1)
    yield Offer(over(node, two), 0.1)
    for name in site.names.dims:
        if name not in site.names.program.types:
            size = ast.Name(name)
            yield Offer(over(node, call("sqrt", size)), 0.3)
            yield Offer(over(node, size), 0.3)
            yield Offer(times(size, node), 0.4)


def fill(hole: Hole) -> Offers:
    """The node is off by a constant that has a name."""
    factor = hole.constant()
    if factor is not None and not factor.is_one and not factor.is_sign:
        nested = {"side": 0.0, "term": 0.1}.get(hole.site.role, 0.35)
        yield Offer(factor.of(hole.site.node), factor.cost + nested)


SLIP = Slip(
    code="GC102",
    name="constant factor",
    title="a constant factor is missing or too many",
    page="""
What it looks like
    The claimed gradient points the right way and is too long or too short, by the same factor at
    every element.

Why it happens
    The 2 of a square, the 1/n of a mean, the 1/sqrt(d) of scaled dot products or the 1/(n - 1) of
    an unbiased variance was left out of the backward pass, or was put into it twice.

How to see it
    The quotient of the claimed and the true gradient is one number. Change the sizes: if it
    changes too, it is made of them. Training hides the slip, since the learning rate makes up for a
    factor.
""",
    examples=(
        Example(
            "Q: [l, d]; K: [m, d]",
            "S: Q @ K.T / sqrt(d)",
            "dQ = dS @ K",
            "dQ = dS @ K / sqrt(d)",
        ),
        Example("x: [n]; t: [n]", "r: mean((x - t)**2)", "dx = dr * (x - t)", "dx = 2 * (dr * (x - t)) / n"),
        Example("x: [n]", "y: x**2 / 2", "dx = 2 * dy * x", "dx = dy * x"),
    ),
    cost=1.0,
    at=at,
    fill=fill,
)
