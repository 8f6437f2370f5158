"""Numbers as a source prints them: what `0.353` claims is the interval [0.3525, 0.3535].

The tree of a formula keeps `0.3280` as 41/125, exactly; how many digits were
printed only the text at its place still tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from gradcheck_cli.lang import ast
from gradcheck_cli.lang.tokens import MAX_DIGITS
from gradcheck_cli.shapes.dims import Dim, Shape
from gradcheck_cli.text import Problem, Span, UserError

_DIGITS = re.compile(
    # possessive: no character can be read in two ways
    r"([-+]?)\s*+([0-9]++(?:\.([0-9]*+))?|\.([0-9]++))\s*+"
    r"(?:[eE]([-+]?[0-9]+)|(?:\\times|\\cdot|\*)\s*+10\s*+(?:\^|\*\*)\s*+\{?\s*+\(?([-+]?[0-9]+)\)?\s*+\}?)?"
)

MOST = 300
"""The largest exponent: what is printed is compared with floats."""


@dataclass(frozen=True)
class Digits:
    """One printed number."""

    text: str
    """As it is printed."""
    value: Fraction
    half: Fraction
    """Half of its last digit: whatever rounds to it lies so near. 0 for a whole number, which is exact."""
    span: Span

    @property
    def low(self) -> Fraction:
        """The least number that is printed like this."""
        return self.value - self.half

    @property
    def high(self) -> Fraction:
        """The largest one."""
        return self.value + self.half

    @property
    def interval(self) -> str:
        """For a reader, with one digit more than is printed."""
        return f"[{self._shown(self.low)}, {self._shown(self.high)}]"

    def _shown(self, value: Fraction) -> str:
        mantissa, e, exponent = self.text.lower().partition("e")
        if e and exponent.lstrip("+-").isdigit():
            digits = len(mantissa.partition(".")[2]) + 1
            return f"{_decimal(value / Fraction(10) ** int(exponent), digits)}{e}{exponent}"
        digits = 0
        while self.half and (self.half * 10**digits).denominator != 1:
            digits += 1
        return _decimal(value, digits)


def _decimal(value: Fraction, digits: int) -> str:
    """Exactly, where so many digits are enough."""
    scaled = abs(round(value * 10**digits))
    whole, rest = divmod(scaled, 10**digits)
    return ("-" if value < 0 and scaled else "") + (f"{whole}.{rest:0{digits}}" if digits else str(whole))


Printed: TypeAlias = "Digits | tuple[Printed, ...]"
"""A number, or a list of them, nested like the array."""


def read_printed(side: ast.Expr) -> Printed | None:
    """The numbers of a side that consists of nothing else; None for every other expression.

    Raises UserError for a list whose rows are of different length.
    """
    found = _read(side)
    if found is not None and not isinstance(found, Digits):
        shape_of(found, side)
    return found


def _read(side: ast.Expr) -> Printed | None:
    match side:
        case ast.Noted(operand):
            return _read(operand)
        case ast.Call("stack", items, ()) | ast.Tuple(items):
            return _all(items)
        case ast.Blocks(rows):
            matrix = _all(rows)
            if isinstance(matrix, tuple) and len(rows) == 1:
                return matrix[0]  # a row is a vector, if that is what it is compared with
            if isinstance(matrix, tuple) and all(isinstance(r, tuple) and len(r) == 1 for r in matrix):
                return tuple(r[0] for r in matrix if isinstance(r, tuple))
            return matrix
        case ast.Number() | ast.Negative() | ast.Juxtapose() | ast.Binary("*" | "+"):
            return _digits(side)
    return None


def _all(items: tuple[ast.Expr, ...]) -> Printed | None:
    found = tuple(p for item in items if (p := _read(item)) is not None)
    return found if found and len(found) == len(items) else None


def _digits(node: ast.Expr) -> Digits | None:
    if node.span is None:
        return None
    text = node.span.text.replace("−", "-").strip()
    while text.startswith("(") and text.endswith(")"):
        text = text[1:-1].strip()
    match = _DIGITS.fullmatch(text)
    if match is None:
        return None
    sign, mantissa, behind, alone, e, ten = match.groups()
    written = (e or ten or "0").lstrip("+")
    if len(mantissa) > MAX_DIGITS or len(written) > len(str(-MOST)) or abs(int(written)) > MOST:
        advice = f"at most {MAX_DIGITS} digits, and exponents up to {MOST}"
        raise UserError(Problem("this number is too long to be meant", node.span, help=advice))
    power = Fraction(10) ** int(written)
    digits = len(behind or alone or "")
    value = Fraction(mantissa.rstrip(".") if not behind else mantissa) * power * (-1 if sign == "-" else 1)
    exact = not digits and not (e or ten)
    half = Fraction(0) if exact else Fraction(1, 2 * 10**digits) * power
    return Digits("".join(text.split()), value, half, node.span)


def shape_of(printed: Printed, node: ast.Expr | None = None) -> tuple[int, ...]:
    """The shape of the array. Raises UserError where the rows are of different length."""
    if isinstance(printed, Digits):
        return ()
    shapes = [shape_of(item, node) for item in printed]
    if len(set(shapes)) > 1:
        lengths = ", ".join("a number" if not s else str(s[0]) for s in dict.fromkeys(shapes))
        raise UserError(
            Problem(
                "the rows of this list are of different length",
                node.span if node else None,
                label=lengths,
            )
        )
    return (len(printed), *shapes[0])


def as_shape(printed: Printed) -> Shape:
    """The same in dimensions."""
    return tuple(Dim.of(n) for n in shape_of(printed))


def flat(printed: Printed) -> Iterator[Digits]:
    """The numbers in the order of the array."""
    if isinstance(printed, Digits):
        yield printed
    else:
        for item in printed:
            yield from flat(item)
