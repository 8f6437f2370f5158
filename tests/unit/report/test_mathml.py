"""LaTeX is drawn as MathML, and nothing in it becomes anything else of a page."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gradcheck_cli.report.mathml import MAX_DEPTH, MAX_LENGTH, TAGS, mathml
from tests.unit.report.pages import Page


@pytest.mark.parametrize(
    ("latex", "inside"),
    [
        (r"\frac{\partial L}{\partial X}", "<mfrac><mrow><mi>∂</mi><mi>L</mi></mrow>"),
        (r"a &= b \\ &= c", "<mtable"),
        (r"W^\top \odot x", "⊙</mo>"),
    ],
)
def test_formulas_are_drawn(latex, inside):
    drawn = mathml(latex)
    assert drawn.startswith("<math>")
    assert inside in drawn


def test_displays_environments_and_labels():
    assert mathml("x", display=True).startswith('<math display="block">')
    drawn = mathml(r"a &= b \label{eq:x} \tag{3} \\ c &= d", display=True, environment="align")
    assert drawn.count("<mtr>") == 2
    assert "eq:x" not in drawn
    assert "(1)" not in drawn
    assert " id=" not in mathml(r"\begin{align} a \label{one} \end{align}")


@pytest.mark.parametrize(
    "latex",
    [
        r"\unknown x",
        r"\frac{",
        r"\href{javascript:alert(1)}{x}",
        "x" * (MAX_LENGTH + 1),
        "{" * (MAX_DEPTH + 1) + "}" * (MAX_DEPTH + 1),
        r"\def\a{\a\a}\a",
        "",
    ],
)
def test_what_cannot_be_drawn_is_code(latex):
    begun = time.process_time()
    drawn = mathml(latex)
    assert time.process_time() - begun < 1
    assert drawn.startswith(("<code>", "<math>"))
    assert drawn.startswith("<code>") or not latex


def test_markup_in_a_formula_is_text():
    assert mathml(r"\text{<script>alert(1)</script>}") == (
        "<math><mtext>&lt;script&gt;alert(1)&lt;/script&gt;</mtext></math>"
    )
    assert mathml(r"\frac{<b>") == r"<code>\frac{&lt;b&gt;</code>"


@given(st.text(st.sampled_from("\\{}<>\"'&=/ abcxS_^;$#%~\n\0\u202e") | st.characters(), max_size=60))
@example(r"\text{<img src=x onerror=alert(1)>}")
@example(r"\color{red;background:url(x)}{x}")
@example(r"\begin{array}{c}<\end{array}")
def test_whatever_is_written_only_formulas_come_out(latex):
    drawn = mathml(latex, display=True)
    Page(f'<html lang="en">{drawn}</html>')
    found = set(re.findall(r"<(\w+)", drawn))
    assert found <= TAGS or found == {"code"}
    assert "url(" not in re.sub(r">[^<]*<", "><", drawn)


def test_the_application_of_a_function_is_not_spelt_out():
    drawn = mathml(r"\log p")
    assert "&#x2061;" in drawn
    assert "u2061" not in drawn
