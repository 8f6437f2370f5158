"""The noise on the gradient of softmax is there, is as large as rounding can be, and leaves values alone."""

import numpy as np
import pytest
import torch

from gradcheck_cli.compare.judge import judge
from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.evaluate.noise import AMPLITUDE
from gradcheck_cli.evaluate.sampling import HUGE
from gradcheck_cli.evaluate.torch_backend import TorchBackend
from gradcheck_cli.oracle.backward_noise import BackwardNoise
from gradcheck_cli.spec.load import load_text
from gradcheck_cli.spec.typing import type_claim

DEVICES = ["cpu", *([pytest.param("cuda", marks=pytest.mark.gpu)] if torch.cuda.is_available() else [])]


@pytest.mark.parametrize("function", ["softmax", "log_softmax"])
def test_the_summand_is_zero_and_its_gradient_is_rounding(function):
    noise = BackwardNoise(TorchBackend(), np.random.default_rng(1), 2)
    x = torch.tensor([[[30.0, 0.0, -1.0, float("-inf")]]] * 3, dtype=torch.float64, requires_grad=True)
    value = getattr(torch, function)(x, -1)
    zero = noise.cancelling(function, x, value.detach(), -1)
    assert torch.equal(zero, torch.zeros_like(zero))
    g = torch.tensor([1.0, -2.0, 0.5, 3.0], dtype=torch.float64)
    (grad,) = torch.autograd.grad((zero * g).sum(), x)
    assert torch.equal(grad[0], torch.zeros_like(grad[0])), "row 0 is the evaluation itself"
    rounded = grad[1:, :, 0].abs()
    assert (rounded > 0.01 * AMPLITUDE).all()
    assert (rounded < 20 * AMPLITUDE).all()


def test_a_sum_that_vanishes_by_cancellation_in_a_saturated_softmax_is_not_accused():
    spec = load_text(
        "spec.yaml",
        "operator: saturated\n"
        "inputs: {x: [n, m], b: []}\n"
        "forward: {y: softmax(30 * x + b)}\n"
        "claims:\n"
        "  - gradient: db = 0\n"
        "  - gradient: dx = 30 * y * (dy - sum(dy * y, axis=-1, keepdims=True))\n",
    )
    (operator,) = spec.operators
    for claim in operator.claims:
        typed = type_claim(operator, claim)
        for seed in range(12):
            (judgement,) = judge(operator, claim, typed, Settings(seed=seed, draws=2))
            assert judgement.verdict == "holds", (seed, judgement)


@pytest.mark.parametrize("n", [40, HUGE + 1])
@pytest.mark.parametrize("device", DEVICES)
def test_the_noise_is_the_same_wherever_it_is_drawn(n, device):
    noise = BackwardNoise(TorchBackend(device), np.random.default_rng(0))
    x = np.random.default_rng(1).standard_normal(n)
    for drawn in (noise.factors((1, n)) - 1, noise.leaf(x) / torch.tensor(x, device=device) - 1):
        drawn = drawn.cpu().numpy() / AMPLITUDE
        assert drawn.shape == (5, n)
        assert (abs(drawn[0]) < 1e-3).all()
        assert abs(drawn[1:].mean()) < 4 / np.sqrt(4 * n)
        assert drawn[1:].std() == pytest.approx(1, abs=3 / np.sqrt(4 * n))
        assert np.abs(drawn).max() < 1.01 * np.sqrt(3)
        assert abs(np.corrcoef(drawn[1:])[~np.eye(4, dtype=bool)]).max() < 4 / np.sqrt(n)


def test_noise_on_a_device_is_reproducible():
    def drawn():
        noise = BackwardNoise(TorchBackend(), np.random.default_rng(3))
        return torch.cat([noise.factors((1, HUGE)) for _ in range(2)])

    assert torch.equal(drawn(), drawn())
    assert not torch.equal(*drawn()[1::5])


def test_indices_and_masks_are_only_repeated():
    noise = BackwardNoise(TorchBackend(), np.random.default_rng(3))
    for x in (np.arange(HUGE), np.arange(HUGE) > 3):
        assert all(np.array_equal(row, x) for row in noise.leaf(x).numpy())
