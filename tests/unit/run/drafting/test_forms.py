"""Which sizes a formula makes equal."""

import pytest

from gradcheck_cli.lang.latex import parse_latex_equations
from gradcheck_cli.lang.latex_symbols import Symbols
from gradcheck_cli.run.drafting.forms import Reader
from gradcheck_cli.run.drafting.products import Form
from gradcheck_cli.run.drafting.unify import ClashError, Sizes
from gradcheck_cli.text import Text


def read(latex, ranks):
    """The form of a formula, axis by axis as `X0`, the first of the equal axes of the inputs."""
    sizes = Sizes()
    forms = {name: Form(tuple(sizes.fresh() for _ in range(rank))) for name, rank in ranks.items()}
    text = Text.whole("formula", f"$left = {latex}$")
    (equation,) = parse_latex_equations(text, Symbols(frozenset(["left", *ranks]), frozenset({"n"})))
    form = Reader(sizes, forms, frozenset({"n"})).read(equation.sides[1])
    axes = {}
    for name, own in forms.items():
        for axis, size in enumerate(own.sizes):
            axes.setdefault(sizes.find(size), f"{name}{axis}")
    return form and [axes.get(sizes.find(s)) or sizes.name(s) for s in form.sizes]


@pytest.mark.parametrize(
    ("latex", "ranks", "form"),
    [
        ("X W", {"X": 2, "W": 2}, ["X0", "W1"]),
        (r"X^\top W", {"X": 2, "W": 2}, ["X1", "W1"]),
        ("W x", {"W": 2, "x": 1}, ["W0"]),
        (r"x^\top W", {"x": 1, "W": 2}, ["W1"]),
        (r"x^\top y", {"x": 1, "y": 1}, []),
        (r"x y^\top", {"x": 1, "y": 1}, ["x0", "y0"]),
        (r"A \odot B", {"A": 2, "B": 2}, ["A0", "A1"]),
        ("X W + b", {"X": 2, "W": 2, "b": 1}, ["X0", "W1"]),
        (r"softmax(Q K^\top) V", {"Q": 2, "K": 2, "V": 2}, ["Q0", "V1"]),
        (r"\sum_i x_i y_i", {"x": 1, "y": 1}, []),
        ("tr(A B)", {"A": 2, "B": 2}, []),
        ("diag(x)", {"x": 1}, ["x0", "x0"]),
        (r"\|x\|^2 x", {"x": 1}, ["x0"]),
        (r"A \mathbb 1_{n\times 1}", {"A": 2}, ["A0", "1"]),
        ("Q K", {"Q": 4, "K": 4}, ["Q0", "Q1", "Q2", "K3"]),
    ],
)
def test_forms(latex, ranks, form):
    assert read(latex, ranks) == form


def test_a_column_before_a_matrix_is_read_by_elements():
    assert read("x W", {"x": 1, "W": 2}) == ["W0", "x0"]


def test_more_indices_than_axes_clash():
    with pytest.raises(ClashError):
        read("A_{ijk}", {"A": 2})
