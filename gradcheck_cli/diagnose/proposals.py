"""What could have been meant: the candidates of a false equation, before any of them is tried.

Edits of a formula by every slip; what is missing at its holes, out of the
library; and what the forward computation gives for the quantity.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property

from gradcheck_cli.diagnose.bench import Bench, padded, same
from gradcheck_cli.diagnose.candidate import Candidate, Edit, Sides
from gradcheck_cli.diagnose.constants import Constants
from gradcheck_cli.diagnose.derive import derived
from gradcheck_cli.diagnose.edits import Site, sites
from gradcheck_cli.diagnose.hole import holes
from gradcheck_cli.diagnose.library import Library
from gradcheck_cli.diagnose.names import Names, words_in
from gradcheck_cli.diagnose.sense import Sense, all_arrays
from gradcheck_cli.diagnose.slip import Offer, Slip, not_filled
from gradcheck_cli.diagnose.slips import SLIPS
from gradcheck_cli.evaluate import deadline
from gradcheck_cli.lang import ast
from gradcheck_cli.lang.functions import FUNCTIONS

TWICE = 0.5
"""What a second edit costs by itself."""

LENGTH = 0.02
"""What each node that a repair adds costs."""

DERIVED = 3.6
"""What a formula out of the forward costs: any two edits of the claim are nearer to it."""

CLOSED = 2.0
"""The same where it takes the place of a definition, of which nothing was meant to stay."""

TURNS = frozenset({"GC103", "GC122"})
"""What may be done to a left side that is one quantity."""

LOCAL = 0.1
"""What it costs to change a definition instead of the formula, or the left side instead of the right."""


class Proposals:
    """The candidates of one equation."""

    def __init__(self, bench: Bench, names: Names, sides: Sides) -> None:
        self.bench = bench
        self.names = names
        self.sides = sides
        self.bare = names.subject is not None or _is_derivative(sides[0])
        self.sense = Sense(bench, names, sides)
        self.defined = isinstance(sides[1], (ast.Name, ast.Subscript)) and bool(
            words_in(sides[1]) & names.locals.keys()
        )
        """Whether the right side is what a definition names, so that a formula is claimed by its name."""

    def check(self) -> None:
        """Raises OutOfTime."""
        deadline.check()

    @cached_property
    def constants(self) -> Constants:
        """What both sides may be off by."""
        return Constants(self.names)

    @cached_property
    def library(self) -> Library:
        """What may be missing."""
        parts: dict[ast.Expr, None] = {}
        for site in sites(self.sides[1], self.names):
            parts.setdefault(site.node)
        if self.names.meaning != "gradient":
            for definition in self.names.program.definitions:
                for node in all_arrays(definition.tree.node):
                    if words_in(node) <= self.sense.allowed:
                        parts.setdefault(node)
        return Library(self.names, self.constants, list(parts))

    def singles(self) -> Iterator[Candidate]:
        """One edit."""
        claim = Candidate(lambda: self.sides, (), 0.0)
        yield from self.edited(claim)
        for slip in SLIPS.values():
            for sides, words in slip.across(self.sides, self.names):
                edit = Edit(slip, None, said=words)
                yield Candidate(lambda sides=sides: sides, (edit,), slip.cost + 0.3)  # type: ignore[misc]

    def looked_up(self, base: Candidate) -> Iterator[Candidate]:
        """What the library has for the holes of a candidate."""
        for number in (1,) if self.bare else (1, 0):
            yield from self.filled(base, number, set(), looks_up=True)

    def derived(self) -> Iterator[Candidate]:
        """What the forward gives for the quantity that the left side is, transposed or indexed as there."""
        if self.defined:
            yield from self._closed_forms()
            return
        found = derived(self.names)
        if found is None:
            return
        left = self.sides[0]
        around: list[ast.Transpose | ast.Subscript | ast.Negative] = []
        while isinstance(left, (ast.Transpose, ast.Subscript, ast.Negative)):
            around.append(left)
            left = left.operand
        for outer in reversed(around):
            found = replace(outer, operand=found)
        new, old = found, self.sides[1]
        edit = Edit(SLIPS["GC130"], old.span, old, new)
        yield Candidate(lambda: (self.sides[0], new), (edit,), DERIVED + LENGTH * size_of(new))

    def _closed_forms(self) -> Iterator[Candidate]:
        """For a claim about a definition: the gradient that the left side is, out of the forward."""
        old, items = self.sides[1], tuple(ast.Name(i.name) for i in self.bench.scope.indices)
        wanted = self.bench.value(self.sides[0], 0)
        for word in self.names.every.values():
            if word.sort != "gradient" or wanted is None or len(items) not in {0, word.type.rank}:
                continue
            new: ast.Expr = ast.Subscript(word.expr, items) if items else word.expr
            value = self.bench.value(new, 0)
            found = None if value is None or not same(value, wanted) else derived(self.names, word.of)
            if found is not None and not self.is_word(found):
                made = ast.Subscript(found, items) if items else found
                edit = Edit(SLIPS["GC130"], old.span, old, made)
                cost = CLOSED + LENGTH * size_of(made)
                yield Candidate(lambda made=made: (self.sides[0], made), (edit,), cost)  # type: ignore[misc]

    def is_word(self, side: ast.Expr) -> bool:
        """Whether a side is one name, apart from transposes, indices and signs."""
        while isinstance(side, (ast.Transpose, ast.Subscript, ast.Negative)):
            side = side.operand
        return self.names.word(side) is not None

    def edited(self, base: Candidate, *, fill: bool = True) -> Iterator[Candidate]:
        """All single edits of a candidate that need no library."""
        for number in (1, 0):
            if number == 0 and self.bare and not isinstance(self.sides[0], ast.Transpose):
                continue
            known: set[int] = set()
            if fill and (number == 1 or not self.bare):
                yield from self.filled(base, number, known, looks_up=False)
            for site in sites(base.sides[number], self.names):
                self.check()
                site = replace(site, known=id(site.node) in known and site.local is None)  # noqa: PLW2901
                if number == 0 and _is_fixed(site):
                    continue
                for slip in SLIPS.values():
                    if number == 0 and self.bare and slip.code not in TURNS:
                        continue
                    for offer in slip.at(site):
                        yield from self._at(base, number, site, slip, offer)

    def filled(self, base: Candidate, number: int, known: set[int], *, looks_up: bool) -> Iterator[Candidate]:
        """What is missing at each hole; the places that are holes go into `known`, by identity."""
        side, other = base.sides[number], base.sides[1 - number]
        wanted = self.bench.values(other)
        if wanted is None:
            return
        if (its := self.bench.values(side)) is not None:
            wanted = [padded(w, v)[0] for w, v in zip(wanted, its, strict=True)]
        slips = [s for s in SLIPS.values() if s.looks_up == looks_up and s.fill is not not_filled]
        for root, inside in self._roots(base, side):
            for hole in holes(root, wanted, self):
                if inside is None:
                    known.add(id(hole.site.node))
                elif hole.site.node not in inside or hole.site.role == "side":
                    continue
                for slip in slips:
                    if slip.code != "GC130" or (number == 1 and inside is None):
                        for offer in slip.fill(hole):
                            yield from self._at(base, number, hole.site, slip, offer)

    def _roots(self, base: Candidate, side: ast.Expr) -> Iterator[tuple[Site, frozenset[ast.Node] | None]]:
        """The side; then the side with a definition put in that it uses once, and the parts of that."""
        yield Site(side, lambda new: new, "side", self.names, known=True), None
        for name, local in self.names.locals.items() if not base.edits else ():
            if local.indices or sum(n == ast.Name(name) for n in ast.walk(side)) != 1:
                continue
            for site in sites(side, self.names):
                if site.local == name and site.parent is None:
                    opened = Site(site.rebuild(site.node), lambda new: new, "side", self.names, local=name)
                    yield opened, frozenset(ast.walk(site.node))

    def _at(self, base: Candidate, number: int, site: Site, slip: Slip, offer: Offer) -> Iterator[Candidate]:
        new, old = offer.new, site.node
        if new == old:
            return

        def made() -> Sides:
            side = site.rebuild(new)
            return (side, base.sides[1]) if number == 0 else (base.sides[0], side)

        cost = base.cost + slip.cost + offer.cost + (TWICE if base.edits else 0.0)
        cost += LOCAL * ((site.local is not None) + (number == 0))
        if slip.looks_up:
            cost += LENGTH * max(0, size_of(new) - size_of(old))
        yield Candidate(made, (*base.edits, Edit(slip, old.span, old, new)), cost)


def _is_derivative(side: ast.Expr) -> bool:
    while isinstance(side, (ast.Transpose, ast.Subscript, ast.Negative)):
        side = side.operand
    return isinstance(side, ast.Call) and side.function in {"D", "jacobian", "d"}


def _is_fixed(site: Site) -> bool:
    """Whether a place lies inside of a derivative: then another one would be claimed."""
    above = site.parent
    while above is not None:
        if isinstance(above.node, ast.Call) and FUNCTIONS[above.node.function].group == "derivative":
            return True
        above = above.parent
    return False


def size_of(node: ast.Expr) -> int:
    """How many nodes a formula has."""
    return sum(1 for _ in ast.walk(node))
