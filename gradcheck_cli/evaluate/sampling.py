"""Fresh data for a judgement: sizes, inputs, cotangents and tangents, all from one seed.

Free sizes are distinct primes, so that no two dimensions agree by accident;
cotangents are random and signed, since a one-sided one hides sign errors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcheck_cli.evaluate.interpret import Evaluation, shape_of
from gradcheck_cli.evaluate.numpy_backend import NumpyBackend
from gradcheck_cli.shapes.typed import Program, Quantity, Typed, Value
from gradcheck_cli.text import UserError

PRIMES = (3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41)
SMALL_PRIMES = (2, *PRIMES)
SCALES = (1.0, 0.3, 2.0, 0.7, 1.4)
"""Standard deviations of `real` inputs, draw by draw."""

KEEP_AWAY = 0.1
"""How far `away_from` keeps inputs from a kink."""

HUGE = 1 << 14
"""From how many elements of an array on every pass over it counts."""


@dataclass(frozen=True)
class Law:
    """From which set one input is drawn."""

    domain: str = "real"
    below: Callable[[Mapping[str, int]], int] | None = None
    low: float = 0.0
    high: float = 1.0
    away_from: tuple[float, ...] = ()


@dataclass(frozen=True, eq=False)
class Draw:
    """One set of data. Arrays have the shapes of the program, without a batch axis."""

    sizes: Mapping[str, int]
    scale: float
    inputs: Mapping[str, Any]
    tangents: Mapping[str, Any]
    cotangents: Mapping[str, Any]


def generator(seed: int, *path: int) -> np.random.Generator:
    """A generator of its own for each step of a run; the same path gives the same numbers."""
    return np.random.Generator(np.random.PCG64([seed & (2**64 - 1), *path]))


def twin(rng: np.random.Generator) -> np.random.Generator:
    """A generator of the same numbers: drawing from it changes nothing for those who draw from the first."""
    copy = np.random.PCG64(0)
    copy.state = rng.bit_generator.state  # type: ignore[assignment]  # every generator here is a PCG64
    return np.random.Generator(copy)


def choose_sizes(
    program: Program, rng: np.random.Generator, extent: Callable[[Mapping[str, int]], int], budget: int
) -> dict[str, int]:
    """Distinct primes for the free sizes, such that everything fits into the budget of elements.

    Raises UserError if a dimension such as `m/r` is not whole for any of the tries.
    """
    names = program.free
    failure: UserError | None = None
    smallest: tuple[int, dict[str, int]] | None = None
    for attempt in range(24):
        pool = PRIMES if attempt < 12 else SMALL_PRIMES
        spare = min(2 if attempt < 4 else 0, max(0, len(pool) - len(names)))
        chosen = np.resize(np.asarray(pool), len(names) + spare)
        sizes = dict(zip(names, (int(s) for s in rng.permutation(chosen)), strict=False))
        try:
            extent_ = extent(sizes)
        except UserError as error:
            failure = error
            continue
        if extent_ <= budget:
            return sizes
        if smallest is None or extent_ < smallest[0]:
            smallest = (extent_, sizes)
    if smallest is None:
        assert failure is not None
        raise failure
    return smallest[1]


def draw(
    program: Program,
    laws: Mapping[str, Law],
    given: Mapping[str, Typed],
    sizes: Mapping[str, int],
    scale: float,
    rng: np.random.Generator,
    *,
    moving: bool = True,
) -> Draw:
    """All data of one judgement; unless something is `moving`, large inputs get no tangents."""
    inputs: dict[str, Any] = {}
    tangents: dict[str, Any] = {}
    for name, type_ in program.inputs.items():
        law, shape = laws[name], shape_of(type_, sizes)
        inputs[name] = sample(law, shape, sizes, scale, rng)
        wanted = moving or np.size(inputs[name]) < HUGE
        tangents[name] = direction(law, inputs[name], rng) if wanted else np.broadcast_to(0.0, shape)
    _fill(inputs, program, given, sizes)
    for name in program.inputs.keys() - program.differentiable:
        tangents[name] = np.zeros(np.shape(inputs[name]))
    cotangents = {
        name: np.ones(()) if program.loss else rng.standard_normal(shape_of(program.types[name], sizes))
        for name in program.outputs
    }
    return Draw(dict(sizes), scale, inputs, tangents, cotangents)


def _fill(
    inputs: dict[str, Any], program: Program, given: Mapping[str, Typed], sizes: Mapping[str, int]
) -> None:
    """Replaces drawn inputs by the values that the spec gives them."""

    def known(quantity: Quantity) -> Any:
        assert isinstance(quantity, Value)
        return inputs[quantity.name][None]

    evaluation = Evaluation(NumpyBackend(), sizes, known, indices=8)
    for name, tree in given.items():
        with np.errstate(all="ignore"):
            value = np.asarray(evaluation.value(tree), dtype=np.float64)
        core = value.reshape(value.shape[evaluation.lead :])
        kind = {"int": np.int64, "bool": np.bool_}.get(program.inputs[name].dtype, np.float64)
        inputs[name] = np.broadcast_to(core, shape_of(program.inputs[name], sizes)).astype(kind)


def sample(
    law: Law, shape: tuple[int, ...], sizes: Mapping[str, int], scale: float, rng: np.random.Generator
) -> Any:
    """An array of a domain."""
    normal = rng.standard_normal(shape)
    match law.domain:
        case "positive":
            x = (np.abs(normal) + 0.2) * scale
        case "nonzero":
            x = np.where(normal < 0, -1, 1) * (np.abs(normal) + 0.2) * scale
        case "unit":
            x = rng.uniform(0.03, 0.97, shape)
        case "range":
            u = rng.uniform(0.02, 0.98, shape)
            x = law.low * (1 - u) + law.high * u  # the difference of the ends may overflow
        case "probability":
            weights = np.exp(normal)
            x = weights / np.sum(weights, axis=-1, keepdims=True) if shape else weights / weights
        case "symmetric":
            x = scale * (normal + np.swapaxes(normal, -1, -2)) / 2
        case "spd":
            n = shape[-1]
            x = scale * (normal @ np.swapaxes(normal, -1, -2) / n + 0.5 * np.eye(n))
        case "invertible":
            u, _, v = np.linalg.svd(normal)
            x = scale * (u * rng.uniform(0.5, 2.0, shape[:-1])[..., None, :]) @ v
        case "orthogonal":
            x = np.linalg.qr(normal)[0]
        case "lower":
            n = shape[-1]
            x = scale * (np.tril(normal, -1) + np.eye(n) * (np.abs(normal) + 0.3))
        case "index":
            assert law.below is not None
            return rng.integers(0, max(1, law.below(sizes)), shape)
        case "mask":
            mask = np.asarray(rng.random(shape) < 0.6)
            if shape:
                mask[..., 0] = True  # a row without any true element has no softmax
            return mask
        case _:
            x = normal * scale
    return _kept_away(np.asarray(x), law, rng)


def _kept_away(x: Any, law: Law, rng: np.random.Generator) -> Any:
    for point in law.away_from:
        near = np.abs(x - point) < KEEP_AWAY
        side = np.where(x < point, -1.0, 1.0)
        x = np.where(near, point + side * KEEP_AWAY * (1 + rng.random(np.shape(x))), x)
    return x


def direction(law: Law, x: Any, rng: np.random.Generator) -> Any:
    """A random tangent at x that stays in the domain to first order."""
    normal = rng.standard_normal(np.shape(x))
    return project(law, x, normal)


def signs(shape: tuple[int, ...], rng: np.random.Generator) -> Any:
    """A random direction of ±1."""
    count = int(np.prod(shape, dtype=np.int64))
    if count < HUGE:
        return rng.choice((-1.0, 1.0), shape)
    bits = np.unpackbits(np.frombuffer(rng.bytes(-(-count // 8)), dtype=np.uint8), count=count)
    found = bits.reshape(shape).astype(np.float64)
    found *= 2
    found -= 1
    return found


def project(law: Law, x: Any, v: Any) -> Any:
    """The part of a direction that stays in the domain to first order."""
    match law.domain:
        case "symmetric" | "spd":
            return (v + np.swapaxes(v, -1, -2)) / 2
        case "lower":
            return np.tril(v)
        case "orthogonal":
            inner = np.swapaxes(x, -1, -2) @ v
            return x @ (inner - np.swapaxes(inner, -1, -2)) / 2
        case "probability":
            return v - np.mean(v, axis=-1, keepdims=True) if np.ndim(v) else v * 0
    return v
