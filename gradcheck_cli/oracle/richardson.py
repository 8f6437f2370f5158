"""Central differences over a ladder of steps, extrapolated to step zero, with an error bar.

Richardson's extrapolation in Ridders' form (C. J. F. Ridders, Adv. Eng.
Software 4 (1982) 75): D(h) = f' + c₂h² + c₄h⁴ + …, so that each column of the
tableau removes one power. Per component the entry with the smallest spread is
taken, its distance from the runner-up of another column included; rounding adds
ε·|f|/h to its bar, since the spread alone covers the true error in about half of
the cases only.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcheck_cli.oracle.estimate import Estimate

LEVELS = 10
FIRST_STEP = 0.125
UNIT = 2.0**-53
ROUNDINGS = 8.0
"""How many units in the last place of f an evaluation of it may be off, for the bar."""


UNCONFIRMED = 64.0
"""What the spread of an entry counts for that no coarser one of its column confirms."""


def steps(scale: float, levels: int = LEVELS) -> Any:
    """The ladder: FIRST_STEP · scale, halved at each level; powers of two, so that x ± h is mostly exact."""
    return 2.0 ** (np.round(np.log2(FIRST_STEP * scale)) - np.arange(levels))


def extrapolate(plus: Any, minus: Any, h: Any, valid: Any, size: Any = None) -> Estimate:
    """The derivative from f(x ± h v).

    `plus`, `minus`: (levels, *shape); `h`: (levels,); `valid`: (levels,) or
    (levels, *shape), false where a step left the smooth piece; `size`: the
    magnitude that rounding is relative to, |f| if not given. Needs two valid
    levels, else the error is infinite.
    """
    levels = len(h)
    shape = plus.shape[1:]
    h_ = h.reshape((levels,) + (1,) * len(shape))
    valid = np.reshape(valid, np.shape(valid) + (1,) * (plus.ndim - np.ndim(valid)))
    with np.errstate(all="ignore"):
        column = (plus - minus) / (2 * h_)
        magnitude = (np.abs(plus) + np.abs(minus)) / 2 if size is None else np.broadcast_to(size, plus.shape)
        rounding = (ROUNDINGS * UNIT * magnitude / h_).reshape(levels, -1)
        ok = (valid & np.isfinite(column)).reshape(levels, -1)
        column = column.reshape(levels, -1)
        each = np.arange(column.shape[1])
        best, error = np.full(len(each), np.nan), np.full(len(each), np.inf)
        factor = 1.0
        for order in range(1, levels):
            factor *= 4.0
            finer = column[1:] + (column[1:] - column[:-1]) / (factor - 1)
            spread = np.maximum(np.abs(finer - column[1:]), np.abs(finer - column[:-1]))
            # two entries may agree by chance, hardly three of them; and where steps are too coarse
            # for the function finer ones give something else, by more than their own rounding
            apart, rounded = np.abs(finer[1:] - finer[:-1]), rounding[order:]
            ok = ok[1:] & ok[:-1]
            both = ok[1:] & ok[:-1]
            before = UNCONFIRMED * spread
            before[1:] = np.where(both, apart, before[1:])
            after = np.zeros_like(spread)
            after[:-1] = np.where(both, apart - rounded[1:], 0.0)
            bar = np.where(ok, np.maximum(np.maximum(spread, before), after) + rounded, np.inf)
            level = bar.argmin(0)
            found, value = bar[level, each], finer[level, each]
            better = found < error
            best, error = np.where(better, value, best), np.where(better, found, error)
            column = finer
    return Estimate(best.reshape(shape), error.reshape(shape))


AFAR = 2.0**10
"""From how many units in the last place of f on a change is not for rounding."""

LEAPS = 2.0**-6
"""The share of the change over a coarse step that a step thousands of times as small must stay below."""


def leaps(plus: Any, minus: Any, base: Any, size: Any) -> Any:
    """Where f jumps between the point and the nearest steps, so that no difference says anything.

    `plus`, `minus`: (levels, *shape), the last of a step far below those before; `base`: f at the point.
    The mean of f(x ± hv) leaves f(x) with the square of the step, unless a singularity lies between.
    """
    with np.errstate(all="ignore"):
        apart = np.abs((plus[-2:] + minus[-2:]) / 2 - base)
        far = apart[1] > AFAR * UNIT * np.broadcast_to(size, np.shape(apart[1]))
    return far & (apart[1] > LEAPS * apart[0])


def checked(found: Estimate, plus: Any, minus: Any, h: float, size: Any) -> Estimate:
    """The estimate with a bar that reaches a central difference over a step far below those of the ladder.

    Where the ladder is too coarse for the function its columns may agree on something else.
    """
    with np.errstate(all="ignore"):
        fine = (plus - minus) / (2 * h)
        rounding = ROUNDINGS * UNIT * np.broadcast_to(size, np.shape(fine)) / h
        apart = np.abs(fine - found.value) - rounding
    apart = np.where(np.isfinite(apart), apart, np.inf)
    return Estimate(found.value, np.where(apart > found.error, apart, found.error), found.reason)
