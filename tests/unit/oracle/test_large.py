"""Large arrays get few steps along one direction: still right, still with a bar, still never fooled."""

import numpy as np
import pytest

from gradcheck_cli.evaluate.noise import AMPLITUDE, Noise
from gradcheck_cli.evaluate.sampling import HUGE, signs
from gradcheck_cli.oracle.agreement import MARGIN, agree
from gradcheck_cli.oracle.differences import Differences
from gradcheck_cli.oracle.forward import Forward
from gradcheck_cli.oracle.rungs import ENOUGH, FAIR, LARGE
from gradcheck_cli.shapes.typed import Gradient
from gradcheck_cli.spec.load import load_text
from gradcheck_cli.spec.typing import type_program

N = LARGE + 7


def forward(line, n=N, scale=1.0):
    text = f"operator: o\ninputs: {{x: [n]}}\nforward: {{y: {line}}}\nclaims: [identity: x = x]\n"
    (operator,) = load_text("o", text).operators
    rng = np.random.default_rng(5)
    x, w = scale * rng.standard_normal(n), rng.standard_normal(n)
    return Differences(type_program(operator), {"n": n}, {"x": x}, {"x": w}, {"y": w}), x, w, rng


SLOPES = {
    "tanh(x)": lambda x: 1 - np.tanh(x) ** 2,
    "exp(x)": np.exp,
    "sin(400 * x)": lambda x: 400 * np.cos(400 * x),  # far too steep for the first steps
    "x / (1 + x**2)": lambda x: (1 - x**2) / (1 + x**2) ** 2,
}


@pytest.mark.parametrize("line", SLOPES)
def test_the_bar_of_a_few_steps_is_small_and_covers_the_true_error(line):
    differences, x, w, rng = forward(line)
    direction = rng.choice((-1.0, 1.0), x.shape)
    found = differences.loss_along("x", direction[None])
    true = np.sum(w * SLOPES[line](x) * direction)
    assert abs(found.value[0] - true) <= MARGIN * found.error[0]
    assert found.error[0] <= FAIR * abs(true)


def test_few_passes_are_made_where_they_are_enough(monkeypatch):
    differences, x, _, rng = forward("tanh(x)")
    rows = []
    run = Forward.run
    monkeypatch.setattr(
        Forward,
        "run",
        lambda self, moved, *rest: rows.append(len(next(iter(moved.values())))) or run(self, moved, *rest),
    )
    found = differences.loss_along("x", rng.choice((-1.0, 1.0), (1, *x.shape)))
    assert found.error[0] <= ENOUGH * abs(found.value[0])
    assert rows == [9]  # the point itself, four steps to either side
    differences.loss_along("y", rng.choice((-1.0, 1.0), (1, *x.shape)))
    assert rows == [9, 5]  # the loss is linear in the output


def test_kinks_between_coarse_steps_are_left_to_finer_ones():
    differences, x, w, rng = forward("abs(x)")
    direction = rng.choice((-1.0, 1.0), x.shape)
    found = differences.loss_along("x", direction[None])
    true = np.sum(w * np.sign(x) * direction)
    assert np.isfinite(found.error[0])
    assert abs(found.value[0] - true) <= MARGIN * found.error[0]


@pytest.mark.parametrize("wrong", ["one element", "in proportion", "a sign"])
def test_one_direction_tells_a_wrong_gradient(wrong):
    differences, x, w, rng = forward("tanh(x)")
    right = w * SLOPES["tanh(x)"](x)
    claimed = right.copy()
    if wrong == "one element":
        claimed[3] += 1e-6
    elif wrong == "in proportion":
        claimed *= 1 + 1e-8
    else:
        claimed[5] *= -1
    for _ in range(20):
        assert agree(Gradient("x"), right[None], differences, lambda _, v: v, rng).ok
        assert not agree(Gradient("x"), claimed[None], differences, lambda _, v: v, rng).ok


@pytest.mark.parametrize("n", [40, 5_000])
def test_the_noise_is_the_same_for_small_and_large_arrays(n):
    noise = Noise(5, np.random.default_rng(0)).factors((5, n))
    drawn = (noise - 1) / AMPLITUDE
    assert (drawn[0] == 0).all()
    assert abs(drawn[1:].mean()) < 4 / np.sqrt(4 * n)
    assert drawn[1:].std() == pytest.approx(1, abs=3 / np.sqrt(4 * n))
    assert np.abs(drawn).max() < np.sqrt(3.001)
    assert abs(np.corrcoef(drawn[1:])[~np.eye(4, dtype=bool)]).max() < 4 / np.sqrt(n)


@pytest.mark.parametrize("line", SLOPES)
def test_huge_arrays_get_two_small_steps_first(monkeypatch, line):
    differences, x, w, rng = forward(line, n=HUGE)
    rows = []
    run = Forward.run
    monkeypatch.setattr(
        Forward,
        "run",
        lambda self, moved, *rest: rows.append(len(next(iter(moved.values())))) or run(self, moved, *rest),
    )
    slope = w * SLOPES[line](x)
    for direction in (signs(x.shape, rng), np.sign(slope)):
        rows.clear()
        found = differences.loss_along("x", direction[None])
        true = np.sum(slope * direction)
        assert abs(found.value[0] - true) <= found.error[0] <= FAIR * abs(true)
        assert rows[0] == 5  # the point itself, two steps to either side
    assert rows == ([5, 9] if "400" in line else [5])


@pytest.mark.parametrize("n", [7, HUGE + 5])
def test_signs_are_fair(n):
    drawn = np.stack([signs((n,), np.random.default_rng(seed)) for seed in range(50)])
    assert set(np.unique(drawn)) == {-1.0, 1.0}
    assert abs(drawn.mean()) < 4 / np.sqrt(drawn.size)


def test_the_gradient_of_an_output_is_drawn_and_needs_no_confirmation():
    differences, *_ = forward("tanh(x)")
    assert differences.is_drawn("y")
    assert not differences.is_drawn("x")
    assert (
        agree(Gradient("y"), np.ones((1, N)), differences, lambda _, v: v, np.random.default_rng(0)) is None
    )


def test_an_output_that_something_else_is_made_of_is_not_only_drawn():
    text = "operator: o\ninputs: {x: [n]}\nforward: {h: tanh(x), y: h * h}\noutput: [h, y]\nclaims: [identity: x = x]\n"
    (operator,) = load_text("o", text).operators
    one = np.ones(3)
    found = Differences(type_program(operator), {"n": 3}, {"x": one}, {"x": one}, {"h": one, "y": one})
    assert [found.is_drawn(name) for name in "xhy"] == [False, False, True]


def test_a_singularity_nearer_than_any_step_is_told():
    differences, *_ = forward("1 / (x**2 + 1e-24)", n=2, scale=0.0)
    (found,) = differences.quantities([Gradient("x")]).values()
    assert np.isinf(found.error).all()
    assert found.reason == "the forward is singular within a step of the differences"
