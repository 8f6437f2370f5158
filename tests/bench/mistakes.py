"""Four operators at any size, their right gradients, and eleven mistakes: as specs and in torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

Tensors = Mapping[str, Any]


@dataclass(frozen=True)
class Operator:
    """A forward computation, in both notations; `peer` maps the inputs to everything that it names."""

    name: str
    inputs: Mapping[str, str]
    forward: tuple[str, ...]
    output: str
    peer: Callable[[Tensors], dict[str, Any]]
    sizes: Mapping[int, Mapping[str, int]]


def _linear(t: Tensors) -> dict[str, Any]:
    return {"Y": t["X"] @ t["W"]}


def _softmax(t: Tensors) -> dict[str, Any]:
    return {"Y": torch.softmax(t["X"], -1)}


def _layernorm(t: Tensors) -> dict[str, Any]:
    x = t["X"]
    sigma = torch.sqrt(x.var(-1, correction=0, keepdim=True) + 1e-5)
    normal = (x - x.mean(-1, keepdim=True)) / sigma
    return {"sigma": sigma, "x_hat": normal, "Y": normal * 1}


def _attention(t: Tensors) -> dict[str, Any]:
    a = torch.softmax(t["Q"] @ t["K"].mT / t["Q"].shape[-1] ** 0.5, -1)
    return {"A": a, "Y": a @ t["V"]}


LINEAR = Operator(
    "linear",
    {"X": "[b, n]", "W": "[n, m]"},
    ("Y: X @ W",),
    "Y",
    _linear,
    {
        10: {"b": 2, "n": 2, "m": 3},
        1000: {"b": 22, "n": 23, "m": 21},
        1000000: {"b": 700, "n": 710, "m": 708},
    },
)
SOFTMAX = Operator(
    "softmax",
    {"X": "[b, n]"},
    ("Y: softmax(X, axis=-1)",),
    "Y",
    _softmax,
    {10: {"b": 2, "n": 5}, 1000: {"b": 31, "n": 32}, 1000000: {"b": 990, "n": 1010}},
)
LAYERNORM = Operator(
    "layernorm",
    {"X": "[b, n]"},
    (
        "sigma: sqrt(var(X, axis=-1, keepdims=True) + 1e-5)",
        "x_hat: (X - mean(X, axis=-1, keepdims=True)) / sigma",
        "Y: x_hat * 1",
    ),
    "Y",
    _layernorm,
    {10: {"b": 2, "n": 5}, 1000: {"b": 31, "n": 32}, 1000000: {"b": 990, "n": 1010}},
)
ATTENTION = Operator(
    "attention",
    {"Q": "[n, d]", "K": "[n, d]", "V": "[n, d]"},
    ("A: softmax(Q @ K.mT / sqrt(d), axis=-1)", "Y: A @ V"),
    "Y",
    _attention,
    {10: {"n": 2, "d": 2}, 1000: {"n": 19, "d": 17}, 1000000: {"n": 1020, "d": 326}},
)
OPERATORS = (LINEAR, SOFTMAX, LAYERNORM, ATTENTION)


@dataclass(frozen=True)
class Claim:
    """A gradient as claimed, in both notations; in `peer` the cotangent of Y is `dY`."""

    operator: Operator
    of: str
    name: str
    ours: str
    peer: Callable[[Tensors], Any]


def _sum(x: Any, axis: int = -1) -> Any:
    return x.sum(axis, keepdim=True)


def _mean(x: Any) -> Any:
    return x.mean(-1, keepdim=True)


def _one(x: Any) -> Any:
    found = torch.ones_like(x)
    found[0, 1] = 2
    return found


def _scores(t: Tensors, *, summed: bool = True) -> Any:
    """The gradient of the attention scores."""
    a, g = t["A"], t["dY"] @ t["V"].mT
    return a * (g - _sum(g * a)) if summed else a * g


_ONE_ROW = "(1 + outer(arange({0}) == 0, arange({1}) == 1))"
"""Twice the element [0, 1], all others as they are."""

_PROJECTED = "dY - mean(dY, axis=-1, keepdims=True) - x_hat * mean(dY * x_hat, axis=-1, keepdims=True)"

_SCORES = "(A * ((dY @ V.mT) - sum((dY @ V.mT) * A, axis=-1, keepdims=True)))"

RIGHT = (
    Claim(LINEAR, "X", "right", "dY @ W.T", lambda t: t["dY"] @ t["W"].T),
    Claim(
        SOFTMAX,
        "X",
        "right",
        "Y * (dY - sum(dY * Y, axis=-1, keepdims=True))",
        lambda t: t["Y"] * (t["dY"] - _sum(t["dY"] * t["Y"])),
    ),
    Claim(
        LAYERNORM,
        "X",
        "right",
        f"1 / sigma * ({_PROJECTED})",
        lambda t: 1 / t["sigma"] * (t["dY"] - _mean(t["dY"]) - t["x_hat"] * _mean(t["dY"] * t["x_hat"])),
    ),
    Claim(
        ATTENTION,
        "Q",
        "right",
        f"{_SCORES} @ K / sqrt(d)",
        lambda t: _scores(t) @ t["K"] / t["K"].shape[-1] ** 0.5,
    ),
)

WRONG = (
    Claim(LINEAR, "W", "the sign", "-(X.T @ dY)", lambda t: -(t["X"].T @ t["dY"])),
    Claim(
        LINEAR,
        "X",
        "one element, twice",
        f"dY @ W.T * {_ONE_ROW.format('b', 'n')}",
        lambda t: _one(t["X"]) * (t["dY"] @ t["W"].T),
    ),
    Claim(SOFTMAX, "X", "zero", "0 * dY", lambda t: 0 * t["dY"]),
    Claim(SOFTMAX, "X", "no sum term", "Y * dY", lambda t: t["Y"] * t["dY"]),
    Claim(
        SOFTMAX,
        "X",
        "sum along the other axis",
        "Y * (dY - sum(dY * Y, axis=0, keepdims=True))",
        lambda t: t["Y"] * (t["dY"] - _sum(t["dY"] * t["Y"], 0)),
    ),
    Claim(
        SOFTMAX,
        "X",
        "one element, twice",
        f"Y * (dY - sum(dY * Y, axis=-1, keepdims=True)) * {_ONE_ROW.format('b', 'n')}",
        lambda t: _one(t["X"]) * t["Y"] * (t["dY"] - _sum(t["dY"] * t["Y"])),
    ),
    Claim(
        LAYERNORM,
        "X",
        "no mean",
        "1 / sigma * (dY - x_hat * mean(dY * x_hat, axis=-1, keepdims=True))",
        lambda t: 1 / t["sigma"] * (t["dY"] - t["x_hat"] * _mean(t["dY"] * t["x_hat"])),
    ),
    Claim(
        LAYERNORM,
        "X",
        "no projection on x_hat",
        "1 / sigma * (dY - mean(dY, axis=-1, keepdims=True))",
        lambda t: 1 / t["sigma"] * (t["dY"] - _mean(t["dY"])),
    ),
    Claim(
        LAYERNORM,
        "X",
        "sigma squared",
        f"1 / sigma**2 * ({_PROJECTED})",
        lambda t: t["sigma"] ** -2 * (t["dY"] - _mean(t["dY"]) - t["x_hat"] * _mean(t["dY"] * t["x_hat"])),
    ),
    Claim(ATTENTION, "Q", "no 1/sqrt(d)", f"{_SCORES} @ K", lambda t: _scores(t) @ t["K"]),
    Claim(ATTENTION, "V", "no transpose", "A @ dY", lambda t: t["A"] @ t["dY"]),
)


def spec(operator: Operator, size: int, claim: Claim, error: str = "") -> str:
    """The YAML of one claim at one size; `error` is a formula that is added to it."""
    lines = [f"operator: {operator.name}", "dims:"]
    lines += [f"  {name}: {value}" for name, value in operator.sizes[size].items()]
    lines += ["inputs:", *(f"  {name}: {shape}" for name, shape in operator.inputs.items())]
    lines += ["forward:", *(f"  {line}" for line in operator.forward)]
    return "\n".join([*lines, "claims:", f"  - gradient: d{claim.of} = {claim.ours}{error}", ""])


def leaves(operator: Operator, size: int, seed: int) -> dict[str, Any]:
    """Random inputs for the peers."""
    generator = torch.Generator().manual_seed(seed)
    dims = operator.sizes[size]
    shapes = {
        name: [dims[d.strip()] for d in shape.strip("[]").split(",")]
        for name, shape in operator.inputs.items()
    }
    return {n: torch.randn(s, generator=generator, dtype=torch.float64) for n, s in shapes.items()}
