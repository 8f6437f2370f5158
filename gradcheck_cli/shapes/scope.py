"""What names mean inside a formula: values, dimensions, local definitions, indices and gradients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from gradcheck_cli.lang import ast
from gradcheck_cli.lang.calls import Bound
from gradcheck_cli.lang.functions import CONSTANTS, FUNCTIONS
from gradcheck_cli.shapes import rules
from gradcheck_cli.shapes.dims import Dim
from gradcheck_cli.shapes.typed import (
    Apply,
    Constant,
    Given,
    Gradient,
    Index,
    Loss,
    LossTangent,
    Position,
    Program,
    Quantity,
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

SCALAR = Type(())


@dataclass(frozen=True)
class Local:
    """A local definition that has not been given its shapes yet."""

    expression: ast.Expr
    indices: tuple[ast.Name, ...] = ()


@dataclass
class NameScope:
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
    random: frozenset[str] = frozenset()
    """The names that have no value but inside of `E(…)`."""
    outer: frozenset[str] = frozenset()
    """Indices of the formula around, which cannot be used in here."""
    cache: dict[object, Typed] = field(default_factory=dict)
    entered: set[str] = field(default_factory=set)

    def infer(self, expr: ast.Expr) -> Typed:
        """The typed tree; see `infer.Scope`."""
        raise NotImplementedError

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

    def definition(self, local: Local, node: ast.Expr) -> Typed:
        """The array that a definition stands for; with indices, the array of all its elements."""
        if not local.indices:
            return self.infer(local.expression)
        with self.binding(local.indices) as indices:
            body = self.infer(local.expression)
            shape = (*self.ranges(indices, local.indices), *body.type.shape)
        return Tabulate(indices, body, Type(shape, body.type.dtype), node)

    def name(self, id: str, node: ast.Expr) -> Typed:
        """What a name stands for; the nearest meaning wins."""
        if id in self.bound:
            return Position(self.bound[id], Type((), "int"), node)
        if id in self.locals:
            return self.local(id, node)
        if id in self.random:
            raise UserError(
                Problem(
                    f"`{id}` is random: by itself it has no value",
                    node.span,
                    help="take it under the expectation: `E(…)`",
                )
            )
        if id in self.types:
            return self.given(Value(id), self.types[id], node)
        if id in self.dims:
            return Size(self.dims[id], Type((), "int"), node)
        if id == "L" and self.meaning != "values":
            return self.given(Loss(), SCALAR, node)
        if id in CONSTANTS:
            return Special(id, SCALAR, node)
        if len(id) > 1 and id.startswith("d") and (id[1:] in self.types or id == "dL"):
            return self.d_name(id, node)
        raise UserError(self.unknown(id, node))

    def given(self, quantity: Quantity, type_: Type, node: ast.Expr) -> Typed:
        """A quantity that the evaluation will be given."""
        return Given(quantity, type_, node)

    def local(self, id: str, node: ast.Expr) -> Typed:
        """What a local definition stands for, worked out once."""
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

    def d_name(self, id: str, node: ast.Expr) -> Typed:
        """`dX`, which is a gradient, a tangent, or nothing."""
        of = id[1:]
        if self.meaning == "gradient":
            return Constant(Fraction(1), SCALAR, node) if of not in self.types else self.gradient(of, node)
        if self.meaning == "differential":
            if of not in self.types:
                return self.given(LossTangent(), SCALAR, node)
            key = ("d", of)
            if key not in self.cache:
                value = self.given(Value(of), self.types[of], node)
                self.cache[key] = self.given(Tangent(value), Type(self.types[of].shape), node)
            return self.cache[key]
        raise UserError(
            Problem(
                f"`{id}` has no meaning here",
                node.span,
                help=f"write `grad({of})` for the gradient of the loss,"
                " or use a `gradient` or `differential` claim",
            )
        )

    def gradient(self, name: str, node: ast.Expr) -> Typed:
        """The true gradient with respect to a name."""
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

    def unknown(self, id: str, node: ast.Expr) -> Problem:
        """The message for a name that means nothing, with what may be meant."""
        if id in self.outer:
            return Problem(
                f"the index `{id}` cannot be used inside a derivative",
                node.span,
                help=f"take it outside: `d(exp(x))[{id}]`, not `d(exp(x[{id}]))`",
            )
        if id.startswith("d") and len(id) > 1 and id not in self.dims and self.meaning != "values":
            of = nearest(id[1:], self.types)
            known = (
                f"did you mean `d{of}`?" if of else f"`{id[1:]}` is neither an input nor a line of `forward`"
            )
            return Problem(f"`{id}` is unknown: there is no `{id[1:]}`", node.span, help=known)
        if id in FUNCTIONS:
            return Problem(f"`{id}` is a function", node.span, help=f"call it: `{FUNCTIONS[id].signature}`")
        other = nearest(id, [*self.bound, *self.locals, *self.types, *self.dims])
        return Problem(
            f"`{id}` is unknown",
            node.span,
            help=f"did you mean `{other}`?" if other else "it is neither declared above nor a dimension",
        )

    def knows(self, id: str) -> bool:
        """Whether a name is declared, so that it cannot be a new index."""
        return id in self.locals or id in self.types or id in self.dims

    @contextmanager
    def binding(self, names: tuple[ast.Name, ...]) -> Iterator[tuple[Index, ...]]:
        """New indices for the time of a body."""
        shadowed = {n.id: self.bound[n.id] for n in names if n.id in self.bound}
        created = []
        for name in names:
            index = Index(name.id, len(self.indices))
            self.indices.append(index)
            self.bound[name.id] = index
            created.append(index)
        try:
            yield tuple(created)
        finally:
            # a free index that was first met inside stays
            for name in names:
                self.bound.pop(name.id, None)
            self.bound |= shadowed

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
