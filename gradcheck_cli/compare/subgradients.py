"""Whether a slope lies in the subdifferential, as it is known from the gradients a hair away from a kink.

Clarke's subdifferential is the convex hull of the gradients of the adjoining
smooth pieces (F. H. Clarke, Optimization and Nonsmooth Analysis, 1983, theorem
2.5.1). Elements whose slopes are independent make a product of small hulls: an
interval each under relu, the averages of a few pieces where a maximum is
attained twice. Where the pieces are too many to list, as for a norm at zero,
the slopes along lines decide.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

CLOSE = 1e-5
"""Slopes that differ by less, relative to the largest, are the same."""

FEW = 32
"""So many pieces are all seen in the directions that are tried."""

AVERAGE = "a subgradient averages the gradients of N smooth pieces, which are in {} here"

Slopes = Callable[[Any], Any]
"""One-sided slopes along directions (count, *shape): (count,)."""


@dataclass(frozen=True, eq=False)
class Kink:
    """What is known of a function around one point; the arrays are flat."""

    shape: tuple[int, ...]
    around: Any
    """(directions, elements): the gradients a hair away."""
    own: Any
    """What autograd says at the point itself."""
    left: Any
    right: Any
    slopes: Slopes
    size: float

    @property
    def close(self) -> float:
        """What slopes may differ by."""
        return CLOSE * self.size


def nearest_subgradient(kink: Kink, claimed: Any) -> tuple[Any, str] | None:
    """The subgradient next to what is claimed, and how they are described; None where nobody can tell."""
    nearest = np.array(claimed)
    most = 1
    for group in _groups(kink):
        pieces = np.unique(kink.around[:, group], axis=0)
        pieces = pieces[_distinct(pieces, kink.close)]
        if len(pieces) > FEW:
            return _supported(kink, claimed)
        if len(group) == 1:
            nearest[group] = np.clip(claimed[group], np.min(pieces), np.max(pieces))
        else:
            nearest[group] = _in_hull(pieces / kink.size, claimed[group] / kink.size) * kink.size
            most = max(most, len(pieces))
    told = "any slope in {} is a subgradient" if most == 1 else AVERAGE.replace("N", str(most))
    return nearest, told


def _groups(kink: Kink) -> list[Any]:
    """The elements whose slopes hang together: two that take all pairs of their two slopes do not."""
    around = kink.around
    low, high = np.min(around, axis=0), np.max(around, axis=0)
    kinked = high - low > kink.close
    binary = ~((around > low + kink.close) & (around < high - kink.close)).any(axis=0)
    up = (around > (low + high) / 2).astype(np.float64)
    pairs = (up.T @ up, up.T @ (1 - up), (1 - up).T @ up, (1 - up).T @ (1 - up))
    free = np.logical_and.reduce([p > 0 for p in pairs]) & binary[:, None] & binary[None]
    free |= ~kinked[:, None] | ~kinked[None]
    left = list(range(len(kinked)))
    groups = []
    while left:
        group = [left.pop(0)]
        for one in group:
            joined = [other for other in left if not free[one, other]]
            group += joined
            left = [other for other in left if other not in joined]
        groups.append(np.array(group))
    return groups


def _distinct(pieces: Any, close: float) -> Any:
    """The indices of rows that are not the same within rounding."""
    return np.unique(np.round(pieces / close).astype(np.int64), axis=0, return_index=True)[1]


def _in_hull(pieces: Any, claimed: Any) -> Any:
    """The nearest average of the pieces: least squares with weights ≥ 0 that sum to 1."""
    from scipy.optimize import nnls  # noqa: PLC0415  only here

    firm = 1e3
    rows = np.vstack((pieces.T, np.full((1, len(pieces)), firm)))
    weights, _ = nnls(rows, np.append(claimed, firm))
    return pieces.T @ (weights / np.sum(weights))


def _supported(kink: Kink, claimed: Any) -> tuple[Any, str] | None:
    """For a convex (or concave) point such as a norm at zero: ⟨g, u⟩ is at most the slope along every u."""
    rng = np.random.default_rng(len(claimed))
    directions = rng.standard_normal((64, len(claimed)))
    length = float(np.linalg.norm(claimed))
    if length:
        directions[0] = claimed / length
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    forth = kink.slopes(directions.reshape(-1, *kink.shape))
    back = kink.slopes(-directions.reshape(-1, *kink.shape))
    sign = 1.0 if (forth + back >= -kink.close).all() else -1.0
    if sign < 0 and (forth + back > kink.close).any():
        return None  # neither convex nor concave: the slopes along lines say too little
    inner = directions @ claimed
    beyond = np.maximum(sign * (inner - forth), sign * (-inner - back))
    worst = int(np.argmax(beyond))
    how = "slopes in {} may be those of a subgradient, by the slopes along 64 lines"
    if beyond[worst] <= kink.close:
        return claimed, how
    step = beyond[worst] * np.sign(inner[worst]) * directions[worst]
    return claimed - step, how
