"""Gives every node of a formula its shape and every name its meaning, before anything runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from gradcheck_cli.lang import ast
from gradcheck_cli.lang.calls import Bound, bind
from gradcheck_cli.lang.functions import CONSTANTS, FUNCTIONS, OPERATORS
from gradcheck_cli.shapes import rules, static
from gradcheck_cli.shapes.dims import Dim, show
from gradcheck_cli.shapes.elementwise import is_elementwise
from gradcheck_cli.shapes.mismatch import ShapeMismatch
from gradcheck_cli.shapes.typed import (
    Apply,
    Constant,
    Derivative,
    Given,
    Gradient,
    Index,
    Loss,
    LossTangent,
    Part,
    Position,
    Program,
    Quantity,
    Reduce,
    Size,
    Special,
    Tabulate,
    Tangent,
    Type,
    Typed,
    Value,
)
from gradcheck_cli.text import Problem, UserError, nearest

Meaning = Literal["values", "gradient", "differential"]
"""What `dX` is: nothing (forward, identity), the gradient, or the tangent."""

_SCALAR = Type(())


@dataclass(frozen=True)
class Local:
    """A local definition that has not been given its shapes yet."""

    expression: ast.Expr
    indices: tuple[ast.Name, ...] = ()


@dataclass
class Scope:
    """The names that a formula may use, and the indices that it has used so far."""

    types: Mapping[str, Type]
    dims: Mapping[str, Dim]
    meaning: Meaning = "values"
    program: Program | None = None
    locals: Mapping[str, Local] = field(default_factory=dict)
    bound: dict[str, Index] = field(default_factory=dict)
    indices: list[Index] = field(default_factory=list)
    invents: bool = False
    """Whether an unknown name in brackets becomes a free index."""
    outer: frozenset[str] = frozenset()
    """Indices of the formula around, which cannot be used in here."""
    cache: dict[object, Typed] = field(default_factory=dict)
    entered: set[str] = field(default_factory=set)

    def infer(self, expr: ast.Expr) -> Typed:  # noqa: C901  one case a node
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
            Problem(f"{what.get(type(expr), 'this')} is not an array", expr.span, help="it can only be an argument")
        )

    def definition(self, local: Local, node: ast.Expr) -> Typed:
        """The array that a definition stands for; with indices, the array of all its elements."""
        if not local.indices:
            return self.infer(local.expression)
        with self.binding(local.indices) as indices:
            body = self.infer(local.expression)
            shape = (*self.ranges(indices, local.indices), *body.type.shape)
        return Tabulate(indices, body, Type(shape, body.type.dtype), node)

    # names

    def name(self, id: str, node: ast.Expr) -> Typed:  # noqa: A002
        """What a name stands for; the nearest meaning wins."""
        if id in self.bound:
            return Position(self.bound[id], Type((), "int"), node)
        if id in self.locals:
            return self.local(id, node)
        if id in self.types:
            return self.given(Value(id), self.types[id], node)
        if id in self.dims:
            return Size(self.dims[id], Type((), "int"), node)
        if id == "L" and self.meaning != "values":
            return self.given(Loss(), _SCALAR, node)
        if id in CONSTANTS:
            return Special(id, _SCALAR, node)
        if len(id) > 1 and id.startswith("d") and (id[1:] in self.types or id == "dL"):
            return self.d_name(id, node)
        raise UserError(self.unknown(id, node))

    def given(self, quantity: Quantity, type_: Type, node: ast.Expr) -> Typed:
        return Given(quantity, type_, node)

    def local(self, id: str, node: ast.Expr) -> Typed:  # noqa: A002
        if id not in self.cache:
            if id in self.entered:
                raise UserError(Problem(f"`{id}` is defined by itself", node.span))
            self.entered.add(id)
            kept, self.invents = self.invents, False
            try:
                with self.unbound():
                    self.cache[id] = self.definition(self.locals[id], node)
            finally:
                self.invents = kept
                self.entered.discard(id)
        return self.cache[id]

    def d_name(self, id: str, node: ast.Expr) -> Typed:  # noqa: A002
        of = id[1:]
        if self.meaning == "gradient":
            return Constant(Fraction(1), _SCALAR, node) if of not in self.types else self.gradient(of, node)
        if self.meaning == "differential":
            if of not in self.types:
                return self.given(LossTangent(), _SCALAR, node)
            key = ("d", of)
            if key not in self.cache:
                value = self.given(Value(of), self.types[of], node)
                self.cache[key] = self.given(Tangent(value), Type(self.types[of].shape), node)
            return self.cache[key]
        raise UserError(
            Problem(
                f"`{id}` has no meaning here",
                node.span,
                help=f"write `grad({of})` for the gradient of the loss, or use a `gradient` or `differential` claim",
            )
        )

    def gradient(self, name: str, node: ast.Expr) -> Typed:
        assert self.program is not None
        if name not in self.program.differentiable:
            raise UserError(
                Problem(
                    f"`{name}` has no gradient",
                    node.span,
                    help="whole numbers, masks and inputs with a given `value` are constants",
                )
            )
        return self.given(Gradient(name), Type(self.types[name].shape), node)

    def unknown(self, id: str, node: ast.Expr) -> Problem:  # noqa: A002
        if id in self.outer:
            return Problem(
                f"the index `{id}` cannot be used inside a derivative",
                node.span,
                help=f"take it outside: `d(exp(x))[{id}]`, not `d(exp(x[{id}]))`",
            )
        if id.startswith("d") and len(id) > 1 and id not in self.dims and self.meaning != "values":
            of = nearest(id[1:], self.types)
            known = f"did you mean `d{of}`?" if of else f"`{id[1:]}` is neither an input nor a line of `forward`"
            return Problem(f"`{id}` is unknown: there is no `{id[1:]}`", node.span, help=known)
        if id in FUNCTIONS:
            return Problem(f"`{id}` is a function", node.span, help=f"call it: `{FUNCTIONS[id].signature}`")
        other = nearest(id, [*self.bound, *self.locals, *self.types, *self.dims])
        return Problem(
            f"`{id}` is unknown",
            node.span,
            help=f"did you mean `{other}`?" if other else "it is neither declared above nor a dimension",
        )

    # indices

    @contextmanager
    def binding(self, names: tuple[ast.Name, ...]) -> Iterator[tuple[Index, ...]]:
        """New indices for the time of a body."""
        before = dict(self.bound)
        created = []
        for name in names:
            index = Index(name.id, len(self.indices))
            self.indices.append(index)
            self.bound[name.id] = index
            created.append(index)
        try:
            yield tuple(created)
        finally:
            self.bound = before

    @contextmanager
    def unbound(self) -> Iterator[None]:
        """A local definition does not see the indices of the formula that uses it."""
        before, self.bound = self.bound, {}
        try:
            yield
        finally:
            self.bound = before

    def ranges(self, indices: tuple[Index, ...], names: tuple[ast.Name, ...]) -> list[Dim]:
        """What the indices run over, once the body has been read."""
        found = []
        for index, name in zip(indices, names, strict=True):
            if index.dim is None:
                raise UserError(
                    Problem(
                        f"the index `{index.name}` has no range",
                        name.span,
                        help=f"it has to stand in brackets somewhere: `x[{index.name}]`",
                    )
                )
            found.append(index.dim)
        return found

    def over(self, function: str, names: tuple[ast.Name, ...], body: ast.Expr, node: ast.Expr) -> Typed:
        """A reduction over named indices."""
        with self.binding(names) as indices:
            inner = self.infer(body)
            self.ranges(indices, names)
        return Reduce(function, indices, inner, Type(inner.type.shape), node)

    # brackets

    def subscript(self, operand: ast.Expr, items: tuple[ast.Expr, ...], node: ast.Expr) -> Typed:
        """`x[...]`, one axis after the other."""
        if isinstance(operand, ast.Call) and FUNCTIONS[operand.function].rule in {"eigh", "svd"}:
            return self.part(operand, items, node)
        x = self.infer(operand)
        taken = sum(not isinstance(i, (ast.Absent, ast.Ellipsis)) for i in items)
        dots = sum(isinstance(i, ast.Ellipsis) for i in items)
        if taken > x.type.rank or dots > 1:
            raise ShapeMismatch(
                f"{taken} indices for an array of {x.type.rank} axes, {x.type}"
                if dots <= 1
                else "`...` can stand only once in brackets",
                node,
                x.type.shape,
            )
        axis = 0
        arrays = 0
        for item in items:
            if isinstance(item, ast.Ellipsis):
                axis += x.type.rank - axis - sum(
                    not isinstance(i, (ast.Absent, ast.Ellipsis)) for i in items[items.index(item) + 1 :]
                )
            elif isinstance(item, ast.Absent):
                at: Bound = {"axis": _number(axis, item)}
                x = self.apply("expand_dims", (x,), node, given=at)
                axis += 1
            elif isinstance(item, ast.Slice):
                if item.start or item.stop or item.step:
                    at = {"axis": _number(axis, item), "start": item.start, "stop": item.stop, "step": item.step}
                    x = self.apply("slice", (x,), node, given=at)
                axis += 1
            else:
                index = self.index(item, x.type, axis)
                arrays += index.type.rank > 0
                if arrays > 1:
                    raise UserError(
                        Problem(
                            "two index arrays in one pair of brackets",
                            item.span,
                            help="use index notation, `P[i, y[i]]`, or `take_along_axis`",
                        )
                    )
                x = self.apply("gather", (x, index), node, given={"axis": _number(axis, item)})
                axis += index.type.rank
        return x

    def index(self, item: ast.Expr, of: Type, axis: int) -> Typed:
        """One index in brackets: a position, a free or bound index, or an array of whole numbers."""
        dim = of.shape[axis]
        if isinstance(item, ast.Name):
            if self.invents and item.id not in self.bound and not self.knows(item.id):
                created = Index(item.id, len(self.indices))
                self.indices.append(created)
                self.bound[item.id] = created
            if item.id in self.bound:
                index = self.bound[item.id]
                if index.dim is None:
                    index.dim = dim
                elif index.dim != dim:
                    raise ShapeMismatch(
                        f"the index `{item.id}` runs over {index.dim} and over {dim}",
                        item,
                        (index.dim,),
                        (dim,),
                    )
                return Position(index, Type((), "int"), item)
            if not self.knows(item.id):
                raise UserError(
                    Problem(
                        f"the index `{item.id}` is neither on the left side nor summed over",
                        item.span,
                        help=f"sum over it, `sum[{item.id}](…)`, or name it on the left",
                    )
                )
        elif static.is_dim(item, self.dims):
            position = static.as_dim(item, self.dims)
            constant, size = position.constant, dim.constant
            if constant is not None and size is not None and not -size <= constant < size:
                raise ShapeMismatch(f"the index {constant} is outside of {of}", item, of.shape)
            if position.terms and position == dim:
                raise ShapeMismatch(f"the index {position} is outside of {of}", item, of.shape)
            return Size(position, Type((), "int"), item)
        index_ = self.infer(item)
        if index_.type.dtype == "int" and any(isinstance(n, ast.Name) and n.id in self.bound for n in ast.walk(item)):
            if isinstance(item, ast.Subscript):
                return index_
            raise UserError(
                Problem(
                    "an index that is calculated may leave the array",
                    item.span,
                    help="use `roll`, a slice, or an array of whole numbers",
                )
            )
        return index_

    def knows(self, id: str) -> bool:  # noqa: A002
        """Whether a name is declared, so that it cannot be a new index."""
        return id in self.locals or id in self.types or id in self.dims

    def part(self, operand: ast.Call, items: tuple[ast.Expr, ...], node: ast.Expr) -> Typed:
        """`eigh(A)[0]`."""
        bound = bind(operand)
        argument = bound["x"]
        assert isinstance(argument, ast.Node)
        x = self.infer(argument)
        types = rules.parts(rules.Application(operand.function, (x.type,), operand, self.dims, bound))
        if len(items) != 1 or not 0 <= (number := static.as_int(items[0])) < len(types):
            raise UserError(
                Problem(f"`{operand.function}` has {len(types)} results", node.span, help="name one: `[0]`, `[1]` …")
            )
        key = ("part", operand.function, operand)
        if key not in self.cache:
            self.cache[key] = Apply(operand.function, (x,), types[0], operand)
        whole = self.cache[key]
        assert isinstance(whole, Apply)
        return Part(whole, number, types[number], node)

    # calls

    def apply(
        self,
        function: str,
        args: tuple[Typed, ...],
        node: ast.Expr,
        *,
        given: Bound | None = None,
        rule: str | None = None,
    ) -> Typed:
        """A function applied to typed arguments, by its shape rule."""
        application = rules.Application(function, tuple(a.type for a in args), node, self.dims, given or {})
        type_, statics = rules.RULES[rule or FUNCTIONS[function].rule](application)
        return Apply(function, args, type_, node, statics)

    def call(self, call: ast.Call) -> Typed:
        """A call of a function of the table."""
        function = FUNCTIONS[call.function]
        bound = bind(call)
        if function.group == "derivative":
            return self.derivative(call, bound)
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
        gradient = self.gradient(name.id, name)
        if call.function == "grad":
            return gradient
        tree, indices = self.inner(bound["expression"])
        elementwise = call.function == "D" and is_elementwise(tree, name.id, self.program)
        by = gradient.type.shape
        shape = by if elementwise else (*tree.type.shape, *by)
        return self.given(Derivative(tree, name.id, elementwise, indices), Type(shape), call)

    def inner(self, expr: object) -> tuple[Typed, int]:
        """An expression under a derivative: over forward values only."""
        assert isinstance(expr, ast.Node)
        scope = Scope(self.types, self.dims, locals=self.locals, outer=frozenset(self.bound) | self.outer)
        tree = scope.infer(expr)  # type: ignore[arg-type]
        return tree, len(scope.indices)


def _number(value: int, at: ast.Node) -> ast.Number:
    return ast.Number(Fraction(value), span=at.span)


def same_shape(left: Typed, right: Typed) -> bool:
    """Whether two sides may be equal: the same shape, or a bare number on one of them."""
    return left.type.shape == right.type.shape or is_bare(left) or is_bare(right)


def is_bare(tree: Typed) -> bool:
    """A number that stands for a whole array: `dB = 0`, `dB = -1`."""
    if isinstance(tree, Apply) and tree.function == "negative":
        tree = tree.args[0]
    return isinstance(tree, (Constant, Special)) and isinstance(
        tree.node, (ast.Number, ast.Name)
    )


def sides_differ(left: Typed, right: Typed) -> ShapeMismatch:
    """The mismatch of two sides that are well-formed by themselves."""
    return ShapeMismatch(
        f"the left side is {show(left.type.shape)}, the right side {show(right.type.shape)}",
        right.node,
        left.type.shape,
        right.type.shape,
    )
