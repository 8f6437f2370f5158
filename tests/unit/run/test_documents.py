"""Claims are put at their places in the documents, and drift is noticed."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.report.result import RunResult
from gradcheck_cli.report.terminal import render
from gradcheck_cli.run.options import Options
from gradcheck_cli.run.pipeline import run

SPEC = r"""
operator: twice
source: {document: post.md}
inputs: {x: [n]}
forward: {y: 2 * x}
claims:
  - {id: first, gradient: dx = 2 * dy, quote: 'dx = 2\, dy'}
  - {id: 'first:again', gradient: dx = dy * 2, quote: 'dx = 2 dy'}
  - {id: second, gradient: dx = dy + dy, quote: 'dx = 2dy'}
  - {id: third, gradient: dx = 2 * dy, quote: 'dx = 2 dy'}
  - {id: unquoted, gradient: dx = 2 * dy}
"""

POST = "We get $dx = 2 dy$.\n\nAgain: $dx=2\\;dy$.\n"


def checked(folder: Path, sources: Path | None = None, keyword: str | None = None) -> RunResult:
    settings = Settings(oracle="differences", draws=1)
    return run(Options((folder / "spec.yaml",), settings, sources, keyword), folder)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "spec.yaml").write_text(SPEC, encoding="utf-8")
    return tmp_path


def lines(result: RunResult) -> dict[str, int | None]:
    return {c.claim.id: c.place.line if c.place else None for c in result.claims}


def test_equal_quotes_take_successive_places_and_readings_share_one(folder: Path) -> None:
    (folder / "post.md").write_text(POST, encoding="utf-8")
    expected = {"first": 1, "first:again": 1, "second": 3, "third": 3, "unquoted": None}
    assert lines(checked(folder)) == expected
    assert lines(checked(folder, keyword="second")) == {"second": 3}


def test_drift_fails_the_run_and_says_what_is_missing(folder: Path) -> None:
    (folder / "post.md").write_text("We get $dx = 3 dy$.\n", encoding="utf-8")
    result = checked(folder, keyword="second")
    assert result.status == 1
    assert [c.code for c in result.claims] == ["GC006"]
    assert render(result, verbosity=-1).plain == (
        "error[GC006] drift: the formula that the spec quotes no longer stands in its document\n"
        "  --> spec.yaml:9:28 (second)\n"
        "9 |   - {id: second, gradient: dx = dy + dy, quote: 'dx = 2dy'}\n"
        "  |                            ^^^^^^^^^^^^\n"
        "   = not found in post.md: dx = 2dy\n"
        "   = help: quote the formula as it stands there now, and judge that\n"
        "\n"
        "✗ 1 claim of 1 not as expected\n"
    )


def test_without_the_document_claims_are_judged_all_the_same(folder: Path) -> None:
    result = checked(folder)
    assert result.status == 0
    assert set(lines(result).values()) == {None}


def test_sources_must_have_the_document(folder: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "documents"
    elsewhere.mkdir()
    result = checked(folder, sources=elsewhere)
    assert result.status == 2
    assert [p.message for p in result.problems] == [
        f"the document `post.md` is neither beside the spec nor in {elsewhere}"
    ]
    (elsewhere / "post.md").write_text(POST, encoding="utf-8")
    assert checked(folder, sources=elsewhere).status == 0
