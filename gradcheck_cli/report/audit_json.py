"""An audit as JSON: a contract with a version, its claims as in the JSON of a check."""

from __future__ import annotations

import json
from typing import Any

from gradcheck_cli.report import json as check_json
from gradcheck_cli.report.audit import STATES, Audit, AuditedDocument, AuditedFormula

VERSION = 1


def render(audit: Audit) -> str:
    """The whole audit as one JSON object; what does not apply is null."""
    return json.dumps(document(audit), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def document(audit: Audit) -> dict[str, Any]:
    """The same as data."""
    numbers = {id(c): n for n, c in enumerate(audit.result.claims)}
    return {
        "version": VERSION,
        "formulas": _figures(audit.documents),
        "documents": [_document(d, numbers) for d in audit.documents],
        "check": check_json.document(audit.result),
    }


def _figures(documents: tuple[AuditedDocument, ...]) -> dict[str, Any]:
    counts: dict[str, Any] = {state: sum(d.count(state) for d in documents) for state in STATES}
    judgeable = sum(d.judgeable for d in documents)
    return {
        "found": sum(len(d.formulas) for d in documents),
        **counts,
        "not_true": sum(len(d.wrong) for d in documents),
        "coverage": round(sum(d.covered for d in documents) / judgeable, 4) if judgeable else None,
    }


def _document(d: AuditedDocument, numbers: dict[int, int]) -> dict[str, Any]:
    return {
        "file": d.file,
        "specs": list(d.specs),
        "figures": _figures((d,)),
        "formulas": [_formula(f, numbers) for f in d.formulas],
        "other_claims": [numbers[id(c)] for c in d.beside],
    }


def _formula(f: AuditedFormula, numbers: dict[int, int]) -> dict[str, Any]:
    found = f.found
    return {
        "line": found.shown.line,
        "column": found.shown.column,
        "cell": found.cell,
        "latex": found.text.value,
        "display": found.display,
        "labels": list(found.labels),
        "heading": found.heading or None,
        "state": f.state,
        "reason": f.reason or None,
        "verdict": f.verdict,
        "claims": [numbers[id(c)] for c in f.claims],
    }
