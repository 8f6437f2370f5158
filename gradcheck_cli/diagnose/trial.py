"""One link before the court under an assumption, and what was seen of its sides and its parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from gradcheck_cli.compare.court import Court
from gradcheck_cli.compare.verdict import Sight
from gradcheck_cli.diagnose import moves
from gradcheck_cli.evaluate.backend import Backend
from gradcheck_cli.evaluate.interpret import EvaluationFailed
from gradcheck_cli.evaluate.noise import AMPLITUDE, Noise
from gradcheck_cli.evaluate.sampling import Draw, generator
from gradcheck_cli.oracle.agreement import Agreement
from gradcheck_cli.shapes.typed import Gradient, Quantity, Value

TRIES = 8
"""How often sizes are drawn anew until they allow an assumption."""

VANISHES = 1e-9
"""What is below this share of its usual magnitude is nothing but rounding."""

Sized: TypeAlias = Value | Gradient
"""What has a magnitude of its own."""


@dataclass(frozen=True)
class Witness:
    """What one evaluation of a link saw."""

    sides: tuple[Any, Any]
    terms: tuple[float, float]
    """How large the terms are that a side is the sum of, known from its rounding."""
    sizes: Mapping[Sized, float]
    """The magnitudes of values and gradients that stand in the link."""

    @property
    def zero(self) -> tuple[bool, bool]:
        """Which sides vanish."""
        first, second = (largest(s) <= VANISHES * t for s, t in zip(self.sides, self.terms, strict=True))
        return first, second

    def vanished(self, usual: Witness | None) -> set[Sized]:
        """What vanishes here and does not in general."""
        if usual is None:
            return {what for what, size in self.sizes.items() if not size}
        before = {what: usual.sizes.get(what, 0.0) for what in self.sizes}
        return {what for what, size in self.sizes.items() if before[what] and size <= VANISHES * before[what]}


class Trial(Court):
    """A court that keeps what it saw of its one link."""

    row_by_row = False

    witness: Witness

    def look(self, number: int) -> str | None:
        """The verdict of one draw, of fresh data where they show nothing; None without any evaluation."""
        verdict = None
        for attempt in range(2):
            self.sides_seen: list[tuple[Any, Any]] = []
            self.sizes_seen: dict[Sized, float] = {}
            rng = generator(self.seed, number, attempt)
            self.drawn = data = self.data(number, attempt, rng)
            try:
                with np.errstate(all="ignore"):
                    (sight,) = self.sights(data, rng)
            except EvaluationFailed:
                continue
            if not self.sides_seen:
                continue
            left, right = self.sides_seen[0]
            self.witness = Witness((left[0], right[0]), (_terms(left), _terms(right)), self.sizes_seen)
            verdict = sight.verdict
            if verdict != "undecided":
                break
        return verdict

    def data(self, number: int, attempt: int, rng: np.random.Generator) -> Draw:
        """Data at sizes that allow the regime. Raises Unfit."""
        for _ in range(TRIES):
            try:
                return super().data(number, attempt, rng)
            except moves.Unfit:
                continue
        raise moves.Unfit

    def influences(self) -> frozenset[str]:
        """The inputs that the output depends on at the last data: changed at random, or only scaled."""
        oracle, rng = self.differences(self.drawn), generator(self.seed)
        found = set()
        for name in self.program.differentiable & self.drawn.inputs.keys():
            x = self.drawn.inputs[name]
            for sort, change in (("", 0.1 * rng.random(np.shape(x))), (" scaled", 0.1)):
                values = oracle.run({name: (x * (1 - change))[None]}, None)
                pairs = [(values[o], oracle.values[o]) for o in self.program.outputs]
                if any(largest(new - old) > VANISHES * largest(old) for new, old in pairs):
                    found.add(name + sort)
        return frozenset(found)

    def seen(self, left: Any, right: Any) -> None:
        """Keeps the sides."""
        self.sides_seen.append((left, right))

    def compare(
        self,
        backend: Backend,
        data: Draw,
        given: Mapping[Quantity, Any],
        noise: Noise,
        rounding_rows: int,
        agreements: tuple[Agreement, ...],
    ) -> list[Sight]:
        """Keeps the magnitudes of what the link is given."""
        for quantity, value in given.items():
            if isinstance(quantity, (Value, Gradient)):
                self.sizes_seen[quantity] = largest(np.asarray(backend.numpy(value))[0])
        return super().compare(backend, data, given, noise, rounding_rows, agreements)


def _terms(rows: Any) -> float:
    """The magnitude of the terms behind a side: disturbing them moved it by so much."""
    own = largest(rows[0])
    moved = largest(rows[1:] - rows[:1]) if len(rows) > 1 else 0.0
    return max(own, moved / AMPLITUDE)


def largest(x: Any) -> float:
    """The largest magnitude in an array."""
    return float(np.max(np.abs(x), initial=0.0))
