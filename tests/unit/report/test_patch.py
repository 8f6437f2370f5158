"""The verified corrections as a patch, which git's own `apply` has to understand."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import pytest

from gradcheck_cli.report.patch import edits, render
from gradcheck_cli.report.result import DiagnosisResult, RunResult, SuggestionResult
from gradcheck_cli.spec.load import load_text
from gradcheck_cli.text import Source, Text
from gradcheck_cli.writeups.fences import find_specs

HEAD = "operator: o\ninputs: {X: [n]}\nforward: {Y: 2 * X}\nclaims:\n"
TEX = r"$\nabla_X L = 3 \nabla_Y L$"


def suggested(claim, text, latex=None):
    right = SuggestionResult(text, latex, None, ("`3` → `2`",), 2)
    return replace(
        claim, diagnoses=(DiagnosisResult(0, "GC102", "a factor", None, "every element", (right,), ()),)
    )


def wrong(made, entry, name="s.yaml", head=HEAD, ids=("c",)):
    return made.results(name, head + entry, dict.fromkeys(ids, made.JUDGED["factor"]))


def test_a_correction_as_a_patch(made):
    claims = wrong(made, "  - {id: c, gradient: dX = 3 * dY, correction: dX = 2 * dY}\n")
    assert render(RunResult(tuple(claims))) == (
        "--- a/s.yaml\n"
        "+++ b/s.yaml\n"
        "@@ -2,4 +2,4 @@\n"
        " inputs: {X: [n]}\n"
        " forward: {Y: 2 * X}\n"
        " claims:\n"
        "-  - {id: c, gradient: dX = 3 * dY, correction: dX = 2 * dY}\n"
        "+  - {id: c, gradient: dX = 2 * dY, correction: dX = 2 * dY}\n"
    )


@pytest.mark.parametrize("end", ["\n", ""], ids=["newline", "none"])
def test_git_applies_it(made, tmp_path, end):
    text = HEAD + "  - {id: c, gradient: dX = 3 * dY}\n  - {id: d, gradient: dX = -dY}" + end
    claims = made.results("s.yaml", text, dict.fromkeys("cd", made.JUDGED["factor"]))
    one, two = (suggested(c, right) for c, right in zip(claims, ("dX = 2 * dY", "dX = dY + dY"), strict=True))
    (tmp_path / "s.yaml").write_text(text)
    patch = render(RunResult((one, two)))
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=patch.encode(), check=True, capture_output=True)
    assert (tmp_path / "s.yaml").read_text() == text.replace("3 * dY", "2 * dY").replace("-dY", "dY + dY")


def test_a_suggestion_serves_where_the_spec_has_no_correction(made):
    (claim,) = wrong(made, "  - {id: c, gradient: dX = 3 * dY}\n")
    assert render(RunResult((claim,))) == ""
    assert "+  - {id: c, gradient: dX = 2 * dY}\n" in render(RunResult((suggested(claim, "dX = 2 * dY"),)))


def test_a_known_error_stays(made):
    (claim,) = wrong(made, "  - {id: c, gradient: dX = 3 * dY, expect: wrong}\n")
    assert render(RunResult((suggested(claim, "dX = 2 * dY"),))) == ""


def test_a_step_of_a_chain_stays(made):
    (claim,) = wrong(made, "  - {id: c, gradient: dX = 2 * dY = 3 * dY}\n", ids=("c.1", "c.2"))
    assert render(RunResult((suggested(claim, "dX = 2 * dY"),))) == ""


def test_a_formula_of_a_writeup_is_mended_in_the_writeup(made):
    head = "source: {document: post.md}\n" + HEAD
    (claim,) = wrong(made, f"  - id: c\n    gradient: {TEX}\n", head=head)
    post = Source("post.md", f"# A post\n\nHere {TEX} is said.\n")
    at = post.text.index(TEX) + 1
    claim = replace(suggested(claim, "dX = 2 * dY", r"\nabla_X L = 2 \nabla_Y L"), document_file="post.md")
    assert render(RunResult((claim,))) == ""  # not in the spec alone
    found = render(RunResult((replace(claim, place=post.span(at, at + len(TEX) - 2)),)))
    assert "+Here $\\nabla_X L = 2 \\nabla_Y L$ is said.\n" in found
    assert "+    gradient: $\\nabla_X L = 2 \\nabla_Y L$\n" in found
    assert found.index("a/post.md") < found.index("a/s.yaml")


@pytest.mark.parametrize(
    "printed",
    [r"\nabla_X L = & 3 \nabla_Y L", r"\grad{X} = 3 \nabla_Y L"],
    ids=["lines", "macros"],
)
def test_a_formula_that_is_written_otherwise_is_left_to_the_author(made, printed):
    head = "source: {document: post.md}\n" + HEAD
    (claim,) = wrong(made, f"  - id: c\n    gradient: {TEX}\n", head=head)
    claim = replace(suggested(claim, "dX = 2 * dY", r"\nabla_X L = 2 \nabla_Y L"), document_file="post.md")
    there = Source("post.md", printed)
    assert edits(RunResult((replace(claim, place=there.span(0, len(printed))),))) == {}


def test_the_lines_of_a_display_are_left_to_the_author(made):
    head = "source: {document: post.md}\n" + HEAD
    lines = r"\nabla_X L &= 3 \nabla_Y L"
    (claim,) = wrong(made, f"  - id: c\n    gradient: ${lines}$\n", head=head)
    claim = replace(suggested(claim, "dX = 2 * dY", r"\nabla_X L = 2 \nabla_Y L"), document_file="post.md")
    there = Source("post.md", lines)
    assert edits(RunResult((replace(claim, place=there.span(0, len(lines))),))) == {}


def test_a_block_in_a_writeup_is_edited_at_its_place(made):
    block = "".join(f"  {line}\n" for line in HEAD.splitlines())
    document = Source("post.md", f"- text\n\n  ```gradcheck\n{block}    - {{gradient: dX = 3 * dY}}\n  ```\n")
    (spec,) = find_specs(document)
    (operator,) = load_text("post.md", spec.source.text).operators
    (claim,) = wrong(made, "  - {id: c, gradient: dX = 3 * dY}\n")
    at = spec.source.text.index("dX = 3")
    value = "dX = 3 * dY"
    formula = replace(claim.claim.formula, text=Text(value, spec.source, range(at, at + len(value) + 1)))
    here = replace(
        claim, spec="post.md", operator=operator, claim=replace(operator.claims[0], formula=formula)
    )
    (edit,) = edits(RunResult((suggested(here, "dX = 2 * dY"),)))["post.md"]
    assert document.text[edit.start : edit.end] == value
    assert edit.source is document


def test_overlapping_edits_are_made_one_at_a_time(made):
    (claim,) = wrong(made, "  - {id: c, gradient: dX = 3 * dY}\n")
    one = suggested(claim, "dX = 2 * dY")
    assert [len(some) for some in edits(RunResult((one, one))).values()] == [1]


@pytest.mark.parametrize("name", ["post.ipynb", "post.html"])
def test_markup_is_left_alone(made, name):
    head = f"source: {{document: {name}}}\n" + HEAD
    (claim,) = wrong(made, f"  - id: c\n    gradient: {TEX}\n", head=head)
    post = Source(name, TEX)
    latex = r"\begin{aligned} \nabla_X L &= 2 \nabla_Y L \end{aligned}"
    claim = replace(
        suggested(claim, "dX = 2 * dY", latex), document_file=name, place=post.span(1, len(TEX) - 1)
    )
    assert edits(RunResult((claim,))) == {}
