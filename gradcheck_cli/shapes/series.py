r"""Sums as they are printed: the index that the body names, the bounds, the condition below the sign."""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction

from gradcheck_cli.lang import ast
from gradcheck_cli.shapes import static
from gradcheck_cli.shapes.dims import Dim
from gradcheck_cli.shapes.infer import Scope
from gradcheck_cli.shapes.readings import static_form
from gradcheck_cli.shapes.typed import Index
from gradcheck_cli.text import Problem, UserError

_ONE = ast.Number(Fraction(1))
_NEUTRAL = {"sum": ast.Number(Fraction(0)), "prod": _ONE}


def found_indices(body: ast.Expr, scope: Scope) -> tuple[ast.Name, ...]:
    """The indices of a body that are neither declared nor bound already."""
    inner = {n.id for s in ast.walk(body) if isinstance(s, (ast.Series, ast.Over)) for n in s.indices}
    nested: set[int] = set()
    found: dict[str, ast.Name] = {}
    for node in ast.walk(body):
        if isinstance(node, ast.Series) and not node.indices:
            nested.update(id(n) for n in ast.walk(node))
        if not isinstance(node, ast.Subscript) or id(node) in nested:
            continue
        for item in node.items:
            for name in ast.walk(item):
                if isinstance(name, ast.Name) and not (
                    name.id in scope.bound or name.id in inner or scope.knows(name.id)
                ):
                    found.setdefault(name.id, name)
    return tuple(found.values())


def body_of(
    node: ast.Series, names: tuple[ast.Name, ...], indices: tuple[Index, ...], body: ast.Expr, scope: Scope
) -> ast.Expr:
    """The body, set to 0 (or 1 in a product) outside of the bounds."""
    condition = None if node.condition is None else static_form(node.condition)
    if node.low is not None or node.high is not None:
        _refuse_counting(node, names[-1], body)
        limits = _bounds(node, names[-1], indices[-1].dim, scope)
        if limits is not None:
            condition = limits if condition is None else ast.Binary("*", condition, limits, span=node.span)
    if condition is None:
        return body
    neutral = _NEUTRAL.get(node.function)
    if neutral is None:
        raise UserError(
            Problem(
                f"`{node.function}` takes no condition",
                node.span,
                help="conditions stand below sums and products",
            )
        )
    return ast.Call("where", (condition, body, neutral), span=node.span)


def _bounds(node: ast.Series, name: ast.Name, dim: Dim | None, scope: Scope) -> ast.Expr | None:
    """The condition that the bounds set on the position, from 0; None if they are the whole range."""
    low = static_form(node.low or _ONE)
    zero_based = low == ast.Number(Fraction(0))
    if node.high is None:
        if low not in {_ONE, ast.Number(Fraction(0))}:
            raise _raised(node, low)
        return None
    above = static_form(node.high)
    high = static.as_dim(above, scope.dims) if static.is_dim(above, scope.dims) else None
    last = None if high is None else high + Dim.of(1) if zero_based else high
    if last is not None and last == dim and (zero_based or low == _ONE):
        return None
    if not zero_based and low != _ONE:
        raise _raised(node, low)
    if high is not None:
        return ast.Binary("<=" if zero_based else "<", name, above, span=node.span)
    # a number worked out from the data, such as a count: half a step away from rounding
    half = ast.Number(Fraction(1, 2), span=above.span)
    above = ast.Binary("+" if zero_based else "-", above, half, span=above.span)
    return ast.Binary("<", name, above, span=node.span)


def _raised(node: ast.Series, low: ast.Expr) -> UserError:
    return UserError(
        Problem(
            "a sum begins at 0 or 1 here", low.span or node.span, help=r"write a condition: `\sum_{i > 2}`"
        )
    )


def _refuse_counting(node: ast.Series, name: ast.Name, body: ast.Expr) -> None:
    """With bounds, `i` as a number counts from 1; positions count from 0: not to be mixed up."""
    inside = {
        id(n)
        for s in ast.walk(body)
        if isinstance(s, ast.Subscript)
        for item in s.items
        for n in ast.walk(item)
    }
    for n in ast.walk(body):
        if isinstance(n, ast.Name) and n.id == name.id and id(n) not in inside and node.low == _ONE:
            raise UserError(
                Problem(
                    f"the index `{name.id}` is used as a number",
                    n.span,
                    help="it counts from 1 in the formula and from 0 here: give the numbers as an input",
                )
            )


def lifted(expr: ast.Expr, bound: Collection[str]) -> tuple[ast.Expr, tuple[ast.Expr, ...]]:
    """`d(e^{x_i})` is `d(e^x)_i`: the expression without a free index, and the index.

    Nothing changes where different indices stand inside.
    """
    subscripts = [
        n
        for n in ast.walk(expr)
        if isinstance(n, ast.Subscript) and any(isinstance(i, ast.Name) and i.id in bound for i in n.items)
    ]
    if not subscripts or any(s.items != subscripts[0].items for s in subscripts):
        return expr, ()
    return _without(expr, subscripts[0].items), subscripts[0].items


def _without(node: ast.Expr, items: tuple[ast.Expr, ...]) -> ast.Expr:
    match node:
        case ast.Subscript(operand, own) if own == items:
            return operand
        case ast.Binary(op, left, right):
            return ast.Binary(op, _without(left, items), _without(right, items), span=node.span)
        case ast.Negative(operand):
            return ast.Negative(_without(operand, items), span=node.span)
        case ast.Call(function, args, keywords):
            return ast.Call(function, tuple(_without(a, items) for a in args), keywords, span=node.span)
        case ast.Juxtapose(factors, signs):
            changed = tuple("odot" if s in {"", "cdot"} else s for s in signs)
            return ast.Juxtapose(tuple(_without(f, items) for f in factors), changed, span=node.span)
    return node
