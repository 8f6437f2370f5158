"""Which smooth branch of a kinked function each element is on, by NumPy.

Two evaluations whose branches differ have a kink between them, so that a
finite difference over that step means nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from gradcheck_cli.evaluate.numpy_linalg import rank


def _side(x: Any) -> Any:
    """The sign as a small integer; 0 for NaN too."""
    return np.greater(x, 0).astype(np.int8) - np.less(x, 0).astype(np.int8)


def _compared(x: Any, y: Any) -> Any:
    # Not the sign of x - y: inf - inf is NaN, and truth values cannot be subtracted.
    return np.greater(x, y).astype(np.int8) - np.less(x, y).astype(np.int8)


def _clip(x: Any, low: Any, high: Any) -> Any:
    return np.greater(x, low).astype(np.int8) + np.greater(x, high).astype(np.int8)


def _attains(ufunc: Any) -> Callable[..., Any]:
    def call(x: Any, *, axis: tuple[int, ...], keepdims: bool = False) -> Any:  # noqa: ARG001 - same call
        return np.equal(x, ufunc.reduce(x, axis=axis, keepdims=True))

    return call


def _deviates(x: Any, *, axis: tuple[int, ...], **_: object) -> Any:
    return np.not_equal(x, np.mean(x, axis=axis, keepdims=True)).any(axis=axis)


BRANCHES: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "less": np.less,
        "less_equal": np.less_equal,
        "greater": np.greater,
        "greater_equal": np.greater_equal,
        "equal": np.equal,
        "not_equal": np.not_equal,
        "abs": _side,
        "sign": _side,
        "relu": lambda x: np.greater(x, 0),
        "clip": _clip,
        "minimum": _compared,
        "maximum": _compared,
        "floor": lambda x: np.floor(x).astype(np.int64),
        "max": _attains(np.maximum),
        "min": _attains(np.minimum),
        "rank": rank,
        # the tip of a cone is a branch of its own
        "sqrt": lambda x: np.equal(x, 0),
        "norm": lambda x, axis, keepdims: np.not_equal(x, 0).any(axis=axis, keepdims=keepdims),
        "std": _deviates,
    }
)
"""Name of a kinked function → the branches of a call: whole numbers or truth values, leading axes first."""

_TIPS = {"sqrt", "norm", "std"}

PIECEWISE = frozenset({*BRANCHES, "where"} - _TIPS)
"""Functions made of several smooth pieces that random data reach unequally often; a tip they never reach."""
