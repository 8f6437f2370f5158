"""A factor that is an array is missing or too many."""

from __future__ import annotations

from collections.abc import Iterator

from gradcheck_cli.diagnose.edits import Site, matmul, over, times
from gradcheck_cli.diagnose.hole import Hole
from gradcheck_cli.diagnose.names import Names, Word, words_in
from gradcheck_cli.diagnose.slip import Example, Offer, Offers, Slip
from gradcheck_cli.diagnose.slips.factor import is_constant
from gradcheck_cli.lang import ast


def with_factor(hole: Hole, *, gradients: bool) -> Offers:
    """The node times (or divided by) what is missing, if that contains a gradient, or if it contains none."""
    names, node = hole.site.names, hole.site.node
    moving = moving_words(names)
    for match in hole.ratio:
        if bool(words_in(match.expr) & moving) == gradients and (gradients or is_plain(match.entry.expr)):
            yield Offer(_times(match.expr, node), match.cost)
    for match in hole.divisor:
        if not gradients and not words_in(match.expr) & moving:
            yield Offer(over(node, match.expr), match.cost + 0.2)


def is_plain(node: ast.Expr) -> bool:
    """Whether a factor is one array, not a calculation."""
    while isinstance(node, (ast.Transpose, ast.Subscript)):
        node = node.operand
    return isinstance(node, ast.Name)


def moving_words(names: Names) -> frozenset[str]:
    """The gradients and tangents of the vocabulary."""
    found: frozenset[str] = frozenset()
    for word in names.words:
        if word.sort in {"gradient", "tangent"}:
            found |= words_in(word.expr)
    return found


def _times(factor: ast.Expr, node: ast.Expr) -> ast.Expr:
    return times(node, factor) if isinstance(node, ast.Number) else times(factor, node)


def both_ways(word: Word) -> Iterator[ast.Expr]:
    """A word, and its transpose."""
    yield word.expr
    if word.type.rank >= 2:
        yield ast.Transpose(word.expr, "T" if word.type.rank == 2 else "mT")


def at(site: Site) -> Offers:
    """A factor less; a factor of a matrix product more."""
    node, names = site.node, site.names
    match node:
        case ast.Binary("*" | "@", left, right):
            if not is_constant(left, site):
                yield Offer(right)
            if not is_constant(right, site):
                yield Offer(left)
        case ast.Binary("/", left, right) if not is_constant(right, site):
            yield Offer(left)
    if site.role == "exponent" or isinstance(node, (ast.Number, ast.Negative)) or is_constant(node, site):
        return
    for word in names.all_words:
        if word.sort in {"gradient", "tangent", "size"}:
            continue
        if not site.known and word.type.dtype == "real":
            yield Offer(times(node, word.expr), 0.6)
            yield Offer(over(node, word.expr), 0.8)
        if site.role != "factor" or not isinstance(node, ast.Binary):
            deep = 0.3 * (site.parent is not None and isinstance(site.parent.node, ast.Transpose))
            for factor in both_ways(word) if word.type.rank else ():
                yield Offer(matmul(node, factor), 0.5 + deep)
                yield Offer(matmul(factor, node), 0.5 + deep)


def fill(hole: Hole) -> Offers:
    """An array of the claim is the quotient of what must stand here and what does."""
    yield from with_factor(hole, gradients=False)


SLIP = Slip(
    code="GC124",
    name="missing factor",
    title="an array is missing as a factor, or is too many",
    page="""
What it looks like
    `dx_hat = dy` for `dx_hat = gamma * dy`; a mask that the backward pass forgets.

Why it happens
    The forward computation multiplies by a weight, a mask or a gate. If that is 1 at the start of
    training, as `gamma` is, code without it passes its first tests.

How to see it
    The true gradient divided by the claimed one is an array of the forward computation.
""",
    examples=(
        Example("x: [n]; gamma: [n]", "h: x / norm(x); y: gamma * h", "dh = dy", "dh = gamma * dy"),
        Example("x: [n]; w: [n]", "y: x * w", "dx = dy * w * x", "dx = dy * w"),
        Example("X: [m, k]; W: [k, k]; V: [k, n]", "Y: X @ W @ V", "dX = dY @ V.T", "dX = dY @ V.T @ W.T"),
    ),
    cost=1.3,
    at=at,
    fill=fill,
    looks_up=True,
)
