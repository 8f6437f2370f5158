"""What a printed part may mean: each reading with its shape, its cost, and a key that tells equal values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from gradcheck_cli.lang import ast
from gradcheck_cli.lang.plain import parse_expression
from gradcheck_cli.shapes.dims import Dim, Shape
from gradcheck_cli.shapes.typed import Type
from gradcheck_cli.text import Text

MAX_READINGS = 8
"""How many readings of one part are followed up."""

ELEMENTWISE = 2
"""What it costs to read a product of arrays element by element where no matrix product fits."""

BROADCAST = 4
"""What it costs to combine two arrays of different shapes by NumPy's broadcasting."""

TURNED = 3
"""What it costs to take a row for a column."""


@dataclass(frozen=True, eq=False, slots=True)
class Reading:
    """One meaning of a part.

    An array without a shape of its own (`type` is None) is made by `fill` for
    the shape that fits. A vector is a 1-D array; `row` says that it lies.
    """

    expr: ast.Expr
    type: Type | None
    row: bool = False
    cost: int = 0
    remarks: tuple[str, ...] = ()
    key: int = 0
    fill: Callable[[Shape], ast.Expr | None] | None = None

    @property
    def shape(self) -> Shape:
        """The shape; only for readings that have one."""
        assert self.type is not None
        return self.type.shape

    @property
    def rank(self) -> int:
        """How many axes it has."""
        return len(self.shape)

    def noted(self, remark: str) -> Reading:
        """The same with a remark."""
        return self if remark in self.remarks else replace(self, remarks=(*self.remarks, remark))


@dataclass
class Keys:
    """Equal values, as far as associativity and scalar factors go, get equal numbers."""

    numbers: dict[object, int] = field(default_factory=dict)
    factors: dict[int, tuple[str, tuple[int, ...]]] = field(default_factory=dict)
    """For a product of arrays its sign and its factors, without the scalars among them."""
    scalars: dict[int, tuple[int, ...]] = field(default_factory=dict)

    def of(self, *parts: object) -> int:
        """The number of a combination."""
        return self.numbers.setdefault(parts, len(self.numbers) + 1)

    def product(self, op: str, left: int, right: int) -> int:
        """A product of arrays, flat: `(A B) C` is `A (B C)`, and elementwise factors may change places."""
        scalars = (*self.scalars.get(left, ()), *self.scalars.get(right, ()))
        core = (*self._flat(op, left), *self._flat(op, right))
        return self._made(op, tuple(sorted(core)) if op == "*" else core, scalars)

    def scaled(self, scalar: int, array: int) -> int:
        """A scalar times an array: scalars commute with everything."""
        op, core = self.factors.get(array, ("", (array,)))
        return self._made(op, core, (*self.scalars.get(array, ()), scalar))

    def _flat(self, op: str, key: int) -> tuple[int, ...]:
        own, core = self.factors.get(key, ("", (key,)))
        return core if own in {op, ""} else (self._made(own, core, ()),)

    def _made(self, op: str, core: tuple[int, ...], scalars: tuple[int, ...]) -> int:
        """The number of a flat product times some scalars."""
        op = op if len(core) > 1 else ""
        scalars = tuple(sorted(scalars))
        key = self.of(op, core, scalars) if op or scalars else core[0]
        if op or scalars:
            self.factors[key] = (op, core)
            self.scalars[key] = scalars
        return key


def best(readings: list[Reading]) -> list[Reading]:
    """The cheapest reading of each value and shape, cheapest first, a bounded number of them."""
    kept: dict[object, Reading] = {}
    for reading in sorted(readings, key=lambda r: r.cost):
        shape = reading.type.shape if reading.type is not None else None
        kept.setdefault((reading.key, shape, reading.row), reading)
    return list(kept.values())[:MAX_READINGS]


def ones(shape: Shape, like: ast.Node) -> ast.Expr | None:
    """`ones(…)` in a shape; None where an axis of size 1 would be meant."""
    return ast.Call("ones", tuple(as_expr(d, like) for d in shape), span=like.span)


def eye(shape: Shape, like: ast.Node) -> ast.Expr | None:
    """`eye(n)`, if the shape is square."""
    if len(shape) != 2 or shape[0] != shape[1]:
        return None
    return ast.Call("eye", (as_expr(shape[0], like),), span=like.span)


def as_expr(dim: Dim, like: ast.Node) -> ast.Expr:
    """A dimension as an expression."""
    text = str(dim)
    if text.isidentifier():
        return ast.Name(text, span=like.span)
    return parse_expression(Text.whole("shape", text))


def static_form(expr: ast.Expr) -> ast.Expr:
    """A dimension or axis in plain form: `2 r` is `2 * r`."""
    match expr:
        case ast.Juxtapose(items, _):
            found = static_form(items[0])
            for item in items[1:]:
                found = ast.Binary("*", found, static_form(item), span=expr.span)
            return found
        case ast.Binary(op, left, right):
            return ast.Binary(
                "**" if op == "^" else op, static_form(left), static_form(right), span=expr.span
            )
        case ast.Negative(operand):
            return ast.Negative(static_form(operand), span=expr.span)
        case ast.Tuple(items):
            return ast.Tuple(tuple(map(static_form, items)), span=expr.span)
        case ast.Slice(start, stop, step):
            parts = [None if p is None else static_form(p) for p in (start, stop, step)]
            return ast.Slice(parts[0], parts[1], parts[2], span=expr.span)
        case ast.Subscript(operand, own):
            return ast.Subscript(static_form(operand), tuple(map(static_form, own)), span=expr.span)
        case ast.Noted(operand, _):
            return static_form(operand)
    return expr
