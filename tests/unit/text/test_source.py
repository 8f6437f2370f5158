"""Lines, columns and spans; a text that was folded or escaped still points at what was written."""

from hypothesis import given
from hypothesis import strategies as st

from gradcheck_cli.text import Problem, Source, Text, UserError


def test_positions_count_from_one_and_the_end_is_a_place():
    source = Source("f", "ab\n\n😀c")
    assert [source.position(i) for i in range(7)] == [(1, 1), (1, 2), (1, 3), (2, 1), (3, 1), (3, 2), (3, 3)]
    assert [source.line(n) for n in (1, 2, 3)] == ["ab", "", "😀c"]


def test_a_line_has_no_line_end():
    assert Source("f", "ab\r\ncd\r\n").line(1) == "ab"
    assert Source("f", "ab\r\ncd\r\n").line(3) == ""


@given(st.text(st.sampled_from("a\n😀\r"), max_size=30), st.data())
def test_a_position_leads_back_to_the_offset(text, data):
    source = Source("f", text)
    offset = data.draw(st.integers(0, len(text)))
    line, column = source.position(offset)
    lines = text.split("\n")
    assert sum(len(part) + 1 for part in lines[: line - 1]) + column - 1 == offset
    assert source.line(line) == lines[line - 1].rstrip("\r")


def test_spans():
    source = Source("f", "x = y\nz")
    one, two = source.span(0, 1), source.span(4, 5)
    assert (one.to(two).text, two.line, two.column) == ("x = y", 1, 5)
    assert two.to(one).text == "y"


def test_a_text_with_gaps_points_at_what_was_written():
    source = Source("f", "a: 'x''y'")
    text = Text("x'y", source, (4, 5, 7, 8))
    assert text.span(0, 2).text == "x'"
    assert text.span(1, 3).text == "''y"
    assert (text.span(3, 3).start, text.span(3, 3).end) == (8, 8)
    assert text.all.text == "x''y"


def test_a_text_of_its_own():
    text = Text.whole("formula", "dx = y")
    assert text.span(0, 2).text == "dx"
    assert text.all.text == "dx = y"
    assert Text.whole("formula", "").all.text == ""


def test_a_problem_knows_where_it_is():
    assert Problem("m", file="f.yaml").where == "f.yaml"
    assert Problem("m", Source("g", "a\nbc").span(3, 4)).where == "g:2:2"
    assert Problem("m").where == ""
    error = UserError(Problem("one"), Problem("two"))
    assert str(error) == "one; two"
    assert [p.message for p in error.problems] == ["one", "two"]
