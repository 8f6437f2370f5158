"""The search: edits of a false equation, the likeliest first, until one makes it true on the bench.

One edit at a time; then, for each of these, what is missing at every hole of
the changed formula; then pairs of edits. Nothing that is found here is
believed before the judge has seen it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from time import monotonic
from typing import Any

import numpy as np

from gradcheck_cli.diagnose.bench import DRAWS, Bench, padded, same
from gradcheck_cli.diagnose.candidate import Candidate, Edit, Sides
from gradcheck_cli.diagnose.constants import Constants
from gradcheck_cli.diagnose.edits import Site, arrays, sites
from gradcheck_cli.diagnose.hole import holes
from gradcheck_cli.diagnose.library import Library
from gradcheck_cli.diagnose.names import Names, words_in
from gradcheck_cli.diagnose.slip import Offer, Slip, not_filled
from gradcheck_cli.diagnose.slips import SLIPS
from gradcheck_cli.evaluate import deadline
from gradcheck_cli.evaluate.deadline import OutOfTime
from gradcheck_cli.lang import ast
from gradcheck_cli.lang.functions import FUNCTIONS
from gradcheck_cli.shapes.infer import same_shape

MARGIN = 0.7
"""How much dearer than the best a repair may be to be offered beside it."""

CONTENT = 2.4
"""A repair below this cost is not improved upon by two edits."""

TWICE = 0.5
"""What a second edit costs by itself."""

LENGTH = 0.02
"""What each node that a repair adds costs."""

LIKELY = 1.5
"""A repair below this cost needs no library to compete with."""

TURNS = frozenset({"GC103", "GC122"})
"""What may be done to a left side that is one quantity."""

LOCAL = 0.1
"""What it costs to change a definition instead of the formula, or the left side instead of the right."""

MOST = 6_000
"""Candidates of one level."""


class Search:
    """All candidates of one false equation."""

    def __init__(
        self, bench: Bench, names: Names, sides: Sides, *, deep: bool, left_stands: bool = False
    ) -> None:
        self.left_stands = left_stands
        """Whether the left side is the end of a right step, so that only the right one can be at fault."""
        self.bench = bench
        self.names = names
        self.sides = sides
        self.deep = deep
        self.tried: set[Sides] = {sides}
        self.variants: list[Candidate] = []
        self.marks: set[Any] = set()
        self.found: list[Candidate] = []
        self.bare = names.subject is not None or _is_derivative(sides[0])
        self.before = [words_in(side) for side in sides]
        self.allowed = frozenset().union(
            *(words_in(w.expr) for w in names.all_words), names.locals, *self.before[1:]
        )
        self.moving = frozenset().union(
            *(words_in(w.expr) for w in names.all_words if w.sort in {"gradient", "tangent"})
        )
        self.zeros = frozenset(n for side in sides for n in self._zero_parts(side))

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
                for node in _all_arrays(definition.tree.node):
                    if words_in(node) <= self.allowed:
                        parts.setdefault(node)
        return Library(self.names, self.constants, list(parts))

    def run(self, seconds: float) -> list[Candidate]:
        """The repairs that hold on the bench, best first. Ends when the time is over."""
        end = monotonic() + seconds
        claim = Candidate(lambda: self.sides, (), 0.0)
        try:
            with deadline.limited(seconds), np.errstate(all="ignore"):
                self.level(self.singles())
                if self.best > LIKELY:
                    self.level(self.looked_up(claim))
                if self.best > CONTENT:
                    self.each(end - 0.7 * seconds, looks_up=False)
                if self.best > CONTENT:
                    self.each(end - 0.35 * seconds, looks_up=True)
                if self.best > CONTENT:
                    self.pairs()
        except OutOfTime:
            pass
        return sorted(self.found, key=lambda c: (c.cost, len(c.text)))

    @property
    def best(self) -> float:
        """The cost of the best repair so far."""
        return min((c.cost for c in self.found), default=float("inf"))

    def level(self, candidates: Iterable[Candidate]) -> None:
        """Tries candidates, the cheapest first, until what is left is much dearer than the best."""
        for candidate in sorted(candidates, key=lambda c: c.cost)[:MOST]:
            deadline.check()
            if candidate.cost > self.best + MARGIN:
                break
            self.attempt(candidate)

    # candidates

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

    def each(self, end: float, *, looks_up: bool) -> None:
        """For each single edit what is then missing, until the time for that is over."""
        for base in sorted(self.variants, key=lambda c: c.cost):
            if monotonic() > end or base.cost + TWICE > self.best + MARGIN:
                return
            if len(base.edits) == 1:
                self.level(list(self.filled(base, 1, set(), looks_up=looks_up)))

    def pairs(self) -> None:
        """Two edits; the cheaper the first, the dearer the second may be."""
        bases = [v for v in self.variants if len(v.edits) == 1 and v.sides[0] == self.sides[0]]
        bases.sort(key=lambda c: c.cost)
        for reach in (1.2, 1.6, 2.2):
            for base in bases:
                if base.cost > reach or self.best <= CONTENT + TWICE:
                    break
                made = (c for c in self.edited(base, fill=False) if c.cost - base.cost - TWICE <= reach)
                self.level(list(made))

    def edited(self, base: Candidate, *, fill: bool = True) -> Iterator[Candidate]:
        """All single edits of a candidate that need no library."""
        for number in (1, 0):
            if number == 0 and self.bare and not isinstance(self.sides[0], ast.Transpose):
                continue
            known: set[ast.Expr] = set()
            if fill and (number == 1 or not self.bare):
                yield from self.filled(base, number, known, looks_up=False)
            for site in sites(base.sides[number], self.names):
                deadline.check()
                site = replace(site, known=site.node in known and site.local is None)  # noqa: PLW2901
                if number == 0 and _is_fixed(site):
                    continue
                for slip in SLIPS.values():
                    if number == 0 and self.bare and slip.code not in TURNS:
                        continue
                    for offer in slip.at(site):
                        yield from self._at(base, number, site, slip, offer)

    def filled(
        self, base: Candidate, number: int, known: set[ast.Expr], *, looks_up: bool
    ) -> Iterator[Candidate]:
        """What is missing at each hole; the places that are holes go into `known`."""
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
                    known.add(hole.site.node)
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
            cost += LENGTH * max(0, _size(new) - _size(old))
        yield Candidate(made, (*base.edits, Edit(slip, old.span, old, new)), cost)

    # trials

    def attempt(self, candidate: Candidate) -> None:
        """Evaluates a candidate: a repair, a base for further edits, or nothing."""
        if self.left_stands and candidate.sides[0] != self.sides[0]:
            return
        if candidate.sides in self.tried:
            # the same formula by a likelier way
            for n, other in enumerate(self.found):
                if other.sides == candidate.sides and candidate.cost < other.cost:
                    self.found[n] = candidate
            return
        self.tried.add(candidate.sides)
        left, right = (self.bench.typed_of(side) for side in candidate.sides)
        if left is None or right is None or not self._says_something(candidate.sides):
            if len(candidate.edits) == 1 and len(self.variants) < MOST:
                self.variants.append(candidate)
            return
        a, b = self.bench.of(left, 0), self.bench.of(right, 0)
        if a is None or b is None or not np.isfinite(b).all() or not np.isfinite(a).all():
            return
        if same_shape(left, right) and same(a, b, self._terms(candidate.sides)) and self.holds(candidate):
            self.found.append(candidate)
            return
        if len(candidate.edits) == 1 and candidate.sides[0] == self.sides[0] and len(self.variants) < MOST:
            mark = (a.shape, b.shape, _mark(a), _mark(b))
            if mark not in self.marks:
                self.marks.add(mark)
                self.variants.append(candidate)

    def holds(self, candidate: Candidate) -> bool:
        """Whether it is true on all sets of data, and not because both sides say nothing."""
        for number in range(1, DRAWS):
            a, b = (self.bench.value(side, number) for side in candidate.sides)
            if a is None or b is None or not same(a, b, self._terms(candidate.sides)):
                return False
        return all(n in self.zeros for side in candidate.sides for n in self._zero_parts(side))

    def _says_something(self, sides: Sides) -> bool:
        """Whether an equation is no tautology, and uses nothing that is known only after it."""
        if sides[0] == sides[1] or any(_is_idle(n) for side in sides for n in ast.walk(side)):
            return False
        if self.moving & self.before[0] - words_in(sides[0]) and sides[1] == self.sides[1]:
            return False
        return sides[0] != self.sides[0] or words_in(sides[1]) - self.before[1] <= self.allowed

    def _terms(self, sides: Sides) -> float:
        """The size of what is added up at the root of both sides, which may cancel."""
        found = 0.0
        for side in sides:
            for child, _, _ in arrays(side):
                value = self.bench.value(child, 0)
                if value is not None and value.size:
                    found = max(found, float(np.max(np.abs(value))))
        return found

    def _zero_parts(self, side: ast.Expr) -> Iterator[ast.Expr]:
        """The calculated parts below the root that are zero everywhere: what stands beside them is idle."""
        for node in _all_arrays(side):
            if node is side or isinstance(node, (ast.Number, ast.Name)):
                continue
            if isinstance(node, ast.Call) and node.function in {"zeros", "zeros_like"}:
                continue
            value = self.bench.value(node, 0)
            if value is None or not value.size:
                continue
            if np.max(np.abs(value)) <= 1e-12 * max(1.0, self._terms((node, node))):
                yield node


def _all_arrays(side: ast.Expr) -> Iterator[ast.Expr]:
    stack = [side]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(child for child, _, _ in arrays(node))


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


def _is_idle(node: ast.Node) -> bool:
    """Whether nothing comes of an operation: `x - x`, `x / x`, two transposes."""
    match node:
        case ast.Transpose(ast.Transpose()):
            return True
        case ast.Binary("-" | "/", left, right):
            return left == right
    return False


def _size(node: ast.Expr) -> int:
    return sum(1 for _ in ast.walk(node))


def _mark(value: Any) -> float:
    flat = np.ravel(value)
    weights = np.cos(np.arange(1, flat.size + 1))
    return float(f"{float(flat @ weights):.8g}")
