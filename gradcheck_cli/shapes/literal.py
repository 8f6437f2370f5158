"""The plain tree of a formula whose shapes do not fit: read sign by sign, where no reading makes sense.

It is not judged; a repair starts from it. What fits in itself is read as
usual, and a product that does not fit is the matrix product.
"""

from __future__ import annotations

from dataclasses import fields, replace

from gradcheck_cli.lang import ast
from gradcheck_cli.shapes.infer import Scope
from gradcheck_cli.shapes.mismatch import ShapeMismatch
from gradcheck_cli.shapes.resolve import is_loose, resolve_expression
from gradcheck_cli.text import UserError

_SIGNS = {"odot": "*", "oslash": "/"}


def literal_sides(
    sides: tuple[ast.Expr, ...], scope: Scope, vectors: str = "column"
) -> tuple[ast.Expr, ...] | None:
    """The sides of an equation in plain form; None where a part has none, such as a matrix of symbols.

    Indices that stand free on the first side are free in all.
    """
    found: list[ast.Expr] = []
    for side in sides:
        plain = _literal(side, scope, vectors)
        if plain is None:
            return None
        found.append(plain)
        _rank(plain, scope)  # binds the indices of the first side
        scope.invents = False
    return tuple(found)


def _literal(expr: ast.Expr, scope: Scope, vectors: str) -> ast.Expr | None:
    if not is_loose(expr):
        return expr
    try:
        (found,) = resolve_expression(expr, scope, vectors).sides
        if not isinstance(found, ShapeMismatch):
            return found
    except UserError:
        pass
    match expr:
        case ast.Juxtapose(items, signs):
            return _product([_literal(i, scope, vectors) for i in items], signs, scope, expr)
        case ast.Either((first, *_)):
            return _literal(first, scope, vectors)
        case ast.Noted(operand, _):
            return _literal(operand, scope, vectors)
        case ast.Unsized() | ast.Series() | ast.Blocks():
            return None
        case ast.Transpose(operand, "top"):
            inner = _literal(operand, scope, vectors)
            rank = None if inner is None else _rank(inner, scope)
            if inner is None or (rank is not None and rank < 2):
                return inner
            return ast.Transpose(inner, "T" if rank in {None, 2} else "mT", span=expr.span)
        case ast.Binary("^", base, exponent):
            return _rebuilt(ast.Binary("**", base, exponent, span=expr.span), scope, vectors)
    return _rebuilt(expr, scope, vectors)


def _product(
    parts: list[ast.Expr | None], signs: tuple[str, ...], scope: Scope, node: ast.Node
) -> ast.Expr | None:
    found = parts[0]
    for part, sign in zip(parts[1:], signs, strict=True):
        if found is None or part is None:
            return None
        scalar = 0 in (_rank(found, scope), _rank(part, scope))
        op = _SIGNS.get(sign, "*" if scalar else "@")
        span = found.span.to(part.span) if found.span and part.span else node.span
        found = ast.Binary(op, found, part, span=span)
    return found


def _rebuilt(expr: ast.Expr, scope: Scope, vectors: str) -> ast.Expr | None:
    """The node with its parts in plain form."""
    changed: dict[str, object] = {}
    for f in fields(expr):
        value = getattr(expr, f.name)
        if f.name == "span" or not isinstance(value, (ast.Node, tuple)):
            continue
        parts = value if isinstance(value, tuple) else (value,)
        plain = [_literal(p, scope, vectors) if isinstance(p, ast.Node) else p for p in parts]  # type: ignore[arg-type]
        if any(p is None for p in plain):
            return None
        changed[f.name] = tuple(plain) if isinstance(value, tuple) else plain[0]
    return replace(expr, **changed)  # type: ignore[arg-type]


def _rank(expr: ast.Expr, scope: Scope) -> int | None:
    try:
        return scope.infer(expr).type.rank
    except UserError:
        return None
