"""A third back end for the fold: every number is an exact polynomial in the random symbols of a ring.

Arrays are NumPy's object arrays of `Polynomial`, whole numbers included; only truth values
stay bool. What is no polynomial of something random, or has no rational value, raises Inexact.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import floor, isqrt
from typing import Any

import numpy as np

from gradcheck_cli.evaluate.numpy_backend import NumpyBackend
from gradcheck_cli.evaluate.numpy_functions import NUMPY
from gradcheck_cli.evaluate.objects import (
    AS_THEY_ARE,
    FIELD,
    INDEXED,
    Implementation,
    Inexact,
    each,
    variance,
)
from gradcheck_cli.oracle.polynomials import Polynomial, Ring

_COMPARED = (
    "less", "less_equal", "greater", "greater_equal", "equal", "not_equal", "abs", "sign", "relu", "clip",
    "minimum", "maximum", "floor", "max", "min",
)  # fmt: skip
"""Rational for rational numbers, but no polynomials: these serve what is not random."""


class ExactBackend(NumpyBackend):
    """Polynomials of one ring. Its functions raise Inexact, which passes through the fold."""

    name = "exact"
    failures: tuple[type[Exception], ...] = ()

    def __init__(self, ring: Ring) -> None:
        self.ring = ring
        self.functions = _bound(self)

    def number(self, value: Fraction | float, *, whole: bool) -> Any:  # noqa: ARG002 - all are exact
        """A number; a float is `pi`, `e` or `inf`, which are not rational."""
        if isinstance(value, float):
            raise Inexact(f"the constant {value:.5g} is not rational")
        return each(self.ring.constant, np.array(value, dtype=object))

    def real(self, value: Any) -> Any:
        """The array with every element a polynomial: truth values, floats and whole numbers too."""
        return each(lambda v: v if isinstance(v, Polynomial) else self.ring.constant(v), value)

    def arange(self, n: int) -> Any:
        """The whole numbers below n."""
        return self.real(np.arange(n))

    def root(self, x: Polynomial) -> Polynomial:
        """The square root of a number that is a square. Raises Inexact for any other."""
        value = number_of(x, "a square root of something random is no polynomial")
        if value < 0:
            raise Inexact("the square root of a negative number")
        above, below = isqrt(value.numerator), isqrt(value.denominator)
        if above * above != value.numerator or below * below != value.denominator:
            raise Inexact("a square root is not rational")
        return self.ring.constant(Fraction(above, below))

    def power(self, x: Polynomial, y: Polynomial) -> Polynomial:
        """x^y for a whole y, and for half of one where the root is rational."""
        exponent = y.constant
        if exponent is None:
            raise Inexact("an exponent is random")
        if exponent.denominator == 2:
            return self.root(x) ** exponent.numerator
        if exponent.denominator != 1:
            raise Inexact(f"the power {exponent} has no exact value")
        return x ** int(exponent)


def number_of(x: Polynomial, otherwise: str = "a condition or an index is random") -> Fraction:
    """The value of what is not random. Raises Inexact for what is, and says `otherwise`."""
    value = x.constant
    if value is None:
        raise Inexact(otherwise)
    return value


def _whole(x: Any) -> Any:
    """Indices as int64."""
    if x.dtype != object:
        return x
    return np.array([int(number_of(v)) for v in x.ravel()], dtype=np.int64).reshape(x.shape)


def _bound(backend: ExactBackend) -> Mapping[str, Implementation]:
    """The whole table; whatever has no exact implementation raises Inexact."""
    table = {name: _without(name) for name in NUMPY}
    table |= {name: _lifted(backend, NUMPY[name]) for name in AS_THEY_ARE}
    table |= {name: _lifted(backend, _with_indices(NUMPY[name])) for name in INDEXED}
    table |= {name: _of_numbers(backend, name, _FIXED.get(name, NUMPY[name])) for name in _COMPARED}
    table |= {name: _lifted(backend, function) for name, function in _POLYNOMIAL.items()}
    power = np.frompyfunc(backend.power, 2, 1)
    root = np.frompyfunc(backend.root, 1, 1)

    def norm(x: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
        return root(np.sum(x * x, axis=axis, keepdims=keepdims))

    def std(x: Any, **statics: Any) -> Any:
        return root(variance(x, **statics))

    own: dict[str, Implementation] = {
        "power": power,
        "sqrt": root,
        "rsqrt": lambda x: _inverse(root(x)),
        "norm": norm,
        "std": std,
    }
    return table | {name: _lifted(backend, f) for name, f in own.items()}


def _without(name: str) -> Implementation:
    def call(*_: Any, **__: Any) -> Any:
        raise Inexact(f"`{name}` has no exact value")

    return call


def _lifted(backend: ExactBackend, function: Implementation) -> Implementation:
    """`function` of polynomials; NumPy fills with zeros and ones of its own, which are lifted too."""

    def call(*arrays: Any, **statics: Any) -> Any:
        return backend.real(function(*map(backend.real, arrays), **statics))

    return call


def _of_numbers(backend: ExactBackend, name: str, function: Implementation) -> Implementation:
    """`function` of Fractions; truth values stay what they are."""

    def number(x: Polynomial) -> Fraction:
        return number_of(x, f"`{name}` of something random is no polynomial")

    def call(*arrays: Any, **statics: Any) -> Any:
        numbers = [each(number, backend.real(x)) for x in arrays]
        result = function(*numbers, **statics)
        return result if result.dtype == np.bool_ else backend.real(result)

    return call


def _with_indices(function: Implementation) -> Implementation:
    def call(x: Any, *rest: Any, **statics: Any) -> Any:
        if not rest:
            return function(_whole(x), **statics)
        return function(x, _whole(rest[0]), *rest[1:], **statics)

    return call


_inverse = np.frompyfunc(lambda x: x.inverse(), 1, 1)

_FIXED: dict[str, Implementation] = {
    "sign": np.frompyfunc(lambda v: (v > 0) - (v < 0), 1, 1),
    "floor": np.frompyfunc(floor, 1, 1),
}
"""Where NumPy has no loop for objects."""


def _divide(x: Any, y: Any) -> Any:
    return x * _inverse(y)


def _where(condition: Any, x: Any, y: Any) -> Any:
    return np.where(each(number_of, condition) != 0, x, y)


_POLYNOMIAL: Mapping[str, Implementation] = {**FIELD, "divide": _divide, "where": _where}
