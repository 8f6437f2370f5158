"""Workflow commands, read back as the runner of GitHub Actions reads them."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gradcheck_cli.report import github
from gradcheck_cli.report.result import RunResult
from gradcheck_cli.text import Problem, Source

DATA = Path(__file__).parent / "data"


def read(line):
    """A command as (name, properties, message), as the runner takes it apart; None for any other line."""
    if not line.lstrip().startswith("::"):
        return None
    head, separator, data = line.lstrip()[2:].partition("::")
    assert separator
    name, _, rest = head.partition(" ")
    properties = {}
    for pair in rest.strip().split(","):
        key, _, value = pair.partition("=")
        if value:
            for escaped, char in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
                value = value.replace(escaped, char)
            properties[key] = value
    for escaped, char in (("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        data = data.replace(escaped, char)
    return name, properties, data


def commands(result):
    *lines, summary = github.render(result).splitlines()
    assert summary.startswith("gradcheck: ")
    assert "##[" not in summary
    found = [read(line) for line in lines]
    assert None not in found
    return found


def test_whole_report(made):
    found = github.render(made.everything())
    if os.environ.get("GRADCHECK_GOLDEN") == "write":
        (DATA / "everything.github.txt").write_text(found, encoding="utf-8")
    assert found == (DATA / "everything.github.txt").read_text(encoding="utf-8")


def test_the_worst_comes_first(made):
    found = [(name, p.get("title", "").split(":")[0]) for name, p, _ in commands(made.everything())]
    assert found == [
        ("error", "gradcheck"),  # the crash
        ("error", "gradcheck"),  # three problems
        ("error", "gradcheck"),
        ("error", "gradcheck"),
        ("error", "GC002 shape-mismatch"),
        ("error", "GC002 shape-mismatch"),
        ("error", "GC001 wrong"),
        ("warning", "GC001 wrong"),
        ("error", "GC007 conditional"),
        ("error", "GC005 bad-correction"),
        ("error", "GC004 unexpectedly-right"),
        ("error", "GC003 undecided"),
        ("error", "GC006 drift"),
        ("notice", "gradcheck"),
    ]


def test_what_is_right_has_no_annotation(made):
    fine = tuple(c for c in made.results() if c.ok)
    assert {c.claim.id for c in fine} == {"right", "known", "listed"}
    assert github.render(RunResult(fine)) == (
        "::notice title=gradcheck::1 claim skipped: needs --allow-code\n"
        "gradcheck: ✓ 3 claims: 1 holds, 1 wrong, 1 skipped, each as its spec expects\n"
    )


@pytest.mark.parametrize(
    ("result", "text"),
    [
        (RunResult(), "gradcheck: ✓ nothing to check\n"),
        (RunResult(interrupted=1), "gradcheck: ✗ nothing to check; interrupted: 1 claim not judged\n"),
        (
            RunResult(unmatched="x::y\n##[error]z"),
            "::error title=gradcheck%3A problem in a spec::no claim matches `-k x::y ##[error]z`\n"
            "gradcheck: ✗ no claim matches `-k`\n",
        ),
        (
            RunResult(problems=(Problem("50% of\n`a, b: c`", file="a,b:c%.yaml", help="x"),)),
            "::error file=a%2Cb%3Ac%25.yaml,title=gradcheck%3A problem in a spec::50%25 of `a, b: c`%0Ahelp: x\n"
            "gradcheck: ✗ 1 problem in the specs\n",
        ),
    ],
    ids=["empty", "interrupted", "unmatched", "problem"],
)
def test_small_runs(result, text):
    assert github.render(result) == text


def test_a_place_over_several_lines_has_no_columns():
    source = Source("a.yaml", "ab\ncd\nef\n")
    result = RunResult(problems=(Problem("p", source.span(1, 7)), Problem("q", source.span(4, 4))))
    (_, first, _), (_, second, _) = commands(result)
    assert first == {"file": "a.yaml", "line": "1", "endLine": "3", "title": "gradcheck: problem in a spec"}
    assert (second["line"], second["col"], second["endLine"], second["endColumn"]) == ("2", "2", "2", "2")


def test_the_document_is_named_from_the_folder_of_its_spec(made):
    (claim,) = (c for c in made.results() if c.claim.id == "factor")
    assert [p["file"] for _, p, _ in commands(RunResult((claim,)))] == ["specs/a.yaml", "specs/post.md"]
    moved = replace(claim, document_file="docs/post.md")
    assert [p["file"] for _, p, _ in commands(RunResult((moved,)))] == ["specs/a.yaml", "docs/post.md"]


def test_a_block_in_a_writeup_is_annotated_once(made):
    (claim,) = (c for c in made.results("post.md") if c.claim.id == "factor")
    assert [p["file"] for _, p, _ in commands(RunResult((claim,)))] == ["post.md"]


def test_escapes():
    assert github._data("a%0A\r\n:,") == "a%250A%0D%0A:,"
    assert github._property("a%0A\r\n:,") == "a%250A%0D%0A%3A%2C"


def test_messages_are_cut_where_github_cuts_them():
    problem = Problem("p" * 100_000, label="l" * 100_000, help="h" * 100_000)
    ((_, _, message),) = commands(RunResult(problems=(problem,)))
    assert len(message) == github.LONGEST
    assert message.endswith("…")


def test_nothing_in_a_text_is_a_command(awkward):
    text = github.render(awkward)
    assert text.splitlines() == text.split("\n")[:-1]
    found = commands(awkward)
    assert {name for name, _, _ in found} >= {"error", "notice"}
    for name, properties, message in found:
        assert properties.keys() <= {"file", "line", "col", "endLine", "endColumn", "title"}
        assert properties["title"].startswith(("GC0", "gradcheck"))
        assert message
        assert len(message) <= github.LONGEST
        assert name in {"error", "warning", "notice"}
    text.encode()


def test_the_title_is_read_back_as_it_was(made):
    text = "a%b,c:d::e%0Af"
    titles = [p["title"] for _, p, _ in commands(made.hostile(text)) if p["title"].startswith("GC")]
    assert titles
    assert all(t.endswith(f": {text}") for t in titles)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@example("\u2028::error::x")
@given(text=st.text(st.characters(codec=None), max_size=60))
def test_any_text_gives_one_command_a_line(made, text):
    result = made.hostile(text)
    report = github.render(result)
    assert report.splitlines() == report.split("\n")[:-1]
    assert len(commands(result)) >= len(result.unexpected)
    report.encode()
