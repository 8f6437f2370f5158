"""The noise on the gradient of softmax is there, is as large as rounding can be, and leaves values alone."""

import numpy as np
import pytest
import torch

from gradcheck_cli.compare.judge import judge
from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.evaluate.noise import AMPLITUDE
from gradcheck_cli.oracle.backward_noise import BackwardNoise
from gradcheck_cli.spec.load import load_text
from gradcheck_cli.spec.typing import type_claim


@pytest.mark.parametrize("function", ["softmax", "log_softmax"])
def test_the_summand_is_zero_and_its_gradient_is_rounding(function):
    noise = BackwardNoise(3, np.random.default_rng(1), torch.tensor)
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
