"""Judged claims carry their instabilities and weaknesses; with `power` also what would have been found."""

from dataclasses import replace

from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.run.judged import diagnosed, judged
from gradcheck_cli.run.options import Options
from gradcheck_cli.spec.load import load_text

SPEC = r"""
operator: sigmoid
inputs: {x: [n]}
forward: {y: 1 / (1 + exp(-x)), p: softmax(x), s: sum(p)}
output: [y, s]
claims:
  - id: d
    derivative: $\frac{\partial y}{\partial x} = \frac{e^{-x}}{(1+e^{-x})^2}$
  - id: zero
    derivative: D(s, x) = -2 * D(s, x) * p
"""


def results(*, power):
    file = load_text("s.yaml", SPEC)
    assert not file.problems, file.problems
    (operator,) = file.operators
    settings = Settings(draws=2)
    options = replace(Options(settings=settings), power=power)
    return [diagnosed(judged("s.yaml", operator, c, settings), options) for c in operator.claims]


def test_what_costs_nothing_is_always_told():
    one, zero = results(power=False)
    (unstable,) = one.unstable
    assert (unstable.trouble, unstable.at) == ("overflows", "x = -800")
    assert unstable.stable == "sigmoid(x) * sigmoid(-x)"
    assert (one.weak, zero.unstable) == ((), ())
    assert zero.weak[0].reason.startswith("both sides are zero at every draw")
    assert (one.power, zero.power) == ((), ())


def test_power_is_told_where_it_was_asked_for():
    one, zero = results(power=True)
    (strong,), (weak,) = one.power, zero.power
    assert strong.found == strong.changed > 5
    assert weak.survivors
    assert not any("grad(" in text for text in weak.survivors)
