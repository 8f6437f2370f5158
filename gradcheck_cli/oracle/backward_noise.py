"""Rounding noise for autograd: what backward passes round inside, where the forward's noise cancels.

The backward of softmax is P ⊙ (g − ⟨g, P⟩). Where P is saturated the two terms
cancel, and noise on the value of P, which multiplies g as a whole, cancels with
them: the rounding of the terms themselves would go unseen. A summand of value
zero whose gradient is that rounding makes it visible. The same is done for
tanh, whose 1 - y² cancels where y is near 1, for sigmoid and what is made of it,
and for logsumexp, whose exp(x - y) is off by the rounding of a large y.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np
import torch

from gradcheck_cli.evaluate.noise import AMPLITUDE, REPLICAS, Noise
from gradcheck_cli.evaluate.sampling import HUGE
from gradcheck_cli.evaluate.torch_backend import TorchBackend
from gradcheck_cli.evaluate.torch_functions import TORCH
from gradcheck_cli.shapes.typed import Apply, Typed

_GELU = (math.sqrt(8 / math.pi), 3 * 0.044715)


def _slope_noise(function: str, x: Any, y: Any) -> Any:
    """How large the terms are that cancel in the slope of an elementwise function, as its rule has them."""
    if function == "tanh":
        return 2 * y * y
    if function == "sigmoid":
        return y * y
    if function == "silu":
        return y.abs()
    return y.abs() * _GELU[0] * (1 + _GELU[1] * x * x)


_SLOPES = frozenset({"tanh", "sigmoid", "silu", "gelu_tanh"})


class BackwardNoise(Noise):
    """An observer of evaluations on torch."""

    functions = TORCH

    def __init__(self, backend: TorchBackend, rng: np.random.Generator, disturbed: int = REPLICAS) -> None:
        super().__init__(1 + disturbed, rng, disturbed)
        self.backend = backend
        self.own = torch.Generator(backend.device)
        self.seeded = False

    def leaf(self, x: Any) -> Any:
        """The rows of an array that is given, on the device."""
        if np.size(x) < HUGE or x.dtype != np.float64:
            return self.backend.array(super().leaf(x))
        return self.backend.array(x)[None] * self.factors((1, *x.shape))

    def factors(self, shape: tuple[int, ...]) -> Any:
        """Factors for an array of this shape; huge ones on a GPU are drawn there."""
        if self.backend.device.type == "cpu":
            return torch.from_numpy(super().factors(shape))
        if prod(shape[1:]) < HUGE:
            return self.backend.array(super().factors(shape))
        if not self.seeded:
            self.own.manual_seed(int(self.rng.integers(2**62)))
            self.seeded = True
        drawn = torch.rand(
            (self.disturbed, *shape[1:]), generator=self.own, dtype=torch.float32, device=self.backend.device
        )
        factors = torch.ones((self.rows, *shape[1:]), dtype=torch.float64, device=self.backend.device)
        factors[1:] += (drawn - 0.5) * (math.sqrt(12) * AMPLITUDE)
        return factors

    def seen(self, node: Typed, value: Any) -> Any:
        """The value, disturbed if computing it rounds, and its gradient if computing that cancels."""
        disturbed = super().seen(node, value)
        if not isinstance(node, Apply) or value.dtype != torch.float64:
            return disturbed
        if node.function in {"softmax", "log_softmax"}:
            function, (x,), statics = self.last
            return disturbed + self.cancelling(function, x, value.detach(), statics["axis"])
        if node.function in _SLOPES or node.function == "logsumexp":
            function, (x,), statics = self.last
            return disturbed + self.sloped(function, x, value.detach(), statics)
        return disturbed

    def sloped(self, function: str, x: Any, value: Any, statics: Mapping[str, object]) -> Any:
        """Zero, with the gradient ε · the terms of the slope."""
        x = torch.where(torch.isfinite(x), x, 0.0)
        if function != "logsumexp":
            one = self.factors(value.shape) - 1
            rounding = x * (_slope_noise(function, x.detach(), value).nan_to_num(0.0, 0.0, 0.0) * one)
            return rounding - rounding.detach()
        axis: Any = statics["axis"]
        if not axis:
            return torch.zeros_like(value)
        kept = value if statics["keepdims"] else _kept(value, axis)
        p = (x.detach() - kept).exp() * kept.abs().nan_to_num(0.0, 0.0, 0.0)
        one = self.factors(p.shape) - 1
        rounding = (x * (p * one)).sum(axis, keepdim=bool(statics["keepdims"]))
        return rounding - rounding.detach()

    def cancelling(self, function: str, x: Any, value: Any, axis: Any) -> Any:
        """Zero, with the gradient P ⊙ (ε₁ g − ⟨ε₂ g, P⟩), or without the P in front for the logarithm."""
        x = torch.where(torch.isfinite(x), x, 0.0)
        p = value if function == "softmax" else value.exp()
        one, two = (self.factors(value.shape) - 1 for _ in range(2))
        rounding = x * one - (p * x * two).sum(axis, keepdim=True)
        if function == "softmax":
            rounding = p * rounding
        return rounding - rounding.detach()


def _kept(value: Any, axis: tuple[int, ...]) -> Any:
    """A reduced array with its axes, negative ones, back in place."""
    for a in sorted(axis, reverse=True):
        value = value.unsqueeze(a)
    return value
