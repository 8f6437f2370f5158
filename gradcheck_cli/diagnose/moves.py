"""Moves drawn data into a set that an assumption names, and tangents into its tangent space."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from gradcheck_cli.evaluate.sampling import Draw


class Unfit(Exception):  # noqa: N818  it is an outcome
    """The drawn sizes do not allow the assumption."""


def constant(name: str) -> Callable[[Draw], Draw]:
    """All elements equal the first one, which lies in the domain, as a mean may not."""
    return _projected(name, lambda x: np.full_like(x, x.flat[0]), lambda t: np.full_like(t, np.mean(t)))


def centred(name: str) -> Callable[[Draw], Draw]:
    """Zero mean along the last axis."""
    return _projected(name, _centred)


def symmetric(name: str) -> Callable[[Draw], Draw]:
    """The symmetric part."""
    return _projected(name, _symmetric)


def orthonormal(name: str, *, transposed: bool = False) -> Callable[[Draw], Draw]:
    """Columns (or rows) of length 1 at right angles; tangents stay on the Stiefel manifold. Raises Unfit."""

    def turned(x: Any) -> Any:
        return np.swapaxes(x, -1, -2) if transposed else x

    def change(data: Draw) -> Draw:
        q, v = turned(data.inputs[name]), turned(data.tangents[name])
        if q.shape[-1] > q.shape[-2]:
            raise Unfit
        q = np.linalg.qr(q)[0]
        inner = np.swapaxes(q, -1, -2) @ v
        return _with(data, name, turned(q), turned(v - q @ _symmetric(inner)))

    return change


def scaled(name: str, factor: float) -> Callable[[Draw], Draw]:
    """A scalar made small; its tangent stays."""
    return lambda data: _with(data, name, data.inputs[name] * factor, data.tangents[name])


def _projected(
    name: str, onto: Callable[[Any], Any], along: Callable[[Any], Any] | None = None
) -> Callable[[Draw], Draw]:
    """Projects an input, and its tangent in the same way unless said otherwise."""

    def change(data: Draw) -> Draw:
        return _with(data, name, onto(data.inputs[name]), (along or onto)(data.tangents[name]))

    return change


def _with(data: Draw, name: str, x: Any, t: Any) -> Draw:
    return replace(data, inputs={**data.inputs, name: x}, tangents={**data.tangents, name: t})


def _centred(x: Any) -> Any:
    return x - np.mean(x, axis=-1, keepdims=True)


def _symmetric(x: Any) -> Any:
    return (x + np.swapaxes(x, -1, -2)) / 2
