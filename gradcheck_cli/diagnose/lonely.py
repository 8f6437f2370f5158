"""One wrong element among a million, found with a few dozen forwards where truth is known by directions only.

Random signs first: how far is the whole gradient off along them? Then the same
signs weighted by the digits of each element's number. Where a single element is
wrong, the quotients are its digits; the element alone confirms it.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, log, prod
from typing import Any

import numpy as np

from gradcheck_cli.compare.laws import laws_of
from gradcheck_cli.evaluate.extent import Extent
from gradcheck_cli.evaluate.interpret import Evaluation, shape_of
from gradcheck_cli.evaluate.numpy_backend import NumpyBackend
from gradcheck_cli.evaluate.sampling import choose_sizes, draw, generator
from gradcheck_cli.oracle.differences import Differences
from gradcheck_cli.oracle.richardson import FIRST_STEP, extrapolate
from gradcheck_cli.shapes.typed import Given, Gradient, Quantity, Value
from gradcheck_cli.spec.model import Operator
from gradcheck_cli.spec.typing import TypedClaim

LEVELS = 3
"""Steps of the differences along one direction: two forwards each."""

DIRECTIONS = 8
"""How many directions are tried at most: 48 forwards."""

LARGEST_BASE = 1000
"""The base of the digits where the differences are sharp; noise makes it smaller."""

MARGIN = 8.0
"""By how many bars a residual must stand out."""

MOST = 4_000_000
"""Elements of the largest array."""

Along = Callable[[Any], tuple[float, float]]
"""The true derivative along a direction (*shape), and its error bar."""


def lonely_element(claimed: Any, along: Along, rng: np.random.Generator) -> tuple[int, ...] | None:
    """The only element of a claimed gradient that is wrong; None where that cannot be said."""
    size = claimed.size
    signs = rng.choice([-1.0, 1.0], claimed.shape)

    def residual(weights: Any) -> tuple[float, float]:
        direction = signs * weights
        value, bar = along(direction)
        mine = direction * claimed
        rounding = 2.0**-50 * float(np.sqrt(np.sum(mine**2)))
        return value - float(np.sum(mine)), bar + rounding

    whole, bar = residual(np.ones(claimed.shape))
    if not np.isfinite(bar) or abs(whole) < MARGIN * bar:
        return None
    base = int(min(LARGEST_BASE, abs(whole) / (MARGIN * bar) if bar else LARGEST_BASE, size))
    digits = ceil(log(size) / log(base) - 1e-9) if base > 1 else DIRECTIONS
    if digits + 2 > DIRECTIONS:
        return None
    numbers = np.arange(size).reshape(claimed.shape)
    found = 0
    for digit in range(digits):
        part, _ = residual(numbers // base**digit % base / max(1, base - 1))
        quotient = part / whole * max(1, base - 1)
        if not -0.25 < quotient < base - 0.75 or abs(quotient - round(quotient)) > 0.25:
            return None
        found += round(quotient) * base**digit
    if found >= size:
        return None
    alone = np.zeros(claimed.shape)
    alone.flat[found] = 1.0
    part, bar_alone = residual(alone)
    if abs(part - whole) > MARGIN * (bar + bar_alone):
        return None
    return tuple(int(i) for i in np.unravel_index(found, claimed.shape))


def along_of(differences: Differences, name: str) -> Along:
    """The derivative of the loss along a direction of one quantity, with six forwards."""
    h = FIRST_STEP * differences.scale * 0.5 ** np.arange(LEVELS)

    def along(direction: Any) -> tuple[float, float]:
        length = float(np.max(np.abs(direction))) or 1.0
        displaced, _ = differences.displace({name: (direction / length)[None]}, h)
        with np.errstate(all="ignore"):
            values = differences.run(displaced, None)
            losses, size = differences.loss(values, None)  # type: ignore[arg-type]
        moved = losses[1:].reshape(LEVELS, 2)
        found = extrapolate(moved[:, 0], moved[:, 1], h, np.isfinite(moved).all(1), size)
        return float(found.value) * length, float(found.error) * length

    return along


def lonely_place(operator: Operator, typed: TypedClaim, link: int, seed: int) -> tuple[int, ...] | None:
    """The only wrong element of a claimed gradient, at the sizes that the spec asks for."""
    left, right = typed.links[link].left, typed.links[link].right
    if not isinstance(left, Given) or not isinstance(left.quantity, Gradient) or right is None:
        return None
    program, rng = typed.program, generator(seed, 7919, 0)
    extent = Extent([*(d.tree for d in program.definitions), right])

    def largest(sizes: Any) -> int:
        return max(extent.largest(sizes)[0], *(prod(shape_of(t, sizes)) for t in program.inputs.values()))

    sizes = choose_sizes(program, rng, largest, MOST)
    if largest(sizes) > MOST:
        return None
    data = draw(program, laws_of(operator, typed), typed.given, sizes, 1.0, rng)
    differences = Differences(program, sizes, data.inputs, data.tangents, data.cotangents, typed.fixed)

    def given(quantity: Quantity) -> Any:
        if isinstance(quantity, Value):
            return differences.values[quantity.name]
        if isinstance(quantity, Gradient) and quantity.name in program.outputs:
            return np.asarray(data.cotangents[quantity.name])[None]
        raise KeyError(quantity)

    run = Evaluation(NumpyBackend(), sizes, given, len(typed.indices))
    try:
        claimed = np.asarray(run.value(right), dtype=np.float64)
    except KeyError:  # a gradient on the way, which differences give only element by element
        return None
    shape = shape_of(left.type, sizes)
    if typed.indices or claimed.shape[1:] != shape:
        return None
    return lonely_element(claimed[0], along_of(differences, left.quantity.name), rng)
