"""Claims about code are cut in two without being parsed as Python."""

import pytest

from gradcheck_cli.lang.printer import to_plain
from gradcheck_cli.spec.code_formula import read_code
from gradcheck_cli.text import Text, UserError, draw


@pytest.mark.parametrize(
    ("text", "left", "right"),
    [
        ("f(X, dO) = dX", "f(X, dO)", "dX"),
        ("  f(x)  =  1.50 ", "f(x)", "1.5"),
        ("f(axis=1) = dX", "f(axis=1)", "dX"),
        ("a == b = True", "a == b", "True"),
        ("(a, b != c, d <= e) = True", "(a, b != c, d <= e)", "True"),
        ("(y := f(x)) = 2", "(y := f(x))", "2"),
        ("{'a=b': 1}['a=b'] = 1", "{'a=b': 1}['a=b']", "1"),
        ("'=' + \"'=\" = '=='", "'=' + \"'=\"", "'=='"),
        ("'\\'=' = 'x'", "'\\'='", "'x'"),
        ("f(\n  x) = \n  dX", "f(\n  x)", "dX"),
        ("f(x) = dA, dB.T , sum(dC, axis=0)", "f(x)", "(dA, dB.T, sum(dC, axis=0))"),
        ("f(x) = dA,", "f(x)", "(dA,)"),
        ("f(x) = [1, 2]", "f(x)", "[1, 2]"),
        ("lambda: 0 = 1", "lambda: 0", "1"),
    ],
)
def test_cut(text, left, right):
    equation = read_code(Text.whole("f", text))
    python, ours = equation.sides
    assert (python.value, to_plain(ours).replace("stack(1, 2)", "[1, 2]")) == (left, right)
    assert python.span.text == left


MESSAGES = [
    (
        "f(X)",
        """\
error: a claim about code is an equation, and this one has no `=`
  --> f:1:1
1 | f(X)
  | ^^^^
   = help: for example `f(X, dY) = dX`, or `printed[0] = 'done'`""",
    ),
    (
        "a = b = c",
        """\
error: a claim about code has one `=`, and this one has a second
  --> f:1:7
1 | a = b = c
  |       ^
   = help: make it a claim of its own; a comparison is written `==`""",
    ),
    (
        "f(X) =",
        """\
error: the right side of this claim is empty
  --> f:1:6
1 | f(X) =
  |      ^
   = help: for example `f(X, dY) = dX`, or `printed[0] = 'done'`""",
    ),
    (
        "f(X) = dX, dW +",
        """\
error: the formula ends too early: expected an expression after `+`
  --> f:1:16
1 | f(X) = dX, dW +
  |                ^""",
    ),
]


@pytest.mark.parametrize(("text", "message"), MESSAGES, ids=[m[0] for m in MESSAGES])
def test_messages(text, message):
    with pytest.raises(UserError) as caught:
        read_code(Text.whole("f", text))
    assert draw(caught.value.problems[0]) == message


@pytest.mark.parametrize("text", ["(" * 10_000 + "=", "'" * 9_999 + "= 1", "x" * 30_000, "=" * 10_000])
def test_long_ones_are_refused_quickly(text):
    with pytest.raises(UserError):
        read_code(Text.whole("f", text))
