"""Which elements are wrong, in words: all, the diagonal, one row, what lies at the edge."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcheck_cli.diagnose.bench import DRAWS, Bench, padded
from gradcheck_cli.lang.ast import Expr

WRONG = 1e-7
"""The share of the largest value beyond which an element is wrong."""


def where_wrong(bench: Bench, sides: tuple[Expr, Expr]) -> str:
    """The pattern of the wrong elements that is the same on all sets of data; empty where there is none."""
    found = {_of(bench, sides, number) for number in range(DRAWS)}
    return found.pop() if len(found) == 1 else "some elements" if found - {""} else ""


def _of(bench: Bench, sides: tuple[Expr, Expr], number: int) -> str:
    values = [bench.value(side, number) for side in sides]
    if values[0] is None or values[1] is None:
        return ""
    left, right = padded(*values)
    try:
        difference = np.abs(left - right)
    except ValueError:
        return ""
    scale = max(np.max(np.abs(left), initial=0.0), np.max(np.abs(right), initial=0.0))
    wrong = difference > WRONG * scale
    extents = [n for n in wrong.shape if n != 1]
    return pattern(wrong.reshape(extents))


def pattern(wrong: Any) -> str:
    """A pattern of true elements in words."""
    if not wrong.any():
        return "no element"
    if wrong.all():
        return "every element" if wrong.ndim else "the number"
    if wrong.ndim >= 2 and wrong.shape[-1] == wrong.shape[-2]:
        n = wrong.shape[-1]
        eye = np.broadcast_to(np.eye(n, dtype=bool), wrong.shape)
        lower = np.broadcast_to(np.tril(np.ones((n, n), dtype=bool), -1), wrong.shape)
        upper = np.broadcast_to(np.triu(np.ones((n, n), dtype=bool), 1), wrong.shape)
        for mask, words in (
            (eye, "only the diagonal"),
            (~eye, "everything off the diagonal"),
            (lower, "only below the diagonal"),
            (upper, "only above the diagonal"),
            (lower | eye, "the diagonal and below"),
            (upper | eye, "the diagonal and above"),
        ):
            if (wrong == mask).all():
                return words
    for axis in range(wrong.ndim):
        others = tuple(a for a in range(wrong.ndim) if a != axis)
        some, all_ = wrong.any(axis=others), wrong.all(axis=others)
        if (some == all_).all() and not some.all():
            return _along(axis, wrong.ndim, np.flatnonzero(some), len(some))
    edge = np.zeros(wrong.shape, dtype=bool)
    for axis in range(wrong.ndim):
        at = [slice(None)] * wrong.ndim
        for end in (0, -1):
            at[axis] = end  # type: ignore[call-overload]
            edge[tuple(at)] = True
    if (wrong == edge).all():
        return "only the boundary"
    if wrong.sum() == 1:
        return f"only element [{', '.join(str(int(i)) for i in np.argwhere(wrong)[0])}]"
    share = float(np.mean(wrong))
    return f"{share:.0%} of the elements"


def _along(axis: int, rank: int, positions: Any, size: int) -> str:
    kind = ("element",) if rank == 1 else ("row", "column") if rank == 2 else None
    name = kind[axis] if kind else f"place of axis {axis}"
    where = [int(p) for p in positions]
    if where == [size - 1] and size > 1:
        return f"only the last {name}"
    if len(where) == 1:
        return f"only {name} {where[0]}" if kind else f"only place {where[0]} of axis {axis}"
    if where == list(range(1, size)):
        return f"every {name} but the first"
    if where == list(range(size - 1)):
        return f"every {name} but the last"
    return f"{len(where)} of {size} {name}s"
