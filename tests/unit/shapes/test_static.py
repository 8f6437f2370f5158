"""Arguments that are known before anything runs, and every message where they are not what is expected."""

from fractions import Fraction

import pytest

from gradcheck_cli.lang.plain import parse_expression
from gradcheck_cli.shapes import static
from gradcheck_cli.shapes.dims import Dim
from gradcheck_cli.text import Text, UserError, draw

N, M = Dim.of("n"), Dim.of("m")
DIMS = {"n": N, "m": M, "k": Dim.of(2) * N}
SHAPE = (N, M, Dim.of(3))


def parse(text):
    return parse_expression(Text.whole("f", text))


def refusal(function, text, *args):
    with pytest.raises(UserError) as caught:
        function(parse(text), *args)
    (problem,) = caught.value.problems
    return draw(problem)


def message(text, headline, caret, advice=""):
    at = text.rindex(caret)
    drawn = f"error: {headline}\n  --> f:1:{at + 1}\n1 | {text}\n  | {' ' * at}{'^' * len(caret)}"
    return drawn + (f"\n   = help: {advice}" if advice else "")


@pytest.mark.parametrize(
    ("text", "dim"),
    [
        ("3", Dim.of(3)),
        ("n", N),
        ("k", Dim.of(2) * N),
        ("-1", Dim.of(-1)),
        ("n*m - 1", N * M - Dim.of(1)),
        ("k/2", N),
        ("n**2 + m", N * N + M),
        ("n*m/n", M),
    ],
)
def test_dimensions(text, dim):
    assert static.as_dim(parse(text), DIMS) == dim


KINDS = "dimensions are whole numbers, names of sizes, and their sums, products and quotients"


@pytest.mark.parametrize(
    ("text", "headline", "caret", "advice"),
    [
        ("sze", "`sze` is not a dimension", "sze", "dimensions are declared by the shapes of inputs"),
        ("2*N", "`N` is not a dimension", "N", "did you mean `n`?"),
        ("sum(n)", "this is not a dimension", "sum(n)", KINDS),
        ("n @ m", "this is not a dimension", "n @ m", KINDS),
        ("n < m", "this is not a dimension", "n < m", KINDS),
        ("n[0]", "this is not a dimension", "n[0]", KINDS),
        ("n**m", "this is not a dimension", "n**m", KINDS),
        ("n**0.5", "this is not a dimension", "n**0.5", KINDS),
        ("n/(n + m)", "not a dimension: n cannot be divided by m + n", "n/(n + m)", ""),
        ("n**99", "not a dimension: n cannot be raised to the power 99", "n**99", ""),
        ("n/0", "not a dimension: n cannot be divided by 0", "n/0", ""),
        ("(n - n)/0", "not a dimension: 0 cannot be divided by 0", "(n - n)/0", ""),
        ("9**9**9", "this is not a dimension", "9**9**9", KINDS),
    ],
)
def test_what_is_no_dimension(text, headline, caret, advice):
    assert refusal(static.as_dim, text, DIMS) == message(text, headline, caret, advice)


@pytest.mark.parametrize(
    ("text", "yes"),
    [
        ("n", True),
        ("n - 1", True),
        ("-2", True),
        ("x", False),
        ("n + x", False),
        ("n[0]", False),
        ("sum(n)", False),
    ],
)
def test_is_dim(text, yes):
    assert static.is_dim(parse(text), DIMS) is yes


@pytest.mark.parametrize(("text", "value"), [("0", 0), ("3", 3), ("-3", -3), ("--3", 3), ("2e3", 2000)])
def test_whole_numbers(text, value):
    assert static.as_int(parse(text)) == value


@pytest.mark.parametrize("text", ["1.5", "n", "True", "1 + 1", "1e9", "'x'", "-x"])
def test_what_is_no_whole_number(text):
    assert refusal(static.as_int, text) == message(text, "a whole number is expected here", text)


def test_numbers_and_flags():
    assert static.as_number(parse("-1.5")) == Fraction(-3, 2)
    assert static.as_number(parse("True")) == 1
    assert refusal(static.as_number, "n") == message("n", "a number is expected here", "n")
    assert static.as_flag(parse("True")) is True
    assert static.as_flag(parse("False")) is False
    assert refusal(static.as_flag, "1") == message("1", "`True` or `False` is expected here", "1")


@pytest.mark.parametrize(("text", "axis"), [("0", -3), ("2", -1), ("-1", -1), ("-3", -3)])
def test_an_axis_is_counted_from_the_last(text, axis):
    assert static.as_axis(parse(text), SHAPE) == axis


@pytest.mark.parametrize("text", ["3", "-4", "99"])
def test_an_axis_out_of_range(text):
    headline = f"axis {text} is out of range: the array has the shape [n, m, 3]"
    assert refusal(static.as_axis, text, SHAPE) == message(text, headline, text, "its axes are -3, -2, -1")


def test_a_scalar_has_no_axes():
    headline = "axis 0 is out of range: the array has the shape []"
    assert refusal(static.as_axis, "0", ()) == message("0", headline, "0", "a scalar has no axes")
    assert static.as_axes(None, ()) == ()


@pytest.mark.parametrize(
    ("text", "axes"), [("None", (-3, -2, -1)), ("1", (-2,)), ("(0, -1)", (-3, -1)), ("(1,)", (-2,))]
)
def test_axes(text, axes):
    assert static.as_axes(parse(text), SHAPE) == axes
    assert static.as_axes(None, SHAPE) == (-3, -2, -1)


def test_an_axis_twice():
    assert refusal(static.as_axes, "(0, -3)", SHAPE) == message(
        "(0, -3)", "an axis is named twice", "(0, -3)"
    )
