r"""Which product two factors side by side mean, by their shapes.

Vectors are 1-D arrays that stand (columns) or lie (rows), so that `x^\top y`
is the inner and `x y^\top` the outer product. Where no matrix product fits,
the elementwise reading is taken, at a cost and with a remark.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gradcheck_cli.lang import ast
from gradcheck_cli.lang.functions import FUNCTIONS, OPERATORS
from gradcheck_cli.lang.printer import to_plain
from gradcheck_cli.shapes import rules
from gradcheck_cli.shapes.dims import Dim, Shape, show
from gradcheck_cli.shapes.mismatch import ShapeMismatch
from gradcheck_cli.shapes.readings import BROADCAST, ELEMENTWISE, TURNED, Keys, Reading, ones
from gradcheck_cli.shapes.typed import Type
from gradcheck_cli.text import Problem, UserError

MATRIX = ast.Unsized("matrix")
"""What `\\mathbf 1\\mathbf 1^\\top` gives: a matrix of ones of any shape."""

_SCALAR_SIGN = 3
"""What it costs to read `⊙` between a scalar and an array."""


class Products:
    """The products of one formula."""

    def __init__(self, dims: Mapping[str, Dim], keys: Keys) -> None:
        self.dims = dims
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
            return self._unsized(left, right, node)
        if not left.rank or not right.rank:
            return [self._scaled(left, right, node)]
        strict = self._strict(left, right, node)
        vectors = left.rank == right.rank == 1 and left.row == right.row
        if sign == "cdot" and vectors and left.shape == right.shape:
            inner = self._call("dot", left, right, node, row=False)
            return [inner, self.elementwise("*", left, right, node)]
        if strict is not None:
            return [strict]
        if sign != "matmul":
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
            f"no product fits {_shown(left)} and {_shown(right)}: `{to_plain(left.expr)}`, `{to_plain(right.expr)}`",
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
                return None if left.row or not right.row else self._call("outer", left, right, node, row=False)
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
            raise _unsettled(left if left.type is None else right)
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

    def elementwise(self, op: str, left: Reading, right: Reading, node: ast.Expr, *, sign: bool = False) -> Reading:
        """`left op right` element by element; `sign` says that `⊙` was printed."""
        cost, remarks = left.cost + right.cost, _join(left, right)
        key = self.keys.product("*", left.key, right.key) if op == "*" else self.keys.of(op, left.key, right.key)
        if left.type is None and right.type is None:
            one, two = left.fill, right.fill
            assert one is not None
            assert two is not None
            fill = _both(lambda a, b: ast.Binary(op, a, b, span=node.span), one, two)
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
            # `1 - x` needs no remark; `⊙` with a scalar was hardly meant
            return self._remarked(found, _SCALAR_SIGN, "a multiple") if sign and left.rank != right.rank else found
        if left.shape != right.shape:
            return self._remarked(found, BROADCAST, f"broadcast, {show(left.shape)} with {show(right.shape)}")
        if left.rank == 1 and left.row != right.row:
            return self._remarked(found, TURNED, "a row for a column")
        return found

    # arrays whose shape is what fits

    def _unsized(self, left: Reading, right: Reading, node: ast.Expr) -> list[Reading]:
        """A product with `\\mathbf 1` or `I`."""
        found: list[Reading] = []
        key = self.keys.product("@", left.key, right.key)
        cost, remarks = left.cost + right.cost, _join(left, right)

        def open_(make: Callable[[Shape], ast.Expr | None], row: bool = False) -> None:
            found.append(Reading(node, None, row, cost, remarks, key, make))

        def settled(one: Reading, two: Reading, extra: int = 0) -> None:
            found.extend(_but(r, cost=r.cost + extra) for r in self.multiply("", one, two, node))

        def times(one: ast.Expr | None, two: ast.Expr | None, op: str = "@") -> ast.Expr | None:
            return None if one is None or two is None else ast.Binary(op, one, two, span=node.span)

        if left.type is None and right.type is None:
            if not left.row and right.row:
                found.append(Reading(MATRIX, None, False, cost, remarks, key, lambda s: _matrix(s, node)))
        elif left.type is None:
            fill, shape = left.fill, right.shape
            assert fill is not None
            if not shape:
                open_(lambda s: times(fill(s), right.expr, "*"), left.row)
            elif left.expr == MATRIX and len(shape) > 1:
                open_(lambda s: times(fill((*s[-2:-1], shape[-2])), right.expr) if s[-1:] == shape[-1:] else None)
            elif isinstance(left.expr, ast.Unsized) and left.expr.function == "eye":
                rows = shape[-2] if len(shape) > 1 else shape[-1]
                settled(filled(left, (rows, rows)), right)
            elif left.row:
                rows = shape[-2] if len(shape) > 1 else shape[-1]
                settled(filled(left, (rows,)), right)
            elif len(shape) == 1 and right.row:
                open_(lambda s: _outer(fill(s[:1]), right.expr, node) if s[1:] == shape else None)
            elif len(shape) > 1 and shape[-2].is_one:
                open_(lambda s: times(fill((s[-2], shape[-2])), right.expr) if s[-1:] == shape[-1:] else None)
        else:
            fill, shape = right.fill, left.shape
            assert fill is not None
            if not shape:
                open_(lambda s: times(left.expr, fill(s), "*"), right.row)
            elif right.expr == MATRIX and len(shape) > 1:
                open_(lambda s: _wide(left, fill, s, node))
            elif isinstance(right.expr, ast.Unsized) and right.expr.function == "eye":
                settled(left, filled(right, (shape[-1], shape[-1])))
            elif right.row and len(shape) == 1 and not left.row:
                open_(lambda s: _outer(left.expr, fill(s[1:]), node) if s[:1] == shape and len(s) == 2 else None)
            elif right.row and len(shape) > 1 and shape[-1].is_one:
                open_(lambda s: _wide(left, fill, s, node))
            elif not right.row and not shape[-1].is_one:
                settled(left, filled(right, shape[-1:]))
                if len(shape) > 1:
                    settled(left, filled(right, (shape[-1], Dim.of(1))), 1)
        if not found:
            raise _unsettled(left if left.type is None else right)
        return found


def _wide(left: Reading, fill: Callable[[Shape], ast.Expr | None], s: Shape, node: ast.Expr) -> ast.Expr | None:
    """A matrix times ones of as many columns as are needed."""
    if s[:-1] != left.shape[:-1] or (left.shape[-1].is_one and not s[-1].is_one and left.shape[-2:-1] == s[-1:]):
        return None
    inner = fill((left.shape[-1], s[-1]))
    return None if inner is None else ast.Binary("@", left.expr, inner, span=node.span)


def _matrix(shape: Shape, node: ast.Expr) -> ast.Expr | None:
    return ones(shape, node) if len(shape) == 2 and not all(d.is_one for d in shape) else None


def _outer(left: ast.Expr | None, right: ast.Expr | None, node: ast.Expr) -> ast.Expr | None:
    return None if left is None or right is None else ast.Call("outer", (left, right), span=node.span)


def _both(
    make: Callable[[ast.Expr, ast.Expr], ast.Expr],
    one: Callable[[Shape], ast.Expr | None],
    two: Callable[[Shape], ast.Expr | None],
) -> Callable[[Shape], ast.Expr | None]:
    def fill(shape: Shape) -> ast.Expr | None:
        a, b = one(shape), two(shape)
        return None if a is None or b is None else make(a, b)

    return fill


def filled(reading: Reading, shape: Shape) -> Reading:
    """A reading without a shape in a shape. Raises ShapeMismatch where it cannot have that."""
    if reading.type is not None:
        return reading
    assert reading.fill is not None
    expr = reading.fill(shape)
    if expr is None:
        raise ShapeMismatch(f"this cannot have the shape {show(shape)}", reading.expr, shape)
    return Reading(expr, Type(shape), reading.row, reading.cost, reading.remarks, reading.key)


def _unsettled(reading: Reading) -> UserError:
    return UserError(
        Problem(
            "nothing here says which shape this has",
            reading.expr.span,
            help=r"write the shape below it: `\mathbf 1_n`, `\mathbf 1_{n\times m}`, `I_n`",
        )
    )


def unsettled(reading: Reading) -> UserError:
    """The error for an array without a shape."""
    return _unsettled(reading)


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
