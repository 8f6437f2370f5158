"""Dimensions: the algebra is that of the numbers that the names stand for."""

from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gradcheck_cli.lang.plain import parse_expression
from gradcheck_cli.shapes.dims import MAX_POWER, MAX_TERMS, Dim, DimError, show
from gradcheck_cli.shapes.static import as_dim
from gradcheck_cli.text import Text

NAMES = ("n", "m", "r", "h")
sizes = st.fixed_dictionaries({name: st.integers(1, 50) for name in NAMES})
atoms = st.one_of(st.sampled_from(NAMES).map(Dim.of), st.integers(-6, 6).map(Dim.of))


def tried(operation):
    """A strategy step that skips what has no polynomial."""

    def build(pair):
        try:
            return operation(*pair)
        except (DimError, ZeroDivisionError):
            return pair[0]

    return build


dims = st.recursive(
    atoms,
    lambda below: st.one_of(
        st.tuples(below, below).map(tried(Dim.__add__)),
        st.tuples(below, below).map(tried(Dim.__sub__)),
        st.tuples(below, below).map(tried(Dim.__mul__)),
        st.tuples(below, st.sampled_from([Dim.of("n"), Dim.of("r") * Dim.of(2)])).map(tried(Dim.__truediv__)),
        st.tuples(below, st.integers(0, 2)).map(tried(Dim.__pow__)),
    ),
    max_leaves=6,
)


@given(dims, dims, sizes)
def test_arithmetic_agrees_with_the_numbers(a, b, at):
    x, y = a.value(at), b.value(at)
    try:
        assert (a + b).value(at) == x + y
        assert (a - b).value(at) == x - y
        assert (-a).value(at) == -x
        assert (a * b).value(at) == x * y
        assert (a**2).value(at) == x * x
        if len(b.terms) == 1:
            assert (a / b).value(at) == Fraction(x) / y
    except DimError:
        assume(False)


@given(dims, dims, dims)
def test_the_laws_hold_symbolically(a, b, c):
    try:
        assert a + b == b + a
        assert a * b == b * a
        assert a * (b + c) == a * b + a * c
        assert (a + b) + c == a + (b + c)
        assert a - a == Dim.of(0)
        assert a * Dim.of(1) == a
        assert hash(a + b) == hash(b + a)
    except DimError:
        assume(False)


@given(dims, dims, sizes)
def test_equal_dimensions_are_those_that_agree_everywhere(a, b, at):
    if a == b:
        assert a.value(at) == b.value(at)
    else:
        # two different polynomials of such small degree cannot agree at all of these
        far = [{n: 101 + 37 * i * (k + 2) + i**3 for i, n in enumerate(NAMES)} for k in range(20)]
        assert any(a.value(f) != b.value(f) for f in far)


@given(dims, dims, dims, sizes)
def test_substitution_is_evaluation_of_the_parts(a, b, c, at):
    x, y = b.value(at), c.value(at)
    assume(x > 0 and y > 0 and x.denominator == 1 and y.denominator == 1)
    try:
        replaced = a.substitute({"n": b, "m": c})
    except (DimError, ZeroDivisionError):
        return
    assert replaced.value(at) == a.value({**at, "n": int(x), "m": int(y)})


@given(dims)
def test_what_is_shown_reads_back_to_the_same_dimension(a):
    shown = parse_expression(Text.whole("f", str(a)))
    assert as_dim(shown, {name: Dim.of(name) for name in NAMES}) == a


N, M, R = Dim.of("n"), Dim.of("m"), Dim.of("r")


@pytest.mark.parametrize(
    ("dim", "shown"),
    [
        (Dim.of(0), "0"),
        (Dim.of(1), "1"),
        (N - N, "0"),
        (N, "n"),
        (-N, "-n"),
        (Dim.of(2) * R, "2*r"),
        (N * M, "m*n"),
        (N * N, "n**2"),
        (M / R, "m/r"),
        (M / (R * R), "m/r**2"),
        (Dim.of(1) / N, "1/n"),
        (N / Dim.of(2), "n/2"),
        (N - Dim.of(1), "n - 1"),
        (Dim.of(1) - N, "-n + 1"),
        (N + M * Dim.of(2) + Dim.of(3), "2*m + n + 3"),
        (N * N + N, "n**2 + n"),
    ],
)
def test_how_it_looks(dim, shown):
    assert str(dim) == shown


def test_a_shape_is_shown_as_people_write_it():
    assert show(()) == "[]"
    assert show((N, Dim.of(2) * R, Dim.of(1))) == "[n, 2*r, 1]"


def test_constants_names_and_one():
    assert Dim.of(3).constant == 3
    assert (N - N).constant == 0
    assert N.constant is None
    assert (N * M / R - N).names == {"n", "m", "r"}
    assert (N / N).is_one
    assert Dim.of(1).is_one
    assert not N.is_one
    assert not Dim.of(0).is_one


@pytest.mark.parametrize(
    ("calculate", "message"),
    [
        (lambda: N / (N + M), "n cannot be divided by m + n"),
        (lambda: N**-1, "n cannot be raised to the power -1"),
        (lambda: N ** (MAX_POWER + 1), "n cannot be raised to the power 13"),
        (lambda: (N**MAX_POWER) * N, "this dimension is too complicated"),
        (
            lambda: sum((Dim.of(f"n{i}") for i in range(MAX_TERMS + 1)), Dim.of(0)),
            "this dimension is too complicated",
        ),
    ],
)
def test_what_has_no_polynomial(calculate, message):
    with pytest.raises(DimError) as caught:
        calculate()
    assert str(caught.value) == message


def test_a_sum_divides_itself():
    assert ((N + M) / (N + M)).is_one


def test_zero_divides_nothing():
    for a in (N, Dim.of(0)):
        with pytest.raises((DimError, ZeroDivisionError)):
            a / Dim.of(0)


def test_a_name_without_a_size_is_an_error():
    with pytest.raises(KeyError):
        N.value({"m": 3})
