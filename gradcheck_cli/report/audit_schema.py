"""The published schema of the JSON report of an audit (draft 2020-12)."""

from __future__ import annotations

from typing import Any, get_args

from gradcheck_cli.report.audit import MEANING, STATES
from gradcheck_cli.report.audit_json import VERSION
from gradcheck_cli.report.json_schema import schema as check_schema
from gradcheck_cli.spec.model import Verdict

Schema = dict[str, Any]


def schema() -> Schema:
    """The whole schema."""
    check = {k: v for k, v in check_schema().items() if k != "$schema"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "gradcheck audit",
        **_object(
            "The formulas of writeups, and what specs say about them. What does not apply is null.",
            version={"const": VERSION, "description": "Changes when a key changes its meaning or goes away."},
            formulas=_FIGURES,
            documents=_list("The writeups, in the order of the request.", _DOCUMENT),
            check=check,
        ),
    }


def _object(description: str, **properties: Schema) -> Schema:
    """An object that has exactly these keys."""
    return {
        "description": description,
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _list(description: str, items: Schema) -> Schema:
    return {"description": description, "type": "array", "items": items}


def _count(description: str, least: int = 0) -> Schema:
    return {"description": description, "type": "integer", "minimum": least}


_STATE_COUNTS = {state: _count(f"How many: {MEANING[state]}.") for state in STATES}
_FIGURES = _object(
    "How many formulas there are, and what they are.",
    found=_count("All formulas."),
    **_STATE_COUNTS,
    not_true=_count("Formulas at which a claim does not hold."),
    coverage={
        "description": "Claims and definitions among the formulas that state something, 0 to 1.",
        "type": ["number", "null"],
    },
)
_CLAIMS = _list("Positions in `check.claims`.", _count("From 0."))
_FORMULA = _object(
    "A formula of a writeup.",
    line=_count("The line of the file, or of the cell.", 1),
    column=_count("The column.", 1),
    cell={"description": "The number of the notebook's cell.", "type": ["integer", "null"]},
    latex={"description": "What stands between the delimiters.", "type": "string"},
    display={
        "description": "`inline`, `display`, `bare` (without delimiters), or the environment.",
        "type": "string",
    },
    labels=_list("Its labels.", {"type": "string"}),
    heading={"description": "The nearest heading above.", "type": ["string", "null"]},
    state={"description": "; ".join(f"`{s}`: {MEANING[s]}" for s in STATES), "enum": list(STATES)},
    reason={"description": "What it defines, or why nothing is judged.", "type": ["string", "null"]},
    verdict={"description": "Of the worst claim that stands here.", "enum": [*get_args(Verdict), None]},
    claims=_CLAIMS,
)
_DOCUMENT = _object(
    "A writeup.",
    file={"description": "The file.", "type": "string"},
    specs=_list("The specs about it.", {"type": "string"}),
    figures=_FIGURES,
    formulas=_list("Its formulas, in order.", _FORMULA),
    other_claims=_CLAIMS | {"description": "Claims that stand at none of its formulas."},
)
