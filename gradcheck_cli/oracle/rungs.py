"""A directional derivative from a few steps only: part of the ladder after part, until one is good enough.

Where arrays are large a step costs more than everything that is made of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradcheck_cli.oracle.estimate import Estimate
from gradcheck_cli.oracle.richardson import extrapolate

LARGE = 1 << 11
"""From how many elements of the largest array on the passes cost more than what is made of them."""

RUNGS = ((4, 4), (9, 4), (14, 4))
"""The parts of the ladder, the first step and how many, that are tried one after the other:
most smooth functions are settled at the first, steep ones further down."""

TWO = (14, 2)
"""What is tried first on huge arrays: steps so small that the second one only confirms the first."""

ENDS = (0, 2)
"""What is enough where the loss is linear in what is moved."""

ENOUGH = 2.0**-33
"""The bar, relative to the derivative, with which one part is enough."""

COARSE = 2.0**-26
"""The same on huge arrays."""

FAIR = 2.0**-20
"""The same for the best of all parts, before the whole ladder is run."""

Look = Callable[[int, int], tuple[Any, Any, Any, Any, Any]]
"""Runs some steps (the first, how many): f(x + hv), f(x - hv), h, whether valid, the size of f."""


def sparing(count: int, look: Look, *, linear: bool, huge: bool) -> Estimate:
    """The derivative along `count` directions; the best of all parts where none is good enough."""
    best = Estimate(np.zeros(count), np.full(count, np.inf))
    # what two small steps nearly tell four of them do, rarely coarser ones
    parts = (ENDS,) if linear else (TWO, *reversed(RUNGS)) if huge else RUNGS
    share = COARSE if huge else ENOUGH
    for part in parts:
        found = extrapolate(*look(*part))
        better = found.error < best.error
        best = Estimate(np.where(better, found.value, best.value), np.where(better, found.error, best.error))
        if (best.error <= share * np.abs(best.value)).all():
            break
    return best
