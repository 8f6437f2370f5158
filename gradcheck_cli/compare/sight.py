"""What one draw shows: two evaluated sides compared element by element with the floor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isclose
from typing import Any

import numpy as np

from gradcheck_cli.compare.floor import ROUNDING, WRONG, floor
from gradcheck_cli.compare.verdict import Place, Sight
from gradcheck_cli.evaluate.noise import UNIT
from gradcheck_cli.evaluate.sampling import Draw
from gradcheck_cli.oracle.agreement import Agreement

COARSEST = 1e-3
"""A draw whose floor is above this relative error can show nothing but a gross error."""

MEASURABLE = 0.03
"""A floor above this share of the values comes from noise that is not small, as at a singular matrix."""


def look(
    left: Any,
    right: Any,
    rounding_rows: int,
    draw: Draw,
    labels: tuple[str, ...],
    agreements: tuple[Agreement, ...] = (),
    relation: str = "=",
) -> Sight:
    """Compares the sides (rows, *leading axes of free indices, *shape).

    `labels` are the names of the free indices, whose axes come first. In an inequality every
    element must fulfil it; `!=` says that the arrays differ somewhere.
    """
    left, right = np.broadcast_arrays(left, right)

    def sight(verdict: Any, **rest: Any) -> Sight:
        return Sight(verdict, draw.sizes, draw.scale, agreements=agreements, **rest)

    if not left[0].size:
        return sight("undecided", reason="the arrays are empty")
    with np.errstate(all="ignore"):
        # two infinities of one sign agree
        same = left == right
        residual = np.where(same, 0.0, left - right)
    broken = ~np.isfinite(residual[0])
    if broken.any():
        return sight("undecided", reason=_not_finite(left[0], right[0], broken, labels))
    if np.isinf(left[0]).all():
        return sight("undecided", reason="both sides are infinite everywhere")
    size = np.maximum(_finite(left[0]), _finite(right[0]))
    allowed = floor(residual, rounding_rows, size)
    scale = magnitude((left, right), rounding_rows, float(np.max(allowed)))
    difference = _EXCESS[relation](residual[0])
    with np.errstate(all="ignore"):
        ratio = np.where(difference > 0, difference / allowed, 0.0)
    worst = np.unravel_index(int(np.argmax(difference)), difference.shape)
    smallest = WRONG * float(np.max(allowed)) / scale
    error = float(difference[worst]) / scale
    place = Place(index_text(worst, labels), float(left[0][worst]), float(right[0][worst]))
    found: dict[str, Any] = {
        "error": error,
        "floor": smallest,
        "place": place,
        "share": float(np.mean(ratio > WRONG)),
    }
    measurable = WRONG * float(np.max(allowed)) <= MEASURABLE * float(np.max(size))
    if relation == "!=" and np.max(ratio) > WRONG:
        return sight("holds", **found | {"error": 0.0})
    if np.max(ratio) > WRONG and (error > smallest or smallest <= COARSEST) and measurable:
        return sight("wrong", **found)
    if smallest > COARSEST:
        return sight(
            "undecided", reason=f"not enough precision: errors below {smallest:.1g} cannot be seen", **found
        )
    if relation == "!=":
        return sight("wrong", **found | {"error": 0.0})
    if np.max(ratio) > 1:
        return sight("undecided", reason="the difference is near the rounding floor", **found)
    if relation in {"<", ">"}:
        equal = np.abs(residual[0]) <= allowed
        if equal.any():
            at = np.unravel_index(int(np.argmax(equal)), equal.shape)
            found["place"] = Place(index_text(at, labels), float(left[0][at]), float(right[0][at]))
            if not np.moveaxis(residual, 0, -1)[at].any() and float(left[0][at]).is_integer():
                return sight("wrong", **found)
            return sight("undecided", reason="the two sides are equal within rounding", **found)
    return sight("holds", **found)


_EXCESS: Mapping[str, Callable[[Any], Any]] = {
    "=": np.abs,
    "!=": np.abs,
    "<": lambda residual: np.maximum(residual, 0),
    "<=": lambda residual: np.maximum(residual, 0),
    ">": lambda residual: np.maximum(-residual, 0),
    ">=": lambda residual: np.maximum(-residual, 0),
}
"""How far left - right violates a relation."""


def magnitude(sides: tuple[Any, Any], rounding_rows: int, allowed: float) -> float:
    """What errors are relative to: the left side; the right one, if the left is zero.

    Where both are zero but for their own rounding, the noise tells how large the terms are that cancel.
    """
    for side in sides:
        magnitude = _finite(side[0])
        largest = float(np.max(magnitude))
        with np.errstate(all="ignore"):
            own = float(np.max(floor(side, rounding_rows, magnitude)))
        if largest > own:
            return largest
    return allowed / (ROUNDING * UNIT) or 1.0


def vanishes(sight: Sight) -> bool:
    """Whether both sides were zero at a draw, exactly or but for their own rounding.

    `magnitude` has nothing to be relative to then, and the floor is what it comes to.
    """
    return sight.floor == 0 or isclose(sight.floor, WRONG * ROUNDING * UNIT, rel_tol=1e-9)


def _finite(x: Any) -> Any:
    return np.where(np.isfinite(x), np.abs(x), 0.0)


def index_text(index: Any, labels: tuple[str, ...]) -> str:
    """The index of an element as it is printed: `i=2, 0`."""
    named = [f"{name}={int(i)}" for name, i in zip(labels, index, strict=False)]
    return ", ".join(named + [str(int(i)) for i in index[len(labels) :]])


def _not_finite(left: Any, right: Any, broken: Any, labels: tuple[str, ...]) -> str:
    index = tuple(np.argwhere(broken)[0])
    where = f" at [{index_text(index, labels)}]" if index else ""
    for side, values in (("left", left), ("right", right)):
        if not np.isfinite(values[index]):
            other = "" if np.isfinite((right if side == "left" else left)[index]) else ", and so is the other"
            return f"the {side} side is {values[index]}{where}{other}"
    return f"the sides differ by more than a float can hold{where}"
