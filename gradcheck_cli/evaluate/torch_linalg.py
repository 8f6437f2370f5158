"""The linear algebra of the function table on torch tensors, differentiable, always in float64.

The conventions are those of `numpy_linalg`, and so is the reading of a matrix that ought to be symmetric:
its symmetric part counts, and derivatives are symmetric too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import torch

from gradcheck_cli.evaluate.backend import RANK

_TIE = 1 - 1e-8
"""Components this close to the largest count as tied with it, and the first of them decides the sign."""


def _float(x: Any) -> Any:
    return x if x.is_floating_point() else x.to(torch.float64)


def _align(x: Any, rank: int, to: int) -> Any:
    """`x`, its core of `rank` axes grown to `to` axes by ones in front of it."""
    lead = x.ndim - rank
    return x.reshape(x.shape[:lead] + (1,) * (to - rank) + x.shape[lead:])


def _pair(x: Any, y: Any, ranks: tuple[int, int]) -> tuple[Any, Any]:
    """Two tensors of float64 whose cores have the same number of axes."""
    to = max(ranks)
    return _align(_float(x), ranks[0], to), _align(_float(y), ranks[1], to)


def _matmul(x: Any, y: Any, *, ranks: tuple[int, int]) -> Any:
    row, column = ranks[0] == 1, ranks[1] == 1
    x = x.unsqueeze(-2) if row else x
    y = y.unsqueeze(-1) if column else y
    out = torch.matmul(*_pair(x, y, (ranks[0] + row, ranks[1] + column)))
    out = out.squeeze(-1) if column else out
    if row:
        out = out.squeeze(-1) if column else out.squeeze(-2)
    return out


def _solving(solver: Callable[..., Any], a: Any, b: Any, ranks: tuple[int, int]) -> Any:
    vector = ranks[1] == 1
    b = b.unsqueeze(-1) if vector else b
    out = solver(*_pair(a, b, (ranks[0], ranks[1] + vector)))
    return out.squeeze(-1) if vector else out


def _solve(a: Any, b: Any, *, ranks: tuple[int, int]) -> Any:
    return _solving(torch.linalg.solve, a, b, ranks)


def _solve_triangular(a: Any, b: Any, *, lower: bool, ranks: tuple[int, int]) -> Any:
    def solver(a: Any, b: Any) -> Any:
        return torch.linalg.solve_triangular(a, b, upper=not lower)

    return _solving(solver, a, b, ranks)


def _pinv(x: Any) -> Any:
    # The cut-off is given because the libraries' defaults differ.
    return torch.linalg.pinv(_float(x), rtol=max(x.shape[-2:]) * torch.finfo(torch.float64).eps)


def _symmetric(x: Any) -> Any:
    x = _float(x)
    return (x + x.mT) / 2


def _column_signs(v: Any) -> Any:
    """For each column 1 or -1, the sign of its component of largest absolute value, as a constant."""
    v = v.detach()
    size = v.abs()
    tied = size >= _TIE * size.amax(-2, keepdim=True)
    first = tied.to(torch.uint8).argmax(-2, keepdim=True)
    return 1.0 - 2.0 * (torch.gather(v, -2, first) < 0).to(v.dtype)


def _eigh(x: Any) -> tuple[Any, Any]:
    w, v = torch.linalg.eigh(_symmetric(x))
    return w, v * _column_signs(v)


def _svd(x: Any) -> tuple[Any, Any, Any]:
    u, s, vt = torch.linalg.svd(_float(x), full_matrices=False)
    signs = _column_signs(u)
    return u * signs, s, vt * signs.mT


def _outer(x: Any, y: Any) -> Any:
    return x.unsqueeze(-1) * y.unsqueeze(-2)


def _kron(x: Any, y: Any, *, ranks: tuple[int, int]) -> Any:
    # Not torch.kron: it knows no leading axes, and refuses transposed operands on the CPU.
    if ranks[0] == 1:
        return _outer(x, y).flatten(-2)
    product = x[..., :, None, :, None] * y[..., None, :, None, :]
    return product.flatten(-4, -3).flatten(-2)


def _einsum(*arrays: Any, subscripts: str) -> Any:
    operands, _, out = subscripts.replace(" ", "").partition("->")
    # The ellipsis carries the leading axes, which broadcast.
    batched = ",".join("..." + letters for letters in operands.split(","))
    return torch.einsum(f"{batched}->...{out}", *map(_float, arrays))


def _diag(x: Any, *, ranks: tuple[int]) -> Any:
    return torch.diagonal(x, dim1=-2, dim2=-1) if ranks[0] == 2 else torch.diag_embed(x)


def _rank(x: Any) -> Any:
    s = torch.linalg.svdvals(_float(x).detach())
    return (s > RANK * s[..., :1]).sum(-1)


LINEAR_ALGEBRA: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "matmul": _matmul,
        "trace": lambda x: torch.diagonal(_float(x), dim1=-2, dim2=-1).sum(-1),
        "det": lambda x: torch.linalg.det(_float(x)),
        "logdet": lambda x: torch.linalg.slogdet(_float(x))[1],
        "rank": _rank,
        "inv": lambda x: torch.linalg.inv(_float(x)),
        "pinv": _pinv,
        "solve": _solve,
        "cholesky": lambda x: torch.linalg.cholesky(_symmetric(x)),
        "solve_triangular": _solve_triangular,
        "eigh": _eigh,
        "svd": _svd,
        "kron": lambda x, y, ranks: _kron(_float(x), _float(y), ranks=ranks),
        "outer": lambda x, y: _outer(_float(x), _float(y)),
        "dot": lambda x, y: torch.sum(_float(x) * _float(y), -1),
        "einsum": _einsum,
        "tril": lambda x, k: x.tril(k),
        "triu": lambda x, k: x.triu(k),
        "diag": _diag,
    }
)
"""Name of a linear algebra function → its implementation."""
