r"""Formulas printed back in the notation of their source; LaTeX only where it reads back as the same."""

import pytest

from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.run import judged, notation
from gradcheck_cli.run.notation import Notation
from gradcheck_cli.run.options import Options
from gradcheck_cli.run.pipeline import run
from gradcheck_cli.spec.load import load
from gradcheck_cli.spec.typing import type_claim

OPERATOR = """\
operator: o
inputs: {A: [n, k], B: [k, m], x: [n], x_hat: [n], gamma: [n], W_t: [n, m], W_1: [n, m]}
notation: {'W_{t+1}': W_1}
forward: {Y: A @ B + W_t + W_1 * 2, y: x * gamma + x_hat, z: 'dot(x, gamma)'}
output: [Y, y, z]
claims:
  - """


def printed(folder, claim):
    """The notation of a claim, and its correction in LaTeX."""
    file = folder / "s.yaml"
    file.write_text(OPERATOR + claim + "\n", encoding="utf-8")
    spec = load(file)
    assert not spec.problems
    (operator,) = spec.operators
    (found,) = operator.claims
    typed = type_claim(operator, found)
    source = Notation(operator, found, typed)
    right = found.correction and type_claim(operator, found, found.correction)
    return source.pretty(found.formula, typed), right and source.latex(found.correction, right)


def entry(claim, correction, kind="gradient", more=""):
    return f"{kind}: '{claim}'\n    correction: '{correction}'{more}"


@pytest.mark.parametrize(
    ("claim", "correction", "latex"),
    [
        (
            r"$\frac{\partial L}{\partial A} = \frac{\partial L}{\partial Y} B$",
            "dA = dY @ B.T",
            r"\frac{\partial L}{\partial A} = \frac{\partial L}{\partial Y} B^\top",
        ),
        # letters as the source has them, wherever the font ends
        (
            r"$\frac{\partial\mathcal L}{\partial\mathbf A} = \frac{\partial\mathcal L}{\partial\mathbf{Y}} \mathbf{B}$",
            "dA = dY @ B.T",
            r"\frac{\partial \mathcal L}{\partial \mathbf A} = \frac{\partial \mathcal L}{\partial \mathbf{Y}} \mathbf{B}^\top",
        ),
        (
            r"$\frac{\partial \ell}{\partial \boldsymbol{\gamma}} = \bar{\mathbf{y}} \odot \hat{\mathbf{x}}$",
            "dgamma = dy * x_hat",
            r"\frac{\partial \ell}{\partial \boldsymbol{\gamma}} = \frac{\partial \ell}{\partial \mathbf{y}} \odot \hat{\mathbf{x}}",
        ),
        (
            r"$\nabla_{\mathbf{W}_{t+1}} L = \nabla_Y L + W_{t+1} + \mathbf{W}_t$",
            "dW_1 = 2 * dY + 0 * W_t",
            r"\nabla_{\mathbf{W}_{t+1}} L = 2 \nabla_Y L + 0 \mathbf{W}_t",
        ),
        # LaTeX in the spec is printed as it stands, white space folded
        (
            r"$\frac{\partial L}{\partial A} = \frac{\partial L}{\partial Y} B$",
            r"\[ \partial L / \partial A    =  \frac{\partial L}{\partial Y}\, B^{T} \]",
            r"\partial L / \partial A = \frac{\partial L}{\partial Y}\, B^{T}",
        ),
        ("dA = dY @ B", r"$\nabla_A L = \nabla_Y L B^\top$", r"\nabla_A L = \nabla_Y L B^\top"),
        # plain claims have plain corrections
        ("dA = dY @ B", "dA = dY @ B.T", None),
    ],
    ids=["plain", "bold", "accents", "notation", "verbatim", "verbatim-for-plain", "no-latex"],
)
def test_corrections(tmp_path, claim, correction, latex):
    assert printed(tmp_path, entry(claim, correction))[1] == latex


@pytest.mark.parametrize(
    ("claim", "latex"),
    [
        (r"$d\mathbf{Y} = d\mathbf{A} B$", r"d\mathbf{Y} = d\mathbf{A} B + \mathbf{A} dB"),
        (r"$\mathrm{d}Y = \mathrm{d}A\, B$", r"\mathrm{d}Y = \mathrm{d}A B + A \mathrm{d}B"),
    ],
)
def test_differentials_keep_their_d(tmp_path, claim, latex):
    more = "\n    fixed: [W_t, W_1]"
    assert printed(tmp_path, entry(claim, "dY = dA @ B + A @ dB", "differential", more))[1] == latex


def test_a_vector_that_the_claim_defines_is_no_scalar(tmp_path):
    more = "\n    where: {g: dy, h: $\\gamma \\odot g$}"
    pretty, latex = printed(
        tmp_path, entry(r"$\frac{\partial L}{\partial x} = h \odot h$", "dx = h + grad(z) * gamma", more=more)
    )
    assert pretty == ("∂L/∂x", "h ⊙ h")
    assert latex == r"\frac{\partial L}{\partial x} = h + \frac{\partial L}{\partial z} \gamma"


def test_what_does_not_read_back_is_not_printed(tmp_path, monkeypatch):
    claim = entry(r"$\frac{\partial L}{\partial A} = \frac{\partial L}{\partial Y} B$", "dA = dY @ B.T")
    for wrong in (r"\frac{", r"\frac{\partial L}{\partial A} = B", "A = A, B = B", "A"):
        monkeypatch.setattr(notation, "to_latex", lambda *_, wrong=wrong: wrong)
        assert printed(tmp_path, claim)[1] is None


def test_letters_that_do_not_read_back_are_replaced(tmp_path, monkeypatch):
    monkeypatch.setattr(notation, "_lettered", lambda *_: r"\hat{")
    claim = entry(r"$\frac{\partial L}{\partial A} = \frac{\partial L}{\partial Y} B$", "dA = dY @ B.T")
    assert (
        printed(tmp_path, claim)[1] == r"\frac{\partial L}{\partial A} = \frac{\partial L}{\partial Y} B^\top"
    )


def test_only_claims_in_latex_are_shown_as_mathematics(tmp_path):
    assert printed(tmp_path, "gradient: dA = dY @ B.T")[0] is None
    assert printed(tmp_path, r"gradient: $\nabla_A L = \nabla_Y L B^\top$")[0] == ("∂L/∂A", "∂L/∂Y · Bᵀ")


def test_shapes_that_do_not_fit_are_shown_as_printed(tmp_path):
    claim = r"gradient: $\nabla_A L = \nabla_Y L\, B = \left(B \nabla_Y L^\top\right)^\top \odot \mathbf 1$"
    assert printed(tmp_path, claim)[0] == ("∂L/∂A", "∂L/∂Y · B", "(B (∂L/∂Y)ᵀ)ᵀ ⊙ 𝟏")


def test_links_carry_both_notations(tmp_path):
    (tmp_path / "s.yaml").write_text(
        OPERATOR
        + r"gradient: $\nabla_A L = \nabla_Y L B^\top = \left(B \nabla_Y L^\top\right)^\top$"
        + "\n    correction: dA = dY @ B.T\n  - gradient: dA = dY @ B.T\n"
    )
    result = run(Options((tmp_path,), Settings("differences", draws=1)), tmp_path)
    latex, plain = result.claims
    assert [link.shown(unicode=True) for link in latex.links] == [
        ("∂L/∂A", "∂L/∂Y · Bᵀ"),
        ("∂L/∂Y · Bᵀ", "(B (∂L/∂Y)ᵀ)ᵀ"),
    ]
    assert latex.links[1].shown(unicode=False) == ("dY @ B.T", "(B @ dY.T).T")
    assert latex.correction.shown(unicode=True) == ("∂L/∂A", "∂L/∂Y · Bᵀ")
    assert plain.links[0].shown(unicode=True) == ("dA", "dY @ B.T")


def test_the_left_bracket_of_a_side_keeps_its_left(tmp_path):
    (tmp_path / "s.yaml").write_text(OPERATOR + r"gradient: $\nabla_A L = \left(B B\right)^\top$" + "\n")
    (operator,) = load(tmp_path / "s.yaml").operators
    side = operator.claims[0].formula.equation.sides[1]
    assert judged._written(side) == r"\left(B B\right)^\top"
