"""Constructors, shapes and indexing of the function table on NumPy arrays.

These get `lead`, the number of leading axes: a shape written in a formula speaks of the core only.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

Shape = tuple[int, ...]


def _filled(value: float) -> Callable[..., Any]:
    return lambda *, shape, lead: np.full((1,) * lead + tuple(shape), value)


def _filled_like(value: float) -> Callable[..., Any]:
    return lambda x, *, lead: np.full(x.shape, value)  # noqa: ARG005 - the convention of its group


def _eye(*, n: int, m: int | None = None, lead: int) -> Any:
    out = np.eye(n, m)
    return out.reshape((1,) * lead + out.shape)


def _arange(*, n: int, lead: int) -> Any:
    return np.arange(n, dtype=np.int64).reshape((1,) * lead + (n,))


def _grow(x: Any, rank: int, lead: int) -> Any:
    """`x`, its core grown to `rank` axes by ones in front of it."""
    return x.reshape(x.shape[:lead] + (1,) * (rank + lead - x.ndim) + x.shape[lead:])


def _with_lead(x: Any, common: Shape) -> Any:
    """`x`, its leading axes repeated to the size `common`."""
    return np.broadcast_to(x, common + x.shape[len(common) :])


def _common_lead(arrays: tuple[Any, ...], lead: int) -> Shape:
    return np.broadcast_shapes(*(x.shape[:lead] for x in arrays))


def _counted_from_last(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` names axes by negative numbers, so leading axes do not matter to it."""

    def call(*arrays: Any, lead: int = 0, **statics: Any) -> Any:  # noqa: ARG001 - the convention
        return function(*arrays, **statics)

    return call


def _reshape(x: Any, *, shape: Shape, lead: int) -> Any:
    return x.reshape(x.shape[:lead] + tuple(shape))


def _transpose(x: Any, *, axes: Shape, lead: int) -> Any:
    order = axes or tuple(reversed(range(x.ndim - lead)))
    return np.transpose(x, (*range(lead), *(lead + a for a in order)))


def _concatenate(*arrays: Any, axis: int, lead: int) -> Any:
    common = _common_lead(arrays, lead)
    return np.concatenate([_with_lead(x, common) for x in arrays], axis)


def _stack(*arrays: Any, axis: int, lead: int) -> Any:
    common = _common_lead(arrays, lead)
    return np.stack([_with_lead(x, common) for x in arrays], axis)


def _broadcast_to(x: Any, *, shape: Shape, lead: int) -> Any:
    return np.broadcast_to(_grow(x, len(shape), lead), x.shape[:lead] + tuple(shape))


def _tile(x: Any, *, reps: Shape, lead: int) -> Any:
    return np.tile(_grow(x, len(reps), lead), (1,) * lead + tuple(reps))


def _repeat(x: Any, *, times: int, axis: int) -> Any:
    return np.repeat(x, times, axis)


def _pad(x: Any, *, before: int, after: int, axis: int) -> Any:
    widths = [(0, 0)] * x.ndim
    widths[axis] = (before, after)
    return np.pad(x, widths)


def _lead_index(sizes: Shape, rank: int) -> list[Any]:
    """For each leading axis the positions along it, to be broadcast with indices of core rank `rank`.

    Of an axis of size 1 that is position 0, whatever size the indices have there.
    """
    ones = len(sizes) + rank
    return [
        np.arange(n).reshape([n if axis == j else 1 for axis in range(ones)]) for j, n in enumerate(sizes)
    ]


def _gather(x: Any, indices: Any, *, axis: int, ranks: tuple[int, int], lead: int) -> Any:
    before = ranks[0] + axis  # how many core axes stand before the indexed one
    x = np.moveaxis(x, axis, lead)
    out = x[(*_lead_index(x.shape[:lead], ranks[1]), indices)]
    # Now: lead, indices, before, after. The indices belong between the latter two.
    order = (
        *range(lead),
        *range(lead + ranks[1], lead + ranks[1] + before),
        *range(lead, lead + ranks[1]),
        *range(lead + ranks[1] + before, out.ndim),
    )
    return np.transpose(out, order)


def _scatter_add(x: Any, indices: Any, updates: Any, *, ranks: tuple[int, int, int], lead: int) -> Any:
    rx, ri, _ = ranks
    common = _common_lead((x, indices, updates), lead)
    out = np.array(_with_lead(x, common), np.result_type(x, updates))
    place = (*_lead_index(common, ri), indices)
    np.add.at(out, place, _grow(updates, ri + rx - 1, lead))  # unlike out[place] += …, counts repetitions
    return out


def _slice(x: Any, *, axis: int, start: int | None, stop: int | None, step: int | None) -> Any:
    where = [builtins.slice(None)] * x.ndim
    where[axis] = builtins.slice(start, stop, step)
    return x[tuple(where)]


SHAPE: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "eye": _eye,
        "ones": _filled(1.0),
        "zeros": _filled(0.0),
        "ones_like": _filled_like(1.0),
        "zeros_like": _filled_like(0.0),
        "arange": _arange,
        "reshape": _reshape,
        "transpose": _transpose,
        "swapaxes": _counted_from_last(np.swapaxes),
        "concatenate": _concatenate,
        "stack": _stack,
        "broadcast_to": _broadcast_to,
        "expand_dims": _counted_from_last(np.expand_dims),
        "squeeze": _counted_from_last(np.squeeze),
        "repeat": _counted_from_last(_repeat),
        "tile": _tile,
        "flip": _counted_from_last(np.flip),
        "roll": _counted_from_last(np.roll),
        "pad": _counted_from_last(_pad),
        "gather": _gather,
        "take_along_axis": _counted_from_last(np.take_along_axis),
        "one_hot": _counted_from_last(lambda indices, n: np.eye(n)[indices]),
        "scatter_add": _scatter_add,
        "slice": _counted_from_last(_slice),
    }
)
"""Name of a constructor, shape or indexing function → its implementation."""
