"""Constants by name: from a number, found at several sizes, to `1 / sqrt(d)`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from math import sqrt
from typing import Any

import numpy as np

from gradcheck_cli.diagnose.bench import DRAWS
from gradcheck_cli.diagnose.names import Names
from gradcheck_cli.lang import ast
from gradcheck_cli.lang.printer import to_plain

EXACT = 1e-7
"""How near a measured constant must be to a named one."""


@dataclass(frozen=True, eq=False)
class Factor:
    """`±above / below`, and how far-fetched it is."""

    above: ast.Expr | None
    below: ast.Expr | None
    cost: float
    values: tuple[float, ...]
    negative: bool = False

    @property
    def is_one(self) -> bool:
        """Whether it changes nothing."""
        return self.above is None and self.below is None and not self.negative

    @property
    def is_sign(self) -> bool:
        """Whether it is -1."""
        return self.above is None and self.below is None and self.negative

    def of(self, node: ast.Expr) -> ast.Expr:
        """The node times the constant."""
        found, above, below = node, self.above, self.below
        match found:  # what stands there is taken away, not undone
            case ast.Binary("*", left, right) if below is not None and below in (left, right):
                found, below = (right if below == left else left), None
            case ast.Binary("/", left, right) if above is not None and above == right:
                found, above = left, None
        if above is not None:
            found = ast.Binary("*", above, found)
        if below is not None:
            found = ast.Binary("/", found, below)
        if not self.negative:
            return found
        return found.operand if isinstance(found, ast.Negative) else ast.Negative(found)

    @property
    def alone(self) -> ast.Expr:
        """The constant by itself."""
        one: ast.Expr = ast.Number(Fraction(1))
        found = self.above if self.above is not None else one
        if self.below is not None:
            found = ast.Binary("/", found, self.below)
        return ast.Negative(found) if self.negative else found

    def __str__(self) -> str:
        return to_plain(self.alone)


class Constants:
    """All constants that a claim could be off by, sorted by their value on the first set of data."""

    def __init__(self, names: Names) -> None:
        self.names = names
        table = sorted(self._table(), key=lambda f: f.values[0])
        self.table = table
        self.logs = np.log([f.values[0] for f in table])

    def named(self, measured: list[float]) -> Factor | None:
        """The most plausible constant with these values."""
        if not all(np.isfinite(measured)) or any(m == 0 for m in measured):
            return None
        negative = measured[0] < 0
        if any((m < 0) != negative for m in measured):
            return None
        sizes = [abs(m) for m in measured]
        at = np.log(sizes[0])
        first, last = np.searchsorted(self.logs, [at - EXACT, at + EXACT])
        fitting = [
            f
            for f in self.table[int(first) : int(last)]
            if all(abs(v - s) <= EXACT * s for v, s in zip(f.values, sizes, strict=True))
        ]
        best = min(fitting, key=lambda f: f.cost, default=None)
        if best is None or not negative:
            return best
        return Factor(best.above, best.below, best.cost + 0.2, best.values, negative=True)

    def _table(self) -> Iterator[Factor]:
        one: tuple[float, ...] = (1.0,) * DRAWS
        sized = list(self._sized())
        scalars = list(self._scalars())
        yield Factor(None, None, 0.0, one)
        numbers = [
            (_number(k), (float(k),) * DRAWS, 0.2 * (k > 2) + 0.2 * (k > 4)) for k in (2, 3, 4, 5, 6, 8)
        ]
        for e, v, c in (*numbers, *sized, *scalars):
            yield Factor(e, None, c, v)
            yield Factor(None, e, c, _inverse(v))
        for (e, v, c), (e2, v2, c2) in combinations((numbers[0], *sized, *scalars), 2):
            both, product = ast.Binary("*", e, e2), _product(v, v2)
            yield Factor(both, None, c + c2 + 0.4, product)
            yield Factor(None, both, c + c2 + 0.4, _inverse(product))
            yield Factor(e, e2, c + c2 + 0.4, _product(v, _inverse(v2)))
            yield Factor(e2, e, c + c2 + 0.4, _product(v2, _inverse(v)))

    def _sized(self) -> Iterator[tuple[ast.Expr, tuple[float, ...], float]]:
        """Sizes, their roots and squares, and one less."""
        for name, dim in self.names.dims.items():
            if name in self.names.program.types or name in self.names.locals:
                continue
            n = tuple(float(dim.value(d.draw.sizes)) for d in self.names.bench.draws)
            if all(x == 1 for x in n) or min(n) < 1:
                continue
            node = ast.Name(name)
            yield node, n, 0.1
            yield ast.Call("sqrt", (node,)), tuple(map(sqrt, n)), 0.1
            yield ast.Binary("**", node, _number(2)), tuple(x * x for x in n), 0.5
            if min(n) > 1:
                yield ast.Binary("-", node, _number(1)), tuple(x - 1 for x in n), 0.4

    def _scalars(self) -> Iterator[tuple[ast.Expr, tuple[float, ...], float]]:
        """Numbers that the claim may name: `eta`, `sigma`, and their powers."""
        for word in self.names.words:
            if word.type.shape or word.sort == "size":
                continue
            values = self.names.bench.values(word.expr)
            if values is None:
                continue
            v = tuple(float(np.ravel(x)[0]) for x in values)
            if min(v) <= 0:
                continue
            yield word.expr, v, 0.3
            for k in (2, 3):
                yield ast.Binary("**", word.expr, _number(k)), tuple(x**k for x in v), 0.3 + 0.1 * k
            yield ast.Call("sqrt", (word.expr,)), tuple(map(sqrt, v)), 0.5


def constant_ratio(above: Any, below: Any) -> float | None:
    """The c with above = c · below, if there is one."""
    try:
        above, below = np.broadcast_arrays(above, below)
    except ValueError:
        return None
    square = float(np.sum(below * below))
    if not square or not np.isfinite(square):
        return None
    c = float(np.sum(above * below)) / square
    largest = float(np.max(np.abs(above)))
    return c if largest and np.max(np.abs(above - c * below)) <= EXACT * largest else None


def _number(value: int) -> ast.Expr:
    return ast.Number(Fraction(value))


def _inverse(v: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(1 / x for x in v)


def _product(v: tuple[float, ...], w: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(x * y for x, y in zip(v, w, strict=True))
