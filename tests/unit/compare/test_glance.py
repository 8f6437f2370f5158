"""Glances: fewer and cheaper draws where a proof exists or arrays are large, and never another verdict."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gradcheck_cli.compare.floor import POOLED, ROUNDING, WRONG
from gradcheck_cli.compare.glance import MANY, QUIET, SEEN, GlancingCourt, glance
from gradcheck_cli.compare.judge import judge, judge_certified
from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.evaluate import torch_functions
from gradcheck_cli.evaluate.sampling import Draw, generator, twin
from gradcheck_cli.spec.load import load_text
from gradcheck_cli.spec.typing import type_claim
from gradcheck_cli.text import draw

SOFTMAX = ("{x: [n, m]}", "{y: softmax(x)}", "gradient: dx = y * (dy - sum(dy * y, axis=-1, keepdims=True))")
TANH = ("{x: [n]}", "{y: tanh(x)}", "gradient: dx = dy * (1 - y**2)")
RELU = ("{x: [n, m]}", "{y: relu(x)}", "gradient: dx = dy * (x > 0)")
MOVED = ("{x: [n]}", "{y: sin(x)}", "differential: dy = cos(x) * dx")
SAME = ("{A: [n, m], B: [m, n]}", "{C: A @ B}", "identity: trace(C) = sum(A * B.T)")
RIGHT = {"softmax": SOFTMAX, "tanh": TANH, "relu": RELU, "differential": MOVED, "identity": SAME}

PROVEN = {0: 3}


def read(inputs, forward, claim, dims=""):
    text = f"operator: o\n{dims}inputs: {inputs}\nforward: {forward}\nclaims:\n  - {claim}\n"
    file = load_text("s", text)
    assert not file.problems, "\n".join(draw(p) for p in file.problems)
    (operator,) = file.operators
    return operator, operator.claims[0], type_claim(operator, operator.claims[0])


def judged(spec, proven, dims="", **settings):
    (found,) = judge(*read(*spec, dims=dims), Settings(**settings), proven)
    return found


@pytest.fixture
def floors(monkeypatch):
    """How often a floor was measured."""
    measured = []
    full = GlancingCourt.compare
    monkeypatch.setattr(
        GlancingCourt, "compare", lambda self, *args: measured.append(args[1].sizes) or full(self, *args)
    )
    return measured


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_proven_needs_no_measured_floor(name, floors):
    found = judged(RIGHT[name], PROVEN)
    assert found.verdict == "holds"
    assert all(s.floor <= SEEN for s in found.sights)
    assert floors == []


@pytest.mark.parametrize(
    ("name", "asked", "made"),
    [("tanh", 5, 2), ("tanh", 20, 17), ("tanh", 3, 2), ("tanh", 2, 2), ("tanh", 1, 1), ("relu", 5, 5)],
)
def test_points_in_balls_are_draws_too_unless_a_formula_has_pieces(name, asked, made):
    assert len(judged(RIGHT[name], PROVEN, draws=asked).sights) == made
    assert len(judged(RIGHT[name], {}, draws=asked).sights) == asked


def test_a_verdict_of_the_tool_glances_because_balls_proved_it(floors):
    (found,) = judge_certified(*read(*TANH), Settings())
    assert (found.verdict, found.certificate.points, len(found.sights), floors) == ("holds", 3, 2, [])
    (found,) = judge_certified(*read(*TANH[:2], "gradient: dx = dy * (1 - y)"), Settings())
    assert (found.verdict, found.certificate.outcome, len(found.sights)) == ("wrong", "false", 5)
    assert len(floors) == 5


def test_all_links_of_a_chain_have_to_be_proven(floors):
    spec = (*TANH[:2], "gradient: dx = dy * (1 - y**2) = dy / cosh(x)**2")
    for proven, measured in (({0: 3}, 5), ({0: 3, 1: 3}, 0)):
        floors.clear()
        assert {j.verdict for j in judge(*read(*spec), Settings(), proven)} == {"holds"}
        assert len(floors) == measured


@pytest.mark.parametrize("size", [1e-2, 1e-6, 1e-10])
@pytest.mark.parametrize("name", ["softmax", "tanh", "differential"])
def test_a_glance_changes_nothing_that_a_wrong_claim_shows(name, size):
    """Even if a proof were mistaken."""
    inputs, forward, claim = RIGHT[name]
    spec = (inputs, forward, f"{claim} * (1 + {size})")
    usual, glanced = judged(spec, {}), judged(spec, PROVEN)
    assert usual.verdict == glanced.verdict == "wrong"
    assert glanced.sights == usual.sights[:2]


@pytest.mark.parametrize("name", ["softmax", "tanh", "relu"])
@pytest.mark.parametrize("seed", range(4))
def test_an_error_of_the_size_that_a_glance_promises_to_show_is_found(name, seed):
    inputs, forward, claim = RIGHT[name]
    dims = "dims: {n: 80, m: 60}\n" if "m" in inputs else "dims: {n: 5000}\n"
    found = judged(RIGHT[name], {}, dims, draws=1, seed=seed)
    assert (found.verdict, found.sights[0].floor <= SEEN) == ("holds", True)
    scale = "max(abs(dx))"
    one = "outer(arange(n) == 1, arange(m) == 2)" if "m" in inputs else "(arange(n) == 1)"
    planted = f"{claim} + {1.01 * found.sights[0].floor:.3e} * {scale} * {one}"
    assert judged((inputs, forward, planted), {}, dims, draws=1, seed=seed).verdict == "wrong"


@pytest.mark.parametrize("oracle", ["both", "autograd"])
@pytest.mark.parametrize(("n", "measured"), [(MANY - 1, 1), (MANY, 0)])
def test_large_arrays_are_glanced_at_without_a_proof(n, measured, oracle, floors):
    found = judged(TANH, {}, f"dims: {{n: {n}}}\n", draws=1, oracle=oracle)
    assert (found.verdict, len(floors)) == ("holds", measured)
    assert bool(found.sights[0].agreements) == (oracle == "both")


def test_differences_alone_are_not_glanced_at(floors):
    assert judged(TANH, {}, "dims: {n: 6000}\n", draws=1, oracle="differences").verdict == "holds"
    assert len(floors) == 1


class SubtlyWrong(torch.autograd.Function):
    """Right values, gradients off by 1e-6."""

    @staticmethod
    def forward(ctx, x):
        output = torch.tanh(x)
        ctx.save_for_backward(output)
        return output

    @staticmethod
    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        return g * (1 - y * y) * (1 + 1e-6)


@pytest.mark.parametrize(
    ("dims", "proven"), [("", PROVEN), ("dims: {n: 6000}\n", {}), ("dims: {n: 20000}\n", {})]
)
def test_a_wrong_autograd_is_not_believed_at_a_glance(monkeypatch, dims, proven):
    monkeypatch.setattr(
        "gradcheck_cli.evaluate.torch_backend.TORCH", {**torch_functions.TORCH, "tanh": SubtlyWrong.apply}
    )
    claim = (*TANH[:2], "gradient: dx = dy * (1 - y**2) * 1.000001")
    found = judged(claim, proven, dims, draws=1)
    assert found.verdict == "undecided"
    assert found.reason == "autograd and differences disagree (at `dx`)"
    monkeypatch.setattr(GlancingCourt, "glanced", lambda *_: None)
    assert judged(claim, proven, dims, draws=1).sights == found.sights, "a glance disturbs nothing"


@pytest.mark.parametrize("n", [6_000, 20_000])
def test_steps_on_torch_do_not_hide_that_its_forward_is_wrong(monkeypatch, n):
    table = {**torch_functions.TORCH, "tanh": lambda x: torch.tanh(x) * 1.0001}
    monkeypatch.setattr("gradcheck_cli.evaluate.torch_backend.TORCH", table)
    claim = (*TANH[:2], "gradient: dx = 1.0001 * dy * (1 - tanh(x)**2 / 1.0001**2)")
    found = judged(claim, {}, f"dims: {{n: {n}}}\n", draws=1)
    assert (found.verdict, found.reason) == ("undecided", "autograd and differences disagree (at `dx`)")


def test_a_wrong_value_on_torch_is_not_believed_at_a_glance(monkeypatch):
    table = {**torch_functions.TORCH, "tanh": lambda x: torch.tanh(x) * 1.0001}
    monkeypatch.setattr("gradcheck_cli.evaluate.torch_backend.TORCH", table)
    doubled = ("{x: [n]}", "{y: x}", "identity: tanh(x) = 1.0001 * (exp(x) - exp(-x)) / (exp(x) + exp(-x))")
    found = judged(doubled, PROVEN, draws=1)
    assert (found.verdict, found.reason) == ("undecided", "torch and NumPy disagree (wrong)")


# two arrays


def test_a_glance_promises_no_more_than_a_measured_floor_keeps():
    """Noise of at most QUIET at every element, four deviations, has this floor, and errors show from ten on."""
    assert SEEN >= 0.98 * WRONG * ROUNDING * (1 + POOLED) * QUIET / 4


def at(left, right):
    return glance(np.asarray(left, float), np.asarray(right, float), Draw({}, 1.0, {}, {}, {}), ("i",))


def test_what_a_glance_tells():
    found = at([1.0, -4.0, 2.0], [1.0, -4.0 - 2.0**-50, 2.0])
    assert (found.verdict, found.place.index, found.place.left) == ("holds", "i=1", -4.0)
    assert found.error == 2.0**-50 / 4
    assert found.floor == pytest.approx(SEEN * np.sqrt(7) / 4)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ([1.0, 2.0], [1.0, 2.0 + 1e-13]),
        ([np.nan, 1.0], [np.nan, 1.0]),
        ([np.inf, 1.0], [np.inf, 1.0]),
        ([0.0, 0.0], [0.0, 0.0]),
        ([], []),
        (np.r_[1e6, np.zeros(99)], np.r_[1e6, 1e-8, np.zeros(98)]),
    ],
)
def test_what_a_glance_leaves_to_a_measured_floor(left, right):
    assert at(left, right) is None


def test_a_large_element_rounds_by_more_than_a_typical_one():
    left = np.r_[1e9, np.ones(10**6)]
    found = at(left, left * (1 + 2.0**-50))
    assert (found.verdict, found.floor) == ("holds", SEEN)


@given(st.integers(0, 2**32), st.floats(1e-300, 1e300))
def test_a_glance_does_not_depend_on_the_unit(seed, unit):
    rng = np.random.default_rng(seed)
    left = rng.standard_normal(9)
    right = left * (1 + rng.standard_normal(9) * 2.0**-52)
    one, other = at(left, right), at(left * unit, right * unit)
    assert one is not None
    assert other is not None
    assert one.floor == pytest.approx(other.floor)


def test_a_twin_draws_the_same_and_disturbs_nothing():
    rng = generator(3, 1)
    rng.standard_normal(5)
    drawn = twin(rng).standard_normal(4)
    assert (drawn == rng.standard_normal(4)).all()


@pytest.mark.parametrize("name", ["softmax", "tanh", "differential"])
def test_floors_measured_on_huge_arrays_are_those_of_more_replicas(name, monkeypatch, floors):
    """Two replicas tell what four do, since each element learns from the others."""
    monkeypatch.setattr(GlancingCourt, "glanced", lambda *_: None)
    inputs, forward, claim = RIGHT[name]
    dims = "dims: {n: 300, m: 60}\n" if "m" in inputs else "dims: {n: 18000}\n"
    found = {}
    for replicas in (2, 4):
        if replicas == 4:
            monkeypatch.setattr("gradcheck_cli.compare.court.FEW_REPLICAS", replicas)
        (sight,) = judged(RIGHT[name], {}, dims, draws=1).sights
        assert sight.verdict == "holds"
        found[replicas] = sight.floor
        planted = (inputs, forward, f"{claim} * (1 + {3 * sight.floor:.3e})")
        assert judged(planted, {}, dims, draws=1).verdict == "wrong"
    assert len(floors) == 4
    assert found[2] == pytest.approx(found[4], rel=0.5)
    assert found[2] < 1e-11
