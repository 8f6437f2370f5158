"""Judges claims up to a remainder, `f = g + O(eta**2)`, by how fast the difference shrinks with `eta`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import log2
from typing import Any

import numpy as np

from gradcheck_cli.compare.court import SECONDS, Court
from gradcheck_cli.compare.settings import Settings, seed_of
from gradcheck_cli.compare.verdict import Judgement, Sight
from gradcheck_cli.evaluate.deadline import OutOfTime, limited
from gradcheck_cli.evaluate.interpret import EvaluationFailed
from gradcheck_cli.evaluate.sampling import Draw, generator
from gradcheck_cli.spec.model import Claim, Operator
from gradcheck_cli.spec.remainder import Remainder
from gradcheck_cli.spec.typing import TypedClaim

STEPS = tuple(2.0**-k for k in range(7, 12))
"""By what the parameter is multiplied, step after step."""

ENOUGH, TOO_LITTLE = 0.25, 0.6
"""How far the measured order may stay below the claimed one, and from where on it is a lower one."""

VANISHED = 1e-13
"""A difference below this, relative to the sides, is rounding: there is no remainder at all."""


def judge_order(
    operator: Operator, claim: Claim, typed: TypedClaim, number: int, settings: Settings
) -> Judgement:
    """The verdict on one link with a remainder."""
    remainder = typed.links[number].remainder
    assert remainder is not None
    seed = seed_of(operator, claim, settings)
    court = _Watched(operator, typed, replace(settings, oracle="autograd"), seed, [number])
    sights: list[Sight] = []
    orders: list[float] = []
    try:
        with limited(SECONDS), np.errstate(all="ignore"):
            for draw in range(settings.draws):
                sight, order = _measured(court, draw, remainder)
                sights.append(sight)
                orders += [order] if order is not None else []
    except OutOfTime:
        return Judgement("undecided", f"the time limit of {SECONDS:.0f} s for one claim is over")
    except EvaluationFailed as failure:
        return Judgement("undecided", str(failure))
    verdicts = {s.verdict for s in sights}
    verdict = next(v for v in ("wrong", "undecided", "holds") if v in verdicts)
    reason = next((s.reason for s in sights if s.verdict == verdict), "")
    measured = f"{min(orders):.2f}" if orders else "any"
    basis = f"the remainder is of order {measured} in `{remainder.name}`, measured where it is small"
    return Judgement(verdict, reason, tuple(sights), basis=basis)


class _Watched(Court):
    """A court that keeps how far apart the sides were."""

    errors: list[tuple[float, float]]

    def seen(self, left: Any, right: Any) -> None:
        """The largest difference, and the largest magnitude."""
        difference = np.max(np.abs(left[0] - right[0]), initial=0.0)
        self.errors.append((float(difference), float(np.max(np.abs(left[0]), initial=0.0))))


def _measured(court: _Watched, number: int, remainder: Remainder) -> tuple[Sight, float | None]:
    """What one draw shows, and the order that was measured; None where there is nothing to measure."""
    court.errors = []
    data = court.data(number, 0, generator(court.seed, number))
    for step in STEPS:
        court.sights(_scaled(data, remainder.name, step), generator(court.seed, number))
    sizes, name, power = data.sizes, remainder.name, remainder.power
    errors = [e for e, _ in court.errors]
    scale = court.errors[0][1] or 1.0
    found: Mapping[str, Any] = {"error": errors[0] / scale}
    if not all(map(np.isfinite, errors)):
        return Sight("undecided", sizes, data.scale, reason="a side is not finite"), None
    if errors[-1] <= VANISHED * scale:
        return Sight("holds", sizes, data.scale, **found), None
    slopes = [log2(a / b) for a, b in zip(errors[-3:], errors[-2:], strict=False) if a > 0 and b > 0]
    order = min(slopes, default=0.0)
    if order >= power - ENOUGH:
        return Sight("holds", sizes, data.scale, **found), order
    reason = f"the difference is of order {order:.2f} in `{name}`, not {power}"
    if max(slopes, default=0.0) <= power - TOO_LITTLE:
        return Sight("wrong", sizes, data.scale, reason=reason, **found), order
    return Sight("undecided", sizes, data.scale, reason=reason, **found), order


def _scaled(data: Draw, name: str, factor: float) -> Draw:
    return replace(data, inputs={**data.inputs, name: np.asarray(data.inputs[name]) * factor})
