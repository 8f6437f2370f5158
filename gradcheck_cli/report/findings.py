"""What all reports for machines say of a claim: its place, its sentences, and how bad it is."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from gradcheck_cli.report.result import ClaimResult, LinkResult, RunResult
from gradcheck_cli.report.words import (
    count,
    element,
    finding_message,
    headline,
    names_truth,
    percent,
    sizes,
    spread,
)
from gradcheck_cli.spec.model import VERDICTS
from gradcheck_cli.text import Problem, Span, plain
from gradcheck_cli.writeups.found import in_file
from gradcheck_cli.writeups.locate import printed

LONGEST = 2_000
"""A longer sentence is cut: it holds a formula that nobody reads in a message."""

_WORST = ("GC002", "GC001", "GC007", "GC005", "GC004", "GC003", "GC006")
"""From what is certainly false to what has only moved; a code of a diagnosis comes before them all."""


@dataclass(frozen=True)
class Region:
    """A stretch of a file in lines and columns, which count from 1; the end is just behind it."""

    line: int
    column: int
    end_line: int
    end_column: int


def region(span: Span) -> Region:
    """Where a span begins and ends."""
    span = in_file(span)
    return Region(*span.source.position(span.start), *span.source.position(max(span.start, span.end)))


def worst_first(claims: Iterable[ClaimResult]) -> list[ClaimResult]:
    """The claims in the order in which somebody should look at them, else in that of the specs."""
    return sorted(claims, key=lambda c: _WORST.index(c.code) if c.code in _WORST else -1)


def one_line(text: str, limit: int = LONGEST) -> str:
    """A text from a spec as one line without control characters, and not longer than allowed."""
    return cut(plain(" ".join(text.split())[: limit + 1]), limit)


def cut(text: str, limit: int) -> str:
    """A text that is not longer than allowed, and says so where it was."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def shown_link(c: ClaimResult) -> LinkResult | None:
    """The link that a report is about: the first that is not as expected, or the known error."""
    return c.first_unexpected or (c.first_error if c.ok else None)


def shown_id(c: ClaimResult) -> str:
    """The id to ask `explain` for."""
    link = shown_link(c)
    return link.id if link is not None else c.claim.id


def place(c: ClaimResult) -> Span:
    """Where the spec says what is the matter: the offending side, or what stands for it.

    Of a claim that refers to a formula of another file this is the reference.
    """
    span, own = _offending(c), c.claim.span
    return span if in_file(span).source.name == in_file(own).source.name else own


def _offending(c: ClaimResult) -> Span:
    link = shown_link(c)
    if c.code == "GC005" and c.claim.correction is not None:
        return c.claim.correction.text.all
    if link is None:
        return c.claim.formula.text.all
    diagnosis = c.diagnosis_of(link)
    if diagnosis is not None and diagnosis.span is not None:
        return diagnosis.span
    if link.verdict == "shape-mismatch" and link.judgement.span is not None:
        return link.judgement.span
    return link.span if link.span is not None else c.claim.formula.text.all


def document_path(c: ClaimResult) -> str | None:
    """The document in which the claim was found, as a path; None where that lies outside of the folder."""
    if c.place is None:
        return None
    name = c.document_file or (PurePosixPath(c.spec).parent / c.place.source.name).as_posix()
    return None if name.startswith(("/", "..")) else name


def equation(c: ClaimResult) -> str:
    """What was claimed: the link that the report is about, or else the whole formula."""
    link = shown_link(c)
    if link is None:
        return one_line(c.claim.formula.text.value)
    return one_line(f" {link.relation} ".join(link.shown(unicode=True)))


def right(c: ClaimResult) -> str | None:
    """What is right instead, if that was verified; of a chain the step in question."""
    link = shown_link(c)
    if c.correction is None or c.correction.verdict != "holds":
        diagnosis = c.diagnosis_of(link)
        best = diagnosis.suggestions[0] if diagnosis is not None and diagnosis.suggestions else None
        return None if best is None else one_line(best.pretty or best.text)
    if link is None:
        return one_line(c.correction.whole(unicode=True))
    return one_line(c.correction.for_link(c.links.index(link), unicode=True))


def sentences(c: ClaimResult) -> tuple[str, ...]:
    """All that is said about a claim: what a finding of its kind means, then what was found."""
    # the headline of GC004 and what is said of every such claim are the same
    return facts(c) if c.code == "GC004" else (one_line(headline(c)), *facts(c))


def facts(c: ClaimResult) -> tuple[str, ...]:
    """What was found out about a claim, a sentence each, the most important first."""
    link = shown_link(c)
    found: list[str] = [finding_message(c)]
    if c.code == "GC006":
        found[0] += f": {printed(c.claim) or ''}"
        found.append("quote the formula as it stands there now, and judge that")
    if link is not None and link.verdict not in {"holds", "shape-mismatch"}:
        found += figures(link)
    found += c.remarks
    found += [*slip(c), spread(c, link)]
    if c.code == "GC004":
        expected = ", ".join(c.claim.expect)
        found.append(f"remove `expect: {expected}`, or check that the claim is still the one meant")
    elif c.correction is not None and c.code != "GC006":
        right = c.correction
        if right.verdict == "holds":
            found.append(f"right: {right.text} (the spec's correction, verified)")
        elif right.verdict != "skipped" and (right.reason or c.code != "GC005"):
            found.append(f"the correction is {right.verdict}" + (f": {right.reason}" if right.reason else ""))
    if c.code != "GC006":
        command = shlex.join(("gradcheck", "explain", shown_id(c), c.spec))
        found.append(f"seed {c.seed}; more: {command}")
    return tuple(one_line(sentence) for sentence in found if sentence)


def slip(c: ClaimResult) -> list[str]:
    """The kind of slip and the formula near by that holds, where the spec gives none."""
    diagnosis = c.diagnosis_of(shown_link(c))
    if diagnosis is None:
        return []
    lines = [f"likely slip {diagnosis.code}: {diagnosis.title}"] if diagnosis.code else []
    lines += diagnosis.known
    if diagnosis.suggestions and (c.correction is None or c.correction.verdict != "holds"):
        best = diagnosis.suggestions[0]
        lines.append(f"right: {best.latex or best.text} (verified at fresh draws: {'; '.join(best.edits)})")
    return lines


def figures(link: LinkResult) -> list[str]:
    """The element with the largest error, and how sure its truth is."""
    worst = link.judgement.worst
    if worst is None or worst.place is None:
        return []
    at = sizes(worst)
    said, found = ("true", "claimed") if names_truth(link) else ("the left side is", "the right side")
    values = f"{said} {worst.place.left:.10g}, {found} {worst.place.right:.10g}"
    lines = [f"at {element(link, worst.place)}: {values}" + (f" (with {at})" if at else "")]
    confirmed = [a for a in worst.agreements if a.ok]
    if confirmed:
        names = ", ".join(f"`{a.what}`" for a in confirmed[:3])
        bar = max(a.error / (abs(a.differences) or 1) for a in confirmed)
        precision = f" to {bar:.0e}" if bar < 0.01 else " within their error"
        lines.append(f"{names} by autograd, confirmed by differences{precision}")
    if worst.floor:
        lines.append(f"an error of {percent(worst.floor)} in one element would have been seen")
    return lines


def steps(c: ClaimResult) -> list[str]:
    """Of a chain its links with their verdicts, one a line."""
    if len(c.links) < 2:
        return []
    said = [(link.verdict, f" {link.relation} ".join(link.shown(unicode=True))) for link in c.links]
    return [f"{link.id}: {one_line(text)}   {v}" for link, (v, text) in zip(c.links, said, strict=True)]


def troubles(result: RunResult) -> tuple[Problem, ...]:
    """What is wrong with the specs or the request."""
    if result.unmatched is None:
        return result.problems
    return (*result.problems, Problem(f"no claim matches `-k {result.unmatched}`"))


def summary(result: RunResult) -> str:
    """The run in one sentence, without a word from a spec."""
    n, bad = len(result.claims), len(result.unexpected)
    excuses = [
        f"{len(some):,} {why}"
        for some, why in ((result.ignored, "ignored"), (result.baselined, "in the baseline"))
        if some
    ]
    parts = []
    if bad:
        parts.append(f"{count(bad, 'claim')} of {n:,} not as expected")
    elif n:
        found = [(sum(c.verdict == v for c in result.claims), v) for v in VERDICTS]
        told = ", ".join(f"{k:,} {'hold' if v == 'holds' and k != 1 else v}" for k, v in found if k)
        parts.append(
            f"{count(n, 'claim')}: {told}"
            + (", each as its spec expects" if result.known_errors and not excuses else "")
        )
    elif result.unmatched is not None:
        parts.append("no claim matches `-k`")
    elif not result.problems and not result.crashes:
        parts.append("nothing to check")
    parts += excuses
    if bad and result.skipped:
        parts.append(f"{len(result.skipped):,} skipped")
    if result.problems:
        parts.append(count(len(result.problems), "problem") + " in the specs")
    if result.crashes:
        parts.append(count(len(result.crashes), "internal error"))
    if result.interrupted:
        parts.append(f"interrupted: {count(result.interrupted, 'claim')} not judged")
    return f"{'✗' if result.status else '✓'} {'; '.join(parts)}"


def skips(result: RunResult) -> list[str]:
    """Why claims were not judged, a sentence for each reason."""
    reasons = [c.links[0].judgement.reason for c in result.skipped]
    return [
        f"{count(reasons.count(reason), 'claim')} skipped: {one_line(reason)}"
        for reason in dict.fromkeys(reasons)
    ]
