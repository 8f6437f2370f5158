"""Exact polynomials in independent random symbols, small enough to stay small: every bound is checked.

A monomial is one whole number: the exponent of symbol i stands in its byte i, so
that a product of monomials is a sum of numbers (Kronecker's substitution).
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from numbers import Rational
from typing import Any, Protocol

import numpy as np

from gradcheck_cli.evaluate import deadline
from gradcheck_cli.evaluate.objects import Inexact, as_objects

MAX_TERMS = 20_000
"""Monomials of one polynomial."""

MAX_DEGREE = 64
"""Total degree of one polynomial; below 256, since an exponent has one byte."""

MAX_BITS = 4096
"""Bits of the numerator and of the denominator of one coefficient."""

MAX_SYMBOLS = 256

MAX_WORK = 500_000
"""Coefficients worked out in one ring, which takes a second, or a few where they are no whole numbers."""

_LOOK = 1 << 12
"""How much work is done between two looks at the clock."""


Coefficient = int | Fraction
"""Whole numbers are many times faster than Fractions, and the two mix."""


class Law(Protocol):
    """What is known of a random symbol."""

    def moment(self, k: int) -> Fraction:
        """E[x^k]."""


class Ring:
    """The symbols that some polynomials share, their laws, and the work that is left."""

    def __init__(self, work: int = MAX_WORK) -> None:
        self.laws: list[Law] = []
        self.left = work
        self._look = work - _LOOK
        self._moments: dict[tuple[int, int], Coefficient] = {}

    def constant(self, value: Rational | int | float | str) -> Polynomial:
        """A number; a float counts as the binary fraction that it is. Raises Inexact for inf and NaN."""
        if isinstance(value, float) and not np.isfinite(value):
            raise Inexact("a number is not finite")
        return self.made({0: _light(Fraction(value))}, 0)

    def symbols(self, law: Law, shape: tuple[int, ...]) -> Any:
        """An object array of new independent symbols. Raises Inexact for too many."""
        count = int(np.prod(shape, dtype=object))
        first = len(self.laws)
        if first + count > MAX_SYMBOLS:
            raise Inexact(f"there are more than {MAX_SYMBOLS} random numbers")
        self.laws += [law] * count
        return as_objects([Polynomial(self, {1 << 8 * (first + i): 1}, 1) for i in range(count)], shape)

    def made(self, terms: dict[int, Coefficient], degree: int) -> Polynomial:
        """A polynomial without its zeros. `degree` may be too large. Raises Inexact beyond a bound."""
        kept = {m: c for m, c in terms.items() if c}
        if len(kept) > MAX_TERMS:
            raise Inexact(f"there are more than {MAX_TERMS} terms")
        for c in kept.values():
            if c.numerator.bit_length() > MAX_BITS or c.denominator.bit_length() > MAX_BITS:
                raise Inexact(f"a number has more than {MAX_BITS} bits")
        return Polynomial(self, kept, degree if len(kept) > 1 or 0 not in kept else 0)

    def spend(self, work: int) -> None:
        """Counts work before it is done. Raises Inexact when none is left, OutOfTime after the deadline."""
        self.left -= work
        if self.left < 0:
            raise Inexact("it would be too much work")
        if self.left < self._look:
            self._look = self.left - _LOOK
            deadline.check()

    def expectation(self, polynomial: Polynomial) -> Fraction:
        """E[p]: independence makes the expectation of a monomial the product of moments, E is linear."""
        self.spend(len(polynomial.terms))
        total: Coefficient = 0
        for monomial, coefficient in polynomial.terms.items():
            product = coefficient
            for symbol, power in _powers(monomial):
                product *= self._moment(symbol, power)
                if not product:
                    break  # an odd moment: most of them
            total += product
        return Fraction(total)

    def _moment(self, symbol: int, power: int) -> Coefficient:
        key = symbol, power
        if key not in self._moments:
            self._moments[key] = _light(self.laws[symbol].moment(power))
        return self._moments[key]


class Polynomial:
    """An element of a ring; never changed. NumPy's object arrays hold these."""

    __slots__ = ("degree", "ring", "terms")

    def __init__(self, ring: Ring, terms: dict[int, Coefficient], degree: int) -> None:
        self.ring = ring
        self.terms = terms
        self.degree = degree

    @property
    def constant(self) -> Fraction | None:
        """The number, if it depends on no symbol."""
        if not self.terms:
            return Fraction(0)
        return Fraction(self.terms[0]) if self.terms.keys() == {0} else None

    def __add__(self, other: object) -> Polynomial:
        other = _operand(self.ring, other)
        if other is None:
            return NotImplemented
        small, large = sorted((self, other), key=lambda p: len(p.terms))
        self.ring.spend(1 + len(small.terms) + len(large.terms) // 8)  # a copy is cheap
        terms = dict(large.terms)
        for m, c in small.terms.items():
            terms[m] = terms[m] + c if m in terms else c
        return self.ring.made(terms, max(self.degree, other.degree))

    __radd__ = __add__

    def __neg__(self) -> Polynomial:
        self.ring.spend(1 + len(self.terms))
        return Polynomial(self.ring, {m: -c for m, c in self.terms.items()}, self.degree)

    def __sub__(self, other: object) -> Polynomial:
        other = _operand(self.ring, other)
        return NotImplemented if other is None else self + -other

    def __mul__(self, other: object) -> Polynomial:
        other = _operand(self.ring, other)
        if other is None:
            return NotImplemented
        degree = self.degree + other.degree
        if degree > MAX_DEGREE:
            raise Inexact(f"the degree is above {MAX_DEGREE}")
        self.ring.spend(1 + len(self.terms) * len(other.terms))
        terms: dict[int, Coefficient] = {}
        for m1, c1 in self.terms.items():
            for m2, c2 in other.terms.items():
                m = m1 + m2
                terms[m] = terms[m] + c1 * c2 if m in terms else c1 * c2
        return self.ring.made(terms, degree)

    __rmul__ = __mul__

    def __pow__(self, exponent: int) -> Polynomial:
        """Raises Inexact for a negative exponent of what is not a number."""
        if exponent < 0:
            return self.inverse() ** -exponent
        result, square = self.ring.constant(1), self
        while exponent:
            if exponent & 1:
                result = result * square
            exponent >>= 1
            if exponent:
                square = square * square
        return result

    def inverse(self) -> Polynomial:
        """One over a number. Raises Inexact for zero and for what is random."""
        value = self.constant
        if value is None:
            raise Inexact("a random quantity stands in a denominator")
        if not value:
            raise Inexact("a division by zero")
        return self.ring.constant(1 / value)

    def __repr__(self) -> str:
        factors = {
            m: "*".join(f"x{s}" + (f"^{p}" if p > 1 else "") for s, p in _powers(m)) for m in self.terms
        }
        return " + ".join(f"{c}*{factors[m]}" if m else str(c) for m, c in self.terms.items()) or "0"


def _light(number: Fraction) -> Coefficient:
    return number.numerator if number.denominator == 1 else number


def _operand(ring: Ring, value: object) -> Polynomial | None:
    if isinstance(value, Polynomial):
        return value
    return ring.constant(value) if isinstance(value, (int, Fraction)) else None


def _powers(monomial: int) -> Iterator[tuple[int, int]]:
    """The symbols of a monomial with their exponents."""
    packed = monomial.to_bytes((monomial.bit_length() + 7) // 8, "little")
    return ((symbol, power) for symbol, power in enumerate(packed) if power)
