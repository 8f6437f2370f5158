"""Eight operators at three sizes: as specs with the gradient of every input, and as torch functions."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional

SIZES = (50, 5_000, 500_000)
"""About how many elements the inputs have in all."""


@dataclass(frozen=True)
class Operator:
    """A forward computation and the right gradients of its inputs; `peer` maps the inputs to the output."""

    name: str
    inputs: Mapping[str, str]
    forward: Mapping[str, str]
    gradients: Mapping[str, str]
    peer: Callable[..., Any]
    sizes: tuple[Mapping[str, int], ...]
    """One for each of SIZES."""

    @property
    def output(self) -> str:
        """The last line of the forward."""
        return list(self.forward)[-1]

    def shapes(self, size: int) -> dict[str, tuple[int, ...]]:
        """The shape of every input at a size."""
        dims = self.sizes[SIZES.index(size)]
        return {
            name: tuple(dims[d.strip()] for d in shape.strip("[]").split(","))
            for name, shape in self.inputs.items()
        }

    def elements(self, size: int) -> int:
        """How many elements the inputs have at a size."""
        return sum(math.prod(shape) for shape in self.shapes(size).values())

    def leaves(self, size: int, seed: int, device: str = "cpu") -> dict[str, Any]:
        """Random inputs for the peers."""
        generator = torch.Generator().manual_seed(seed)
        return {
            name: torch.randn(shape, generator=generator, dtype=torch.float64).to(device)
            for name, shape in self.shapes(size).items()
        }

    def spec(self, size: int, of: str | None = None, error: str = "") -> str:
        """The YAML of the claims at a size, or of the one about an input; `error` is added to its formula."""
        lines = [f"operator: {self.name}", "dims:"]
        lines += [f"  {name}: {value}" for name, value in self.sizes[SIZES.index(size)].items()]
        lines += ["inputs:", *(f"  {name}: {shape}" for name, shape in self.inputs.items())]
        lines += ["forward:", *(f"  {name}: {text}" for name, text in self.forward.items()), "claims:"]
        for name, text in self.gradients.items():
            if of in {None, name}:
                lines += [f"  - id: d{name}", f"    gradient: d{name} = {text}{error}"]
        return "\n".join([*lines, ""])


def _softmax_back(probabilities: str, arriving: str) -> str:
    return f"{probabilities} * ({arriving} - sum({arriving} * {probabilities}, axis=-1, keepdims=True))"


def _norm_back(scale: str, normal: str, arriving: str, *, centred: bool = True) -> str:
    mean = f" - mean({arriving}, axis=-1, keepdims=True)" if centred else ""
    return f"({arriving}{mean} - {normal} * mean(({arriving}) * {normal}, axis=-1, keepdims=True)) / {scale}"


def _layernorm(x: Any, gamma: Any, beta: Any) -> Any:
    return functional.layer_norm(x, x.shape[-1:], gamma, beta, 1e-5)


def _attention(q: Any, k: Any, v: Any, bias: Any = 0.0) -> Any:
    return torch.softmax(q @ k.mT / q.shape[-1] ** 0.5 + bias, -1) @ v


def _block(x: Any, g: Any, b: Any, Q: Any, K: Any, V: Any, O: Any, h: Any, c: Any, W: Any, U: Any) -> Any:  # noqa: E741
    a = _layernorm(x, g, b)
    r = x + _attention(a @ Q, a @ K, a @ V) @ O
    return r + functional.gelu(_layernorm(r, h, c) @ W) @ U


def _normal(source: str, name: str) -> dict[str, str]:
    return {
        f"s{name}": f"sqrt(var({source}, axis=-1, keepdims=True) + 1e-5)",
        f"n{name}": f"({source} - mean({source}, axis=-1, keepdims=True)) / s{name}",
    }


LINEAR = Operator(
    "linear",
    {"X": "[b, n]", "W": "[n, m]", "c": "[m]"},
    {"Y": "X @ W + c"},
    {"X": "dY @ W.T", "W": "X.T @ dY", "c": "sum(dY, axis=0)"},
    lambda X, W, c: X @ W + c,
    ({"b": 4, "n": 5, "m": 3}, {"b": 50, "n": 47, "m": 53}, {"b": 500, "n": 499, "m": 503}),
)
SOFTMAX = Operator(
    "softmax",
    {"X": "[b, n]"},
    {"Y": "softmax(X, axis=-1)"},
    {"X": _softmax_back("Y", "dY")},
    lambda X: torch.softmax(X, -1),
    ({"b": 7, "n": 8}, {"b": 70, "n": 71}, {"b": 700, "n": 710}),
)
LAYERNORM = Operator(
    "layernorm",
    {"X": "[b, n]", "gamma": "[n]", "beta": "[n]"},
    {**_normal("X", "1"), "Y": "gamma * n1 + beta"},
    {
        "X": _norm_back("s1", "n1", "dY * gamma"),
        "gamma": "sum(dY * n1, axis=0)",
        "beta": "sum(dY, axis=0)",
    },
    lambda X, gamma, beta: _layernorm(X, gamma, beta),
    ({"b": 4, "n": 9}, {"b": 70, "n": 71}, {"b": 700, "n": 710}),
)
RMSNORM = Operator(
    "rmsnorm",
    {"X": "[b, n]", "gamma": "[n]"},
    {"s": "sqrt(mean(X**2, axis=-1, keepdims=True) + 1e-5)", "z": "X / s", "Y": "gamma * z"},
    {"X": _norm_back("s", "z", "dY * gamma", centred=False), "gamma": "sum(dY * z, axis=0)"},
    lambda X, gamma: functional.rms_norm(X, X.shape[-1:], gamma, 1e-5),
    ({"b": 5, "n": 9}, {"b": 70, "n": 71}, {"b": 700, "n": 710}),
)
SILU = Operator(
    "silu",
    {"X": "[b, n]"},
    {"Y": "X * sigmoid(X)"},
    {"X": "dY * sigmoid(X) * (1 + X * (1 - sigmoid(X)))"},
    lambda X: functional.silu(X),
    ({"b": 7, "n": 8}, {"b": 70, "n": 71}, {"b": 700, "n": 710}),
)
ATTENTION = Operator(
    "attention",
    {"Q": "[n, d]", "K": "[n, d]", "V": "[n, d]", "B": "[n, n]"},
    {"S": "Q @ K.T / sqrt(d) + B", "A": "softmax(S, axis=-1)", "Y": "A @ V"},
    {
        "Q": "dS @ K / sqrt(d)",
        "K": "dS.T @ Q / sqrt(d)",
        "V": "A.T @ dY",
        "B": _softmax_back("A", "(dY @ V.T)"),
    },
    lambda Q, K, V, B: _attention(Q, K, V, B),
    ({"n": 4, "d": 3}, {"n": 42, "d": 25}, {"n": 430, "d": 241}),
)
LORA = Operator(
    "LoRA",
    {"X": "[b, n]", "W": "[n, m]", "A": "[n, r]", "B": "[r, m]"},
    {"Y": "X @ W + 2 * (X @ A) @ B"},
    {
        "X": "dY @ W.T + 2 * dY @ B.T @ A.T",
        "W": "X.T @ dY",
        "A": "2 * X.T @ (dY @ B.T)",
        "B": "2 * (X @ A).T @ dY",
    },
    lambda X, W, A, B: X @ W + 2 * (X @ A) @ B,
    (
        {"b": 3, "n": 5, "m": 4, "r": 2},
        {"b": 48, "n": 47, "m": 45, "r": 5},
        {"b": 490, "n": 487, "m": 491, "r": 16},
    ),
)
BLOCK = Operator(
    "GPT-2 block",
    {
        "x": "[l, d]",
        "g": "[d]",
        "b": "[d]",
        "Q": "[d, d]",
        "K": "[d, d]",
        "V": "[d, d]",
        "O": "[d, d]",
        "h": "[d]",
        "c": "[d]",
        "W": "[d, f]",
        "U": "[f, d]",
    },
    {
        **_normal("x", "1"),
        "a": "n1 * g + b",
        "q": "a @ Q",
        "k": "a @ K",
        "v": "a @ V",
        "P": "softmax(q @ k.T / sqrt(d), axis=-1)",
        "o": "P @ v",
        "r": "x + o @ O",
        **_normal("r", "2"),
        "e": "n2 * h + c",
        "z": "e @ W",
        "y": "r + gelu(z) @ U",
    },
    {
        "x": f"dr + {_norm_back('s1', 'n1', 'da * g')}",
        "g": "sum(da * n1, axis=0)",
        "b": "sum(da, axis=0)",
        "Q": "a.T @ dq",
        "K": "a.T @ dk",
        "V": "a.T @ dv",
        "O": "o.T @ dr",
        "h": "sum(de * n2, axis=0)",
        "c": "sum(dz @ W.T, axis=0)",
        "W": "e.T @ dz",
        "U": "gelu(z).T @ dy",
    },
    _block,
    ({"l": 3, "d": 2, "f": 3}, {"l": 31, "d": 26, "f": 31}, {"l": 305, "d": 266, "f": 270}),
)
OPERATORS = (LINEAR, SOFTMAX, LAYERNORM, RMSNORM, SILU, ATTENTION, LORA, BLOCK)
