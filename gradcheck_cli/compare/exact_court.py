"""An exact court: what balls at a few rational points, and a prime field, show of every link of a claim."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np
from flint import ctx

from gradcheck_cli.compare.court import brought
from gradcheck_cli.compare.exact_sides import Comparison, compared
from gradcheck_cli.compare.laws import laws_of
from gradcheck_cli.compare.verdict import Certificate, FieldCheck, Found
from gradcheck_cli.evaluate.extent import Extent
from gradcheck_cli.evaluate.flint_backend import BallBackend, ResidueBackend
from gradcheck_cli.evaluate.interpret import Evaluation, size
from gradcheck_cli.evaluate.objects import Inexact
from gradcheck_cli.evaluate.residues import PRIME
from gradcheck_cli.evaluate.sampling import generator
from gradcheck_cli.oracle import exact_field, exact_witness
from gradcheck_cli.oracle.exact import ExactOracle, names_in, needed_by
from gradcheck_cli.oracle.exact_points import Point, choose_sizes, draw
from gradcheck_cli.shapes.dims import Dim, Shape
from gradcheck_cli.shapes.typed import (
    Apply,
    Derivative,
    Gradient,
    Loss,
    LossTangent,
    Quantity,
    Tangent,
    Typed,
    nodes,
    quantities,
)
from gradcheck_cli.spec.model import Operator
from gradcheck_cli.spec.typing import TypedClaim
from gradcheck_cli.text import UserError

TRIES = 3
"""How many points may fail one after the other: on a kink, at a pole."""

BITS = (exact_witness.BITS, 1000)
"""The precision, and the one that is tried where the first does not tell."""

ENOUGH = 50
"""Decimal digits that have to agree."""

BUDGETS = (6_000, 500, 500)
"""Elements of all arrays of the forward and of the sides together, at the sizes that each point chooses.

The first point can afford sizes of which no two are alike, so that none stands for another by accident.
"""

LIMIT = 6_000
"""The same where the sizes are as small as they can be."""

POINTS = len(BUDGETS)

_STREAM = 7 << 32
"""Keeps the random numbers apart from those of the court's draws."""


class ExactCourt:
    """Everything that stays the same over the points of one claim."""

    def __init__(
        self,
        operator: Operator,
        typed: TypedClaim,
        seed: int,
        links: list[int],
        sizes: Mapping[str, int] | None = None,
    ) -> None:
        self.operator = operator
        self.typed = typed
        self.program = typed.program
        self.seed = seed
        self.sizes = sizes
        self.laws = laws_of(operator, typed)
        self.links = links
        self.sides = [(_side(typed.links[n].left), _side(typed.links[n].right)) for n in links]
        self.relations = [typed.links[n].relation for n in links]
        self.wanted = tuple(
            dict.fromkeys(q for pair in self.sides for side in pair for q in quantities(side))
        )
        needed = needed_by(self.program, self.wanted)
        lines = [d.tree for d in self.program.definitions if d.name in needed]
        trees = [*lines, *(s for pair in self.sides for s in pair)]
        trees += [q.tree for q in self.wanted if isinstance(q, (Tangent, Derivative))]
        needed = needed.union(*(names_in(t) for n, t in typed.given.items() if n in needed))
        self.names = [n for n in self.program.inputs if n in needed]
        self.trees = [*trees, *(t for n, t in typed.given.items() if n in needed)]
        shapes = [*Extent(trees).counts.items(), *((self.program.inputs[n].shape, 1) for n in self.names)]
        self.count = _Count(shapes)
        self.labels = tuple(i.name for i in typed.free)
        self.moving = any(isinstance(q, (Tangent, LossTangent)) for q in self.wanted)
        self.pulling = any(isinstance(q, (Gradient, Loss, LossTangent)) for q in self.wanted)
        self.used: list[Mapping[str, int]] = []

    def without(self, functions: Mapping[str, Any]) -> str | None:
        """A function that a back end does not have, and the claim uses."""
        used = {n.function for tree in self.trees for n in nodes(tree) if isinstance(n, Apply)}
        return min((f for f in used if f not in functions), default=None)

    def found(self) -> list[Found]:
        """A certificate for every link; where there is none, the reason."""
        missing = self.without(BallBackend.functions)
        if missing is not None:
            return self.nothing(f"`{missing}` has no version in ball arithmetic")
        shown: list[list[Comparison]] = [[] for _ in self.links]
        witness: int | None = None
        failure = ""
        for number in range(POINTS):
            for attempt in range(TRIES):
                rng = generator(self.seed, _STREAM + number, attempt)
                try:
                    point = self.point(rng, BUDGETS[number])
                    comparisons, digits = self.at(point, rng, witnessed=not number)
                except (Inexact, UserError, ArithmeticError, ValueError) as error:
                    again, failure = str(error) == failure, _said(error)
                    if again:
                        break
                    continue
                witness = digits if digits is not None else witness
                for link, comparison in zip(shown, comparisons, strict=True):
                    link.append(comparison)
                break
            else:
                break
            if failure and not shown[0]:
                break
        if len(shown[0]) < POINTS:
            proven = [any(c.separated for c in link) for link in shown]
            return [
                self.concluded(n, link, witness) if false else self.none(failure)
                for n, (link, false) in enumerate(zip(shown, proven, strict=True))
            ]
        return [self.concluded(n, link, witness) for n, link in enumerate(shown)]

    def nothing(self, reason: str) -> list[Found]:
        """No certificate for any link."""
        return [self.none(reason) for _ in self.links]

    def none(self, reason: str) -> Found:
        """No certificate for one link."""
        return Found(Certificate("none", reason))

    def point(self, rng: np.random.Generator, budget: int) -> Point:
        """Rational data, at tiny sizes unless others are asked for. Raises Inexact."""
        sizes = self.sizes
        if sizes is None:
            sizes = choose_sizes(self.program, rng, self.count, budget, LIMIT, self.used)
        elif self.count(sizes) > LIMIT:
            raise Inexact("the sizes are too large")
        self.used.append(sizes)
        return draw(self.program, self.laws, sizes, rng, self.names, moving=self.moving, pulling=self.pulling)

    def at(
        self, point: Point, rng: np.random.Generator, *, witnessed: bool
    ) -> tuple[list[Comparison], int | None]:
        """What one point shows of each link, and to how many digits the differences confirm it."""
        for bits in BITS:
            with ctx.workprec(bits):
                try:
                    oracle = ExactOracle(self.program, point, self.typed.given, self.wanted, self.typed.fixed)
                    truth = oracle.quantities()
                    comparisons = [
                        compared(*pair, relation, self.labels, point, bits)
                        for pair, relation in zip(self.evaluated(oracle, truth), self.relations, strict=True)
                    ]
                except Inexact:
                    if bits == BITS[-1]:
                        raise
                    continue
                if bits == BITS[-1] or all(c.separated or c.digits >= ENOUGH for c in comparisons):
                    return comparisons, self.confirmed(oracle, truth, rng) if witnessed else None
        raise Inexact("no precision is enough")

    def evaluated(self, oracle: ExactOracle, truth: Mapping[Quantity, Any]) -> list[tuple[Any, Any]]:
        """Both sides of every link, (*free indices, *shape)."""
        backend = oracle.backend
        evaluation = Evaluation(backend, oracle.sizes, truth.__getitem__, len(self.typed.indices))
        free = [1 + i.position for i in self.typed.free]
        found = []
        for pair in self.sides:
            values = [
                brought(backend.real(evaluation.value(side)), evaluation.lead, free)[0, ...] for side in pair
            ]
            rank = max(v.ndim for v in values)
            # a bare number stands for a whole array
            values = [v.reshape(v.shape + (1,) * (rank - v.ndim)) for v in values]
            left, right = np.broadcast_arrays(*values)
            found.append((left, right))
        return found

    def confirmed(
        self, oracle: ExactOracle, truth: Mapping[Quantity, Any], rng: np.random.Generator
    ) -> int | None:
        """The fewest digits to which differences confirm a derivative. Raises Inexact where they do not."""
        witness = exact_witness.Witness(oracle, rng)
        found = [witness.confirms(q, value) for q, value in truth.items()]
        return min((f for f in found if f is not None), default=None)

    def concluded(self, number: int, shown: list[Comparison], witness: int | None) -> Found:
        """What all points together say of one link."""
        bits = max(c.bits for c in shown)
        false = [c for c in shown if c.separated]
        sights = tuple(c.sight for c in shown)
        base = Certificate(
            "holds",
            points=len(shown),
            elements=sum(c.elements for c in shown),
            digits=min(c.digits for c in shown),
            bits=bits,
            sizes=tuple(c.sizes for c in shown),
            witness=witness,
        )
        if false:
            worst = max(false, key=lambda c: c.sight.error)
            return Found(
                replace(
                    base,
                    outcome="false",
                    digits=worst.digits,
                    points=len(false),
                    sizes=tuple(c.sizes for c in false),
                    elements=sum(c.elements for c in false),
                    index=worst.index,
                    left=worst.left,
                    right=worst.right,
                    data=worst.data,
                ),
                sights,
            )
        if all(c.vacuous for c in shown) and all(quantities(side) for side in self.sides[number]):
            return self.none("both sides are zero at every point, which tests nothing")
        if base.digits < ENOUGH:
            return self.none(f"only {base.digits} digits are certain at {bits} bits")
        return Found(replace(base, field=self.in_field(number)), sights)

    def in_field(self, number: int) -> FieldCheck | None:
        """The same link over a prime field, where it is rational. Raises nothing: then there is no check."""
        if self.relations[number] != "=" or self.without(ResidueBackend.functions) is not None:
            return None
        rng = generator(self.seed, _STREAM + POINTS, number)
        try:
            point = exact_field.draw(self.program, self.laws, self.point(rng, BUDGETS[-1]), rng)
            oracle = ExactOracle(
                self.program, point, self.typed.given, self.wanted, self.typed.fixed, ResidueBackend()
            )
            truth = oracle.quantities()
            left, right = self.evaluated(oracle, truth)[number]
        except (Inexact, UserError, ArithmeticError, ValueError, TypeError):
            return None
        differences = [a - b for a, b in zip(left.ravel(), right.ravel(), strict=True)]
        if not differences or any(d.value for d in differences):
            return None
        top = max(d.top for d in differences)
        bottom = max(d.bottom for d in differences)
        if not top:  # nothing varies: one point is no test
            return None
        return FieldCheck(top, top / (PRIME - bottom))


class _Count:
    """The elements of many arrays, asked for many sizes: every dimension is worked out once."""

    def __init__(self, shapes: Iterable[tuple[Shape, int]]) -> None:
        numbers: dict[Dim, int] = {}
        self.shapes = [
            (tuple(numbers.setdefault(d, len(numbers)) for d in shape), count) for shape, count in shapes
        ]
        self.dims = tuple(numbers)

    def __call__(self, sizes: Mapping[str, int]) -> int:
        """The total. Raises UserError for sizes that cannot be."""
        values = [size(d, sizes) for d in self.dims]
        return sum(count * prod(values[k] for k in shape) for shape, count in self.shapes)


def _side(tree: Typed | None) -> Typed:
    assert tree is not None
    return tree


def _said(error: Exception) -> str:
    if isinstance(error, UserError):
        return error.problems[0].message
    return str(error) if isinstance(error, Inexact) else type(error).__name__
