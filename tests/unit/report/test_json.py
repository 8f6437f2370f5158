"""The JSON report: a contract, valid by its published schema, the same bytes for the same call."""

import json as decoder
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.compare.verdict import Judgement, Place, Sight
from gradcheck_cli.report import json
from gradcheck_cli.report.json_schema import schema
from gradcheck_cli.report.result import Crash, RunResult
from gradcheck_cli.run.options import Options
from gradcheck_cli.run.pipeline import run
from gradcheck_cli.text import Problem

GOLDEN = Path(__file__).parents[2] / "golden"
FOLDERS = sorted(p.name for p in GOLDEN.iterdir() if (p / "reports").is_dir())
VALIDATOR = jsonschema.Draft202012Validator(schema())

# as DESIGN.md §7 promises
CLAIM_KEYS = {
    "id", "spec", "line", "operator", "kind", "claim", "links", "verdict", "expected", "ok", "error", "floor",
    "seed", "document", "document_line", "condition", "finding", "suggestion",
}  # fmt: skip
ERROR_KEYS = {"max_relative", "index", "claimed", "true"}


def results(folder):
    return run(Options((Path(),), Settings("differences", draws=1), diagnose="off"), GOLDEN / folder)


@pytest.fixture(scope="module")
def everything():
    return results("every_verdict")


def strict(text):
    def refuse(word):
        raise AssertionError(f"{word} is not JSON")

    return decoder.loads(text, parse_constant=refuse)


def test_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("folder", FOLDERS)
def test_reports_are_valid(folder):
    VALIDATOR.validate(
        strict(
            (GOLDEN / folder / "reports" / "check.json").read_text(encoding="utf-8").replace(": #", ": 0.5")
        )
    )
    VALIDATOR.validate(strict(json.render(results(folder))))


def test_every_key_of_the_schema_is_described_and_closed():
    def walk(node, path):
        if isinstance(node, list):
            for item in node:
                walk(item, path)
        if not isinstance(node, dict):
            return
        if "properties" in node:
            assert node["additionalProperties"] is False, path
            assert node["required"] == list(node["properties"]), path
            for key, value in node["properties"].items():
                assert value.get("description", "").endswith("."), (*path, key)
        for key, value in node.items():
            walk(value, (*path, key))

    walk(schema(), ())


def test_promised_keys_are_there(everything):
    found = json.document(everything)
    assert {"version", "tool", "summary", "claims"} <= found.keys()
    assert found["version"] == 1
    for claim in found["claims"]:
        assert claim.keys() >= CLAIM_KEYS
        assert claim["error"] is None or claim["error"].keys() >= ERROR_KEYS
        assert claim["finding"] is None or claim["finding"].keys() >= {"code", "message"}


def test_two_runs_give_the_same_bytes(everything):
    assert json.render(results("every_verdict")) == json.render(everything)


def test_claims(everything):
    claims = {c["id"]: c for c in strict(json.render(everything))["claims"]}
    assert {i: (c["verdict"], c["expected"], c["ok"]) for i, c in claims.items()} == {
        "right": ("holds", "holds", True),
        "factor": ("wrong", "holds", False),
        "layout": ("shape-mismatch", "holds", False),
        "singular": ("undecided", "holds", False),
        "surprise": ("holds", "wrong", False),
        "known-transpose": ("shape-mismatch", "shape-mismatch", True),
        "bad-correction": ("wrong", "wrong", False),
        "known-power": ("wrong", "wrong", True),
    }
    assert {i: c["finding"] and c["finding"]["code"] for i, c in claims.items()} == {
        "right": None,
        "factor": "GC001",
        "layout": "GC002",
        "singular": "GC003",
        "surprise": "GC004",
        "known-transpose": "GC002",
        "bad-correction": "GC005",
        "known-power": "GC001",
    }
    assert claims["factor"]["error"]["max_relative"] == pytest.approx(1)
    assert claims["layout"]["error"] is None
    assert claims["bad-correction"]["correction"] == {
        "claim": "dW = 2 * X.T @ dY",
        "latex": None,
        "verdict": "wrong",
    }
    assert claims["right"]["document"] == "paper.txt"


def test_a_chain_carries_its_lines_and_its_correction_both_notations():
    claims = {c["id"]: c for c in json.document(results("derivation"))["claims"]}
    chain = claims["tr-1…tr-3"]
    assert [(link["left"], link["right"], link["verdict"]) for link in chain["links"]] == [
        ("dL", "trace(grad(Y).T @ dY)", "holds"),
        ("trace(grad(Y).T @ dY)", "trace(B @ grad(Y).T @ dA)", "conditional"),
        ("trace(B @ grad(Y).T @ dA)", "trace(grad(Y).T @ dA @ B)", "holds"),
    ]
    assert chain["correction"] == {
        "claim": "dL = trace(grad(Y).T @ dY) = trace(grad(Y).T @ (dA @ B + A @ dB))",
        "latex": (
            r"dL = \operatorname{tr}\left(\frac{\partial L}{\partial \mathbf{Y}}^\top d\mathbf{Y}\right)"
            r" = \operatorname{tr}\left(\frac{\partial L}{\partial \mathbf{Y}}^\top"
            r" \left(d\mathbf{A} \mathbf{B} + \mathbf{A} d\mathbf{B}\right)\right)"
        ),
        "verdict": "holds",
    }
    assert claims["known"]["correction"] == {
        "claim": "dB = A.T @ dY",
        "latex": r"\frac{\partial L}{\partial B} = A^\top \frac{\partial L}{\partial Y}",
        "verdict": "holds",
    }
    assert claims["known"]["links"][0]["right"] == r"A \frac{\partial L}{\partial Y}"
    assert claims["known-chain"]["links"][1]["right"] == r"\left(\frac{\partial L}{\partial Y} A\right)^\top"


def test_figures_that_are_not_finite_are_words(everything):
    sight = Sight(
        "wrong", {"n": 3}, 1.0, float("inf"), float("nan"), 1.0, Place("0", float("nan"), float("-inf"))
    )
    claim = next(c for c in everything.claims if c.claim.id == "factor")
    link = replace(claim.links[0], judgement=Judgement("wrong", "", (sight,)))
    found = strict(json.render(replace(everything, claims=(replace(claim, links=(link,)),))))
    VALIDATOR.validate(found)
    error = found["claims"][0]["error"]
    assert (error["max_relative"], error["true"], error["claimed"]) == ("inf", "nan", "-inf")
    assert found["claims"][0]["floor"] == "nan"


def test_problems_and_crashes(everything):
    span = everything.claims[0].claim.span
    crash = Crash("a.yaml", "right", span, "ValueError: x", "Traceback …")
    problem = Problem("no such place", file="gone.yaml")
    found = strict(json.render(RunResult(problems=(problem,), crashes=(crash,), interrupted=7)))
    VALIDATOR.validate(found)
    assert found["problems"] == [
        {"message": "no such place", "file": "gone.yaml", "line": None, "column": None, "help": None}
    ]
    assert found["crashes"] == [
        {"id": "right", "spec": "a.yaml", "line": span.line, "error": "ValueError: x"}
    ]
    assert found["summary"]["not_judged"] == 7
    assert found["summary"]["status"] == 130
