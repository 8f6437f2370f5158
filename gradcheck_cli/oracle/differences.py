"""Truth by finite differences of the forward on NumPy: knows no derivative rule and nothing of torch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from gradcheck_cli.evaluate.backend import Backend
from gradcheck_cli.evaluate.interpret import Observer
from gradcheck_cli.evaluate.noise import AMPLITUDE, REPLICAS, Noise, rms
from gradcheck_cli.evaluate.numpy_backend import NumpyBackend
from gradcheck_cli.evaluate.sampling import HUGE
from gradcheck_cli.oracle.estimate import Estimate
from gradcheck_cli.oracle.forward import Branches, Forward
from gradcheck_cli.oracle.richardson import LEVELS, checked, extrapolate, leaps, steps
from gradcheck_cli.oracle.rungs import FAIR, LARGE, sparing
from gradcheck_cli.oracle.stepping import Stepper
from gradcheck_cli.shapes.typed import (
    Derivative,
    Gradient,
    Loss,
    LossTangent,
    Program,
    Quantity,
    Tangent,
    Value,
)

ROWS_AT_ONCE = 1 << 21
"""Elements that one batch of displaced forwards may hold in its largest array."""

USUAL = (1e-3, 1e3)
"""The magnitudes of values for which steps are relative to the scale of the data."""

FINE = 2.0**-20
"""A step far below the ladder, as a share of its first."""

KINK = "a step of the differences crosses a kink"
SINGULAR = "the forward is singular within a step of the differences"
EDGE = "a step of the differences leaves the domain of the forward"


Follow = Callable[[Mapping[str, Any], Observer], tuple[Any, float | None]]
"""From all values to what is differentiated, and the magnitude of its rounding if not its own."""


class Differences(Forward):
    """A forward computation on NumPy, and every quantity that a claim may ask of it, with bars.

    Arrays have the shapes of the program, without a batch axis.
    """

    def __init__(
        self,
        program: Program,
        sizes: Mapping[str, int],
        inputs: Mapping[str, Any],
        tangents: Mapping[str, Any],
        cotangents: Mapping[str, Any],
        fixed: frozenset[str] = frozenset(),
        scale: float = 1.0,
        *,
        brief: bool = False,
        stepping: Backend | None = None,
    ) -> None:
        """`brief`: few steps have to do; `stepping`: who runs them where arrays are huge, if not NumPy."""
        super().__init__(NumpyBackend(), program, sizes)
        self.tangents = tangents
        self.cotangents = cotangents
        self.fixed = fixed
        self.scale = scale
        self.alone = False
        """Whether nobody else knows the truth: the rounding of the forward is measured then, not assumed."""
        self.values = self.run({name: np.asarray(x)[None] for name, x in inputs.items()}, None)
        self.largest = max(np.size(v) for v in self.values.values())
        self.brief = brief or self.largest >= LARGE
        """Whether few steps have to do, along few directions."""
        self.stepping = stepping if stepping is not None and self.largest >= HUGE else self.backend

    # the forward

    def displace(self, moves: Mapping[str, Any], h: Any) -> tuple[dict[str, Any], int]:
        """Values displaced by ±h along directions: rows are the point itself, then (direction, level, sign).

        `moves`: name → directions (count, *shape).
        """
        displaced: dict[str, Any] = {}
        rows = 0
        for name, directions in moves.items():
            x = np.asarray(self.values[name][0], dtype=np.float64)
            signed = np.stack((h, -h), 1).reshape((1, -1) + (1,) * x.ndim)
            rows = 1 + len(directions) * signed.size
            moved = np.empty((rows, *x.shape))
            moved[0] = x
            np.multiply(directions[:, None], signed, out=moved[1:].reshape(-1, signed.size, *x.shape))
            moved[1:] += x
            displaced[name] = moved
        return displaced, rows

    def along(self, follow: Follow, moves: Mapping[str, Any], hold: frozenset[str]) -> Estimate:
        """The derivative of what `follow` computes along each direction: (count, *its shape)."""
        count = len(next(iter(moves.values())))
        h = steps(self.reach(moves))
        if self.alone:
            h = np.append(h, h[0] * FINE)
        levels = len(h)
        displaced, rows = self.displace(moves, h)
        branches = Branches(rows, self.backend)
        with np.errstate(all="ignore"):
            values = self.run(displaced, branches, hold)
            result, size = follow(values, branches)
        result = self.backend.real(result)
        shape = result.shape[1:]
        result = np.broadcast_to(result, (rows, *shape))
        point = result[0]
        result = result[1:].reshape(count, levels, 2, *shape)
        same: Any = branches.same[1:].reshape(count, levels, 2).all(2)
        finite: Any = np.isfinite(result).reshape(count, levels, -1).all(2)
        if self.alone:
            size = np.abs(result[:, -1]).max((0, 1)) if size is None else size
            size = np.maximum(size, self.rounding(follow, moves, hold))
        ladder, steps_first = slice(LEVELS), np.moveaxis(result, 0, 2)
        plus, minus = steps_first[:, 0], steps_first[:, 1]
        found = extrapolate(plus[ladder], minus[ladder], h[ladder], (same & finite).T[ladder], size)
        if self.alone:
            fine = checked(found, plus[-1], minus[-1], h[-1], size)
            judged = same[:, -1].reshape((count,) + (1,) * len(shape))
            leapt = leaps(plus, minus, point, size) & judged
            error = np.where(judged, fine.error, found.error)
            found = Estimate(found.value, np.where(leapt, np.inf, error), SINGULAR if leapt.any() else "")
        reason = found.reason or (EDGE if not (same & finite).any(1).all() else "")
        if finite.any(1).all() and not same.any(1).all():
            reason = KINK
        return Estimate(found.value, found.error, reason)

    def reach(self, moves: Mapping[str, Any]) -> float:
        """What steps are relative to; a value of quite another size than 1 is moved by a share of itself."""
        if len(moves) == 1:
            (name,) = moves
            size = float(np.max(np.abs(self.values[name][0]), initial=0.0))
            if size and np.isfinite(size) and not USUAL[0] <= size <= USUAL[1]:
                return size
        return self.scale

    def rounding(self, follow: Follow, moves: Mapping[str, Any], hold: frozenset[str]) -> Any:
        """The magnitude of which the rounding of what is followed is one unit in the last place."""
        rows = 1 + REPLICAS
        noise = Noise(rows, np.random.default_rng(rows))
        repeated = {n: np.repeat(np.asarray(self.values[n], dtype=np.float64)[:1], rows, 0) for n in moves}
        with np.errstate(all="ignore"):
            values = self.run(repeated, noise, hold)
            result = self.backend.real(follow(values, noise)[0])
            result = np.broadcast_to(result, (rows, *result.shape[1:]))
            moved = rms(result[1:] - result[:1]) / AMPLITUDE
        return np.where(np.isfinite(moved), moved, 0.0)

    # what a claim may ask

    def loss_along(self, name: str, directions: Any) -> Estimate:
        """⟨∂L/∂name, v⟩ for each direction v (count, *shape); an intermediate is tested by cutting there."""
        moves = {name: directions}
        if self.brief and not self.alone:
            best = self.sparing(moves)
            if (best.error <= FAIR * np.abs(best.value)).all():
                return best
        return self.along(self.loss, moves, frozenset())

    def is_drawn(self, name: str) -> bool:
        """Whether the gradient at a name is nothing but its cotangent, which needs no confirmation."""
        needs = self.program.needs
        return name in self.program.outputs and not any(name in needs[n] for n in needs if n != name)

    def sparing(self, moves: Mapping[str, Any]) -> Estimate:
        """The same from a few steps only."""
        count = len(next(iter(moves.values())))
        reach = self.reach(moves)

        stepper = Stepper(self.stepping, self.program, self.sizes, self.values, self.cotangents)

        def look(first: int, number: int) -> tuple[Any, Any, Any, Any, Any]:
            nonlocal stepper
            h = steps(reach, first + number)[first:]
            plus, minus, same, size = stepper.losses(moves, h)
            if not stepper.believed:
                stepper = Stepper(NumpyBackend(), self.program, self.sizes, self.values, self.cotangents)
                plus, minus, same, size = stepper.losses(moves, h)
            return plus, minus, h, same, size

        # the loss is linear in an output that nothing else is made of
        linear = all(needs.isdisjoint(moves) for n, needs in self.program.needs.items() if n not in moves)
        return sparing(count, look, linear=linear, huge=self.largest >= HUGE)

    def loss(self, values: Mapping[str, Any], _: Observer) -> tuple[Any, float]:
        """The loss relative to that of row 0, and the magnitude that its rounding is relative to."""
        total: Any = np.zeros(1)
        size = 0.0
        for output in self.program.outputs:
            weighted = self.cotangents[output] * values[output]
            flat = weighted.reshape(len(weighted), -1)
            size += float(rms(flat[0]) * np.sqrt(flat[0].size))
            # the displaced outputs nearly agree: subtract them before adding up
            flat -= flat[0].copy()
            total = total + flat.sum(1)
        return total, size

    def total(self, values: Mapping[str, Any]) -> Any:
        """The loss itself, one number a row."""
        weighted = [self.cotangents[o] * values[o] for o in self.program.outputs]
        return sum(w.reshape(len(w), -1).sum(1) for w in weighted)

    def gradient(self, name: str) -> Estimate:
        """∂L/∂name, every element."""
        shape = self.values[name].shape[1:]
        return self.columns(lambda directions: self.loss_along(name, directions), shape, last=False)

    def columns(self, along: Callable[[Any], Estimate], shape: tuple[int, ...], *, last: bool) -> Estimate:
        """Derivatives along all unit directions of a shape, in batches that fit into memory."""
        n = int(np.prod(shape, dtype=np.int64))
        largest = max(int(np.prod(v.shape, dtype=np.int64)) for v in self.values.values())
        at_once = max(1, ROWS_AT_ONCE // (2 * LEVELS * max(1, largest)))
        values, errors, reason = [], [], ""
        for start in range(0, n, at_once):
            stop = min(n, start + at_once)
            unit = np.zeros((stop - start, n))
            unit[np.arange(stop - start), np.arange(start, stop)] = 1
            part = along(unit.reshape(stop - start, *shape))
            values.append(part.value)
            errors.append(part.error)
            reason = reason or part.reason
        value, error = np.concatenate(values), np.concatenate(errors)
        if last:  # (elements, *tree shape) → (*tree shape, *shape)
            order = (*range(1, value.ndim), 0)
            value, error = value.transpose(order), error.transpose(order)
            return Estimate(
                value.reshape(*value.shape[:-1], *shape), error.reshape(*error.shape[:-1], *shape), reason
            )
        return Estimate(value.reshape(shape), error.reshape(shape), reason)

    def tangent(self, quantity: Tangent | LossTangent) -> Estimate:
        """The differential along the drawn tangents, every element."""
        moves = {name: np.asarray(t)[None] for name, t in self.tangents.items() if name not in self.fixed}
        moves = {name: t for name, t in moves.items() if name in self.program.differentiable}
        along: Follow = self.loss if isinstance(quantity, LossTangent) else self.of(quantity)
        if not moves:
            zero = np.zeros(along(self.values, Branches(1, self.backend))[0].shape[1:])
            return Estimate(zero, zero)
        found = self.along(along, moves, self.fixed)
        return Estimate(found.value[0], found.error[0], found.reason)

    def of(self, quantity: Tangent | Derivative) -> Follow:
        """What a tangent or derivative is of, as a function of the values."""
        return lambda values, branches: (self.tree(quantity.tree, values, quantity.indices, branches), None)

    def derivative(self, quantity: Derivative) -> Estimate:
        """The elementwise derivative or the Jacobian, every element."""

        def along(directions: Any) -> Estimate:
            return self.derivative_along(quantity, directions)

        shape = self.values[quantity.name].shape[1:]
        if quantity.elementwise:
            found = along(np.ones((1, *shape)))
            return Estimate(
                np.broadcast_to(found.value[0], shape), np.broadcast_to(found.error[0], shape), found.reason
            )
        return self.columns(along, shape, last=True)

    def derivative_along(self, quantity: Derivative, directions: Any) -> Estimate:
        """The change of the tree along each direction (count, *shape): (count, *tree shape)."""
        return self.along(self.of(quantity), {quantity.name: directions}, frozenset())

    def estimate(self, quantity: Quantity) -> Estimate:
        """Any quantity with its bar; forward values have none."""
        match quantity:
            case Value(name=name):
                value = self.values[name][0]
                return Estimate(value, np.zeros(np.shape(value)))
            case Loss():
                return Estimate(self.total(self.values)[0], np.zeros(()))
            case Gradient(name=name):
                return self.gradient(name)
            case Derivative():
                return self.derivative(quantity)
            case Tangent() | LossTangent():
                return self.tangent(quantity)
        raise TypeError(f"not a quantity: {quantity}")

    def quantities(self, wanted: Iterable[Quantity]) -> dict[Quantity, Estimate]:
        """Each quantity with its bar, for those who have no other oracle."""
        self.alone = True
        return {q: self.estimate(q) for q in wanted}
