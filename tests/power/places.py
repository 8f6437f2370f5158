"""Every place of a formula where an array stands, and how the formula reads with something else there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from gradcheck_cli.lang import ast
from gradcheck_cli.lang.functions import FUNCTIONS
from gradcheck_cli.shapes.typed import Derivative, Size, Special, Tangent, Type, Typed, nodes, quantities
from gradcheck_cli.spec.typing import TypedClaim

from .corpus import Case

Rebuild = Callable[[ast.Expr], ast.Expr]


@dataclass(frozen=True, eq=False)
class Names:
    """What the names of a claim mean, as far as mutants need it."""

    case: Case
    types: Mapping[ast.Expr, Type]
    """The shapes of the parts of the formula, and of every name that it could use."""
    dims: tuple[str, ...]

    def alike(self, name: str) -> list[str]:
        """Other names of the same shape: values for a value, and its own gradient; or the other way round."""
        type_ = self.types.get(ast.Name(name))
        if type_ is None:
            return []
        found = [
            n.id
            for n, t in self.types.items()
            if isinstance(n, ast.Name) and n.id != name and (t.shape, t.dtype) == (type_.shape, type_.dtype)
        ]
        other = f"d{name}" if f"d{name}" in found else name[1:] if name[1:] in found else None
        same = [n for n in found if self.is_gradient(n) == self.is_gradient(name)]
        return same[:4] + ([other] if other and other not in same[:4] else [])

    def is_gradient(self, name: str) -> bool:
        """Whether a name is a gradient or tangent such as `dX`."""
        return name.startswith("d") and ast.Name(name[1:]) in self.types

    def rank(self, node: ast.Expr) -> int | None:
        """How many axes a part of the formula has, if it is known."""
        found = self.types.get(node)
        return found.rank if found is not None else None


def names_of(case: Case) -> Names:
    """The names and shapes of a case, out of its typed trees."""
    typed = case.typed()
    types: dict[ast.Expr, Type] = {t.node: t.type for t in _trees(typed) if not isinstance(t, Size | Special)}
    program = typed.program
    for name, type_ in program.types.items():
        types[ast.Call("grad", (ast.Name(name),))] = type_
    for definition in case.definitions:
        found = types.get(definition.expression)
        if found is not None and not definition.indices:
            types[ast.Name(definition.name)] = found
    for name, type_ in program.types.items():
        types[ast.Name(name)] = type_
        if case.claim.kind in {"gradient", "differential"} and name in program.differentiable:
            types[ast.Name(f"d{name}")] = type_
    return Names(case, types, tuple(program.dims))


def _trees(typed: TypedClaim) -> Iterator[Typed]:
    for definition in typed.program.definitions:
        yield from nodes(definition.tree)
    for link in typed.links:
        for side in (link.left, link.right):
            if side is not None:
                yield from nodes(side)
                for quantity in quantities(side):
                    if isinstance(quantity, (Tangent, Derivative)):
                        yield from nodes(quantity.tree)


@dataclass(frozen=True)
class Place:
    """A node, what the whole expression reads with another one there, and the role that it plays."""

    node: ast.Expr
    rebuild: Rebuild
    role: str


def places(node: ast.Expr, rebuild: Rebuild = lambda n: n, role: str = "side") -> Iterator[Place]:
    """The node and every array below it, parents first; axes, shapes and indices are parts of their node."""
    yield Place(node, rebuild, role)
    for child, put, child_role in _arrays(node):
        yield from places(child, lambda n, put=put: rebuild(put(n)), child_role)  # type: ignore[misc]


def _arrays(node: ast.Expr) -> Iterator[tuple[ast.Expr, Rebuild, str]]:
    match node:
        case ast.Negative(operand) | ast.Transpose(operand, _) | ast.Subscript(operand, _):
            yield operand, lambda n: replace(node, operand=n), "operand"
        case ast.Binary(op, left, right):
            role = "term" if op in "+-" else "operand"
            yield left, lambda n: replace(node, left=n), role
            yield right, lambda n: replace(node, right=n), "exponent" if op == "**" else role
        case ast.Over(_, _, body):
            yield body, lambda n: replace(node, body=n), "operand"
        case ast.Call(function, args):
            parameters = FUNCTIONS[function].parameters
            for number, arg in enumerate(args):
                parameter = parameters[min(number, len(parameters) - 1)]
                if parameter.kind in {"array", "expression"} and not isinstance(arg, ast.Tuple):
                    yield arg, lambda n, number=number: put_arg(node, number, n), "operand"  # type: ignore[misc]


def put_arg(call: ast.Call, number: int, arg: ast.Expr) -> ast.Call:
    """The call with another positional argument."""
    return replace(call, args=(*call.args[:number], arg, *call.args[number + 1 :]))
