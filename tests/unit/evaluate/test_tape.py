"""Sweeps over a tape of Fractions: closed forms, and the duality of the two directions."""

from fractions import Fraction

import pytest
from flint import arb
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcheck_cli.evaluate import tape as module
from gradcheck_cli.evaluate.objects import Inexact
from gradcheck_cli.evaluate.tape import Tape, dot, raised, total, value_of

NUMBERS = st.fractions(min_value=-3, max_value=3, max_denominator=7)


def slopes(f, *points):
    tape = Tape()
    leaves = [tape.leaf(Fraction(p)) for p in points]
    out = f(*leaves)
    swept = tape.backward([(out, Fraction(1))])
    return [swept[x.index] for x in leaves]


def test_closed_forms():
    assert slopes(lambda x, y: x * y, 3, 5) == [5, 3]
    assert slopes(lambda x, y: x / y, 3, 5) == [Fraction(1, 5), Fraction(-3, 25)]
    assert slopes(lambda x: 1 / x, 4) == [Fraction(-1, 16)]
    assert slopes(lambda x: x**5, 2) == [80]
    assert slopes(lambda x: x**-2, 2) == [Fraction(-1, 4)]
    assert slopes(lambda x: 7 - x, 2) == [-1]
    assert slopes(lambda x: x * x * x - 2 * x, 2) == [10]
    assert slopes(lambda x, y: x, 2, 3) == [1, None]


def test_sums_and_products_of_many_are_one_entry():
    tape = Tape()
    x = [tape.leaf(Fraction(k)) for k in (1, 2, 3)]
    before = len(tape.entries)
    out = dot(x, [Fraction(4), x[0], x[2]])
    assert value_of(out) == 4 + 2 + 9
    assert len(tape.entries) == before + 1
    assert tape.backward([(out, Fraction(1))])[:3] == [4 + 2, 1, 6]
    assert value_of(total([*x, Fraction(5)])) == 11
    assert total([]) == dot([], []) == 0


@given(st.lists(NUMBERS, min_size=3, max_size=3), st.lists(NUMBERS, min_size=3, max_size=3), NUMBERS)
@settings(max_examples=25, deadline=None)
def test_backward_and_forward_are_adjoint(point, move, seed):
    """u · (J t) = (Jᵀ u) · t."""
    tape = Tape()
    x, y, z = (tape.leaf(p) for p in point)
    out = (x * y - z) * (y + 2) ** 3 + x / (z * z + 1) - y / 3
    swept = tape.backward([(out, seed)])
    pushed = tape.forward(dict(enumerate(move)))
    assert seed * pushed[out.index] == sum((swept[k] or 0) * t for k, t in enumerate(move))


def test_what_is_held_does_not_move():
    tape = Tape()
    x = tape.leaf(Fraction(2))
    y = x * x
    z = y * x
    assert tape.forward({x.index: Fraction(1)}, frozenset({y.index}))[z.index] == 4
    assert tape.forward({x.index: Fraction(1)})[z.index] == 12


def test_a_tape_is_bounded(monkeypatch):
    monkeypatch.setattr(module, "MAX_ENTRIES", 3)
    tape = Tape()
    x = tape.leaf(Fraction(1))
    with pytest.raises(Inexact, match="it would be too much work"):
        x * x * x * x


def test_a_ball_around_zero_has_whole_powers_and_their_slopes():
    z = arb(-3) / 5 / 3 + arb(2) / 10
    assert z.contains(0)
    assert not z.is_exact()
    for exponent in (1, 2, 3, 6):
        assert raised(z, exponent).contains(0)
        assert raised(z, exponent).is_finite()
    assert raised(arb(3), 5) == 243
