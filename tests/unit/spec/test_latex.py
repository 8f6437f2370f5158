"""LaTeX in a spec: where it may stand, what it may name, and what is remembered of how it was read."""

from __future__ import annotations

from gradcheck_cli.lang.printer import to_plain
from gradcheck_cli.spec.load import load_text
from gradcheck_cli.spec.typing import type_claim, type_program
from gradcheck_cli.text import draw

SPEC = r"""operator: linear
inputs: {X: [n, m], W: [m, k], x: [m]}
forward:
  Y: $X W$
  f: $x \odot \frac{1}{1 + e^{-x}}$
notation: {'\theta': W, 'G_{t+1}': G}
where: {G: '$\frac{\partial L}{\partial Y}$'}
claims:
  - id: dX
    gradient: '\[\frac{\partial L}{\partial X} = G_{t+1} \theta^\top\]'
  - id: f
    identity: $f(x) = x s$
    where: {s: '$\sigma(x)$'}
    correction: $f = x \odot s$
  - id: square
    identity: $f = x u^2$
    where: {'u[i]': '$x_i^2 / x_i^2$'}
    when: {x: '$\mathbf 1_m$'}
"""


def claims(text=SPEC):
    file = load_text("f.yaml", text)
    assert [draw(p) for p in file.problems] == []
    (operator,) = file.operators
    return {claim.id: type_claim(operator, claim) for claim in operator.claims}


def test_forward_where_when_and_claims():
    typed = claims()
    assert {i: to_plain(t.equation) for i, t in typed.items()} == {
        "dX": "grad(X) = G @ W.T",
        "f": "f = x * s",
        "square": "f = x * u**2",
    }
    assert typed["f"].remarks == ("`f(x)` is read as `f`", "read as an elementwise product: `x * s`")
    assert all(link.mismatch is None for t in typed.values() for link in t.links)


def test_an_operator_remembers_its_notation():
    (operator,) = load_text("f.yaml", SPEC + "vectors: row\n").operators
    assert operator.notation == ((r"\theta", "W"), ("G_{t+1}", "G"))
    assert operator.vectors == "row"
    assert str(type_program(operator).types["f"]) == "[m]"


def test_plain_text_is_left_alone():
    typed = claims(SPEC.replace("$f(x) = x s$", "f = x * s"))["f"]
    assert to_plain(typed.equation) == "f = x * s"
    assert typed.remarks == ()


def test_a_claim_says_nothing_about_names_of_a_flawed_forward():
    file = load_text("f.yaml", SPEC.replace("$X W$", "$X W"[:2] + r" \foo$"))
    assert [p.message for p in file.problems] == [r"`\foo` is not known here"]


def test_a_caret_points_into_the_file():
    file = load_text("f.yaml", SPEC.replace("= G_{t+1}", "= H_{t+1}"))
    (problem,) = file.problems
    assert (
        draw(problem)
        == r"""error: `H_{t+1}` is not declared
  --> f.yaml:10:50
10 |     gradient: '\[\frac{\partial L}{\partial X} = H_{t+1} \theta^\top\]'
   |                                                  ^^^^^^^
   = help: say in `notation` what it is: `notation: {'H_{t+1}': …}`"""
    )
