"""A formula at extreme data, in float64 and in balls at the same floats."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import cycle
from typing import Any

import numpy as np

from gradcheck_cli.compare.laws import laws_of
from gradcheck_cli.evaluate.extent import Extent
from gradcheck_cli.evaluate.interpret import Evaluation
from gradcheck_cli.evaluate.numpy_backend import NumpyBackend
from gradcheck_cli.evaluate.sampling import generator
from gradcheck_cli.shapes.typed import Derivative, Tangent, Typed, quantities
from gradcheck_cli.spec.model import Operator
from gradcheck_cli.spec.typing import TypedClaim
from gradcheck_cli.text import UserError

SHARES = (Fraction(4, 5), Fraction(9, 10), Fraction(7, 10), Fraction(1), Fraction(3, 5))
"""Elements are these shares of a magnitude in turn."""

NARROW = 10**4
"""Where a variance is taken, the elements differ by such a share."""

ELEMENTS = 800
"""Elements of all arrays of the forward and of the formula together."""

BITS = (200, 800, 3200)
"""Precisions that are tried in turn; 1 - tanh(1000)² needs 2,900."""

_STREAM = 31
"""Keeps the random numbers apart from those of the court's draws."""


class Hopeless(Exception):  # noqa: N818  it is an outcome
    """A point at which nothing can be said."""


@dataclass(frozen=True, eq=False)
class Given64:
    """What a formula is given at a point, as floats and as balls of just these floats."""

    floats: Mapping[Any, Any]
    balls: Mapping[Any, Any]


class Extremes:
    """One right side, at small sizes. Raises Hopeless where they cannot be small enough."""

    def __init__(
        self, operator: Operator, typed: TypedClaim, right: Typed, seed: int, *, narrow: bool = False
    ) -> None:
        """`narrow`: the elements of an input lie close together."""
        self.typed, self.program, self.right, self.seed, self.narrow = (
            typed,
            typed.program,
            right,
            seed,
            narrow,
        )
        self.laws = laws_of(operator, typed)
        self.wanted = quantities(right)
        self.trees = [d.tree for d in self.program.definitions] + [right]
        self.trees += [q.tree for q in self.wanted if isinstance(q, (Tangent, Derivative))]
        self.sizes = self.chosen_sizes()

    def chosen_sizes(self) -> dict[str, int]:
        """Small sizes, distinct where that is small enough. Raises Hopeless."""
        extent = Extent(self.trees)
        free = self.program.free
        for pool in ((2, 3, 4, 5, 6), (3, 2), (2,), (4,), (1,)):
            sizes = dict(zip(free, cycle(pool), strict=False))
            try:
                if extent.total(sizes) <= ELEMENTS:
                    return sizes
            except UserError:
                continue
        raise Hopeless

    def extreme(self) -> list[str]:
        """The inputs that are made extreme."""
        return [
            name
            for name, law in self.laws.items()
            if law.domain in {"real", "positive", "nonzero", "range"}
            and name not in self.typed.given
            and self.program.inputs[name].dtype == "real"
        ]

    def point(self, magnitude: Fraction, signs: tuple[int, ...] = (1, -1)) -> Given64:
        """Everything that the formula is given, at inputs of one size. Raises Hopeless."""
        from flint import arb, ctx  # noqa: PLC0415  only where it is needed: it takes a moment to load

        from gradcheck_cli.evaluate.objects import Inexact, each  # noqa: PLC0415
        from gradcheck_cli.oracle.exact import ExactOracle  # noqa: PLC0415
        from gradcheck_cli.oracle.exact_points import draw  # noqa: PLC0415

        rng = generator(self.seed, _STREAM)
        drawn = draw(self.program, self.laws, self.sizes, rng, self.program.inputs, moving=True)
        moved = {n: self.moved(n, x, magnitude, signs) for n, x in drawn.inputs.items()}
        data = replace(drawn, inputs=moved)
        for bits in BITS:
            with ctx.workprec(bits):
                try:
                    oracle = ExactOracle(self.program, data, self.typed.given, self.wanted, self.typed.fixed)
                    truth = oracle.quantities()
                except Inexact as error:
                    raise Hopeless from error
                if all(_is_sharp(v) for x in truth.values() for v in x.ravel()):
                    floats = {q: _floats(x) for q, x in truth.items()}
                    if not all(np.isfinite(x).all() for x in floats.values()):
                        raise Hopeless
                    balls = {
                        q: each(arb, x) if x.dtype == np.float64 else truth[q] for q, x in floats.items()
                    }
                    return Given64(floats, balls)
        raise Hopeless

    def nudged(self, point: Given64) -> Iterator[Given64]:
        """The same with every float one place off: all upwards, and by turns up and down."""
        from flint import arb  # noqa: PLC0415

        from gradcheck_cli.evaluate.objects import each  # noqa: PLC0415

        for turns in ((1.0,), (1.0, -1.0)):
            floats = dict(point.floats)
            for quantity, x in point.floats.items():
                if x.dtype == np.float64:
                    ways = np.resize(np.asarray(turns), x.shape) * np.inf
                    floats[quantity] = np.nextafter(x, ways)
            balls = {q: each(arb, x) if x.dtype == np.float64 else point.balls[q] for q, x in floats.items()}
            yield Given64(floats, balls)

    def moved(self, name: str, x: Any, magnitude: Fraction, signs: tuple[int, ...]) -> Any:
        """An input made extreme, within its domain."""
        if name not in self.extreme():
            return x
        law = self.laws[name]
        shares: Iterable[Fraction] = SHARES
        if self.narrow and magnitude > 1:
            shares = [1 + s / NARROW for s in SHARES]
        turns = zip(range(x.size), cycle(shares), cycle(signs), strict=False)
        values = [sign * magnitude * share for _, share, sign in turns]
        if law.domain == "positive":
            values = [abs(v) for v in values]
        if law.domain == "range":
            low, high = Fraction(law.low), Fraction(law.high)
            edge = (high - low) / 50
            values = [min(max(v, low + edge), high - edge) for v in values]
        found = np.empty(x.size, dtype=object)
        found[:] = values
        return found.reshape(x.shape)

    def in_floats(self, tree: Typed, point: Given64) -> Any:
        """The formula in float64."""
        run = Evaluation(NumpyBackend(), self.sizes, point.floats.__getitem__, len(self.typed.indices))
        return np.asarray(run.value(tree), dtype=np.float64)

    def in_balls(self, tree: Typed, point: Given64) -> Any:
        """The formula at the same floats, to more digits than they have. Raises Hopeless."""
        from flint import ctx  # noqa: PLC0415

        from gradcheck_cli.evaluate.flint_backend import BallBackend  # noqa: PLC0415
        from gradcheck_cli.evaluate.objects import Inexact  # noqa: PLC0415

        backend = BallBackend()
        for bits in BITS:
            with ctx.workprec(bits):
                run = Evaluation(backend, self.sizes, point.balls.__getitem__, len(self.typed.indices))
                try:
                    found = backend.real(run.value(tree))
                except Inexact as error:
                    raise Hopeless from error
                if all(_is_sharp(v) for v in found.ravel()):
                    return found
        raise Hopeless


def _is_sharp(v: Any) -> bool:
    """Whether a ball tells more digits than a float has; NumPy's own numbers do."""
    if not hasattr(v, "rel_accuracy_bits"):
        return True
    return bool(v == 0 or not v.is_finite() or v.rel_accuracy_bits() > 80)


def _floats(x: Any) -> Any:
    """Balls rounded to floats; whole numbers and truth values as they are."""
    if x.dtype != object:
        return x
    return np.array([float(v.mid()) for v in x.ravel()], dtype=np.float64).reshape(x.shape)
