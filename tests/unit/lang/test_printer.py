"""Printing: what is printed reads back to the same tree, with no bracket that is not needed."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcheck_cli.lang import ast
from gradcheck_cli.lang.functions import FUNCTIONS, OPERATORS, OVER
from gradcheck_cli.lang.plain import parse_equation, parse_expression
from gradcheck_cli.lang.printer import number, to_plain
from gradcheck_cli.text import Text, UserError


def parse(text: str) -> ast.Expr:
    return parse_expression(Text.whole("f", text))


# --- random trees -----------------------------------------------------------------------------------------

names = st.sampled_from(["x", "dY", "α", "n", "sum", "pi", "T", "mT"]).map(ast.Name)
decimals = st.one_of(
    st.integers(0, 10**12).map(Fraction),
    st.builds(lambda m, e: Fraction(m) * Fraction(10) ** e, st.integers(0, 10**9), st.integers(-30, 30)),
    st.sampled_from([Fraction(1, 10**400), Fraction(10**400), Fraction(8943, 200_000), Fraction(1, 1024)]),
)
leaves = st.one_of(names, decimals.map(ast.Number))
OTHER_ARGUMENTS = st.one_of(
    st.booleans().map(ast.Boolean),
    st.just(ast.Absent()),
    st.sampled_from(["ij,j->i", "it's", 'a "b"', ""]).map(ast.String),
)


def optional(below):
    return st.one_of(st.none(), below)


def grown(below):
    slices = st.builds(ast.Slice, optional(below), optional(below), optional(below))
    items = st.lists(
        st.one_of(below, slices, st.just(ast.Ellipsis()), st.just(ast.Absent())), min_size=1, max_size=3
    )
    arguments = st.lists(st.one_of(below, OTHER_ARGUMENTS), max_size=3).map(tuple)
    keywords = st.lists(
        st.builds(ast.Keyword, st.sampled_from(["axis", "k", "keepdims"]), st.one_of(below, OTHER_ARGUMENTS)),
        max_size=2,
    )
    return st.one_of(
        st.builds(ast.Negative, below),
        st.builds(ast.Binary, st.sampled_from(sorted(OPERATORS)), below, below),
        st.builds(ast.Transpose, below, st.sampled_from(["T", "mT"])),
        st.builds(ast.Subscript, below, items.map(tuple)),
        st.builds(ast.Tuple, st.lists(below, min_size=1, max_size=3).map(tuple)),
        st.builds(ast.Call, st.sampled_from(sorted(FUNCTIONS)), arguments, keywords.map(tuple)),
        st.builds(
            ast.Over, st.sampled_from(sorted(OVER)), st.lists(names, min_size=1, max_size=2).map(tuple), below
        ),
    )


trees = st.recursive(leaves, grown, max_leaves=12)


@settings(max_examples=800, deadline=None)
@given(trees)
def test_what_is_printed_reads_back_to_the_same_tree(tree):
    assert parse(to_plain(tree)) == tree, to_plain(tree)


@settings(max_examples=200, deadline=None)
@given(st.lists(trees, min_size=2, max_size=4))
def test_an_equation_too(sides):
    equation = ast.Equation(tuple(sides))
    assert parse_equation(Text.whole("f", to_plain(equation))) == equation


@settings(max_examples=300, deadline=None)
@given(trees)
def test_printing_is_stable(tree):
    text = to_plain(tree)
    assert to_plain(parse(text)) == text


@settings(max_examples=300, deadline=None)
@given(trees)
def test_no_pair_of_brackets_is_superfluous(tree):
    """Take away any pair of brackets, and the text means something else or nothing."""
    text = to_plain(tree)
    stack: list[int] = []
    for i, char in enumerate(text):
        if char == "(":
            stack.append(i)
        elif char == ")" and stack:
            start = stack.pop()
            shorter = text[:start] + text[start + 1 : i] + text[i + 1 :]
            try:
                # `(0.5).T` keeps its brackets: `2.T` is refused, and `0.5.T` is hard to read
                assert parse(shorter) != tree or isinstance(parse(text[start : i + 1]), ast.Number), text
            except UserError:
                pass


# --- random texts -----------------------------------------------------------------------------------------

PIECES = ["x", "y.T", "2", "1e-3", "-", "+", "*", "**", "@", "/", "<", "(", ")", "[0]", "[i, 1:]", "[..., None]",
          "sum[i](", "exp(", "sum(x, axis=0)", ", ", "(x, y)", "'a'"]  # fmt: skip


@settings(max_examples=800, deadline=None)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=14).map("".join))
def test_any_text_that_is_read_survives_a_round_trip(text):
    try:
        tree = parse(text)
    except UserError:
        return
    assert parse(to_plain(tree)) == tree


# --- how it looks -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("( a )", "a"),
        ("a*b+c", "a * b + c"),
        ("(a+b)*c", "(a + b) * c"),
        ("a-(b-c)", "a - (b - c)"),
        ("(a-b)-c", "a - b - c"),
        ("a/(b*c)", "a / (b * c)"),
        ("(a@b)@c", "a @ b @ c"),
        ("a@(b@c)", "a @ (b @ c)"),
        ("(-a)**2", "(-a)**2"),
        ("-(a**2)", "-a**2"),
        ("2**(-a)", "2**-a"),
        ("(a**b)**c", "(a**b)**c"),
        ("a**(b**c)", "a**b**c"),
        ("-(-a)", "--a"),
        ("-(a*b)", "-(a * b)"),
        ("(a<b)*(c>=d)", "(a < b) * (c >= d)"),
        ("(a<b)<c", "(a < b) < c"),
        ("(a + b).T", "(a + b).T"),
        ("(-a)[0]", "(-a)[0]"),
        ("(2).T", "(2).T"),
        ("a.mT.T[0]", "a.mT.T[0]"),
        ("x[ :,1 : ,::2 , ...,None]", "x[:, 1:, ::2, ..., None]"),
        ("sum( x,axis = -1 , keepdims=True )", "sum(x, axis=-1, keepdims=True)"),
        ("sum[ i,j ]( a[i,j] )", "sum[i, j](a[i, j])"),
        ("(a,)", "(a,)"),
        ('einsum("ij", A)', "einsum('ij', A)"),
    ],
)
def test_the_usual_form(text, printed):
    assert to_plain(parse(text)) == printed


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        ("0", "0"),
        ("12", "12"),
        ("1000000", "1000000"),
        ("10000000", "1e7"),
        ("120000000", "12e7"),
        ("0.5", "0.5"),
        ("0.044715", "0.044715"),
        ("0.001", "0.001"),
        ("0.00001", "1e-5"),
        ("0.00000125", "1.25e-6"),
        ("1/3", "1 / 3"),
        ("-7/2", "-3.5"),
        ("-3", "-3"),
        ("-1/100000", "-1e-5"),
        ("3/1024", "0.0029296875"),
    ],
)
def test_numbers_are_printed_exactly(value, printed):
    assert number(Fraction(value)) == printed
    sign, quotient = (-1 if printed.startswith("-") else 1), printed.lstrip("-").split(" / ")
    assert sign * Fraction(quotient[0]) / Fraction(([*quotient, "1"])[1]) == Fraction(value)


@settings(max_examples=300, deadline=None)
@given(decimals)
def test_every_decimal_is_printed_exactly(value):
    assert Fraction(number(value)) == value


def test_a_fraction_that_is_no_decimal_binds_like_a_quotient():
    third = ast.Number(Fraction(1, 3))
    assert to_plain(ast.Binary("*", ast.Name("a"), third)) == "a * (1 / 3)"
    assert to_plain(ast.Binary("**", third, ast.Name("a"))) == "(1 / 3)**a"
    assert to_plain(ast.Binary("**", ast.Number(Fraction(-2)), ast.Name("a"))) == "(-2)**a"
