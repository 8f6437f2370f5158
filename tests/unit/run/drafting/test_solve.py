"""Shapes that make an operator fit."""

import pytest

from gradcheck_cli.run.drafting import roles
from gradcheck_cli.run.drafting.conventions import complete
from gradcheck_cli.run.drafting.facts import find
from gradcheck_cli.run.drafting.grouping import group
from gradcheck_cli.run.drafting.habits import habits
from gradcheck_cli.run.drafting.solve import KEPT, solve
from gradcheck_cli.run.drafting.statements import read
from gradcheck_cli.text import Source


def solved(text):
    """The solutions for the first operator of a text."""
    source = Source("a.md", text)
    document = read(source)
    ways = habits(document)
    facts = find(document, source, ways)
    readings = [roles.read(s, ways) for s in document.statements]
    sizes = roles.sizes(readings, facts)
    found, _ = group([r.without(sizes) for r in readings], ways)
    complete(found[0])
    return solve(found[0], facts, ways, sizes)


@pytest.mark.parametrize(
    ("text", "shapes"),
    [
        (r"$Y = XW + b$", {"X": ("m", "n"), "W": ("n", "k"), "b": ("k",)}),
        (r"$\mathbf y = W \mathbf x$", {"W": ("m", "n"), "x": ("n",)}),
        (r"$S = Q K^\top / \sqrt{d}$", {"Q": ("m", "d"), "K": ("n", "d")}),
        (r"$s = \frac{1}{n} \|\mathbf x\|^2$", {"x": ("n",)}),
        (r"$y = \sum_{i=1}^N w_i x_i$", {"w": ("N",), "x": ("N",)}),
        (r"$y = \gamma \hat x + \beta$, $\hat x = (x - \mu) / \sigma$", {"gamma": ("n",), "x": ("n",), "beta": ("n",)}),
        (r"$y = x + \epsilon$", {"x": ("n",), "epsilon": ()}),
        (r"$c_i = \sum_j A_{ij} b_j$", {"A": ("m", "n"), "b": ("n",)}),
        (r"$Y = XW$ with $X \in \mathbb R^{b\times n}$", {"X": ("b", "n"), "W": ("n", "m")}),
    ],
)  # fmt: skip
def test_shapes(text, shapes):
    assert dict(solved(text)[0].shapes) == shapes


def test_what_is_stated_is_told_from_what_is_not():
    best = solved("One\n\n$X \\in \\mathbb R^{b\\times n}$ and $Y = XW$")[0]
    assert best.stated == {"X": 3}


def test_a_size_that_is_only_named_in_a_formula_is_guessed():
    assert solved(r"$s = \frac{1}{n} \|\mathbf x\|^2$")[0].guessed == {"n": "assumed"}


def test_the_best_few_come_first():
    found = solved(r"$y = a b c$, $\nabla_a L = \nabla_y L \odot b$")
    assert 1 <= len(found) <= KEPT
    assert [s.cost for s in found] == sorted(s.cost for s in found)
