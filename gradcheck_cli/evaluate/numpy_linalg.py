"""The linear algebra of the function table on NumPy arrays, always in float64.

`ranks` tells how many axes of each array are its core. The core's own batch axes are lined up from the
right, as NumPy does, and the leading axes with each other: axes of size 1 go in between.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from gradcheck_cli.evaluate.backend import RANK
from gradcheck_cli.evaluate.objects import kron, outer

_TIE = 1 - 1e-8
"""Components this close to the largest count as tied with it, and the first of them decides the sign."""


def _float(x: Any) -> Any:
    return np.asarray(x, np.float64)


def _align(x: Any, rank: int, to: int) -> Any:
    """`x`, its core of `rank` axes grown to `to` axes by ones in front of it."""
    lead = x.ndim - rank
    return x.reshape(x.shape[:lead] + (1,) * (to - rank) + x.shape[lead:])


def _pair(x: Any, y: Any, ranks: tuple[int, int]) -> tuple[Any, Any]:
    """Two arrays of float64 whose cores have the same number of axes."""
    to = max(ranks)
    return _align(_float(x), ranks[0], to), _align(_float(y), ranks[1], to)


def _matmul(x: Any, y: Any, *, ranks: tuple[int, int]) -> Any:
    row, column = ranks[0] == 1, ranks[1] == 1
    x = x[..., None, :] if row else x
    y = y[..., :, None] if column else y
    out = np.matmul(*_pair(x, y, (ranks[0] + row, ranks[1] + column)))
    out = out[..., 0] if column else out
    if row:
        out = out[..., 0] if column else out[..., 0, :]
    return out


def _solve(a: Any, b: Any, *, ranks: tuple[int, int]) -> Any:
    vector = ranks[1] == 1
    b = b[..., None] if vector else b
    out = np.linalg.solve(*_pair(a, b, (ranks[0], ranks[1] + vector)))
    return out[..., 0] if vector else out


def _solve_triangular(a: Any, b: Any, *, lower: bool, ranks: tuple[int, int]) -> Any:
    return _solve(np.tril(a) if lower else np.triu(a), b, ranks=ranks)


def _pinv(x: Any) -> Any:
    x = _float(x)
    # The cut-off is given because the libraries' defaults differ.
    return np.linalg.pinv(x, rtol=max(x.shape[-2:]) * np.finfo(np.float64).eps)


def _symmetric(x: Any) -> Any:
    """The symmetric part: LAPACK would read one triangle only, and derivatives would depend on which."""
    x = _float(x)
    return (x + np.swapaxes(x, -1, -2)) / 2


def _column_signs(v: Any) -> Any:
    """For each column 1 or -1, the sign of its component of largest absolute value."""
    size = np.abs(v)
    first = np.argmax(size >= _TIE * size.max(axis=-2, keepdims=True), axis=-2, keepdims=True)
    return np.where(np.take_along_axis(v, first, -2) < 0, -1.0, 1.0)


def _eigh(x: Any) -> tuple[Any, Any]:
    w, v = np.linalg.eigh(_symmetric(x))
    return w, v * _column_signs(v)


def _svd(x: Any) -> tuple[Any, Any, Any]:
    u, s, vt = np.linalg.svd(_float(x), full_matrices=False)
    signs = _column_signs(u)
    return u * signs, s, vt * np.swapaxes(signs, -1, -2)


def _einsum(*arrays: Any, subscripts: str) -> Any:
    operands, _, out = subscripts.replace(" ", "").partition("->")
    # The ellipsis carries the leading axes, which broadcast.
    batched = ",".join("..." + letters for letters in operands.split(","))
    return np.einsum(f"{batched}->...{out}", *map(_float, arrays))


def _diag(x: Any, *, ranks: tuple[int]) -> Any:
    if ranks[0] == 2:
        return np.diagonal(x, axis1=-2, axis2=-1).copy()
    n = x.shape[-1]
    out = np.zeros((*x.shape, n), x.dtype)
    out[..., np.arange(n), np.arange(n)] = x
    return out


def rank(x: Any) -> Any:
    """How many singular values exceed `RANK` of the largest, of each matrix (…, n, m): (…)."""
    s = np.linalg.svd(_float(x), compute_uv=False)
    return np.sum(s > RANK * s[..., :1], axis=-1)


LINEAR_ALGEBRA: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "matmul": _matmul,
        "trace": lambda x: np.trace(_float(x), axis1=-2, axis2=-1),
        "det": lambda x: np.linalg.det(_float(x)),
        "logdet": lambda x: np.linalg.slogdet(_float(x))[1],
        "rank": rank,
        "inv": lambda x: np.linalg.inv(_float(x)),
        "pinv": _pinv,
        "solve": _solve,
        "cholesky": lambda x: np.linalg.cholesky(_symmetric(x)),
        "solve_triangular": _solve_triangular,
        "eigh": _eigh,
        "svd": _svd,
        "kron": lambda x, y, ranks: kron(_float(x), _float(y), ranks=ranks),
        "outer": lambda x, y: outer(_float(x), _float(y)),
        "dot": lambda x, y: np.sum(_float(x) * _float(y), axis=-1),
        "einsum": _einsum,
        "tril": np.tril,
        "triu": np.triu,
        "diag": _diag,
    }
)
"""Name of a linear algebra function → its implementation."""
