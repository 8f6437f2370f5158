"""Claims judged per CPU-second in one process: `python tests/bench/throughput.py` prints one table.

A thousand small operators, each with the right gradient of its input, are written by a seeded generator.
Ours reads, types and judges each; torch's gradcheck gets the same function and the same formula as its
backward. What is needed once (imports, the first call of each kind) is not counted. Never a timed test.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

sys.path[:0] = [str(Path(__file__).parents[2])]


from gradcheck_cli.compare.judge import judge, judge_certified  # noqa: E402
from gradcheck_cli.compare.settings import OracleName, Settings  # noqa: E402
from gradcheck_cli.run.judged import judged  # noqa: E402
from gradcheck_cli.spec.load import load_text  # noqa: E402
from gradcheck_cli.spec.typing import type_claim  # noqa: E402

ELEMENTWISE: tuple[tuple[str, str, Callable[[Any], Any], Callable[[Any], Any]], ...] = (
    ("tanh({})", "(1 - tanh({0})**2)", torch.tanh, lambda z: 1 - torch.tanh(z) ** 2),
    (
        "sigmoid({})",
        "sigmoid({0}) * (1 - sigmoid({0}))",
        torch.sigmoid,
        lambda z: torch.sigmoid(z) * (1 - torch.sigmoid(z)),
    ),
    ("exp({})", "exp({0})", torch.exp, torch.exp),
    ("sin({})", "cos({0})", torch.sin, torch.cos),
    ("({})**2", "2 * ({0})", lambda z: z**2, lambda z: 2 * z),
    (
        "log(1 + ({})**2)",
        "2 * ({0}) / (1 + ({0})**2)",
        lambda z: torch.log1p(z**2),
        lambda z: 2 * z / (1 + z**2),
    ),
)
"""A function and its slope, for the spec and for torch."""


@dataclass(frozen=True)
class Small:
    """Y = f(a X + b) @ W, and the gradient of X."""

    spec: str
    shapes: tuple[tuple[int, int], tuple[int, int]]
    forward: Callable[[Any, Any], Any]
    gradient: Callable[[Any, Any, Any], Any]


def written(number: int, rng: random.Random) -> Small:
    """One operator; constants, sizes and the function are drawn."""
    text, slope, function, derivative = rng.choice(ELEMENTWISE)
    n, k, m = rng.randint(2, 4), rng.randint(2, 4), rng.randint(1, 3)
    a, b = rng.randint(2, 9), rng.randint(1, 9)
    inner = f"X / {a} + {b} / 10"
    spec = f"""operator: small {number}
dims: {{n: {n}, k: {k}, m: {m}}}
inputs: {{X: [n, k], W: [k, m]}}
forward:
  H: {text.format(inner)}
  Y: H @ W
claims:
  - gradient: dX = (dY @ W.T) * {slope.format("(" + inner + ")")} / {a}
"""
    return Small(
        spec,
        ((n, k), (k, m)),
        lambda x, w: function(x / a + b / 10) @ w,
        lambda x, w, g: (g @ w.T) * derivative(x / a + b / 10) / a,
    )


def read(small: Small) -> Any:
    """The operator and its claim, from the YAML."""
    file = load_text("bench", small.spec)
    assert not file.problems, file.problems
    return file.operators[0], file.operators[0].claims[0]


def by_torch(small: Small, *, fast: bool) -> bool:
    """Whether torch's gradcheck accepts the gradient of X."""

    class Claimed(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any, w: Any) -> Any:
            ctx.save_for_backward(x, w)
            return small.forward(x, w)

        @staticmethod
        def backward(ctx: Any, arriving: Any) -> Any:
            return small.gradient(*ctx.saved_tensors, arriving), None

    x, w = (torch.randn(shape, dtype=torch.float64) for shape in small.shapes)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.autograd.gradcheck(Claimed.apply, (x.requires_grad_(), w), fast_mode=fast)


def by_floats(small: Small, draws: int, oracle: OracleName = "both") -> bool:
    """Whether the verdict is `holds`, without a certificate."""
    operator, claim = read(small)
    (found,) = judge(operator, claim, type_claim(operator, claim), Settings(oracle, draws=draws))
    return found.verdict == "holds"


def with_certificate(small: Small, draws: int) -> bool:
    """The same, confirmed in exact arithmetic."""
    operator, claim = read(small)
    typed, settings = type_claim(operator, claim), Settings(draws=draws)
    (found,) = judge_certified(operator, claim, typed, settings)
    return found.verdict == "holds"


def as_a_user(small: Small) -> bool:
    """All that `gradcheck check` does for a claim."""
    operator, claim = read(small)
    return judged("bench", operator, claim, Settings()).as_expected


WAYS: dict[str, Callable[[Small], bool]] = {
    "check, as it is run": as_a_user,
    "5 draws, certificate": lambda s: with_certificate(s, 5),
    "1 draw, certificate": lambda s: with_certificate(s, 1),
    "5 draws": lambda s: by_floats(s, 5),
    "1 draw": lambda s: by_floats(s, 1),
    "exact oracle alone": lambda s: by_floats(s, 5, "exact"),
    "torch, fast mode": lambda s: by_torch(s, fast=True),
    "torch, slow mode": lambda s: by_torch(s, fast=False),
}
REFERENCES = ("torch, fast mode", "torch, slow mode")


def measured(specs: Sequence[Small], batch: int = 50) -> tuple[dict[str, float], dict[str, int]]:
    """CPU seconds of each way over all specs, in turns, so that a busy machine is unfair to none.

    And how many claims, all of them right, each accepts.
    """
    spent, held = dict.fromkeys(WAYS, 0.0), dict.fromkeys(WAYS, 0)
    for start in range(0, len(specs), batch):
        for name, way in WAYS.items():
            began = time.process_time()
            accepted = [way(small) for small in specs[start : start + batch]]
            spent[name] += time.process_time() - began
            held[name] += sum(accepted)
    return spent, held


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--specs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(given.seed)
    rng = random.Random(given.seed)
    specs = [written(number, rng) for number in range(given.specs)]
    for way in WAYS.values():
        for small in specs[:3]:
            way(small)
    spent, held = measured(specs)
    print(f"{given.specs} small specs in one process, claims per CPU-second")
    print(f"{'':24}{'claims/s':>10}{'× fast':>10}{'× slow':>10}{'accepted':>10}")
    for name, seconds in spent.items():
        ratios = "".join(f"{spent[r] / seconds:10.2f}" for r in REFERENCES)
        print(f"{name:24}{len(specs) / seconds:10.0f}{ratios}{held[name]:10}")


if __name__ == "__main__":
    main()
