"""What the reports for machines say is what the report for people says, word for word."""

from dataclasses import replace
from pathlib import Path

import pytest

from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.report import findings, terminal
from gradcheck_cli.report.result import Crash, RunResult
from gradcheck_cli.run.options import Options
from gradcheck_cli.run.pipeline import run
from gradcheck_cli.text import Problem, Source, plain

GOLDEN = Path(__file__).parents[2] / "golden"
FOLDERS = sorted(p.name for p in GOLDEN.iterdir() if (p / "reports").is_dir())


@pytest.fixture(scope="module", params=[*FOLDERS, "made"])
def judged(request, made):
    if request.param == "made":
        return made.everything()
    return run(Options((Path(),), Settings("differences", draws=1)), GOLDEN / request.param)


def test_places_and_figures(judged):
    for claim in judged.unexpected:
        text = terminal.render(RunResult((claim,)), unicode=True).plain
        place, link = findings.place(claim), claim.first_unexpected
        told = f"  --> {claim.spec}:{place.line}:{place.column} ({findings.shown_id(claim)})\n"
        assert told in text
        if link is not None and link.verdict not in {"holds", "shape-mismatch"}:
            for sentence in findings.figures(link):
                assert f"   = {plain(sentence)}\n" in text
        for sentence in findings.facts(claim)[1:]:
            if not sentence.startswith("right: "):
                assert sentence in text


def test_summary(judged):
    text = terminal.render(judged).plain
    assert text.splitlines()[-1] == findings.summary(judged)
    assert all(f"{sentence}\n" in text for sentence in findings.skips(judged))


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"interrupted": 1},
        {"problems": (Problem("p"),)},
        {"problems": (Problem("p"),) * 2, "interrupted": 1200},
        {"crashes": (Crash("s", "i", Source("s", "x").span(0, 1), "E", "t"),)},
    ],
)
@pytest.mark.parametrize(
    "ids", [(), ("right",), ("right", "known"), ("right", "factor", "listed"), ("listed",)]
)
def test_summary_of_parts(made, parts, ids):
    result = RunResult(tuple(c for c in made.results() if c.claim.id in ids), **parts)
    assert terminal.render(result).plain.splitlines()[-1] == findings.summary(result)


def test_the_summary_holds_no_word_from_a_spec():
    assert findings.summary(RunResult(unmatched="::x")) == "✗ no claim matches `-k`"


def test_an_unknown_code_comes_first(made):
    claims = {c.claim.id: c for c in made.results()}

    class Diagnosed(type(claims["factor"])):
        code = "GC101"

    one = claims["factor"]
    diagnosed = Diagnosed(**{name: getattr(one, name) for name in one.__dataclass_fields__})
    assert findings.worst_first([claims["layout"], diagnosed]) == [diagnosed, claims["layout"]]


def test_one_line():
    assert findings.one_line(" a\n b\t\x1b\u202e ") == "a b \\x1b\\u202e"
    assert findings.one_line("x" * 3000) == "x" * 1999 + "…"
    assert findings.one_line("x" * 2000) == "x" * 2000
    assert findings.one_line("\x00" * 10, 8) == "\\x00\\x0…"


def test_region():
    source = Source("a", "ab\n𝟏c\n")
    assert findings.region(source.span(3, 5)) == findings.Region(2, 1, 2, 3)
    assert findings.region(source.span(1, 4)) == findings.Region(1, 2, 2, 2)
    assert findings.region(source.span(2, 0)) == findings.Region(1, 3, 1, 3)


def test_a_shape_mismatch_is_where_the_shapes_meet(made):
    (claim,) = (c for c in made.results() if c.claim.id == "layout")
    (link,) = claim.links
    node = link.span.source.span(link.span.start + 3, link.span.start + 4)
    exact = replace(link, judgement=replace(link.judgement, span=node))
    assert findings.place(claim) == link.span
    assert findings.place(replace(claim, links=(exact,))) == node
    assert findings.place(replace(claim, links=(replace(link, span=None),))) == claim.claim.formula.text.all


def test_document_path(made):
    claims = {c.claim.id: c for c in made.results()}
    one = claims["factor"]
    assert findings.document_path(claims["right"]) is None
    assert findings.document_path(one) == "specs/post.md"
    assert findings.document_path(replace(one, spec="a.yaml")) == "post.md"
    assert findings.document_path(replace(one, document_file="docs/post.md")) == "docs/post.md"
    assert findings.document_path(replace(one, document_file="../docs/post.md")) is None
    assert findings.document_path(replace(one, document_file="/docs/post.md")) is None
