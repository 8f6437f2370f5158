"""The typed tree: every node with its shape, every name resolved, every static argument known.

This is what the evaluators fold over. Nodes are compared by identity: a local
definition that is used twice is one node, and is evaluated once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal, TypeAlias

from gradcheck_cli.lang.ast import Expr
from gradcheck_cli.shapes.dims import Dim, Shape, show

Dtype = Literal["real", "int", "bool"]


@dataclass(frozen=True, slots=True)
class Type:
    """The shape of an array and what its elements are."""

    shape: Shape
    dtype: Dtype = "real"

    @property
    def rank(self) -> int:
        """How many axes it has."""
        return len(self.shape)

    def __str__(self) -> str:
        return show(self.shape)


@dataclass(eq=False, slots=True)
class Index:
    """A free or summed index. `position` is its axis among the leading ones.

    `dim` is what it runs over; it becomes known where the index first stands in brackets.
    """

    name: str
    position: int
    dim: Dim | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Constant:
    """An exact number."""

    value: Fraction
    type: Type
    node: Expr


@dataclass(frozen=True, eq=False, slots=True)
class Special:
    """`pi`, `e` or `inf`."""

    name: str
    type: Type
    node: Expr


@dataclass(frozen=True, eq=False, slots=True)
class Size:
    """A dimension as a number."""

    dim: Dim
    type: Type
    node: Expr


@dataclass(frozen=True, eq=False, slots=True)
class Position:
    """The value of an index: 0 … size - 1 along its own leading axis."""

    index: Index
    type: Type
    node: Expr


@dataclass(frozen=True, slots=True)
class Value:
    """The value of an input or intermediate."""

    name: str


@dataclass(frozen=True, slots=True)
class Loss:
    """The value of the implicit loss Σ ⟨dO, O⟩."""


@dataclass(frozen=True, slots=True)
class Gradient:
    """∂L/∂name."""

    name: str


@dataclass(frozen=True, slots=True)
class LossTangent:
    """The differential of the loss."""


@dataclass(frozen=True, slots=True)
class Tangent:
    """The differential of an expression; `tree` is over forward values only."""

    tree: Typed
    indices: int = 0
    """How many indices the tree itself sums over."""


@dataclass(frozen=True, slots=True)
class Derivative:
    """D(tree, name): in the shape of the name where `elementwise`, else the Jacobian."""

    tree: Typed
    name: str
    elementwise: bool
    indices: int = 0


@dataclass(frozen=True, slots=True)
class Expected:
    """The expectation of an expression over the random inputs; `tree` is over forward values only."""

    tree: Typed
    indices: int = 0
    """How many indices the tree itself sums over."""


Quantity: TypeAlias = Value | Loss | Gradient | LossTangent | Tangent | Derivative | Expected


@dataclass(frozen=True, eq=False, slots=True)
class Given:
    """A quantity that the evaluation is given: a forward value or something only an oracle knows."""

    quantity: Quantity
    type: Type
    node: Expr


@dataclass(frozen=True, eq=False, slots=True)
class Apply:
    """A function of the table applied to arrays; `statics` holds its other arguments, resolved.

    Axes are negative, shapes are tuples of `Dim`, `ranks` are those of the arguments.
    """

    function: str
    args: tuple[Typed, ...]
    type: Type
    node: Expr
    statics: tuple[tuple[str, object], ...] = ()


@dataclass(frozen=True, eq=False, slots=True)
class Part:
    """One component of a function with several results, such as `eigh(A)[0]`."""

    of: Apply
    number: int
    type: Type
    node: Expr


@dataclass(frozen=True, eq=False, slots=True)
class Reduce:
    """`sum[i, j](body)`."""

    function: str
    indices: tuple[Index, ...]
    body: Typed
    type: Type
    node: Expr


@dataclass(frozen=True, eq=False, slots=True)
class Tabulate:
    """An array from its element: the indices become its axes."""

    indices: tuple[Index, ...]
    body: Typed
    type: Type
    node: Expr


Typed: TypeAlias = Constant | Special | Size | Position | Given | Apply | Part | Reduce | Tabulate


@dataclass(frozen=True, eq=False)
class TypedDefinition:
    """One line of the forward computation."""

    name: str
    tree: Typed
    indices: int = 0
    """How many indices its tree uses."""


@dataclass(frozen=True, eq=False)
class Program:
    """A forward computation with every shape known."""

    inputs: dict[str, Type]
    differentiable: frozenset[str]
    definitions: tuple[TypedDefinition, ...]
    outputs: tuple[str, ...]
    loss: bool
    dims: dict[str, Dim]
    """Every dimension name and its value in free sizes; a free one is itself."""
    needs: dict[str, frozenset[str]] = field(default_factory=dict)
    """For each name the names that it depends on, itself included."""

    @property
    def types(self) -> dict[str, Type]:
        """The type of every input and intermediate."""
        return self.inputs | {d.name: d.tree.type for d in self.definitions}

    @property
    def free(self) -> tuple[str, ...]:
        """The sizes that are free to choose, sorted."""
        found: set[str] = set()
        for dim in self.dims.values():
            found |= dim.names
        return tuple(sorted(found))


def below(tree: Typed) -> Iterator[Typed]:
    """The typed nodes directly below."""
    match tree:
        case Apply(args=args):
            yield from args
        case Part(of=of):
            yield of
        case Reduce(body=body) | Tabulate(body=body):
            yield body


def nodes(tree: Typed) -> Iterator[Typed]:
    """Every typed node once, parents first; the trees inside quantities are not entered."""
    seen: set[int] = set()
    stack: list[Typed] = [tree]
    while stack:
        current = stack.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        stack.extend(below(current))


def quantities(tree: Typed) -> tuple[Quantity, ...]:
    """Everything that a tree must be given, once each, in a stable order."""
    return tuple(dict.fromkeys(n.quantity for n in nodes(tree) if isinstance(n, Given)))
