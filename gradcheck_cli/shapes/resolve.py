"""Settles what LaTeX leaves to the shapes: a loose tree in, the plain tree that plain text would give out.

Every part has a few readings with a cost each; the sides of an equation decide
together which shape is meant. Two readings of the same cost with different
values are an error that lists them, never a guess.
"""

from __future__ import annotations

from dataclasses import dataclass

from gradcheck_cli.lang import ast
from gradcheck_cli.lang.printer import to_plain
from gradcheck_cli.shapes.dims import Shape, show
from gradcheck_cli.shapes.infer import Scope
from gradcheck_cli.shapes.meanings import Meanings
from gradcheck_cli.shapes.mismatch import ShapeMismatch
from gradcheck_cli.shapes.readings import Reading
from gradcheck_cli.shapes.unsized import filled, unsettled
from gradcheck_cli.text import Problem, UserError

_LOOSE = (ast.Juxtapose, ast.Either, ast.Unsized, ast.Series, ast.Blocks, ast.Noted)
_MISSING = 100
"""What it costs a shape that one side has no reading of it."""


@dataclass(frozen=True, eq=False)
class Resolved:
    """The sides in plain form, each a tree or the reason why there is none; and how they were read."""

    sides: tuple[ast.Expr | ShapeMismatch, ...]
    remarks: tuple[str, ...] = ()


def is_loose(node: ast.Node) -> bool:
    """Whether anything in a tree is still open."""
    for n in ast.walk(node):
        if isinstance(n, _LOOSE):
            return True
        if (isinstance(n, ast.Binary) and n.op == "^") or (isinstance(n, ast.Transpose) and n.kind == "top"):
            return True
    return False


def resolve_expression(expr: ast.Expr, scope: Scope, vectors: str = "column") -> Resolved:
    """One expression. Raises UserError where it means nothing, several things, or does not fit."""
    if not is_loose(expr):
        return Resolved((expr,))
    found = _only(Meanings(scope, vectors).readings(expr), expr)
    if found.type is None:
        raise unsettled(found)
    return Resolved((_plain(found.expr),), found.remarks)


def resolve_equation(sides: tuple[ast.Expr, ...], scope: Scope, vectors: str = "column") -> Resolved:
    """All sides of a chain; indices that stand free on the first one are free in all."""
    if not any(is_loose(side) for side in sides):
        return Resolved(sides)
    meanings = Meanings(scope, vectors)
    found: list[list[Reading] | ShapeMismatch] = []
    for number, side in enumerate(sides):
        try:
            found.append(meanings.readings(side))
        except ShapeMismatch as mismatch:
            found.append(mismatch)
        if not number:
            scope.invents = False
    shape = _common(found, sides)
    chosen: list[ast.Expr | ShapeMismatch] = []
    remarks: list[str] = []
    row: bool | None = None
    for side, readings in zip(sides, found, strict=True):
        if isinstance(readings, ShapeMismatch):
            chosen.append(readings)
            continue
        try:
            reading = _chosen(readings, shape, side)
        except ShapeMismatch as mismatch:
            chosen.append(mismatch)
            continue
        chosen.append(_plain(reading.expr))
        remarks += [r for r in reading.remarks if r not in remarks]
        if reading.type is not None and reading.rank == 1:
            if row is not None and row != reading.row:
                turned = "one side is a row and another a column; read as the same vector"
                remarks += [turned] if turned not in remarks else []
            row = reading.row
    return Resolved(tuple(chosen), tuple(remarks))


def _plain(expr: ast.Expr) -> ast.Expr:
    """The tree, which is plain by now. Raises UserError for a part that no rule has settled."""
    if is_loose(expr):
        raise UserError(
            Problem(
                "this formula has a part that cannot be read here", expr.span, help="name it under `where:`"
            )
        )
    return expr


def _common(found: list[list[Reading] | ShapeMismatch], sides: tuple[ast.Expr, ...]) -> Shape | None:
    """The shape that all sides can have at the least cost."""
    options: dict[Shape, int] = {}
    for readings in found:
        if isinstance(readings, list):
            for reading in readings:
                if reading.type is not None:
                    options.setdefault(reading.shape, 0)
    for shape in options:
        for side, readings in zip(sides, found, strict=True):
            if isinstance(readings, list):
                options[shape] += min((r.cost for r in readings if _fits(r, shape, side)), default=_MISSING)
    if not options:
        return None
    ordered = sorted(options.items(), key=lambda option: option[1])
    if len(ordered) > 1 and ordered[0][1] == ordered[1][1] < _MISSING:
        one, two = ordered[0][0], ordered[1][0]
        raise UserError(
            Problem(
                f"this formula can be read with the shape {show(one)} and with the shape {show(two)}",
                sides[0].span,
                help=_ways(
                    [_chosen(r, s, sides[0]) for s in (one, two) for r in found if isinstance(r, list)]
                ),
            )
        )
    return ordered[0][0]


def _fits(reading: Reading, shape: Shape, side: ast.Expr) -> bool:
    if reading.type is None:
        assert reading.fill is not None
        return reading.fill(shape) is not None
    bare = side.operand if isinstance(side, ast.Negative) else side
    return reading.shape == shape or (isinstance(bare, ast.Number) and not reading.rank)


def _chosen(readings: list[Reading], shape: Shape | None, side: ast.Expr) -> Reading:
    """The reading of a side in the common shape, or its best one where it has none."""
    fitting = [r for r in readings if shape is not None and _fits(r, shape, side)]
    if not fitting:
        reading = _only(readings, side, strict=False)
        if reading.type is None:
            if shape is None:
                raise unsettled(reading, side)
            raise ShapeMismatch(f"no array of ones gives this the shape {show(shape)}", side, shape)
        return reading
    reading = _only(fitting, side)
    if reading.type is None:
        assert shape is not None
        return filled(reading, shape)
    return reading


def _only(readings: list[Reading], side: ast.Expr, *, strict: bool = True) -> Reading:
    """The cheapest reading. Raises UserError if a different one is as cheap."""
    first = min(readings, key=lambda r: r.cost)
    rivals = [r for r in readings if r.cost == first.cost and r.key != first.key]
    if rivals and strict:
        raise UserError(
            Problem(
                f"this formula can be read in {len(rivals) + 1} ways",
                side.span,
                help=_ways([first, *rivals]),
            )
        )
    return first


def _ways(readings: list[Reading]) -> str:
    ways = list(dict.fromkeys(f"`{to_plain(r.expr)}`" for r in readings if r.type is not None))
    advice = r"`x^\top y` is the inner product, `\odot` and `^{\odot 2}` are elementwise, brackets group"
    return f"it may mean {' or '.join(ways[:4])}: {advice}"
