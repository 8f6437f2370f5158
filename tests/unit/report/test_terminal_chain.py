"""Derivations step by step: which lines are shown, what is said beside them, and where they are cut."""

from itertools import pairwise

import pytest
from rich.cells import cell_len
from rich.text import Text

from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.report import terminal
from gradcheck_cli.report.terminal_chain import ROWS, chain, rows
from gradcheck_cli.report.terminal_pen import Page
from gradcheck_cli.run.options import Options
from gradcheck_cli.run.pipeline import run

OPERATOR = """\
operator: o
inputs: {A: [n, k], B: [k, m], W_1: [n, m]}
forward: {Y: A @ B * W_1}
claims:
  - """


def drawn(folder, claim, width=100, unicode=True):
    """The chain of one claim."""
    (folder / "s.yaml").write_text(OPERATOR + claim + "\n", encoding="utf-8")
    result = run(Options((folder,), Settings("differences", draws=1), diagnose="off"), folder)
    assert not result.problems
    (found,) = result.claims
    out = Text()
    chain(out, found, Page(width, unicode), "   = ")
    return out.plain


HEAD = "   = the derivation, step by step (each line against the one above):\n"


@pytest.mark.parametrize(
    ("claim", "lines"),
    [
        (
            "{id: [a, bb, c], gradient: dW_1 = dY * (A @ B) = 2 * dY * (A @ B) = 2 * (A @ B) * dY}",
            """\
       ✓ a   dW_1 = dY * (A @ B)
       ✗ bb       = 2 * dY * (A @ B)   ← first wrong step
       ✓ c        = 2 * (A @ B) * dY
""",
        ),
        (
            "gradient: dW_1 = dY * (A @ B) = 2 * dY * (A @ B) = dY * (A @ B)",
            """\
       ✓ 1  dW_1 = dY * (A @ B)
       ✗ 2       = 2 * dY * (A @ B)   ← first wrong step
       ✗ 3       = dY * (A @ B)
""",
        ),
        (
            "gradient: dW_1 = dY * (A @ B) = dY * (B @ A) = (A @ B) * dY = sum(dY)",
            """\
       ✓ 1  dW_1 = dY * (A @ B)
       ✗ 2       = dY * (B @ A)   ← first wrong step: the shapes do not fit
       ✗ 3       = A @ B * dY   ← the line above has no shape
       ✗ 4       = sum(dY)   ← the shapes do not fit
""",
        ),
        (
            "{gradient: dW_1 = 2 * dY * (A @ B) = dY, expect: [wrong, holds]}",
            """\
       ✗ 1  dW_1 = 2 * dY * (A @ B)   ← first wrong step, as the spec expects
       ✗ 2       = dY
""",
        ),
        (
            "{gradient: dW_1 = dY * (A @ B) / 0 * 0 = dY * (A @ B) = dY}",
            """\
       ? 1  dW_1 = dY * (A @ B) / 0 * 0   ← undecided
       ? 2       = dY * (A @ B)   ← undecided
       ✗ 3       = dY   ← first wrong step
""",
        ),
        (
            "gradient: dW_1 = dY * (A @ B) = (A @ B) * dY",
            """\
       ✓ 1  dW_1 = dY * (A @ B)
       ✓ 2       = A @ B * dY
""",
        ),
        (
            "identity: 'sum(A @ B * W_1) + 0 * sum(A) = sum(Y) = sum(Y * 1)'",
            """\
            sum(A @ B * W_1) + 0 * sum(A)
       ✓ 1    = sum(Y)
       ✓ 2    = sum(Y * 1)
""",
        ),
        (
            "property: 0 <= sum(A**2) < 0 * n",
            """\
       ✓ 1  0 <= sum(A**2)
       ✗ 2    < 0 * n   ← first wrong step
""",
        ),
        (
            "cost: flops(A @ B) <= flops(B.T @ B) < flops(A @ B)",
            """\
       ~ 1  flops(A @ B) <= flops(B.T @ B)   ← first wrong step: true only under a condition
       ~ 2               < flops(A @ B)   ← true only under a condition
""",
        ),
    ],
    ids=[
        "middle",
        "two-wrong",
        "shapes",
        "expected",
        "undecided",
        "all-right",
        "wide-left",
        "property",
        "cost",
    ],
)
def test_plain_text(tmp_path, claim, lines):
    assert drawn(tmp_path, claim) == HEAD + lines


ALIGN = r"""id: display
    gradient: |
      \begin{align}
        \nabla_{W_1} L &= \frac{\partial L}{\partial Y} \odot AB \\
          &= -AB \odot \frac{\partial L}{\partial Y} \\
          &= {}
      \end{align}"""


@pytest.mark.parametrize(
    ("last", "unicode", "lines"),
    [
        (
            r"AB \odot \frac{\partial L}{\partial Y}",
            True,
            """\
       ✓ 1  ∂L/∂W₁ = ∂L/∂Y ⊙ (A B)
       ✗ 2         = −(A B) ⊙ ∂L/∂Y   ← first wrong step
       ✗ 3         = (A B) ⊙ ∂L/∂Y
""",
        ),
        (
            r"-AB \odot \frac{\partial L}{\partial Y}",
            False,
            """\
       ✓ 1  dW_1 = dY * (A @ B)
       ✗ 2       = -(A @ B * dY)   ← first wrong step
       ✓ 3       = -(A @ B * dY)
""",
        ),
        (
            r"BA \odot \frac{\partial L}{\partial Y}",
            True,
            """\
       ✓ 1  ∂L/∂W₁ = ∂L/∂Y ⊙ A B
       ✗ 2         = −A B ⊙ ∂L/∂Y   ← first wrong step
       ✗ 3         = B A ⊙ ∂L/∂Y   ← the shapes do not fit
""",
        ),
    ],
    ids=["mathematics", "plain", "shapes"],
)
def test_latex(tmp_path, last, unicode, lines):
    claim = ALIGN.replace("{}", last)
    assert drawn(tmp_path, claim, unicode=unicode) == HEAD + lines


def test_nothing_is_taken_for_markup(tmp_path):
    claim = "{id: ['[red]', ':x:'], gradient: 'dW_1[red, x] = (A @ B)[red, x] * dY[red, x] = dY[red, x] * Y[red, x:x]', expect: wrong}"
    claim = claim.replace(" * Y[red, x:x]", "")
    assert drawn(tmp_path, claim) == HEAD + (
        "       ✓ [red]  dW_1[red, x] = (A @ B)[red, x] * dY[red, x]\n"
        "       ✗ :x:                 = dY[red, x]   ← first wrong step\n"
    )


def test_long_steps_are_cut_and_the_note_stays(tmp_path):
    claim = "gradient: dW_1 = dY * (A @ B) = " + " + ".join(["dY * (A @ B)"] * 20)
    lines = drawn(tmp_path, claim, width=80).splitlines()
    assert [cell_len(line) <= 80 for line in lines] == [True] * 3
    assert lines[-1].endswith("…   ← first wrong step")


def test_long_ids_are_cut(tmp_path):
    claim = f"{{id: [{'a' * 50}, b], gradient: dW_1 = dY * (A @ B) = dY}}"
    first, second = drawn(tmp_path, claim).splitlines()[1:]
    assert cell_len(first.split(" dW_1")[0]) <= 9 + 24 + 1
    assert second.index("= dY") == first.index("= dY")


LONG = "identity: " + " = ".join(["sum(Y)"] * 11 + ["2 * sum(Y)"] * 8 + ["3 * sum(Y)"])


def test_a_long_chain_is_cut_around_its_first_wrong_step(tmp_path):
    assert drawn(tmp_path, LONG) == HEAD + (
        "       ✓  1  sum(Y) = sum(Y)\n"
        "       … 4 more steps, all of which hold\n"
        + "".join(f"       ✓ {n:>2}         = sum(Y)\n" for n in range(6, 11))
        + "       ✗ 11         = 2 * sum(Y)   ← first wrong step\n"
        + "".join(f"       ✓ {n:>2}         = 2 * sum(Y)\n" for n in range(12, 16))
        + "       … 3 more steps, all of which hold\n"
        "       ✗ 19         = 3 * sum(Y)\n"
    )


def test_explain_shows_all_steps(tmp_path):
    drawn(tmp_path, LONG)
    (claim,) = run(Options((tmp_path,), Settings("differences", draws=1), diagnose="off"), tmp_path).claims
    text = terminal.explain(claim).plain
    assert (
        "  the derivation, step by step (each line against the one above):\n    ✓  1  sum(Y) = sum(Y)\n"
        in text
    )
    assert "\n    ✓ 18         = 2 * sum(Y)\n    ✗ 19         = 3 * sum(Y)\n" in text
    assert "more step" not in text.partition("✓ holds")[0]


@pytest.mark.parametrize("links", range(2, 40))
def test_rows(links):
    for focus in range(links):
        shown = rows(links, focus)
        assert shown == sorted(set(shown))
        assert {0, focus, links - 1} <= set(shown)
        assert len(shown) == links if links <= ROWS else len(shown) <= ROWS + 2
        gaps = [b - a - 1 for a, b in pairwise(shown)]
        assert 1 not in gaps
        assert {focus - 1, focus + 1} & set(range(links)) <= set(shown)
