"""Textbook form: what cancels goes, and nothing of what the author wrote is touched."""

from __future__ import annotations

from collections.abc import Callable

import pytest

PROGRAM = ("X: [m, k]; W: [k, n]; s: []", "Y: s * X @ W")


@pytest.mark.parametrize(
    ("made", "printed"),
    [
        ("3 * X / 3", "X"),
        ("X / s * s", "X"),
        ("2 * dY @ W.T / 2", "dY @ W.T"),
        ("2 * dY @ (W.T / 2)", "dY @ W.T"),
        ("n * (dY / n) @ W.T", "dY @ W.T"),
        ("-(dY @ W.T / sqrt(k)) * sqrt(k)", "-(dY @ W.T)"),
        ("2 * (X / (2 * s) / n) * Y", "X / s / n * Y"),
        ("2 * X / (2 * s)", "X / s"),
        ("--X", "X"),
        ("X - -Y", "X + Y"),
        ("X + -(X * s)", "X - X * s"),
        ("-(X - s)", "s - X"),
        ("1 * X**1 / 1", "X"),
        ("X.T.T", "X"),
        ("X.mT", "X.T"),
        ("X.T.mT", "X"),
        ("s.T", "s"),
        ("broadcast_to(X, m, k)", "X"),
        ("broadcast_to(s, m, k)", "broadcast_to(s, m, k)"),
        ("k * mean(X, axis=-1)", "sum(X, axis=-1)"),
        ("mean(X, axis=0) * m", "sum(X, axis=0)"),
        ("m * mean(X, axis=1)", "m * mean(X, axis=1)"),
        ("X * X / X", "X * X / X"),
    ],
)
def test_what_cancels_goes(made: str, printed: str, tidied: Callable) -> None:
    assert tidied(*PROGRAM, "dX = dY", made) == printed


def test_what_the_author_wrote_stays(tidied: Callable) -> None:
    assert (
        tidied(*PROGRAM, "dX = 2 * dY @ W.T / 2 + --X", "s - -(2 * dY @ W.T / 2)") == "s + 2 * dY @ W.T / 2"
    )
    assert tidied(*PROGRAM, "dX = X.mT", "X.mT @ dY") == "X.mT @ dY"
    # brackets were set, and both numbers are the author's
    assert tidied(*PROGRAM, "dX = 2 * X / 2 * n", "2 * X / (2 * n)") == "2 * X / (2 * n)"
