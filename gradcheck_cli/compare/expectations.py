"""Judges claims about expectations: exactly for polynomials of what is random, else by samples.

Exactly means in rational arithmetic: the data that are not random are rational
numbers, the moments of the laws are, so both sides are, and they are equal or not.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from gradcheck_cli.compare.affine import is_affine
from gradcheck_cli.compare.court import SECONDS, Court, brought
from gradcheck_cli.compare.laws import laws_of
from gradcheck_cli.compare.settings import Settings, seed_of
from gradcheck_cli.compare.sight import index_text
from gradcheck_cli.compare.verdict import Judgement, Place, Sight, misfit
from gradcheck_cli.evaluate.deadline import OutOfTime, limited
from gradcheck_cli.evaluate.interpret import Evaluation, EvaluationFailed
from gradcheck_cli.evaluate.numpy_backend import NumpyBackend
from gradcheck_cli.evaluate.objects import Inexact
from gradcheck_cli.evaluate.sampling import Draw, draw, generator
from gradcheck_cli.oracle.moments import Distribution, expectation, polynomials
from gradcheck_cli.oracle.polynomials import Ring
from gradcheck_cli.oracle.sequential import judge_mean
from gradcheck_cli.shapes.typed import Expected, Quantity, Typed, Value, quantities
from gradcheck_cli.spec.model import Claim, Operator
from gradcheck_cli.spec.typing import Link, TypedClaim
from gradcheck_cli.text import UserError

FALSE_ALARM = 1e-9
"""The probability that a right claim, judged by samples, is called wrong."""

MOST = 1 << 20
"""Samples of the last look; the first is at a thousand."""

TINY = (3, 2, 4, 1)
"""Sizes of an exact judgement."""

SQUARES = (4, 1)
"""Sizes whose square roots are rational: `x / sqrt(n)`."""

_INEXACT = {"orthogonal": "an orthogonal matrix is not rational"}


def judge_expectations(
    operator: Operator, claim: Claim, typed: TypedClaim, settings: Settings
) -> tuple[Judgement, ...]:
    """The verdict on every link. Raises UserError for sizes that cannot be."""
    found = []
    for link in typed.links:
        if link.mismatch is not None:
            found.append(misfit(link.mismatch))
            continue
        trial = _Trial(operator, typed, settings, seed_of(operator, claim, settings), link)
        try:
            with limited(SECONDS):
                found.append(trial.judgement())
        except OutOfTime:
            found.append(Judgement("undecided", f"the time limit of {SECONDS:.0f} s for one claim is over"))
        except EvaluationFailed as failure:
            found.append(Judgement("undecided", str(failure)))
    return tuple(found)


class _Trial:
    """One link before its judges."""

    def __init__(
        self, operator: Operator, typed: TypedClaim, settings: Settings, seed: int, link: Link
    ) -> None:
        assert link.left is not None
        assert link.right is not None
        self.sides = (link.left, link.right)
        self.typed = typed
        self.program = typed.program
        self.settings = settings
        self.seed = seed
        self.random = {
            i.name: Distribution(i.random.name, i.random.parameters)  # type: ignore[arg-type]
            for i in operator.inputs
            if i.random is not None
        }
        self.domains = {i.name: i.domain.kind for i in operator.inputs}
        self.laws = laws_of(operator, typed)
        self.labels = tuple(i.name for i in typed.free)
        self.court = Court(operator, typed, settings, seed, [])
        self.needed = self._needed()

    def _needed(self) -> frozenset[str]:
        """The inputs and lines of `forward` that the sides are made of."""
        found: set[str] = set()
        stack = [q for side in self.sides for q in quantities(side)]
        while stack:
            quantity = stack.pop()
            if isinstance(quantity, Expected):
                stack += quantities(quantity.tree)
            elif isinstance(quantity, Value):
                found |= self.program.needs[quantity.name]
        for name, tree in self.typed.given.items():
            if name in found:
                found |= {q.name for q in quantities(tree) if isinstance(q, Value)}
        return frozenset(found)

    def judgement(self) -> Judgement:
        """Exact where that is possible, by samples where not."""
        reason = ""
        for sizes in (TINY, SQUARES):
            try:
                sights = [self.exactly(number, sizes) for number in range(self.settings.draws)]
                break
            except Inexact as inexact:
                reason = reason or str(inexact)
        else:
            return self.by_samples(reason)
        wrong = [s for s in sights if s.verdict == "wrong"]
        basis = f"exact: rational arithmetic and the moments of the laws, at {len(sights)} choices of data"
        return Judgement("wrong" if wrong else "holds", "", tuple(sights), basis=basis)

    # exactly

    def exactly(self, number: int, pool: tuple[int, ...]) -> Sight:
        """One choice of sizes and rational data. Raises Inexact."""
        rng = generator(self.seed, number)
        data = self.data(rng, number, pool)
        ring = Ring()
        values = self.rational(data, ring)

        def given(quantity: Quantity) -> Any:
            if isinstance(quantity, Expected):
                found = expectation(quantity.tree, data.sizes, given, ring, quantity.indices)
                if found.value is None:
                    raise Inexact(found.reason)
                return found.value
            assert isinstance(quantity, Value)
            return values[quantity.name]

        for line in self.program.definitions:
            if line.name not in self.needed:
                continue
            values[line.name] = polynomials(line.tree, data.sizes, given, ring, line.indices)
        free = tuple(i.position for i in self.typed.free)
        left, right = (
            np.vectorize(_number, otypes=[object])(
                polynomials(side, data.sizes, given, ring, len(self.typed.indices), free)
            )
            for side in self.sides
        )
        return self.compared(left, right, data)

    def compared(self, left: Any, right: Any, data: Draw) -> Sight:
        """Two arrays of Fractions."""
        left, right = np.broadcast_arrays(np.asarray(left, object), np.asarray(right, object))
        difference = np.asarray(np.abs(left - right), object)
        worst = np.unravel_index(int(np.argmax(difference)), difference.shape)
        scale = np.max(np.abs(left)) or np.max(np.abs(right))
        place = Place(index_text(worst, self.labels), float(left[worst]), float(right[worst]))
        share = float(np.mean((difference != 0).astype(float)))
        error = float(difference[worst] / scale) if scale else 0.0
        verdict = "wrong" if difference[worst] else "holds"
        return Sight(verdict, data.sizes, 1.0, error, 0.0, share, place)  # type: ignore[arg-type]

    def data(self, rng: np.random.Generator, number: int, pool: tuple[int, ...]) -> Draw:
        """Sizes out of a pool, and data."""
        failure: UserError | None = None
        names = self.program.free
        for shift in range(8):
            order = rng.permutation(len(names))
            turn = number // 2 + shift
            sizes = {n: pool[(int(k) + turn) % len(pool)] for n, k in zip(names, order, strict=True)}
            try:
                self.court.room.bounded(sizes)
                return draw(self.program, self.laws, self.typed.given, sizes, 1.0, rng)
            except UserError as error:
                failure = error
        assert failure is not None
        raise failure

    def rational(self, data: Draw, ring: Ring) -> dict[str, Any]:
        """The inputs: symbols where random, else exact. Raises Inexact."""
        values: dict[str, Any] = {}
        for name, array in data.inputs.items():
            if name not in self.needed:
                continue
            if name in self.random:
                values[name] = ring.symbols(self.random[name], array.shape)
            elif name in self.typed.given:
                continue
            elif self.domains[name] in _INEXACT:
                raise Inexact(_INEXACT[self.domains[name]])
            else:
                values[name] = _rounded(array, self.domains[name])
        for name, tree in self.typed.given.items():
            if name not in self.needed:
                continue
            shape = data.inputs[name].shape
            value = polynomials(tree, data.sizes, lambda q: values[q.name], ring)  # type: ignore[union-attr]
            values[name] = np.broadcast_to(value, shape)
        return values

    # by samples

    def by_samples(self, reason: str) -> Judgement:
        """A sequential test; both sides must be affine in their expectations."""
        if self.settings.oracle == "exact":
            return Judgement("undecided", f"not exact ({reason})")
        if not all(is_affine(side) for side in self.sides):
            return Judgement(
                "undecided",
                f"not exact ({reason}), and not a sum of expectations, which samples could test",
            )
        rng = generator(self.seed, 0)
        data = self.data(rng, 0, TINY)
        free = [1 + i.position for i in self.typed.free]

        def difference(rng: np.random.Generator, count: int) -> Any:
            left, right = self.sampled(data, rng, count, free)
            return np.broadcast_to(
                left - right, (count, *np.broadcast_shapes(left.shape[1:], right.shape[1:]))
            )

        left, right = self.sampled(data, generator(self.seed, 1), 2, free)
        shape = np.broadcast_shapes(left.shape[1:], right.shape[1:])
        certain = [not any(isinstance(q, Expected) for q in quantities(side)) for side in self.sides]
        target = np.zeros(shape)
        sample: Callable[[np.random.Generator, int], Any] = difference
        if any(certain):
            sign = -1.0 if certain[0] else 1.0
            fixed = (left if certain[0] else right)[0]
            target = np.broadcast_to(fixed, shape).astype(float)

            def sample(rng: np.random.Generator, count: int) -> Any:
                return sign * difference(rng, count) + target

        if not np.all(np.isfinite(target)):
            return Judgement("undecided", f"not exact ({reason}), and a side is not finite")
        outcome = judge_mean(sample, target, rng, FALSE_ALARM, MOST)
        at = float(target[outcome.place]) if outcome.samples else 0.0
        pair = (outcome.mean, at) if not certain[0] else (at, outcome.mean)
        place = Place(index_text(outcome.place, self.labels), *pair) if outcome.samples else None
        error = abs(outcome.mean - at) / outcome.scale if outcome.scale else 0.0
        sight = Sight(
            outcome.verdict,
            data.sizes,
            data.scale,
            error,
            outcome.smallest,
            place=place,
            reason=outcome.reason,
        )
        basis = (
            f"{outcome.samples:,} samples, since it is not exact ({reason}); a right claim is called wrong"
            f" with a probability below {FALSE_ALARM:.0e}"
        )
        return Judgement(outcome.verdict, outcome.reason, (sight,), basis=basis)

    def sampled(self, data: Draw, rng: np.random.Generator, count: int, free: list[int]) -> tuple[Any, Any]:
        """Both sides (count, *free indices, *shape), every expectation replaced by one sample of it."""
        backend = NumpyBackend()
        values: dict[str, Any] = {n: np.asarray(x)[None] for n, x in data.inputs.items()}
        for name, law in self.random.items():
            values[name] = law.sample(rng, (count, *data.inputs[name].shape))

        def value(tree: Typed, indices: int) -> Any:
            evaluation = Evaluation(backend, data.sizes, given, indices)
            found = evaluation.value(tree)
            return found.reshape(found.shape[:1] + found.shape[evaluation.lead :])

        def given(quantity: Quantity) -> Any:
            if isinstance(quantity, Expected):
                return value(quantity.tree, quantity.indices)
            assert isinstance(quantity, Value)
            return values[quantity.name]

        with np.errstate(all="ignore"):
            for line in self.program.definitions:
                if line.name in self.needed:
                    values[line.name] = value(line.tree, line.indices)
            evaluation = Evaluation(backend, data.sizes, given, len(self.typed.indices))
            left, right = (
                brought(backend.real(evaluation.value(side)), evaluation.lead, free) for side in self.sides
            )
        return left, right


def _number(value: Any) -> Fraction:
    found = value.constant
    assert found is not None  # whatever is random stands under `E(…)`
    return Fraction(found)


def _rounded(array: Any, domain: str) -> Any:
    """The numbers with few bits, as Fractions; probabilities sum to 1 exactly."""
    if array.dtype != np.float64:
        return array
    exact = np.vectorize(lambda v: Fraction(round(float(v) * 64) or 1, 64), otypes=[object])(array)
    return exact / np.sum(exact, axis=-1, keepdims=True) if domain == "probability" else exact
