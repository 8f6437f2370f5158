"""What writeups state of shapes."""

import pytest

from gradcheck_cli.run.drafting.facts import find
from gradcheck_cli.run.drafting.habits import habits
from gradcheck_cli.run.drafting.statements import read
from gradcheck_cli.text import Source


def facts(text, name="a.md"):
    source = Source(name, text)
    document = read(source)
    return find(document, source, habits(document))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (r"$X\in\mathbb R^{m\times n}$", {"X": ("m", "n")}),
        (
            r"$A, B \in \mathbb{R}^{n \times r}, v \in \mathbb R^n$",
            {"A": ("n", "r"), "B": ("n", "r"), "v": ("n",)},
        ),
        (r"$W = W_0 + AB,\qquad A\in\mathbb{R}^{n\times r}$", {"A": ("n", "r")}),
        (r"$Z=XA\in\mathbb{R}^{b\times r}$", {"Z": ("b", "r")}),
        (r"$s \in \mathbb R$", {"s": ()}),
        (r"$u \in \mathbb R^{m \times 1}$", {"u": ("m", "1")}),
        ("weights W ∈ R^{d×k} and x ∈ ℝ^k", {"W": ("d", "k"), "x": ("k",)}),
        ("a matrix X of shape (m, n) here", {"X": ("m", "n")}),
        (
            r"The shape of $\mathbf{Q}, \mathbf{K}$ is $(n, h, l, d)$.",
            {"Q": ("n", "h", "l", "d"), "K": ("n", "h", "l", "d")},
        ),
        (r"$\frac{\partial L}{\partial W} \in \mathbb R^{n\times m}$", {}),
        (r"$i \in \{1, \dots, n\}$", {}),
        ("Bread is good with milk (a, b)", {}),
    ],
)
def test_shapes(text, found):
    assert {s.name: s.dims for s in facts(text).shapes} == found


def test_laws():
    assert [(law.name, law.law) for law in facts(r"$u,v\sim\mathcal{N}(0,1)$").laws] == [
        ("u", "normal"),
        ("v", "normal"),
    ]
    assert facts(r"$u\sim\mathcal{N}(0,4)$").laws == ()


def test_code_is_no_prose():
    assert facts("```\nW ∈ R^{d×k}\n```\n").shapes == ()
