"""The published schema of the JSON report (draft 2020-12): a promise about every key."""

from __future__ import annotations

from typing import Any

from gradcheck_cli.report.rules import RULES
from gradcheck_cli.spec.model import KINDS, VERDICTS

Schema = dict[str, Any]

VERSION = 1
"""Changes when a key changes its meaning or goes away."""


def schema() -> Schema:
    """The whole schema."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "gradcheck report",
        **_object(
            "What one run found. What does not apply is null.",
            version={"const": VERSION, "description": "Changes when a key changes its meaning or goes away."},
            tool=_TOOL,
            summary=_SUMMARY,
            claims=_list("The claims that were judged, in the order of the specs.", _CLAIM),
            problems=_list("What is wrong with the request or the specs.", _PROBLEM),
            crashes=_list("Claims whose judgement failed inside gradcheck itself.", _CRASH),
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


def _text(description: str) -> Schema:
    return {"description": description, "type": "string"}


def _count(description: str) -> Schema:
    return {"description": description, "type": "integer", "minimum": 0}


def _line(description: str) -> Schema:
    return {"description": description, "type": "integer", "minimum": 1}


def _truth(description: str) -> Schema:
    return {"description": description, "type": "boolean"}


def _verdict(description: str) -> Schema:
    return {"description": description, "enum": list(VERDICTS)}


def _number(description: str) -> Schema:
    """A number; JSON has no word for those that are not finite."""
    return {"description": description, "anyOf": [{"type": "number"}, {"enum": ["inf", "-inf", "nan"]}]}


def _or_null(schema: Schema) -> Schema:
    """The same, or null; the description stays outside."""
    inner = {key: value for key, value in schema.items() if key != "description"}
    return {"description": schema["description"], "anyOf": [inner, {"type": "null"}]}


_TOOL = _object(
    "What judged, and how.",
    name={"const": "gradcheck", "description": "The name of the tool."},
    versions={
        "description": "Versions of gradcheck and of the libraries that computed.",
        "type": "object",
        "additionalProperties": {"type": "string"},
    },
    oracle={
        "enum": ["both", "autograd", "differences", "exact"],
        "description": "Where the truth came from.",
    },
    device=_text("Where claims and autograd ran: `cpu`, `cuda` or `cuda:n`."),
    draws=_count("Fresh sets of data for each claim."),
)

_SUMMARY = _object(
    "The run in figures.",
    claims=_count("Claims that were judged."),
    links=_count("Links of all claims; a plain equation has one."),
    verdicts=_object("Claims with each verdict.", **{v: _count(f"Claims that are `{v}`.") for v in VERDICTS}),
    unexpected=_count("Claims that somebody has to look at."),
    ignored=_count("Claims with a finding whose code the user ignores."),
    in_baseline=_count("Claims with a finding that the baseline knows."),
    gone_from_baseline=_count("Findings of the baseline that no longer occur."),
    problems=_count("Length of `problems`."),
    crashes=_count("Length of `crashes`."),
    not_judged=_count("Claims left over when the run was interrupted."),
    bundled_specs=_truth("No specs were found: these are the audited sources that come with gradcheck."),
    status={"enum": [0, 1, 2, 3, 130], "description": "The exit status."},
)

_ERROR = _or_null(
    _object(
        "The largest error of the draw that decided; null where nothing was compared.",
        max_relative=_number("The largest difference relative to the largest magnitude of the left side."),
        index=_text("The element where it is: `2, 0`, or `i=2`; empty for a scalar."),
        claimed=_number("The value of the right side there."),
        true=_number("The value of the left side there: the truth where that is a gradient or tangent."),
        sizes={
            "description": "The sizes of the dimensions in that draw.",
            "type": "object",
            "additionalProperties": {"type": "integer"},
        },
    )
)
_FLOOR = _or_null(_number("The smallest relative error in one element that every draw would have shown."))

_CERTIFICATE = _or_null(
    _object(
        "What exact arithmetic says of the link; null where it was not asked.",
        outcome={
            "enum": ["holds", "false", "none"],
            "description": "`false` is a proof: two disjoint balls. `none`: nothing could be said.",
        },
        reason=_or_null(_text("Why nothing could be said.")),
        points=_count("Rational points that were looked at."),
        elements=_count("Elements that were compared at all of them."),
        digits=_count("Decimal digits to which all elements agree (999: all); of a proof, its element."),
        bits=_count("The precision of the balls."),
        sizes=_list(
            "The sizes of the dimensions at each point.",
            {"type": "object", "additionalProperties": {"type": "integer"}},
        ),
        differences_digits=_or_null(
            _count("To how many digits central differences confirm the derivatives.")
        ),
        index=_or_null(_text("Of a proof: the element.")),
        left=_or_null(_text("Of a proof: the ball of the left side.")),
        right=_or_null(_text("Of a proof: the ball of the right side.")),
        data={
            "description": "Of a proof: the rational point, where it is small.",
            "type": "object",
            "additionalProperties": {"type": "string"},
        },
        field=_or_null(
            _object(
                "The same identity at a random point of the field of 2^61 - 1 elements.",
                degree=_count("A bound of the degree of the identity."),
                chance=_number("A false identity of that degree would pass with less than this probability."),
            )
        ),
    )
)

_LINK = _object(
    "One step of a chain, judged by itself.",
    id=_text("Its id: its own, or that of the claim with a number."),
    left=_text("The left side: in plain text as it was read, or as it is written where shapes do not fit."),
    right=_text("The right side; it is the left one of the next link."),
    verdict=_verdict("The verdict on this link."),
    expected=_or_null(_verdict("What the spec expects; null where it speaks of the claim as a whole.")),
    reason=_or_null(_text("Why the link is undecided, or how the shapes do not fit.")),
    error=_ERROR,
    floor=_FLOOR,
    draws=_count("Draws that were made."),
    differs=_or_null(_number("The part of the elements that differ by more than the floor.")),
    certificate=_CERTIFICATE,
)

_CLAIM = _object(
    "One claim.",
    id=_text("Its id, or for a chain `first…last`; `file#n` where the spec gives none."),
    spec=_text("The file."),
    line=_line("The line of the formula in the file."),
    operator=_text("The name of the operator."),
    kind={"enum": list(KINDS), "description": "What the d-names of the formula mean."},
    claim=_text("The formula as it is written in the spec."),
    quote=_or_null(_text("The formula as the source prints it.")),
    remarks=_list("What had to be assumed to read the formula.", {"type": "string"}),
    advice=_list("What a right formula could cost less.", {"type": "string"}),
    unstable=_list(
        "Where right formulas cannot be evaluated in float64, though their value is a float.",
        _object(
            "One place.",
            link=_text("The id of the link whose right side it is."),
            trouble=_text("What happens: `overflows`, `underflows`, `keeps 9 of 16 digits`."),
            at=_text("The data: `x = -800`, or the size of the inputs."),
            gives=_number("What float64 gives."),
            true=_text("The true value, a decimal number that may be smaller than any float."),
            stable=_or_null(_text("A formula of the same value that does better, in plain text.")),
        ),
    ),
    weak=_list(
        "Links that hold and say little.",
        _object("One of them.", link=_text("Its id."), reason=_text("Why it says little.")),
    ),
    power=_list(
        "What would have been found of errors in the links that hold; empty without `--power`.",
        _object(
            "One link.",
            link=_text("Its id."),
            element=_or_null(_number("The smallest error of any one element, relative to the largest.")),
            everywhere=_or_null(_number("The smallest relative error of all elements together.")),
            changed=_count("Changed formulas that were judged at the same data."),
            found=_count("Those of them that are found to be wrong."),
            survivors=_list("Those that hold as well.", {"type": "string"}),
            undecided=_list("Those that nobody could decide.", {"type": "string"}),
            complete=_truth("There was time for all of them."),
        ),
    ),
    links=_list("The links, in order.", _LINK),
    verdict=_verdict("The verdict of the worst link."),
    expected={
        "description": "What the spec expects of the claim, or of each link.",
        "anyOf": [{"enum": list(VERDICTS)}, {"type": "array", "items": {"enum": list(VERDICTS)}}],
    },
    ok=_truth("Nothing has to be done: all is as expected, and the correction holds."),
    excuse=_or_null(
        {
            "enum": ["ignored", "baseline"],
            "description": "Why a claim that is not `ok` does not fail the run.",
        }
    ),
    error=_ERROR,
    floor=_FLOOR,
    seed=_count("The seed of all data of the claim; `--seed` with it gives them again."),
    document=_or_null(_text("The document in which the claim was published.")),
    document_line=_or_null(_line("The line of the claim in that document.")),
    condition=_or_null(_text("Under what condition a wrong claim would hold.")),
    correction=_or_null(
        _object(
            "The right formula that the spec gives.",
            claim=_text("The formula in plain text, as it was judged."),
            latex=_or_null(_text("The same in LaTeX, without `$`, where the claim was written in it.")),
            verdict=_verdict("The verdict on it."),
        )
    ),
    finding=_or_null(
        _object(
            "What is the matter; null where the claim holds as expected.",
            code={"enum": list(RULES), "description": "Its code; `gradcheck explain CODE` tells more."},
            name={"enum": [name for name, _ in RULES.values()], "description": "Its code in words."},
            message=_text("One line about this claim."),
        )
    ),
    suggestion=_or_null(
        _object(
            "A correction that gradcheck found and verified.",
            claim=_text("The formula in plain text."),
            latex=_or_null(_text("The same in LaTeX, where the claim was written in it.")),
            code=_text("The code of the finding that it mends."),
        )
    ),
    consequences=_list(
        "What the gradients of inputs would be, were the first false link followed as written.",
        _object(
            "One gradient.",
            gradient=_text("Its name, such as `dQ`."),
            max_relative=_number("Its largest error, relative to its largest element."),
        ),
    ),
)

_PROBLEM = _object(
    "One thing that a person has to mend.",
    message=_text("What is wrong."),
    file=_or_null(_text("The file.")),
    line=_or_null(_line("The line.")),
    column=_or_null(_line("The column.")),
    help=_or_null(_text("What to do.")),
)

_CRASH = _object(
    "A fault of gradcheck.",
    id=_text("The claim."),
    spec=_text("The file."),
    line=_line("The line."),
    error=_text("The exception."),
)
