"""Linear algebra on arrays of balls or residues, by elimination: every pivot is proven not to be zero."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from gradcheck_cli.evaluate.backend import RANK
from gradcheck_cli.evaluate.objects import (
    Implementation,
    Inexact,
    as_matrices,
    as_objects,
    determinant,
    grown,
)
from gradcheck_cli.evaluate.residues import Residue
from gradcheck_cli.evaluate.tape import dot, value_of

LARGEST = 6
"""Rows of a matrix that is expanded into its determinant, whose cost is factorial."""


def matmul(x: Any, y: Any, *, ranks: tuple[int, int]) -> Any:
    """The product; each element is one entry of a tape."""
    left, right, taken = as_matrices(x, y, ranks)
    lead = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
    left = np.broadcast_to(left, lead + left.shape[-2:])
    right = np.broadcast_to(right, lead + right.shape[-2:])
    out = np.empty((*lead, left.shape[-2], right.shape[-1]), dtype=object)
    for at in np.ndindex(lead):
        rows, columns = left[at].tolist(), right[at].T.tolist()
        for i, row in enumerate(rows):
            for j, column in enumerate(columns):
                out[(*at, i, j)] = dot(row, column)
    return taken(out)


def _each_matrix(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """`function` of every matrix (n, m) of a stack."""

    def call(x: Any) -> Any:
        found = [function(x[at]) for at in np.ndindex(x.shape[:-2])]
        if not found:
            raise Inexact("there are no matrices")
        return np.stack(found).reshape(x.shape[:-2] + found[0].shape)

    return call


def eliminate(a: Any, b: Any) -> Any:
    """The x with a @ x = b, of one matrix (n, n) and right sides (n, k), by Gauss and Jordan.

    Raises Inexact where no pivot is certainly not zero.
    """
    a, b = a.copy(), b.copy()
    n = len(a)
    for k in range(n):
        sizes = [_size(value_of(v)) for v in a[k:, k]]
        at = k + max(range(n - k), key=sizes.__getitem__)
        if sizes[at - k] <= 0:
            raise Inexact("a matrix is singular, or too near to tell")
        a[[k, at]], b[[k, at]] = a[[at, k]], b[[at, k]]
        inverse = 1 / a[k, k]
        a[k, k + 1 :], b[k] = a[k, k + 1 :] * inverse, b[k] * inverse
        for i in range(n):
            if i != k:
                factor = a[i, k]
                a[i, k + 1 :] = a[i, k + 1 :] - a[k, k + 1 :] * factor
                b[i] = b[i] - b[k] * factor
    return b


def _size(x: Any) -> float:
    """A lower bound of the absolute value, to choose pivots by; 0 where it may be zero."""
    if isinstance(x, Residue):
        return float(x.value != 0)
    return float(abs(x).lower()) if x > 0 or x < 0 else 0.0


def solve(a: Any, b: Any, *, ranks: tuple[int, int]) -> Any:
    """The x with a @ x = b, for stacks."""
    vector = ranks[1] == 1
    b = b[..., None] if vector else b
    to = max(ranks[0], ranks[1] + vector)
    a, b = grown(a, ranks[0], to), grown(b, ranks[1] + vector, to)
    lead = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    a, b = (np.broadcast_to(m, lead + m.shape[-2:]) for m in (a, b))
    out = np.empty(b.shape, dtype=object)
    for at in np.ndindex(lead):
        out[at] = eliminate(a[at], b[at])
    return out[..., 0] if vector else out


def rank(x: Any) -> Any:
    """How many singular values exceed `RANK` of the largest, of every matrix of balls, as whole numbers."""
    found = [_rank_of(x[at]) for at in np.ndindex(x.shape[:-2])]
    return np.array(found, dtype=np.int64).reshape(x.shape[:-2])


def _rank_of(x: Any) -> int:
    """By elimination with complete pivoting, whose rest after k steps is a matrix S.

    σ_{k+1} ≤ ‖S‖, since the steps took a matrix of rank k away; σ_k is at least the smallest singular
    value of the k pivot rows and columns (interlacing), thus at least |their determinant| / ‖A‖^(k-1).
    Raises Inexact where these bounds do not tell.
    """
    a = as_objects([value_of(v) for v in x.ravel().tolist()], x.shape)
    if not a.size:
        return 0
    norm, largest = _norm(a), max(abs(v) for v in a.ravel().tolist())
    volume, k = norm * 0 + 1, 0
    while min(a.shape):
        if _norm(a) <= largest * RANK:
            break
        at = max(range(a.size), key=lambda i: _size(a.ravel()[i]))
        i, j = divmod(at, a.shape[1])
        pivot = a[i, j]
        if _size(pivot) <= 0:
            raise Inexact("a rank cannot be decided")
        volume = volume * abs(pivot)
        k += 1
        rest = a - a[:, [j]] * (1 / pivot) * a[[i], :]
        a = np.delete(np.delete(rest, i, 0), j, 1)
    if k and not volume > norm**k * RANK:
        raise Inexact("a rank cannot be decided: the matrix is near one of lower rank")
    return k


def _norm(a: Any) -> Any:
    """The sum of all magnitudes, which is a bound of the Frobenius norm."""
    return sum(map(abs, a.ravel().tolist()))


class LinearAlgebra:
    """The functions that need ones and zeros, or functions, of the kind of number at hand."""

    def __init__(
        self, number: Callable[[Fraction | int], Any], functions: Mapping[str, Callable[..., Any]]
    ) -> None:
        self.number = number
        self.functions = functions

    def table(self) -> dict[str, Implementation]:
        """Those that the elementwise functions allow."""
        found: dict[str, Implementation] = {
            "matmul": matmul, "solve": solve, "inv": self.inv, "pinv": self.pinv, "det": self.det,
            "solve_triangular": self.solve_triangular,
        }  # fmt: skip
        if "log" in self.functions:
            found |= {"rank": rank, "logdet": self.logdet, "cholesky": self.cholesky}
        return found

    def inv(self, x: Any) -> Any:
        """The inverse of every matrix."""
        n = x.shape[-1]
        eye = np.empty((n, n), dtype=object)
        for i in range(n):
            for j in range(n):
                eye[i, j] = self.number(int(i == j))
        return _each_matrix(lambda m: eliminate(m, eye))(x)

    def pinv(self, x: Any) -> Any:
        """For full rank, which the elimination proves, the inverse of the Gram matrix does it."""
        t = np.swapaxes(x, -1, -2)
        if x.shape[-2] <= x.shape[-1]:
            return matmul(t, self.inv(matmul(x, t, ranks=(2, 2))), ranks=(2, 2))
        return matmul(self.inv(matmul(t, x, ranks=(2, 2))), t, ranks=(2, 2))

    def det(self, x: Any) -> Any:
        """The determinant."""
        if x.shape[-1] > LARGEST:
            raise Inexact(f"a determinant of more than {LARGEST} rows is too much work")
        return determinant(x) if x.shape[-1] else np.full(x.shape[:-2], self.number(1), dtype=object)

    def logdet(self, x: Any) -> Any:
        """The logarithm of the absolute determinant."""
        return self.functions["log"](self.functions["abs"](self.det(x)))

    def cholesky(self, x: Any) -> Any:
        """The lower factor of the symmetric part. Raises Inexact where it is not certainly definite."""
        return _each_matrix(self.factor)((x + np.swapaxes(x, -1, -2)) * self.number(Fraction(1, 2)))

    def factor(self, x: Any) -> Any:
        """Of one matrix (n, n)."""
        n = len(x)
        out = np.full((n, n), self.number(0), dtype=object)
        root = self.functions["sqrt"]
        for j in range(n):
            rest = x[j, j] - dot(out[j, :j], out[j, :j]) if j else x[j, j]
            if not value_of(rest) > 0:
                raise Inexact("a matrix is not certainly positive definite")
            out[j, j] = root(rest)
            for i in range(j + 1, n):
                above = x[i, j] - dot(out[i, :j], out[j, :j]) if j else x[i, j]
                out[i, j] = above / out[j, j]
        return out

    def solve_triangular(self, a: Any, b: Any, *, lower: bool, ranks: tuple[int, int]) -> Any:
        """Reads one triangle of a."""
        n = a.shape[-1]
        keep = np.tril(np.ones((n, n), dtype=bool)) if lower else np.triu(np.ones((n, n), dtype=bool))
        return solve(np.where(keep, a, self.number(0)), b, ranks=ranks)
