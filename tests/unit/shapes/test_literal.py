r"""What a repair starts from, where a formula in LaTeX has no reading that fits."""

from __future__ import annotations

import pytest

from gradcheck_cli.lang.printer import to_plain
from gradcheck_cli.spec.load import load_text
from gradcheck_cli.spec.typing import type_claim

SPEC = """\
operator: o
inputs: {{X: [n, m], W: [m, k], x: [m], T: [a, n, m]}}
forward: {{Y: X @ W, z: X @ x, R: T @ W}}
output: [Y, z, R]
claims:
  - gradient: ${}$
"""


def literal(formula: str) -> str | None:
    file = load_text("s.yaml", SPEC.format(formula))
    assert not file.problems, file.problems
    (operator,) = file.operators
    typed = type_claim(operator, operator.claims[0])
    assert any(link.mismatch for link in typed.links) or typed.literal is None
    return None if typed.literal is None else to_plain(typed.literal)


@pytest.mark.parametrize(
    ("formula", "plain"),
    [
        (r"\nabla_X L = W \nabla_Y L", "grad(X) = W @ grad(Y)"),
        (r"\nabla_X L = \nabla_Y L W", "grad(X) = grad(Y) @ W"),
        (r"\nabla_X L = 2 (W \nabla_Y L)^\top + X", "grad(X) = 2 * (W @ grad(Y)).T + X"),
        (r"\nabla_X L = W \odot \nabla_Y L", "grad(X) = W * grad(Y)"),
        (r"\nabla_x L = X \nabla_z L^\top", "grad(x) = X @ grad(z)"),
        (r"\nabla_T L = \nabla_R L^\top W", "grad(T) = grad(R).mT @ W"),
        (r"\nabla_W L = X \nabla_Y L^\top", "grad(W) = X @ grad(Y).T"),
        (r"\nabla_X L = \nabla_Y L W^\top", None),  # it fits: nothing to repair from
        (r"\nabla_X L = W \nabla_Y L + \mathbf 1", None),  # nobody knows the shape of the ones
    ],
)
def test_sign_by_sign(formula, plain):
    assert literal(formula) == plain
