"""Formulas on a terminal."""

from __future__ import annotations

import pytest

from gradcheck_cli.lang.plain import parse_equation, parse_expression
from gradcheck_cli.lang.unicode_printer import to_unicode
from gradcheck_cli.text import Text

RANKS = {"X": 2, "W": 2, "x": 1, "w": 1, "s": 0, "gamma_1": 1, "x_hat": 1, "n": 0}

PRINTS = [
    ("X.T @ grad(X)", "Xᵀ ∂L/∂X"),
    ("grad(X).T @ X", "(∂L/∂X)ᵀ X"),
    ("grad(X) @ X.T @ W", "∂L/∂X · Xᵀ W"),
    ("x * w - 2 * x", "x ⊙ w − 2 x"),
    ("x * (w * s)", "x ⊙ (w s)"),
    ("(X @ W) * X @ W", "((X W) ⊙ X) W"),
    ("x * 2", "x · 2"),
    ("-(x + w) * s", "−(x + w) s"),
    ("-s * x + -(s * x)", "−s x + (−s x)"),
    ("dot(x, w) / n", "xᵀ w / n"),
    ("dot(x, w) * x", "(xᵀ w) x"),
    ("x @ X @ w * s", "(xᵀ X w) s"),
    ("x / s * w", "(x / s) ⊙ w"),
    ("x / s / n", "(x / s) / n"),
    ("1 / (n * s)", "1 / (n s)"),
    ("outer(x, w) @ x", "x wᵀ x"),
    ("gamma_1 * x_hat**2", "γ₁ ⊙ x\u0302²"),
    ("sqrt(n) + sqrt(1 + norm(x)**2)", "√n + √(1 + ‖x‖²)"),
    ("sum[i, j](X[i, j] * W[j, i])", "Σᵢⱼ Xᵢⱼ Wⱼᵢ"),
    ("x[i] - sum[b](X[i, b] * W[b, i])", "xᵢ − Σ_b X[i, b] W[b, i]"),
    ("grad(X)[i, j] * gamma_1[i]", "∂L/∂Xᵢⱼ · γ₁[i]"),
    ("jacobian(x, w)[i, j] * x_hat[j]", "∂xᵢ/∂wⱼ · x\u0302ⱼ"),
    ("jacobian(s, x)[..., j] + x[0] + X[n, i]", "∂s/∂xⱼ + x[0] + X[n, i]"),
    ("sum(X, axis=-1, keepdims=True)", "sum(X, axis=-1, keepdims=True)"),
    ("X @ ones(n, 1) + ones(dd, 1) + eye(n)", "X 𝟏ₙₓ₁ + ones(dd, 1) + Iₙ"),
    ("(x > 0) * dX", "𝟏{x > 0} ⊙ dX"),
    ("D(sigmoid(x), x) + abs(x) + inv(W)", "∂σ(x)/∂x + |x| + W⁻¹"),
    ("exp(-x**s) * pi + 1e-5", "exp(−x^s) π + 1e-5"),
]


@pytest.mark.parametrize(("plain", "shown"), PRINTS, ids=[row[0] for row in PRINTS])
def test_prints(plain, shown):
    assert to_unicode(parse_expression(Text.whole("f", plain)), RANKS) == shown


def test_an_equation():
    equation = parse_equation(Text.whole("f", "dX = dX @ W.T = X"))
    assert to_unicode(equation, RANKS) == "dX = dX Wᵀ = X"
