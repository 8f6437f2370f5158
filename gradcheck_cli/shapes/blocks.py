r"""Matrices of symbols: `\begin{pmatrix} A & B \\ 0 & I \end{pmatrix}`, joined from their parts by shape.

Scalars make a vector or matrix of numbers, vectors one under another a longer
vector, anything else a block matrix; `0`, `\mathbf 1` and `I` take the shape of
their row and column.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from gradcheck_cli.lang import ast
from gradcheck_cli.shapes.dims import Dim, Shape
from gradcheck_cli.shapes.mismatch import ShapeMismatch
from gradcheck_cli.shapes.readings import Reading, ones
from gradcheck_cli.shapes.unsized import unsettled


def joined(rows: Sequence[Sequence[Reading]], node: ast.Expr) -> ast.Expr:
    """The plain expression of a matrix. Raises UserError, ShapeMismatch where its parts do not fit."""
    cells = [cell for row in rows for cell in row]
    line = len(rows) == 1 or len(rows[0]) == 1
    if all(cell.type is not None and not cell.rank for cell in cells):
        if line:
            return _call("stack", [c.expr for c in cells], node)
        return _call("stack", [_call("stack", [c.expr for c in row], node) for row in rows], node)
    if line and all(c.type is not None and c.rank == 1 and c.row == (len(rows) == 1) for c in cells):
        return _call("concatenate", [c.expr for c in cells], node)
    heights, widths = _sizes(rows, node)
    lines = [
        _along(1, [_block(cell, (h, w), node) for cell, w in zip(row, widths, strict=True)], node)
        for row, h in zip(rows, heights, strict=True)
    ]
    return _along(0, lines, node)


def _sizes(rows: Sequence[Sequence[Reading]], node: ast.Expr) -> tuple[list[Dim], list[Dim]]:
    """The heights of the rows and the widths of the columns, as far as `I`, which is square, settles them."""
    heights = [_size(row, 0) for row in rows]
    widths = [_size([row[j] for row in rows], 1) for j in range(len(rows[0]))]
    for i, row in enumerate(rows):
        for j, cell in enumerate(row):
            if isinstance(cell.expr, ast.Unsized) and cell.expr.function == "eye":
                heights[i] = heights[i] or widths[j]
                widths[j] = widths[j] or heights[i]
    for i, row in enumerate(rows):
        for j, cell in enumerate(row):
            if cell.type is None and (heights[i] is None or widths[j] is None):
                raise unsettled(cell, node)
    one = Dim.of(1)
    return [h or one for h in heights], [w or one for w in widths]


def _size(cells: Sequence[Reading], axis: int) -> Dim | None:
    """The height of a row, or the width of a column: that of the first part that has one."""
    for cell in cells:
        shape = _shape(cell)
        if shape is not None and cell.rank:
            return shape[axis]
    return None


def _shape(cell: Reading) -> Shape | None:
    """As a matrix: a vector is one column, or one row."""
    if cell.type is None:
        return None
    one = Dim.of(1)
    if cell.rank == 1:
        return (one, *cell.shape) if cell.row else (*cell.shape, one)
    return cell.shape if cell.rank else (one, one)


def _block(cell: Reading, shape: Shape, node: ast.Expr) -> ast.Expr:
    """One part as a matrix of a shape."""
    if cell.type is None:
        fill: Callable[[Shape], ast.Expr | None] | None = cell.fill
        found = fill(shape) if fill is not None else None
        if found is None:
            raise ShapeMismatch("this part does not fit into its row and column", cell.expr, shape)
        return found
    if cell.rank == 1:
        everything = ast.Slice(None, None, None, span=cell.expr.span)
        new = ast.Absent(span=cell.expr.span)
        items = (new, everything) if cell.row else (everything, new)
        return ast.Subscript(cell.expr, items, span=cell.expr.span)
    if cell.rank:
        return cell.expr
    filled = ones(shape, node)
    if filled is None or cell.expr == ast.Number(Fraction(1)):
        return filled or cell.expr
    if cell.expr == ast.Number(Fraction(0)):
        return ast.Call("zeros", filled.args, span=cell.expr.span) if isinstance(filled, ast.Call) else filled
    if shape != (Dim.of(1), Dim.of(1)):
        raise ShapeMismatch("a scalar stands where a matrix is needed", cell.expr, shape)
    return ast.Binary("*", cell.expr, filled, span=cell.expr.span)


def _along(axis: int, parts: list[ast.Expr], node: ast.Expr) -> ast.Expr:
    if len(parts) == 1:
        return parts[0]
    keyword = ast.Keyword("axis", ast.Number(Fraction(axis), span=node.span), span=node.span)
    return ast.Call("concatenate", tuple(parts), (keyword,), span=node.span)


def _call(function: str, parts: list[ast.Expr], node: ast.Expr) -> ast.Expr:
    return ast.Call(function, tuple(parts), span=node.span)
