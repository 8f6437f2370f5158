"""The function table on NumPy arrays: arithmetic, elementwise maps and reductions, and the whole as `NUMPY`.

Every array has some leading batch axes, then its core axes; core axes are named by negative numbers,
so that almost nothing here needs to know how many leading ones there are.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from gradcheck_cli.evaluate.numpy_linalg import LINEAR_ALGEBRA
from gradcheck_cli.evaluate.numpy_shape import SHAPE

Implementation = Callable[..., Any]


def _special(name: str) -> Implementation:
    """A function of scipy.special, imported only when it is first called: the import is slow."""

    def call(x: Any) -> Any:
        return getattr(importlib.import_module("scipy.special"), name)(x)

    return call


_expit = _special("expit")
_erfc = _special("erfc")


def _real(function: Implementation) -> Implementation:
    """`function` of float64 arrays, whatever numbers it is given."""

    def call(*arrays: Any, **statics: Any) -> Any:
        return function(*(np.asarray(x, np.float64) for x in arrays), **statics)

    return call


def _number(x: Any) -> Any:
    """`x`, with truth values as 1.0 and 0.0; whole numbers stay whole."""
    x = np.asarray(x)
    return x.astype(np.float64) if x.dtype == np.bool_ else x


def _gelu_tanh(x: Any) -> Any:
    # (1 + tanh u) / 2 = sigmoid(2 u), which does not cancel for u far below 0.
    return x * _expit(2 * math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))


def _where(condition: Any, x: Any, y: Any) -> Any:
    return np.where(np.asarray(condition) != 0, _number(x), _number(y))


def _clip(x: Any, low: Any, high: Any) -> Any:
    return np.minimum(np.maximum(_number(x), _number(low)), _number(high))


def _floor(x: Any) -> Any:
    x = _number(x)
    return x if x.dtype.kind == "i" else np.floor(x)


def _count(x: Any, axis: tuple[int, ...]) -> int:
    return math.prod(x.shape[a] for a in axis)


def _mean(x: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
    return np.sum(x, axis=axis, keepdims=keepdims) / _count(x, axis)


def _var(x: Any, *, axis: tuple[int, ...], keepdims: bool, correction: float = 0) -> Any:
    if not axis:
        return np.zeros_like(x)
    deviation = x - _mean(x, axis=axis, keepdims=True)
    # np.var would issue a Python warning for too few elements; here that is 0 / 0.
    freedom = np.float64(max(_count(x, axis) - correction, 0))
    return np.sum(deviation * deviation, axis=axis, keepdims=keepdims) / freedom


def _std(x: Any, *, axis: tuple[int, ...], keepdims: bool, correction: float = 0) -> Any:
    return np.sqrt(_var(x, axis=axis, keepdims=keepdims, correction=correction))


def _logsumexp(x: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
    if not axis:
        return x
    top = np.max(x, axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)  # inf - inf would be NaN
    total = np.log(np.sum(np.exp(x - top), axis=axis, keepdims=True)) + top
    return total if keepdims else np.squeeze(total, axis)


def _norm(x: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
    if not axis:
        return np.abs(x)
    return np.sqrt(np.sum(x * x, axis=axis, keepdims=keepdims))


def _log_softmax(x: Any, *, axis: int) -> Any:
    shifted = x - np.max(x, axis=axis, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))


def _softmax(x: Any, *, axis: int) -> Any:
    weights = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return weights / np.sum(weights, axis=axis, keepdims=True)


_ARITHMETIC: dict[str, Implementation] = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": _real(np.divide),
    "power": _real(np.power),
    "negative": np.negative,
    "less": np.less,
    "less_equal": np.less_equal,
    "greater": np.greater,
    "greater_equal": np.greater_equal,
    "equal": np.equal,
    "not_equal": np.not_equal,
}

_ELEMENTWISE: dict[str, Implementation] = {
    "exp": _real(np.exp),
    "log": _real(np.log),
    "log1p": _real(np.log1p),
    "expm1": _real(np.expm1),
    "sqrt": _real(np.sqrt),
    "rsqrt": _real(lambda x: 1 / np.sqrt(x)),
    "abs": lambda x: np.abs(_number(x)),
    "sign": lambda x: np.sign(_number(x)),
    "sin": _real(np.sin),
    "cos": _real(np.cos),
    "tan": _real(np.tan),
    "asin": _real(np.arcsin),
    "acos": _real(np.arccos),
    "atan": _real(np.arctan),
    "atan2": _real(np.arctan2),
    "sinh": _real(np.sinh),
    "cosh": _real(np.cosh),
    "tanh": _real(np.tanh),
    "asinh": _real(np.arcsinh),
    "acosh": _real(np.arccosh),
    "atanh": _real(np.arctanh),
    "erf": _real(_special("erf")),
    "erfc": _real(_erfc),
    "erfinv": _real(_special("erfinv")),
    "lgamma": _real(_special("gammaln")),
    "digamma": _real(_special("digamma")),
    "sigmoid": _real(_expit),
    "logsigmoid": _real(lambda x: -np.logaddexp(0.0, -x)),
    "softplus": _real(lambda x: np.logaddexp(0.0, x)),
    "relu": lambda x: np.maximum(_number(x), 0),
    "silu": _real(lambda x: x * _expit(x)),
    # 1 + erf(z) = erfc(-z), which does not cancel for z far below 0.
    "gelu": _real(lambda x: 0.5 * x * _erfc(-x * math.sqrt(0.5))),
    "gelu_tanh": _real(_gelu_tanh),
    "where": _where,
    "clip": _clip,
    "minimum": lambda x, y: np.minimum(_number(x), _number(y)),
    "maximum": lambda x, y: np.maximum(_number(x), _number(y)),
    "floor": _floor,
}

_REDUCTION: dict[str, Implementation] = {
    "sum": lambda x, axis, keepdims: np.sum(_number(x), axis, keepdims=keepdims),
    "mean": _real(_mean),
    "prod": lambda x, axis, keepdims: np.prod(_number(x), axis, keepdims=keepdims),
    "var": _real(_var),
    "std": _real(_std),
    "max": lambda x, axis, keepdims: np.max(_number(x), axis, keepdims=keepdims),
    "min": lambda x, axis, keepdims: np.min(_number(x), axis, keepdims=keepdims),
    "logsumexp": _real(_logsumexp),
    "norm": _real(_norm),
    "cumsum": lambda x, axis: np.cumsum(_number(x), axis),
    "cumprod": lambda x, axis: np.cumprod(_number(x), axis),
    "softmax": _real(_softmax),
    "log_softmax": _real(_log_softmax),
}

NUMPY: Mapping[str, Implementation] = MappingProxyType(
    _ARITHMETIC | _ELEMENTWISE | _REDUCTION | dict(LINEAR_ALGEBRA) | dict(SHAPE)
)
"""Name of a function → its implementation, called as `implementation(*arrays, **statics)`."""
