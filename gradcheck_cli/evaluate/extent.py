"""How much an evaluation would hold at once, known before it runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from math import prod

from gradcheck_cli.evaluate.interpret import size
from gradcheck_cli.shapes.dims import Dim
from gradcheck_cli.shapes.typed import Apply, Index, Position, Reduce, Tabulate, Typed, below

MAX_ELEMENTS = 1 << 24
"""Elements of the largest array of one evaluation, replicas included (128 MiB in float64)."""

MAX_TOTAL = 1 << 27
"""Elements of all arrays of one evaluation together, replicas included (1 GiB in float64)."""

MAX_AXES = 20
"""Axes of one array and of all indices together; NumPy gives up at 32, batches included."""

_NONE: frozenset[Index] = frozenset()


class Extent:
    """The distinct shapes of some trees, leading axes of indices included; asked for many sizes."""

    def __init__(self, trees: Iterable[Typed]) -> None:
        self.shapes: dict[tuple[Dim, ...], Typed] = {}
        self.counts: Counter[tuple[Dim, ...]] = Counter()
        self.functions: set[str] = set()
        """What the trees call."""
        for tree in trees:
            self._add(tree)

    def _add(self, tree: Typed) -> None:
        free: dict[int, frozenset[Index]] = {}
        for node, parts in _upwards(tree):
            used: frozenset[Index] = _NONE
            for part in parts:
                used |= free[id(part)]
            if isinstance(node, Position):
                used = frozenset({node.index})
            leading = sorted((i.dim for i in used if i.dim is not None), key=str)
            shape = (*leading, *_reach(node))
            self.shapes.setdefault(shape, node)
            self.counts[shape] += 1
            if isinstance(node, (Apply, Reduce)):
                self.functions.add(node.function)
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


def _upwards(tree: Typed) -> Iterator[tuple[Typed, tuple[Typed, ...]]]:
    """Every node once with those directly below it, which come before."""
    done: set[int] = set()
    stack: list[tuple[Typed, tuple[Typed, ...] | None]] = [(tree, None)]
    while stack:
        node, parts = stack.pop()
        if parts is not None:
            yield node, parts
        elif id(node) not in done:
            done.add(id(node))
            parts = tuple(below(node))
            stack.append((node, parts))
            stack.extend((part, None) for part in parts)
