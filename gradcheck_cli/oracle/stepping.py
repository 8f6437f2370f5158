"""Steps of the loss away from a point, on any back end; NumPy has the last word at the point itself.

Where arrays are huge NumPy's passes are what costs, and on a GPU nothing else does. A
difference needs no derivative rule, so that the library under suspicion may run it too,
as long as its forward gives what NumPy's does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from gradcheck_cli.evaluate.backend import Backend
from gradcheck_cli.oracle.forward import Branches, Forward
from gradcheck_cli.shapes.typed import Program

BELIEVED = 2.0**-30
"""How far its forward may be from NumPy's, in the root mean square of an output."""


class Stepper(Forward):
    """The forward at displaced points, from the values that NumPy found."""

    def __init__(
        self,
        backend: Backend,
        program: Program,
        sizes: Mapping[str, int],
        values: Mapping[str, Any],
        cotangents: Mapping[str, Any],
    ) -> None:
        super().__init__(backend, program, sizes)
        self.values = _Brought(values, backend.array)
        self.cotangents = _Brought(cotangents, backend.array)
        self.believed = True
        """False as soon as its forward is not NumPy's."""

    def losses(self, moves: Mapping[str, Any], h: Any) -> tuple[Any, Any, Any, float]:
        """The loss at ±h along directions, relative to that at the point.

        `moves`: name → directions (count, *shape). Returns plus and minus (levels, count), whether the
        steps stay on one smooth piece (levels, count), and what the rounding of the loss is relative to.
        """
        count = len(next(iter(moves.values())))
        steps = np.concatenate(([0.0], np.stack((h, -h), 1).ravel()))
        displaced = {name: self.displaced(name, directions, steps) for name, directions in moves.items()}
        branches = Branches(count * len(steps), self.backend)
        values = self.run(displaced, branches)
        total: Any = np.zeros(count * len(steps))
        size = 0.0
        for output in self.program.outputs:
            value = self.backend.real(values[output])
            self.believed &= self.as_on_numpy(value[:1], self.values[output])
            weighted = self.cotangents[output] * value
            flat = weighted.reshape(len(weighted), -1)
            size += _norm(flat[0])
            # the displaced outputs nearly agree: subtract before adding up
            total = total + self.backend.numpy((flat - flat[:1]).sum(1))
        moved = total.reshape(count, len(steps))[:, 1:].reshape(count, len(h), 2).swapaxes(0, 1)
        same = branches.same.reshape(count, len(steps))[:, 1:].reshape(count, len(h), 2).all(2).T
        return moved[..., 0], moved[..., 1], same, size

    def displaced(self, name: str, directions: Any, steps: Any) -> Any:
        """A value at all steps along all directions, (count · steps, *shape); row 0 is the point."""
        x = self.backend.real(self.values[name])
        along = self.backend.array(directions)
        shape = tuple(x.shape[1:])
        signed = self.backend.array(steps.reshape((1, -1) + (1,) * len(shape)))
        return (x + along.reshape(len(directions), 1, *shape) * signed).reshape(-1, *shape)

    def as_on_numpy(self, value: Any, expected: Any) -> bool:
        """Whether an output is what NumPy found."""
        if not int(np.prod(value.shape)):
            return True
        apart, size = float(abs(value - expected).max()), _norm(expected) / np.sqrt(np.prod(value.shape))
        return bool(apart <= BELIEVED * size)


def _norm(x: Any) -> float:
    """The Euclidean norm, of numbers of any size."""
    if not int(np.prod(x.shape)):
        return 0.0
    largest = float(abs(x).max())
    if not 0 < largest < np.inf:
        return largest
    return largest * math.sqrt(float(((x / largest) ** 2).sum()))


class _Brought(Mapping[str, Any]):
    """Arrays brought to a back end when they are asked for, and once."""

    def __init__(self, arrays: Mapping[str, Any], bring: Callable[[Any], Any]) -> None:
        self.arrays = arrays
        self.bring = bring
        self.found: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self.found:
            self.found[name] = self.bring(self.arrays[name])
        return self.found[name]

    def __contains__(self, name: object) -> bool:
        return name in self.arrays

    def __iter__(self) -> Iterator[str]:
        return iter(self.arrays)

    def __len__(self) -> int:
        return len(self.arrays)
