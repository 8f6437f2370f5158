"""Tokens: what can stand in a formula, and every character that cannot, with its hint, verbatim."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcheck_cli.lang.tokens import MAX_LENGTH, tokens
from gradcheck_cli.text import Text, UserError, draw


def refusal(text: str) -> str:
    with pytest.raises(UserError) as caught:
        tokens(Text.whole("f", text))
    (problem,) = caught.value.problems
    return draw(problem)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("", []),
        ("x", ["name"]),
        ("α_1", ["name"]),
        ("1 2.5 .5 5. 1e3 1.5E-3 2e+7", ["number"] * 7),
        ("1e", ["number", "name"]),
        ("**<=>===!=...", ["op"] * 6),
        ("* *", ["op", "op"]),
        ("""'ij,jk->ik' "a'b" """, ["string", "string"]),
        ("x.mT[..., 1:2]", ["name", "op", "name", "op", "op", "op", "number", "op", "number", "op"]),
        ("a\n\t\u00a0b", ["name", "name"]),
    ],
)
def test_kinds(text, kinds):
    found = tokens(Text.whole("f", text))
    assert [t.kind for t in found] == [*kinds, "end"]
    assert all(t.text == text[t.start : t.end] for t in found)


HINTS = {
    "^": "a power is written `**`: `x**2`",
    "·": "a product is written `*` (elementwise) or `@` (matrix)",
    "×": "a product is written `*` (elementwise) or `@` (matrix)",
    "⊙": "the elementwise product is written `*`",
    "∘": "the elementwise product is written `*`",
    "⊗": "the Kronecker product is written `kron(x, y)`, the outer product `outer(x, y)`",
    "−": "this is the Unicode minus sign; write `-`",
    "–": "this is a dash; write `-`",
    "≤": "write `<=`",
    "≥": "write `>=`",
    "≠": "write `!=`",
    "√": "write `sqrt(x)`",
    "∑": "write `sum(x)`, or `sum[i, j](x[i, j])` over named indices",
    "∂": "the gradient of `X` is written `dX` or `grad(X)`, a derivative `D(y, x)`",
    "∇": "the gradient of `X` is written `dX` or `grad(X)`",
    "|": "the absolute value is written `abs(x)`, a norm `norm(x)`",
    "\\": "this looks like LaTeX; plain text uses Python's syntax",
    "$": "this looks like LaTeX; plain text uses Python's syntax",
    "{": "group with round brackets: `(…)`",
    "}": "group with round brackets: `(…)`",
    "%": "there is no remainder operator",
    "&": "combine conditions by a product: `(x > 0) * (x < 1)`",
    ";": "one claim holds one equation; write a second claim for the second one",
    "'": "a quote begins here and does not end; a derivative is written `D(y, x)`",
    '"': "a quote begins here and does not end",
    "!": "formulas use Python's syntax: + - * / ** @ .T [ ] and function calls",
    "€": "formulas use Python's syntax: + - * / ** @ .T [ ] and function calls",
}


def test_a_power_of_t_is_meant_as_the_transpose():
    assert refusal("dY @ W^T").endswith(
        "= help: the transpose is written `.T`, or `.mT` for the last two axes"
    )
    assert refusal("x^t").endswith(f"= help: {HINTS['^']}")


@pytest.mark.parametrize("char", HINTS)
def test_a_bad_character_is_shown_with_its_hint(char):
    assert refusal(f"ab + {char} c") == (
        f"error: `{char}` cannot stand in a formula\n  --> f:1:6\n1 | ab + {char} c\n  |      ^\n   = help: {HINTS[char]}"
    )


def test_a_transpose_sign_ends_a_name_though_it_is_a_letter():
    assert refusal("Wᵀ") == (
        "error: `ᵀ` cannot stand in a formula\n  --> f:1:2\n1 | Wᵀ\n  |  ^\n"
        "   = help: the transpose is written `.T`, or `.mT` for the last two axes"
    )


def test_a_covariance_may_be_called_by_its_letter():
    assert [t.kind for t in tokens(Text.whole("f", "Σ_1"))] == ["name", "end"]


def test_an_invisible_character_is_named_by_its_number():
    assert refusal("a \x00 b") == (
        "error: `U+0000` cannot stand in a formula\n  --> f:1:3\n1 | a \\x00 b\n  |   ^^^^\n"
        "   = help: formulas use Python's syntax: + - * / ** @ .T [ ] and function calls"
    )


def test_the_length_is_bounded():
    assert len(tokens(Text.whole("f", "x" * MAX_LENGTH))) == 2
    assert refusal("x" * 100_000).splitlines()[:2] == [
        "error: this formula has 100,000 characters; at most 20,000 are read",
        "  --> f:1:1",
    ]
    assert refusal("+" * (MAX_LENGTH + 1)).endswith("   = help: split it: name its parts under `where:`")


@given(st.text(max_size=60))
def test_every_text_is_cut_without_a_gap_or_refused(text):
    try:
        found = tokens(Text.whole("f", text))
    except UserError as error:
        assert error.problems[0].span is not None
        return
    assert "".join(t.text for t in found) == "".join(
        c for i, c in enumerate(text) if any(t.start <= i < t.end for t in found)
    )
    uncovered = [c for i, c in enumerate(text) if not any(t.start <= i < t.end for t in found)]
    assert all(c.isspace() for c in uncovered)
