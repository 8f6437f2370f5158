"""Room for a claim: how many elements its arrays have, known before anything runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from math import prod

from gradcheck_cli.evaluate.extent import MAX_AXES, MAX_ELEMENTS, MAX_TOTAL, Extent
from gradcheck_cli.evaluate.interpret import shape_of
from gradcheck_cli.evaluate.noise import REPLICAS
from gradcheck_cli.shapes.typed import Typed
from gradcheck_cli.spec.model import Operator
from gradcheck_cli.spec.typing import TypedClaim
from gradcheck_cli.text import Problem, Span, UserError

_FREE = "let the sizes be free (`n`, not 1000000): small ones show the same errors"


class Room:
    """The arrays of the inputs of a claim, and of the trees that are evaluated for it."""

    def __init__(self, operator: Operator, typed: TypedClaim, trees: Iterable[Typed]) -> None:
        self.typed = typed
        self.program = typed.program
        self.inputs = operator.inputs
        self.shapes = Extent(trees)
        self.found: dict[tuple[tuple[str, int], ...], tuple[int, Span | None]] = {}
        """The largest array for each choice of sizes."""

    def bounded(self, sizes: Mapping[str, int]) -> None:
        """Raises UserError for what would not fit into memory, before it is tried."""
        deepest = self.shapes.deepest()
        rank, where = max(
            [(self.program.inputs[i.name].rank, i.shape_span) for i in self.inputs]
            + [(deepest.type.rank, deepest.node.span)],
            key=lambda found: found[0],
        )
        rank += max([len(self.typed.indices), *(d.indices for d in self.program.definitions)])
        if rank > MAX_AXES:
            message = f"this has {rank} axes, those of the indices included; at most {MAX_AXES} are possible"
            raise UserError(Problem(message, where))
        count, place = self.largest(sizes)
        all_ = self.shapes.total(sizes)
        for elements, limit, what in ((count, MAX_ELEMENTS, "this"), (all_, MAX_TOTAL, "the whole formula")):
            if elements * (1 + REPLICAS) > limit:
                message = (
                    f"{what} would hold {elements:,} numbers at once, more than {limit // (1 + REPLICAS):,}"
                )
                raise UserError(Problem(message, place, help=_FREE))

    def extent(self, sizes: Mapping[str, int]) -> int:
        """How many elements the largest array has."""
        return self.largest(sizes)[0]

    def largest(self, sizes: Mapping[str, int]) -> tuple[int, Span | None]:
        """The largest array of an evaluation, and where it comes from."""
        key = tuple(sizes.items())
        if key in self.found:
            return self.found[key]
        found: list[tuple[int, Span | None]] = []
        for input_ in self.inputs:
            try:
                shape = shape_of(self.program.inputs[input_.name], sizes)
            except UserError as error:
                raise UserError(
                    *(replace(p, span=p.span or input_.shape_span) for p in error.problems)
                ) from None
            found.append((prod(shape), input_.shape_span))
        count, node = self.shapes.largest(sizes)
        found.append((count, node.node.span))
        self.found[key] = max(found, key=lambda f: f[0])
        return self.found[key]
