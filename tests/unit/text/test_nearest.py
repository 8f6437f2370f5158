"""«Did you mean …» finds what was meant and keeps quiet otherwise."""

import pytest

from gradcheck_cli.text import nearest

WORDS = ("gradient", "differential", "softmax", "sum", "W", "x")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("gradent", "gradient"),
        ("gradients", "gradient"),
        ("Softmax", "softmax"),
        ("sofmax", "softmax"),
        ("smu", "sum"),
        ("w", "W"),
        ("X", "x"),
        ("banana", None),
        ("y", None),
        ("", None),
        ("g" * 1000, None),
    ],
)
def test_nearest(name, meant):
    assert nearest(name, WORDS) == meant


def test_the_name_itself_and_overlong_candidates_are_no_answer():
    assert nearest("sum", ["sum"]) is None
    assert nearest("summ", ["s" * 100]) is None


def test_ties_go_to_the_first():
    assert nearest("ab", ["abc", "abd"]) == "abc"
