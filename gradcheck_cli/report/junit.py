"""The report as JUnit XML: a suite for each spec, a case for each claim.

A chain is one case, as its verdict, its expectation and its correction are
one; its text lists the steps. A claim that is not as expected is a `failure`;
what could not be judged at all, since a spec or gradcheck is at fault, an
`error`; what the user did not allow to be judged is `skipped`. A known error
that was found again is a success, and says so in its `system-out`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

from gradcheck_cli.report.findings import (
    cut,
    document_path,
    one_line,
    place,
    right,
    sentences,
    steps,
    troubles,
)
from gradcheck_cli.report.result import ClaimResult, Crash, RunResult
from gradcheck_cli.report.rules import RULES
from gradcheck_cli.report.words import count, finding_message
from gradcheck_cli.text import Problem, draw, plain
from gradcheck_cli.text.snippet import excerpt

NOWHERE = "gradcheck"
"""The suite of what belongs to no file."""

LONGEST = 40_000
"""A longer text is cut."""

_UNMARKED = re.compile("[\ufffe\uffff]")
"""The characters that XML forbids and that `plain` leaves, as they are no control characters."""


@dataclass
class _Suite:
    """The cases of one file."""

    name: str
    cases: list[ET.Element] = field(default_factory=list)
    names: set[str] = field(default_factory=set)

    def case(self, name: str, line: int | None = None) -> ET.Element:
        """A new case; no two of a suite have the same name."""
        name, number = one_line(name, 200), 1
        unique = name
        while unique in self.names:
            number += 1
            unique = f"{name} ({number})"
        self.names.add(unique)
        dotted = re.sub(r"\.(ya?ml|md)$", "", self.name).replace("/", ".").strip(".")
        case = ET.Element("testcase", classname=_text(dotted), name=_text(unique), time="0")
        if self.name != NOWHERE:
            case.set("file", _text(self.name))
        if line is not None:
            case.set("line", str(line))
        self.cases.append(case)
        return case


def render(result: RunResult) -> str:
    """The whole run; times are 0, so that the same run gives the same bytes."""
    suites: dict[str, _Suite] = {}
    for claim in result.claims:
        _claim(_suite(suites, claim.spec), claim)
    for crash in result.crashes:
        _crash(_suite(suites, crash.spec), crash)
    for problem in troubles(result):
        _problem(_suite(suites, problem.span.source.name if problem.span else problem.file), problem)
    if result.interrupted:
        case = _suite(suites, "").case("interrupted")
        _outcome(case, "error", "interrupted", f"{count(result.interrupted, 'claim')} not judged", "")
    root = ET.Element("testsuites", {"name": "gradcheck", **_counts([*suites.values()]), "time": "0"})
    for suite in suites.values():
        counts = _counts([suite])
        element = ET.SubElement(root, "testsuite", {"name": _text(suite.name), **counts, "time": "0"})
        properties = ET.SubElement(element, "properties")
        settings = {"oracle": result.oracle, "device": result.device, "draws": str(result.draws)}
        for key, value in (settings | result.versions).items():
            ET.SubElement(properties, "property", name=_text(key), value=_text(value))
        element.extend(suite.cases)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suite(suites: dict[str, _Suite], name: str) -> _Suite:
    name = name or NOWHERE
    return suites.setdefault(name, _Suite(name))


def _counts(suites: list[_Suite]) -> dict[str, str]:
    cases = [case for suite in suites for case in suite.cases]
    found = {"tests": len(cases)}
    for key, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        found[key] = sum(case.find(tag) is not None for case in cases)
    return {key: str(value) for key, value in found.items()}


def _claim(suite: _Suite, c: ClaimResult) -> None:
    case = suite.case(c.claim.id, place(c).line)
    if c.skipped:
        ET.SubElement(case, "skipped", message=_text(one_line(c.links[0].judgement.reason)))
    elif c.counts:
        assert c.code is not None
        _outcome(case, "failure", c.code, f"{RULES[c.code][0]}: {finding_message(c)}", _told(c))
    elif c.excuse:
        why = "in the baseline" if c.excuse == "baseline" else f"{c.code} is ignored"
        ET.SubElement(case, "skipped", message=_text(f"{why}: {one_line(finding_message(c))}"))
    elif c.code is not None:
        correction = right(c)
        said = f"a known error, found again as the spec expects: {finding_message(c)}"
        more = f"\nright: {correction}" if correction else ""
        ET.SubElement(case, "system-out").text = _text(said + more)


def _told(c: ClaimResult) -> str:
    """All that a reader of the failure needs, without the spec at hand."""
    at, path = place(c), document_path(c)
    places = [f"{c.spec}:{at.line}:{at.column}"]
    if c.place is not None:
        places.append(f"{path}:{c.place.line}:{c.place.column}")
    return "\n".join((*places, excerpt(at), *sentences(c), *steps(c)))


def _problem(suite: _Suite, problem: Problem) -> None:
    case = suite.case(f"problem: {problem.message}", problem.span.line if problem.span else None)
    _outcome(case, "error", "problem", problem.message, draw(problem))


def _crash(suite: _Suite, crash: Crash) -> None:
    case = suite.case(crash.id, crash.span.line)
    fault = "this is a fault of gradcheck, not of the claim; please report it"
    _outcome(case, "error", "internal-error", crash.error, f"{fault}\n{crash.traceback}")


def _outcome(case: ET.Element, tag: str, kind: str, message: str, text: str) -> None:
    ET.SubElement(case, tag, type=kind, message=_text(one_line(message))).text = _text(text) or None


def _text(text: str) -> str:
    """A text as XML may hold it: control characters, which it forbids, are made visible; lines stay."""
    lines = (plain(line) for line in cut(text, LONGEST).split("\n"))
    return _UNMARKED.sub(lambda m: f"\\u{ord(m.group()):04x}", "\n".join(lines))
