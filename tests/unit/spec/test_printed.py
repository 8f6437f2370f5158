"""Printed numbers: the interval that the digits claim."""

from fractions import Fraction

import pytest

from gradcheck_cli.lang.latex import parse_latex_expression
from gradcheck_cli.lang.latex_symbols import Symbols
from gradcheck_cli.lang.plain import parse_expression
from gradcheck_cli.spec.printed import Digits, flat, read_printed, shape_of
from gradcheck_cli.text import Text, UserError, draw


def read(text):
    if text.startswith("$"):
        return read_printed(parse_latex_expression(Text.whole("f", text), Symbols()))
    return read_printed(parse_expression(Text.whole("f", text)))


@pytest.mark.parametrize(
    ("text", "low", "high", "shown"),
    [
        ("0.353", "0.3525", "0.3535", "[0.3525, 0.3535]"),
        ("0.3280", "0.32795", "0.32805", "[0.32795, 0.32805]"),
        ("-0.353", "-0.3535", "-0.3525", "[-0.3535, -0.3525]"),
        ("+0.5", "0.45", "0.55", "[0.45, 0.55]"),
        (".5", "0.45", "0.55", "[0.45, 0.55]"),
        ("(0.5)", "0.45", "0.55", "[0.45, 0.55]"),
        ("0.0", "-0.05", "0.05", "[-0.05, 0.05]"),
        ("12.0", "11.95", "12.05", "[11.95, 12.05]"),
        ("-8.4880e-02", "-0.0848805", "-0.0848795", "[-8.48805e-02, -8.48795e-02]"),
        ("1e-5", "0.5e-5", "1.5e-5", "[0.5e-5, 1.5e-5]"),
        ("2E+3", "1500", "2500", "[1.5e+3, 2.5e+3]"),
        ("1.5 * 10**3", "1450", "1550", "[1450, 1550]"),
        (r"$-8.488\times 10^{-2}$", "-0.084885", "-0.084875", "[-0.084885, -0.084875]"),
        (r"$1.50\cdot 10^3$", "1495", "1505", "[1495, 1505]"),
        ("3", "3", "3", "[3, 3]"),
        ("-3", "-3", "-3", "[-3, -3]"),
        ("3.", "3", "3", "[3, 3]"),
    ],
)  # fmt: skip
def test_interval(text, low, high, shown):
    found = read(text)
    assert isinstance(found, Digits)
    assert (found.low, found.high) == (Fraction(low), Fraction(high))
    assert found.interval == shown


@pytest.mark.parametrize(
    ("text", "shape", "numbers"),
    [
        ("[0.1, -2, 3e-1]", (3,), ["0.1", "-2", "3e-1"]),
        ("[[1.0, 2], [3, 4.50]]", (2, 2), ["1.0", "2", "3", "4.50"]),
        ("stack(0.1, 0.2)", (2,), ["0.1", "0.2"]),
        ("(0.1, 0.2)", (2,), ["0.1", "0.2"]),
        (r"$\begin{bmatrix} 0.4114 & -0.2532 \\ 0.25 & 1 \end{bmatrix}$", (2, 2), ["0.4114", "-0.2532", "0.25", "1"]),
        (r"$\begin{bmatrix} 0.40 & 1 \end{bmatrix}$", (2,), ["0.40", "1"]),
        (r"$\begin{bmatrix} 0.40 \\ 1 \end{bmatrix}$", (2,), ["0.40", "1"]),
        (r"$[0.1, 0.20]$", (2,), ["0.1", "0.20"]),
    ],
)  # fmt: skip
def test_lists(text, shape, numbers):
    found = read(text)
    assert shape_of(found) == shape
    assert [d.text for d in flat(found)] == numbers


@pytest.mark.parametrize(
    "text", ["x", "0.5 + 0.5", "-(0.5 * 2)", "1 / 3", "[0.1, x]", "sqrt(2)", "[]x"[:0] + "pi", "[0.1, [x]]"]
)
def test_everything_else_is_no_printed_number(text):
    assert read(text) is None


def test_rows_of_different_length():
    with pytest.raises(UserError) as caught:
        read("[[1.0, 2], [3]]")
    assert draw(caught.value.problems[0]) == (
        "error: the rows of this list are of different length\n"
        "  --> f:1:1\n"
        "1 | [[1.0, 2], [3]]\n"
        "  | ^^^^^^^^^^^^^^^ 2, 1"
    )
