"""Truth at one rational point, without rounding: a tape over balls or residues gives every derivative."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from gradcheck_cli.evaluate.flint_backend import BallBackend
from gradcheck_cli.evaluate.interpret import Evaluation, shape_of
from gradcheck_cli.evaluate.objects import Inexact, as_objects, each
from gradcheck_cli.evaluate.tape import Tape, Traced, total, value_of
from gradcheck_cli.oracle.exact_points import Point
from gradcheck_cli.shapes.typed import (
    Derivative,
    Gradient,
    Loss,
    LossTangent,
    Program,
    Quantity,
    Tangent,
    Typed,
    TypedDefinition,
    Value,
    quantities,
)

Array = Any
"""An object array of numbers, (1, *shape): the batch of the fold has one row."""

MAX_WORK = 1_500_000
"""Entries of the tape that the sweeps of one Jacobian may visit."""


def needed_by(program: Program, wanted: Iterable[Quantity]) -> frozenset[str]:
    """The names that quantities depend on."""
    found: set[str] = set()
    for quantity in wanted:
        match quantity:
            case Value(name):
                found.add(name)
            case Tangent(tree) | Derivative(tree):
                found |= names_in(tree)
            case Loss() | Gradient() | LossTangent():
                found.update(program.outputs)
        if isinstance(quantity, (Gradient, Derivative)):
            found.add(quantity.name)
    return frozenset().union(*(program.needs[name] for name in found))


def names_in(tree: Typed) -> frozenset[str]:
    """The values that a tree is over."""
    return frozenset(q.name for q in quantities(tree) if isinstance(q, Value))


class ExactOracle:
    """A forward computation on exact data, and every quantity that a claim may ask of it."""

    def __init__(
        self,
        program: Program,
        point: Point,
        given: Mapping[str, Typed],
        wanted: Iterable[Quantity],
        fixed: frozenset[str] = frozenset(),
        backend: BallBackend | None = None,
    ) -> None:
        self.program = program
        self.sizes = point.sizes
        self.wanted = tuple(wanted)
        self.fixed = fixed
        self.backend = backend or BallBackend()
        needed = needed_by(program, self.wanted)
        self.lines = tuple(d for d in program.definitions if d.name in needed)
        self.values: dict[str, Array] = {}
        self.inputs = {n: self.brought(x) for n, x in point.inputs.items()}
        self.tangents = {n: self.brought(t) for n, t in point.tangents.items()}
        self.cotangents = {n: self.brought(c) for n, c in point.cotangents.items()}
        self.fill({name: tree for name, tree in given.items() if name in self.inputs})

    def brought(self, x: Any) -> Array:
        """An array of Fractions as numbers of the back end; whole numbers and truth values as they are."""
        x = np.asarray(x)[None]
        one = self.backend.one
        return each(lambda v: one(v) if isinstance(v, Fraction) else v, x) if x.dtype == object else x

    def fill(self, given: Mapping[str, Typed]) -> None:
        """Replaces drawn inputs by the values that the spec gives them."""

        def known(quantity: Quantity) -> Array:
            assert isinstance(quantity, Value)
            return self.inputs[quantity.name]

        evaluation = Evaluation(self.backend, self.sizes, known, indices=8)
        for name, tree in given.items():
            value = evaluation.value(tree)
            core = value.reshape(value.shape[evaluation.lead :])
            type_ = self.program.inputs[name]
            if type_.dtype == "real":
                core = self.backend.real(core)
            elif core.dtype == object:
                raise Inexact(f"the value of `{name}` is not of its kind")
            self.inputs[name] = np.broadcast_to(core, (1, *shape_of(type_, self.sizes)))

    # the forward

    def tree(self, tree: Typed, values: Mapping[str, Array], indices: int) -> Array:
        """The value of a tree over forward values, (1, *shape)."""

        def given(quantity: Quantity) -> Array:
            assert isinstance(quantity, Value)
            return values[quantity.name]

        evaluation = Evaluation(self.backend, self.sizes, given, indices)
        value = evaluation.value(tree)
        return value.reshape(value.shape[:1] + value.shape[evaluation.lead :])

    def run(self, displaced: Mapping[str, Array], hold: frozenset[str] = frozenset()) -> dict[str, Array]:
        """All values, with some replaced; only what depends on those is computed again."""
        values = dict(self.inputs) | self.values | dict(displaced)
        for definition in self.lines:
            name = definition.name
            if name in displaced or (name in self.values and name in hold):
                continue
            if name not in self.values or self.program.needs[name] & displaced.keys():
                values[name] = self.line(definition, values)
        return values

    def line(self, definition: TypedDefinition, values: Mapping[str, Array]) -> Array:
        """The value of one line of the forward."""
        return self.tree(definition.tree, values, definition.indices)

    def loss(self, values: Mapping[str, Array]) -> Any:
        """Σ ⟨dO, O⟩."""
        return total(
            c * o
            for name in self.program.outputs
            for c, o in zip(
                self.cotangents[name].ravel(), self.backend.real(values[name]).ravel(), strict=True
            )
        )

    # the tape

    def quantities(self) -> dict[Quantity, Array]:
        """The true value of each quantity. Raises Inexact where there is none, or too much to do."""
        wanted = self.wanted
        if all(isinstance(q, (Value, Loss)) for q in wanted):
            self.values = self.run({})
            traced = self.values
        else:
            traced = self.recorded()
            self.values = {name: _plain(x) for name, x in traced.items()}
        found: dict[Quantity, Array] = {}
        gradients: list[Any] | None = None
        tangents: list[Any] | None = None
        for quantity in wanted:
            match quantity:
                case Value(name):
                    found[quantity] = self.values[name]
                case Loss():
                    found[quantity] = as_row(value_of(self.loss(traced)))
                case Gradient(name):
                    gradients = gradients or self.swept_back(traced)
                    found[quantity] = self.at(gradients, traced[name])
                case Derivative():
                    found[quantity] = self.derivative(traced, quantity)
                case Tangent() | LossTangent():
                    target = self.target(quantity, traced)
                    tangents = self.swept_forward(traced)  # the target may have grown the tape
                    found[quantity] = self.at(tangents, target)
                case _:
                    raise Inexact("an expectation is no matter of one point")
        return found

    def recorded(self) -> dict[str, Array]:
        """Every value, on a tape as far as derivatives ask for it.

        A line whose gradient is wanted has entries of its own: those of `Y = X.T` are not those of X.
        """
        self.record = Tape()
        own = {q.name for q in self.wanted if isinstance(q, (Gradient, Derivative))}
        if any(isinstance(q, (Tangent, LossTangent)) for q in self.wanted):
            own |= self.fixed | self.inputs.keys()
        values: dict[str, Array] = {}
        for name, x in self.inputs.items():
            values[name] = each(self.record.leaf, x) if name in own and x.dtype == object else x
        for line in self.lines:
            value = self.line(line, values)
            values[line.name] = (
                each(self.owned, value) if line.name in own and value.dtype == object else value
            )
        return values

    def owned(self, x: Any) -> Traced:
        """An entry of its own for a number that may belong to another line."""
        return self.record.made(x.value, (x.index, None)) if type(x) is Traced else self.record.leaf(x)

    def swept_back(self, values: Mapping[str, Array]) -> list[Any]:
        """∂L by every entry."""
        seeds = [
            (number, cotangent)
            for name in self.program.outputs
            for number, cotangent in zip(values[name].ravel(), self.cotangents[name].ravel(), strict=True)
            if type(number) is Traced
        ]
        return self.record.backward(seeds)

    def moving(self) -> list[str]:
        """The inputs that have tangents."""
        free = self.inputs.keys() & self.program.differentiable - self.fixed
        return sorted(n for n in free if self.inputs[n].dtype == object)

    def swept_forward(self, values: Mapping[str, Array]) -> list[Any]:
        """The change of every entry along the drawn tangents."""
        moves = {
            number.index: tangent
            for name in self.moving()
            for number, tangent in zip(values[name].ravel(), self.tangents[name].ravel(), strict=True)
        }
        held = frozenset(
            number.index
            for line in self.lines
            if line.name in self.fixed
            for number in values[line.name].ravel()
            if type(number) is Traced
        )
        return self.record.forward(moves, held)

    def target(self, quantity: Tangent | LossTangent, values: Mapping[str, Array]) -> Array:
        """What the tangent is of."""
        if isinstance(quantity, LossTangent):
            return as_row(self.loss(values))
        return self.tree(quantity.tree, values, quantity.indices)

    def derivative(self, values: Mapping[str, Array], quantity: Derivative) -> Array:
        """The elementwise derivative or the Jacobian, (1, *tree shape, *shape)."""
        tree = self.backend.real(self.tree(quantity.tree, values, quantity.indices))
        point = values[quantity.name]
        numbers: list[Any] = tree.ravel().tolist()
        one = self.one()
        if quantity.elementwise:
            swept = self.record.backward([(n, one) for n in numbers if type(n) is Traced])
            return self.at(swept, point)
        if len(numbers) * len(self.record.entries) > MAX_WORK:
            raise Inexact("the Jacobian would be too much work")
        rows = [
            self.at(self.record.backward([(n, one)] if type(n) is Traced else []), point) for n in numbers
        ]
        flat = [v for row in rows for v in row.ravel().tolist()]
        return as_objects(flat, (1, *tree.shape[1:], *point.shape[1:]))

    def one(self) -> Any:
        """The number one."""
        return self.backend.one(Fraction(1))

    def at(self, swept: list[Any], numbers: Array) -> Array:
        """What a sweep found for some numbers; zero where nothing came."""
        zero = self.one() * 0

        def one(x: Any) -> Any:
            found = swept[x.index] if type(x) is Traced else None
            return zero if found is None else found

        return each(one, numbers)


def _plain(x: Array) -> Array:
    return each(value_of, x) if x.dtype == object else x


def as_row(x: Any) -> Array:
    """One number as a batch of one."""
    return as_objects([x], (1,))
