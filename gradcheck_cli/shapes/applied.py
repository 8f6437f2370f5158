"""The readings of leaves, calls and derivatives: a function in all the readings of its arguments."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

from gradcheck_cli.lang import ast
from gradcheck_cli.lang.calls import bind
from gradcheck_cli.lang.functions import FUNCTIONS, Function
from gradcheck_cli.shapes import rules
from gradcheck_cli.shapes.infer import Scope
from gradcheck_cli.shapes.products import Products
from gradcheck_cli.shapes.readings import Keys, Reading, best, static_form
from gradcheck_cli.shapes.series import lifted
from gradcheck_cli.shapes.typed import Type
from gradcheck_cli.shapes.unsized import filled, unsettled
from gradcheck_cli.text import UserError


class Calls:
    """What a leaf and a call may mean in a scope; `readings` of anything else is in `meanings`."""

    def __init__(self, scope: Scope, vectors: str = "column") -> None:
        self.scope = scope
        self.row = vectors == "row"
        self.keys = Keys()
        self.products = Products(scope.dims, self.keys, self.row)

    def readings(self, node: ast.Expr) -> list[Reading]:
        """Every way in which a part can be well-shaped."""
        raise NotImplementedError

    def leaf(self, node: ast.Expr) -> Reading:
        """A part that is plain already."""
        return self.known(node, self.scope.infer(node).type)

    def known(self, node: ast.Expr, type_: Type, base: Reading | None = None) -> Reading:
        """A reading with a type, as cheap as what it is made of."""
        key = self.keys.of("leaf", node)
        row = self.row and type_.rank == 1
        return Reading(node, type_, row, base.cost if base else 0, base.remarks if base else (), key)

    def call(self, call: ast.Call) -> list[Reading]:
        """A function of the table, its arrays in all their readings."""
        function = FUNCTIONS[call.function]
        arrays = [n for n in range(len(call.args)) if _is_array(function, n)]
        if not arrays:
            return [
                self.leaf(
                    ast.Call(call.function, tuple(map(static_form, call.args)), call.keywords, span=call.span)
                )
            ]
        args = tuple(a if n in arrays else static_form(a) for n, a in enumerate(call.args))
        call = ast.Call(call.function, args, tuple(map(_static_keyword, call.keywords)), span=call.span)
        options = [self.readings(call.args[n]) for n in arrays]
        found: list[Reading] = []
        problem: UserError | None = None
        for chosen in list(product(*options))[:64]:
            try:
                found.append(self.applied(call, arrays, chosen))
            except UserError as error:
                problem = problem or error
        if not found:
            assert problem is not None
            raise problem
        return best(found)

    def applied(self, call: ast.Call, arrays: list[int], chosen: tuple[Reading, ...]) -> Reading:
        """A call with one reading for each array."""
        sized = next((r.shape for r in chosen if r.type is not None), None)
        if any(r.type is None for r in chosen):
            if sized is None or FUNCTIONS[call.function].rule not in {"elementwise", "comparison"}:
                raise unsettled(next(r for r in chosen if r.type is None))
            chosen = tuple(filled(r, sized) for r in chosen)
        cost = sum(r.cost for r in chosen)
        remarks = tuple(dict.fromkeys(m for r in chosen for m in r.remarks))
        first = chosen[0]
        if call.function == "trace" and not first.rank:
            return first.noted("the trace of a scalar is the scalar itself")
        args = list(call.args)
        for n, reading in zip(arrays, chosen, strict=True):
            args[n] = reading.expr
        adapted = ast.Call(call.function, _fitted(call.function, args, first), call.keywords, span=call.span)
        if call.function == "softmax" and first.rank == 2 and first.shape[1].is_one and not call.keywords:
            axis = ast.Keyword("axis", ast.Number(Fraction(0)))
            adapted = ast.Call("softmax", adapted.args, (axis,), span=call.span)
        types = [r.type for r in chosen if r.type is not None]
        if adapted.args[0] != args[0]:
            types[0] = self.scope.infer(adapted.args[0]).type
        given = bind(adapted)
        application = rules.Application(call.function, tuple(types), adapted, self.scope.dims, given)
        type_ = rules.RULES[FUNCTIONS[call.function].rule](application)[0]
        key = self.keys.of(call.function, *(r.key for r in chosen), call.keywords)
        row = first.row if type_.rank == 1 and first.rank == 1 else self.row and type_.rank == 1
        return Reading(adapted, type_, row, cost, remarks, key)

    def derivative(self, call: ast.Call) -> list[Reading]:
        """`grad`, `D`, `jacobian`, `d`, `E`: what stands inside is read by itself, over forward values."""
        if call.function == "grad":
            return [self.leaf(call)]
        inner = call.args[0]
        outer: tuple[ast.Expr, ...] = ()
        if call.function == "d":
            inner, outer = lifted(inner, self.scope.bound.keys())
        scope = self.scope
        below = Scope(
            scope.types, scope.dims, locals=scope.locals, outer=frozenset(scope.bound) | scope.outer
        )
        found = []
        for reading in type(self)(below, "row" if self.row else "column").readings(inner):
            if reading.type is None:
                raise unsettled(reading)
            expr: ast.Expr = ast.Call(call.function, (reading.expr, *call.args[1:]), span=call.span)
            if outer:
                expr = ast.Subscript(expr, outer, span=call.span)
            found.append(self.known(expr, scope.infer(expr).type, reading))
        return found


def _is_array(function: Function, position: int) -> bool:
    """Whether a positional argument is an array; a variadic parameter takes all that follow."""
    for n, parameter in enumerate(function.parameters):
        if n == position or parameter.variadic:
            return parameter.kind == "array"
    return False


def _static_keyword(keyword: ast.Keyword) -> ast.Keyword:
    return ast.Keyword(keyword.name, static_form(keyword.value), span=keyword.span)


def _fitted(function: str, args: list[ast.Expr], first: Reading) -> tuple[ast.Expr, ...]:
    """`diag` of a column or row that is a matrix takes its one column or row."""
    if function == "diag" and first.rank == 2 and first.shape[0] != first.shape[1]:
        zero, everything = ast.Number(Fraction(0)), ast.Slice(None, None, None)
        if first.shape[1].is_one:
            return (ast.Subscript(args[0], (everything, zero), span=args[0].span), *args[1:])
        if first.shape[0].is_one:
            return (ast.Subscript(args[0], (zero,), span=args[0].span), *args[1:])
    return tuple(args)
