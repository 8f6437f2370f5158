"""Steps on torch tell what steps on NumPy tell, and are not believed where the forward is another one."""

import numpy as np
import pytest
import torch

from gradcheck_cli.evaluate import torch_functions
from gradcheck_cli.evaluate.numpy_backend import NumpyBackend
from gradcheck_cli.evaluate.sampling import HUGE
from gradcheck_cli.evaluate.torch_backend import TorchBackend
from gradcheck_cli.oracle.differences import Differences
from gradcheck_cli.oracle.stepping import Stepper
from gradcheck_cli.spec.load import load_text
from gradcheck_cli.spec.typing import type_program

LINES = {
    "tanh": "tanh(x)",
    "norm": "x / norm(x, axis=-1, keepdims=True)",
    "kinked": "abs(x) + relu(x)",
    "softmax": "softmax(x)",
    "masked": "where(x > 0, sin(x), x)",
}
SHAPE = (HUGE // 64 + 1, 64)
DEVICES = ["cpu", *([pytest.param("cuda", marks=pytest.mark.gpu)] if torch.cuda.is_available() else [])]


def differences(line, stepping=None):
    forward = f"forward:\n  h: {line}\n  y: h * h\n"
    text = f"operator: o\ninputs: {{x: [n, m]}}\n{forward}claims: [identity: x = x]\n"
    (operator,) = load_text("o", text).operators
    rng = np.random.default_rng(5)
    x, w = rng.standard_normal(SHAPE), rng.standard_normal(SHAPE)
    sizes = {"n": SHAPE[0], "m": SHAPE[1]}
    return Differences(type_program(operator), sizes, {"x": x}, {"x": w}, {"y": w}, stepping=stepping)


def stepper(backend, line):
    found = differences(line)
    return Stepper(backend, found.program, found.sizes, found.values, found.cotangents)


def signed(count=1):
    return np.random.default_rng(1).choice((-1.0, 1.0), (count, *SHAPE))


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
@pytest.mark.parametrize("name", ["x", "h"])
def test_both_back_ends_see_the_same_losses(line, name, device):
    h = np.array([2.0**-12, 2.0**-16])
    one, other = stepper(NumpyBackend(), line), stepper(TorchBackend(device), line)
    plus, minus, same, size = one.losses({name: signed(2)}, h)
    found = other.losses({name: signed(2)}, h)
    assert plus.shape == minus.shape == same.shape == (2, 2)
    tolerance = 1e-13 * size
    assert found[0] == pytest.approx(plus, abs=tolerance)
    assert found[1] == pytest.approx(minus, abs=tolerance)
    assert (found[2] == same).all()
    assert found[3] == pytest.approx(size)
    assert one.believed
    assert other.believed


@pytest.mark.parametrize("backend", [NumpyBackend(), TorchBackend()], ids=["numpy", "torch"])
def test_steps_over_a_kink_are_told(backend):
    _, _, same, _ = stepper(backend, "abs(x)").losses({"x": signed()}, np.array([0.5, 1e-9]))
    assert same.tolist() == [[False], [True]]


@pytest.mark.parametrize("backend", [NumpyBackend(), TorchBackend()], ids=["numpy", "torch"])
def test_a_kink_on_one_side_is_enough(backend):
    found = differences("relu(x)")
    x = np.abs(found.values["x"]) + 0.1
    values = {"x": x, "h": x, "y": x * x}
    steps = Stepper(backend, found.program, found.sizes, values, found.cotangents)
    _, _, same, _ = steps.losses({"x": np.ones((1, *SHAPE))}, np.array([2.0, 0.05]))
    assert same.tolist() == [[False], [True]]


def test_the_losses_are_those_at_the_displaced_points():
    found = stepper(TorchBackend(), "tanh(x)")
    d, w = differences("tanh(x)"), found.cotangents.arrays["y"]
    x = d.values["x"][0]
    plus, minus, _, size = found.losses({"x": signed()}, np.array([0.25]))
    at = lambda v: np.sum(w * np.tanh(v) ** 2)  # noqa: E731
    assert plus[0, 0] == pytest.approx(at(x + 0.25 * signed()[0]) - at(x))
    assert minus[0, 0] == pytest.approx(at(x - 0.25 * signed()[0]) - at(x))
    assert size == pytest.approx(np.linalg.norm(w * np.tanh(x) ** 2))


@pytest.mark.parametrize("name", ["x", "h"])
def test_a_forward_that_is_not_numpys_is_left_for_numpy(monkeypatch, name):
    table = {**torch_functions.TORCH, "tanh": lambda x: torch.tanh(x) * (1 + 1e-6)}
    monkeypatch.setattr("gradcheck_cli.evaluate.torch_backend.TORCH", table)
    backend = TorchBackend()
    right = differences("tanh(x)").loss_along(name, signed())
    found = differences("tanh(x)", backend).loss_along(name, signed())
    assert np.isfinite(found.error).all()
    assert found.value == pytest.approx(right.value, rel=1e-12)
    stepping = stepper(backend, "tanh(x)")
    stepping.losses({name: signed()}, np.array([1e-5]))
    assert stepping.believed == (name == "h")  # there the steps begin behind the wrong line


def test_small_arrays_stay_on_numpy():
    text = "operator: o\ninputs: {x: [n]}\nforward: {y: tanh(x)}\nclaims: [identity: x = x]\n"
    (operator,) = load_text("o", text).operators
    x = np.ones(5)
    small = Differences(
        type_program(operator), {"n": 5}, {"x": x}, {"x": x}, {"y": x}, stepping=TorchBackend()
    )
    assert isinstance(small.stepping, NumpyBackend)
