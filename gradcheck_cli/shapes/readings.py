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
    factors: dict[int, tuple[int, ...]] = field(default_factory=dict)
    """For a product its factors in order."""
    scalars: dict[int, tuple[int, ...]] = field(default_factory=dict)

    def of(self, *parts: object) -> int:
        """The number of a combination."""
        return self.numbers.setdefault(parts, len(self.numbers) + 1)

    def product(self, op: str, left: int, right: int) -> int:
        """A product of arrays, flat: `(A B) C` is `A (B C)`, and elementwise factors may change places."""
        scalars = (*self.scalars.get(left, ()), *self.scalars.get(right, ()))
        parts = (*self._flat(op, left), *self._flat(op, right))
        core = tuple(sorted(parts)) if op == "*" else parts
        key = self.of(op, core, tuple(sorted(scalars)))
        self.factors[key] = (self.of(op), *core)
        if scalars:
            self.scalars[key] = tuple(sorted(scalars))
        return key

    def _flat(self, op: str, key: int) -> tuple[int, ...]:
        factors = self.factors.get(key)
        if factors is not None and factors[0] == self.of(op):
            return factors[1:]
        return (self.of("bare", key),) if key in self.scalars else (key,)

    def scaled(self, scalar: int, array: int) -> int:
        """A scalar times an array: scalars commute with everything."""
        factors = self.factors.get(array, (self.of("*"), array))
        scalars = tuple(sorted((*self.scalars.get(array, ()), scalar)))
        key = self.of(factors, scalars)
        self.factors[key] = factors
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
