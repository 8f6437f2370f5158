"""Every formula of a writeup is classified, whatever spec it is about and wherever that lies."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.report.audit import Audit, percentage
from gradcheck_cli.run.audit import Request, audit
from gradcheck_cli.run.options import Options
from gradcheck_cli.run.pipeline import run

POST = r"""# Attention

Let $X \in \mathbb{R}^{n\times m}$ and $W \in \mathbb R^{m\times k}$, with $m = 8$.

$$Y = X W$$

Then $\frac{\partial L}{\partial X} = \frac{\partial L}{\partial Y} W^\top$ and

$$\frac{\partial L}{\partial W} = X \frac{\partial L}{\partial Y}$$

where $Z = W X$ is something else, $x \to \infty$, $\theta \in \Theta$, and $L$ the loss.

The bias is added last.
"""
SPEC = r"""operator: linear
source: post.md
inputs: {X: [n, m], W: [m, k]}
forward: {Y: X @ W}
claims:
  - id: dX
    gradient: $\frac{\partial L}{\partial X} = \frac{\partial L}{\partial Y} W^\top$
  - id: dW
    gradient: $\frac{\partial L}{\partial W} = X \frac{\partial L}{\partial Y}$
    expect: shape-mismatch
    correction: dW = X.T @ dY
  - {id: prose, identity: Y = X @ W, quote: The bias is added last}
  - {id: free, gradient: dW = X.T @ dY}
"""


def audited(folder: Path, *writeups: str, specs: tuple[str, ...] = (), sources: Path | None = None) -> Audit:
    options = Options(settings=Settings("differences", draws=1), sources=sources, diagnose="off")
    request = Request(tuple(map(Path, writeups)), tuple(map(Path, specs)))
    return audit(request, options, folder, lambda chosen: run(chosen, folder))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "specs").mkdir()
    (tmp_path / "post.md").write_text(POST)
    (tmp_path / "specs" / "linear.yaml").write_text(SPEC)
    return tmp_path


def states(result: Audit) -> list[tuple[int, str, str]]:
    (document,) = result.documents
    return [(f.found.shown.line, f.state, f.verdict or f.reason) for f in document.formulas]


def test_every_formula_has_a_state(folder: Path) -> None:
    result = audited(folder, "post.md")
    assert result.status == 0
    assert states(result) == [
        (3, "definition", "the shape of `X`, operator linear"),
        (3, "definition", "the shape of `W`, operator linear"),
        (3, "unjudged", "sets a symbol to a number"),
        (5, "definition", "`Y` of `forward`, operator linear"),
        (7, "claim", "holds"),
        (9, "claim", "shape-mismatch"),
        (11, "uncovered", ""),
        (11, "unjudged", "an approximation or a conclusion"),
        (11, "unjudged", "says what kind of thing a symbol is"),
        (11, "unjudged", "a symbol or an expression"),
    ]
    (document,) = result.documents
    assert (document.covered, document.judgeable) == (5, 6)
    assert [c.claim.id for c in document.beside] == ["prose", "free"]
    assert document.specs == ("specs/linear.yaml",)
    assert [f.found.shown.line for f in document.wrong] == [9]


@pytest.mark.parametrize("document", ["post.md", "notes/post.md"])
def test_a_spec_is_about_the_file_that_it_names(folder: Path, document: str) -> None:
    (folder / "notes").mkdir()
    (folder / "notes" / "post.md").write_text(POST.replace("Attention", "Notes"))
    (folder / "specs" / "linear.yaml").write_text(SPEC.replace("source: post.md", f"source: {document}"))
    result = audited(folder, "notes/post.md")
    assert len(result.result.claims) == 4  # found by name, as many folders above as the spec gives
    beside = folder / "specs" / "notes"
    beside.mkdir()
    (beside / "post.md").write_text(POST)
    (folder / "specs" / "post.md").write_text(POST)
    result = audited(folder, "notes/post.md")
    assert result.result.claims == ()  # the document that lies beside the spec is another file
    assert (result.status, result.documents[0].count("uncovered")) == (0, 4)


def test_sources_say_where_the_documents_are(folder: Path) -> None:
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "post.md").write_text(POST)
    assert len(audited(folder, "elsewhere/post.md", sources=elsewhere).result.claims) == 4


def test_a_writeup_with_its_own_spec(folder: Path) -> None:
    block = SPEC.replace("source: post.md\n", "")
    (folder / "own.md").write_text(f"{POST}\n```gradcheck\n{block}```\n")
    result = audited(folder, "own.md")
    assert [c.spec for c in result.result.claims] == ["own.md"] * 4
    assert [f[1] for f in states(result)].count("claim") == 2


def test_a_notebook_is_audited_cell_by_cell(folder: Path) -> None:
    cells = [
        {"cell_type": "markdown", "source": ["Hello $x$\n"]},
        {"cell_type": "markdown", "source": POST.splitlines(keepends=True)},
        {
            "cell_type": "code",
            "source": ["%%gradcheck\n", *SPEC.replace("source: post.md\n", "").splitlines(True)],
        },
    ]
    (folder / "post.ipynb").write_text(json.dumps({"cells": cells}))
    result = audited(folder, "post.ipynb")
    assert not result.result.problems
    claims = [f for f in result.documents[0].formulas if f.state == "claim"]
    assert [(f.found.cell, f.found.shown.line, f.verdict) for f in claims] == [
        (2, 7, "holds"),
        (2, 9, "shape-mismatch"),
    ]


def test_folders_give_the_writeups_that_hold_something(folder: Path) -> None:
    (folder / "notes").mkdir()
    (folder / "notes" / "readme.md").write_text("Nothing.\n")
    (folder / "notes" / "a.tex").write_text("We have $y = x$.\n")
    (folder / "notes" / ".hidden").mkdir()
    (folder / "notes" / ".hidden" / "b.tex").write_text("$y = x$\n")
    assert [d.file for d in audited(folder, "notes").documents] == ["notes/a.tex"]
    assert [d.file for d in audited(folder, "notes/readme.md").documents] == ["notes/readme.md"]


def test_what_cannot_be_read_is_told(folder: Path) -> None:
    result = audited(folder, "post.md", "lost.md")
    assert [(p.message, p.file) for p in result.result.problems] == [("this file does not exist", "lost.md")]
    assert result.status == 2
    (folder / "specs" / "broken.yaml").write_text("operator: [\n")
    result = audited(folder, "post.md")
    assert result.status == 2
    assert result.result.problems[0].span.source.name == "specs/broken.yaml"
    assert len(result.result.claims) == 4


def test_claims_of_other_writeups_are_left_out(folder: Path) -> None:
    other = SPEC.replace("post.md", "other.md").replace("id: ", "id: other-")
    (folder / "specs" / "linear.yaml").write_text(f"{SPEC}---\n{other}")
    assert [c.claim.id for c in audited(folder, "post.md").result.claims] == ["dX", "dW", "prose", "free"]


@pytest.mark.parametrize(
    "formula",
    [
        r"\frac{",
        "}" * 50,
        "{" * 200 + "=" + "}" * 200,
        "= " * 500,
        r"\begin{aligned} = \end{aligned}",
        r"Y = \sum",
    ],
)
def test_broken_formulas_are_not_covered_and_cost_nothing(folder: Path, formula: str) -> None:
    (folder / "post.md").write_text(f"{POST}\n\n$${formula}$$\n")
    result = audited(folder, "post.md")
    assert result.status == 0
    assert states(result)[-1][1] in {"uncovered", "unjudged"}


def test_percentages_do_not_flatter() -> None:
    cases = [(0, 0), (0, 5), (1, 1000), (999, 1000), (1, 2), (5, 5)]
    assert [percentage(*c) for c in cases] == ["–", "0 %", "1 %", "99 %", "50 %", "100 %"]
