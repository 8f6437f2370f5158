"""Indices moved inside: the judge finds that each array has the elements that are printed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

INPUTS = "A: [m, k]; B: [k, n]; C: [m, n]; c: [n]; d: [m, 1]; u: [m]; T: [h, m, k]; V: [h, k, n]"


@pytest.mark.parametrize(
    ("formula", "axes", "printed"),
    [
        ("A @ B", "ij", "sum[l](A[i, l] * B[l, j])"),
        ("(B.T @ A.T).T", "ij", "sum[l](B[l, j] * A[i, l])"),
        ("C - sum(C * c, axis=-1, keepdims=True)", "ij", "C[i, j] - sum[l](C[i, l] * c[l])"),
        ("C * d + exp(c)", "ij", "C[i, j] * d[i, 0] + exp(c[j])"),
        ("sum(C, axis=0)", "j", "sum[l](C[l, j])"),
        ("mean(T, axis=(0, 2))", "i", "mean[l, t](T[l, i, t])"),
        ("A.T @ u", "i", "sum[l](A[l, i] * u[l])"),
        ("T @ V", "pij", "sum[l](T[p, i, l] * V[p, l, j])"),
        ("T @ B", "pij", "sum[l](T[p, i, l] * B[l, j])"),
        ("V.mT", "pij", "V[p, j, i]"),
        ("outer(u, c)", "ij", "u[i] * c[j]"),
        ("softmax(C) * 2", "ij", "softmax(C)[i, j] * 2"),
        ("sum(A @ B) * c", "i", "sum(A @ B) * c[i]"),
    ],
)
def test_the_elements_are_those_of_the_array(
    formula: str, axes: str, printed: str, tidied: Callable, found: Callable
) -> None:
    at = f"[{', '.join(axes)}]"
    assert tidied(INPUTS, f"Z: {formula}", "dA = A", f"({formula}){at}") == printed
    assert found(INPUTS, f"Z: {formula}", f"Z{at} = {printed}", "identity").verdicts == ("holds",)


def test_the_indices_of_the_claim_are_used_again(tidied: Callable) -> None:
    claim = "dB[i, j] = sum[q](dZ[i, q] * A[q, j])"
    assert tidied(INPUTS, "Z: A @ B", claim, "(A.T @ dZ)[i, j]") == "sum[q](A[q, i] * dZ[q, j])"


def test_where_no_index_can_go_the_array_stays(tidied: Callable) -> None:
    for formula in ("cumsum(C)[i, j]", "inv(A @ A.T)[i, j]", "(A @ B)[0, j]", "sum(T, axis=0)[i]", "A.T[i]"):
        assert tidied(INPUTS, "Z: A @ B", "dA = A", formula) == formula
