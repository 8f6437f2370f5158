"""A dimension as a polynomial in named sizes: `n`, `2*r`, `h*d`, `m/r`, compared symbolically.

Two dimensions are the same only if they are the same polynomial. Exponents may
be negative (`m/r`), coefficients are rational; a value that is not a whole
positive number is an error at the time the sizes are drawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

Monomial = tuple[tuple[str, int], ...]

MAX_TERMS = 64
MAX_POWER = 12


class DimError(ValueError):
    """Two dimensions were combined in a way that has no polynomial."""


@dataclass(frozen=True, slots=True)
class Dim:
    """A polynomial: monomials (sorted name/exponent pairs) with their coefficients."""

    terms: tuple[tuple[Monomial, Fraction], ...]

    def __hash__(self) -> int:
        # fractions are slow to hash, and dims with the same monomials are rare
        return hash(tuple([monomial for monomial, _ in self.terms]))

    @classmethod
    def of(cls, value: int | Fraction | str) -> Dim:
        """A constant or a named size."""
        if isinstance(value, str):
            return cls(((((value, 1),), Fraction(1)),))
        return _dim({(): Fraction(value)})

    @property
    def constant(self) -> Fraction | None:
        """The value, if it depends on no name."""
        if not self.terms:
            return Fraction(0)
        if len(self.terms) == 1 and not self.terms[0][0]:
            return self.terms[0][1]
        return None

    @property
    def name(self) -> str | None:
        """The name, if the polynomial is nothing but one."""
        if len(self.terms) == 1 and self.terms[0][1] == 1:
            monomial = self.terms[0][0]
            if len(monomial) == 1 and monomial[0][1] == 1:
                return monomial[0][0]
        return None

    @property
    def names(self) -> frozenset[str]:
        """The sizes that it depends on."""
        return frozenset(name for monomial, _ in self.terms for name, _ in monomial)

    @property
    def is_one(self) -> bool:
        """Whether it is the literal 1, which broadcasts."""
        return self.constant == 1

    def __add__(self, other: Dim) -> Dim:
        terms = dict(self.terms)
        for monomial, coefficient in other.terms:
            terms[monomial] = terms.get(monomial, Fraction(0)) + coefficient
        return _dim(terms)

    def __neg__(self) -> Dim:
        return _dim({m: -c for m, c in self.terms})

    def __sub__(self, other: Dim) -> Dim:
        return self + -other

    def __mul__(self, other: Dim) -> Dim:
        terms: dict[Monomial, Fraction] = {}
        for m1, c1 in self.terms:
            for m2, c2 in other.terms:
                monomial = _times(m1, m2)
                terms[monomial] = terms.get(monomial, Fraction(0)) + c1 * c2
        return _dim(terms)

    def __truediv__(self, other: Dim) -> Dim:
        if self == other and self.terms:
            return Dim.of(1)
        if len(other.terms) != 1:
            raise DimError(f"{self} cannot be divided by {other}")
        monomial, coefficient = other.terms[0]
        inverse = _dim({tuple((name, -power) for name, power in monomial): 1 / coefficient})
        return self * inverse

    def __pow__(self, exponent: int) -> Dim:
        if not 0 <= exponent <= MAX_POWER:
            raise DimError(f"{self} cannot be raised to the power {exponent}")
        result = Dim.of(1)
        for _ in range(exponent):
            result = result * self
        return result

    def substitute(self, values: Mapping[str, Dim]) -> Dim:
        """The polynomial with some names replaced by others."""
        if not self.names & values.keys():
            return self
        result = Dim.of(0)
        for monomial, coefficient in self.terms:
            term = Dim.of(coefficient)
            for name, power in monomial:
                factor = values.get(name, Dim.of(name))
                term = term * factor**power if power > 0 else term / factor**-power
            result = result + term
        return result

    def value(self, sizes: Mapping[str, int]) -> Fraction | int:
        """The number for given sizes. Raises KeyError for a name without one."""
        total: Fraction | int = 0
        for monomial, coefficient in self.terms:
            # nearly always whole, and fractions are slow
            product: Fraction | int = coefficient.numerator if coefficient.denominator == 1 else coefficient
            for name, power in monomial:
                product *= sizes[name] ** power if power > 0 else Fraction(sizes[name]) ** power
            total += product
        return total

    def __str__(self) -> str:
        if not self.terms:
            return "0"
        text = ""
        for monomial, coefficient in self.terms:
            sign = "-" if coefficient < 0 else "+"
            text += f" {sign} " if text else ("-" if coefficient < 0 else "")
            text += _term(monomial, abs(coefficient))
        return text


def _term(monomial: Monomial, coefficient: Fraction) -> str:
    above = [str(coefficient.numerator)] if coefficient.numerator != 1 else []
    below = [str(coefficient.denominator)] if coefficient.denominator != 1 else []
    for name, power in monomial:
        text = name if abs(power) == 1 else f"{name}**{abs(power)}"
        (above if power > 0 else below).append(text)
    top = "*".join(above) or "1"
    return top + "".join(f"/{b}" for b in below)


def _times(a: Monomial, b: Monomial) -> Monomial:
    powers = dict(a)
    for name, power in b:
        powers[name] = powers.get(name, 0) + power
    return tuple(sorted((n, p) for n, p in powers.items() if p))


def _dim(terms: dict[Monomial, Fraction]) -> Dim:
    kept = [(m, c) for m, c in terms.items() if c]
    if len(kept) > MAX_TERMS or any(abs(p) > MAX_POWER for m, _ in kept for _, p in m):
        raise DimError("this dimension is too complicated")
    # constants last, so that it prints as `n - 1`
    kept.sort(key=lambda term: (not term[0], -sum(p for _, p in term[0]), term[0]))
    return Dim(tuple(kept))


Shape = tuple[Dim, ...]


def show(shape: Shape) -> str:
    """A shape as people write it: `[n, 2*r]`."""
    return "[" + ", ".join(str(d) for d in shape) + "]"
