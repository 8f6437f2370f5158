"""Printed numbers are right, wrong, or too near to the end of their interval to tell."""

import pytest

from gradcheck_cli.compare.judge import judge
from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.spec.load import load_text
from gradcheck_cli.spec.typing import type_claim
from gradcheck_cli.text import UserError, draw

SPEC = """\
operator: o
inputs:
  P: {{shape: [2, 3], value: '[[0.4114, 0.2532, 0.3354], [0.2524, 0.4323, 0.3153]]'}}
  x: {{shape: [3], value: '[1, 2, 3]'}}
  w: [3]
  k: {{shape: [n], value: arange(n)}}
forward:
  s: softmax(x)
  z: w * x
  l: -log(s[0]) + sum(z)
{loss}claims:
  - {claim}
"""


def judgements(claim, loss=True, **settings):
    text = SPEC.format(claim=claim, loss="loss: true\n" if loss else "")
    file = load_text("s", text)
    assert not file.problems, "\n".join(draw(p) for p in file.problems)
    (op,) = file.operators
    (found,) = op.claims
    return judge(op, found, type_claim(op, found), Settings(**settings))


def one(claim, **more):
    (found,) = judgements(claim, **more)
    return found


def quoted(formula):
    return f"value: '{formula}'"


RIGHT = [
    "P[0] = [0.41, 0.25, 0.34]",
    "P[0] = [0.4114, 0.2532, 0.3354]",
    "P = [[0.4, 0.3, 0.3], [0.3, 0.4, 0.3]]",
    "0.4114 = P[0, 0]",
    "sum(P, axis=1) = [1.0000, 1.00]",
    "sum(P, axis=1) = [1, 1]",
    "x = [1, 2, 3]",
    "x / 3 = [0.333, 0.667, 1.000]",
    "s = [0.0900, 0.2447, 0.6652]",
    "x[0] / 8 = 0.13",  # 0.125 rounds to 0.12 or to 0.13: both are right
    "x[0] / 8 = 0.12",
    "exp(x[0]) = 2.71828182846",
    "s[0] = 9.003e-2",
    "1000 * s[0] = 9.0e1",
    "D(s, s)[0] = 1",
    r"$s \approx \begin{bmatrix} 0.09 \\ 0.24 \\ 0.67 \end{bmatrix}$",
    r"$s \approx \begin{bmatrix} 0.09 & 0.24 & 0.67 \end{bmatrix}$",
    r"$\sum_i x_i = 6.00$",
    "P[0, 0] ≈ 0.41",
]


@pytest.mark.parametrize("formula", RIGHT)
@pytest.mark.parametrize("oracle", ["both", "autograd", "differences"])
def test_right(formula, oracle):
    assert [j.verdict for j in judgements(quoted(formula), oracle=oracle)] == ["holds"]


WRONG = [
    ("P[0] = [0.41, 0.26, 0.34]", "printed 0.26, true 0.2532, outside of [0.255, 0.265]"),
    ("P[0] = [0.42, 0.26, 0.34]", "printed 0.42, true 0.4114, outside of [0.415, 0.425]; 2 of 3 numbers are"),
    ("P[0, 2] = 0.33", "printed 0.33, true 0.3354, outside of [0.325, 0.335] (cut off, not rounded)"),
    ("-P[0, 2] = -0.33", "printed -0.33, true -0.3354, outside of [-0.335, -0.325] (cut off, not rounded)"),
    ("P[0, 2] = -0.34", "printed -0.34, true 0.3354, outside of [-0.345, -0.335]"),
    ("s[1] = 0.2448", "printed 0.2448, true 0.24473, outside of [0.24475, 0.24485]"),
    ("s[1] = 0.24472847106", "printed 0.24472847106, true 0.2447284710548, outside of [0.244728471055, 0.244728471065]"),
    ("x = [1, 2, 4]", "printed 4, true 3"),
    ("exp(x[0]) = 3", "printed 3, true 2.7183"),
    ("s[0] = 9.01e-2", "printed 9.01e-2, true 0.090031, outside of [9.005e-2, 9.015e-2]"),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "reason"), WRONG, ids=[w[0] for w in WRONG])
def test_wrong(formula, reason):
    found = one(quoted(formula))
    assert (found.verdict, found.reason) == ("wrong", reason)
    assert found.worst.place is not None


def test_the_place_is_that_of_the_worst_number():
    place = one(quoted("P = [[0.4, 0.3, 0.3], [0.3, 0.9, 0.3]]")).worst.place
    assert (place.index, place.left, place.right) == ("1, 1", 0.4323, 0.9)
    place = one(quoted("0.9 = P[1, 1]")).worst.place
    assert (place.index, place.left, place.right) == ("", 0.9, 0.4323)


def test_the_floor_decides_nothing():
    found = one(quoted("sqrt(x[2]) = 1.7320508075688772935"))
    assert found.verdict == "undecided"
    assert found.reason.startswith("printed 1.7320508075688772935, true 1.732050808 ± ")
    assert found.reason.endswith(", near the end of [1.73205080756887729345, 1.73205080756887729355]")


def test_what_is_not_finite():
    found = one(quoted("log(x - 1) = [0.0, 0.0, 0.69]"))
    assert (found.verdict, found.reason) == ("undecided", "printed 0.0, and the value is not finite")


def test_rational_values_are_exact_and_the_others_measured():
    assert one(quoted("P[0, 0] = 0.41")).basis == "exact: rational arithmetic"
    assert one(quoted("s[0] = 0.09")).basis == ""
    assert one(quoted("P[0, 0] = 0.41")).floor == pytest.approx(0.005 / 0.4114)


def test_gradients_of_a_loss_are_numbers_too():
    claim = "{when: {w: '[0.5, 0.5, 2]'}, value: 'ds = [-11.107, 0, 0]'}"
    assert one(claim).verdict == "holds"
    assert one(claim.replace("-11", "11")).verdict == "wrong"
    claim = "{when: {w: '[0.5, 0.5, 2]'}, value: 'dw = [1.0, 2.0, 3.0]'}"
    assert one(claim).verdict == "holds"
    assert one(claim.replace("3.0", "3.1")).verdict == "wrong"


def test_chains_are_judged_link_by_link():
    found = judgements(quoted("sum(P[0]) = P[0, 0] + P[0, 1] + P[0, 2] = 1.0 = sum(P[1])"))
    assert [j.verdict for j in found] == ["holds"] * 3
    found = judgements(quoted("s[0] = exp(x[0]) / sum(exp(x)) = 0.08 = s[0]"))
    assert [j.verdict for j in found] == ["holds", "wrong", "wrong"]
    found = judgements(quoted("P[0, 0] = P[0, 1] = 0.25"))
    assert [j.verdict for j in found] == ["wrong", "holds"]


@pytest.mark.parametrize(
    ("formula", "reason"),
    [
        ("P[0] = [0.41, 0.25]", "this prints [2], and it is [3]"),
        ("P = [0.41, 0.25]", "this prints [2], and it is [2, 3]"),
        ("x = 1.0", "this prints [], and it is [3]"),
        ("P[0, 0] = [0.41]", "this prints [1], and it is []"),
        (r"$P = \begin{bmatrix} 0.4 & 0.3 & 0.3 \end{bmatrix}$", "this prints [3], and it is [2, 3]"),
    ],
)
def test_shapes(formula, reason):
    found = one(quoted(formula))
    assert (found.verdict, found.reason) == ("shape-mismatch", reason)


PROBLEMS = [
    (
        "z = [1.0, 2.0, 3.0]",
        """\
error: `w` is random, and a printed number is about given data
  --> s:13:13
13 |   - value: 'z = [1.0, 2.0, 3.0]'
   |             ^
   = help: give it: `w: {shape: [3], value: …}`, or under `when:` where its gradient is wanted""",
    ),
    (
        "sum(k) = 3.0",
        """\
error: the size `n` is free, and a printed number is about given data
  --> s:13:13
13 |   - value: 'sum(k) = 3.0'
   |             ^^^^^^
   = help: give it: `dims: {n: 3}`""",
    ),
    (
        "n * x[0] = 3",
        """\
error: the size `n` is free, and a printed number is about given data
  --> s:13:13
13 |   - value: 'n * x[0] = 3'
   |             ^^^^^^^^
   = help: give it: `dims: {n: 3}`""",
    ),
    (
        "1.0 = 1.00",
        """\
error: both sides are printed numbers
  --> s:13:19
13 |   - value: '1.0 = 1.00'
   |                   ^^^^
   = help: one side says what they are numbers of: `P[0] = [0.12, 0.88]`""",
    ),
    (
        "x = [[1], [1, 2]]",
        """\
error: the rows of this list are of different length
  --> s:13:17
13 |   - value: 'x = [[1], [1, 2]]'
   |                 ^^^^^^^^^^^^^ 1, 2""",
    ),
    (
        "d(s) = [1.0, 1.0, 1.0]",
        """\
error: a differential is along a random direction, and a printed number is about given data
  --> s:13:13
13 |   - value: 'd(s) = [1.0, 1.0, 1.0]'
   |             ^^^^
   = help: a derivative is written `D(y, x)`""",
    ),
    (
        "q = 1.0",
        """\
error: `q` is unknown
  --> s:13:13
13 |   - value: 'q = 1.0'
   |             ^
   = help: it is neither declared above nor a dimension""",
    ),
]


@pytest.mark.parametrize(("formula", "message"), PROBLEMS, ids=[p[0] for p in PROBLEMS])
def test_problems(formula, message):
    with pytest.raises(UserError) as caught:
        judgements(quoted(formula))
    assert draw(caught.value.problems[0]) == message


def test_a_gradient_needs_the_loss():
    with pytest.raises(UserError) as caught:
        judgements(quoted("ds = [-11.107, 0, 0]"), loss=False)
    assert draw(caught.value.problems[0]) == (
        "error: the gradient of `s` depends on a random dO, and a printed number is about given data\n"
        "  --> s:12:13\n"
        "12 |   - value: 'ds = [-11.107, 0, 0]'\n"
        "   |             ^^\n"
        "   = help: let the output be the loss itself: `loss: true`"
    )
