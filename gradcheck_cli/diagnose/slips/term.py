"""A term of a sum is missing, or is too many."""

from __future__ import annotations

from gradcheck_cli.diagnose.edits import Site, number, substituted
from gradcheck_cli.diagnose.hole import Hole
from gradcheck_cli.diagnose.slip import Example, Offer, Offers, Slip
from gradcheck_cli.lang import ast


def at(site: Site) -> Offers:
    """A sum without one of its terms; what is one minus something; the other half of a product rule."""
    node = site.node
    match node:
        case ast.Binary("+", left, right):
            yield Offer(left)
            yield Offer(right)
        case ast.Binary("-", left, right):
            yield Offer(left)
            yield Offer(ast.Negative(right), 0.2)
    if site.names.meaning == "differential" and site.role in {"side", "term", "operand", "factor"}:
        yield from _product_rule(site)
    if site.known or site.role == "exponent":
        return
    if not isinstance(node, ast.Number):
        yield Offer(ast.Binary("-", number(1), node), 0.3)
        yield Offer(ast.Binary("+", number(1), node), 0.3)
        yield Offer(ast.Binary("-", node, number(1)), 0.5)
    if site.rank > 0:
        for word in site.names.alike(node)[:12]:
            yield Offer(ast.Binary("-", node, word.expr), 0.8)
            yield Offer(ast.Binary("+", node, word.expr), 0.8)


def _product_rule(site: Site) -> Offers:
    """d(U V) = dU V + U dV: where one half stands, the other."""
    node, names = site.node, site.names
    tangents = {w.expr.id: w.of for w in names.words if w.sort == "tangent" and isinstance(w.expr, ast.Name)}
    match node:
        case ast.Binary("*" | "@" as op, left, right):
            pairs = [(left, right, False), (right, left, True)]
            for moving, other, swapped in pairs:
                if not (
                    isinstance(moving, ast.Name) and moving.id in tangents and isinstance(other, ast.Name)
                ):
                    continue
                if f"d{other.id}" not in tangents:
                    continue
                parts = (ast.Name(tangents[moving.id]), ast.Name(f"d{other.id}"))
                a, b = reversed(parts) if swapped else parts
                yield Offer(ast.Binary("+", node, ast.Binary(op, a, b)))
    if site.role in {"side", "term"}:
        inside = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
        for tangent, of in tangents.items():
            if tangent not in inside:
                continue
            for name in sorted(inside):
                if f"d{name}" in tangents and f"d{name}" not in inside:
                    other = substituted(node, {tangent: ast.Name(of), name: ast.Name(f"d{name}")})
                    yield Offer(ast.Binary("+", node, other), 0.3)


def fill(hole: Hole) -> Offers:
    """What is the difference of what must stand here and what does."""
    node = hole.site.node
    for match in hole.residual:
        factor = match.factor
        if factor.negative:
            term = ast.Negative(match.expr)
            bare = match.expr.operand if isinstance(match.expr, ast.Negative) else term
            yield Offer(ast.Binary("-", node, bare), match.cost)
        else:
            yield Offer(ast.Binary("+", node, match.expr), match.cost)
    if not hole.is_zero and hole.values is not None:
        one = number(1)
        for new in (ast.Binary("-", one, node), ast.Binary("+", one, node), ast.Binary("-", node, one)):
            if not isinstance(node, ast.Number):
                yield Offer(new, 0.3)


SLIP = Slip(
    code="GC108",
    name="missing term",
    title="a term is missing or too many",
    page="""
What it looks like
    `dY = dA @ B` for `dA @ B + A @ dB`; a gradient that forgets the residual path, or one of two
    uses of a tensor.

Why it happens
    The product rule has as many terms as factors that vary. A tensor that is used twice receives a
    gradient from each use, and they add up: residual connections, tied embeddings, the mean and the
    variance of a layer norm.

How to see it
    Count the places where the forward computation uses the tensor: its gradient has as many terms.
""",
    examples=(
        Example(
            "A: [m, k]; B: [k, n]", "Y: A @ B", "dY = dA @ B", "dY = dA @ B + A @ dB", kind="differential"
        ),
        Example("x: [n]; w: [n]", "h: x * w; y: h * h + x", "dx = dh * w", "dx = dh * w + dy"),
        Example("z: [n]", "a: tanh(z)", "dz = da * a**2", "dz = da * (1 - a**2)"),
        Example("p: [n]; q: [n]", "y: p * q", "dp = dy * q + dy", "dp = dy * q"),
    ),
    cost=1.2,
    at=at,
    fill=fill,
    looks_up=True,
)
