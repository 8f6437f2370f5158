"""How a problem looks: the caret under the very characters, and nothing that moves a cursor."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcheck_cli.text import Problem, Source, draw, plain


def drawn(text: str, start: int, end: int, **more: str) -> str:
    return draw(Problem("wrong", Source("f", text).span(start, end), **more))


def test_everything():
    assert drawn("a: x y\n", 3, 6, label="this", help="do that") == (
        "error: wrong\n  --> f:1:4\n1 | a: x y\n  |    ^^^ this\n   = help: do that"
    )


def test_without_a_place():
    assert draw(Problem("wrong")) == "error: wrong"
    assert draw(Problem("wrong", file="f", label="why", help="do")) == (
        "error: wrong\n  --> f\n   = why\n   = help: do"
    )


@pytest.mark.parametrize(
    ("text", "start", "end", "lines"),
    [
        ("ab", 1, 1, "1 | ab\n  |  ^"),  # an empty stretch
        ("ab", 2, 2, "1 | ab\n  |   ^"),  # behind the end
        ("", 0, 0, "1 | \n  | ^"),
        ("ab\ncd", 1, 5, "1 | ab\n  |  ^"),  # of several lines only the first
        ("ab\r\ncd", 4, 6, "2 | cd\n  | ^^"),
        ("中 = x", 4, 5, "1 | 中 = x\n  |      ^"),  # a wide character
        ("中 = x", 0, 1, "1 | 中 = x\n  | ^^"),
        ("e\u0301 = x", 5, 6, "1 | e\u0301 = x\n  |     ^"),  # a combining one
        ("\ta", 1, 2, "1 |  a\n  |  ^"),
        ("\x1b[0m", 0, 1, "1 | \\x1b[0m\n  | ^^^^"),
        ("\n" * 9 + "a", 9, 10, "10 | a\n   | ^"),
    ],
)
def test_excerpts(text, start, end, lines):
    assert drawn(text, start, end).split("\n", 2)[2] == lines


def test_a_long_line_is_cut_around_the_caret():
    text = "x" * 150 + "HERE" + "y" * 150
    _, _, line, caret = drawn(text, 150, 154).split("\n")
    assert line == "1 | …" + "x" * 20 + "HERE" + "y" * 76 + "…"
    assert caret == "  | " + " " * 21 + "^^^^"
    _, _, line, caret = drawn(text, 0, 400).split("\n")
    assert line == "1 | " + "x" * 100 + "…"
    assert caret == "  | " + "^" * 100


def test_control_characters_are_shown_not_sent():
    assert plain("a\x1b[31m\u202eb\n\tc\ud800\u2028") == "a\\x1b[31m\\u202eb\\x0a c\\ud800\\u2028"


@given(st.text(min_size=1, max_size=150), st.data())
def test_any_text_can_be_drawn(text, data):
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    problem = Problem(text, Source(text, text).span(start, end), label=text, help=text)
    lines = draw(problem).split("\n")
    assert len(lines) == 5
    assert "^" in lines[3]
    assert all(unicodedata.category(c) not in {"Cc", "Cf", "Cs"} for line in lines for c in line)
