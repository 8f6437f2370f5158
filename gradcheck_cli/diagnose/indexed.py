"""An array at indices, written with the indices inside: `(A.T @ G)[i, j]` is `sum[k](A[k, i] * G[k, j])`.

Who claims something in index notation wants to read the answer in it.
"""

from __future__ import annotations

from collections.abc import Iterator

from gradcheck_cli.diagnose.edits import number
from gradcheck_cli.diagnose.names import Names, word_key
from gradcheck_cli.lang import ast
from gradcheck_cli.lang.functions import FUNCTIONS

LETTERS = "klmtuvpqrsijhwzabcfgnoxy"
"""New indices, in the order in which they are taken."""

SUMMED = frozenset({"sum", "mean", "prod", "max", "min"})


class Opaque(Exception):  # noqa: N818  it is an outcome
    """A part into which indices cannot be moved."""


class Indexed:
    """Moves indices inwards, in the vocabulary of one claim."""

    def __init__(self, names: Names, sides: tuple[ast.Expr, ...]) -> None:
        self.names = names
        read = {n.id for side in sides for n in ast.walk(side) if isinstance(n, ast.Name)}
        known = names.program.types.keys() | names.dims.keys() | names.locals.keys() | {"e"}
        bound = [i.id for s in sides for n in ast.walk(s) if isinstance(n, ast.Over) for i in n.indices]
        own = list(dict.fromkeys(bound))
        self.fresh = [*own, *(c for c in LETTERS if c not in known | read)]
        """The indices that the claim itself sums over, then others."""

    def inside(self, node: ast.Subscript) -> ast.Expr | None:
        """The same with the indices inside; None where they cannot be moved, or some axis has none."""
        if not all(isinstance(item, ast.Name) for item in node.items):
            return None
        taken = frozenset(i.id for i in node.items if isinstance(i, ast.Name))
        try:
            if self._rank(node.operand) != len(node.items):
                return None
            found = self._at(node.operand, node.items, taken)
        except Opaque:
            return None
        return None if found == node else found

    def _rank(self, node: ast.Expr) -> int:
        found = self.names.type_of(node)
        if found is None:
            raise Opaque
        return found.rank

    def _new(self, count: int, taken: frozenset[str]) -> list[ast.Name]:
        free = [name for name in self.fresh if name not in taken][:count]
        if len(free) < count:
            raise Opaque
        return [ast.Name(name) for name in free]

    def _at(self, node: ast.Expr, items: tuple[ast.Expr, ...], taken: frozenset[str]) -> ast.Expr:
        if not items:
            return node
        if word_key(node) is not None:
            return ast.Subscript(node, items)
        match node:
            case ast.Negative(x):
                return ast.Negative(self._at(x, items, taken))
            case ast.Transpose(x, kind):
                turned = (*items[:-2], items[-1], items[-2]) if kind == "mT" else items[::-1]
                return self._at(x, turned, taken)
            case ast.Binary("@", left, right):
                return self._product(left, right, items, taken)
            case ast.Binary(op, left, right):
                return ast.Binary(op, self._beside(left, items, taken), self._beside(right, items, taken))
            case ast.Call("ones_like"):
                return number(1)
            case ast.Call("outer", (u, v)):
                first, second = self._at(u, items[:1], taken), self._at(v, items[1:], taken)
                return ast.Binary("*", first, second)
            case ast.Call(function, (x,)) if function in SUMMED:
                return self._reduced(node, x, items, taken)
            case ast.Call(function, args, ()) if FUNCTIONS[function].group == "elementwise":
                return ast.Call(function, tuple(self._beside(a, items, taken) for a in args))
        return ast.Subscript(node, items)

    def _beside(self, node: ast.Expr, items: tuple[ast.Expr, ...], taken: frozenset[str]) -> ast.Expr:
        """An operand that is broadcast: its own axes are the last ones, and one of length 1 has one place."""
        rank = self._rank(node)
        own = items[len(items) - rank :]
        found = self.names.type_of(node)
        assert found is not None
        own = tuple(number(0) if dim.is_one else i for dim, i in zip(found.shape, own, strict=True))
        return self._at(node, own, taken)

    def _product(
        self, left: ast.Expr, right: ast.Expr, items: tuple[ast.Expr, ...], taken: frozenset[str]
    ) -> ast.Expr:
        a, b = self._rank(left), self._rank(right)
        (k,) = self._new(1, taken)
        inner = taken | {k.id}
        batch, rest = items[: max(a, b, 2) - 2], items[max(a, b, 2) - 2 :]
        if max(a, b) == 1 or len(rest) != (a > 1) + (b > 1):
            raise Opaque
        rows = (*batch[len(batch) - a + 2 :], rest[0], k) if a > 1 else (k,)
        columns = (*batch[len(batch) - b + 2 :], k, rest[-1]) if b > 1 else (k,)
        body = ast.Binary("*", self._at(left, rows, inner), self._at(right, columns, inner))
        return ast.Over("sum", (k,), body)

    def _reduced(
        self, node: ast.Call, x: ast.Expr, items: tuple[ast.Expr, ...], taken: frozenset[str]
    ) -> ast.Expr:
        rank = self._rank(x)
        axes = sorted(_axes(node, rank))
        new = self._new(len(axes), taken)
        kept = len(items) == rank
        others: Iterator[ast.Expr] = iter(i for n, i in enumerate(items) if not kept or n not in axes)
        fresh = iter(new)
        inner = tuple(next(fresh) if n in axes else next(others) for n in range(rank))
        body = self._at(x, inner, taken | {k.id for k in new})
        return ast.Over(node.function, tuple(new), body)


def _axes(node: ast.Call, rank: int) -> set[int]:
    words = {k.name: k.value for k in node.keywords}
    if set(words) - {"axis", "keepdims"}:
        raise Opaque
    axis = words.get("axis")
    if axis is None:
        return set(range(rank))
    found = set()
    for item in axis.items if isinstance(axis, ast.Tuple) else (axis,):
        match item:
            case ast.Number(value):
                found.add(int(value))
            case ast.Negative(ast.Number(value)):
                found.add(rank - int(value))
            case _:
                raise Opaque
    return found
