"""The function table on balls, and on residues: two back ends for the fold whose arrays hold objects.

Numbers are exact until they meet something irrational: decimals and rationals
never become floats. Whole numbers (indices, positions) and truth values stay
NumPy's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from math import e, inf, pi
from types import MappingProxyType
from typing import Any

import numpy as np
from flint import arb

from gradcheck_cli.evaluate.flint_functions import COMPARISONS, ball, elementwise, larger, smaller
from gradcheck_cli.evaluate.flint_linalg import LinearAlgebra
from gradcheck_cli.evaluate.flint_reductions import Reductions, extreme
from gradcheck_cli.evaluate.numpy_backend import NumpyBackend
from gradcheck_cli.evaluate.numpy_functions import NUMPY
from gradcheck_cli.evaluate.objects import (
    AS_THEY_ARE,
    FIELD,
    INDEXED,
    Implementation,
    Inexact,
    as_objects,
    each,
)
from gradcheck_cli.evaluate.residues import RATIONAL, Residue

Number = Callable[[Fraction | int], Any]

_WHOLE = ("abs", "sign", "clip", "minimum", "maximum", "where", "sum", "prod", "max", "min", "floor")
"""Besides those that move or add: functions of whole numbers that stay whole, by NumPy."""


_FILLS = ("tril", "triu", "diag", "pad")
"""What leaves elements to NumPy."""


class _Lifted:
    """Implementations of one kind of number, for arrays some of which may hold NumPy's own."""

    def __init__(self, number: Number) -> None:
        self.number = number

    def real(self, value: Any) -> Any:
        """The array as objects."""
        return value if value.dtype == object else each(lambda v: self.number(Fraction(v)), value)

    def exact(self, function: Implementation, whole: Implementation | None = None) -> Implementation:
        """`function` of numbers; `whole`, if there is one, where all arrays are NumPy's own."""

        def call(*arrays: Any, **statics: Any) -> Any:
            if whole is not None and all(a.dtype != object for a in arrays):
                return whole(*arrays, **statics)
            return function(*map(self.real, arrays), **statics)

        return call

    def moved(self, name: str) -> Implementation:
        """NumPy's own implementation; zeros that it fills in become numbers of ours."""
        function, fills = NUMPY[name], name in _FILLS

        def call(*arrays: Any, **statics: Any) -> Any:
            if any(a.dtype == object for a in arrays):
                found = function(*map(self.real, arrays), **statics)
                return self.filled(found) if fills else found
            found = function(*arrays, **statics)
            return self.real(found) if found.dtype == np.float64 else found

        return call

    def filled(self, value: Any) -> Any:
        """Python's numbers among ours are made ours."""
        return each(lambda v: self.number(int(v)) if isinstance(v, (int, float, np.number)) else v, value)

    def indexed(self, function: Implementation) -> Implementation:
        """The same, where one array holds indices."""

        def call(x: Any, *rest: Any, **statics: Any) -> Any:
            indices = rest[0] if rest else x
            if indices.dtype == object:
                raise Inexact("an index is not a whole number of its own kind")
            if not rest:
                return self.real(function(x, **statics))
            return self.filled(function(self.real(x), indices, *map(self.real, rest[1:]), **statics))

        return call

    def compared(self, name: str) -> Implementation:
        """A comparison, by NumPy where both are its own."""

        def call(x: Any, y: Any) -> Any:
            if x.dtype != object and y.dtype != object:
                return NUMPY[name](x, y)
            return np.asarray(COMPARISONS[name](self.real(x), self.real(y)), dtype=np.bool_)

        return call

    def where(self, choose: Implementation) -> Implementation:
        """A choice; truth values stay NumPy's own."""

        def call(condition: Any, x: Any, y: Any) -> Any:
            if condition.dtype != object and x.dtype != object and y.dtype != object:
                return NUMPY["where"](condition, x, y)
            met = condition if condition.dtype == object else condition != 0
            return choose(met, self.real(x), self.real(y))

        return call


def _table(
    number: Number, functions: Mapping[str, Implementation], extremes: Mapping[str, Implementation]
) -> Mapping[str, Implementation]:
    """The functions of one kind of number; what it has no exact value of is missing."""
    lifted = _Lifted(number)
    linear = LinearAlgebra(number, functions)
    own: dict[str, Implementation] = dict(FIELD) | dict(functions) | dict(extremes)
    own |= Reductions(number, functions).table() | linear.table() | {"divide": lambda x, y: x / y}
    table = {name: lifted.moved(name) for name in AS_THEY_ARE}
    table |= {name: lifted.indexed(NUMPY[name]) for name in INDEXED}
    table |= {n: lifted.exact(f, NUMPY[n] if n in _WHOLE else None) for n, f in own.items()}
    table |= {name: lifted.compared(name) for name in COMPARISONS}
    table["where"] = lifted.where(functions["where"])
    return MappingProxyType(table)


class BallBackend(NumpyBackend):
    """Balls of the precision of `flint.ctx`. Its functions raise Inexact, which passes through the fold."""

    name = "flint"
    failures: tuple[type[Exception], ...] = ()
    functions = _table(ball, elementwise(), {"max": extreme(larger, "max"), "min": extreme(smaller, "min")})

    def number(self, value: Fraction | float, *, whole: bool) -> Any:
        """A number, in an array without axes."""
        if whole:
            return np.asarray(int(value), dtype=np.int64)
        return as_objects([self.one(value)], ())

    def one(self, value: Fraction | float) -> Any:
        """A number by itself; a float is `pi`, `e` or `inf`."""
        return _SPECIAL[value]() if isinstance(value, float) else ball(value)

    def real(self, value: Any) -> Any:
        """The array with every element a number of ours: truth values and whole numbers too."""
        return value if value.dtype == object else each(lambda v: self.one(int(v)), value)


_SPECIAL: Mapping[float, Callable[[], Any]] = {pi: arb.pi, e: arb.const_e, inf: arb.pos_inf}


class ResidueBackend(BallBackend):
    """Residues with their degrees."""

    name = "field"
    functions = _table(Residue.of, RATIONAL, {})

    def one(self, value: Fraction | float) -> Any:
        """A number by itself. Raises Inexact for `pi`, `e` and `inf`."""
        if isinstance(value, float):
            raise Inexact(f"the constant {value:.5g} is not rational")
        return Residue.of(value)
