"""The commands that a document defines are collected, and put into formulas without losing a place."""

from __future__ import annotations

import time

import pytest

from gradcheck_cli.text import Source, Text
from gradcheck_cli.writeups.expansion import MAX_EXPANDED, expand
from gradcheck_cli.writeups.formulas import find_formulas, find_macros


@pytest.mark.parametrize(
    ("definition", "name", "arity", "default", "body"),
    [
        (r"\newcommand{\R}{\mathbb R}", r"\R", 0, None, r"\mathbb R"),
        (r"\newcommand\R{\mathbb{R}}", r"\R", 0, None, r"\mathbb{R}"),
        (r"\renewcommand*{\vec}[1]{\mathbf{#1}}", r"\vec", 1, None, r"\mathbf{#1}"),
        (
            r"\providecommand{\pd}[2][L]{\frac{\partial #1}{\partial #2}}",
            r"\pd",
            2,
            "L",
            r"\frac{\partial #1}{\partial #2}",
        ),
        (r"\def\pd#1#2{\frac{#1}{#2}}", r"\pd", 2, None, r"\frac{#1}{#2}"),
        (r"\gdef\x{a\}b}", r"\x", 0, None, r"a\}b"),
        (r"\let\a=\alpha", r"\a", 0, None, r"\alpha"),
        (r"\DeclareMathOperator*{\diag}{diag}", r"\diag", 0, None, r"\operatorname{diag}"),
        (r"\DeclarePairedDelimiter{\norm}{\lVert}{\rVert}", r"\norm", 1, None, r"\lVert #1 \rVert"),
    ],
)
def test_definitions(definition: str, name: str, arity: int, default: str | None, body: str) -> None:
    text = f"% \\def\\no{{}}\n {definition} $x$"
    (macro,) = find_macros(Source("a.tex", text))
    assert (macro.name, macro.arity, macro.default, macro.body.value) == (name, arity, default, body)
    assert macro.span.text == definition
    assert macro.body.source.text == text


@pytest.mark.parametrize(
    "text",
    [
        r"\newcommand{\R",
        r"\def\a{b",
        r"\newcommand{R}{a}",
        r"\define\a{b}",
        r"\verb|\def\a{b}|",
        r"\def\a#1x{b}",
    ],
)
def test_what_is_no_definition(text: str) -> None:
    assert find_macros(Source("a.tex", text)) == ()


DEFINED = r"""
\newcommand{\pd}[2][L]{\frac{\partial #1}{\partial #2}}
\def\g{\gamma}\newcommand{\V}{\mathbf}\def\two{\g\g}\def\up#1{\mathbf#1}
"""


@pytest.mark.parametrize(
    ("formula", "expanded"),
    [
        (r"\pd{X} = \pd[y]{W_1}", r"\frac{\partial L}{\partial X} = \frac{\partial y}{\partial W_1}"),
        (r"\pd x", r"\frac{\partial L}{\partial x}"),
        (r"\two x\g_1", r"\gamma\gamma x\gamma_1"),
        (r"\V x", r"\mathbf x"),
        (r"\up x \up{yz}", r"\mathbf x \mathbf yz"),
        (r"\gg \pdx", r"\gg \pdx"),
    ],
)
def test_expansion(formula: str, expanded: str) -> None:
    document = Source("a.tex", DEFINED + f"${formula}$")
    (found,) = find_formulas(document)
    result = expand(found.text, find_macros(document))
    assert result.value == expanded
    assert len(result.places) == len(result.value) + 1
    assert all(found.span.start < p < found.span.end for p in result.places)


def test_places_of_what_is_expanded() -> None:
    document = Source("a.tex", r"\def\a#1{(#1)}$x + \a{y} + z$")
    (found,) = find_formulas(document)
    result = expand(found.text, find_macros(document))
    assert result.value == "x + (y) + z"
    at = document.text.index
    assert [result.places[n] for n in (0, 4, 5, 6, 10)] == [
        at("x +"),
        at(r"\a{y"),
        at("y}"),
        at(r"\a{y"),
        at("z$"),
    ]


def test_a_place_covers_the_call_that_it_comes_from() -> None:
    document = Source(
        "a.tex", r"\def\in#1{(#1)}\newcommand{\out}[2]{\in{#1} \in{#2}}$x + \out{y}{zz} + \in w$"
    )
    (found,) = find_formulas(document)
    result = expand(found.text, find_macros(document))
    assert result.value == "x + (y) (zz) + (w)"

    def written(part: str) -> str:
        at = result.value.index(part)
        return result.span(at, at + len(part)).text

    assert written("zz") == "zz"
    assert written(") (") == r"\out{y}{zz}"
    assert written("(y") == r"\out{y}{zz}"
    assert written("x + ") == "x + "
    assert written("(w") == r"\in w"
    assert result.span(3, 3).text == ""


@pytest.mark.parametrize(
    "definitions",
    [
        r"\def\a{\a}",
        r"\def\a{\b}\def\b{\a\a}",
        "".join(
            rf"\def\{x * 2}{{\{y * 2}\{y * 2}\{y * 2}}}"
            for x, y in zip("abcdefghijklm", "bcdefghijklmn", strict=True)
        )
        + r"\def\a{\aa}",
        r"\def\a#1{#1#1}\def\b{" + r"\a{" * 100 + "x" + "}" * 100 + r"}\let\a\a",
    ],
)
def test_bombs_leave_the_formula_as_it_was(definitions: str) -> None:
    macros = find_macros(Source("a.tex", definitions))
    begun = time.process_time()
    result = expand(Text.whole("f", r"\a{x} + 1"), macros)
    assert time.process_time() - begun < 5
    assert result.value == r"\a{x} + 1" or len(result.value) <= MAX_EXPANDED


def test_markdown_and_html_may_define_commands_too() -> None:
    for name in ("a.md", "a.html"):
        document = Source(name, "$$\\newcommand{\\R}{\\mathbb R}$$ in $x \\in \\R$")
        (found,) = find_formulas(document)
        assert expand(found.text, find_macros(document)).value == "x \\in \\mathbb R"
