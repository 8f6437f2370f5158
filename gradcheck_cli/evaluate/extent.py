"""How much an evaluation would hold at once, known before it runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from math import prod

from gradcheck_cli.evaluate.interpret import size
from gradcheck_cli.shapes.dims import Dim
from gradcheck_cli.shapes.typed import Apply, Index, Position, Reduce, Tabulate, Typed, below, nodes

MAX_ELEMENTS = 1 << 24
"""Elements of the largest array of one evaluation, replicas included (128 MiB in float64)."""

MAX_TOTAL = 1 << 27
"""Elements of all arrays of one evaluation together, replicas included (1 GiB in float64)."""

MAX_AXES = 20
"""Axes of one array and of all indices together; NumPy gives up at 32, batches included."""


class Extent:
    """The distinct shapes of some trees, leading axes of indices included; asked for many sizes."""

    def __init__(self, trees: Iterable[Typed]) -> None:
        self.shapes: dict[tuple[Dim, ...], Typed] = {}
        self.counts: Counter[tuple[Dim, ...]] = Counter()
        for tree in trees:
            self._add(tree)

    def _add(self, tree: Typed) -> None:
        free: dict[int, frozenset[Index]] = {}
        # children come after their parents, so the reverse order has them first
        for node in reversed(_ordered(tree)):
            used: frozenset[Index] = frozenset().union(*(free[id(c)] for c in below(node)))
            if isinstance(node, Position):
                used = frozenset({node.index})
            leading = sorted((i.dim for i in used if i.dim is not None), key=str)
            shape = (*leading, *_reach(node))
            self.shapes.setdefault(shape, node)
            self.counts[shape] += 1
            if isinstance(node, (Reduce, Tabulate)):
                used -= frozenset(node.indices)
            free[id(node)] = used

    def largest(self, sizes: Mapping[str, int]) -> tuple[int, Typed]:
        """The element count of the largest node, and the node. Raises UserError for sizes that cannot be."""
        counts = [(prod(size(d, sizes, node) for d in shape), node) for shape, node in self.shapes.items()]
        return max(counts, key=lambda c: c[0])

    def total(self, sizes: Mapping[str, int]) -> int:
        """The element count of all nodes together, each of which stays in memory."""
        return sum(n * prod(size(d, sizes) for d in shape) for shape, n in self.counts.items())

    def deepest(self) -> Typed:
        """The node with the most axes of its own."""
        return max(self.shapes.values(), key=lambda node: node.type.rank)


def largest(tree: Typed, sizes: Mapping[str, int]) -> tuple[int, Typed]:
    """The same for one tree and one choice of sizes."""
    return Extent([tree]).largest(sizes)


def _reach(node: Typed) -> tuple[Dim, ...]:
    """The shape of a node; for `einsum`, everything that it loops over, since NumPy does it in one go."""
    if isinstance(node, Apply) and node.function == "einsum":
        letters = str(dict(node.statics)["subscripts"]).partition("->")[0].split(",")
        return tuple(
            {
                c: d
                for term, arg in zip(letters, node.args, strict=True)
                for c, d in zip(term, arg.type.shape, strict=True)
            }.values()
        )
    return node.type.shape


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
