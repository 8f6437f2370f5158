"""Whether a candidate is true on the bench, and not because it says nothing.

`dX = dX`, `x - x = 0` and `dot(x, y / x) = sum(y)` are true of everything; a
correction says something about what the claim was about.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradcheck_cli.diagnose.bench import DRAWS, Bench, same
from gradcheck_cli.diagnose.candidate import Candidate, Edit, Sides
from gradcheck_cli.diagnose.edits import arrays, substituted
from gradcheck_cli.diagnose.names import Names, words_in
from gradcheck_cli.lang import ast


class Sense:
    """What makes sense in place of one claim."""

    def __init__(self, bench: Bench, names: Names, sides: Sides) -> None:
        self.bench = bench
        self.sides = sides
        self.before = [words_in(side) for side in sides]
        self.allowed = frozenset().union(
            *(words_in(w.expr) for w in names.all_words), names.locals, *self.before[1:]
        )
        self.moving = frozenset().union(
            *(words_in(w.expr) for w in names.all_words if w.sort in {"gradient", "tangent"})
        )
        self.zeros = frozenset(n for side in sides for n in self._zero_parts(side))

    def holds(self, candidate: Candidate) -> bool:
        """Whether it is true on all sets of data, and not because both sides say nothing."""
        for number in range(1, DRAWS):
            a, b = (self.bench.value(side, number) for side in candidate.sides)
            if a is None or b is None or not same(a, b, self.terms(candidate.sides)):
                return False
        if any(n not in self.zeros for side in candidate.sides for n in self._zero_parts(side)):
            return False
        return not any(self._cancels(e, side) for e in candidate.edits for side in candidate.sides)

    def _cancels(self, edit: Edit, side: ast.Expr) -> bool:
        """Whether an edit makes a side true of anything: `dot(x, y / x)`, `sum(softmax(x)) = 1`."""
        if edit.new is None or edit.old is None:
            return False
        counts = {name: sum(n == ast.Name(name) for n in ast.walk(side)) for name in words_in(edit.new)}
        if edit.slip.code == "GC124":
            suspects = [n for n, count in counts.items() if count > 1 and n not in words_in(edit.old)]
        elif edit.slip.code == "GC125":
            suspects = [n for n, count in counts.items() if count == 1]
        else:
            return False
        for name in suspects:
            other = substituted(side, {name: ast.Call("cos", (ast.Name(name),))})
            before, after = self.bench.value(side, 0), self.bench.value(other, 0)
            if before is None or after is None:
                continue
            if same(before, after, self.terms((side, other))):
                return True
        return False

    def says_something(self, sides: Sides, *, repeats: bool = False) -> bool:
        """Whether an equation is no tautology, and uses nothing that is known only after it.

        With `repeats` the left side is a right line of a derivation, and the next may say the same.
        """
        if sides[0] == sides[1] and not repeats:
            return False
        if any(_is_idle(n) for side in sides for n in ast.walk(side)):
            return False
        if self.moving & self.before[0] - words_in(sides[0]) and sides[1] == self.sides[1]:
            return False
        new = words_in(sides[1]) - _summed(sides[1]) - self.before[1]
        return sides[0] != self.sides[0] or new <= self.allowed

    def terms(self, sides: Sides) -> float:
        """The size of what is added up at the root of both sides, which may cancel."""
        found = 0.0
        for side in sides:
            for child, _, _ in arrays(side):
                value = self.bench.value(child, 0)
                if value is not None and value.size:
                    found = max(found, float(np.max(np.abs(value))))
        return found

    def _zero_parts(self, side: ast.Expr) -> Iterator[ast.Expr]:
        """The calculated parts below the root that are zero everywhere: what stands beside them is idle."""
        for node in all_arrays(side):
            if node is side or isinstance(node, (ast.Number, ast.Name)):
                continue
            if isinstance(node, ast.Call) and node.function in {"zeros", "zeros_like"}:
                continue
            value = self.bench.value(node, 0)
            if value is None or not value.size:
                continue
            if np.max(np.abs(value)) <= 1e-12 * max(1.0, self.terms((node, node))):
                yield node


def all_arrays(side: ast.Expr) -> Iterator[ast.Expr]:
    """An array and all that it is made of."""
    stack = [side]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(child for child, _, _ in arrays(node))


def _summed(side: ast.Expr) -> frozenset[str]:
    """The indices that a side sums over; they are no names of anything."""
    return frozenset(i.id for n in ast.walk(side) if isinstance(n, ast.Over) for i in n.indices)


def _is_idle(node: ast.Node) -> bool:
    """Whether nothing comes of an operation: `x - x`, `x / x`, two transposes."""
    match node:
        case ast.Transpose(ast.Transpose()):
            return True
        case ast.Binary("-" | "/", left, right):
            return left == right
    return False
