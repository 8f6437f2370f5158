r"""Which product two factors side by side mean, by their shapes.

Vectors are 1-D arrays that stand (columns) or lie (rows), so that `x^\top y`
is the inner and `x y^\top` the outer product. Where no matrix product fits,
the elementwise reading is taken, at a cost and with a remark.
"""

from __future__ import annotations

from collections.abc import Mapping

from gradcheck_cli.lang import ast
from gradcheck_cli.lang.functions import FUNCTIONS, OPERATORS
from gradcheck_cli.lang.printer import to_plain
from gradcheck_cli.shapes import rules
from gradcheck_cli.shapes.dims import Dim, show
from gradcheck_cli.shapes.mismatch import ShapeMismatch
from gradcheck_cli.shapes.readings import BROADCAST, ELEMENTWISE, TURNED, Keys, Reading
from gradcheck_cli.shapes.typed import Type
from gradcheck_cli.shapes.unsized import both, filled, product, unsettled

_SCALAR_SIGN = 3
"""What it costs to read `⊙` between a scalar and an array."""


class Products:
    """The products of one formula."""

    def __init__(self, dims: Mapping[str, Dim], keys: Keys, row: bool = False) -> None:
        self.dims = dims
        self.row = row
        self.keys = keys

    def typed(self, function: str, args: tuple[Type, ...], node: ast.Expr) -> Type:
        """The type of a function without keywords."""
        call = rules.Application(function, args, node, self.dims)
        return rules.RULES[FUNCTIONS[function].rule](call)[0]

    def multiply(self, sign: str, left: Reading, right: Reading, node: ast.Expr) -> list[Reading]:
        """All readings of two neighbours. Raises ShapeMismatch if there is none."""
        if sign == "odot":
            return [self.elementwise("*", left, right, node, sign=True)]
        if sign == "oslash":
            return [self.elementwise("/", left, right, node)]
        if sign == "otimes":
            return self._tensor(left, right, node)
        if left.type is None or right.type is None:
            key = self.keys.product("@", left.key, right.key)
            return product(left, right, node, key, lambda one, two: self.multiply("", one, two, node))
        if not left.rank or not right.rank:
            return [self._scaled(left, right, node)]
        strict = self._strict(left, right, node)
        vectors = left.rank == right.rank == 1 and left.row == right.row
        if sign == "cdot" and vectors and left.shape == right.shape:
            inner = self._call("dot", left, right, node, row=False)
            hadamard = self.elementwise("*", left, right, node)
            return [
                self._remarked(inner, 0, "an inner product"),
                self._remarked(hadamard, 0, "an elementwise product"),
            ]
        if strict is not None:
            return [strict]
        natural = all(r.rank != 1 or r.row == self.row for r in (left, right))
        if sign != "matmul" and natural:
            fits = left.shape == right.shape or (not vectors and left.rank != right.rank)
            if fits:
                try:
                    read = self.elementwise("*", left, right, node)
                except ShapeMismatch:
                    pass
                else:
                    return [self._remarked(read, ELEMENTWISE, "an elementwise product")]
        raise self._no_product(left, right, node)

    def _no_product(self, left: Reading, right: Reading, node: ast.Expr) -> ShapeMismatch:
        return ShapeMismatch(
            f"no product fits {_shown(left)} and {_shown(right)}",
            node,
            left.shape,
            right.shape,
        )

    def _remarked(self, reading: Reading, cost: int, what: str) -> Reading:
        remark = f"read as {what}: `{to_plain(reading.expr)}`"
        return _but(reading.noted(remark), cost=reading.cost + cost)

    def _scaled(self, left: Reading, right: Reading, node: ast.Expr) -> Reading:
        scalar, array = (left, right) if not left.rank else (right, left)
        expr = ast.Binary("*", left.expr, right.expr, span=node.span)
        assert left.type is not None
        assert right.type is not None
        type_ = self.typed("multiply", (left.type, right.type), node)
        both = not array.rank
        key = self.keys.product("*", left.key, right.key) if both else self.keys.scaled(scalar.key, array.key)
        return Reading(expr, type_, array.row, left.cost + right.cost, _join(left, right), key)

    def _strict(self, left: Reading, right: Reading, node: ast.Expr) -> Reading | None:
        """The product of matrix algebra, if there is one."""
        one, two = left.rank == 1, right.rank == 1
        try:
            if one and two:
                if left.row and not right.row:
                    return self._call("dot", left, right, node, row=False)
                return (
                    None if left.row or not right.row else self._call("outer", left, right, node, row=False)
                )
            if (one and not left.row) or (two and right.row):
                return None
            return self._call("matmul", left, right, node, row=one)
        except ShapeMismatch:
            return None

    def _call(self, function: str, left: Reading, right: Reading, node: ast.Expr, *, row: bool) -> Reading:
        assert left.type is not None
        assert right.type is not None
        expr: ast.Expr
        if function == "matmul":
            expr = ast.Binary("@", left.expr, right.expr, span=node.span)
        else:
            expr = ast.Call(function, (left.expr, right.expr), span=node.span)
        type_ = self.typed(function, (left.type, right.type), expr)
        key = self.keys.product("@", left.key, right.key)
        return Reading(expr, type_, row, left.cost + right.cost, _join(left, right), key)

    def _tensor(self, left: Reading, right: Reading, node: ast.Expr) -> list[Reading]:
        if left.type is None or right.type is None:
            raise unsettled(left if left.type is None else right, node)
        if not left.rank or not right.rank:
            return [self._scaled(left, right, node)]
        found = []
        for function in ("outer", "kron"):
            try:
                read = self._call(function, left, right, node, row=False)
            except ShapeMismatch:
                continue
            found.append(_but(read, key=self.keys.of(function, left.key, right.key)))
        if not found:
            raise self._no_product(left, right, node)
        return found

    # elementwise

    def elementwise(
        self, op: str, left: Reading, right: Reading, node: ast.Expr, *, sign: bool = False
    ) -> Reading:
        """`left op right` element by element; `sign` says that `⊙` was printed."""
        cost, remarks = left.cost + right.cost, _join(left, right)
        key = (
            self.keys.product("*", left.key, right.key)
            if op == "*"
            else self.keys.of(op, left.key, right.key)
        )
        if left.type is None and right.type is None:
            fill = both(left, right, lambda a, b: ast.Binary(op, a, b, span=node.span))
            return Reading(node, None, left.row, cost, remarks, key, fill)
        if left.type is None or right.type is None:
            shape = right.shape if left.type is None else left.shape
            left, right = filled(left, shape), filled(right, shape)
        assert left.type is not None
        assert right.type is not None
        expr = ast.Binary(op, left.expr, right.expr, span=node.span)
        type_ = self.typed(OPERATORS[op], (left.type, right.type), expr)
        row = left.row if left.rank == 1 else right.row
        found = Reading(expr, type_, row, cost, remarks, key)
        if not left.rank or not right.rank:
            if left.rank == right.rank:
                return found
            # `x - mu` needs no remark, and `1 - x` is common; `⊙` with a scalar was hardly meant
            number = isinstance(left.expr, ast.Number) or isinstance(right.expr, ast.Number)
            added = int(op in "+-" and not number)
            return (
                self._remarked(found, _SCALAR_SIGN, "a multiple") if sign else _but(found, cost=cost + added)
            )
        if left.shape != right.shape:
            return self._remarked(found, BROADCAST, f"broadcast, {show(left.shape)} with {show(right.shape)}")
        if left.rank == 1 and left.row != right.row:
            return self._remarked(found, TURNED, "a row taken for a column")
        return found


def _join(left: Reading, right: Reading) -> tuple[str, ...]:
    return (*left.remarks, *(r for r in right.remarks if r not in left.remarks))


def _but(reading: Reading, *, cost: int | None = None, key: int | None = None) -> Reading:
    return Reading(
        reading.expr,
        reading.type,
        reading.row,
        reading.cost if cost is None else cost,
        reading.remarks,
        reading.key if key is None else key,
        reading.fill,
    )


def _shown(reading: Reading) -> str:
    kind = ("the row " if reading.row else "the column ") if reading.rank == 1 else ""
    return kind + show(reading.shape)
