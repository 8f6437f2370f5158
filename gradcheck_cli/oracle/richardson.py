"""Central differences over a ladder of steps, extrapolated to step zero, with an error bar.

Richardson's extrapolation in Ridders' form (C. J. F. Ridders, Adv. Eng.
Software 4 (1982) 75): D(h) = f' + c₂h² + c₄h⁴ + …, so that each column of the
tableau removes one power. Per component the entry with the smallest spread is
taken; rounding adds ε·|f|/h to its bar, since the spread alone covers the true
error in about half of the cases only.
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


def steps(scale: float, levels: int = LEVELS) -> Any:
    """The ladder: FIRST_STEP · scale, halved at each level."""
    return FIRST_STEP * scale * 0.5 ** np.arange(levels)


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
    with np.errstate(all="ignore"):
        table = (plus - minus) / (2 * h_)
        magnitude = (np.abs(plus) + np.abs(minus)) / 2 if size is None else np.broadcast_to(size, plus.shape)
        rounding = ROUNDINGS * UNIT * magnitude / h_
    valid = np.broadcast_to(
        np.reshape(valid, np.shape(valid) + (1,) * (plus.ndim - np.ndim(valid))), plus.shape
    )
    valid = valid & np.isfinite(table)
    best = np.full(shape, np.nan)
    error = np.full(shape, np.inf)
    column, ok = table, valid
    factor = 1.0
    for order in range(1, levels):
        factor *= 4.0
        with np.errstate(all="ignore"):
            finer = column[1:] + (column[1:] - column[:-1]) / (factor - 1)
            spread = np.maximum(np.abs(finer - column[1:]), np.abs(finer - column[:-1]))
            bar = spread + rounding[order:]
        ok = ok[1:] & ok[:-1]
        bar = np.where(ok, bar, np.inf)
        level = np.argmin(bar, axis=0)
        found = np.take_along_axis(bar, level[None], 0)[0]
        better = found < error
        best = np.where(better, np.take_along_axis(finer, level[None], 0)[0], best)
        error = np.where(better, found, error)
        column = finer
    return Estimate(best, error)
