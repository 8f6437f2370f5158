"""Claims that hold and say little are told with the reason; those that say something are not."""

import pytest

from gradcheck_cli.compare.judge import judge
from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.compare.weakness import weaknesses
from gradcheck_cli.spec.load import load_text
from gradcheck_cli.spec.typing import type_claim

ZERO = "both sides are zero at every draw, whatever their factors, signs and order are"
SAME = "both sides are the same formula"
NOTHING = "no input, gradient or size stands in either side"
GIVEN = "every draw sees the same data, which the spec gives"


def reasons(kind, claim, *, inputs="x: [n]", forward="y: softmax(x); u: sum(y)", more=""):
    lines = "".join(f"  {line}\n" for line in forward.split("; "))
    text = f"operator: o\n{more}inputs: {{{inputs}}}\nforward:\n{lines}claims:\n  - {kind}: '{claim}'\n"
    file = load_text("s", text)
    assert not file.problems, file.problems
    (operator,) = file.operators
    (claim_,) = operator.claims
    typed = type_claim(operator, claim_)
    judgements = judge(operator, claim_, typed, Settings(draws=2))
    assert all(j.verdict == "holds" for j in judgements)
    return [reason for _, reason in weaknesses(claim_, typed, judgements)]


@pytest.mark.parametrize(
    ("kind", "claim", "reason"),
    [
        ("gradient", "dx = 3 * dx * y", ZERO),  # softmax sums to 1: the loss is constant
        ("gradient", "dx = dx", SAME),
        ("identity", "0 = 0", NOTHING),
        ("identity", "1 + 1 = 2", NOTHING),
    ],
)
def test_weak(kind, claim, reason):
    assert reasons(kind, claim) == [reason]


@pytest.mark.parametrize(
    ("kind", "claim"),
    [
        ("gradient", "dx = 0"),  # that it is zero is what is claimed
        ("gradient", "dx = zeros(n)"),
        ("identity", "trace(eye(n)) = n"),
        ("identity", "sum(y) = 1"),
        ("gradient", "dy = du * ones(n)"),
    ],
)
def test_not_weak(kind, claim):
    assert reasons(kind, claim) == []


def test_a_gradient_is_zero_where_no_output_is_made_of_its_name():
    forward = "u: x * cos(t) - y * sin(t); v: x * sin(t) + y * cos(t)"
    inputs = "x: [n], y: [n], t: [n]"
    told = "`du` is 0, since `v` does not depend on `u` (is `u` an output too? say `output: [v, u]`)"
    # its sign is wrong, and nothing tells
    assert reasons("gradient", "dy = du * sin(t) + dv * cos(t)", inputs=inputs, forward=forward) == [told]
    assert reasons("gradient", "du = 0", inputs=inputs, forward=forward) == []
    right = "dy = -du * sin(t) + dv * cos(t)"
    assert reasons("gradient", right, inputs=inputs, forward=forward, more="output: [u, v]\n") == []


def test_given_data_are_one_set_of_data():
    inputs = "x: {shape: [3], value: arange(3)}"
    assert reasons("identity", "sum(x) = 3", inputs=inputs, forward="y: 2 * x") == [GIVEN]
    assert reasons("gradient", "dy = dy * ones(3)", inputs=inputs, forward="y: 2 * x") == []


def test_a_wrong_link_is_not_weak():
    file = load_text(
        "s", "operator: o\ninputs: {x: [n]}\nforward: {y: 2 * x}\nclaims:\n  - identity: '1 = 2'\n"
    )
    (operator,) = file.operators
    typed = type_claim(operator, operator.claims[0])
    judgements = judge(operator, operator.claims[0], typed, Settings(draws=1))
    assert weaknesses(operator.claims[0], typed, judgements) == ()
