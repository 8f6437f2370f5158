"""Constructors, shapes and indexing of the function table on torch tensors, differentiable.

The conventions are those of `numpy_shape`. Indices are checked here: on a GPU torch would not raise, but
abort everything that follows; and its gather knows no negative ones.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import torch

Shape = tuple[int, ...]


def _filled(value: float) -> Callable[..., Any]:
    def call(*, shape: Shape, lead: int, device: Any = None) -> Any:
        return torch.full((1,) * lead + tuple(shape), value, dtype=torch.float64, device=device)

    return call


def _filled_like(value: float) -> Callable[..., Any]:
    def call(x: Any, *, lead: int, device: Any = None) -> Any:  # noqa: ARG001 - the convention of its group
        return torch.full(x.shape, value, dtype=torch.float64, device=x.device)

    return call


def _eye(*, n: int, m: int | None = None, lead: int, device: Any = None) -> Any:
    columns = n if m is None else m
    out = torch.eye(n, columns, dtype=torch.float64, device=device)
    return out.reshape((1,) * lead + (n, columns))


def _arange(*, n: int, lead: int, device: Any = None) -> Any:
    return torch.arange(n, dtype=torch.int64, device=device).reshape((1,) * lead + (n,))


def _grow(x: Any, rank: int, lead: int) -> Any:
    """`x`, its core grown to `rank` axes by ones in front of it."""
    return x.reshape(x.shape[:lead] + (1,) * (rank + lead - x.ndim) + x.shape[lead:])


def _with_lead(x: Any, common: Shape) -> Any:
    """`x`, its leading axes repeated to the size `common`."""
    return x.expand(common + tuple(x.shape[len(common) :]))


def _broadcast(*shapes: Any) -> Shape:
    return tuple(torch.broadcast_shapes(*shapes))  # type: ignore[no-untyped-call,unused-ignore]


def _common_lead(arrays: tuple[Any, ...], lead: int) -> Shape:
    return _broadcast(*(x.shape[:lead] for x in arrays))


def _alike(arrays: tuple[Any, ...], lead: int) -> list[Any]:
    """The arrays with the same leading axes and the same type."""
    common = _common_lead(arrays, lead)
    dtype = arrays[0].dtype
    for x in arrays[1:]:
        dtype = torch.promote_types(dtype, x.dtype)
    return [_with_lead(x, common).to(dtype) for x in arrays]


def _counted_from_last(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` names axes by negative numbers, so leading axes do not matter to it."""

    def call(*arrays: Any, lead: int = 0, **statics: Any) -> Any:  # noqa: ARG001 - the convention
        return function(*arrays, **statics)

    return call


def _reshape(x: Any, *, shape: Shape, lead: int) -> Any:
    return x.reshape(x.shape[:lead] + tuple(shape))


def _transpose(x: Any, *, axes: Shape, lead: int) -> Any:
    order = axes or tuple(reversed(range(x.ndim - lead)))
    return x.permute(*range(lead), *(lead + a for a in order))


def _concatenate(*arrays: Any, axis: int, lead: int) -> Any:
    return torch.cat(_alike(arrays, lead), axis)


def _stack(*arrays: Any, axis: int, lead: int) -> Any:
    return torch.stack(_alike(arrays, lead), axis)


def _broadcast_to(x: Any, *, shape: Shape, lead: int) -> Any:
    return _grow(x, len(shape), lead).expand(x.shape[:lead] + tuple(shape))


def _squeeze(x: Any, *, axis: int) -> Any:
    if x.shape[axis] != 1:  # torch would return x as it is
        raise ValueError(f"cannot squeeze an axis of size {x.shape[axis]}")
    return x.squeeze(axis)


def _repeat(x: Any, *, times: int, axis: int) -> Any:
    axis += x.ndim
    copies = x.unsqueeze(axis + 1).expand(*x.shape[: axis + 1], times, *x.shape[axis + 1 :])
    return copies.flatten(axis, axis + 1)


def _tile(x: Any, *, reps: Shape, lead: int) -> Any:
    return _grow(x, len(reps), lead).repeat((1,) * lead + tuple(reps))


def _pad(x: Any, *, before: int, after: int, axis: int) -> Any:
    widths = [0, 0] * (-axis - 1) + [before, after]  # torch counts from the last axis
    return torch.nn.functional.pad(x, widths)


def _checked(indices: Any, n: int) -> Any:
    """The indices, those from the end as those from the start; IndexError if there is none such."""
    outside = (indices < -n) | (indices >= n)
    if bool(outside.any()):
        worst = int(indices[outside].flatten()[0])
        raise IndexError(f"index {worst} is out of bounds for an axis of size {n}")
    return torch.where(indices < 0, indices + n, indices)


def _lead_index(sizes: Shape, rank: int, device: Any) -> list[Any]:
    """For each leading axis the positions along it, to be broadcast with indices of core rank `rank`.

    Of an axis of size 1 that is position 0, whatever size the indices have there.
    """
    ones = len(sizes) + rank
    return [
        torch.arange(n, device=device).reshape([n if axis == j else 1 for axis in range(ones)])
        for j, n in enumerate(sizes)
    ]


def _gather(x: Any, indices: Any, *, axis: int, ranks: tuple[int, int], lead: int) -> Any:
    before = ranks[0] + axis  # how many core axes stand before the indexed one
    indices = _checked(indices, x.shape[axis])
    x = torch.movedim(x, axis, lead)
    out = x[(*_lead_index(x.shape[:lead], ranks[1], x.device), indices)]
    # Now: lead, indices, before, after. The indices belong between the latter two.
    order = (
        *range(lead),
        *range(lead + ranks[1], lead + ranks[1] + before),
        *range(lead, lead + ranks[1]),
        *range(lead + ranks[1] + before, out.ndim),
    )
    return out.permute(order)


def _take_along_axis(x: Any, indices: Any, *, axis: int) -> Any:
    indices = _checked(indices, x.shape[axis])

    def without(sizes: Any, size: int) -> list[int]:
        out = list(sizes)
        out[axis] = size
        return out

    common = _broadcast(without(x.shape, 1), without(indices.shape, 1))
    x = x.expand(without(common, x.shape[axis]))
    return torch.gather(x, axis, indices.expand(without(common, indices.shape[axis])))


def _one_hot(indices: Any, *, n: int) -> Any:
    return torch.eye(n, dtype=torch.float64, device=indices.device)[_checked(indices, n)]


def _scatter_add(x: Any, indices: Any, updates: Any, *, ranks: tuple[int, int, int], lead: int) -> Any:
    rx, ri, _ = ranks
    common = _common_lead((x, indices, updates), lead)
    indices = _checked(indices, x.shape[lead])
    dtype = torch.promote_types(x.dtype, updates.dtype)
    place = (*_lead_index(common, ri, x.device), indices)
    updates = _with_lead(_grow(updates, ri + rx - 1, lead), common)
    return _with_lead(x, common).to(dtype).index_put(place, updates.to(dtype), accumulate=True)


def _slice(x: Any, *, axis: int, start: int | None, stop: int | None, step: int | None) -> Any:
    chosen = builtins.slice(start, stop, step)
    if step is None or step > 0:
        return x[(..., chosen, *[builtins.slice(None)] * (-axis - 1))]
    # torch has no steps backwards.
    positions = list(range(*chosen.indices(x.shape[axis])))
    return x.index_select(axis, torch.tensor(positions, dtype=torch.int64, device=x.device))


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
        "swapaxes": _counted_from_last(lambda x, axis1, axis2: x.transpose(axis1, axis2)),
        "concatenate": _concatenate,
        "stack": _stack,
        "broadcast_to": _broadcast_to,
        "expand_dims": _counted_from_last(lambda x, axis: x.unsqueeze(axis)),
        "squeeze": _counted_from_last(_squeeze),
        "repeat": _counted_from_last(_repeat),
        "tile": _tile,
        "flip": _counted_from_last(lambda x, axis: torch.flip(x, (axis,))),
        "roll": _counted_from_last(lambda x, shift, axis: x.roll(shift, axis)),
        "pad": _counted_from_last(_pad),
        "gather": _gather,
        "take_along_axis": _counted_from_last(_take_along_axis),
        "one_hot": _counted_from_last(_one_hot),
        "scatter_add": _scatter_add,
        "slice": _counted_from_last(_slice),
    }
)
"""Name of a constructor, shape or indexing function → its implementation."""
