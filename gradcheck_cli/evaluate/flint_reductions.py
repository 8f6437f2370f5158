"""Reductions on arrays of balls or residues: a sum is one entry of a tape, the rest is made of sums."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from math import prod
from typing import Any

import numpy as np

from gradcheck_cli.evaluate.flint_linalg import matmul
from gradcheck_cli.evaluate.objects import Implementation, Inexact
from gradcheck_cli.evaluate.tape import total


def summed(x: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
    """The sum over some axes; each element is one entry of a tape."""
    axes = tuple(a % x.ndim for a in axis)
    if not axes:
        return x
    stay = [a for a in range(x.ndim) if a not in axes]
    moved = x.transpose(*stay, *axes)
    kept = moved.shape[: len(stay)]
    out = np.empty(kept, dtype=object)
    flat = moved.reshape(*kept, -1)
    for at in np.ndindex(kept):
        out[at] = total(flat[at].tolist())
    if keepdims:
        return out.reshape([1 if a in axes else n for a, n in enumerate(x.shape)])
    return out


class Reductions:
    """The reductions of one kind of number, whose elementwise functions are given."""

    def __init__(
        self, number: Callable[[Fraction | int], Any], functions: Mapping[str, Callable[..., Any]]
    ) -> None:
        self.number = number
        self.functions = functions

    def table(self) -> dict[str, Implementation]:
        """Those that the elementwise functions allow."""
        found: dict[str, Implementation] = {
            "sum": summed, "mean": self.mean, "var": self.var, "dot": _dot, "trace": _trace
        }  # fmt: skip
        if "sqrt" in self.functions:
            found |= {"std": self.std, "norm": self.norm}
        if "exp" in self.functions:
            found |= {
                "logsumexp": self.logsumexp, "softmax": self.softmax, "log_softmax": self.log_softmax
            }  # fmt: skip
        return found

    def scaled(self, x: Any, count: int | Fraction) -> Any:
        """X over a count. Raises Inexact where that is not positive."""
        if count <= 0:
            raise Inexact("a mean of nothing")
        return x * self.number(1 / Fraction(count))

    def mean(self, x: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
        """The arithmetic mean."""
        return self.scaled(summed(x, axis=axis, keepdims=keepdims), prod(x.shape[a] for a in axis))

    def var(self, x: Any, *, axis: tuple[int, ...], keepdims: bool, correction: float = 0) -> Any:
        """The variance."""
        deviation = x - self.mean(x, axis=axis, keepdims=True)
        squares = summed(deviation * deviation, axis=axis, keepdims=keepdims)
        return self.scaled(squares, prod(x.shape[a] for a in axis) - Fraction(correction))

    def std(self, x: Any, **statics: Any) -> Any:
        """The standard deviation."""
        return self.functions["sqrt"](self.var(x, **statics))

    def norm(self, x: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
        """The Euclidean norm."""
        return self.functions["sqrt"](summed(x * x, axis=axis, keepdims=keepdims))

    def logsumexp(self, x: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
        """Balls do not overflow: nothing is shifted."""
        return self.functions["log"](summed(self.functions["exp"](x), axis=axis, keepdims=keepdims))

    def softmax(self, x: Any, *, axis: int) -> Any:
        """The same."""
        weights = self.functions["exp"](x)
        return weights / summed(weights, axis=(axis,), keepdims=True)

    def log_softmax(self, x: Any, *, axis: int) -> Any:
        """The same."""
        return x - self.logsumexp(x, axis=(axis,), keepdims=True)


def _dot(x: Any, y: Any) -> Any:
    return matmul(x[..., None, :], y[..., :, None], ranks=(2, 2))[..., 0, 0]


def _trace(x: Any) -> Any:
    return summed(np.diagonal(x, axis1=-2, axis2=-1), axis=(-1,), keepdims=False)


def extreme(pick: Callable[[Any, Any, str], Any], name: str) -> Implementation:
    """The largest or smallest element along axes, by a function that picks one of two."""
    best = np.frompyfunc(lambda a, b: pick(a, b, name), 2, 1)

    def call(x: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
        for a in axis:
            if not x.shape[a]:
                raise Inexact("there are no elements")
            x = best.reduce(x, axis=a, keepdims=True)
        return x if keepdims else np.squeeze(x, tuple(axis))

    return call
