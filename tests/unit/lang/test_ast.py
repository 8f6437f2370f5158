"""The tree: equality without places, children in the order of writing, walking without recursion."""

import dataclasses
from fractions import Fraction

import pytest

from gradcheck_cli.lang import ast
from gradcheck_cli.lang.plain import parse_equation, parse_expression
from gradcheck_cli.text import Text


def parse(text: str) -> ast.Expr:
    return parse_expression(Text.whole("f", text))


def test_places_are_carried_and_never_compared():
    one, two = parse("a + b"), parse("  a  +  b")
    assert one == two
    assert hash(one) == hash(two)
    assert one.span != two.span
    assert one.at(None) == one
    assert one.at(None).span is None


@pytest.mark.parametrize(
    "text", ["a + b", "a - c", "b + a", "a * b", "-a", "a.T", "a.mT", "a[0]", "sum(a)", "sum[i](a[i])"]
)
def test_different_trees_differ(text):
    others = {"a + b", "a - c", "b + a", "a * b", "-a", "a.T", "a.mT", "a[0]", "sum(a)", "sum[i](a[i])"} - {
        text
    }
    assert all(parse(text) != parse(other) for other in others)


def test_nodes_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        parse("a").id = "b"


@pytest.mark.parametrize(
    ("text", "below"),
    [
        ("1", []),
        ("-x", ["x"]),
        ("a @ b", ["a", "b"]),
        ("a.T", ["a"]),
        ("a[i, 1:n]", ["a", "i", "1:n"]),
        ("(a, b)", ["a", "b"]),
        ("clip(a, b, high=c)", ["a", "b", "high=c"]),
        ("sum[i, j](a[i, j])", ["i", "j", "a[i, j]"]),
    ],
)
def test_children_stand_in_the_order_of_writing(text, below):
    assert [c.span.text for c in ast.children(parse(text))] == below


def test_a_slice_has_only_the_parts_that_stand_there():
    (item,) = parse("x[:n]").items
    assert [c.span.text for c in ast.children(item)] == ["n"]


def test_walk_visits_parents_first_and_everything_once():
    tree = parse("f_ + sum(a[i, 1:2] * -b.T, axis=(0, 1))")
    found = list(ast.walk(tree))
    assert found[0] is tree
    starts = {id(n): i for i, n in enumerate(found)}
    assert len(starts) == len(found)
    for node in found:
        for child in ast.children(node):
            assert starts[id(child)] > starts[id(node)]
    assert [n.id for n in found if isinstance(n, ast.Name)] == ["f_", "a", "i", "b"]
    assert [n.value for n in found if isinstance(n, ast.Number)] == [1, 2, 0, 1]


def test_walk_needs_no_recursion():
    tree: ast.Expr = ast.Name("x")
    for _ in range(100_000):
        tree = ast.Negative(tree)
    assert sum(1 for _ in ast.walk(tree)) == 100_001


def test_numbers_are_exact():
    assert parse("0.044715") == ast.Number(Fraction(8943, 200_000))
    assert parse("1e-5") == ast.Number(Fraction(1, 100_000))
    assert parse("0.1").value * 3 == Fraction(3, 10)


def test_an_equation_holds_all_its_sides():
    equation = parse_equation(Text.whole("f", "a = b = c"))
    assert [s.span.text for s in ast.children(equation)] == ["a", "b", "c"]
    assert equation.span.text == "a = b = c"
