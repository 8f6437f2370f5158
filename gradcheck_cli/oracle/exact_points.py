"""Rational points at which a claim is looked at exactly: short decimals, in the domains of the inputs.

Everything here is a Fraction, so that a point can be printed and any precision
can be had of it. Sizes are tiny and differ where that is cheap.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np

from gradcheck_cli.evaluate.interpret import shape_of
from gradcheck_cli.evaluate.objects import Inexact, as_objects
from gradcheck_cli.evaluate.sampling import Law
from gradcheck_cli.shapes.typed import Program
from gradcheck_cli.text import UserError

Array = Any
"""An object array of Fractions, or NumPy's own of whole numbers or truth values."""

SIZES = (2, 3, 4, 5, 7, 8)
"""What free sizes may be, in the order in which they are taken."""

ATTEMPTS = 6
"""How many assignments of the same sizes are tried."""

LARGEST = 15
"""How many tenths a real input has at most: softmax of products of such numbers is not saturated."""

KEEP_AWAY = Fraction(1, 10)
"""How far `away_from` keeps inputs from a kink."""


@dataclass(frozen=True, eq=False)
class Point:
    """One set of exact data. Arrays have the shapes of the program."""

    sizes: Mapping[str, int]
    inputs: Mapping[str, Array]
    tangents: Mapping[str, Array]
    cotangents: Mapping[str, Array]


def choose_sizes(
    program: Program,
    rng: np.random.Generator,
    cost: Callable[[Mapping[str, int]], int],
    budget: int,
    limit: int,
    used: Iterable[Mapping[str, int]] = (),
) -> dict[str, int]:
    """Small sizes within the budget: no two alike, nor like one that is fixed, as far as that is possible.

    None is 1, which would hide errors; so that 2 throughout may be over the budget, up to a limit. Of
    several assignments the cheapest is taken, and others before those that were used already.
    Raises Inexact where none is small enough.
    """
    names = program.free
    fixed = {d.constant for d in program.dims.values()}
    apart = [n for n in SIZES if n not in fixed]
    pools = [apart[: len(names) + 1], *(list(SIZES[:k]) for k in range(len(names) + 1, 0, -1))]
    reason = "the sizes cannot be small"
    for pool in pools if names else [[2]]:
        numbers = np.resize(np.asarray(pool), max(len(names), len(pool)))
        found: list[tuple[bool, int, dict[str, int]]] = []
        for _ in range(ATTEMPTS if names else 1):
            sizes = dict(zip(names, (int(s) for s in rng.permutation(numbers)), strict=False))
            try:
                found.append((sizes in used, cost(sizes), sizes))
            except UserError:
                continue
        if not found:
            continue
        _, least, sizes = min(found, key=lambda f: (f[1] > budget, f[0], f[1]))
        if least <= (budget if len(pool) > 1 else limit):
            return sizes
        reason = f"{least:,} numbers are too many, and the sizes cannot be smaller"
    raise Inexact(reason)


def draw(
    program: Program,
    laws: Mapping[str, Law],
    sizes: Mapping[str, int],
    rng: np.random.Generator,
    names: Iterable[str],
    *,
    moving: bool,
    pulling: bool = True,
) -> Point:
    """The data of one point, for the named inputs; with tangents if they move, cotangents if a loss pulls."""
    shapes = {name: shape_of(program.inputs[name], sizes) for name in names}
    inputs = {name: sample(laws[name], shape, sizes, rng) for name, shape in shapes.items()}
    tangents: dict[str, Array] = {}
    if moving:
        tangents = {n: direction(laws[n], x, rng) for n, x in inputs.items() if n in program.differentiable}
    pulled = {n: shape_of(program.types[n], sizes) for n in program.outputs} if pulling else {}
    cotangents = {
        name: _filled((), Fraction(1)) if program.loss else decimals(shape, rng)
        for name, shape in pulled.items()
    }
    return Point(dict(sizes), inputs, tangents, cotangents)


def decimals(shape: tuple[int, ...], rng: np.random.Generator, low: int = 1, *, signed: bool = True) -> Array:
    """Decimals of at least `low` tenths and at most `LARGEST` in size, no two alike.

    Tenths, as long as there are enough of them; the more elements, the more places.
    """
    count = int(np.prod(shape, dtype=np.int64))
    base = 10
    while (2 if signed else 1) * (span := LARGEST * base // 10 - (first := low * base // 10) + 1) < count:
        base *= 10
    chosen = rng.permutation(2 * span if signed else span)[:count].tolist()
    return as_objects([_over(first + k if k < span else span - first - k, base) for k in chosen], shape)


@lru_cache(maxsize=4096)
def _over(above: int, below: int) -> Fraction:
    return Fraction(above, below)


def sample(law: Law, shape: tuple[int, ...], sizes: Mapping[str, int], rng: np.random.Generator) -> Array:
    """An array of a domain."""
    match law.domain:
        case "positive":
            x = decimals(shape, rng, 2, signed=False)
        case "nonzero":
            x = decimals(shape, rng, 2)
        case "unit":
            x = _between(shape, Fraction(0), Fraction(1), rng)
        case "range":
            x = _between(shape, _fraction(law.low), _fraction(law.high), rng)
        case "probability":
            weights = decimals(shape, rng, 2, signed=False)
            x = weights / np.sum(weights, axis=-1, keepdims=True) if shape else weights / weights
        case "index":
            assert law.below is not None
            return rng.integers(0, max(1, law.below(sizes)), shape)
        case "mask":
            mask = np.asarray(rng.random(shape) < 0.6)
            if shape:
                mask[..., 0] = True  # a row without any true element has no softmax
            return mask
        case "symmetric" | "spd" | "invertible" | "orthogonal" | "lower":
            x = _stack(_MATRICES[law.domain], shape, rng)
        case _:
            x = decimals(shape, rng)
    return _kept_away(np.asarray(x, dtype=object), law)


def _fraction(value: float) -> Fraction:
    if not np.isfinite(value):
        raise Inexact("a domain has no end")
    return Fraction(repr(float(value)))


def _between(shape: tuple[int, ...], low: Fraction, high: Fraction, rng: np.random.Generator) -> Array:
    """Multiples of a fraction of the interval, its ends left out."""
    count = int(np.prod(shape, dtype=np.int64))
    steps = max(40, 2 * count)
    chosen = 1 + rng.permutation(steps - 1)[:count]
    return as_objects([low + (high - low) * Fraction(int(k), steps) for k in chosen], shape)


def _kept_away(x: Array, law: Law) -> Array:
    for point in map(_fraction, law.away_from):
        moved = [
            point + (-1 if v < point else 1) * KEEP_AWAY * Fraction(3, 2) if abs(v - point) < KEEP_AWAY else v
            for v in x.ravel().tolist()
        ]
        x = as_objects(moved, x.shape)
    return x


def _filled(shape: tuple[int, ...], value: Fraction) -> Array:
    return as_objects([value] * int(np.prod(shape, dtype=np.int64)), shape)


def eye(n: int) -> Array:
    """The identity matrix in Fractions."""
    return as_objects([Fraction(int(i == j)) for i in range(n) for j in range(n)], (n, n))


def _stack(
    one: Callable[[int, np.random.Generator], Array], shape: tuple[int, ...], rng: np.random.Generator
) -> Array:
    if len(shape) < 2 or shape[-1] != shape[-2]:
        raise Inexact("the matrix is not square")
    count = int(np.prod(shape[:-2], dtype=np.int64))
    matrices = [one(shape[-1], rng) for _ in range(count)]
    return as_objects([v for m in matrices for v in m.ravel().tolist()], shape)


def _symmetric(n: int, rng: np.random.Generator) -> Array:
    half = np.tril(decimals((n, n), rng))
    return half + np.tril(half, -1).T + eye(n) * 0


def _definite(n: int, rng: np.random.Generator) -> Array:
    """B Bᵀ / n + I / 2."""
    b = decimals((n, n), rng)
    return np.matmul(b, b.T) / n + eye(n) / 2


def _invertible(n: int, rng: np.random.Generator) -> Array:
    """A lower triangle with ones times an upper one without zeros on the diagonal."""
    lower = np.tril(decimals((n, n), rng), -1) + eye(n)
    upper = np.triu(decimals((n, n), rng, 5), 1) + eye(n) * decimals((n,), rng, 5)
    return np.matmul(lower, upper)


def _orthogonal(n: int, rng: np.random.Generator) -> Array:
    """Cayley: (I + S)⁻¹ (I - S) for a skew S, with columns of random sign."""
    half = np.tril(decimals((n, n), rng), -1)
    skew = half - half.T + eye(n) * 0
    signs = np.array([Fraction(int(s)) for s in rng.choice((-1, 1), n)], dtype=object)
    return solved(eye(n) + skew, eye(n) - skew) * signs


def _lower(n: int, rng: np.random.Generator) -> Array:
    return np.tril(decimals((n, n), rng), -1) + eye(n) * decimals((n,), rng, 3, signed=False)


_MATRICES: Mapping[str, Callable[[int, np.random.Generator], Array]] = {
    "symmetric": _symmetric,
    "spd": _definite,
    "invertible": _invertible,
    "orthogonal": _orthogonal,
    "lower": _lower,
}


def solved(a: Array, b: Array) -> Array:
    """The x with a @ x = b in Fractions, by elimination. Raises Inexact for a singular matrix."""
    a, b = a.copy(), b.copy()
    for k in range(len(a)):
        at = next((i for i in range(k, len(a)) if a[i, k]), None)
        if at is None:
            raise Inexact("a matrix is singular")
        a[[k, at]], b[[k, at]] = a[[at, k]], b[[at, k]]
        a[k], b[k] = a[k] / a[k, k], b[k] / a[k, k]
        for i in range(len(a)):
            if i != k:
                b[i], a[i] = b[i] - b[k] * a[i, k], a[i] - a[k] * a[i, k]
    return b


def direction(law: Law, x: Array, rng: np.random.Generator) -> Array:
    """A tangent at x that stays in the domain to first order."""
    v = decimals(x.shape, rng)
    match law.domain:
        case "symmetric" | "spd":
            return (v + np.swapaxes(v, -1, -2)) / 2
        case "lower":
            return np.tril(v) + v * 0
        case "orthogonal":
            skew = (v - np.swapaxes(v, -1, -2)) / 2
            return np.matmul(x, skew)
        case "probability":
            return v - np.sum(v, axis=-1, keepdims=True) / x.shape[-1] if x.ndim else v * 0
    return v
