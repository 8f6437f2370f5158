"""A glance at a draw: sides that agree to a few units in the last place need no measured floor.

Measuring what rounding can explain takes several disturbed rows of everything. Where a single
row shows no more than rounding anyway, that tells nothing new: the difference of equal sides is
itself a sample of the noise at every element. Whatever differs by more is looked at with a
measured floor, so that a glance never accuses and never leaves anything undecided.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from gradcheck_cli.compare.court import Court
from gradcheck_cli.compare.sight import index_text
from gradcheck_cli.compare.verdict import Place, Sight
from gradcheck_cli.evaluate.interpret import EvaluationFailed
from gradcheck_cli.evaluate.noise import UNIT
from gradcheck_cli.evaluate.numpy_backend import NumpyBackend
from gradcheck_cli.evaluate.numpy_kinks import PIECEWISE
from gradcheck_cli.evaluate.sampling import Draw, twin
from gradcheck_cli.shapes.typed import Loss, Value

QUIET = 2.0**7 * UNIT
"""Up to which difference, in the root mean square of a side, two sides agree at a glance."""

SEEN = 2.0**14 * UNIT
"""What a glance promises to show: noise that stays below QUIET at every element has a measured
floor far below this (a floor is 40 standard deviations of it, an error ten floors)."""

MANY = 1 << 12
"""From how many elements of the largest array on measuring a floor costs more than it tells."""

LEAST = 2
"""At so many draws floats confirm at least what balls have shown of analytic sides at draws of their own."""


class GlancingCourt(Court):
    """A court that glances where exact arithmetic has proved the links already, or arrays are large."""

    proven = False
    """Whether balls have shown every link of this court to be equal."""

    def confirm(self, points: int) -> None:
        """From now on every link counts as equal at so many points in balls; at none, nothing changes."""
        self.proven = points > 0
        if self.proven and not self.room.shapes.functions & PIECEWISE:
            # two sides that are analytic and equal at a random point are equal (almost surely)
            asked = self.settings.draws
            self.settings = replace(self.settings, draws=min(asked, max(LEAST, asked - points)))

    def sights(self, data: Draw, rng: np.random.Generator) -> list[Sight]:
        """What one set of data shows about each link."""
        worth = self.proven or self.room.extent(data.sizes) >= MANY
        if worth and self.settings.needs_torch and all(r == "=" for r in self.relations):
            found = self.glanced(data, twin(rng))
            if found is not None:
                return found
        return super().sights(data, rng)

    def glanced(self, data: Draw, rng: np.random.Generator) -> list[Sight] | None:
        """The sights if all is well at a single row; None asks for a measured floor."""
        from gradcheck_cli.evaluate.torch_backend import TorchBackend  # noqa: PLC0415  two seconds to import
        from gradcheck_cli.oracle.autograd import Autograd  # noqa: PLC0415

        backend = TorchBackend(self.settings.device)
        try:
            oracle = Autograd(
                backend,
                self.program,
                data.sizes,
                _one_row(data.inputs),
                _one_row(data.tangents),
                _one_row(data.cotangents),
                self.typed.fixed,
            )
            truth = oracle.quantities(self.wanted)
            sights = []
            for left, right in self.evaluated(backend, data, truth, None):
                sight = glance(left[0], right[0], data, self.labels)
                if sight is None:
                    return None
                sights.append(sight)
            seen = {q: backend.numpy(v) for q, v in truth.items()}
            agreements = self.agreements(data, seen, rng, brief=True)
            if not all(a.ok for a in agreements):
                return None
            if self.settings.oracle == "both" and not agreements and not self.same_on_numpy(data):
                return None
        except EvaluationFailed:
            return None
        return [replace(sight, agreements=tuple(agreements)) for sight in sights]

    def same_on_numpy(self, data: Draw) -> bool:
        """Whether NumPy shows the same of links without derivatives."""
        if not all(isinstance(q, (Value, Loss)) for q in self.wanted):
            return False
        oracle = self.differences(data)
        given = {q: oracle.estimate(q).value[None] for q in self.wanted}
        sides = self.evaluated(NumpyBackend(), data, given, None)
        return all(glance(left[0], right[0], data, self.labels) is not None for left, right in sides)


def _one_row(arrays: Mapping[str, Any]) -> dict[str, Any]:
    """The arrays as a batch of one."""
    return {name: x[None] for name, x in arrays.items()}


def glance(left: Any, right: Any, draw: Draw, labels: tuple[str, ...]) -> Sight | None:
    """A sight of two arrays that agree at every element, else None."""
    if left.shape != right.shape:
        left, right = np.broadcast_arrays(left, right)
    if not left.size:
        return None
    with np.errstate(all="ignore"):
        residual = np.abs(left - right)
        worst = np.unravel_index(int(residual.argmax()), residual.shape)
        error, scale = float(residual[worst]), float(max(left.max(), -left.min()))
        typical = scale * float(np.sqrt(np.mean((left / scale) ** 2)))
        if not 0 < typical < np.inf:
            return None
        if error > QUIET * typical:
            # large elements round by more
            if not (residual <= QUIET * np.maximum(np.abs(left), typical)).all():
                return None
            typical = scale
    return Sight(
        "holds",
        draw.sizes,
        draw.scale,
        error=error / scale,
        floor=SEEN * typical / scale,
        place=Place(index_text(worst, labels), float(left[worst]), float(right[worst])),
    )
