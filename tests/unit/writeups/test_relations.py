"""What makes a formula a statement."""

from __future__ import annotations

import pytest

from gradcheck_cli.writeups.relations import relations, states


@pytest.mark.parametrize(
    ("formula", "signs"),
    [
        (r"y = W x", ("=",)),
        (r"a &= b \\ &= c", ("=", "=")),
        (r"\sum_{i=1}^n x_i", ()),
        (r"\sum_{i=1}^n x_i = 1", ("=",)),
        (r"X \in \mathbb R^{n \times m}", (r"\in",)),
        (r"0 < p \leq 1", ("<", r"\leq")),
        (r"x \approx 3, y := 2", (r"\approx", ":=")),
        (r"\text{if } n = 2", ("=",)),
        (r"\text{n = 2} \quad \mathbf x", ()),
        (r"\begin{aligned} a &= b \end{aligned}", ("=",)),
        (r"\left[ x \right] \label{eq:a=b}", ()),
        (r"{a = b}", ()),
        (r"}}= a", ("=",)),
    ],
)
def test_signs_outside_of_braces(formula: str, signs: tuple[str, ...]) -> None:
    assert relations(formula) == signs


def test_what_is_nearly_so_is_no_statement() -> None:
    assert states("x = 1")
    assert states(r"x \in S")
    assert not states(r"x \to \infty")
    assert not states(r"\nabla_X L")
