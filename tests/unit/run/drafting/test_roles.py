r"""What a statement is."""

import pytest

from gradcheck_cli.run.drafting.habits import habits
from gradcheck_cli.run.drafting.roles import read, upright
from gradcheck_cli.run.drafting.statements import read as statements
from gradcheck_cli.text import Source


@pytest.mark.parametrize(
    ("latex", "role", "target"),
    [
        ("Y = XW", "definition", "Y"),
        (r"y_i = \sum_k W_{ik} x_k", "definition", "y"),
        ("f(x) = x^2", "definition", "f"),
        (r"s^2 = \frac1n x^\top x", "definition", "s"),
        ("r = 8", "setting", "r"),
        ("j = i", "setting", "j"),
        (r"\frac{\partial L}{\partial W}^\top = Y^\top X", "gradient", "W"),
        (r"\nabla_{W_1} L = X", "gradient", "W_1"),
        (r"dL = tr(G^\top dX)", "differential", "L"),
        (r"dY = (dA) B", "tangent", "Y"),
        (r"2 s ds = x^\top dx", "differential", ""),
        (r"\frac{\partial y}{\partial x} = y (1 - y)", "derivative", "x"),
        (r"\sigma'(x) = \sigma(x) (1 - \sigma(x))", "derivative", "x"),
        ("tr(AB) = tr(BA)", "identity", ""),
        (r"A_{t+1} = A_t - \eta \frac{\partial L}{\partial A_t}", "update", "A_next"),
    ],
)
def test_roles(latex, role, target):
    document = statements(Source("a.md", f"${latex}$"))
    reading = read(document.statements[0], habits(document))
    assert (reading.role, reading.target, reading.trouble) == (role, target, "")


def test_what_cannot_be_read_says_why():
    document = statements(Source("a.md", r"$\frac{\partial L}{\partial x} = \int x$"))
    reading = read(document.statements[0], habits(document))
    assert (reading.role, reading.trouble) == ("gradient", "integrals are not judged")


@pytest.mark.parametrize(
    ("latex", "clear"),
    [
        ("dX = dY", r"\mathrm{d}X = \mathrm{d}Y"),
        (r"d\mathbf{x} = \sqrt{d}", r"\mathrm{d}\mathbf{x} = \sqrt{d}"),
        (r"diag(x) = \odot", r"diag(x) = \odot"),
        ("Q = K / d", "Q = K / d"),
    ],
)
def test_upright(latex, clear):
    (statement,) = statements(Source("a.md", f"${latex}$")).statements
    changed = upright(statement)
    assert changed.latex == clear
    assert changed.quote == (latex if clear != latex else "")
