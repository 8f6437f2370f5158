"""What is told of a false claim where no repair is found: closed forms whose error is known."""

from __future__ import annotations

from collections.abc import Callable

import pytest

LAST = "the last axis"

FACTS = [
    ("x: [n]", "y: x**2", "dx = 6 * dy * x", ["the claim is `3` times the true value at every element"]),
    ("x: [n]", "y: x**2", "dx = 2 * dy * x / n", ["the claim is `1 / n` times the true value at every element"]),
    ("x: [n]", "y: x**2", "dx = -2 * dy * x", ["the sign is the opposite at every element"]),
    (
        "x: [n]",
        "y: x**2",
        "dx = 0.74 * dy * x",
        ["the claim is a constant times the true value (0.37, 0.37 at two sets of sizes)"],
    ),
    (
        "X: [m, k]; W: [k, n]",
        "Y: X @ W",
        "dW = dY.T @ X",
        ["the claim is transposed: otherwise every element is right"],
    ),
    (
        "x: [n]",
        "h: x - mean(x)",
        "dx = dh",
        [f"the difference is the same along {LAST}: a mean or a sum is missing there",
         "the difference is the same number at every element"],
    ),
    (
        "x: [m, n]",
        "h: x - mean(x, axis=0)",
        "dx = dh",
        ["the difference is the same along axis 0: a mean or a sum is missing there"],
    ),
    (
        "x: [n]",
        "y: 2 * x",
        "dx = 2 * mean(dy) * ones(n)",
        [f"the difference sums to zero along {LAST}: what varies there is wrong, its mean is right"],
    ),
    (
        "x: [n]",
        "y: abs(x)",
        "dx = dy",
        ["the magnitudes are right, and the signs of some elements are not"],
    ),
    (
        "x: [m, n]; s: [m, 1]",
        "y: erf(s) * x",
        "dx = dy",
        [f"the claim is off by a factor that is the same along {LAST}, and varies along the others"],
    ),
    ("x: [n]", "y: sin(x)", "dx = dy * x", []),
]  # fmt: skip


@pytest.mark.parametrize(("inputs", "forward", "claim", "facts"), FACTS)
def test_what_is_known(inputs: str, forward: str, claim: str, facts: list[str], knowledge: Callable) -> None:
    assert knowledge(inputs, forward, claim) == facts
