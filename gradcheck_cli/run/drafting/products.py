"""Products and sums of arrays whose sizes are still unknown: what they make equal, and the form they have.

They are read as `shapes.products` will: side by side is the matrix product where
the ranks allow it, else the scalar, inner, outer or elementwise one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from gradcheck_cli.run.drafting.unify import ClashError, Sizes

_BESIDE = frozenset({""})
_HADAMARD = frozenset({"odot", "oslash", "otimes"})
_LOOSE = frozenset({"cdot", "matmul"})


@dataclass(frozen=True)
class Form:
    """The sizes of an array, and whether a vector lies."""

    sizes: tuple[int, ...]
    row: bool = False

    @property
    def rank(self) -> int:
        """How many axes it has."""
        return len(self.sizes)


SCALAR = Form(())
Guess = Form | None
"""None: nothing is known, and everything fits."""


@dataclass
class Products:
    """Combines forms, and counts how often that took some bending."""

    sizes: Sizes
    forms: dict[str, Guess]
    numbers: frozenset[str] = frozenset()
    """Names of sizes, which are plain numbers here."""
    folded: Mapping[str, str] = field(default_factory=dict)
    summed: list[int] = field(default_factory=list)
    """Sizes that were summed over, in order."""
    bent: int = 0
    """How often a product of matrices had to be read elementwise."""
    paired: int = 0
    """How often two columns stand side by side."""

    def same(self, one: Sequence[int], two: Sequence[int]) -> None:
        """Axis by axis; a size of 1 goes with everything."""
        for a, b in zip(one, two, strict=True):
            if "1" not in {self.sizes.name(a), self.sizes.name(b)}:
                self.sizes.equal(a, b)

    def alike(self, one: Guess, two: Guess) -> Guess:
        """Two sides of an equation. Raises ClashError."""
        if one is None or two is None:
            return one or two
        if one.rank != two.rank:
            raise ClashError("ranks")
        for a, b in zip(one.sizes, two.sizes, strict=True):
            self.sizes.equal(a, b)
        return one

    def elementwise(self, one: Guess, two: Guess) -> Guess:
        """A sum or Hadamard product, broadcast. Raises ClashError."""
        if one is None or two is None:
            return None if one is None and two is None else self._wider(one, two)
        if not one.rank or not two.rank:
            return one if one.rank else two
        small, large = sorted((one, two), key=lambda f: f.rank)
        self.same(small.sizes, large.sizes[large.rank - small.rank :])
        if small.rank == large.rank:
            pairs = zip(one.sizes, two.sizes, strict=True)
            return Form(tuple(b if self.sizes.name(a) == "1" else a for a, b in pairs), one.row)
        return large

    def _wider(self, one: Guess, two: Guess) -> Guess:
        known = one if one is not None else two
        return known if known is not None and known.rank else None

    def turned(self, form: Guess) -> Guess:
        """The transpose."""
        if form is None or not form.rank:
            return form
        if form.rank == 1:
            return Form(form.sizes, not form.row)
        return Form((*form.sizes[:-2], form.sizes[-1], form.sizes[-2]))

    def multiplied(self, parts: list[Guess], signs: list[str]) -> Guess:
        """A product, with the signs between its factors; beside `⊙` both groupings are tried."""
        plans: list[list[frozenset[str]]] = [[_BESIDE, _HADAMARD, _LOOSE]]
        if not _HADAMARD & set(signs):
            return self.grouped(parts, signs, plans[0])
        plans.append([_HADAMARD, _BESIDE, _LOOSE])
        return self.either([partial(self.grouped, parts, signs, plan) for plan in plans])

    def either(self, options: Sequence[Callable[[], Guess]]) -> Guess:
        """What several groupings give: nothing certain, where their ranks differ. Raises ClashError."""
        mark = self.sizes.mark()
        bent = self.bent
        found: list[Guess] = []
        trouble = ClashError("nothing")
        for option in options:
            try:
                found.append(option())
            except ClashError as clash:
                trouble = clash
            if len(found) != 1 or option is not options[-1]:
                self.sizes.undo(mark)
        if not found:
            raise trouble
        self.bent = bent
        ranks = {form.rank if form is not None else -1 for form in found}
        if len(ranks) > 1:
            return None
        self.sizes.undo(mark)
        return self.first(options)

    def grouped(self, parts: list[Guess], signs: list[str], plan: list[frozenset[str]]) -> Guess:
        """The product with the signs of the first level bound first."""
        for level in plan:
            joined, left = [parts[0]], list[str]()
            for part, sign in zip(parts[1:], signs, strict=True):
                if sign in level:
                    joined[-1] = self.times(sign, joined[-1], part)
                else:
                    joined.append(part)
                    left.append(sign)
            parts, signs = joined, left
        return parts[0]

    def first(self, options: Sequence[Callable[[], Guess]]) -> Guess:
        """The first reading that fits. Raises ClashError."""
        mark = self.sizes.mark()
        trouble = ClashError("nothing")
        for option in options:
            try:
                return option()
            except ClashError as clash:
                trouble = clash
                self.sizes.undo(mark)
        raise trouble

    def times(self, sign: str, one: Guess, two: Guess) -> Guess:
        """The product that a sign stands for, by the ranks. Raises ClashError."""
        if sign in {"odot", "oslash"}:
            return self.elementwise(one, two)
        if sign == "otimes" or one is None or two is None:
            return None
        if not one.rank or not two.rank:
            return one if one.rank else two
        if one.rank == 1 and two.rank == 1:
            return self.vectors(sign, one, two)
        options = [partial(self.matmul, one, two), partial(self.bend, one, two)]
        if (self.folded or sign == "cdot") and self.would_square(one, two):
            options.reverse()
        return self.first(options)

    def would_square(self, one: Form, two: Form) -> bool:
        """Whether a matrix product would only fit if a matrix of any shape were square."""
        if one.rank != two.rank or one.rank < 2:
            return False
        roots = [tuple(map(self.sizes.find, form.sizes)) for form in (one, two)]
        return roots[0] == roots[1] and roots[0][-1] != roots[0][-2]

    def bend(self, one: Form, two: Form) -> Guess:
        """A product that fits only element by element."""
        self.bent += 1
        return self.elementwise(one, two)

    def vectors(self, sign: str, one: Form, two: Form) -> Guess:
        """Inner, outer, or elementwise."""
        if one.row and not two.row:
            self.sizes.equal(one.sizes[0], two.sizes[0])
            self.summed.append(one.sizes[0])
            return SCALAR
        if two.row and not one.row and sign != "cdot":
            return Form((one.sizes[0], two.sizes[0]))
        self.sizes.equal(one.sizes[0], two.sizes[0])
        if sign == "cdot":
            return None
        self.paired += 1
        return one

    def matmul(self, one: Form, two: Form) -> Guess:
        """The matrix product, batched. Raises ClashError."""
        if (one.rank == 1 and not one.row) or (two.rank == 1 and two.row):
            raise ClashError("a column before a matrix")
        inner = two.sizes[-2] if two.rank > 1 else two.sizes[0]
        self.sizes.equal(one.sizes[-1], inner)
        self.summed.append(inner)
        if one.rank == 1:
            return Form((*two.sizes[:-2], two.sizes[-1]), row=True)
        if two.rank == 1:
            return Form(one.sizes[:-1])
        small, large = sorted((one, two), key=lambda f: f.rank)
        batch = large.sizes[: large.rank - 2]
        self.same(small.sizes[:-2], batch[large.rank - small.rank :])
        return Form((*batch, one.sizes[-2], two.sizes[-1]))
