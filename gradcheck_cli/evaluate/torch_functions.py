"""The function table on torch tensors, differentiable: arithmetic, elementwise, reductions; all as `TORCH`.

The conventions are those of `numpy_functions`. Whole numbers are made float64 by hand where a function is
real: torch on its own would give float32.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import torch

from gradcheck_cli.evaluate.torch_linalg import LINEAR_ALGEBRA
from gradcheck_cli.evaluate.torch_shape import SHAPE

Implementation = Callable[..., Any]


def _float(x: Any) -> Any:
    return x if x.is_floating_point() else x.to(torch.float64)


def _real(function: Implementation) -> Implementation:
    """`function` of float64 tensors, whatever numbers it is given."""

    def call(*arrays: Any, **statics: Any) -> Any:
        return function(*map(_float, arrays), **statics)

    return call


def _number(x: Any) -> Any:
    """`x`, with truth values as 1.0 and 0.0; whole numbers stay whole."""
    return x.to(torch.float64) if x.dtype == torch.bool else x


def _together(*arrays: Any) -> tuple[Any, ...]:
    """Numbers of one type: whole only if all are."""
    numbers = tuple(map(_number, arrays))
    return tuple(map(_float, numbers)) if any(x.is_floating_point() for x in numbers) else numbers


def _gelu_tanh(x: Any) -> Any:
    # (1 + tanh u) / 2 = sigmoid(2 u), which does not cancel for u far below 0.
    return x * torch.sigmoid(2 * math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))


def _where(condition: Any, x: Any, y: Any) -> Any:
    return torch.where(condition != 0, *_together(x, y))


def _clip(x: Any, low: Any, high: Any) -> Any:
    # Not torch.clamp: its backward pass fails where x is the one that is broadcast.
    x, low, high = _together(x, low, high)
    return torch.minimum(torch.maximum(x, low), high)


def _reduction(function: Implementation) -> Implementation:
    """A reduction over no axis is the identity; torch would take `()` for all axes."""

    def call(x: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
        return function(_number(x), axis, keepdims) if axis else _number(x)

    return call


def _prod(x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    for a in sorted(axis):  # an axis removed shifts only the negative numbers of those before it
        x = torch.prod(x, a, keepdim=keepdims)
    return x


def _spread(x: Any, axis: tuple[int, ...], correction: float) -> tuple[Any, float]:
    """Deviations from the mean, and the number of degrees of freedom."""
    freedom = max(math.prod(x.shape[a] for a in axis) - correction, 0.0)
    return x - torch.mean(x, axis, keepdim=True), freedom


def _var(x: Any, *, axis: tuple[int, ...], keepdims: bool, correction: float = 0) -> Any:
    if not axis:
        return torch.zeros_like(x)
    # torch.var would issue a Python warning for too few elements; here that is 0 / 0.
    deviation, freedom = _spread(x, axis, correction)
    return torch.sum(deviation * deviation, axis, keepdim=keepdims) / freedom


def _std(x: Any, *, axis: tuple[int, ...], keepdims: bool, correction: float = 0) -> Any:
    if not axis:
        return torch.zeros_like(x)
    deviation, freedom = _spread(x, axis, correction)
    # The norm's derivative at 0 is 0; that of the square root would make NaN of it.
    return torch.linalg.vector_norm(deviation, dim=axis, keepdim=keepdims) / math.sqrt(freedom)


def _norm(x: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
    return torch.linalg.vector_norm(x, dim=axis, keepdim=keepdims) if axis else torch.abs(x)


_ARITHMETIC: dict[str, Implementation] = {
    "add": torch.add,
    "subtract": torch.sub,
    "multiply": torch.mul,
    "divide": _real(torch.div),
    "power": _real(torch.pow),
    "negative": torch.neg,
    "less": torch.lt,
    "less_equal": torch.le,
    "greater": torch.gt,
    "greater_equal": torch.ge,
    "equal": torch.eq,
    "not_equal": torch.ne,
}

_ELEMENTWISE: dict[str, Implementation] = {
    "exp": _real(torch.exp),
    "log": _real(torch.log),
    "log1p": _real(torch.log1p),
    "expm1": _real(torch.expm1),
    "sqrt": _real(torch.sqrt),
    "rsqrt": _real(torch.rsqrt),
    "abs": lambda x: torch.abs(_number(x)),
    "sign": lambda x: torch.sign(_number(x)),
    "sin": _real(torch.sin),
    "cos": _real(torch.cos),
    "tan": _real(torch.tan),
    "asin": _real(torch.asin),
    "acos": _real(torch.acos),
    "atan": _real(torch.atan),
    "atan2": _real(torch.atan2),
    "sinh": _real(torch.sinh),
    "cosh": _real(torch.cosh),
    "tanh": _real(torch.tanh),
    "asinh": _real(torch.asinh),
    "acosh": _real(torch.acosh),
    "atanh": _real(torch.atanh),
    "erf": _real(torch.special.erf),
    "erfc": _real(torch.special.erfc),
    "erfinv": _real(torch.special.erfinv),
    "lgamma": _real(torch.special.gammaln),
    "digamma": _real(torch.special.digamma),
    "sigmoid": _real(torch.sigmoid),
    "logsigmoid": _real(torch.nn.functional.logsigmoid),
    # torch's own softplus is rounded to x above a threshold of 20: too coarse for float64.
    "softplus": _real(lambda x: -torch.nn.functional.logsigmoid(-x)),
    "relu": lambda x: torch.relu(_number(x)),
    "silu": _real(lambda x: x * torch.sigmoid(x)),
    # 1 + erf(z) = erfc(-z), which does not cancel for z far below 0.
    "gelu": _real(lambda x: 0.5 * x * torch.special.erfc(-x * math.sqrt(0.5))),
    "gelu_tanh": _real(_gelu_tanh),
    "where": _where,
    "clip": _clip,
    "minimum": lambda x, y: torch.minimum(*_together(x, y)),
    "maximum": lambda x, y: torch.maximum(*_together(x, y)),
    "floor": lambda x: torch.floor(_number(x)),
}

_REDUCTION: dict[str, Implementation] = {
    "sum": _reduction(lambda x, axis, keepdims: torch.sum(x, axis, keepdim=keepdims)),
    "mean": _real(_reduction(lambda x, axis, keepdims: torch.mean(x, axis, keepdim=keepdims))),
    "prod": _reduction(_prod),
    "var": _real(_var),
    "std": _real(_std),
    "max": _reduction(lambda x, axis, keepdims: torch.amax(x, axis, keepdim=keepdims)),
    "min": _reduction(lambda x, axis, keepdims: torch.amin(x, axis, keepdim=keepdims)),
    "logsumexp": _real(_reduction(lambda x, axis, keepdims: torch.logsumexp(x, axis, keepdim=keepdims))),
    "norm": _real(_norm),
    "cumsum": lambda x, axis: torch.cumsum(_number(x), axis),
    "cumprod": lambda x, axis: torch.cumprod(_number(x), axis),
    "softmax": _real(lambda x, axis: x.softmax(axis)),
    "log_softmax": _real(lambda x, axis: x.log_softmax(axis)),
}

TORCH: Mapping[str, Implementation] = MappingProxyType(
    _ARITHMETIC | _ELEMENTWISE | _REDUCTION | dict(LINEAR_ALGEBRA) | dict(SHAPE)
)
"""Name of a function → its implementation, called as `implementation(*arrays, **statics)`."""
