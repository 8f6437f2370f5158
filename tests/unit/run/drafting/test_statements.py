r"""The equations of a writeup, one by one."""

from gradcheck_cli.run.drafting.statements import MAX_STATEMENTS, read
from gradcheck_cli.text import Source


def equations(text, name="post.md"):
    return [(s.line, s.latex) for s in read(Source(name, text)).statements]


def test_a_display_holds_several_equations():
    text = "\n$$a = b + c, \\quad d = e$$\n"
    assert equations(text) == [(2, "a = b + c"), (2, "d = e")]


def test_a_chain_over_several_rows_is_one_equation():
    text = "\\begin{align}\nY &= XW \\\\\n  &= X(A + B)\n\\end{align}\n"
    assert equations(text) == [(2, "Y &= XW \\\\ &= X(A + B)")]


def test_rows_have_lines_of_their_own():
    text = "\\begin{align}\nS &= QK \\\\\nO &= SV\n\\end{align}\n"
    assert equations(text) == [(2, "S &= QK"), (3, "O &= SV")]


def test_sides_keep_their_fonts_and_brackets():
    (statement,) = read(
        Source("a.md", r"$\mathbf{O} = \mathbf{AV} = \left(\mathbf{S}\right)\mathbf{V}$")
    ).statements
    assert [side.latex for side in statement.sides] == [
        r"\mathbf{O}",
        r"\mathbf{AV}",
        r"\left(\mathbf{S}\right)\mathbf{V}",
    ]


def test_a_membership_is_cut_off():
    assert equations(r"$Z=XA\in\mathbb{R}^{b\times r}$") == [(1, "Z=XA")]


def test_macros_are_put_in():
    text = "\\newcommand{\\pd}[2]{\\frac{\\partial #1}{\\partial #2}}\n\n$$\\pd{L}{X} = Y$$\n"
    assert equations(text, "a.tex") == [(3, r"\frac{\partial L}{\partial X} = Y")]


def test_a_notebook_says_the_cell():
    import json

    cells = [{"cell_type": "markdown", "metadata": {}, "source": ["text\n", "$a = b$"]}]
    notebook = json.dumps({"cells": cells, "nbformat": 4, "nbformat_minor": 5, "metadata": {}})
    (statement,) = read(Source("a.ipynb", notebook)).statements
    assert statement.place == "cell 1, line 2"


def test_a_broken_formula_spoils_no_other():
    document = read(Source("a.md", "$x = \\unknown\x07 y$ and $c = d$"))
    assert [s.latex for s in document.statements] == ["c = d"]
    assert document.unread == 1


def test_the_number_of_equations_is_bounded():
    document = read(Source("a.md", "$a = b$\n\n" * (MAX_STATEMENTS + 7)))
    assert len(document.statements) == MAX_STATEMENTS
    assert document.skipped == 7


def test_what_a_terminal_would_obey_and_what_is_too_long_is_passed_over():
    long = " + ".join("x" * 900)
    document = read(
        Source("a.md", f"$a = \\text{{b\x07}}$\n\n$a = \\text{{b\u202e}}$\n\n$a = {long}$\n\n$c = d$")
    )
    assert [s.latex for s in document.statements] == ["c = d"]
    assert document.skipped == 3
