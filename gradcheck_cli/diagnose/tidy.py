"""A candidate as a textbook prints it: nothing multiplied and divided again, no double sign, indices inside.

Only what an edit has made is rewritten; what the author wrote stays as it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property

from gradcheck_cli.diagnose.candidate import Candidate, Edit, Sides
from gradcheck_cli.diagnose.edits import arrays, mapped
from gradcheck_cli.diagnose.indexed import Indexed
from gradcheck_cli.diagnose.names import Names
from gradcheck_cli.lang import ast
from gradcheck_cli.shapes.dims import Dim


class Tidy:
    """Rewrites the candidates of one claim."""

    def __init__(self, names: Names, sides: tuple[ast.Expr, ...]) -> None:
        self.names = names
        self.sides = sides
        self.own = Counter(node for side in sides for node in ast.walk(side))
        """What the author wrote, and how often."""
        self.added: Counter[ast.Node] = Counter()
        """What the side at hand has besides."""

    @cached_property
    def indexed(self) -> Indexed:
        """For claims in index notation."""
        return Indexed(self.names, self.sides)

    def candidate(self, candidate: Candidate) -> Candidate:
        """The same candidate, tidied; itself where nothing is to be done."""
        sides = self.side(candidate.sides[0]), self.side(candidate.sides[1])
        if sides == candidate.sides:
            return candidate
        return Candidate(lambda: sides, self._edits(candidate.edits, sides), candidate.cost)

    def are_one(self, sides: Sides) -> bool:
        """Whether both sides are one formula, spelt in two ways, as `W.T[i, j]` and `W[j, i]` are."""
        whoever = Tidy(self.names, ())
        return whoever.side(sides[0]) == whoever.side(sides[1])

    def side(self, side: ast.Expr) -> ast.Expr:
        """A side, tidied until nothing changes."""
        for _ in range(4):
            self.added = Counter(ast.walk(side)) - self.own
            new = mapped(side, self._node)
            if new == side:
                break
            side = new
        return side

    def _edits(self, edits: tuple[Edit, ...], sides: Sides) -> tuple[Edit, ...]:
        """The edits in words that fit the tidied sides: what differs from the claim, as one change."""
        different = [(a, b) for a, b in zip(self.sides, sides, strict=True) if a != b]
        if len(different) != 1:
            return edits
        old, new = _apart(*different[0])
        if old.span is None:
            return edits
        first = replace(edits[0], span=old.span, old=old, new=new)
        return (first, *(replace(e, old=None, new=None, said="") for e in edits[1:]))

    def _node(self, node: ast.Expr) -> ast.Expr:
        if node in self.own:
            return node
        match node:
            case ast.Negative(ast.Negative(x)):
                return x
            case ast.Negative(ast.Binary("-", a, b)):
                return ast.Binary("-", b, a)
            case ast.Transpose(x, kind):
                return self._transposed(node, x, kind)
            case ast.Binary("+", a, ast.Negative(b)):
                return ast.Binary("-", a, b)
            case ast.Binary("-", a, ast.Negative(b)):
                return ast.Binary("+", a, b)
            case ast.Binary("*", ast.Number(one), x) | ast.Binary("*" | "/" | "**", x, ast.Number(one)) if (
                one == 1
            ):
                return x
            case ast.Binary("*" | "@", a, b):
                return self._product(node, a, b)
            case ast.Binary("/", x, c):
                return self._quotient(node, x, c)
            case ast.Call("broadcast_to", (x, *_)):
                own, found = self.names.type_of(x), self.names.type_of(node)
                return x if own is not None and found is not None and own.shape == found.shape else node
            case ast.Subscript(operand) if not isinstance(operand, (ast.Name, ast.Subscript)):
                return self.indexed.inside(node) or node
        return node

    def _transposed(self, node: ast.Transpose, x: ast.Expr, kind: str) -> ast.Expr:
        found = self.names.type_of(x)
        if isinstance(x, ast.Transpose) and (x.kind == kind or (found is not None and found.rank == 2)):
            return x.operand
        if found is not None and found.rank < 2:
            return x
        return ast.Transpose(x, "T") if kind == "mT" and found is not None and found.rank == 2 else node

    def _product(self, node: ast.Binary, a: ast.Expr, b: ast.Expr) -> ast.Expr:
        for c in filter(self._is_new, (*divisors(a), *divisors(b))):
            below, above = without(node, c, "/"), without(node, c, "*")
            both = None if below is None or above is None else without(below, c, "*")
            if both is not None:
                return both
        for c, x in ((a, b), (b, a)) if node.op == "*" else ():
            if not self._is_new(c):
                continue
            less = without(x, c, "/")
            if less is not None:
                return less
            if isinstance(c, ast.Name) and isinstance(x, ast.Call) and x.function == "mean":
                axis = self._length(x)
                if axis is not None and axis == self.names.dims.get(c.id):
                    return replace(x, function="sum")
        return node

    def _quotient(self, node: ast.Expr, x: ast.Expr, below: ast.Expr) -> ast.Expr:
        for c in filter(self._is_new, factors(below)):
            above = without(x, c, "*")
            if above is not None:
                rest = None if below == c else without(below, c, "*")
                return above if rest is None else ast.Binary("/", above, rest)
        return node

    def _length(self, mean: ast.Call) -> Dim | None:
        """The length of the one axis that a mean is taken over."""
        found = self.names.type_of(mean.args[0])
        axis = next((k.value for k in mean.keywords if k.name == "axis"), None)
        if found is None or (axis is None and found.rank != 1):
            return None
        match axis:
            case None:
                return found.shape[0]
            case ast.Number(value):
                return found.shape[int(value)]
            case ast.Negative(ast.Number(value)):
                return found.shape[-int(value)]
        return None

    def _is_new(self, node: ast.Expr) -> bool:
        """Whether a number was brought in, so that it may go again: `2 * x / (2 * n)` is the author's."""
        return node in self.added and self._is_scalar(node)

    def _is_scalar(self, node: ast.Expr) -> bool:
        found = self.names.type_of(node)
        return found is not None and not found.rank


def without(node: ast.Expr, c: ast.Expr, op: str) -> ast.Expr | None:
    """The node without a scalar factor (`*`) or divisor (`/`) c; None where it has none."""
    match node:
        case ast.Binary("*", a, b) if op == "*" and c in (a, b):
            return b if a == c else a
        case ast.Binary("/", a, b) if op == "/" and b == c:
            return a
        case ast.Binary("*" | "@", a, b):
            left = without(a, c, op)
            if left is not None:
                return replace(node, left=left)
            right = without(b, c, op)
            return None if right is None else replace(node, right=right)
        case ast.Binary("/", a, b):
            left = without(a, c, op)
            if left is not None:
                return replace(node, left=left)
            below = without(b, c, "*") if op == "/" else None
            return None if below is None else replace(node, right=below)
        case ast.Negative(x) | ast.Transpose(x) | ast.Subscript(x):
            inner = without(x, c, op)
            return None if inner is None else replace(node, operand=inner)
    return None


def factors(node: ast.Expr) -> Iterator[ast.Expr]:
    """A product and what it is the product of."""
    yield node
    if isinstance(node, ast.Binary) and node.op == "*":
        yield from factors(node.left)
        yield from factors(node.right)


def divisors(node: ast.Expr) -> Iterator[ast.Expr]:
    """What a product is divided by."""
    match node:
        case ast.Binary("/", a, c):
            yield from factors(c)
            yield from divisors(a)
        case ast.Binary("*" | "@", a, b):
            yield from divisors(a)
            yield from divisors(b)
        case ast.Negative(x) | ast.Transpose(x):
            yield from divisors(x)


def _apart(old: ast.Expr, new: ast.Expr) -> tuple[ast.Expr, ast.Expr]:
    """The smallest parts in which two trees differ."""
    while True:
        mine, its = list(arrays(old)), list(arrays(new))
        if type(old) is not type(new) or len(mine) != len(its):
            return old, new
        pairs = [(a, b) for (a, _, _), (b, _, _) in zip(mine, its, strict=True) if a != b]
        if len(pairs) != 1:
            return old, new
        ((a, b),) = pairs
        put = next(put for child, put, _ in mine if child is a)
        if put(b) != new:
            return old, new
        old, new = a, b
