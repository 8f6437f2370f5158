"""The power of a judgement: errors put into the user's own claim on purpose, and which of them are found.

Numbers: the floors of the draws say how small an error may be; an error of
just that size is put in, and the judge has to see it. Formulas: changed ones
(`diagnose.changes`) are judged at the same draws. What cannot be told from the
right formula even where every quantity in it is an independent random array is
the same formula in other words, and does not count.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

import numpy as np

from gradcheck_cli.compare.court import Court
from gradcheck_cli.compare.floor import floor as allowance
from gradcheck_cli.compare.kinks import is_at_kink
from gradcheck_cli.compare.settings import Settings, seed_of
from gradcheck_cli.compare.sight import look, magnitude
from gradcheck_cli.compare.verdict import Judgement
from gradcheck_cli.diagnose.changes import changes
from gradcheck_cli.evaluate.deadline import OutOfTime, limited
from gradcheck_cli.evaluate.interpret import Evaluation, EvaluationFailed, shape_of
from gradcheck_cli.evaluate.noise import REPLICAS
from gradcheck_cli.evaluate.numpy_backend import NumpyBackend
from gradcheck_cli.evaluate.sampling import Draw, generator
from gradcheck_cli.lang import ast
from gradcheck_cli.lang.ast import Equation
from gradcheck_cli.lang.printer import to_plain
from gradcheck_cli.shapes.resolve import is_loose
from gradcheck_cli.shapes.typed import Derivative, Given, Quantity, Tangent, Typed, Value, nodes
from gradcheck_cli.spec.model import Claim, Formula, Operator
from gradcheck_cli.spec.typing import TypedClaim, type_claim
from gradcheck_cli.text import UserError

KINDS = frozenset({"gradient", "derivative", "differential", "identity"})

SECONDS = 10.0
"""For all links of a claim; what is not tried by then is not counted."""

PLACES = 32
"""Elements into which a single error is put."""

LITTLE = 1.05
"""The error that is put in is so much larger than the one that is said to be found."""

DOUBLINGS = 12
STEPS = 24
"""Halvings of the interval (of exponents) in which the smallest error everywhere lies."""

SAME = 1e-9


@dataclass(frozen=True)
class Power:
    """What would have been found of errors in one link that holds."""

    link: int
    element: float | None
    """The smallest error of one element, relative to the largest; None if none was found."""
    everywhere: float | None
    """The smallest relative error of all elements."""
    changed: int
    """How many changed formulas were judged."""
    found: int
    survivors: tuple[str, ...] = ()
    """Those that hold as well, in plain text."""
    undecided: tuple[str, ...] = ()
    """Those that nobody could decide; they would fail a run, but are not found."""
    complete: bool = True
    """Whether there was time for all of them."""


def power(
    operator: Operator, claim: Claim, typed: TypedClaim, judgements: tuple[Judgement, ...], settings: Settings
) -> tuple[Power, ...]:
    """The power of every link that holds. Never raises for a claim."""
    if claim.kind not in KINDS:
        return ()
    found = []
    end = monotonic() + SECONDS
    for number, (link, judgement) in enumerate(zip(typed.links, judgements, strict=True)):
        if judgement.verdict != "holds" or link.relation != "=" or link.remainder is not None:
            continue
        if is_at_kink(judgement):
            continue  # many formulas are right there
        try:
            with limited(max(0.1, end - monotonic())), np.errstate(all="ignore"):
                found.append(_Injection(operator, claim, typed, number, settings).power())
        except (UserError, EvaluationFailed, OutOfTime, RecursionError, MemoryError, ArithmeticError):
            continue
    return tuple(found)


class _Watching(Court):
    """A court that keeps what it saw of its one link."""

    sides_seen: tuple[Any, Any] | None = None
    drawn: Draw

    def data(self, number: int, attempt: int, rng: np.random.Generator) -> Draw:
        """Keeps the data."""
        self.drawn = super().data(number, attempt, rng)
        return self.drawn

    def seen(self, left: Any, right: Any) -> None:
        """Keeps the sides."""
        self.sides_seen = (left, right)


class _Injection:
    """Errors in one link."""

    def __init__(
        self, operator: Operator, claim: Claim, typed: TypedClaim, number: int, settings: Settings
    ) -> None:
        self.operator, self.claim, self.typed, self.number = operator, claim, typed, number
        self.seed = seed_of(operator, claim, settings)
        # the oracles have agreed at these draws; once is enough
        oracle = "autograd" if settings.oracle == "both" else settings.oracle
        self.settings = replace(settings, oracle=oracle)
        self.court = _Watching(operator, typed, self.settings, self.seed, [number])

    def power(self) -> Power:
        """Both kinds of errors."""
        element: list[float | None] = []
        everywhere: list[float | None] = []
        for draw in range(self.settings.draws):
            (sight,) = self.court.session(draw)
            if sight.verdict == "holds" and self.court.sides_seen is not None:
                element.append(self.element(sight.floor))
                everywhere.append(self.everywhere(sight.floor))
        changed, survivors, undecided, complete = 0, [], [], True
        try:
            for text, verdict in self.structural():
                changed += 1
                survivors += [text] if verdict == "holds" else []
                undecided += [text] if verdict == "undecided" else []
        except OutOfTime:
            complete = False
        return Power(
            self.number,
            _largest(element),
            _largest(everywhere),
            changed,
            changed - len(survivors) - len(undecided),
            tuple(survivors),
            tuple(undecided),
            complete,
        )

    # numbers

    def wrong_with(self, error: Any) -> bool:
        """Whether the judge sees an error of the right side."""
        assert self.court.sides_seen is not None
        left, right = self.court.sides_seen
        return look(left, right + error, REPLICAS, self.court.drawn, self.court.labels).verdict == "wrong"

    def element(self, floor: float) -> float | None:
        """The smallest error of any one element, verified at some of them."""
        assert self.court.sides_seen is not None
        left, right = np.broadcast_arrays(*self.court.sides_seen)
        apart = np.where(left == right, 0.0, left - right)
        allowed = allowance(apart, REPLICAS, np.maximum(np.abs(left[0]), np.abs(right[0])))
        size = magnitude((left, right), REPLICAS, float(np.max(allowed)))
        count = left[0].size
        rng = generator(self.seed, 77)
        chosen = np.arange(count) if count <= PLACES else rng.choice(count, PLACES, replace=False)
        smallest = floor
        for place in chosen:
            error = np.zeros(count)
            for _ in range(DOUBLINGS):
                error[place] = LITTLE * smallest * size
                if self.wrong_with(error.reshape(left.shape[1:])):
                    break
                smallest *= 2
            else:
                return None
        return smallest or None

    def everywhere(self, floor: float) -> float | None:
        """The smallest relative error of all elements together, which is at most that of one."""
        assert self.court.sides_seen is not None
        right = self.court.sides_seen[1]
        high = LITTLE * (floor or 1.0)
        if not self.wrong_with(high * right):
            return None
        low = high * 1e-6
        for _ in range(STEPS):
            middle = float(np.sqrt(low * high))
            if self.wrong_with(middle * right):
                high = middle
            else:
                low = middle
        return high

    # formulas

    def structural(self) -> Iterator[tuple[str, str]]:
        """Changed formulas, and the verdict on each. Raises OutOfTime."""
        for claim, equation, text in self.changed():
            formula = Formula(claim.formula.text, equation)
            try:
                typed = type_claim(self.operator, claim, formula)
                link = typed.links[self.number]
                if link.left is None or link.right is None or link.mismatch is not None:
                    continue  # the shapes alone find it
                verdict = self.verdict(typed)
                if verdict == "holds" and self.same(typed):
                    continue
            except (UserError, EvaluationFailed, MemoryError, ArithmeticError, RecursionError):
                continue  # a formula that means nothing is no mistake that could pass
            yield text, verdict

    def changed(self) -> Iterator[tuple[Claim, Equation, str]]:
        """The claim with one change in the right side of the link, or in a definition that it is."""
        equation = self.typed.equation
        if equation is None:
            return
        at = self.number + 1
        side = equation.sides[at]
        for other in changes(side, self.typed.program):
            sides = (*equation.sides[:at], other, *equation.sides[at + 1 :])
            yield self.claim, replace(equation, sides=sides), to_plain(other)
        for n, local in enumerate(self.claim.where):
            used = any(node == ast.Name(local.name) for node in ast.walk(side))
            if not used or is_loose(local.expression):
                continue
            for other in changes(local.expression, self.typed.program, most=8):
                lines = (*self.claim.where[:n], replace(local, expression=other), *self.claim.where[n + 1 :])
                yield replace(self.claim, where=lines), equation, f"{local.name}: {to_plain(other)}"

    def verdict(self, typed: TypedClaim) -> str:
        """Wrong at one draw is wrong; the draws are those of the claim."""
        court = Court(self.operator, typed, self.settings, self.seed, [self.number])
        found = "holds"
        for draw in range(self.settings.draws):
            (sight,) = court.session(draw)
            if sight.verdict == "wrong":
                return "wrong"
            found = "undecided" if sight.verdict == "undecided" else found
        return found

    def same(self, typed: TypedClaim) -> bool:
        """Whether two formulas agree where every quantity in them is an independent random array."""
        for number in range(2):
            rng = generator(self.seed, 78, number)
            data = self.court.data(number, 0, rng)
            given: dict[Any, Any] = {}
            values = []

            def by_content(quantity: Quantity, given: dict[Any, Any] = given) -> Any:
                return given[_key(quantity)]

            for one in (self.typed, typed):
                tree = one.links[self.number].right
                assert tree is not None
                _independent(tree, data, rng, given)
                run = Evaluation(NumpyBackend(), data.sizes, by_content, max(1, len(one.indices)))
                value = np.asarray(run.value(tree), dtype=np.float64)
                values.append(value.reshape([n for n in value.shape if n != 1]))
            a, b = values
            if a.shape != b.shape or not np.array_equal(np.isfinite(a), np.isfinite(b)):
                return False
            finite = np.isfinite(a)
            if not finite.any():
                return False
            a, b = a[finite], b[finite]
            if np.max(np.abs(a - b), initial=0.0) > SAME * np.max(np.abs(a), initial=0.0):
                return False
        return True


def _independent(tree: Typed, data: Draw, rng: np.random.Generator, given: dict[Any, Any]) -> None:
    """A random array for every quantity of a tree that has none yet; whole numbers and masks as drawn."""
    for node in nodes(tree):
        if not isinstance(node, Given) or _key(node.quantity) in given:
            continue
        quantity = node.quantity
        if node.type.dtype != "real" and isinstance(quantity, Value) and quantity.name in data.inputs:
            value = np.asarray(data.inputs[quantity.name])
        else:
            value = rng.standard_normal(shape_of(node.type, data.sizes))
        given[_key(quantity)] = value[None]


def _key(quantity: Quantity) -> Any:
    """Quantities by content: the same expression is typed anew in every formula."""
    match quantity:
        case Tangent(tree):
            return "d", to_plain(tree.node)
        case Derivative(tree, name):
            return "D", to_plain(tree.node), name, quantity.elementwise
    return quantity


def _largest(found: list[float | None]) -> float | None:
    """What every draw would have shown; None where one of them shows nothing."""
    known = [f for f in found if f is not None]
    return max(known) if known and len(known) == len(found) else None
