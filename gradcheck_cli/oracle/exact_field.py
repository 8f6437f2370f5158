"""Points of a large prime field, for identities between rational functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradcheck_cli.evaluate.interpret import shape_of
from gradcheck_cli.evaluate.objects import Inexact, as_objects
from gradcheck_cli.evaluate.residues import PRIME, Residue
from gradcheck_cli.evaluate.sampling import Law
from gradcheck_cli.oracle.exact_points import Point
from gradcheck_cli.shapes.typed import Program


def draw(program: Program, laws: Mapping[str, Law], like: Point, rng: np.random.Generator) -> Point:
    """Uniform residues for everything that is real, in the sizes of another point; the rest is its own.

    A domain that is open (positive, invertible …) has no equation: what holds on it holds everywhere.
    Raises Inexact for a domain that has one, and is not linear.
    """
    inputs = {
        name: _sample(laws[name].domain, np.shape(x), rng) if np.asarray(x).dtype == object else x
        for name, x in like.inputs.items()
    }
    tangents = {name: _moved(laws[name].domain, np.shape(t), rng) for name, t in like.tangents.items()}
    cotangents = like.cotangents if program.loss else {
        name: uniform(shape_of(program.types[name], like.sizes), rng) for name in like.cotangents
    }  # fmt: skip
    return Point(like.sizes, inputs, tangents, cotangents)


def uniform(shape: tuple[int, ...], rng: np.random.Generator) -> Any:
    """Independent variables, (*shape)."""
    count = int(np.prod(shape, dtype=np.int64))
    return as_objects([Residue(int(v), 1) for v in rng.integers(0, PRIME, count)], shape)


def _sample(domain: str, shape: tuple[int, ...], rng: np.random.Generator) -> Any:
    x = uniform(shape, rng)
    if domain == "orthogonal":
        raise Inexact("an orthogonal matrix is no free variable")
    if domain == "probability":
        return x / np.sum(x, axis=-1, keepdims=True) if shape else x / x
    return _linear(domain, x)


def _moved(domain: str, shape: tuple[int, ...], rng: np.random.Generator) -> Any:
    v = uniform(shape, rng)
    if domain in {"orthogonal", "probability"}:
        raise Inexact("a direction inside this domain is no free variable")
    return _linear(domain, v)


def _linear(domain: str, x: Any) -> Any:
    """The part of x in a linear space of matrices."""
    if domain in {"symmetric", "spd"}:
        return x + np.swapaxes(x, -1, -2)
    return np.tril(np.ones(x.shape, dtype=np.int64)) * x if domain == "lower" else x
