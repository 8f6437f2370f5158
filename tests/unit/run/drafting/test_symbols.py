r"""How the symbols of LaTeX are called, and which letters are indices."""

import pytest

from gradcheck_cli.run.drafting.habits import habits
from gradcheck_cli.run.drafting.statements import read
from gradcheck_cli.run.drafting.symbols import occurrences
from gradcheck_cli.text import Source


def names(text):
    document = read(Source("a.md", text))
    ways = habits(document)
    return [
        o.name + (f"[{','.join(o.indices)}]" if o.indices else "")
        for side in document.statements[-1].sides
        for o in occurrences(side.tokens, ways)
    ]


@pytest.mark.parametrize(
    ("latex", "found"),
    [
        ("Y = XW", ["Y", "X", "W"]),
        (r"\mathbf{y} = W_1 \mathbf x + b_{\text{in}}", ["y", "W_1", "x", "b_in"]),
        (r"\hat{\mathbf{x}}_i = \gamma_i", ["x_hat[i]", "gamma[i]"]),
        (r"y_i = \sum_k W_{ik} x_k", ["y[i]", "W[i,k]", "x[k]"]),
        (r"A_{t+1} = A_t", ["A_next", "A_t"]),
        (r"dL = tr(X^\top dY)", ["X", "Y"]),
        (r"f(x) = x \sigma(\beta x)", ["f", "x", "x", "beta", "x"]),
        (r"p = softmax(s) + \log t", ["p", "s", "t"]),
        (r"y = e^{-x} + \pi I_n", ["y", "x"]),
        (r"\nabla_{W_1} L = X^T g", ["W_1", "X", "g"]),
        (r"Q = \frac{Q}{\sqrt{d}}", ["Q", "Q", "d"]),
        (r"W_Q = x^{(2)} + W^*", ["W_Q", "x_2", "W_star"]),
        (r"S = \text{scores}(X) = Attention(X)", ["S", "scores", "X", "Attention", "X"]),
    ],
)
def test_names(latex, found):
    assert names(f"${latex}$") == found


def test_a_function_is_one_that_is_defined_so():
    ways = habits(read(Source("a.md", "$f(x) = x^2$ and $W(AB) = C$")))
    assert ways.functions == {"f": "x"}


def test_bold_letters_and_counted_indices_are_remembered():
    ways = habits(read(Source("a.md", r"$\mathbf{y} = A x$, $a_{ij} = b_i$")))
    assert ways.bold == {"y"}
    assert ways.ranks == {"a": 2, "b": 1}


def test_many_accents_cost_nothing():
    assert names("$" + "\\hat{" * 400 + "X" + "}" * 400 + " = Y$") == ["Y"]
