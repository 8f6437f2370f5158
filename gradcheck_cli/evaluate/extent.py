"""How many elements an evaluation would hold at once, known before it runs."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from gradcheck_cli.evaluate.interpret import shape_of, size
from gradcheck_cli.shapes.typed import Index, Position, Reduce, Tabulate, Typed, below, nodes

MAX_ELEMENTS = 1 << 24
"""Elements of the largest array of one evaluation, replicas included (128 MiB in float64)."""


def largest(tree: Typed, sizes: Mapping[str, int]) -> tuple[int, Typed]:
    """The element count of the largest node of a tree, leading axes of indices included, and the node."""
    free: dict[int, frozenset[Index]] = {}
    best, where = 0, tree
    # children come after their parents, so the reverse order has them first
    for node in reversed(_ordered(tree)):
        used: frozenset[Index] = frozenset().union(*(free[id(c)] for c in below(node)))
        if isinstance(node, Position):
            used = frozenset({node.index})
        count = prod(shape_of(node.type, sizes, node)) * prod(size(i.dim, sizes) for i in used if i.dim)
        if isinstance(node, (Reduce, Tabulate)):
            used -= frozenset(node.indices)
        free[id(node)] = used
        if count > best:
            best, where = count, node
    return best, where


def _ordered(tree: Typed) -> list[Typed]:
    """Every node once, each after all of its parents."""
    parents: dict[int, int] = {}
    for node in nodes(tree):
        for child in below(node):
            parents[id(child)] = parents.get(id(child), 0) + 1
    order, ready = [], [tree]
    while ready:
        node = ready.pop()
        order.append(node)
        for child in below(node):
            parents[id(child)] -= 1
            if not parents[id(child)]:
                ready.append(child)
    return order
