"""The published schema of the JSON report of an audit (draft 2020-12)."""

from __future__ import annotations

from typing import get_args

from gradcheck_cli.report.audit import MEANING, STATES
from gradcheck_cli.report.audit_json import VERSION
from gradcheck_cli.report.json_schema import schema as check_schema
from gradcheck_cli.report.schema_parts import Schema, count, line, list_of, or_null, record, text
from gradcheck_cli.spec.model import Verdict


def schema() -> Schema:
    """The whole schema."""
    check = {k: v for k, v in check_schema().items() if k != "$schema"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "gradcheck audit",
        **record(
            "The formulas of writeups, and what specs say about them. What does not apply is null.",
            version={"const": VERSION, "description": "Changes when a key changes its meaning or goes away."},
            formulas=_FIGURES,
            documents=list_of("The writeups, in the order of the request.", _DOCUMENT),
            check=check,
        ),
    }


_STATE_COUNTS = {state: count(f"How many: {MEANING[state]}.") for state in STATES}
_FIGURES = record(
    "How many formulas there are, and what they are.",
    found=count("All formulas."),
    **_STATE_COUNTS,
    not_true=count("Formulas at which a claim does not hold."),
    coverage={
        "description": "Claims and definitions among the formulas that state something, 0 to 1.",
        "type": ["number", "null"],
    },
)
_CLAIMS = list_of("Positions in `check.claims`.", count("From 0."))
_FORMULA = record(
    "A formula of a writeup.",
    line=line("The line of the file, or of the cell."),
    column=line("The column."),
    cell={"description": "The number of the notebook's cell.", "type": ["integer", "null"]},
    latex=text("What stands between the delimiters."),
    display=text("`inline`, `display`, `bare` (without delimiters), or the environment."),
    labels=list_of("Its labels.", {"type": "string"}),
    heading=or_null(text("The nearest heading above.")),
    state={"description": "; ".join(f"`{s}`: {MEANING[s]}" for s in STATES), "enum": list(STATES)},
    reason=or_null(text("What it defines, or why nothing is judged.")),
    verdict={"description": "Of the worst claim that stands here.", "enum": [*get_args(Verdict), None]},
    claims=_CLAIMS,
)
_DOCUMENT = record(
    "A writeup.",
    file=text("The file."),
    specs=list_of("The specs about it.", {"type": "string"}),
    figures=_FIGURES,
    formulas=list_of("Its formulas, in order.", _FORMULA),
    other_claims=_CLAIMS | {"description": "Claims that stand at none of its formulas."},
)
