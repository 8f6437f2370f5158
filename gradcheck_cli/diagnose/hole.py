"""A hole: the value that must stand at a place for the claim to hold, worked out from the other side.

An equation `T = a * (b + x)` says what x is, as long as every step from the
root to x can be undone. Where it can, nobody has to guess: what is missing is
the difference or the quotient of what must stand there and what does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from gradcheck_cli.diagnose.bench import CLOSE, Bench, same
from gradcheck_cli.diagnose.constants import Constants, Factor, constant_ratio
from gradcheck_cli.diagnose.edits import Rebuild, Site, arrays
from gradcheck_cli.diagnose.library import Library, Match
from gradcheck_cli.evaluate import deadline
from gradcheck_cli.lang import ast

TINY = 1e-12
"""A divisor below this share of the largest one is zero."""

WORST = 1e6
"""The worst condition number of a matrix that is undone."""


class Shelf(Protocol):
    """Where constants and parts of derivations are found; both are put together when first asked for."""

    bench: Bench

    @property
    def constants(self) -> Constants:
        """The named constants."""

    @property
    def library(self) -> Library:
        """The parts of derivations."""


@dataclass(frozen=True, eq=False)
class Hole:
    """One place, what must stand there, and what does."""

    site: Site
    wanted: list[Any]
    shelf: Shelf

    @cached_property
    def values(self) -> list[Any] | None:
        """What stands there now, if it can be evaluated."""
        found = self.shelf.bench.values(self.site.node)
        if found is None or any(v.ndim > w.ndim for v, w in zip(found, self.wanted, strict=True)):
            return None
        lead = self.shelf.bench.lead
        fitting = [
            v.reshape(v.shape[:lead] + (1,) * (w.ndim - v.ndim) + v.shape[lead:])
            for v, w in zip(found, self.wanted, strict=True)
        ]
        pairs = [zip(v.shape, w.shape, strict=True) for v, w in zip(fitting, self.wanted, strict=True)]
        return fitting if all(a == b or 1 in (a, b) for pair in pairs for a, b in pair) else None

    @cached_property
    def is_zero(self) -> bool:
        """Whether nothing should stand there."""
        return all(not np.any(w) for w in self.wanted)

    def constant(self) -> Factor | None:
        """The constant by which the node is off."""
        if self.values is None or self.is_zero:
            return None
        ratios = [constant_ratio(w, v) for w, v in zip(self.wanted, self.values, strict=True)]
        return None if None in ratios else self.shelf.constants.named(ratios)  # type: ignore[arg-type]

    @cached_property
    def residual(self) -> list[Match]:
        """Terms that are missing."""
        if self.values is None or self.is_zero:
            return []
        rest = [w - v for w, v in zip(self.wanted, self.values, strict=True)]
        if any(same(w, v) for w, v in zip(self.wanted, self.values, strict=True)):
            return []
        return [] if any(not np.any(v) for v in self.values) else self.shelf.library.find(rest)

    @cached_property
    def ratio(self) -> list[Match]:
        """Factors that are missing."""
        return self._quotient(self.wanted, self.values)

    @cached_property
    def divisor(self) -> list[Match]:
        """Divisors that are missing."""
        return self._quotient(self.values, self.wanted)

    @cached_property
    def whole(self) -> list[Match]:
        """What else could stand there."""
        return [] if self.is_zero else self.shelf.library.find(self.wanted)

    def _quotient(self, above: list[Any] | None, below: list[Any] | None) -> list[Match]:
        if above is None or below is None or self.is_zero:
            return []
        quotients = [q for a, b in zip(above, below, strict=True) if (q := undivided(a, b)) is not None]
        if len(quotients) < len(above):
            return []
        if all(np.ptp(q) <= CLOSE * np.max(np.abs(q)) for q in quotients):
            return []  # a constant, which has a name of its own
        return self.shelf.library.find([compressed(q) for q in quotients])


def undivided(above: Any, below: Any) -> Any | None:
    """The quotient of two arrays, where that is defined everywhere; 0 / 0 is not."""
    largest = np.max(np.abs(below), initial=0.0)
    if not largest or np.min(np.abs(below)) <= TINY * largest:
        return None
    return above / below


def compressed(value: Any) -> Any:
    """The array without the extent of axes along which it is constant."""
    largest = np.max(np.abs(value), initial=0.0)
    for axis in range(1, value.ndim):
        first = np.take(value, [0], axis=axis)
        if value.shape[axis] > 1 and np.max(np.abs(value - first)) <= CLOSE * largest:
            value = first
    return value


def _composed(root: Site, put: Rebuild) -> Rebuild:
    return lambda new: root.rebuild(put(new))


def holes(root: Site, wanted: list[Any], shelf: Shelf) -> Iterator[Hole]:
    """The root and every place below it whose value follows from the others."""
    yield Hole(root, wanted, shelf)
    parts = list(arrays(root.node))
    for number, (child, put, role) in enumerate(parts):
        deadline.check()
        site = Site(child, _composed(root, put), role, root.names, root, root.local)
        below = _undone(root.node, number, [p[0] for p in parts], wanted, shelf.bench)
        if below is not None and all(np.isfinite(b).all() for b in below):
            yield from holes(site, below, shelf)


def _undone(
    node: ast.Expr, number: int, parts: list[ast.Expr], wanted: list[Any], bench: Bench
) -> list[Any] | None:
    """What child `number` must be for the node to have the wanted value."""
    match node:
        case ast.Negative():
            return [-w for w in wanted]
        case ast.Transpose(operand, kind):
            type_ = bench.type_of(operand)
            return None if type_ is None else [_transposed(w, type_.rank, kind) for w in wanted]
        case ast.Subscript(_, items):
            return _unindexed(wanted, items, bench)
        case ast.Binary(op):
            other = bench.values(parts[1 - number])
            if other is None:
                return None
            try:
                found = [_binary(op, number, w, o, bench.lead) for w, o in zip(wanted, other, strict=True)]
            except ValueError:  # the shapes do not fit, since nothing has to stand there
                return None
            return None if any(f is None for f in found) else found
        case ast.Call(function) if function in _INVERSES and len(parts) == 1:
            with np.errstate(all="ignore"):
                return [_INVERSES[function](w) for w in wanted]
    return None


_INVERSES: dict[str, Callable[[Any], Any]] = {
    "exp": np.log,
    "log": np.exp,
    "sqrt": lambda w: np.where(w >= 0, w * w, np.nan),
    "tanh": np.arctanh,
    "sigmoid": lambda w: np.log(w) - np.log1p(-w),
    "negative": np.negative,
    "rsqrt": lambda w: np.where(w > 0, 1 / (w * w), np.nan),
}


def _unindexed(wanted: list[Any], items: tuple[ast.Expr, ...], bench: Bench) -> list[Any] | None:
    """The array whose elements at free indices are wanted: their leading axes become its own."""
    places = {index.name: 1 + index.position for index in bench.scope.indices[: bench.free]}
    axes = [places.get(item.id, 0) if isinstance(item, ast.Name) else 0 for item in items]
    if 0 in axes or len(set(axes)) < len(axes) or any(w.ndim != bench.lead for w in wanted):
        return None
    found = []
    for w in wanted:
        lead = [1 if axis in axes else n for axis, n in enumerate(w.shape)]
        rest = [axis for axis in range(w.ndim) if axis not in axes]
        found.append(w.transpose(*rest, *axes).reshape(*lead, *(w.shape[a] for a in axes)))
    return found


def _transposed(wanted: Any, rank: int, kind: str) -> Any:
    lead = wanted.ndim - rank
    if rank < 2 or lead < 0:
        return wanted
    if kind != "T":
        return np.swapaxes(wanted, -1, -2)
    return wanted.transpose(*range(lead), *reversed(range(lead, wanted.ndim)))


def _binary(op: str, number: int, wanted: Any, other: Any, lead: int) -> Any | None:
    if op != "@" and other.ndim < wanted.ndim:
        other = other.reshape(other.shape[:lead] + (1,) * (wanted.ndim - other.ndim) + other.shape[lead:])
    with np.errstate(all="ignore"):
        match op, number:
            case "+", _:
                return compressed(wanted - other)
            case "-", 0:
                return compressed(wanted + other)
            case "-", 1:
                return compressed(other - wanted)
            case "*", _:
                found = undivided(wanted, other)
                return None if found is None else compressed(found)
            case "/", 0:
                return compressed(wanted * other)
            case "/", 1:
                found = undivided(other, wanted)
                return None if found is None else compressed(found)
            case "@", _:
                return _solved(number, wanted, other, lead)
    return None


def _solved(number: int, wanted: Any, other: Any, lead: int) -> Any | None:
    """The X with X @ other = wanted, or other @ X = wanted, if there is exactly one."""
    rank, its = wanted.ndim - lead, other.ndim - lead
    try:
        if number == 0:
            if rank < 2 or its < 2 or other.shape[-2] > other.shape[-1]:
                return None
            found = np.swapaxes(_left(np.swapaxes(other, -1, -2), np.swapaxes(wanted, -1, -2)), -1, -2)
            again = found @ other
        else:
            if its < 2 or other.shape[-2] < other.shape[-1]:
                return None
            if rank == its - 1:
                found = _left(other, wanted[..., None])[..., 0]
                again = (other @ found[..., None])[..., 0]
            else:
                found = _left(other, wanted)
                again = other @ found
    except (np.linalg.LinAlgError, ValueError, TypeError):
        return None
    return found if again.shape == wanted.shape and same(again, wanted) else None


def _left(matrix: Any, right: Any) -> Any:
    if not np.all(np.linalg.cond(matrix) < WORST):
        raise np.linalg.LinAlgError
    return np.linalg.pinv(matrix) @ right
