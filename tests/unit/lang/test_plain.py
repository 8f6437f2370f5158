"""Reading plain text: precedence as Python has it, spans that fit, every message verbatim, nothing crashes."""

import ast as python
import random
import time
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcheck_cli.lang import ast
from gradcheck_cli.lang.functions import FUNCTIONS
from gradcheck_cli.lang.plain import MAX_DEPTH, parse_equation, parse_expression
from gradcheck_cli.text import Text, UserError, draw


def parse(text: str) -> ast.Expr:
    return parse_expression(Text.whole("f", text))


def refusal(text: str, read=parse_expression) -> str:
    with pytest.raises(UserError) as caught:
        read(Text.whole("f", text))
    (problem,) = caught.value.problems
    return draw(problem)


# --- messages ---------------------------------------------------------------------------------------------

PRODUCT = "a product needs a sign: `*` (elementwise) or `@` (matrix)"
UNDER_WHERE = "name its parts under `where:`"

MESSAGES = [
    # text, column and length of the caret, message, help
    ("", 1, 1, "the formula ends too early: expected an expression", ""),
    ("a +", 4, 1, "the formula ends too early: expected an expression after `+`", ""),
    ("a *\n", 5, 1, "the formula ends too early: expected an expression after `*`", ""),
    ("(a", 3, 1, "the formula ends too early: expected `)` after `a`", ""),
    ("sum(a", 6, 1, "the formula ends too early: expected `)` after `a`", ""),
    ("a[", 3, 1, "the formula ends too early: expected an expression after `[`", ""),
    ("a[0", 4, 1, "the formula ends too early: expected `]` after `0`", ""),
    ("()", 2, 1, "expected an expression after `(`, not `)`", ""),
    ("a)", 2, 1, "expected an operator or the end after `a`, not `)`", ""),
    ("a]", 2, 1, "expected an operator or the end after `a`, not `]`", ""),
    ("a b", 3, 1, "expected an operator or the end after `a`, not `b`", PRODUCT),
    ("a 2", 3, 1, "expected an operator or the end after `a`, not `2`", PRODUCT),
    ("(a)(b)", 4, 1, "expected an operator or the end after `)`, not `(`", PRODUCT),
    ("a[0](b)", 5, 1, "expected an operator or the end after `]`, not `(`", PRODUCT),
    ("(a b)", 4, 1, "expected `)` after `a`, not `b`", PRODUCT),
    ("2x", 2, 1, "a product needs a sign: `2*x`", ""),
    ("2(x)", 2, 1, "a product needs a sign: `2*(`", ""),
    ("1.T", 3, 1, "a product needs a sign: `1.*T`", ""),
    ("* a", 1, 1, "expected an expression, not `*`", ""),
    ("a + * b", 5, 1, "expected an expression after `+`, not `*`", ""),
    ("a = b", 3, 1, "one expression is expected here, not an equation", ""),
    ("(a = b)", 4, 1, "expected `)` after `a`, not `=`", "a comparison is written `==`"),
    ("a < b < c", 7, 1, "comparisons cannot be chained", "multiply two of them: `(a < b) * (b < c)`"),
    ("a == b != c", 8, 2, "comparisons cannot be chained", "multiply two of them: `(a < b) * (b < c)`"),
    ("a[]", 3, 1, "expected an index after `[`, not `]`", ""),
    ("a[,]", 3, 1, "expected an index after `[`, not `,`", ""),
    ("a[0,,1]", 5, 1, "expected an index after `,`, not `,`", ""),
    ("a[1:2:3:4]", 8, 1, "expected `]` after `3`, not `:`", ""),
    ("a[0 1]", 5, 1, "expected `]` after `0`, not `1`", PRODUCT),
    ("a.5", 2, 2, "expected an operator or the end after `a`, not `.5`", PRODUCT),
    ("a.(b)", 3, 1, "expected `T` or `mT` after `.`, not `(`", ""),
    ("a.", 3, 1, "the formula ends too early: expected `T` or `mT` after `.`", ""),
    (
        "a.H",
        3,
        1,
        "`.H` is not part of the language",
        "the transpose is written `.T`, or `.mT` for the last two axes",
    ),
    (
        "a.t",
        3,
        1,
        "`.t` is not part of the language",
        "the transpose is written `.T`, or `.mT` for the last two axes",
    ),
    ("a.sum()", 3, 3, "`.sum` is not part of the language", "write it as a call: `sum(…)`"),
    ("a.clamp(0)", 3, 5, "`.clamp` is not part of the language", "write it as a call: `clip(…)`"),
    ("np.exp(x)", 4, 3, "`.exp` is not part of the language", "write `exp(…)` without a module's name"),
    ("torch.bmm(x)", 7, 3, "`.bmm` is not part of the language", "write `matmul(…)` without a module's name"),
    ("a.shape", 3, 5, "`.shape` is not part of the language", "write it as a call: `shape(…)`"),
    ("a.__class__", 3, 9, "`.__class__` is not part of the language", "only `.T` and `.mT` follow a dot"),
    ("__import__('os')", 1, 10, "`__import__` is not a function", "if `__import__` is an array, " + PRODUCT),
    ("softmx(x)", 1, 6, "`softmx` is not a function", "did you mean `softmax`?"),
    ("Softmax(x)", 1, 7, "`Softmax` is not a function", "did you mean `softmax`?"),
    ("tr(x)", 1, 2, "`tr` is not a function", "did you mean `trace`?"),
    ("arctan2(x, y)", 1, 7, "`arctan2` is not a function", "did you mean `atan2`?"),
    ("W(x + y)", 1, 1, "`W` is not a function", "if `W` is an array, " + PRODUCT),
    ("sum(a, axis=0, b)", 16, 1, "expected another keyword after `,`, not `b`", ""),
    ("sum(a axis=0)", 7, 4, "expected `)` after `a`, not `axis`", PRODUCT),
    ("sum(axis=)", 10, 1, "expected an expression after `=`, not `)`", ""),
    ("sum[i j](a)", 7, 1, "expected `]` after `i`, not `j`", PRODUCT),
    ("sum[](a)", 5, 1, "expected an index after `[`, not `]`", ""),
    ("sum[0](a)", 5, 1, "an index is a single name", "write `sum[i, j](…)`"),
    ("sum[i+1](a)", 5, 3, "an index is a single name", "write `sum[i, j](…)`"),
    ("sum[i](a, b)", 9, 1, "expected `)` after `a`, not `,`", ""),
    ("1e401", 1, 5, "this number is too long to be meant", "at most 60 digits, and exponents up to 400"),
    ("1e-401", 1, 6, "this number is too long to be meant", "at most 60 digits, and exponents up to 400"),
    (
        "2*1e999999999",
        3,
        11,
        "this number is too long to be meant",
        "at most 60 digits, and exponents up to 400",
    ),
    (
        "0.001e-400",
        1,
        10,
        "this number is too long to be meant",
        "at most 60 digits, and exponents up to 400",
    ),
    ("9" * 61, 1, 61, "this number is too long to be meant", "at most 60 digits, and exponents up to 400"),
]


@pytest.mark.parametrize(
    ("text", "column", "length", "message", "advice"), MESSAGES, ids=[m[0][:12] for m in MESSAGES]
)
def test_messages(text, column, length, message, advice):
    last = text.split("\n")[-1] if text.endswith("\n") else text
    line = text.count("\n") + 1
    column -= sum(len(part) + 1 for part in text.split("\n")[:-1])
    expected = (
        f"error: {message}\n  --> f:{line}:{column}\n{line} | {last}\n  | {' ' * (column - 1)}{'^' * length}"
    )
    assert refusal(text) == expected + (f"\n   = help: {advice}" if advice else "")


def test_a_claim_needs_an_equals_sign():
    assert refusal("dX * 2", parse_equation) == (
        "error: a claim is an equation, and this one has no `=`\n  --> f:1:1\n1 | dX * 2\n  | ^^^^^^\n"
        "   = help: write what it claims: `dX = …`"
    )
    assert refusal("dX == 2", parse_equation).endswith("   = help: write a single `=`: `dX = …`")


@pytest.mark.parametrize("text", ["= a", "a =", "a = = b", "a == b"])
def test_half_an_equation_is_none(text):
    refusal(text, parse_equation)


NESTED = {
    "brackets": lambda n: "(" * n + "x" + ")" * n,
    "calls": lambda n: "exp(" * n + "x" + ")" * n,
    "signs": lambda n: "-" * n + "x",
    "powers": lambda n: "x**" * n + "x",
    "indices": lambda n: "x[" * n + "0" + "]" * n,
    "keywords": lambda n: "sum(x, axis=" * n + "0" + ")" * n,
    "reductions": lambda n: "sum[i](" * n + "x" + ")" * n,
    "slices": lambda n: "x[:" * n + "0" + "]" * n,
}
FLAT = {
    "sum": lambda n: " + ".join("x" * (n + 1)),
    "transposes": lambda n: "x" + ".T" * n,
    "positions": lambda n: "x" + "[0]" * n,
}


@pytest.mark.parametrize("shape", [*NESTED, *FLAT])
def test_depth_is_bounded_before_the_stack_is(shape):
    text = (NESTED | FLAT)[shape]
    parse(text(MAX_DEPTH // 2 - 1))
    message = refusal(text(MAX_DEPTH * 12))
    assert message.startswith("error: this formula nests more than 100 deep\n  --> f:1:")
    assert message.endswith(f"   = help: {UNDER_WHERE}")


@pytest.mark.parametrize("text", ["9**9**9", "9**9**9**9**9**9", "x**1e400", "10**10**400"])
def test_a_tower_of_powers_is_only_read(text):
    started = time.process_time()
    parse(text)
    assert time.process_time() - started < 1


def test_a_formula_of_a_hundred_thousand_characters_is_refused_at_once():
    started = time.process_time()
    assert "this formula has 100,000 characters; at most 20,000 are read" in refusal("x+" * 50_000)
    assert time.process_time() - started < 1


def test_a_wide_formula_within_the_bounds_is_read_quickly():
    started = time.process_time()
    parse("stack(" + ",".join(["sum(x)"] * 2_500) + ")")
    assert time.process_time() - started < 1


# --- what is read -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "same_as"),
    [
        ("+x", "x"),
        ("((x))", "x"),
        ("-x**2", "-(x**2)"),
        ("2**-x", "2**(-x)"),
        ("a**b**c", "a**(b**c)"),
        ("-a @ b", "(-a) @ b"),
        ("a @ b * c", "(a @ b) * c"),
        ("a / b * c", "(a / b) * c"),
        ("a - b - c", "(a - b) - c"),
        ("a + b < c * d", "(a + b) < (c * d)"),
        ("-x.T", "-(x.T)"),
        ("x.T**2", "(x.T)**2"),
        ("x[0].T[1]", "((x[0]).T)[1]"),
        ("sum(x, )", "sum(x)"),
        ("x[0, ]", "x[0]"),
        ("a\n  + b", "a + b"),
    ],
)
def test_two_ways_of_writing_the_same(text, same_as):
    assert parse(text) == parse(same_as)


def test_tuples_words_and_constants():
    assert parse("(a,)") == ast.Tuple((ast.Name("a"),))
    assert parse("(a, b,)") == ast.Tuple((ast.Name("a"), ast.Name("b")))
    assert parse("True") == ast.Boolean(True)
    assert parse("None") == ast.Absent()
    assert parse("'ij'") == ast.String("ij")
    assert parse("x[..., None, ::2]").items == (
        ast.Ellipsis(),
        ast.Absent(),
        ast.Slice(None, None, ast.Number(Fraction(2))),
    )


def test_sum_in_brackets_is_a_reduction_only_before_a_call():
    assert isinstance(parse("sum[i](x[i])"), ast.Over)
    assert isinstance(parse("sum[i]"), ast.Subscript)
    assert isinstance(parse("max[i, j](x[i, j])"), ast.Over)
    assert isinstance(parse("sum"), ast.Name)


def test_an_equation_may_be_a_chain():
    assert [s.span.text for s in parse_equation(Text.whole("f", "a = b @ c = (d)")).sides] == [
        "a",
        "b @ c",
        "(d)",
    ]


# --- precedence against Python's own ----------------------------------------------------------------------

NAMES = {"a": 2.5, "b": -1.25, "c": 0.5, "d": 3.0}


def arithmetic(depth: int) -> st.SearchStrategy[str]:
    leaf = st.sampled_from([*NAMES, "2", "0.5", "1"])
    if not depth:
        return leaf
    below = arithmetic(depth - 1)
    return st.one_of(
        leaf,
        st.tuples(below, st.sampled_from([" + ", "-", " * ", "/", "**", " @ ", "*"]), below).map("".join),
        below.map("({})".format),
        below.map("-{}".format),
        below.map("+{}".format),
    )


def from_python(node: python.AST) -> ast.Expr:
    """Python's tree of the same text in our nodes."""
    ops = {
        python.Add: "+",
        python.Sub: "-",
        python.Mult: "*",
        python.Div: "/",
        python.Pow: "**",
        python.MatMult: "@",
    }
    ops |= {python.Lt: "<", python.GtE: ">=", python.Eq: "=="}
    match node:
        case python.Expression(body):
            return from_python(body)
        case python.Constant(value):
            return ast.Number(Fraction(str(value)))
        case python.Name(id):
            return ast.Name(id)
        case python.UnaryOp(python.USub(), operand):
            return ast.Negative(from_python(operand))
        case python.UnaryOp(python.UAdd(), operand):
            return from_python(operand)
        case python.BinOp(left, op, right):
            return ast.Binary(ops[type(op)], from_python(left), from_python(right))
        case python.Compare(left, [op], [right]):
            return ast.Binary(ops[type(op)], from_python(left), from_python(right))
    raise AssertionError(node)


@settings(max_examples=400, deadline=None)
@given(arithmetic(4), st.sampled_from(["", " < ", ">=", " == "]), arithmetic(3))
def test_the_tree_is_pythons_own(left, comparison, right):
    text = left + comparison + right if comparison else left
    assert parse(text) == from_python(python.parse(text, mode="eval"))


def value(node: ast.Expr) -> float:
    match node:
        case ast.Number(number):
            return np.float64(number)
        case ast.Name(id):
            return np.float64(NAMES[id])
        case ast.Negative(operand):
            return -value(operand)
        case ast.Binary(op, left, right):
            a, b = value(left), value(right)
            return {"+": a.__add__, "-": a.__sub__, "*": a.__mul__, "/": a.__truediv__, "**": a.__pow__}[op](
                b
            )
    raise AssertionError(node)


@settings(max_examples=200, deadline=None)
@given(arithmetic(3).filter(lambda text: "@" not in text))
def test_the_value_is_pythons_own(text):
    names = {name: np.float64(v) for name, v in NAMES.items()}
    with np.errstate(all="ignore"):
        try:
            expected = eval(text, {}, names)
        except (ZeroDivisionError, OverflowError, TypeError):
            return
        if isinstance(expected, complex):
            return
        np.testing.assert_allclose(value(parse(text)), expected, rtol=1e-12)


# --- spans ------------------------------------------------------------------------------------------------

SAMPLES = [
    "dS = A * (dA - sum(dA * A, axis=-1, keepdims=True))",
    "dW[i, j] = sum[k]((dy[k] - y[k]) * x[j])**2 / -n",
    "(a + b).T @ -x[..., None, 1:n, ::-1].mT = where(x >= 0, +y, (z)) * 2.5e-3",
    "einsum('ij,jk->ik', A, (B)) = ones((n, m,)) - eye(n)[0] == (True)",
    "((a)) = (b)*((c) + d)**(-e)",
]


@pytest.mark.parametrize("text", SAMPLES)
def test_the_text_of_every_place_reads_back_to_its_node(text):
    equation = parse_equation(Text.whole("f", text))
    for side in equation.sides:
        for node in ast.walk(side):
            assert node.span is not None
            written = node.span.text
            if isinstance(node, ast.Slice | ast.Ellipsis):
                assert parse(f"x[{written}]").items == (node,)
            elif isinstance(node, ast.Keyword):
                assert parse(f"sum(x, {written})").keywords == (node,)
            else:
                assert parse(written) == node, written


def test_brackets_belong_to_the_place():
    tree = parse("2 * (a + b)")
    assert tree.span.text == "2 * (a + b)"
    assert tree.right.span.text == "(a + b)"


def test_places_point_through_a_folded_text():
    text = Text("a+bb", Text.whole("f", "a\n  + bb").source, [0, 4, 6, 7, 8])
    tree = parse_expression(text)
    assert tree.right.span.text == "bb"
    assert (tree.right.span.line, tree.right.span.column) == (2, 5)
    assert tree.span.text == "a\n  + bb"


# --- robustness -------------------------------------------------------------------------------------------

WORDS = [*"abxyzIL", *"+-*/@.=<>,:()[]", "**", "==", "...", ".T", ".mT", "1", "2.5", "1e3", "'ij'", "sum", "sum[i]", "exp",
         "axis=", "None", "True", "dX", "[i, j]", " ", "\n", "_", "é", "𝑥", "\u202e", "\x00"] + random.Random(0).sample(list(FUNCTIONS), 8)  # fmt: skip


def survives(text: str) -> None:
    for read in (parse_equation, parse_expression):
        started = time.process_time()
        try:
            read(Text.whole("f", text))
        except UserError as error:
            assert all(p.span is not None and p.message for p in error.problems)
            assert all(draw(p) for p in error.problems)
        assert time.process_time() - started < 1


@settings(max_examples=400, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_with_a_place(text):
    survives(text)


@settings(max_examples=600, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=40).map("".join))
def test_any_row_of_tokens_is_read_or_refused_with_a_place(text):
    survives(text)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(SAMPLES), st.integers(0, 80), st.integers(0, 12), st.sampled_from(WORDS))
def test_a_damaged_formula_is_read_or_refused_with_a_place(text, at, gone, instead):
    survives(text[:at] + instead + text[at + gone :])


@pytest.mark.parametrize(
    "text",
    [
        "(" * 19_000,
        "[" * 19_000,
        "sum[" * 4_000,
        "sum[i](" * 2_500,
        "-" * 19_000,
        "x[:" * 6_000,
        "a=" * 9_000,
    ],
)
def test_long_hostile_text_is_refused_quickly(text):
    survives(text)


def test_a_property_is_a_relation():
    assert refusal("X + 1", lambda text: parse_equation(text, relational=True)) == (
        "error: this claim has no relation\n"
        "  --> f:1:1\n"
        "1 | X + 1\n"
        "  | ^^^^^\n"
        "   = help: write what it claims: `a = b`, `a <= b`, `a != b`"
    )
