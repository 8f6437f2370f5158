"""What is known where no repair was found: constants, signs, transposes, means, by comparing both sides."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from gradcheck_cli.diagnose.bench import Bench, padded, same
from gradcheck_cli.diagnose.constants import constant_ratio
from gradcheck_cli.diagnose.hole import compressed, undivided
from gradcheck_cli.diagnose.search import Search
from gradcheck_cli.lang.ast import Expr
from gradcheck_cli.shapes.typed import Type


def known_of(bench: Bench, search: Search, sides: tuple[Expr, Expr]) -> Iterator[str]:
    """Sentences about the difference of both sides, true on all sets of data."""
    left, right = (bench.values(side) for side in sides)
    types = [bench.type_of(side) for side in sides]
    if left is None or right is None or None in types:
        return
    pairs = [padded(a, b) for a, b in zip(left, right, strict=True)]
    yield from _transposed(pairs, types[1])
    if any(a.shape != b.shape and a.size > 1 and b.size > 1 for a, b in pairs):
        return
    ratios = [constant_ratio(b, a) for a, b in pairs]
    if None not in ratios:
        factor = search.constants.named(ratios)  # type: ignore[arg-type]
        if factor is not None and factor.is_sign:
            yield "the sign is the opposite at every element"
        elif factor is not None and not factor.is_one:
            yield f"the claim is `{factor}` times the true value at every element"
        else:
            shown = ", ".join(f"{r:.6g}" for r in ratios)
            yield f"the claim is a constant times the true value ({shown} at two sets of sizes)"
        return
    yield from _quotients(pairs)
    if all(np.max(np.abs(np.abs(a) - np.abs(b))) <= 1e-9 * np.max(np.abs(a)) for a, b in pairs):
        yield "the magnitudes are right, and the signs of some elements are not"
    yield from _differences(pairs)


def _transposed(pairs: list[tuple[Any, Any]], type_: Type | None) -> Iterator[str]:
    rank = type_.rank if type_ is not None else 0
    if rank < 2:
        return
    turned = [b.transpose(*range(b.ndim - rank), *reversed(range(b.ndim - rank, b.ndim))) for _, b in pairs]
    swapped = [np.swapaxes(b, -1, -2) for _, b in pairs]
    for other, words in ((swapped, "transposed"), (turned, "right up to the order of the axes")):
        if all(a.shape == o.shape and same(a, o) for (a, _), o in zip(pairs, other, strict=True)):
            yield f"the claim is {words}: otherwise every element is right"
            return
    if all(a.shape != b.shape and sorted(a.shape) == sorted(b.shape) for a, b in pairs):
        return


def _quotients(pairs: list[tuple[Any, Any]]) -> Iterator[str]:
    """A factor for each row, or for each column."""
    found = [undivided(a, b) for a, b in pairs]
    quotients = [compressed(q) for q in found if q is not None]
    if len(quotients) < len(pairs):
        return
    axes = range(1, quotients[0].ndim)
    alike = [
        a for a in axes if all(q.shape[a] == 1 < p[0].shape[a] for q, p in zip(quotients, pairs, strict=True))
    ]
    if alike and any(q.shape[a] > 1 for q in quotients for a in axes):
        places = " and ".join(_place(a, quotients[0].ndim) for a in alike)
        yield f"the claim is off by a factor that is the same along {places}, and varies along the others"


def _place(axis: int, rank: int) -> str:
    return "the last axis" if axis == rank - 1 else f"axis {axis - 1}"


def _differences(pairs: list[tuple[Any, Any]]) -> Iterator[str]:
    differences = [a - b for a, b in pairs]
    largest = [np.max(np.abs(d)) for d in differences]
    if min(largest) == 0:
        return
    for axis in range(1, differences[0].ndim):
        if any(d.shape[axis] < 2 for d in differences):
            continue
        place = _place(axis, differences[0].ndim)
        if all(np.ptp(d, axis=axis).max() <= 1e-9 * m for d, m in zip(differences, largest, strict=True)):
            yield f"the difference is the same along {place}: a mean or a sum is missing there"
        elif all(
            np.abs(d.sum(axis=axis)).max() <= 1e-9 * m * d.shape[axis]
            for d, m in zip(differences, largest, strict=True)
        ):
            yield f"the difference sums to zero along {place}: what varies there is wrong, its mean is right"
    if all(constant_ratio(d, np.ones_like(d)) is not None for d in differences):
        yield "the difference is the same number at every element"
