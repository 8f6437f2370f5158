"""The report as JSON: a contract with a version, the same bytes for the same run."""

from __future__ import annotations

import json
import math
from typing import Any

from gradcheck_cli.compare.verdict import Certificate, Judgement, Sight
from gradcheck_cli.report.json_schema import VERSION
from gradcheck_cli.report.result import ClaimResult, LinkResult, RunResult
from gradcheck_cli.report.rules import RULES
from gradcheck_cli.report.words import finding_message
from gradcheck_cli.spec.model import VERDICTS
from gradcheck_cli.text import Problem


def render(result: RunResult) -> str:
    """The whole run as one JSON object; what does not apply is null."""
    return json.dumps(document(result), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def document(result: RunResult) -> dict[str, Any]:
    """The same as data."""
    return {
        "version": VERSION,
        "tool": {
            "name": "gradcheck",
            "versions": result.versions,
            "oracle": result.oracle,
            "device": result.device,
            "draws": result.draws,
        },
        "summary": _summary(result),
        "claims": [_claim(c) for c in result.claims],
        "problems": [_problem(p) for p in result.problems],
        "crashes": [
            {"id": c.id, "spec": c.spec, "line": c.span.line, "error": c.error} for c in result.crashes
        ],
    }


def _summary(result: RunResult) -> dict[str, Any]:
    verdicts = [c.verdict for c in result.claims]
    return {
        "claims": len(verdicts),
        "links": sum(len(c.links) for c in result.claims),
        "verdicts": {v: verdicts.count(v) for v in VERDICTS},
        "unexpected": len(result.unexpected),
        "ignored": len(result.ignored),
        "in_baseline": len(result.baselined),
        "gone_from_baseline": len(result.gone),
        "problems": len(result.problems),
        "crashes": len(result.crashes),
        "not_judged": result.interrupted,
        "bundled_specs": result.bundled,
        "status": result.status,
    }


def _claim(c: ClaimResult) -> dict[str, Any]:
    shown = c.first_unexpected or c.first_error or c.links[0]
    code = c.code
    return {
        "id": c.claim.id,
        "spec": c.spec,
        "line": c.claim.formula.text.all.line,
        "operator": c.operator.name,
        "kind": c.claim.kind,
        "claim": c.claim.formula.text.value,
        "quote": c.claim.quote,
        "remarks": list(c.remarks),
        "advice": list(c.advice),
        "unstable": [
            {
                "link": c.links[u.link].id,
                "trouble": u.trouble,
                "at": u.at,
                "gives": _number(u.gives),
                "true": u.true,
                "stable": u.stable or None,
            }
            for u in c.unstable
        ],
        "weak": [{"link": c.links[w.link].id, "reason": w.reason} for w in c.weak],
        "power": [
            {
                "link": c.links[p.link].id,
                "element": _number(p.element),
                "everywhere": _number(p.everywhere),
                "changed": p.changed,
                "found": p.found,
                "survivors": list(p.survivors),
                "undecided": list(p.undecided),
                "complete": p.complete,
            }
            for p in c.power
        ],
        "links": [_link(link) for link in c.links],
        "verdict": c.verdict,
        "expected": list(c.claim.expect) if len(c.claim.expect) > 1 else c.claim.expect[0],
        "ok": c.ok,
        "excuse": c.excuse or None,
        "error": _error(shown.judgement),
        "floor": _number(shown.judgement.floor),
        "seed": c.seed,
        "document": c.operator.document.document,
        "document_line": c.place.line if c.place else None,
        "condition": shown.judgement.condition,
        "correction": None
        if c.correction is None
        else {
            "claim": c.correction.text,
            "latex": c.correction.latex,
            "verdict": c.correction.verdict,
        },
        "finding": None
        if code is None
        else {"code": code, "name": RULES[code][0], "message": finding_message(c)},
        "suggestion": _suggestion(c, shown),
        "consequences": [
            {"gradient": f"d{name}", "max_relative": _number(error)}
            for r in c.consequences
            for name, error in r.errors
        ],
    }


def _suggestion(c: ClaimResult, link: LinkResult) -> dict[str, Any] | None:
    diagnosis = c.diagnosis_of(link)
    if diagnosis is None or not diagnosis.suggestions:
        return None
    best = diagnosis.suggestions[0]
    return {"claim": best.text, "latex": best.latex, "code": diagnosis.code}


def _link(link: LinkResult) -> dict[str, Any]:
    worst = link.judgement.worst
    return {
        "id": link.id,
        "left": link.left,
        "right": link.right,
        "verdict": link.verdict,
        "expected": link.expected,
        "reason": link.judgement.reason or None,
        "error": _error(link.judgement),
        "floor": _number(link.judgement.floor),
        "draws": len(link.judgement.sights),
        "differs": _number(worst.share) if worst else None,
        "certificate": _certificate(link.judgement.certificate),
    }


def _certificate(found: Certificate | None) -> dict[str, Any] | None:
    if found is None:
        return None
    false = found.outcome == "false"
    return {
        "outcome": found.outcome,
        "reason": found.reason or None,
        "points": found.points,
        "elements": found.elements,
        "digits": found.digits,
        "bits": found.bits,
        "sizes": [dict(sizes) for sizes in found.sizes],
        "differences_digits": found.witness,
        "index": found.index if false else None,
        "left": found.left if false else None,
        "right": found.right if false else None,
        "data": dict(found.data),
        "field": {"degree": found.field.degree, "chance": found.field.chance} if found.field else None,
    }


def _error(judgement: Judgement) -> dict[str, Any] | None:
    worst: Sight | None = judgement.worst
    if worst is None or worst.place is None:
        return None
    return {
        "max_relative": _number(worst.error),
        "index": worst.place.index,
        "claimed": _number(worst.place.right),
        "true": _number(worst.place.left),
        "sizes": dict(sorted(worst.sizes.items())),
    }


def _number(value: float | None) -> float | str | None:
    """JSON has no infinity and no NaN; they are written as words."""
    if value is None or math.isfinite(value):
        return value
    return str(value)


def _problem(problem: Problem) -> dict[str, Any]:
    span = problem.span
    return {
        "message": problem.message,
        "file": span.source.name if span else problem.file or None,
        "line": span.line if span else None,
        "column": span.column if span else None,
        "help": problem.help or None,
    }
