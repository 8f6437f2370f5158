"""SARIF 2.1.0: by the published schema where it is at hand, by hand what matters to readers.

The schema of OASIS is not part of this project. To validate against it, name
the file in `GRADCHECK_SARIF_SCHEMA`; it is `sarif-2.1/schema/sarif-schema-2.1.0.json`
of github.com/oasis-tcs/sarif-spec.
"""

import json
import os
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gradcheck_cli.report import sarif
from gradcheck_cli.report.replacement import _Right, _wanted, replacements
from gradcheck_cli.report.result import Crash, RunResult
from gradcheck_cli.report.rules import RULES
from gradcheck_cli.spec.load import load_text
from gradcheck_cli.text import Problem, Source

DATA = Path(__file__).parent / "data"
SCHEMA = os.environ.get("GRADCHECK_SARIF_SCHEMA")
VALIDATOR = SCHEMA and jsonschema.Draft4Validator(
    json.loads(Path(SCHEMA).read_text(encoding="utf-8")), format_checker=jsonschema.FormatChecker()
)

# what the standard knows of the objects that are used here, and what it demands; * = demanded
SHAPES = {
    "log": "version* $schema runs*",
    "run": "tool* columnKind originalUriBaseIds invocations results properties",
    "driver": "name* version rules properties",
    "rule": "id* name shortDescription fullDescription help defaultConfiguration",
    "result": "ruleId ruleIndex level message* locations partialFingerprints relatedLocations suppressions fixes",
    "notification": "level message* locations exception",
    "location": "id physicalLocation logicalLocations message",
    "region": "startLine* startColumn* endLine* endColumn*",
    "invocation": "executionSuccessful* exitCode exitCodeDescription toolConfigurationNotifications toolExecutionNotifications",
}


def shaped(kind, found):
    words = SHAPES[kind].split()
    assert found.keys() <= {w.rstrip("*") for w in words}, kind
    assert found.keys() >= {w.rstrip("*") for w in words if w.endswith("*")}, kind


def told(message):
    assert message["text"]
    assert "](" not in message["text"]
    assert "{" not in message["text"].replace("{{", "")
    assert "}" not in message["text"].replace("}}", "")


def placed(location):
    shaped("location", location)
    artifact = location["physicalLocation"]["artifactLocation"] if "physicalLocation" in location else {}
    assert artifact.get("uri", "").isascii()
    assert ("uriBaseId" in artifact) != artifact.get("uri", "file:").startswith("file:")
    if "region" in location.get("physicalLocation", {}):
        region = location["physicalLocation"]["region"]
        shaped("region", region)
        assert min(region.values()) >= 1
        assert (region["startLine"], region["startColumn"]) <= (region["endLine"], region["endColumn"])
    for logical in location.get("logicalLocations", ()):
        assert logical["name"] is not None


def checked(result):
    """The run object of a report, after everything was verified that can be without the schema."""
    text = sarif.render(result)
    text.encode()
    found = json.loads(text, parse_constant=pytest.fail)
    shaped("log", found)
    assert (found["version"], len(found["runs"])) == ("2.1.0", 1)
    (run,) = found["runs"]
    shaped("run", run)
    driver = run["tool"]["driver"]
    shaped("driver", driver)
    assert [rule["id"] for rule in driver["rules"]] == list(RULES)
    for rule in driver["rules"]:
        shaped("rule", rule)
        assert rule["help"]["text"].endswith(".")
    assert run["columnKind"] == "unicodeCodePoints"
    (invocation,) = run["invocations"]
    shaped("invocation", invocation)
    for kind in ("toolConfigurationNotifications", "toolExecutionNotifications"):
        for note in invocation.get(kind, ()):
            shaped("notification", note)
            told(note["message"])
            for location in note.get("locations", ()):
                placed(location)
    prints = [tuple(r["partialFingerprints"].items()) for r in run["results"]]
    assert len(set(prints)) == len(prints)
    for one in run["results"]:
        shaped("result", one)
        assert driver["rules"][one["ruleIndex"]]["id"] == one["ruleId"]
        assert (one["level"] == "note") == ("suppressions" in one)
        told(one["message"])
        assert len(one["locations"]) == 1
        for location in (*one["locations"], *one.get("relatedLocations", ())):
            placed(location)
    if VALIDATOR:
        VALIDATOR.validate(found)
    return run


def by_claim(run):
    return {r["locations"][0]["logicalLocations"][0]["name"]: r for r in run["results"]}


def slice_of(text, region):
    """What stands in a region, read as the standard says."""
    lines = text.split("\n")
    starts = [sum(len(line) + 1 for line in lines[:n]) for n in range(len(lines))]
    start = starts[region["startLine"] - 1] + region["startColumn"] - 1
    return start, starts[region["endLine"] - 1] + region["endColumn"] - 1


def test_whole_report(made):
    found = sarif.render(made.everything())
    if os.environ.get("GRADCHECK_GOLDEN") == "write":
        (DATA / "everything.sarif").write_text(found, encoding="utf-8")
    assert found == (DATA / "everything.sarif").read_text(encoding="utf-8")
    checked(made.everything())


@pytest.mark.skipif(not SCHEMA, reason="GRADCHECK_SARIF_SCHEMA names no file")
def test_the_schema_is_the_one_that_reports_name():
    assert VALIDATOR.schema["id"] == sarif.SCHEMA


def test_level_and_rule_of_each_verdict(made):
    found = by_claim(checked(made.everything()))
    assert {name: (r["ruleId"], r["level"]) for name, r in found.items()} == {
        "layout": ("GC002", "error"),
        "step-2": ("GC002", "error"),
        "factor": ("GC001", "error"),
        "special": ("GC007", "error"),
        "mistaken": ("GC005", "error"),
        "surprise": ("GC004", "error"),
        "singular": ("GC003", "error"),
        "moved": ("GC006", "error"),
        "known": ("GC001", "note"),
    }
    assert found["known"]["suppressions"] == [
        {
            "kind": "inSource",
            "justification": "a known error; the spec says `expect: wrong`: as it was printed",
        }
    ]
    assert found["factor"]["message"]["text"] == (
        "dX = 2 * dY @ W.T: off by 100 %, in every element\n"
        "at dX[2, 0]: true 0.25, claimed 0.5 (with m = 3, n = 5)\n"
        "`dX` by autograd, confirmed by differences to 1e-13\n"
        "an error of 4e-11 in one element would have been seen\n"
        "right: dX = dY @ W.T (the spec's correction, verified)\n"
        "seed 7; more: gradcheck explain factor specs/a.yaml"
    )


@pytest.mark.parametrize(
    ("claim", "text"),
    [
        ("factor", "2 * dY @ W.T"),
        ("layout", "dY @ W"),
        ("step-2", r"X \frac{\partial L}{\partial Y}"),
        ("mistaken", "dW = 2 * X.T @ dY"),
        ("moved", "dW = X.T @ dY"),
        ("known", "X @ dY"),
    ],
)
def test_the_region_is_that_of_the_offending_side(made, claim, text):
    location = by_claim(checked(RunResult(made.results())))[claim]["locations"][0]
    start, end = slice_of(made.SPEC, location["physicalLocation"]["region"])
    assert made.SPEC[start:end] == text
    assert location["logicalLocations"][0]["fullyQualifiedName"] == f"linear/{claim}"


def test_the_writeup_is_related(made):
    found = by_claim(checked(RunResult(made.results())))
    assert found["factor"]["relatedLocations"] == [
        {
            "id": 1,
            "physicalLocation": {
                "artifactLocation": {"uri": "specs/post.md", "uriBaseId": "%SRCROOT%"},
                "region": {"startLine": 3, "startColumn": 28, "endLine": 3, "endColumn": 48},
            },
            "message": {"text": "where it is published"},
        }
    ]
    assert [name for name, r in found.items() if "relatedLocations" in r] == ["factor"]


def prints(result):
    return {
        r["locations"][0]["logicalLocations"][0]["name"]: r["partialFingerprints"]
        for r in checked(result)["results"]
    }


def test_fingerprints_do_not_depend_on_lines_or_on_ids_that_count(made):
    text = made.SPEC.replace("id: layout, ", "").replace("id: singular, ", "")
    judged = made.JUDGED | {"a#3": made.JUDGED["layout"], "a#4": made.JUDGED["singular"]}
    moved = text.replace("claims:\n", "# a comment\nclaims:\n  - {id: new, gradient: dX = dY @ W.T}\n")
    shifted = made.JUDGED | {"a#4": made.JUDGED["layout"], "a#5": made.JUDGED["singular"]}
    first = prints(RunResult(made.results(text=text, judged=judged)))
    second = prints(RunResult(made.results(text=moved, judged=shifted)))
    assert {"a#3", "a#4"} < first.keys()
    assert {"a#4", "a#5"} < second.keys()
    assert sorted(map(str, first.values())) == sorted(map(str, second.values()))


def test_fingerprints_of_equal_claims_differ(made):
    claims = made.results()
    (one,) = (c for c in claims if c.claim.id == "factor")
    found = [
        r["partialFingerprints"]["gradcheckClaim/v1"] for r in checked(RunResult((one, one, one)))["results"]
    ]
    assert [f.partition(":")[2] for f in found] == ["1", "2", "3"]
    assert len({f.partition(":")[0] for f in found}) == 1
    other = replace(one, spec="specs/b.yaml")
    assert prints(RunResult((one,))) != prints(RunResult((other,)))


def test_execution(made):
    run = checked(made.everything())
    assert run["invocations"] == [
        {
            "executionSuccessful": False,
            "exitCode": 130,
            "exitCodeDescription": (
                "✗ 8 claims of 11 not as expected; 1 skipped; 3 problems in the specs; 1 internal error;"
                " interrupted: 3 claims not judged"
            ),
            "toolConfigurationNotifications": [
                {
                    "level": "error",
                    "message": {"text": "`dz` is unknown: there is no `z`\nthis\nhelp: is it `dY`?"},
                    "locations": [
                        {
                            "physicalLocation": {
                                "artifactLocation": {"uri": "specs/a.yaml", "uriBaseId": "%SRCROOT%"},
                                "region": {"startLine": 2, "startColumn": 9, "endLine": 2, "endColumn": 15},
                            }
                        }
                    ],
                },
                {
                    "level": "error",
                    "message": {"text": "this file does not exist"},
                    "locations": [
                        {
                            "physicalLocation": {
                                "artifactLocation": {"uri": "specs/gone.yaml", "uriBaseId": "%SRCROOT%"}
                            }
                        }
                    ],
                },
                {"level": "error", "message": {"text": "the moon is full"}},
            ],
            "toolExecutionNotifications": [
                {
                    "level": "error",
                    "message": {
                        "text": "ValueError: bad: x\nthis is a fault of gradcheck, not of the claim; please report it"
                    },
                    "exception": {"kind": "ValueError", "message": "bad: x"},
                    "locations": [
                        {
                            "physicalLocation": {
                                "artifactLocation": {"uri": "specs/a.yaml", "uriBaseId": "%SRCROOT%"},
                                "region": {"startLine": 6, "startColumn": 5, "endLine": 6, "endColumn": 41},
                            },
                            "logicalLocations": [{"name": "broken", "kind": "claim"}],
                        }
                    ],
                },
                {"level": "error", "message": {"text": "interrupted: 3 claims not judged"}},
                {"level": "note", "message": {"text": "1 claim skipped: needs --allow-code"}},
            ],
        }
    ]


@pytest.mark.parametrize(
    ("result", "done", "status"),
    [
        (RunResult(), True, 0),
        (RunResult(interrupted=1), False, 130),
        (RunResult(unmatched="x"), False, 2),
        (RunResult(problems=(Problem("p"),)), False, 2),
        (RunResult(crashes=(Crash("a", "b", Source("a", "x").span(0, 0), "E", ""),)), False, 3),
    ],
    ids=["empty", "interrupted", "unmatched", "problem", "crash"],
)
def test_success(result, done, status):
    (invocation,) = checked(result)["invocations"]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (done, status)


def test_findings_alone_are_a_successful_execution(made):
    (invocation,) = checked(RunResult(made.results()))["invocations"]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (True, 1)


@pytest.mark.parametrize(
    ("file", "artifact"),
    [
        ("specs/a.yaml", {"uri": "specs/a.yaml", "uriBaseId": "%SRCROOT%"}),
        ("a b/ü:#?.yaml", {"uri": "a%20b/%C3%BC%3A%23%3F.yaml", "uriBaseId": "%SRCROOT%"}),
        ("a\udcff.yaml", {"uri": "a%FF.yaml", "uriBaseId": "%SRCROOT%"}),
        ("/tmp/a b.yaml", {"uri": "file:///tmp/a%20b.yaml"}),
        ("C:/x/a.yaml", {"uri": "file:///C%3A/x/a.yaml"}),
    ],
)
def test_names_of_files(file, artifact):
    run = checked(RunResult(problems=(Problem("p", file=file),)))
    (note,) = run["invocations"][0]["toolConfigurationNotifications"]
    assert note["locations"][0]["physicalLocation"]["artifactLocation"] == artifact


def test_braces_and_links_are_literal():
    run = checked(RunResult(problems=(Problem(r"\frac{0}{1} and [text](1)"),)))
    (note,) = run["invocations"][0]["toolConfigurationNotifications"]
    assert note["message"]["text"] == r"\frac{{0}}{{1}} and [text] (1)"


HEAD = "operator: o\ninputs: {X: [n]}\nforward: {Y: 2 * X}\nclaims:\n"
TEX = r"$\frac{\partial L}{\partial X} = 3 \frac{\partial L}{\partial Y}$"


@pytest.mark.parametrize(
    ("entry", "mended"),
    [
        (
            "  - {id: c, gradient: dX = 3 * dY, correction: dX = 2 * dY}\n",
            "  - {id: c, gradient: dX = 2 * dY, correction: dX = 2 * dY}\n",
        ),
        (  # a comma would end a plain scalar between braces
            "  - {id: c, gradient: dX = 3 * dY, correction: 'dX = add(dY, dY)'}\n",
            None,
        ),
        (
            "  - id: c\n    gradient: dX = 3 * dY\n    correction: dX = add(dY, dY)\n",
            "  - id: c\n    gradient: dX = add(dY, dY)\n    correction: dX = add(dY, dY)\n",
        ),
        (
            "  - id: c\n    gradient: >\n      dX\n      = 3 * dY\n    correction: |\n      dX =\n      2 * dY\n",
            "  - id: c\n    gradient: >\n      dX = 2 * dY\n    correction: |\n      dX =\n      2 * dY\n",
        ),
        (  # a quote within quotes is doubled
            "  - id: c\n    gradient: 'dX = 3 * dY'\n    correction: dX = einsum('i->i', 2 * dY)\n",
            "  - id: c\n    gradient: 'dX = einsum(''i->i'', 2 * dY)'\n    correction: dX = einsum('i->i', 2 * dY)\n",
        ),
        ("  - {id: c, gradient: dX = 3 * dY, correction: dX = 2 * dY, expect: wrong}\n", None),
        ("  - {id: c, gradient: dX = 3 * dY, correction: dX = 2 * dY, expect: shape-mismatch}\n", None),
        ("  - {id: c, gradient: dX = 3 * dY}\n", None),
        (  # two ids need two links
            "  - {id: [a, c], gradient: dX = 2 * dY = 3 * dY, correction: dX = 2 * dY}\n",
            None,
        ),
        (
            "  - {id: c, gradient: dX = 3 * dY = 3 * dY, correction: dX = 2 * dY}\n",
            "  - {id: c, gradient: dX = 2 * dY, correction: dX = 2 * dY}\n",
        ),
    ],
    ids=["plain", "comma", "block", "folded", "quotes", "known", "other", "none", "ids", "shorter"],
)
def test_fixes(made, entry, mended):
    judged = dict.fromkeys(("c", "c.1"), made.JUDGED["factor"])
    (claim,) = made.results("s.yaml", HEAD + entry, judged)
    (result,) = checked(RunResult((claim,)))["results"]
    if mended is None:
        assert "fixes" not in result
        return
    ((change,),) = (list(f["artifactChanges"]) for f in result["fixes"])
    assert change["artifactLocation"] == {"uri": "s.yaml", "uriBaseId": "%SRCROOT%"}
    (made_of,) = change["replacements"]
    start, end = slice_of(HEAD + entry, made_of["deletedRegion"])
    text = (HEAD + entry)[:start] + made_of["insertedContent"]["text"] + (HEAD + entry)[end:]
    assert text == HEAD + mended
    assert not load_text("s.yaml", text).problems


@pytest.mark.parametrize(
    ("latex", "written"),
    [
        (r"\frac{\partial L}{\partial X} = 2 \frac{\partial L}{\partial Y}", "${}$"),
        (r"\begin{align} \nabla_X L &= 2 \nabla_Y L \end{align}", "{}"),
        (None, "dX = 2 * dY"),
    ],
)
def test_a_claim_in_latex_is_mended_in_latex(made, latex, written):
    text = HEAD + f"  - id: c\n    gradient: {TEX}\n    correction: dX = 2 * dY\n"
    (claim,) = made.results("s.yaml", text, {"c": made.JUDGED["factor"]})
    (found,) = replacements(replace(claim, correction=replace(claim.correction, latex=latex)))
    assert found.text == written.format(latex)
    assert (found.file, found.span.text) == ("s.yaml", TEX)


def test_a_formula_of_a_document_is_mended_there_too_or_not_at_all(made):
    text = (
        "source: {document: post.md}\n"
        + HEAD
        + f"  - id: c\n    gradient: {TEX}\n    correction: dX = 2 * dY\n"
    )
    (claim,) = made.results("specs/s.yaml", text, {"c": made.JUDGED["factor"]})
    claim = replace(claim, correction=replace(claim.correction, latex=r"\nabla_X L = 2 \nabla_Y L"))
    assert replacements(claim) == ()
    post = Source("post.md", f"# A post\n\nHere {TEX} is said.\n")
    there = replace(claim, place=post.span(16, 16 + len(TEX) - 2))
    assert there.place.text == TEX.strip("$")
    ((change, other),) = (f["artifactChanges"] for f in checked(RunResult((there,)))["results"][0]["fixes"])
    assert change["artifactLocation"]["uri"] == "specs/s.yaml"
    assert other == {
        "artifactLocation": {"uri": "specs/post.md", "uriBaseId": "%SRCROOT%"},
        "replacements": [
            {
                "deletedRegion": {"startLine": 3, "startColumn": 7, "endLine": 3, "endColumn": 5 + len(TEX)},
                "insertedContent": {"text": r"\nabla_X L = 2 \nabla_Y L"},
            }
        ],
    }
    quoted = replace(there, claim=replace(there.claim, quote="dX = 3 dY"))
    plainly = replace(there, correction=replace(there.correction, latex=None))
    assert (replacements(quoted), replacements(plainly)) == ((), ())


def test_no_fix_where_the_correction_was_not_verified(made):
    (claim,) = (c for c in made.results() if c.claim.id == "factor")
    assert len(replacements(claim)) == 1
    for verdict in ("wrong", "undecided", "skipped"):
        assert replacements(replace(claim, correction=replace(claim.correction, verdict=verdict))) == ()


def test_no_fix_that_cannot_be_seen(made):
    text = HEAD + f"  - id: c\n    gradient: {TEX}\n    correction: dX = 2 * dY\n"
    (claim,) = made.results("s.yaml", text, {"c": made.JUDGED["factor"]})
    latex = "\\frac{\\partial L}{\\partial X} = 2\u200b \\frac{\\partial L}{\\partial Y}"
    assert replacements(replace(claim, correction=replace(claim.correction, latex=latex))) == ()
    assert (_wanted(claim, _Right("", "2")), _wanted(claim, _Right("", "2\u202e"))) == ("$2$", None)


def test_no_fix_for_a_claim_that_holds(made):
    text = HEAD + "  - {id: c, gradient: dX = 2 * dY, correction: dX = dY + dY}\n"
    (claim,) = made.results("s.yaml", text, {})
    gone = replace(claim, drifted=True)
    assert gone.code == "GC006"
    assert replacements(gone) == ()


def test_no_fix_in_a_very_long_file(made):
    text = HEAD + "  - {id: c, gradient: dX = 3 * dY, correction: dX = 2 * dY}\n" + "#" * 100_000
    (claim,) = made.results("s.yaml", text, {"c": made.JUDGED["factor"]})
    assert replacements(claim) == ()


def test_awkward_texts(awkward):
    checked(awkward)


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@example("{0}[a](b)\ud800")
@given(text=st.text(st.characters(codec=None), max_size=60))
def test_any_text_gives_a_valid_log(made, text):
    checked(made.hostile(text))
