"""The report as SARIF 2.1.0, for code scanning and for editors.

A result for each claim that needs somebody (`error`), and one for each known
error that was found again (`note`, suppressed by the `expect:` of its spec).
Problems of specs and faults of gradcheck are notifications, since no claim is
known to be false by them; with one of them the execution was not successful.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from hashlib import sha256
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any
from urllib.parse import quote

from gradcheck_cli.report.findings import (
    document_path,
    equation,
    facts,
    one_line,
    place,
    region,
    shown_id,
    skips,
    summary,
    troubles,
    worst_first,
)
from gradcheck_cli.report.replacement import replacements
from gradcheck_cli.report.result import ClaimResult, Crash, RunResult
from gradcheck_cli.report.rules import RULES
from gradcheck_cli.report.words import count
from gradcheck_cli.text import Problem, Span
from gradcheck_cli.writeups.found import in_file

Object = dict[str, Any]

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT = "%SRCROOT%"
"""The folder that relative names begin at: the one in which gradcheck ran."""

_DONE = (0, 1)
"""The exit statuses of a run that could judge everything it was asked to."""


def render(result: RunResult) -> str:
    """The whole run as one log."""
    return json.dumps(document(result), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def document(result: RunResult) -> Object:
    """The same as data."""
    seen: Counter[str] = Counter()
    run = {
        "tool": {"driver": _driver(result)},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {ROOT: {"description": _message("the folder in which gradcheck ran")}},
        "invocations": [_invocation(result)],
        "results": [_result(c, seen) for c in (*worst_first(result.unexpected), *result.known_errors)],
        "properties": {"oracle": result.oracle, "device": one_line(result.device), "draws": result.draws},
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _driver(result: RunResult) -> Object:
    driver: Object = {"name": "gradcheck"}
    if "gradcheck" in result.versions:
        driver["version"] = one_line(result.versions["gradcheck"])
    libraries = {one_line(k): one_line(v) for k, v in result.versions.items() if k != "gradcheck"}
    if libraries:
        driver["properties"] = {"libraries": libraries}
    return driver | {"rules": [_rule(code, *told) for code, told in RULES.items()]}


def _rule(code: str, name: str, meaning: str) -> Object:
    sentence = meaning[0].upper() + meaning[1:] + "."
    more = f"`gradcheck explain {code}` says what the finding means"
    shown = "`gradcheck explain CLAIM` shows one claim in depth: every draw, and how the oracles agree"
    text = f"{sentence} {more}; {shown}."
    return {
        "id": code,
        "name": name,
        "shortDescription": _message(f"{name}: {meaning}"),
        "fullDescription": _message(sentence),
        "help": {"text": text, "markdown": f"**{code} {name}.** {text}"},
        "defaultConfiguration": {"level": "error"},
    }


def _result(c: ClaimResult, seen: Counter[str]) -> Object:
    assert c.code is not None
    found: Object = {
        "ruleId": c.code,
        "ruleIndex": list(RULES).index(c.code),
        "level": "note" if c.ok else "error",
        "message": _message(f"{one_line(equation(c), 200)}: " + "\n".join(facts(c))),
        "locations": [
            {
                "physicalLocation": _physical(c.spec, place(c)),
                "logicalLocations": [_logical(c.operator.name, shown_id(c))],
            }
        ],
        "partialFingerprints": {"gradcheckClaim/v1": _fingerprint(c, seen)},
    }
    path = document_path(c)
    if path is not None and c.place is not None:
        written = {"physicalLocation": _physical(path, c.place), "message": _message("where it is published")}
        found["relatedLocations"] = [{"id": 1, **written}]
    if c.ok:
        expected = ", ".join(c.claim.expect)
        note = f": {c.claim.note}" if c.claim.note else ""
        reason = one_line(f"a known error; the spec says `expect: {expected}`{note}")
        found["suppressions"] = [{"kind": "inSource", "justification": reason}]
    fix = _fix(c)
    return found | ({"fixes": [fix]} if fix else {})


def _fix(c: ClaimResult) -> Object | None:
    changes = [
        {
            "artifactLocation": _artifact(r.file),
            "replacements": [{"deletedRegion": _region(r.span), "insertedContent": {"text": r.text}}],
        }
        for r in replacements(c)
    ]
    told = _message("write the spec's correction, which was verified, in place of the claim")
    return {"description": told, "artifactChanges": changes} if changes else None


def _fingerprint(c: ClaimResult, seen: Counter[str]) -> str:
    """The same as long as the claim is the same, wherever it stands, and no two alike.

    A claim is known by its id; without one, as ids such as `spec#3` tell its
    place, by its formula.
    """
    words = " ".join(c.claim.formula.text.value.split())
    known = words if re.fullmatch(r".*#\d+", c.claim.ids[0]) else c.claim.id
    text = "\0".join((c.spec, c.operator.name, c.claim.kind, known, c.code or ""))
    seen[text] += 1
    digest = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return f"{digest}:{seen[text]}"


def _invocation(result: RunResult) -> Object:
    found: Object = {
        "executionSuccessful": result.status in _DONE,
        "exitCode": result.status,
        "exitCodeDescription": summary(result),
    }
    configuration = [_problem(p) for p in troubles(result)]
    execution = [_crash(c) for c in result.crashes]
    if result.interrupted:
        left = f"interrupted: {count(result.interrupted, 'claim')} not judged"
        execution.append({"level": "error", "message": _message(left)})
    execution += [{"level": "note", "message": _message(sentence)} for sentence in skips(result)]
    if configuration:
        found["toolConfigurationNotifications"] = configuration
    if execution:
        found["toolExecutionNotifications"] = execution
    return found


def _problem(problem: Problem) -> Object:
    said = [problem.message, problem.label, f"help: {problem.help}" if problem.help else ""]
    found: Object = {"level": "error", "message": _message("\n".join(s for s in said if s))}
    if problem.span is not None:
        found["locations"] = [
            {"physicalLocation": _physical(in_file(problem.span).source.name, problem.span)}
        ]
    elif problem.file:
        found["locations"] = [{"physicalLocation": {"artifactLocation": _artifact(problem.file)}}]
    return found


def _crash(crash: Crash) -> Object:
    kind, _, message = crash.error.partition(": ")
    fault = f"{crash.error}\nthis is a fault of gradcheck, not of the claim; please report it"
    return {
        "level": "error",
        "message": _message(fault),
        "exception": {"kind": one_line(kind), "message": one_line(message)},
        "locations": [
            {
                "physicalLocation": _physical(crash.spec, crash.span),
                "logicalLocations": [{"name": one_line(crash.id), "kind": "claim"}],
            }
        ],
    }


def _message(text: str) -> Object:
    """A message, of which nothing is a placeholder `{0}` or a link `[text](target)`."""
    lines = [one_line(line) for line in text.split("\n")]
    literal = "\n".join(lines).replace("{", "{{").replace("}", "}}").replace("](", "] (")
    return {"text": literal or "-"}


def _logical(operator: str, claim: str) -> Object:
    operator, claim = one_line(operator), one_line(claim)
    return {"name": claim, "fullyQualifiedName": f"{operator}/{claim}", "kind": "claim"}


def _physical(file: str, span: Span) -> Object:
    return {"artifactLocation": _artifact(file), "region": _region(span)}


def _region(span: Span) -> Object:
    at = region(span)
    return {
        "startLine": at.line,
        "startColumn": at.column,
        "endLine": at.end_line,
        "endColumn": at.end_column,
    }


def _artifact(file: str) -> Object:
    """A relative name below the root; only an absolute one has none above it."""
    if PurePosixPath(file).is_absolute():
        return {"uri": "file://" + _uri(file)}
    if PureWindowsPath(file).is_absolute():
        return {"uri": "file:///" + _uri(file.replace("\\", "/"))}
    return {"uri": _uri(file), "uriBaseId": ROOT}


def _uri(path: str) -> str:
    try:
        return quote(path, safe="/", errors="surrogateescape")  # the very bytes of the name
    except UnicodeEncodeError:
        return quote(path, safe="/", errors="replace")
