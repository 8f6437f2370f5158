"""At given data on a kink, what lies between the one-sided slopes holds and nothing else; closed forms."""

import numpy as np
import pytest

from gradcheck_cli.compare.judge import judge
from gradcheck_cli.compare.kinks import is_at_kink
from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.compare.subgradients import Kink, nearest_subgradient
from gradcheck_cli.spec.load import load_text
from gradcheck_cli.spec.typing import type_claim


def judged(forward, claim, when, *, inputs="x: [n]", kind="gradient", oracle="both"):
    lines = "".join(f"  {line}\n" for line in forward.split("; "))
    text = (
        f"operator: o\ninputs: {{{inputs}}}\nforward:\n{lines}claims:\n"
        f"  - {kind}: '{claim}'\n    when:\n      {when}\n"
    )
    file = load_text("s", text)
    assert not file.problems, file.problems
    (operator,) = file.operators
    (claim_,) = operator.claims
    (found,) = judge(operator, claim_, type_claim(operator, claim_), Settings(oracle=oracle, draws=2))
    return found


ZERO = "x: zeros(n)"
RIGHT = [
    # relu at 0: any share of dy in [0, 1]
    ("y: relu(x)", "dx = dy * (x > 0)", ZERO),
    ("y: relu(x)", "dx = dy * (x >= 0)", ZERO),
    ("y: relu(x)", "dx = 0.3 * dy", ZERO),
    # |x| at 0: [-1, 1]
    ("y: abs(x)", "dx = dy * sign(x)", ZERO),
    ("y: abs(x)", "dx = -dy", ZERO),
    # a leaky relu: [0.3, 1]
    ("y: maximum(x, 0.3 * x)", "dx = dy * where(x > 0, 1, 0.3)", ZERO),
    ("y: clip(x, 0, 1)", "dx = dy * (x > 0) * (x < 1)", "x: ones(n)"),
    # a maximum attained n times: averages of the n unit vectors
    ("y: max(x)", "dx = dy / n * ones(n)", "x: ones(n)"),
    ("y: max(x)", "dx = dy * one_hot(0 * arange(n), n)[0]", "x: ones(n)"),
    # the norm at 0: the unit ball
    ("y: norm(x)", "dx = 0 * x", ZERO),
    ("y: norm(x)", "dx = dy / sqrt(n) * ones(n)", ZERO),
    ("y: sqrt(sum(x**2))", "dx = 0 * x", ZERO),
    # some elements on the kink, some beside it; an intermediate
    ("y: relu(x)", "dx = dy * (x > 0)", "x: arange(n) - 1"),
    ("u: 2 * x; y: relu(u)", "du = dy * (u > 0)", ZERO),
]
WRONG = [
    ("y: relu(x)", "dx = 1.01 * dy", ZERO),
    ("y: relu(x)", "dx = -0.01 * dy", ZERO),
    ("y: abs(x)", "dx = 1.01 * dy", ZERO),
    ("y: maximum(x, 0.3 * x)", "dx = 0.29 * dy", ZERO),
    ("y: max(x)", "dx = dy * ones(n)", "x: ones(n)"),
    ("y: max(x)", "dx = 0 * x", "x: ones(n)"),
    ("y: norm(x)", "dx = dy * ones(n)", ZERO),
    ("y: relu(x)", "dx = dy * (x > 1)", "x: arange(n) - 1"),
]


@pytest.mark.parametrize(("forward", "claim", "when"), RIGHT)
def test_a_subgradient_holds(forward, claim, when):
    found = judged(forward, claim, when)
    assert found.verdict == "holds"
    assert is_at_kink(found)


@pytest.mark.parametrize(("forward", "claim", "when"), WRONG)
def test_what_is_none_is_wrong(forward, claim, when):
    found = judged(forward, claim, when)
    assert found.verdict == "wrong"
    assert is_at_kink(found)


@pytest.mark.parametrize("oracle", ["both", "autograd"])
@pytest.mark.parametrize(("slope", "verdict"), [(0.5, "holds"), (1, "holds"), (2, "wrong"), (-1, "wrong")])
def test_the_remark_names_the_interval_and_all_slopes(slope, verdict, oracle):
    found = judged("y: relu(x)", f"D(y, x) = {slope} * ones(n)", ZERO, kind="derivative", oracle=oracle)
    assert found.verdict == verdict
    assert (found.reason or found.basis) == (
        "at a kink (`x`[0]): any slope in [0, 1] is a subgradient;"
        f" claimed {slope}, autograd 0, left 0, right 1"
    )


def test_ties_in_several_rows_are_judged_row_by_row():
    rows = ("y: max(x, axis=-1)", "x: ones(m, n)")
    for claim, verdict in (
        ("dx = dy[:, None] / n * ones(m, n)", "holds"),
        ("dx = dy[:, None] / m * ones(m, n)", "wrong"),
    ):
        assert judged(rows[0], claim, rows[1], inputs="x: [m, n]").verdict == verdict


@pytest.mark.parametrize(
    ("forward", "claim", "inputs"),
    [
        ("u: 2 * x; y: relu(u)", "dx = 2 * du", "x: [n]"),  # du is no number here
        ("u: x @ W; y: relu(u)", "dx = (dy * (u > 0)) @ W.T", "x: [n], W: [n, k]"),  # too many pieces
    ],
)
def test_what_cannot_be_told_stays_undecided(forward, claim, inputs):
    found = judged(forward, claim, ZERO, inputs=inputs)
    assert found.verdict == "undecided"
    assert "crosses a kink" in found.reason


def test_given_data_beside_a_kink_are_judged_as_ever():
    found = judged("y: relu(x)", "dx = dy", "x: ones(n)")
    assert (found.verdict, is_at_kink(found)) == ("holds", False)
    assert judged("y: relu(x)", "dx = 2 * dy", "x: ones(n)").reason == ""


def kink(pieces):
    around = np.repeat(np.asarray(pieces, dtype=float), 40, axis=0)
    count = around.shape[1]
    zeros = np.zeros(count)
    return Kink((count,), around, zeros, zeros, zeros, lambda d: np.zeros(len(d)), 1.0)


def test_two_pieces_of_two_elements_are_a_segment_and_four_are_a_square():
    segment = kink([[0, 1], [1, 0]])
    square = kink([[0, 0], [0, 1], [1, 0], [1, 1]])
    for shape, claimed, nearest in (
        (segment, [0.25, 0.75], [0.25, 0.75]),
        (segment, [1.0, 1.0], [0.5, 0.5]),
        (square, [1.0, 1.0], [1.0, 1.0]),
        (square, [-1.0, 0.5], [0.0, 0.5]),
    ):
        found = nearest_subgradient(shape, np.array(claimed))
        assert found is not None
        np.testing.assert_allclose(found[0], nearest, atol=1e-6)
