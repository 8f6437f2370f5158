r"""Arrays printed without a shape, `\mathbf 1` and `I`: what their neighbours leave them to be."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TypeAlias

from gradcheck_cli.lang import ast
from gradcheck_cli.shapes.dims import Dim, Shape, show
from gradcheck_cli.shapes.mismatch import ShapeMismatch
from gradcheck_cli.shapes.readings import Reading, ones
from gradcheck_cli.shapes.typed import Type
from gradcheck_cli.text import Problem, UserError

Fill: TypeAlias = Callable[[Shape], ast.Expr | None]
Multiply: TypeAlias = Callable[[Reading, Reading], list[Reading]]

MATRIX = ast.Unsized("matrix")
"""What `\\mathbf 1\\mathbf 1^\\top` gives: a matrix of ones of any shape."""

_EYE = ast.Unsized("eye")


def filled(reading: Reading, shape: Shape) -> Reading:
    """A reading without a shape in a shape. Raises ShapeMismatch where it cannot have that."""
    if reading.type is not None:
        return reading
    expr = _filler(reading)(shape) if shape else _scalar(reading)
    if expr is None:
        what = "no identity matrix" if reading.expr == _EYE else "no array of ones"
        raise ShapeMismatch(f"{what} gives this the shape {show(shape)}", reading.expr, shape)
    return Reading(expr, Type(shape), reading.row, reading.cost, reading.remarks, reading.key)


def unsettled(reading: Reading, node: ast.Expr | None = None) -> UserError:
    """The error for an array whose shape nothing settles."""
    return UserError(
        Problem(
            "nothing here says which shape this has",
            reading.expr.span or (node.span if node else None),
            help=r"write the shape below it: `\mathbf 1_n`, `\mathbf 1_{n\times m}`, `I_n`",
        )
    )


def _scalar(reading: Reading) -> ast.Expr | None:
    r"""`\mathbf 1` beside a scalar is the number 1."""
    return ast.Number(Fraction(1), span=reading.expr.span) if reading.expr == ast.Unsized("ones") else None


def _filler(reading: Reading) -> Fill:
    assert reading.fill is not None
    return reading.fill


def both(left: Reading, right: Reading, make: Callable[[ast.Expr, ast.Expr], ast.Expr]) -> Fill:
    """Two arrays without a shape, joined element by element."""
    one, two = _filler(left), _filler(right)

    def fill(shape: Shape) -> ast.Expr | None:
        a, b = one(shape), two(shape)
        return None if a is None or b is None else make(a, b)

    return fill


def product(left: Reading, right: Reading, node: ast.Expr, key: int, multiply: Multiply) -> list[Reading]:
    """The readings of a product with an array without a shape. Raises UserError if there is none."""
    neighbours = _Neighbours(left, right, node, key, multiply)
    if left.type is None and right.type is None:
        neighbours.two()
    elif left.type is None:
        neighbours.before(right.shape)
    else:
        neighbours.behind(left.shape)
    if not neighbours.found:
        raise unsettled(left if left.type is None else right, node)
    return neighbours.found


class _Neighbours:
    """Two factors, one of them without a shape, and the readings found for them."""

    def __init__(self, left: Reading, right: Reading, node: ast.Expr, key: int, multiply: Multiply) -> None:
        self.left, self.right, self.node, self.key, self.multiply = left, right, node, key, multiply
        self.found: list[Reading] = []

    def open(self, fill: Fill, row: bool = False, expr: ast.Expr | None = None) -> None:
        """A result that has no shape yet either."""
        cost = self.left.cost + self.right.cost
        remarks = tuple(dict.fromkeys((*self.left.remarks, *self.right.remarks)))
        self.found.append(Reading(expr or self.node, None, row, cost, remarks, self.key, fill))

    def settled(self, left: Reading, right: Reading, extra: int = 0) -> None:
        """A result with a shape."""
        for r in self.multiply(left, right):
            self.found.append(Reading(r.expr, r.type, r.row, r.cost + extra, r.remarks, r.key))

    def joined(self, op: str, left: ast.Expr | None, right: ast.Expr | None) -> ast.Expr | None:
        return None if left is None or right is None else ast.Binary(op, left, right, span=self.node.span)

    def outer(self, left: ast.Expr | None, right: ast.Expr | None) -> ast.Expr | None:
        return (
            None if left is None or right is None else ast.Call("outer", (left, right), span=self.node.span)
        )

    def two(self) -> None:
        """`\\mathbf 1 \\mathbf 1^\\top`."""
        if not self.left.row and self.right.row:
            span = self.node.span
            self.open(lambda s: _matrix(s, self.node), expr=ast.Unsized(MATRIX.function, span=span))

    def before(self, shape: Shape) -> None:
        """`\\mathbf 1` or `I` on the left of an array of a shape."""
        left, right, fill = self.left, self.right, _filler(self.left)
        if not shape:
            self.open(lambda s: self.joined("*", fill(s), right.expr), left.row)
            return
        rows = shape[-2] if len(shape) > 1 else shape[-1]
        if left.expr == MATRIX:
            if len(shape) > 1:
                self.open(
                    lambda s: (
                        self.joined("@", _rows(fill, s, rows), right.expr) if s[-1:] == shape[-1:] else None
                    )
                )
        elif left.expr == _EYE:
            self.settled(filled(left, (rows, rows)), right)
        elif left.row:
            self.settled(filled(left, (rows,)), right)
        elif len(shape) == 1 and right.row:
            self.open(lambda s: self.outer(fill(s[:1]), right.expr) if s[1:] == shape else None)
        elif len(shape) > 1 and rows.is_one:
            self.open(
                lambda s: self.joined("@", _rows(fill, s, rows), right.expr) if s[-1:] == shape[-1:] else None
            )

    def behind(self, shape: Shape) -> None:
        """`\\mathbf 1` or `I` on the right of an array of a shape."""
        left, right, fill = self.left, self.right, _filler(self.right)
        if not shape:
            self.open(lambda s: self.joined("*", left.expr, fill(s)), right.row)
            return
        columns, vector = shape[-1], len(shape) == 1
        if right.expr == _EYE:
            self.settled(left, filled(right, (columns, columns)))
        elif not vector and (right.expr == MATRIX or (right.row and columns.is_one)):
            self.open(self.wide)
        elif right.row and vector and not left.row:
            self.open(
                lambda s: self.outer(left.expr, fill(s[1:])) if s[:1] == shape and len(s) == 2 else None
            )
        elif not right.row and not columns.is_one:
            self.settled(left, filled(right, shape[-1:]))
            if not vector:
                self.settled(left, filled(right, (columns, Dim.of(1))), 1)

    def wide(self, s: Shape) -> ast.Expr | None:
        """A matrix times ones of as many columns as are needed, unless every axis in between has size 1."""
        shape = self.left.shape
        if s[:-1] != shape[:-1] or (shape[-1].is_one and s[-1].is_one):
            return None
        return self.joined("@", self.left.expr, _filler(self.right)((shape[-1], s[-1])))


def _rows(fill: Fill, s: Shape, columns: Dim) -> ast.Expr | None:
    return fill((s[-2], columns)) if len(s) > 1 else None


def _matrix(shape: Shape, node: ast.Expr) -> ast.Expr | None:
    return ones(shape, node) if len(shape) == 2 and not all(d.is_one for d in shape) else None
