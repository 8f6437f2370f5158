"""One wrong element among a million, by counted forwards; and silence where it is not alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from gradcheck_cli.diagnose.lonely import Along, lonely_element


class Counted:
    """⟨∂L/∂x, v⟩ of L = Σ c sin(x) by central differences of L, which counts how often L is evaluated."""

    def __init__(self, shape: tuple[int, ...], seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.x, self.c = rng.standard_normal(shape), rng.standard_normal(shape)
        self.true = self.c * np.cos(self.x)
        self.forwards = 0

    def loss(self, x: np.ndarray) -> float:
        self.forwards += 1
        return float(np.sum(self.c * (np.sin(x) - np.sin(self.x))))

    def along(self, v: np.ndarray) -> tuple[float, float]:
        coarse, fine = (
            (self.loss(self.x + h * v) - self.loss(self.x - h * v)) / (2 * h) for h in (2e-3, 1e-3)
        )
        return fine + (fine - coarse) / 3, 1e-9 * float(np.sqrt(np.sum((self.c * v) ** 2)))


@pytest.mark.parametrize(
    ("shape", "at", "error"),
    [
        ((1000, 1000), (731, 42), -1e-2),
        ((10**6,), (999_999,), 1.0),
        ((7, 3), (0, 0), 1.0),
        ((7, 3), (6, 1), -1e-2),
    ],
)
def test_a_single_wrong_element_is_found(shape: tuple[int, ...], at: tuple[int, ...], error: float) -> None:
    counted = Counted(shape, 1)
    claimed = counted.true.copy()
    claimed[at] += error
    assert lonely_element(claimed, counted.along, np.random.default_rng(2)) == at
    assert counted.forwards < 50


@pytest.mark.parametrize("wrong", [[], [3, 999], [5, 6, 7]])
def test_nothing_is_said_of_none_or_several(wrong: list[int]) -> None:
    counted = Counted((100, 100), 3)
    claimed = counted.true.copy()
    claimed.flat[wrong] += 0.5
    assert lonely_element(claimed, counted.along, np.random.default_rng(4)) is None
    assert counted.forwards < 50


def test_noise_is_not_mistaken_for_an_element() -> None:
    rng = np.random.default_rng(5)
    noisy: Along = lambda v: (float(rng.standard_normal()), 3.0)  # noqa: E731
    assert lonely_element(np.zeros(1000), noisy, np.random.default_rng(6)) is None


def test_at_sizes_too_large_for_candidates_the_place_is_told(found: Callable) -> None:
    claim = "dx = dy * cos(x) + 0.5 * (arange(n) == 123456)"
    result = found("x: [n]", "y: sin(x)", claim, top="dims: {n: 300000}\n")
    assert result.verdicts == ("wrong",)
    (diagnosis,) = result.diagnoses
    assert diagnosis.where == "only element [123456]"
    assert diagnosis.suggestions == ()
