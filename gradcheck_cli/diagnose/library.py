"""A library: what a derivation is built from, by value, so that what is missing can be looked up.

The words of the claim, the parts of its formulas, what stands in derivatives of
elementwise functions, products and sums of these. An array is found up to a
constant factor, by the quotient of two random projections.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from gradcheck_cli.diagnose.constants import Constants, Factor, constant_ratio
from gradcheck_cli.diagnose.edits import call, matmul, number, times
from gradcheck_cli.diagnose.names import Names, words_in
from gradcheck_cli.evaluate import deadline
from gradcheck_cli.lang import ast

NEAR = 1e-6
"""How near two fingerprints must be for a closer look."""

MOST = 900
"""Entries of a library."""

STRANGE = 0.15
"""What each name costs that the claim does not use."""


@dataclass(frozen=True, eq=False)
class Entry:
    """One expression and how far-fetched it is."""

    expr: ast.Expr
    cost: float


@dataclass(frozen=True, eq=False)
class Match:
    """An expression that has the wanted value, its constant factor apart."""

    entry: Entry
    factor: Factor

    @property
    def expr(self) -> ast.Expr:
        """The whole."""
        return self.factor.of(self.entry.expr)

    @property
    def cost(self) -> float:
        """How far-fetched it is."""
        return self.entry.cost + self.factor.cost + 0.3 * (not self.factor.is_one)


class Library:
    """The entries of a claim, looked up by value."""

    def __init__(self, names: Names, constants: Constants, parts: list[ast.Expr]) -> None:
        self.names = names
        self.bench = names.bench
        self.constants = constants
        self.parts = parts
        self.entries: list[Entry] = []
        self.tables: dict[tuple[int, ...], tuple[Any, list[Entry]]] = {}
        seen: set[ast.Expr] = set()
        for expr, cost in self._all():
            if expr in seen:
                continue
            seen.add(expr)
            # what the claim speaks of is likelier than what only the forward has
            strangers = len(words_in(expr) - names.used - names.locals.keys())
            self.entries.append(Entry(expr, cost + STRANGE * strangers))
            if len(self.entries) >= MOST:
                break

    def find(self, wanted: list[Any], most: int = 4) -> list[Match]:
        """What has the wanted values on all sets of data, the most plausible first."""
        shape = wanted[0].shape
        mark = fingerprint(wanted[0])
        if mark is None:
            return []
        marks, entries = self._table(shape)
        near = abs(mark) * NEAR
        first, last = np.searchsorted(marks, [mark - near, mark + near])
        found = []
        for entry in entries[int(first) : int(last)]:
            factor = self._factor(wanted, entry)
            if factor is not None:
                found.append(Match(entry, factor))
        return sorted(found, key=lambda m: m.cost)[:most]

    def _factor(self, wanted: list[Any], entry: Entry) -> Factor | None:
        ratios = []
        for number_, w in enumerate(wanted):
            value = self.bench.value(entry.expr, number_)
            c = None if value is None else constant_ratio(w, fitted(value, w))
            if c is None:
                return None
            ratios.append(c)
        return self.constants.named(ratios)

    def _table(self, shape: tuple[int, ...]) -> tuple[Any, list[Entry]]:
        """The fingerprints of all entries that fit into a shape, sorted."""
        if shape not in self.tables:
            marked = []
            for entry in self.entries:
                deadline.check()
                value = self.bench.value(entry.expr, 0)
                if value is None:
                    continue
                try:
                    full = np.broadcast_to(fitted(value, np.empty(shape)), shape)
                except ValueError:
                    continue
                mark = fingerprint(full)
                if mark is not None:
                    marked.append((mark, entry))
            marked.sort(key=lambda m: m[0])
            self.tables[shape] = np.array([m for m, _ in marked]), [e for _, e in marked]
        return self.tables[shape]

    # what is in it

    def _all(self) -> Iterator[tuple[ast.Expr, float]]:
        names = self.names
        words = [w for w in names.words if w.sort != "size"]
        for w in words:
            yield w.expr, 0.0
        for part in self.parts:
            if not isinstance(part, (ast.Number, ast.String)):
                yield part, 0.4
        yield from self._indexed()
        for w in words:
            yield from self._turned(w.expr, w.type.rank, 0.1)
        arrays = [w for w in words if w.type.rank]
        for w in arrays:
            yield from self._derivatives(w.expr)
        yield from self._reduced([w.expr for w in arrays], 0.6)
        yield from self._accumulated()
        yield from self._layers(arrays)
        yield from self._products(arrays)
        yield from self._chains(arrays)
        for part in self.parts:
            type_ = names.type_of(part)
            if type_ is not None and type_.rank and not isinstance(part, ast.Name):
                yield from self._turned(part, type_.rank, 0.6)
                yield from self._reduced([part], 0.9)

    def _turned(self, node: ast.Expr, rank: int, cost: float) -> Iterator[tuple[ast.Expr, float]]:
        if rank >= 2:
            yield ast.Transpose(node, "T" if rank == 2 else "mT"), cost

    def _indexed(self) -> Iterator[tuple[ast.Expr, float]]:
        """In index notation: every word at the free indices that fit."""
        indices = self.bench.scope.indices
        if not indices:
            return
        for word in self.names.words:
            places = [[i.name for i in indices if i.dim == dim] for dim in word.type.shape]
            if places and all(places):
                for chosen in list(product(*places))[:6]:
                    yield ast.Subscript(word.expr, tuple(map(ast.Name, chosen))), 0.2

    def _derivatives(self, x: ast.Expr) -> Iterator[tuple[ast.Expr, float]]:
        """What stands in derivatives of elementwise functions."""
        one, two = number(1), number(2)

        def minus(e: ast.Expr) -> ast.Expr:
            return ast.Binary("-", one, e)

        square = ast.Binary("**", x, two)
        yield minus(x), 0.5
        yield times(x, minus(x)), 0.5
        yield square, 0.5
        yield minus(square), 0.5
        yield ast.Binary(">", x, number(0)), 0.6
        for function in ("exp", "log", "sqrt", "sigmoid", "tanh", "cos", "sin", "sign"):
            yield call(function, x), 0.8
        s, t = call("sigmoid", x), call("tanh", x)
        yield times(s, minus(s)), 0.8
        yield minus(ast.Binary("**", t, two)), 0.8
        yield ast.Binary("**", x, number(3)), 0.9

    def _reduced(self, exprs: list[ast.Expr], cost: float) -> Iterator[tuple[ast.Expr, float]]:
        yes = ast.Boolean(True)
        for x in exprs:
            type_ = self.names.type_of(x)
            rank = type_.rank if type_ else 0
            yield call("sum", x), cost
            yield call("mean", x), cost
            yield call("norm", x), cost + 0.3
            if rank >= 2:
                for axis in (-1, *range(rank - 1)):
                    a = number(axis)
                    yield call("sum", x, axis=a), cost + 0.1
                    yield call("mean", x, axis=a), cost + 0.2
                    yield call("sum", x, axis=a, keepdims=yes), cost + 0.1
                    yield call("mean", x, axis=a, keepdims=yes), cost + 0.2

    def _accumulated(self) -> Iterator[tuple[ast.Expr, float]]:
        """Gradients of what is looked up, or used by a whole batch: contributions add up."""
        words = self.names.words
        for i in words:
            if i.type.dtype != "int" or not i.type.rank or i.sort == "size":
                continue
            for x, g in product(words, words):
                fits = g.type.shape == (*i.type.shape, *x.type.shape[1:]) and x.type.rank
                if x.sort == "value" and x.type.dtype == "real" and fits:
                    yield call("scatter_add", call("zeros_like", x.expr), i.expr, g.expr), 1.0

    def _products(self, arrays: list[Any]) -> Iterator[tuple[ast.Expr, float]]:
        yes, last = ast.Boolean(True), number(-1)
        for (i, a), (j, b) in product(enumerate(arrays), repeat=2):
            sorts = {a.sort, b.sort}
            cost = 0.8 + 0.5 * (sorts == {"value"} and self.names.meaning != "values")
            if i <= j:
                pair = times(a.expr, b.expr)
                yield pair, cost
                if a.type.shape == b.type.shape:
                    yield call("sum", pair), cost + 0.2
                    yield call("mean", pair), cost + 0.3
                    if a.type.rank > 1:
                        yield call("sum", pair, axis=last, keepdims=yes), cost + 0.2
                        yield call("mean", pair, axis=last, keepdims=yes), cost + 0.3
                    if a.type.rank > 2:
                        yield (
                            call("sum", pair, axis=ast.Tuple(tuple(map(number, range(a.type.rank - 1))))),
                            cost + 0.3,
                        )
            if a is not b and a.type.shape and b.type.shape and b.sort in {"value", "local"}:
                yield ast.Binary("/", a.expr, b.expr), cost + 0.3
            if a.type.rank == b.type.rank == 1:
                yield call("outer", a.expr, b.expr), cost
                yield call("dot", a.expr, b.expr), cost
            for left, right in self._matmuls(a, b):
                whole = matmul(left, right)
                yield whole, cost
                if a.type.rank > 2:
                    axes = tuple(map(number, range(a.type.rank - 2)))
                    yield call("sum", whole, axis=ast.Tuple(axes) if len(axes) > 1 else axes[0]), cost + 0.2

    def _matmuls(self, a: Any, b: Any) -> Iterator[tuple[ast.Expr, ast.Expr]]:
        """The matrix products of two arrays that fit, transposed or not."""
        for (left, s), (right, t) in product(_both_ways(a), _both_ways(b)):
            if (len(s) > 1 or len(t) > 1) and s and t and s[-1] == (t[-2] if len(t) > 1 else t[0]):
                yield left, right

    def _layers(self, arrays: list[Any]) -> Iterator[tuple[ast.Expr, float]]:
        """One layer backwards: the gradient of an activation, times its derivative, times a matrix."""
        values = {w.of: w for w in arrays if w.sort == "value"}
        matrices = [w for w in arrays if w.type.rank == 2 and w.sort == "value"]
        for g in arrays:
            if g.sort != "gradient" or g.of not in values:
                continue
            a, one = values[g.of].expr, number(1)
            for local in (
                ast.Binary("-", one, ast.Binary("**", a, number(2))),
                times(a, ast.Binary("-", one, a)),
                ast.Binary(">", a, number(0)),
            ):
                back = times(g.expr, local)
                yield back, 1.0
                for w in matrices:
                    for matrix, shape in _both_ways(w):
                        if g.type.shape[-1] == shape[0]:
                            yield matmul(back, matrix), 1.2

    def _chains(self, arrays: list[Any]) -> Iterator[tuple[ast.Expr, float]]:
        """Products of three and four matrices out of the claim's own."""
        own = [w for w in arrays if w.type.rank == 2 and words_in(w.expr) & self.names.used][:4]
        grown = [(e, s) for w in own for e, s in _both_ways(w)]
        links = list(grown)
        for length in (2, 3, 4):
            grown = [(matmul(e, f), (s[0], t[1])) for e, s in grown for f, t in links if s[1] == t[0]][:160]
            if length > 2:
                for expr, _ in grown:
                    yield expr, 0.3 * length + 0.4
            yield from ((call("trace", e), 0.8) for e, s in grown if length == 2 and s[0] == s[1])


def _both_ways(word: Any) -> list[tuple[ast.Expr, tuple[Any, ...]]]:
    shape = word.type.shape
    if len(shape) < 2:
        return [(word.expr, shape)]
    flipped = ast.Transpose(word.expr, "T" if len(shape) == 2 else "mT")
    return [(word.expr, shape), (flipped, (*shape[:-2], shape[-1], shape[-2]))]


def fitted(value: Any, wanted: Any) -> Any:
    """The value with as many axes as what is wanted; new ones stand before its own."""
    if value.ndim < wanted.ndim:
        return value.reshape((1,) * (wanted.ndim - value.ndim) + value.shape)
    return value


_PROJECTIONS: dict[int, tuple[Any, Any]] = {}


def fingerprint(value: Any) -> float | None:
    """A number that does not change when the array is scaled; None for what has none."""
    flat = np.ravel(value)
    n = flat.size
    if n not in _PROJECTIONS:
        rng = np.random.default_rng(n)
        _PROJECTIONS[n] = rng.standard_normal(n), rng.standard_normal(n)
    one, two = _PROJECTIONS[n]
    below = float(two @ flat)
    if not below or not np.isfinite(below):
        return None
    mark = float(one @ flat) / below
    return mark if np.isfinite(mark) else None
