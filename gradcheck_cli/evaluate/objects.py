"""The function table for NumPy's object arrays, as far as it needs no more of a number than `+ - * /`.

Polynomials, balls, residues and the traced numbers of a tape all serve. What
moves elements, or only adds and multiplies them, is NumPy's own implementation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from math import prod
from typing import Any

import numpy as np

Implementation = Callable[..., Any]


class Inexact(Exception):  # noqa: N818  it is an outcome
    """There is no exact answer, or none within the bounds; the text says why."""


AS_THEY_ARE = (
    "eye", "ones", "zeros", "ones_like", "zeros_like", "arange", "reshape", "transpose", "swapaxes",
    "concatenate", "stack", "broadcast_to", "expand_dims", "squeeze", "repeat", "tile", "flip", "roll", "pad",
    "slice", "tril", "triu", "diag", "add", "subtract", "multiply", "negative",
)  # fmt: skip
"""NumPy's implementations move elements, or only add and multiply them: they serve objects too."""

INDEXED = ("gather", "take_along_axis", "one_hot", "scatter_add")
"""The second argument holds indices; of `one_hot` the only one."""


def as_objects(values: list[Any], shape: tuple[int, ...]) -> Any:
    """An object array of the given elements, which NumPy does not look into."""
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out.reshape(shape)


def each(function: Callable[[Any], Any], array: Any) -> Any:
    """The object array of a function of every element."""
    array = np.asarray(array)
    return as_objects([function(v) for v in array.ravel().tolist()], array.shape)


def grown(x: Any, rank: int, to: int) -> Any:
    """`x`, its core of `rank` axes grown to `to` axes by ones in front of it."""
    lead = x.ndim - rank
    return x.reshape(x.shape[:lead] + (1,) * (to - rank) + x.shape[lead:])


def as_matrices(x: Any, y: Any, ranks: tuple[int, int]) -> tuple[Any, Any, Callable[[Any], Any]]:
    """The factors of a matrix product as matrices, and what takes the added axes from the product."""
    row, column = ranks[0] == 1, ranks[1] == 1
    x = x[..., None, :] if row else x
    y = y[..., :, None] if column else y
    to = max(ranks[0] + row, ranks[1] + column)

    def taken(out: Any) -> Any:
        out = out[..., 0] if column else out
        if not row:
            return out
        return out[..., 0] if column else out[..., 0, :]

    return grown(x, ranks[0] + row, to), grown(y, ranks[1] + column, to), taken


def _mean(x: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
    return np.sum(x, axis=axis, keepdims=keepdims) * over(prod(x.shape[a] for a in axis))


def over(count: int | Fraction) -> Fraction:
    """One over a count. Raises Inexact where there is nothing to count."""
    if count <= 0:
        raise Inexact("a division by zero")
    return 1 / Fraction(count)


def variance(x: Any, *, axis: tuple[int, ...], keepdims: bool, correction: float = 0) -> Any:
    """The mean square of the deviations, over n - correction. Raises Inexact where that is not positive."""
    deviation = x - _mean(x, axis=axis, keepdims=True)
    freedom = prod(x.shape[a] for a in axis) - Fraction(correction)
    return np.sum(deviation * deviation, axis=axis, keepdims=keepdims) * over(freedom)


def _matmul(x: Any, y: Any, *, ranks: tuple[int, int]) -> Any:
    left, right, taken = as_matrices(x, y, ranks)
    return taken(np.matmul(left, right))


def outer(x: Any, y: Any) -> Any:
    """All products of two vectors, under leading axes."""
    return x[..., :, None] * y[..., None, :]


def kron(x: Any, y: Any, *, ranks: tuple[int, int]) -> Any:
    """The Kronecker product of two vectors or matrices, under leading axes."""
    if ranks[0] == 1:
        product = outer(x, y)
        return product.reshape((*product.shape[:-2], -1))
    product = x[..., :, None, :, None] * y[..., None, :, None, :]
    rows, columns = x.shape[-2] * y.shape[-2], x.shape[-1] * y.shape[-1]
    return product.reshape((*product.shape[:-4], rows, columns))


def _einsum(*arrays: Any, subscripts: str) -> Any:
    operands, _, out = subscripts.replace(" ", "").partition("->")
    batched = ",".join("..." + letters for letters in operands.split(","))
    return np.einsum(f"{batched}->...{out}", *arrays)


def determinant(x: Any) -> Any:
    """Laplace's expansion along the first row: no division, so that zero is exactly zero."""
    n = x.shape[-1]
    if n == 1:
        return x[..., 0, 0]
    minors = (determinant(np.delete(x[..., 1:, :], j, axis=-1)) for j in range(n))
    return sum((-1) ** j * x[..., 0, j] * minor for j, minor in enumerate(minors))


FIELD: Mapping[str, Implementation] = {
    "sum": lambda x, axis, keepdims: np.sum(x, axis=axis, keepdims=keepdims),
    "prod": lambda x, axis, keepdims: np.prod(x, axis=axis, keepdims=keepdims),
    "mean": _mean,
    "var": variance,
    "cumsum": np.cumsum,
    "cumprod": np.cumprod,
    "matmul": _matmul,
    "trace": lambda x: np.trace(x, axis1=-2, axis2=-1),
    "det": determinant,
    "dot": lambda x, y: np.sum(x * y, axis=-1),
    "outer": outer,
    "kron": kron,
    "einsum": _einsum,
}
"""Functions that need nothing but arithmetic; NumPy's own would make floats of objects."""
