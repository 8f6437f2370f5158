"""The gradient out of the forward's own lines: whatever is derived, autograd and differences agree with."""

from __future__ import annotations

from collections.abc import Callable

import pytest

FORWARDS = [
    ("X: [m, k]; W: [k, n]; b: [n]", "Y: X @ W + b", ("X", "W", "b")),
    ("W: [m, n]; x: [n]; a: [m]", "y: W @ x; z: a @ W", ("W", "x", "a")),
    ("Q: [h, l, d]; K: [h, l, d]", "S: Q @ K.mT / sqrt(d)", ("Q", "K")),
    ("X: [h, m, k]; W: [k, n]", "Y: X @ W", ("X", "W")),
    ("x: [m, n]; s: []; r: [n]; c: [m, 1]", "y: s * x / r - c", ("x", "s", "r", "c")),
    ("x: [m, n]", "p: softmax(x, axis=0); q: log_softmax(x)", ("x",)),
    ("x: [m, n]", "a: sum(x, axis=0); b: mean(x, axis=1); c: var(x, axis=-1); d: norm(x)", ("x",)),
    ("x: [m, n]", "a: std(x); b: logsumexp(x, axis=1, keepdims=True); c: mean(x)", ("x",)),
    ("x: {shape: [n], domain: positive}", "y: log(x) * sqrt(x) + x**3 - rsqrt(x) + x**(-1/2)", ("x",)),
    ("x: [n]", "y: tanh(x) * sigmoid(x) + silu(x) - softplus(x); z: sin(cos(x)) + atan(x)", ("x",)),
    ("x: [n]", "y: gelu(x); z: relu(x) * abs(x)", ("x",)),
    ("A: {shape: [n, n], domain: spd}; B: [n, k]", "Y: inv(A) @ B; d: logdet(A); t: trace(A)", ("A", "B")),
    (
        "A: {shape: [n, n], domain: invertible}; B: [n, k]; v: [n]",
        "X: solve(A, B); y: solve(A, v)",
        ("A", "v"),
    ),
    ("u: [m]; v: [n]", "P: outer(u, v); d: diag(u); s: dot(u, u)", ("u", "v")),
    ("x: [m, n]", "a: roll(x, 2, axis=0); b: flip(x); c: cumsum(x, axis=1); d: tril(x, -1)", ("x",)),
    ("x: [m, n, k]", "a: reshape(x, m, n * k); b: transpose(x, 2, 0, 1); c: swapaxes(x, 0, 1)", ("x",)),
    ("X: [b, n]; W: [n, m]", "Y: einsum('bn,nm->bm', X, W); Z: where(X > 0, X, 2 * X)", ("X", "W")),
    ("E: [v, d]; i: {shape: [n], domain: index(v)}", "Y: E[i]", ("E",)),
]


@pytest.mark.parametrize(("inputs", "forward", "names"), FORWARDS)
def test_what_is_derived_holds(
    inputs: str, forward: str, names: tuple[str, ...], derivation: Callable, found: Callable
) -> None:
    outputs = [line.split(":")[0].strip() for line in forward.split(";")]
    top = f"output: [{', '.join(outputs)}]\n"
    for name in names:
        formula = derivation(inputs, forward, name, top)
        assert formula is not None, name
        result = found(inputs, forward, f"d{name} = {formula}".replace("'", "''"), top=top)
        assert result.verdicts == ("holds",), formula


@pytest.mark.parametrize(
    ("inputs", "forward", "name"),
    [
        ("x: [n]", "y: prod(x)", "x"),
        ("x: [n]", "h: x[1:]; y: sum(h)", "x"),
        ("x: [n]", "h: sin(x); y: h * 2; z: cumprod(x)", "x"),
    ],
)
def test_without_a_rule_nothing_is_said(inputs: str, forward: str, name: str, derivation: Callable) -> None:
    assert derivation(inputs, forward, name, "") is None
