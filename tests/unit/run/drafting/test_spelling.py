"""What is written has to be read back as the same value."""

import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcheck_cli.run.drafting.spelling import noted, scalar, word
from gradcheck_cli.spec.yaml_tree import Mapping, Scalar, parse
from gradcheck_cli.text import Source

LATEX = st.text("abXY \\{}_^=+-#:'$&,.[]()|>%@`!?*0", min_size=1, max_size=260)


def read(text):
    """The value of the key `key` in a YAML text."""
    tree = parse(Source("t", text))
    assert not tree.problems, tree.problems
    (root,) = tree.documents
    assert isinstance(root, Mapping)
    value = root.get("key")
    assert isinstance(value, Scalar)
    return value.value.strip()


@given(LATEX)
def test_a_formula_comes_back(latex):
    value = " ".join(f"${latex}$".split())
    assert read(f"key: {scalar(value, 0, 5)}\n") == value


@given(st.text(min_size=1, max_size=60))
def test_a_heading_comes_back(text):
    shown = word(text)
    if shown.strip("' "):
        plain = " ".join("".join(c if c.isprintable() else " " for c in text).split())
        assert read(f"key: {shown}\n") == plain


@pytest.mark.parametrize(
    "value", ["no", "Null", "123", "1e5", "0x10", "~", "true", "a: b", "- a", "# a", "1.5"]
)
def test_what_yaml_would_take_for_something_else_is_quoted(value):
    assert word(value) == f"'{value}'"


def test_plain_words_stay_plain():
    assert word("Batch normalisation (line 3)") == "Batch normalisation (line 3)"
    assert word("矩阵乘向量") == "矩阵乘向量"
    assert word("000_post.txt") == "000_post.txt"


def test_a_long_formula_is_folded_with_its_comment_behind_the_mark():
    latex = "$" + " + ".join(["a b"] * 40) + "$"
    row = noted(f"    gradient: {scalar(latex, 4, 14)}", "line 3")
    assert row.startswith("    gradient: >-                        # line 3\n      $a b + a b")
    assert max(map(len, row.splitlines())) <= 100
    assert read(textwrap.dedent(row).replace("gradient", "key") + "\n") == latex
