"""A Wengert list: numbers that remember how they were made, swept backwards or forwards for derivatives.

The numbers may be of any kind that has `+ - * /`, balls or residues. An entry
of the tape lists what a number was made from and the partial derivative by
each: `(index, partial, index, partial, …)`. Recording knows the product and
the quotient rule; every other derivative comes from the table of slopes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gradcheck_cli.evaluate.objects import Inexact

Number = Any
Entry = tuple[Any, ...]

ONE = None
"""A partial derivative of one, the most frequent."""

MAX_ENTRIES = 60_000
"""Numbers on one tape."""


class Tape:
    """The entries, in the order in which the numbers were made."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def leaf(self, value: Number) -> Traced:
        """A number that depends on nothing."""
        return self.made(value, ())

    def made(self, value: Number, entry: Entry) -> Traced:
        """A number with its entry. Raises Inexact where the tape is full."""
        if len(self.entries) >= MAX_ENTRIES:
            raise Inexact("it would be too much work")
        self.entries.append(entry)
        return Traced(value, self, len(self.entries) - 1)

    def backward(self, seeds: Iterable[tuple[Traced, Number]]) -> list[Number | None]:
        """The derivative of Σ seed · number by every entry; None where it does not depend on it."""
        adjoints: list[Number | None] = [None] * len(self.entries)
        for number, seed in seeds:
            before = adjoints[number.index]
            adjoints[number.index] = seed if before is None else before + seed
        for k in range(len(adjoints) - 1, -1, -1):
            adjoint = adjoints[k]
            if adjoint is None:
                continue
            pairs = iter(self.entries[k])
            for index, partial in zip(pairs, pairs, strict=True):
                part = adjoint if partial is ONE else adjoint * partial
                before = adjoints[index]
                adjoints[index] = part if before is None else before + part
        return adjoints

    def forward(self, moves: Mapping[int, Number], held: frozenset[int] = frozenset()) -> list[Number | None]:
        """The change of every entry when the leaves move; those in `held` stay where they are."""
        tangents: list[Number | None] = []
        for k, entry in enumerate(self.entries):
            total = moves.get(k)
            if k not in held:
                pairs = iter(entry)
                for index, partial in zip(pairs, pairs, strict=True):
                    tangent = tangents[index]
                    if tangent is not None:
                        part = tangent if partial is ONE else tangent * partial
                        total = part if total is None else total + part
            tangents.append(total)
        return tangents


class Traced:
    """A number on a tape; never changed. Object arrays hold these, mixed with numbers that are on none."""

    __slots__ = ("index", "tape", "value")

    def __init__(self, value: Number, tape: Tape, index: int) -> None:
        self.value = value
        self.tape = tape
        self.index = index

    def __add__(self, other: Any) -> Traced:
        if type(other) is Traced:
            return self.tape.made(self.value + other.value, (self.index, ONE, other.index, ONE))
        return self.tape.made(self.value + other, (self.index, ONE))

    __radd__ = __add__

    def __neg__(self) -> Traced:
        return self.tape.made(-self.value, (self.index, -1))

    def __sub__(self, other: Any) -> Traced:
        if type(other) is Traced:
            return self.tape.made(self.value - other.value, (self.index, ONE, other.index, -1))
        return self.tape.made(self.value - other, (self.index, ONE))

    def __rsub__(self, other: Any) -> Traced:
        return self.tape.made(other - self.value, (self.index, -1))

    def __mul__(self, other: Any) -> Traced:
        if type(other) is Traced:
            return self.tape.made(
                self.value * other.value, (self.index, other.value, other.index, self.value)
            )
        return self.tape.made(self.value * other, (self.index, other))

    def __rmul__(self, other: Any) -> Traced:
        return self.tape.made(other * self.value, (self.index, other))

    def __truediv__(self, other: Any) -> Traced:
        if type(other) is Traced:
            inverse = 1 / other.value
            value = self.value * inverse
            return self.tape.made(value, (self.index, inverse, other.index, -value * inverse))
        one = self.value**0 if isinstance(other, int) else 1  # 1 / 3 would be a float
        return self.tape.made(self.value / other, (self.index, one / other))

    def __rtruediv__(self, other: Any) -> Traced:
        inverse = 1 / self.value
        value = other * inverse
        return self.tape.made(value, (self.index, -value * inverse))

    def __pow__(self, exponent: int) -> Traced:
        if exponent == 0:
            return self.tape.leaf(self.value**0)
        slope = exponent * raised(self.value, exponent - 1)
        return self.tape.made(raised(self.value, exponent), (self.index, slope))


def raised(x: Any, exponent: int) -> Any:
    """A number to a whole power; by multiplication where flint has no answer, as for a ball around zero."""
    value = x**exponent
    finite = getattr(value, "is_finite", None)  # residues are always
    if finite is None or finite() or exponent <= 0:
        return value
    value = 1
    while exponent:
        if exponent & 1:
            value = value * x
        exponent >>= 1
        if exponent:
            x = x * x
    return value


def value_of(number: Any) -> Any:
    """The number without its history."""
    return number.value if type(number) is Traced else number


def dot(left: Iterable[Any], right: Iterable[Any]) -> Any:
    """Σ left · right as one entry; 0 for nothing."""
    found: Any = None
    entry: list[Any] = []
    tape: Tape | None = None
    for x, y in zip(left, right, strict=True):
        a, b = value_of(x), value_of(y)
        product = a * b
        found = product if found is None else found + product
        if a is not x:
            entry += (x.index, b)
            tape = x.tape
        if b is not y:
            entry += (y.index, a)
            tape = y.tape
    if tape is None:
        return 0 if found is None else found
    return tape.made(found, tuple(entry))


def total(numbers: Iterable[Any]) -> Any:
    """The sum as one entry; 0 for nothing."""
    found: Any = None
    entry: list[Any] = []
    tape: Tape | None = None
    for x in numbers:
        value = value_of(x)
        found = value if found is None else found + value
        if value is not x:
            entry += (x.index, ONE)
            tape = x.tape
    if tape is None:
        return 0 if found is None else found
    return tape.made(found, tuple(entry))
