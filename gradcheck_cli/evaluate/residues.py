"""Residues modulo a large prime, which know the degree of the rational function that they are a value of.

A false identity N / D = 0 between rational functions of degree at most t and b
vanishes at a random point of the field with a probability of at most
t / (p - b) (Schwartz, J. ACM 27, 1980; Zippel, 1979).
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import isqrt
from types import MappingProxyType
from typing import Any

import numpy as np

from gradcheck_cli.evaluate.objects import Implementation, Inexact

PRIME = 2**61 - 1
"""A Mersenne prime."""

MAX_DEGREE = 10**6

MAX_BITS = 512
"""Bits of a constant that is remembered as the rational number that it is."""


class Residue:
    """An element of the field; never changed. `top` and `bottom` bound the degrees of N and D."""

    __slots__ = ("bottom", "constant", "top", "value")

    def __init__(self, value: int, top: int = 0, bottom: int = 0, constant: Fraction | None = None) -> None:
        if top > MAX_DEGREE or bottom > MAX_DEGREE:
            raise Inexact(f"the degree is above {MAX_DEGREE}")
        self.value = value
        self.top = top
        self.bottom = bottom
        self.constant = constant

    @classmethod
    def of(cls, value: Fraction | int) -> Residue:
        """A rational number. Raises Inexact where its denominator vanishes in the field."""
        number = Fraction(value)
        inverse = _inverse(number.denominator % PRIME)
        small = max(number.numerator.bit_length(), number.denominator.bit_length()) <= MAX_BITS
        return cls(number.numerator * inverse % PRIME, 0, 0, number if small else None)

    def __add__(self, other: Any) -> Residue:
        if not isinstance(other, Residue):
            if not isinstance(other, (int, Fraction)):
                return NotImplemented
            other = Residue.of(other)
        value = (self.value + other.value) % PRIME
        if self.constant is not None and other.constant is not None:
            return _constant(self.constant + other.constant, value)
        top = max(self.top + other.bottom, other.top + self.bottom)
        return Residue(value, top, self.bottom + other.bottom)

    __radd__ = __add__

    def __neg__(self) -> Residue:
        constant = None if self.constant is None else -self.constant
        return Residue(-self.value % PRIME, self.top, self.bottom, constant)

    def __sub__(self, other: Any) -> Residue:
        return self.__add__(-other)

    def __rsub__(self, other: Any) -> Residue:
        return (-self).__add__(other)

    def __mul__(self, other: Any) -> Residue:
        if not isinstance(other, Residue):
            if not isinstance(other, (int, Fraction)):
                return NotImplemented
            other = Residue.of(other)
        value = self.value * other.value % PRIME
        if self.constant is not None and other.constant is not None:
            return _constant(self.constant * other.constant, value)
        return Residue(value, self.top + other.top, self.bottom + other.bottom)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Residue:
        other = other if isinstance(other, Residue) else Residue.of(other)
        return self.__mul__(other.inverse())

    def __rtruediv__(self, other: Any) -> Residue:
        return self.inverse().__mul__(other)

    def __pow__(self, exponent: int) -> Residue:
        if exponent < 0:
            return self.inverse() ** -exponent
        constant = None
        if self.constant is not None:
            widest = max(self.constant.numerator.bit_length(), self.constant.denominator.bit_length())
            constant = self.constant**exponent if widest * exponent <= MAX_BITS else None
        value = pow(self.value, exponent, PRIME)
        return Residue(value, self.top * exponent, self.bottom * exponent, constant)

    def __lt__(self, other: Residue) -> bool:
        return _number(self, "less") < _number(other, "less")

    def __gt__(self, other: Residue) -> bool:
        return _number(self, "greater") > _number(other, "greater")

    def __eq__(self, other: object) -> bool:
        return _number(self, "equal") == _number(other, "equal")

    __hash__ = None  # type: ignore[assignment]

    def inverse(self) -> Residue:
        """One over it. Raises Inexact for zero."""
        constant = 1 / self.constant if self.constant else None
        return Residue(_inverse(self.value), self.bottom, self.top, constant)


def _inverse(value: int) -> int:
    if not value:
        raise Inexact("a division by zero in the field")
    return pow(value, -1, PRIME)


def _constant(exact: Fraction, value: int) -> Residue:
    small = max(exact.numerator.bit_length(), exact.denominator.bit_length()) <= MAX_BITS
    return Residue(value, 0, 0, exact if small else None)


def _number(x: Any, name: str) -> Fraction:
    if not isinstance(x, Residue) or x.constant is None:
        raise Inexact(f"`{name}` of a variable is not rational")
    return x.constant


def _power(x: Any, y: Any) -> Any:
    exponent = _number(y, "power")
    if exponent.denominator == 2:
        return _root(x) ** exponent.numerator
    if exponent.denominator != 1 or abs(exponent) > MAX_DEGREE:
        raise Inexact(f"the power {exponent} is not rational")
    return x ** int(exponent)


def _root(x: Any) -> Residue:
    number = _number(x, "sqrt")
    above, below = (isqrt(abs(n)) for n in (number.numerator, number.denominator))
    if number < 0 or above * above != number.numerator or below * below != number.denominator:
        raise Inexact("a square root is not rational")
    return Residue.of(Fraction(above, below))


def _chosen(condition: Any, x: Any, y: Any) -> Any:
    true = condition if isinstance(condition, (bool, np.bool_)) else _number(condition, "where") != 0
    return x if true else y


RATIONAL: Mapping[str, Implementation] = MappingProxyType(
    {
        "power": np.frompyfunc(_power, 2, 1),
        "sqrt": np.frompyfunc(_root, 1, 1),
        "rsqrt": np.frompyfunc(lambda x: _root(x).inverse(), 1, 1),
        "where": np.frompyfunc(_chosen, 3, 1),
    }
)
"""The functions that are rational, at least of some constants, on object arrays."""
