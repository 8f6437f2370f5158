"""Residues against exact rationals, and their degrees against those of the functions they come from."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcheck_cli.evaluate.objects import Inexact
from gradcheck_cli.evaluate.residues import MAX_DEGREE, PRIME, RATIONAL, Residue

NUMBERS = st.fractions(min_value=-20, max_value=20, max_denominator=30)


@given(NUMBERS, NUMBERS, st.integers(-4, 4))
@settings(max_examples=40, deadline=None)
def test_arithmetic_is_that_of_the_rationals(a, b, n):
    x, y = Residue.of(a), Residue.of(b)
    pairs = [(x + y, a + b), (x - y, a - b), (x * y, a * b), (2 - x, 2 - a), (x * Fraction(1, 3), a / 3)]
    if b:
        pairs += [(x / y, a / b), (1 / y, 1 / b), (y**n, b**n)]
    for got, want in pairs:
        assert got.value == Residue.of(want).value
        assert got.constant == want


@pytest.mark.parametrize(
    ("f", "top", "bottom"),
    [
        (lambda x, y: x * y + x, 2, 0),
        (lambda x, y: x**3 * y - 4, 4, 0),
        (lambda x, y: 1 / (x * x + 1), 0, 2),
        (lambda x, y: x / y + y / x, 2, 2),
        (lambda x, y: (x / y) ** -3, 3, 3),
        (lambda x, y: x * 5, 1, 0),
    ],
)
def test_degrees_are_bounded_by_those_of_numerator_and_denominator(f, top, bottom):
    found = f(Residue(12345, 1), Residue(67890, 1))
    assert (found.top, found.bottom) == (top, bottom)


def test_what_has_no_value_is_refused():
    x = Residue(5, 1)
    with pytest.raises(Inexact, match="a division by zero in the field"):
        1 / (x - x)
    with pytest.raises(Inexact, match="`sqrt` of a variable is not rational"):
        RATIONAL["sqrt"](x)
    with pytest.raises(Inexact, match="a square root is not rational"):
        RATIONAL["sqrt"](Residue.of(2))
    with pytest.raises(Inexact, match="`less` of a variable is not rational"):
        x < Residue.of(1)  # noqa: B015
    with pytest.raises(Inexact, match=f"the degree is above {MAX_DEGREE}"):
        x ** (MAX_DEGREE + 1)


def test_rational_powers_and_roots():
    assert RATIONAL["power"](Residue.of(Fraction(9, 4)), Residue.of(Fraction(-3, 2))).constant == Fraction(
        8, 27
    )
    assert RATIONAL["rsqrt"](Residue.of(16)).constant == Fraction(1, 4)
    assert RATIONAL["power"](Residue(3, 1), Residue.of(2)).value == 9
    assert Residue.of(PRIME + 2).value == 2
