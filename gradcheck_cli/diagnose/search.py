"""The search: edits of a false equation, the likeliest first, until one makes it true on the bench.

One edit at a time; then, for each of these, what is missing at every hole of
the changed formula; then pairs of edits. Nothing that is found here is
believed before the judge has seen it.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from time import thread_time
from typing import Any

import numpy as np

from gradcheck_cli.diagnose.bench import Bench, same
from gradcheck_cli.diagnose.candidate import Candidate, Sides
from gradcheck_cli.diagnose.names import Names
from gradcheck_cli.diagnose.proposals import LENGTH, TWICE, Proposals, size_of
from gradcheck_cli.diagnose.tidy import Tidy
from gradcheck_cli.evaluate import deadline
from gradcheck_cli.evaluate.deadline import OutOfTime
from gradcheck_cli.shapes.infer import same_shape

MARGIN = 0.7
"""How much dearer than the best a repair may be to be offered beside it."""

CONTENT = 2.4
"""A repair below this cost is not improved upon by two edits."""

EVASIVE = 3.0
"""What it costs to name another quantity where a definition should be put right."""

BRIEFLY = 0.2
"""The share of its time for a definition whose closed form is known."""

BRIEF = 0.75
"""How much shorter than a repair of the claim the formula out of the forward must be to stand before it."""

FREE = 8
"""So many nodes more are free where no library was asked."""

LIKELY = 1.5
"""A repair below this cost needs no library to compete with."""

ENOUGH = 0.6
"""The share of its time that the search takes for something nearer, once it has a formula that holds."""

SPARE = 0.5
"""Seconds for what the forward gives, where the search has used up its time and found nothing."""

MOST = 6_000
"""Candidates of one level."""


class Search(Proposals):
    """The trials of one false equation."""

    def __init__(self, bench: Bench, names: Names, sides: Sides, *, left_stands: bool = False) -> None:
        self.end = float("inf")
        self.left_stands = left_stands
        """Whether the left side is the end of a right step, so that only the right one can be at fault."""
        super().__init__(bench, names, sides)
        self.tried: set[Sides] = {sides}
        self.true: set[Sides] = set()
        """Those of them that hold on the bench."""
        self.variants: list[Candidate] = []
        self.marks: set[Any] = set()
        self.found: list[Candidate] = []
        self.tidy = Tidy(names, sides)
        self.size = sum(map(size_of, sides))

    def run(self, seconds: float, whole: float | None = None) -> list[Candidate]:
        """The repairs that hold on the bench, best first.

        Ends after `seconds` of its own thread's time, so that other work on the
        machine does not change what is found, and after `whole` seconds in any case.
        """
        self.end = thread_time() + seconds
        claim = Candidate(lambda: self.sides, (), 0.0)
        with np.errstate(all="ignore"):
            try:
                with deadline.limited(whole or seconds):
                    if self.defined:
                        self.level(self.derived())
                        if self.found:  # little is left to be said
                            self.end = thread_time() + BRIEFLY * seconds
                    self.level(self.singles())
                    if self.best > LIKELY:
                        self.level(self.looked_up(claim))
                    self.shorter()
                    if self.best > CONTENT:
                        self.level(self.derived())
                        if self.found:  # an answer is in hand
                            seconds *= ENOUGH
                            self.end = min(self.end, thread_time() + seconds)
                        self.each(self.end - 0.7 * seconds, looks_up=False)
                    if self.best > CONTENT:
                        self.each(self.end - 0.35 * seconds, looks_up=True)
                    if self.best > CONTENT:
                        self.pairs()
            except OutOfTime:
                if not self.found:
                    self.end += SPARE
                    with suppress(OutOfTime):
                        self.level(self.derived())
        return sorted(self.found, key=lambda c: (c.cost, len(c.text)))

    def check(self) -> None:
        """Raises OutOfTime."""
        deadline.check()
        if thread_time() > self.end:
            deadline.cut()
            raise OutOfTime

    @property
    def best(self) -> float:
        """The cost of the best repair so far."""
        return min((c.cost for c in self.found), default=float("inf"))

    def level(self, candidates: Iterable[Candidate]) -> None:
        """Tries candidates, the cheapest first, until what is left is much dearer than the best."""
        for candidate in sorted(candidates, key=lambda c: c.cost)[:MOST]:
            self.check()
            if candidate.cost > self.best + MARGIN:
                break
            self.attempt(candidate)

    def shorter(self) -> None:
        """Where the best repair is long-winded, the formula that the forward gives, if that is not."""
        best = min(self.found, key=lambda c: c.cost, default=None)
        if best is None or sum(map(size_of, best.sides)) <= self.size + FREE:
            return
        for found in map(self.tidy.candidate, self.derived()):
            if len(found.text) <= BRIEF * len(best.text):
                self.attempt(Candidate(lambda found=found: found.sides, found.edits, best.cost - 0.01))  # type: ignore[misc]

    def each(self, end: float, *, looks_up: bool) -> None:
        """For each single edit what is then missing, until the time for that is over."""
        for base in sorted(self.variants, key=lambda c: c.cost):
            if thread_time() > end:
                deadline.cut()
                return
            if base.cost + TWICE > self.best + MARGIN:
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

    def attempt(self, candidate: Candidate) -> None:
        """Evaluates a candidate: a repair, a base for further edits, or nothing."""
        if self.left_stands and candidate.sides[0] != self.sides[0]:
            return
        if candidate.sides in self.tried:
            if candidate.sides in self.true:
                self._keep(candidate)  # the same formula, perhaps by a likelier way
            return
        self.tried.add(candidate.sides)
        left, right = (self.bench.typed_of(side) for side in candidate.sides)
        if left is None or right is None or not self._says_something(candidate):
            if len(candidate.edits) == 1 and len(self.variants) < MOST:
                self.variants.append(candidate)
            return
        a, b = self.bench.of(left, 0), self.bench.of(right, 0)
        if a is None or b is None or not np.isfinite(b).all() or not np.isfinite(a).all():
            return
        if (
            same_shape(left, right)
            and same(a, b, self.sense.terms(candidate.sides))
            and self.sense.holds(candidate)
        ):
            self.true.add(candidate.sides)
            self._keep(candidate)
            return
        if len(candidate.edits) == 1 and candidate.sides[0] == self.sides[0] and len(self.variants) < MOST:
            mark = (a.shape, b.shape, _mark(a), _mark(b))
            if mark not in self.marks:
                self.marks.add(mark)
                self.variants.append(candidate)

    def _says_something(self, candidate: Candidate, *, same: bool = False) -> bool:
        """Whether it is no tautology; an edit in place may lead back to the line above, which is right."""
        in_place = self.left_stands and not any(e.slip.looks_up for e in candidate.edits)
        return in_place if same else self.sense.says_something(candidate.sides, repeats=in_place)

    def _keep(self, candidate: Candidate) -> None:
        """A repair, in its textbook form where that holds on the bench too."""
        tidied = self.tidy.candidate(candidate)
        if tidied is not candidate:
            if tidied.sides == self.sides:
                return
            a, b = (self.bench.value(side, 0) for side in tidied.sides)
            if a is None or b is None or not same(a, b, self.sense.terms(tidied.sides)):
                tidied = candidate
            elif not self._says_something(tidied):
                return
        if self.tidy.are_one(tidied.sides) and not self._says_something(tidied, same=True):
            return
        grown = sum(map(size_of, tidied.sides)) - self.size
        cost = tidied.cost + EVASIVE * (self.defined and self.is_word(tidied.sides[1]))
        cost += 0 if tidied.edits[-1].slip.looks_up else LENGTH * max(0, grown - FREE)
        kept = Candidate(lambda: tidied.sides, tidied.edits, cost)
        for n, other in enumerate(self.found):
            if other.sides == kept.sides:
                self.found[n] = min(other, kept, key=lambda c: c.cost)
                return
        self.found.append(kept)


def _mark(value: Any) -> float:
    flat = np.ravel(value)
    weights = np.cos(np.arange(1, flat.size + 1))
    return float(f"{float(flat @ weights):.8g}")
