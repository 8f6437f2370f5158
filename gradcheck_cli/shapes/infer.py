"""Gives every node of a formula its shape and every name its meaning, before anything runs."""

from __future__ import annotations

from fractions import Fraction

from gradcheck_cli.lang import ast
from gradcheck_cli.lang.calls import Bound, bind
from gradcheck_cli.lang.functions import FUNCTIONS, OPERATORS
from gradcheck_cli.shapes.brackets import BracketScope
from gradcheck_cli.shapes.dims import show
from gradcheck_cli.shapes.elementwise import is_elementwise
from gradcheck_cli.shapes.mismatch import ShapeMismatch
from gradcheck_cli.shapes.scope import Local, Meaning
from gradcheck_cli.shapes.typed import (
    Apply,
    Constant,
    Derivative,
    Expected,
    Reduce,
    Special,
    Tangent,
    Type,
    Typed,
)
from gradcheck_cli.text import Problem, UserError, nearest

__all__ = ["Local", "Meaning", "Scope", "is_bare", "same_shape", "sides_differ"]


_KINDS = {"E": "an `expectation`", "shape": "a `shape`", "O": "a `property`"}
"""Where the special functions belong."""


class Scope(BracketScope):
    """The names that a formula may use, and what its nodes are."""

    def infer(self, expr: ast.Expr) -> Typed:
        """The typed tree. Raises UserError for what means nothing, ShapeMismatch for what cannot fit."""
        match expr:
            case ast.Number(value):
                whole = value.denominator == 1 and abs(value) < 2**31
                return Constant(value, Type((), "int" if whole else "real"), expr)
            case ast.Name(id):
                return self.name(id, expr)
            case ast.Negative(operand):
                return self.apply("negative", (self.infer(operand),), expr)
            case ast.Binary(op, left, right):
                return self.apply(OPERATORS[op], (self.infer(left), self.infer(right)), expr)
            case ast.Transpose(operand, "T"):
                return self.apply("transpose", (self.infer(operand),), expr)
            case ast.Transpose(operand, _):
                return self.apply("swapaxes", (self.infer(operand),), expr, rule="mT")
            case ast.Subscript(operand, items):
                return self.subscript(operand, items, expr)
            case ast.Call():
                return self.call(expr)
            case ast.Over(function, indices, body):
                return self.over(function, indices, body, expr)
            case ast.Boolean(value):
                return Constant(Fraction(int(value)), Type((), "int"), expr)
        what = {ast.String: "a quoted word", ast.Tuple: "a list in brackets", ast.Absent: "`None`"}
        raise UserError(
            Problem(
                f"{what.get(type(expr), 'this')} is not an array",
                expr.span,
                help="it can only be an argument",
            )
        )

    def over(self, function: str, names: tuple[ast.Name, ...], body: ast.Expr, node: ast.Expr) -> Typed:
        """A reduction over named indices."""
        with self.binding(names) as indices:
            inner = self.infer(body)
            self.ranges(indices, names)
        return Reduce(function, indices, inner, Type(inner.type.shape), node)

    def call(self, call: ast.Call) -> Typed:
        """A call of a function of the table."""
        function = FUNCTIONS[call.function]
        bound = bind(call)
        if function.group == "derivative":
            return self.derivative(call, bound)
        if function.group == "special":
            return self.special(call, bound)
        args: list[Typed] = []
        for parameter in function.parameters:
            if parameter.kind != "array":
                continue
            value = bound[parameter.name]
            exprs = value if isinstance(value, tuple) else (value,)
            args += [self.infer(e) for e in exprs if e is not None]
        return self.apply(call.function, tuple(args), call, given=bound)

    def derivative(self, call: ast.Call, bound: Bound) -> Typed:
        """`grad(X)`, `d(expression)`, `D(y, x)` and `jacobian(y, x)`."""
        if self.program is None:
            raise UserError(
                Problem(
                    f"`{call.function}` has no meaning here",
                    call.span,
                    help="derivatives stand in claims, and not inside one another",
                )
            )
        if call.function == "d":
            tree, indices = self.inner(bound["expression"])
            return self.given(Tangent(tree, indices), Type(tree.type.shape), call)
        name = bound["quantity"]
        if not isinstance(name, ast.Name) or name.id not in self.types:
            assert isinstance(name, ast.Node)
            other = nearest(name.id, self.types) if isinstance(name, ast.Name) else None
            raise UserError(
                Problem(
                    "an input or a line of `forward` is expected here",
                    name.span,
                    help=f"did you mean `{other}`?" if other else "derivatives are taken by named quantities",
                )
            )
        gradient = self.gradient(name.id, call if call.function == "grad" else name)
        if call.function == "grad":
            return gradient
        tree, indices = self.inner(bound["expression"])
        elementwise = call.function == "D" and is_elementwise(tree, name.id, self.program)
        by = gradient.type.shape
        shape = by if elementwise else (*tree.type.shape, *by)
        return self.given(Derivative(tree, name.id, elementwise, indices), Type(shape), call)

    def special(self, call: ast.Call, bound: Bound) -> Typed:
        """`E(expression)` in a claim that has random inputs; the others are no arrays."""
        if call.function == "E" and self.random:
            tree, indices = self.inner(bound["expression"])
            return self.given(Expected(tree, indices), Type(tree.type.shape), call)
        kind = _KINDS.get(call.function, "a `cost`")
        raise UserError(
            Problem(f"`{call.function}` has no meaning here", call.span, help=f"it belongs to {kind} claim")
        )

    def inner(self, expr: object) -> tuple[Typed, int]:
        """An expression under a derivative or expectation: over forward values only."""
        assert isinstance(expr, ast.Node)
        scope = Scope(self.types, self.dims, locals=self.locals, outer=frozenset(self.bound) | self.outer)
        tree = scope.infer(expr)  # type: ignore[arg-type]
        return tree, len(scope.indices)


def same_shape(left: Typed, right: Typed) -> bool:
    """Whether two sides may be equal: the same shape, or a bare number on one of them."""
    return left.type.shape == right.type.shape or is_bare(left) or is_bare(right)


def is_bare(tree: Typed) -> bool:
    """A number that stands for a whole array: `dB = 0`, `dB = -1`."""
    if isinstance(tree, Apply) and tree.function == "negative":
        tree = tree.args[0]
    return isinstance(tree, (Constant, Special)) and isinstance(tree.node, (ast.Number, ast.Name))


def sides_differ(left: Typed, right: Typed) -> ShapeMismatch:
    """The mismatch of two sides that are well-formed by themselves."""
    return ShapeMismatch(
        f"the left side is {show(left.type.shape)}, the right side {show(right.type.shape)}",
        right.node,
        left.type.shape,
        right.type.shape,
    )
