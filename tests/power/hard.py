"""Right claims about ill-conditioned computations: nobody may be accused for what rounding does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gradcheck_cli.compare.judge import judge
from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.compare.verdict import Judgement
from gradcheck_cli.spec.load import load_text
from gradcheck_cli.spec.typing import type_claim

_SOFTMAX_BACK = "A * (dA - sum(dA * A, axis=-1, keepdims=True))"
_LAYER_BACK = "r * (dY - mean(dY, axis=-1, keepdims=True) - Y * mean(dY * Y, axis=-1, keepdims=True))"


@dataclass(frozen=True)
class Hard:
    """A computation, and formulas about it that are all right."""

    name: str
    inputs: str
    forward: str
    claims: tuple[str, ...]
    loss: bool = False

    def spec(self, *claims: str) -> str:
        """The spec of some claims, the right ones unless others are given."""
        listed = "".join(f"  - {kind}: '{text}'\n" for kind, text in map(_kind, claims or self.claims))
        lines = "".join(f"  {line}\n" for line in self.forward.split("; "))
        loss = "loss: true\n" if self.loss else ""
        return f"operator: {self.name}\n{loss}inputs: {{{self.inputs}}}\nforward:\n{lines}claims:\n{listed}"

    def judged(self, settings: Settings, *claims: str) -> Iterator[tuple[str, Judgement]]:
        """Every claim and its verdict."""
        file = load_text(self.name, self.spec(*claims))
        assert not file.problems, file.problems
        for operator in file.operators:
            for claim in operator.claims:
                typed = type_claim(operator, claim)
                for judgement in judge(operator, claim, typed, settings):
                    yield claim.formula.text.value, judgement


def _kind(claim: str) -> tuple[str, str]:
    """A claim is a gradient unless it names its kind: `identity: a = b`."""
    kind, separator, text = claim.partition(": ")
    return (kind, text) if separator and kind.isalpha() else ("gradient", claim)


def _wide(size: str) -> Hard:
    return Hard(
        f"softmax of logits up to {size}",
        f"S: {{shape: [n, m], domain: 'range(-{size}, {size})'}}",
        "A: softmax(S, axis=-1)",
        (
            f"dS = {_SOFTMAX_BACK}",
            "differential: dA = A * (dS - sum(A * dS, axis=-1, keepdims=True))",
            "identity: sum(A, axis=-1) = ones(n)",
            "identity: A = exp(S - logsumexp(S, axis=-1, keepdims=True))",
        ),
    )


def _spread(name: str, forward: str, *claims: str, size: str = "1e3") -> Hard:
    return Hard(
        f"{name} up to {size}", f"x: {{shape: [n, m], domain: 'range(-{size}, {size})'}}", forward, claims
    )


def _definite(jitter: str) -> Hard:
    return Hard(
        f"inverse with eigenvalues down to {jitter}",
        "B: [n, r], b: [n]",
        f"A: B @ B.T + {jitter} * eye(n); C: inv(A); y: solve(A, b)",
        (
            "dA = -C.T @ dC @ C.T - outer(solve(A.T, dy), y)",
            "db = solve(A.T, dy)",
            "dB = (dA + dA.T) @ B",
            "identity: A @ C = eye(n)",
            "identity: A @ y = b",
        ),
    )


def _tiny(size: str) -> Hard:
    return Hard(
        f"norm of vectors of the size of {size}",
        f"x: {{shape: [n, m], domain: 'range(-{size}, {size})'}}",
        "r: norm(x, axis=-1, keepdims=True); u: x / r; q: sqrt(sum(x**2, axis=-1, keepdims=True) + 1e-12)",
        (
            "dx = (du - u * sum(u * du, axis=-1, keepdims=True)) / r + dq * x / q",
            "dr = -sum(du * x, axis=-1, keepdims=True) / r**2",
            "identity: sum(u**2, axis=-1) = ones(n)",
        ),
    )


def _layer(size: str) -> Hard:
    return Hard(
        f"layer norm with a spread of {size} around 100",
        f"X: {{shape: [n, m], domain: 'range(-{size}, {size})'}}",
        "Z: X + 100; c: Z - mean(Z, axis=-1, keepdims=True);"
        " r: rsqrt(mean(c**2, axis=-1, keepdims=True) + 1e-5); Y: c * r",
        (f"dZ = {_LAYER_BACK}", f"dX = {_LAYER_BACK}"),
    )


def _cancelled(size: str) -> Hard:
    return Hard(
        f"what is left of x beside {size}",
        "x: [n, m]",
        f"z: {size} + x; y: z - {size}; w: y**2",
        ("dx = 2 * dw * y", "dz = dy", "identity: w = y * y", "identity: y = x"),
    )


def _scaled(size: str) -> Hard:
    return Hard(
        f"numbers of the size of {size}",
        f"X: [n, m], s: {{shape: [], value: {size}}}",
        "U: s * X; V: tanh(U / s) * s; Y: V**2 / s",
        ("dV = 2 * dY * V / s", "dU = dV * (1 - tanh(X)**2)", "dX = dU * s"),
    )


HARD: tuple[Hard, ...] = (
    *(_wide(size) for size in ("1e2", "1e3", "1e4")),
    _spread(
        "logsumexp",
        "l: logsumexp(x, axis=-1, keepdims=True); p: x - l",
        "dx = dp + softmax(x, axis=-1) * dl",
        "dl = -sum(dp, axis=-1, keepdims=True)",
        "identity: l = log(sum(exp(p), axis=-1, keepdims=True)) + l",
    ),
    _spread(
        "log-softmax",
        "l: log_softmax(x, axis=-1)",
        "dx = dl - softmax(x, axis=-1) * sum(dl, axis=-1, keepdims=True)",
        "differential: dl = dx - sum(exp(l) * dx, axis=-1, keepdims=True)",
        "identity: logsumexp(l, axis=-1) = zeros(n)",
    ),
    _spread(
        "log of a softmax",
        "A: softmax(x, axis=-1); l: log(A)",
        "dx = dl - A * sum(dl, axis=-1, keepdims=True)",
        "dA = dl / A",
        size="30",
    ),
    _spread(
        "sigmoid",
        "y: 1 / (1 + exp(-x))",
        "dx = dy * y * (1 - y)",
        "dx = dy * exp(-x) / (1 + exp(-x))**2",
        "derivative: D(y, x) = sigmoid(x) * sigmoid(-x)",
        size="700",
    ),
    _spread(
        "softplus",
        "y: log(1 + exp(x))",
        "dx = dy * sigmoid(x)",
        "dx = dy / (1 + exp(-x))",
        "identity: y - softplus(x) = zeros(n, m)",
        size="50",
    ),
    _spread(
        "tanh", "y: tanh(x)", "dx = dy * (1 - y**2)", "dx = dy * (1 - tanh(x)**2)", "dx = dy / cosh(x)**2", size="20"
    ),
    _spread("exp", "y: exp(x); z: log1p(y)", "dx = dz * y / (1 + y)", "dy = dz / (1 + y)", size="800"),
    _spread("a small root", "y: sqrt(x**2 + 1) - x", "dx = dy * (x / sqrt(x**2 + 1) - 1)", size="1e6"),
    _spread(
        "naive variance",
        "z: x + 1e4; v: mean(z**2, axis=-1) - mean(z, axis=-1)**2",
        "dz[i, j] = 2 * dv[i] * (z[i, j] - mean[k](z[i, k])) / m",
        "identity: v = var(x, axis=-1)",
        size="1",
    ),
    *(_definite(jitter) for jitter in ("1e-2", "1e-5", "1e-8", "1e-12")),
    Hard(
        "determinants",
        "B: [n, n]",
        "A: B @ B.T + 1e-7 * eye(n); l: logdet(A); d: det(A)",
        ("dA = dl * inv(A).T + dd * d * inv(A).T", "dB = (dA + dA.T) @ B"),
    ),
    Hard(
        "a Hilbert-like system",
        "b: [n]",
        "A[i, j]: 1 / (i + j + 1) + 0 * b[i] * b[j]; y: solve(A, b)",
        ("db = solve(A.T, dy) + 0 * db",),
    ),
    *(_tiny(size) for size in ("1", "1e-4", "1e-8")),
    *(_layer(size) for size in ("1", "1e-3", "1e-6")),
    *(_cancelled(size) for size in ("1e4", "1e8", "1e12")),
    *(_scaled(size) for size in ("1e-30", "1e30", "1e-150", "1e150")),
    Hard(
        "cross entropy",
        "S: {shape: [n, m], domain: 'range(-300, 300)'}, t: {shape: [n], domain: index(m)}",
        "P: softmax(S, axis=-1); L: -mean(take_along_axis(log_softmax(S, axis=-1), t[:, None], axis=-1))",
        ("dS = (P - one_hot(t, m)) / n", "dS = (softmax(S, axis=-1) - one_hot(t, m)) / n"),
        loss=True,
    ),
    Hard(
        "attention with large scores",
        "Q: {shape: [l, d], domain: 'range(-30, 30)'}, K: {shape: [l, d], domain: 'range(-30, 30)'}, V: [l, e]",
        "S: Q @ K.T / sqrt(d); A: softmax(S, axis=-1); O: A @ V",
        ("dV = A.T @ dO", f"dS = {_SOFTMAX_BACK}", "dQ = dS @ K / sqrt(d)", "dK = dS.T @ Q / sqrt(d)"),
    ),
    Hard(
        "a high power",
        "x: {shape: [n], domain: 'range(0.5, 3)'}",
        "y: x**60; z: y**(1/60)",
        ("dx = dz", "dx = dy * 60 * x**59", "dy = dz * z / (60 * y)"),
    ),
    Hard(
        "eigenvalues that nearly agree",
        "B: [n, n]",
        "A: eye(n) + 1e-6 * (B + B.T); w: eigh(A)[0]; y: sum(w**2)",
        ("dA = 2 * dy * A", "identity: sum(w) = trace(A)"),
    ),
)  # fmt: skip
"""Every verdict on these may be `holds` or `undecided`."""
