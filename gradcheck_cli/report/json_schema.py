"""The published schema of the JSON report (draft 2020-12): a promise about every key."""

from __future__ import annotations

from gradcheck_cli.report.rules import RULES
from gradcheck_cli.report.schema_parts import (
    Schema,
    count,
    line,
    list_of,
    number,
    or_null,
    record,
    text,
    truth,
    verdict,
)
from gradcheck_cli.spec.model import KINDS, VERDICTS

VERSION = 1
"""Changes when a key changes its meaning or goes away."""


def schema() -> Schema:
    """The whole schema."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "gradcheck report",
        **record(
            "What one run found. What does not apply is null.",
            version={"const": VERSION, "description": "Changes when a key changes its meaning or goes away."},
            tool=_TOOL,
            summary=_SUMMARY,
            claims=list_of("The claims that were judged, in the order of the specs.", _CLAIM),
            problems=list_of("What is wrong with the request or the specs.", _PROBLEM),
            crashes=list_of("Claims whose judgement failed inside gradcheck itself.", _CRASH),
        ),
    }


_TOOL = record(
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
    device=text("Where claims and autograd ran: `cpu`, `cuda` or `cuda:n`."),
    draws=count("Fresh sets of data for each claim."),
)

_SUMMARY = record(
    "The run in figures.",
    claims=count("Claims that were judged."),
    links=count("Links of all claims; a plain equation has one."),
    verdicts=record("Claims with each verdict.", **{v: count(f"Claims that are `{v}`.") for v in VERDICTS}),
    unexpected=count("Claims that somebody has to look at."),
    ignored=count("Claims with a finding whose code the user ignores."),
    in_baseline=count("Claims with a finding that the baseline knows."),
    gone_from_baseline=count("Findings of the baseline that no longer occur."),
    problems=count("Length of `problems`."),
    crashes=count("Length of `crashes`."),
    not_judged=count("Claims left over when the run was interrupted."),
    bundled_specs=truth("No specs were found: these are the audited sources that come with gradcheck."),
    status={"enum": [0, 1, 2, 3, 130], "description": "The exit status."},
)

_ERROR = or_null(
    record(
        "The largest error of the draw that decided; null where nothing was compared.",
        max_relative=number("The largest difference relative to the largest magnitude of the left side."),
        index=text("The element where it is: `2, 0`, or `i=2`; empty for a scalar."),
        claimed=number("The value of the right side there."),
        true=number("The value of the left side there: the truth where that is a gradient or tangent."),
        sizes={
            "description": "The sizes of the dimensions in that draw.",
            "type": "object",
            "additionalProperties": {"type": "integer"},
        },
    )
)
_FLOOR = or_null(number("The smallest relative error in one element that every draw would have shown."))

_CERTIFICATE = or_null(
    record(
        "What exact arithmetic says of the link; null where it was not asked.",
        outcome={
            "enum": ["holds", "false", "none"],
            "description": "`false` is a proof: two disjoint balls. `none`: nothing could be said.",
        },
        reason=or_null(text("Why nothing could be said.")),
        points=count("Rational points that were looked at."),
        elements=count("Elements that were compared at all of them."),
        digits=count("Decimal digits to which all elements agree (999: all); of a proof, its element."),
        bits=count("The precision of the balls."),
        sizes=list_of(
            "The sizes of the dimensions at each point.",
            {"type": "object", "additionalProperties": {"type": "integer"}},
        ),
        differences_digits=or_null(count("To how many digits central differences confirm the derivatives.")),
        index=or_null(text("Of a proof: the element.")),
        left=or_null(text("Of a proof: the ball of the left side.")),
        right=or_null(text("Of a proof: the ball of the right side.")),
        data={
            "description": "Of a proof: the rational point, where it is small.",
            "type": "object",
            "additionalProperties": {"type": "string"},
        },
        field=or_null(
            record(
                "The same identity at a random point of the field of 2^61 - 1 elements.",
                degree=count("A bound of the degree of the identity."),
                chance=number("A false identity of that degree would pass with less than this probability."),
            )
        ),
    )
)

_LINK = record(
    "One step of a chain, judged by itself.",
    id=text("Its id: its own, or that of the claim with a number."),
    left=text("The left side: in plain text as it was read, or as it is written where shapes do not fit."),
    right=text("The right side; it is the left one of the next link."),
    verdict=verdict("The verdict on this link."),
    expected=or_null(verdict("What the spec expects; null where it speaks of the claim as a whole.")),
    reason=or_null(text("Why the link is undecided, or how the shapes do not fit.")),
    error=_ERROR,
    floor=_FLOOR,
    draws=count("Draws in floats that were made; the points of the certificate are draws too."),
    differs=or_null(number("The part of the elements that differ by more than the floor.")),
    certificate=_CERTIFICATE,
)

_CLAIM = record(
    "One claim.",
    id=text("Its id, or for a chain `first…last`; `file#n` where the spec gives none."),
    spec=text("The file."),
    line=line("The line of the formula in the file."),
    operator=text("The name of the operator."),
    kind={"enum": list(KINDS), "description": "What the d-names of the formula mean."},
    claim=text("The formula as it is written in the spec."),
    quote=or_null(text("The formula as the source prints it.")),
    remarks=list_of("What had to be assumed to read the formula.", {"type": "string"}),
    advice=list_of("What a right formula could cost less.", {"type": "string"}),
    unstable=list_of(
        "Where right formulas cannot be evaluated in float64, though their value is a float.",
        record(
            "One place.",
            link=text("The id of the link whose right side it is."),
            trouble=text("What happens: `overflows`, `underflows`, `keeps 9 of 16 digits`."),
            at=text("The data: `x = -800`, or the size of the inputs."),
            gives=number("What float64 gives."),
            true=text("The true value, a decimal number that may be smaller than any float."),
            stable=or_null(text("A formula of the same value that does better, in plain text.")),
        ),
    ),
    weak=list_of(
        "Links that hold and say little.",
        record("One of them.", link=text("Its id."), reason=text("Why it says little.")),
    ),
    power=list_of(
        "What would have been found of errors in the links that hold; empty without `--power`.",
        record(
            "One link.",
            link=text("Its id."),
            element=or_null(number("The smallest error of any one element, relative to the largest.")),
            everywhere=or_null(number("The smallest relative error of all elements together.")),
            changed=count("Changed formulas that were judged at the same data."),
            found=count("Those of them that are found to be wrong."),
            survivors=list_of("Those that hold as well.", {"type": "string"}),
            undecided=list_of("Those that nobody could decide.", {"type": "string"}),
            complete=truth("There was time for all of them."),
        ),
    ),
    links=list_of("The links, in order.", _LINK),
    verdict=verdict("The verdict of the worst link."),
    expected={
        "description": "What the spec expects of the claim, or of each link.",
        "anyOf": [{"enum": list(VERDICTS)}, {"type": "array", "items": {"enum": list(VERDICTS)}}],
    },
    ok=truth("Nothing has to be done: all is as expected, and the correction holds."),
    excuse=or_null(
        {
            "enum": ["ignored", "baseline"],
            "description": "Why a claim that is not `ok` does not fail the run.",
        }
    ),
    error=_ERROR,
    floor=_FLOOR,
    seed=count("The seed of all data of the claim; `--seed` with it gives them again."),
    document=or_null(text("The document in which the claim was published.")),
    document_line=or_null(line("The line of the claim in that document.")),
    condition=or_null(text("Under what condition a wrong claim would hold.")),
    correction=or_null(
        record(
            "The right formula that the spec gives.",
            claim=text("The formula in plain text, as it was judged."),
            latex=or_null(text("The same in LaTeX, without `$`, where the claim was written in it.")),
            verdict=verdict("The verdict on it."),
        )
    ),
    finding=or_null(
        record(
            "What is the matter; null where the claim holds as expected.",
            code={"enum": list(RULES), "description": "Its code; `gradcheck explain CODE` tells more."},
            name={"enum": [name for name, _ in RULES.values()], "description": "Its code in words."},
            message=text("One line about this claim."),
        )
    ),
    suggestion=or_null(
        record(
            "A correction that gradcheck found and verified.",
            claim=text("The formula in plain text."),
            latex=or_null(text("The same in LaTeX, where the claim was written in it.")),
            code=text("The code of the finding that it mends."),
        )
    ),
    consequences=list_of(
        "What the gradients of inputs would be, were the first false link followed as written.",
        record(
            "One gradient.",
            gradient=text("Its name, such as `dQ`."),
            max_relative=number("Its largest error, relative to its largest element."),
        ),
    ),
)

_PROBLEM = record(
    "One thing that a person has to mend.",
    message=text("What is wrong."),
    file=or_null(text("The file.")),
    line=or_null(line("The line.")),
    column=or_null(line("The column.")),
    help=or_null(text("What to do.")),
)

_CRASH = record(
    "A fault of gradcheck.",
    id=text("The claim."),
    spec=text("The file."),
    line=line("The line."),
    error=text("The exception."),
)
