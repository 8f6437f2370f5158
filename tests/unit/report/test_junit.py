"""JUnit XML: well-formed whatever the texts hold, and of the structure that its readers expect."""

import os
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gradcheck_cli.report import junit
from gradcheck_cli.report.result import Crash, RunResult
from gradcheck_cli.text import Problem, Source

DATA = Path(__file__).parent / "data"


def parsed(result):
    """The report, read back and checked: the schema of Jenkins in a few lines."""
    text = junit.render(result)
    root = ET.fromstring(text.encode())
    assert root.tag == "testsuites"
    totals = dict.fromkeys(("tests", "failures", "errors", "skipped"), 0)
    assert len({s.get("name") for s in root}) == len(root)
    for suite in root:
        assert suite.tag == "testsuite"
        assert suite.keys() == ["name", "tests", "failures", "errors", "skipped", "time"]
        properties, *cases = suite
        assert properties.tag == "properties"
        assert all(p.tag == "property" and p.keys() == ["name", "value"] for p in properties)
        found = dict.fromkeys(totals, 0) | {"tests": len(cases)}
        for case in cases:
            assert case.tag == "testcase"
            assert (
                {"classname", "name", "time"}
                <= set(case.keys())
                <= {"classname", "name", "time", "file", "line"}
            )
            assert case.get("line") is None or int(case.get("line")) >= 1
            assert len(case) <= 1
            for part in case:
                assert part.tag in {"failure", "error", "skipped", "system-out"}
                assert set(part.keys()) == {
                    "skipped": {"message"}, "system-out": set()
                }.get(part.tag, {"message", "type"})  # fmt: skip
                counted = {"failure": "failures", "error": "errors", "skipped": "skipped"}.get(part.tag)
                if counted:
                    found[counted] += 1
        assert {key: suite.get(key) for key in found} == {key: str(n) for key, n in found.items()}
        names = [(c.get("classname"), c.get("name")) for c in cases]
        assert len(set(names)) == len(names)
        totals = {key: n + found[key] for key, n in totals.items()}
    assert {key: root.get(key) for key in totals} == {key: str(n) for key, n in totals.items()}
    return root


def outcome(case):
    return case[0].tag if len(case) else "passed"


def test_whole_report(made):
    found = junit.render(made.everything())
    if os.environ.get("GRADCHECK_GOLDEN") == "write":
        (DATA / "everything.xml").write_text(found, encoding="utf-8")
    assert found == (DATA / "everything.xml").read_text(encoding="utf-8")


def test_each_verdict_has_its_outcome(made):
    root = parsed(made.everything())
    assert [(s.get("name"), c.get("name"), outcome(c)) for s in root for c in s.iter("testcase")] == [
        ("specs/a.yaml", "right", "passed"),
        ("specs/a.yaml", "factor", "failure"),
        ("specs/a.yaml", "layout", "failure"),
        ("specs/a.yaml", "singular", "failure"),
        ("specs/a.yaml", "special", "failure"),
        ("specs/a.yaml", "surprise", "failure"),
        ("specs/a.yaml", "mistaken", "failure"),
        ("specs/a.yaml", "moved", "failure"),
        ("specs/a.yaml", "step-1…step-2", "failure"),
        ("specs/a.yaml", "known", "system-out"),
        ("specs/a.yaml", "listed", "skipped"),
        ("specs/a.yaml", "broken", "error"),
        ("specs/a.yaml", "problem: `dz` is unknown: there is no `z`", "error"),
        ("specs/gone.yaml", "problem: this file does not exist", "error"),
        ("gradcheck", "problem: the moon is full", "error"),
        ("gradcheck", "interrupted", "error"),
    ]


@pytest.mark.parametrize(
    ("claim", "kind", "message"),
    [
        ("factor", "GC001", "wrong: off by 100 %, in every element"),
        ("layout", "GC002", "shape-mismatch: `@` cannot combine [n, k] with [m, k]"),
        ("singular", "GC003", "undecided: `inv` failed: the matrix is singular"),
        ("special", "GC007", "conditional: true only when `W[0, 0]` is 1"),
        ("surprise", "GC004", "unexpectedly-right: the claim holds, and the spec expects that it does not"),
        ("mistaken", "GC005", "bad-correction: the correction is wrong itself: dW = 2 * X.T @ dY"),
        ("moved", "GC006", "drift: the quoted formula is not in post.md any more"),
        ("step-1…step-2", "GC002", "shape-mismatch: no product fits [n, m] and [n, k]"),
    ],
)
def test_failures(made, claim, kind, message):
    found = parsed(RunResult(made.results())).find(f".//testcase[@name='{claim}']/failure")
    assert (found.get("type"), found.get("message")) == (kind, message)


def test_a_known_error_says_so(made):
    case = parsed(RunResult(made.results())).find(".//testcase[@name='known']")
    assert case.find("system-out").text == (
        "a known error, found again as the spec expects: off by 12 × the true size, in every element\n"
        "right: dW = X.T @ dY"
    )
    assert case.attrib == {
        "classname": "specs.a", "name": "known", "time": "0", "file": "specs/a.yaml", "line": "23"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("result", "cases"),
    [
        (RunResult(), []),
        (RunResult(interrupted=2), [("gradcheck", "interrupted", "2 claims not judged")]),
        (
            RunResult(unmatched="x"),
            [("gradcheck", "problem: no claim matches `-k x`", "no claim matches `-k x`")],
        ),
        (
            RunResult(problems=(Problem("p", file="a.yaml"), Problem("p", file="a.yaml"))),
            [("a", "problem: p", "p"), ("a", "problem: p (2)", "p")],
        ),
        (
            RunResult(crashes=(Crash("b/c.yml", "id", Source("b/c.yml", "x").span(0, 1), "E: m", "t"),)),
            [("b.c", "id", "E: m")],
        ),
    ],
    ids=["empty", "interrupted", "unmatched", "twice", "crash"],
)
def test_small_runs(result, cases):
    root = parsed(result)
    found = [
        (c.get("classname"), c.get("name"), c.find("error").get("message")) for c in root.iter("testcase")
    ]
    assert found == cases


def test_only_a_case_of_a_file_has_one():
    root = parsed(RunResult(problems=(Problem("p"), Problem("q", file="a.yaml"))))
    assert [c.get("file") for c in root.iter("testcase")] == [None, "a.yaml"]


def test_awkward_texts(awkward):
    parsed(awkward)


def test_control_characters_are_made_visible(made):
    root = parsed(made.hostile("a\x00\x1b\ud800\ufffe\u202e"))
    names = [p.get("value") for p in root.iter("property") if p.get("name") == "gradcheck"]
    assert set(names) == {"a\\x00\\x1b\\ud800\\ufffe\\u202e"}


def test_another_reader_agrees(made):
    junitparser = pytest.importorskip("junitparser")
    found = junitparser.JUnitXml.fromstring(junit.render(made.everything()).encode())
    assert (found.tests, found.failures, found.errors, found.skipped) == (16, 8, 5, 1)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@example("]]>\ud800\x0b\uffff")
@given(text=st.text(st.characters(codec=None), max_size=60))
def test_any_text_gives_well_formed_xml(made, text):
    parsed(made.hostile(text))
