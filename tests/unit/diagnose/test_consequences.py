"""What follows from a wrong gradient, against backpropagation done by hand."""

from __future__ import annotations

import pytest

from gradcheck_cli.compare.judge import judge
from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.diagnose.consequences import consequences
from gradcheck_cli.spec.load import load_text
from gradcheck_cli.spec.typing import type_claim

ATTENTION = """\
operator: attention
inputs: {Q: [n, d], K: [m, d], V: [m, k]}
forward:
  S: Q @ K.T / sqrt(d)
  A: softmax(S, axis=-1)
  O: A @ V
claims:
  - gradient: """

SCALED = """\
operator: scaled
inputs: {x: [n], c: [n]}
forward:
  u: 3 * x + c
  y: u ** 2
claims:
  - gradient: """


def found(text: str, **settings):
    file = load_text("s.yaml", text)
    assert not file.problems, file.problems
    (operator,) = file.operators
    (claim,) = operator.claims
    typed, how = type_claim(operator, claim), Settings(**{"draws": 1, **settings})
    judgements = judge(operator, claim, typed, how)
    return judgements, consequences(operator, claim, typed, judgements, how)


@pytest.mark.parametrize(
    ("claim", "off"),
    [
        ("dA = 2 * dO @ V.T", {"Q": 1.0, "K": 1.0}),  # all behind is linear in it
        ("dA = -dO @ V.T", {"Q": 2.0, "K": 2.0}),
        ("dA[i, j] = 3 * sum[k](dO[i, k] * V[j, k])", {"Q": 2.0, "K": 2.0}),
        ("dA = dO @ V.T = dO @ V.T / 2", {"Q": 0.5, "K": 0.5}),
        ("dS = 0 * dA", {"Q": 1.0, "K": 1.0}),
    ],
)
def test_an_error_spreads_as_backpropagation_carries_it(claim, off):
    _, ((_, errors),) = found(ATTENTION + claim)
    assert errors == pytest.approx(off)  # V comes in later, and is not reached from A


def test_what_the_softmax_takes_out_has_no_consequence():
    judgements, spread = found(ATTENTION + "dA = dO @ V.T + 5")
    assert judgements[0].verdict == "wrong"
    assert spread == ()  # softmax does not see a constant: its Jacobian has the rows' sums 0


def test_an_added_input_is_off_by_as_much_as_the_claim():
    judgements, ((link, errors),) = found(SCALED + "du = 2 * u * dy + dy")
    assert link == 0
    # ∂u/∂c = 1 and ∂u/∂x = 3, so that both relative errors are the claim's own
    assert errors == pytest.approx(dict.fromkeys(("x", "c"), judgements[0].sights[0].error), rel=1e-6)


@pytest.mark.parametrize(
    "claim",
    [
        "dQ = dS @ K",  # nothing is made from the gradient of an input
        "dV = A.T @ dO",  # holds
        "dS.T = 2 * dA.T",  # not `dS` itself
        "dS = dS @ K",  # does not fit
        "dA + dA = dO @ V.T",
    ],
)
def test_nothing_to_say(claim):
    assert found(ATTENTION + claim)[1] == ()


def test_without_torch_nothing_is_said():
    judgements, spread = found(SCALED + "du = u * dy", oracle="differences")
    assert (judgements[0].verdict, spread) == ("wrong", ())
