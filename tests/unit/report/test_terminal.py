"""The report at a terminal: order, width, and that nothing in a spec is taken for markup.

Whole reports stand in `tests/golden`.
"""

from dataclasses import replace
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.cells import cell_len
from rich.console import Console

from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.report import terminal
from gradcheck_cli.report.result import Crash, RunResult
from gradcheck_cli.run.options import Options
from gradcheck_cli.run.pipeline import run
from gradcheck_cli.text import Problem

GOLDEN = Path(__file__).parents[2] / "golden"


@pytest.fixture(scope="module")
def every():
    return run(Options((Path(),), Settings("differences", draws=1)), GOLDEN / "every_verdict")


@pytest.fixture(scope="module")
def awkward():
    return run(Options((Path(),), Settings("differences", draws=1)), GOLDEN / "awkward_text")


def crashed(every):
    span = every.claims[0].claim.span
    return replace(
        every, crashes=(Crash("a.yaml", "right", span, "ValueError: bad [/x]", "Traceback\n  line"),)
    )


def test_order(every):
    text = terminal.render(crashed(every)).plain
    parts = [
        "internal error: ValueError: bad [/x]",
        "error: a spec needs the key `claims`",
        "error: `dz` is unknown",
        "error[GC001] wrong",
        "error[GC002] shape-mismatch",
        "error[GC003] undecided",
        "error[GC004] unexpectedly-right",
        "error[GC005] bad-correction",
        "2 known errors found again",
        "source     claims",
        "✗ 5 claims of 8 not as expected; 3 problems in the specs; 1 internal error\n",
    ]
    places = [text.index(part) for part in parts]
    assert places == sorted(places)
    assert text.endswith(parts[-1])


def test_crash(every):
    result = RunResult(crashes=crashed(every).crashes)
    assert terminal.render(result).plain == (
        "internal error: ValueError: bad [/x]\n"
        "  --> a.yaml:9:5 (right)\n"
        "   = this is a fault of gradcheck, not of the claim; please report it\n"
        "\n"
        "✗ 1 internal error\n"
    )
    assert "   | Traceback\n   |   line\n" in terminal.render(result, verbosity=1).plain


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (RunResult(), "✓ nothing to check\n"),
        (RunResult(unmatched="[/x]"), "error: no claim matches `-k [/x]`\n"),
        (RunResult(interrupted=3), "✗ nothing to check; interrupted: 3 claims not judged\n"),
        (
            RunResult(bundled=True),
            "There are no specs here: these are the audited sources that come with gradcheck.\n"
            "✓ nothing to check\n",
        ),
        (
            RunResult(problems=(Problem("a [b]\x1b[31m", file="x\ny.yaml", help="[/c]"),)),
            "error: a [b]\\x1b[31m\n  --> x\\x0ay.yaml\n   = help: [/c]\n\n✗ 1 problem in the specs\n",
        ),
    ],
)
def test_summary(result, said):
    assert terminal.render(result).plain == said


def test_quiet_says_nothing_where_all_is_well(every):
    assert terminal.render(RunResult(claims=every.known_errors), verbosity=-1).plain == ""
    quiet = terminal.render(every, verbosity=-1).plain
    assert "known error" not in quiet
    assert "error[GC001]" in quiet
    assert quiet.endswith("✗ 5 claims of 8 not as expected; 3 problems in the specs\n")


def printed(text, **options):
    file = StringIO()
    console = Console(
        file=file, width=200, highlight=False, markup=False, emoji=False, soft_wrap=True, **options
    )
    console.print(text, end="")
    return file.getvalue()


@pytest.mark.parametrize("verbosity", [0, 1])
def test_nothing_in_a_spec_is_taken_for_markup(awkward, verbosity):
    reports = [terminal.render(awkward, verbosity=verbosity), *map(terminal.explain, awkward.claims)]
    text = "".join(printed(r) for r in reports)
    assert text == "".join(r.plain for r in reports)
    for literal in ("[/x]:smile:", "[link=http://x]a[:x:2]", "[red]x[i][/red] \\x1b[31m :smile: 数"):
        assert literal in text
    assert not set("\x1b\u202e\u2066\x07\r") & set(text)


def test_a_note_of_several_lines_stays_readable(awkward):
    assert "  note: a[:x:2] second line \\x1b[2J \\u2066\n" in terminal.explain(awkward.claims[0]).plain


def test_colours_are_ours_alone(awkward):
    text = printed(terminal.render(awkward), force_terminal=True, color_system="standard")
    assert "\x1b[1;31m" in text
    assert "\\x1b" not in text.replace("\\x1b[31m", "")


@pytest.mark.parametrize("width", [30, 60, 100])
def test_one_line_lists_are_cut_to_the_width(awkward, width):
    lines = terminal.render(awkward, width=width).plain.split("\n")
    known = [line for line in lines if line.startswith("✗ 数")]
    assert len(known) == 1
    assert cell_len(known[0]) <= max(width, 44 + 8)
    assert known[0].endswith("…")


@pytest.fixture(scope="module")
def derivation():
    return run(Options((Path(),), Settings("differences", draws=1)), GOLDEN / "derivation")


KNOWN = """\
✗ known           {}
           right  {}
✗ known-sign      {}
           right  {}
"""


@pytest.mark.parametrize(
    ("unicode", "shown"),
    [
        (True, ("∂L/∂B = A ∂L/∂Y", "∂L/∂B = Aᵀ ∂L/∂Y", "∂L/∂B = −Aᵀ ∂L/∂Y", "∂L/∂B = Aᵀ ∂L/∂Y")),
        (
            False,
            (
                r"\frac{\partial L}{\partial B} = A \frac{\partial L}{\partial Y}",
                "dB = A.T @ dY",
                "dB = -(A.T @ dY)",
                "dB = A.T @ dY",
            ),
        ),
    ],
)
def test_claims_in_latex_are_shown_as_mathematics(derivation, unicode, shown):
    text = terminal.render(derivation, unicode=unicode).plain
    assert KNOWN.format(*shown) in text
    assert "✗ wide.2          sum(Y**2) = 2 * sum(Y**2)\n" in text  # as its author wrote it


def test_without_unicode_no_formula_has_a_letter_of_it(derivation):
    reports = [terminal.render(derivation, verbosity=1, unicode=False)]
    reports += [terminal.explain(c, unicode=False) for c in derivation.claims]
    assert not set("".join(r.plain for r in reports)) & set("∂ᵀ⊙Σ−𝟏")


@pytest.mark.parametrize(
    ("encoding", "unicode"),
    [("utf-8", True), ("ascii", False), ("latin-1", False), ("cp437", False), (None, True), ("x", False)],
)
def test_stdout_is_asked_what_it_can_carry(derivation, monkeypatch, encoding, unicode):
    monkeypatch.setattr("sys.stdout", SimpleNamespace(encoding=encoding))
    assert terminal.render(derivation).plain == terminal.render(derivation, unicode=unicode).plain
    claim = derivation.claims[0]
    assert terminal.explain(claim).plain == terminal.explain(claim, unicode=unicode).plain


def test_the_correction_of_a_claim_in_latex_is_printed_to_be_copied(derivation):
    text = terminal.render(derivation, unicode=True).plain
    assert (
        r"   = help: \frac{\partial L}{\partial A} = \frac{\partial L}{\partial Y} B^\top"
        "   (the spec's correction, verified)\n"
        "           in plain text: dA = dY @ B.T\n"
    ) in text
    assert (
        r"   = help: \begin{align} \frac{\partial L}{\partial A} &= \frac{\partial L}{\partial Y} B^\top \\"
        r" &= \left(B \frac{\partial L}{\partial Y}^\top\right)^\top \end{align}"
        "   (the spec's correction, verified)\n"
        "           in plain text: dA = dY @ B.T = (B @ dY.T).T\n"
    ) in text


def test_a_condition_is_told(tmp_path):
    (tmp_path / "s.yaml").write_text(
        "operator: o\ninputs: {A: [n, k], B: [k, m], C: [m, p]}\nforward: {Y: A @ B @ C}\n"
        "claims:\n  - {id: c, cost: flops(A @ B @ C) <= flops(A @ (B @ C))}\n"
    )
    result = run(Options((Path(),), Settings("differences", draws=1)), tmp_path)
    text = terminal.render(result).plain
    assert text.startswith("error[GC007] conditional: true only when m*n*(k + p) <= k*p*(m + n)")
    assert (
        "\n~ conditional flops(A @ B @ C) <= flops(A @ (B @ C))\n  true only when "
        in terminal.explain(result.claims[0]).plain
    )


def test_explain_says_how_latex_was_read(derivation):
    claim = next(c for c in derivation.claims if c.claim.id == "known-sign")
    text = terminal.explain(claim, unicode=True).plain
    assert "\n✗ wrong ∂L/∂B = −Aᵀ ∂L/∂Y\n  in plain text: dB = -(A.T @ dY)\n" in text
    assert (
        "\n✓ holds correction: ∂L/∂B = Aᵀ ∂L/∂Y\n"
        "  in plain text: dB = A.T @ dY\n"
        r"  in LaTeX: \frac{\partial L}{\partial B} = A^\top \frac{\partial L}{\partial Y}"
    ) in text
    assert "in plain text" not in terminal.explain(claim, unicode=False).plain
    claim = next(
        c for c in derivation.claims if c.claim.id == "known"
    )  # shapes do not fit: there is no plain text
    assert (
        "\n✗ shape-mismatch ∂L/∂B = A ∂L/∂Y\n"
        r"  in LaTeX: \frac{\partial L}{\partial B} = A \frac{\partial L}{\partial Y}"
    ) in terminal.explain(claim, unicode=True).plain
