"""Arguments that are known before anything runs: axes, shapes, dimensions, flags."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from gradcheck_cli.lang import ast
from gradcheck_cli.shapes.dims import Dim, DimError, Shape, show
from gradcheck_cli.text import Problem, UserError, nearest


def as_dim(expr: ast.Expr, dims: Mapping[str, Dim]) -> Dim:
    """The dimension that an expression means. Raises UserError where it means none."""
    try:
        return _dim(expr, dims)
    except (DimError, ZeroDivisionError) as error:
        raise UserError(Problem(f"not a dimension: {error}", expr.span)) from None


def _dim(expr: ast.Expr, dims: Mapping[str, Dim]) -> Dim:
    match expr:
        case ast.Number(value):
            return Dim.of(value)
        case ast.Name(id):
            if id not in dims:
                other = nearest(id, dims)
                raise UserError(
                    Problem(
                        f"`{id}` is not a dimension",
                        expr.span,
                        help=f"did you mean `{other}`?"
                        if other
                        else "dimensions are declared by the shapes of inputs",
                    )
                )
            return dims[id]
        case ast.Negative(operand):
            return -_dim(operand, dims)
        case ast.Binary("**", left, ast.Number(value)) if value.denominator == 1:
            return _dim(left, dims) ** int(value)
        case ast.Binary("+" | "-" | "*" | "/" as op, left, right):
            a, b = _dim(left, dims), _dim(right, dims)
            return a + b if op == "+" else a - b if op == "-" else a * b if op == "*" else a / b
    raise UserError(
        Problem(
            "this is not a dimension",
            expr.span,
            help="dimensions are whole numbers, names of sizes, and their sums, products and quotients",
        )
    )


def is_dim(expr: ast.Expr, dims: Mapping[str, Dim]) -> bool:
    """Whether an expression is made of dimensions and numbers only."""
    return all(
        isinstance(n, (ast.Number, ast.Negative, ast.Binary)) or (isinstance(n, ast.Name) and n.id in dims)
        for n in ast.walk(expr)
    )


def as_int(expr: ast.Expr) -> int:
    """A literal whole number."""
    sign = 1
    inner = expr
    while isinstance(inner, ast.Negative):
        sign, inner = -sign, inner.operand
    if isinstance(inner, ast.Number) and inner.value.denominator == 1 and inner.value < 10**9:
        return sign * int(inner.value)
    raise UserError(Problem("a whole number is expected here", expr.span))


def as_number(expr: ast.Expr) -> Fraction:
    """A literal number."""
    if isinstance(expr, ast.Negative):
        return -as_number(expr.operand)
    if isinstance(expr, ast.Number):
        return expr.value
    if isinstance(expr, ast.Boolean):
        return Fraction(int(expr.value))
    raise UserError(Problem("a number is expected here", expr.span))


def as_flag(expr: ast.Expr) -> bool:
    """`True` or `False`."""
    if isinstance(expr, ast.Boolean):
        return expr.value
    raise UserError(Problem("`True` or `False` is expected here", expr.span))


def as_axis(expr: ast.Expr, shape: Shape) -> int:
    """An axis of a shape, as a negative number."""
    axis = as_int(expr)
    rank = len(shape)
    if not -rank <= axis < rank:
        raise UserError(
            Problem(
                f"axis {axis} is out of range: the array has the shape {show(shape)}",
                expr.span,
                help=f"its axes are {', '.join(map(str, range(-rank, 0)))}"
                if rank
                else "a scalar has no axes",
            )
        )
    return axis if axis < 0 else axis - rank


def as_axes(expr: ast.Expr | None, shape: Shape) -> tuple[int, ...]:
    """One axis, several, or all of them (None), as negative numbers."""
    if expr is None or isinstance(expr, ast.Absent):
        return tuple(range(-len(shape), 0))
    if isinstance(expr, ast.Tuple):
        axes = tuple(as_axis(item, shape) for item in expr.items)
        if len(set(axes)) < len(axes):
            raise UserError(Problem("an axis is named twice", expr.span))
        return axes
    return (as_axis(expr, shape),)
