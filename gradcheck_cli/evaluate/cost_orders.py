"""The other orders of a chain of matrix products: which are cheaper, or smaller on the way, and when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gradcheck_cli.evaluate.cost import flops, peak
from gradcheck_cli.evaluate.cost_compare import Comparison, compare, never_more
from gradcheck_cli.lang import ast
from gradcheck_cli.shapes.dims import Dim
from gradcheck_cli.shapes.infer import Scope
from gradcheck_cli.shapes.typed import Apply, Type, Typed

MAX_FACTORS = 6
"""Factors of a product whose orders are tried; six have 42."""


@dataclass(frozen=True, slots=True)
class Association:
    """Another order of a matrix product."""

    expression: ast.Expr
    flops: Dim
    peak: tuple[Dim, ...]
    """The largest array on the way, as from `peak`."""
    cheaper: Comparison
    """Where it takes fewer operations than the product as written."""
    smaller: Comparison
    """Where its largest array is smaller."""


@dataclass(frozen=True, slots=True)
class Associations:
    """The orders worth knowing; `not_tried` says why there was no search."""

    found: tuple[Association, ...] = ()
    not_tried: str = ""


def associations(tree: Typed, whole: Iterable[Dim] = ()) -> Associations:
    """The orders of a chain of matrix products that are cheaper, or smaller on the way, for some sizes.

    Transposes between the products are carried inside. None of the orders
    found is beaten for all sizes, in both respects, by another order or by
    the one written. `whole` is that of `compare`.
    """
    factors = _factors(tree)
    if len(factors) < 3:
        return Associations()
    if len(factors) > MAX_FACTORS:
        return Associations(not_tried=f"a product of more than {MAX_FACTORS} factors")
    ranks = [f.type.rank for f in factors]
    if min(ranks) < 2 < max(ranks):
        return Associations(not_tried="vectors and batches of matrices in one product")
    needed = tuple(whole)
    written = (flops([tree]), peak([tree]))
    front: list[tuple[Typed, Dim, tuple[Dim, ...]]] = []
    for other in _orders(factors):
        cost = (flops([other]), peak([other]))
        if _beaten(cost, written) or any(_beaten(cost, kept[1:]) for kept in front):
            continue
        front = [kept for kept in front if not _beaten(kept[1:], cost)] + [(other, *cost)]
    found = [
        Association(
            other.node,
            count,
            largest,
            compare(count, written[0], "<", needed),
            compare(largest, written[1], "<", needed),
        )
        for other, count, largest in front
    ]
    useful = [a for a in found if {a.cheaper.answer, a.smaller.answer} & {"always", "conditional"}]
    return Associations(tuple(useful))


def _beaten(one: tuple[Dim, tuple[Dim, ...]], other: tuple[Dim, tuple[Dim, ...]]) -> bool:
    """Whether `other` is provably as good in both respects for all sizes."""
    return never_more(other[:1], one[:1]) and never_more(other[1], one[1])


def _factors(tree: Typed) -> list[Typed]:
    """What a chain of products multiplies, transposes carried inside; few more than are tried."""
    found: list[Typed] = []
    stack = [(tree, False)]
    while stack and len(found) + len(stack) <= MAX_FACTORS:
        node, flipped = stack.pop()
        while _is_transpose(node):
            assert isinstance(node, Apply)
            node, flipped = node.args[0], not flipped
        if isinstance(node, Apply) and node.function == "matmul":
            left, right = node.args
            sides = [(left, _ends_in_vector(left, 1)), (right, _ends_in_vector(right, 0))]
            if not any(closed for _, closed in sides):
                stack += [(side, flipped) for side, _ in (sides if flipped else sides[::-1])]
                continue
        found.append(_transposed(node) if flipped else node)
    return found + [_transposed(n) if flipped else n for n, flipped in reversed(stack)]


def _ends_in_vector(node: Typed, end: int) -> bool:
    """Whether a product has a vector at the end where another factor would follow: (A @ v) @ B."""
    return isinstance(node, Apply) and node.function == "matmul" and node.args[end].type.rank < 2


def _is_transpose(node: Typed) -> bool:
    """Whether a node exchanges the last two axes and no others."""
    if not isinstance(node, Apply) or node.type.rank < 2:
        return False
    statics = dict(node.statics)
    rank = node.type.rank
    if node.function == "transpose":
        return statics["axes"] == (*range(rank - 2), rank - 1, rank - 2)
    return node.function == "swapaxes" and {statics["axis1"], statics["axis2"]} == {-1, -2}


def _transposed(node: Typed) -> Typed:
    kind = "T" if node.type.rank == 2 else "mT"
    (*batch, n, m) = node.type.shape
    statics = (("axis1", -2), ("axis2", -1))
    expr = ast.Transpose(node.node, kind)
    return Apply("swapaxes", (node,), Type((*batch, m, n), node.type.dtype), expr, statics)


def _orders(factors: Sequence[Typed]) -> list[Typed]:
    """Every way to put the brackets; orders that share a part share the node."""
    scope = Scope({}, {})
    table: dict[tuple[int, int], list[Typed]] = {(i, i + 1): [f] for i, f in enumerate(factors)}
    for length in range(2, len(factors) + 1):
        for start in range(len(factors) - length + 1):
            stop = start + length
            table[start, stop] = [
                scope.apply("matmul", (left, right), ast.Binary("@", left.node, right.node))
                for middle in range(start + 1, stop)
                for left in table[start, middle]
                for right in table[middle, stop]
            ]
    return table[0, len(factors)]
