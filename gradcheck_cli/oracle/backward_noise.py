"""Rounding noise for autograd: what backward passes round inside, where the forward's noise cancels.

The backward of softmax is P ⊙ (g − ⟨g, P⟩). Where P is saturated the two terms
cancel, and noise on the value of P, which multiplies g as a whole, cancels with
them: the rounding of the terms themselves would go unseen. A summand of value
zero whose gradient is that rounding makes it visible.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from gradcheck_cli.evaluate.noise import Noise
from gradcheck_cli.shapes.typed import Apply, Typed


class BackwardNoise(Noise):
    """An observer of evaluations on torch."""

    last: tuple[str, tuple[Any, ...], Mapping[str, object]] = ("", (), {})

    def called(self, function: str, args: tuple[Any, ...], statics: Mapping[str, object]) -> None:
        """Keeps the call whose value is seen next."""
        self.last = (function, args, statics)

    def seen(self, node: Typed, value: Any) -> Any:
        """The value, disturbed if computing it rounds, and its gradient if computing that cancels."""
        disturbed = super().seen(node, value)
        if isinstance(node, Apply) and node.function in {"softmax", "log_softmax"}:
            function, (x,), statics = self.last
            return disturbed + self.cancelling(function, x, value.detach(), statics["axis"])
        return disturbed

    def cancelling(self, function: str, x: Any, value: Any, axis: Any) -> Any:
        """Zero, with the gradient P ⊙ (ε₁ g − ⟨ε₂ g, P⟩), or without the P in front for the logarithm."""
        x = torch.where(torch.isfinite(x), x, 0.0)
        p = value if function == "softmax" else value.exp()
        one, two = (self.bring(self.factors(value.shape)) - 1 for _ in range(2))
        rounding = x * one - (p * x * two).sum(axis, keepdim=True)
        if function == "softmax":
            rounding = p * rounding
        return rounding - rounding.detach()
