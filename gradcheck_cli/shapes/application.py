"""A call on its way through a shape rule, and what the rules share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from gradcheck_cli.lang import ast
from gradcheck_cli.lang.calls import Bound
from gradcheck_cli.lang.functions import OPERATORS
from gradcheck_cli.shapes import static
from gradcheck_cli.shapes.dims import Dim, Shape, show
from gradcheck_cli.shapes.mismatch import ShapeMismatch
from gradcheck_cli.shapes.typed import Type
from gradcheck_cli.text import Problem, UserError

_SYMBOLS = {function: symbol for symbol, function in OPERATORS.items()}


Statics = tuple[tuple[str, object], ...]


@dataclass
class Application:
    """A call on its way through a rule: argument types in, result type and statics out."""

    function: str
    args: tuple[Type, ...]
    node: ast.Expr
    dims: Mapping[str, Dim]
    given: Bound = field(default_factory=dict)

    @property
    def shown(self) -> str:
        """How the function is named in a message."""
        return f"`{_SYMBOLS.get(self.function, self.function)}`"

    def mismatch(self, left: Shape, right: Shape, advice: str = "") -> ShapeMismatch:
        """Two operands that do not fit."""
        message = f"{self.shown} cannot combine {show(left)} with {show(right)}"
        return ShapeMismatch(message, self.node, left, right, advice)

    def unfit(self, needed: str, shape: Shape, advice: str = "") -> ShapeMismatch:
        """One operand of a shape that the function does not take."""
        return ShapeMismatch(
            f"{self.shown} needs {needed}, not {show(shape)}", self.node, shape, None, advice
        )

    def expr(self, name: str) -> ast.Expr | None:
        """The argument of a parameter, if one was given."""
        value = self.given.get(name)
        return None if isinstance(value, (tuple, ast.Absent)) else value

    def several(self, name: str) -> tuple[ast.Expr, ...]:
        """The arguments of a variadic parameter, or the items of a tuple."""
        value = self.given.get(name)
        if value is None:
            return ()
        if isinstance(value, tuple):
            return value
        return value.items if isinstance(value, ast.Tuple) else (value,)

    def axis(self, shape: Shape, default: int = -1) -> int:
        """The parameter `axis`, negative."""
        expr = self.expr("axis")
        return static.as_axis(expr or ast.Number(Fraction(default), span=self.node.span), shape)

    def flag(self, name: str, default: bool) -> bool:
        """A parameter that is true or false."""
        expr = self.expr(name)
        return default if expr is None else static.as_flag(expr)

    def dim(self, name: str, default: int | None = None) -> Dim:
        """A parameter that is a dimension."""
        expr = self.expr(name)
        if expr is None:
            assert default is not None
            return Dim.of(default)
        return static.as_dim(expr, self.dims)

    def shape(self, name: str) -> Shape:
        """A parameter that is a shape."""
        return tuple(static.as_dim(e, self.dims) for e in self.several(name))


Rule = Callable[[Application], tuple[Type, Statics]]


def broadcast(call: Application, *shapes: Shape) -> Shape:
    """NumPy's broadcasting, in symbols: equal, or one of them 1."""
    result: list[Dim] = []
    for i in range(1, max(len(s) for s in shapes) + 1):
        found, source = Dim.of(1), shapes[0]
        for shape in shapes:
            if i <= len(shape) and not shape[-i].is_one:
                if not found.is_one and found != shape[-i]:
                    raise call.mismatch(source, shape)
                found, source = shape[-i], shape
        result.append(found)
    return tuple(reversed(result))


def needs_matrix(call: Application, x: Type, *, square: bool) -> None:
    """Raises ShapeMismatch for what has no two last axes, or no square ones."""
    if x.rank < 2:
        raise call.unfit("a matrix", x.shape)
    if square and x.shape[-1] != x.shape[-2]:
        raise call.unfit("a square matrix", x.shape)


def needs_indices(call: Application, indices: Type) -> None:
    """Raises UserError for indices that are no whole numbers."""
    if indices.dtype != "int":
        raise UserError(
            Problem(
                f"{call.shown} needs whole numbers as indices",
                call.node.span,
                help="declare them with `domain: index(n)`, or use `arange(n)`",
            )
        )
