"""One claim that needs somebody: headline, caret, what was measured, what to do."""

from __future__ import annotations

import shlex

from rich.text import Text as RichText

from gradcheck_cli.report.findings import figures
from gradcheck_cli.report.result import RULES, ClaimResult, CorrectionResult, DiagnosisResult, LinkResult
from gradcheck_cli.report.terminal_chain import chain
from gradcheck_cli.report.terminal_pen import Page, block, cut, one_line, write
from gradcheck_cli.report.words import count, headline, link_message
from gradcheck_cli.text.snippet import excerpt
from gradcheck_cli.writeups.locate import printed


def finding(out: RichText, claim: ClaimResult, page: Page) -> None:
    """The whole of it."""
    code = claim.code
    assert code is not None
    name = RULES[code][0]
    link = claim.first_unexpected
    span = link.span if link is not None and link.span is not None else claim.claim.formula.text.all
    if code == "GC005" and claim.claim.correction is not None:
        span = claim.claim.correction.text.all
    if link is not None and link.verdict == "shape-mismatch" and link.judgement.span is not None:
        span = link.judgement.span
    diagnosis = claim.diagnosis_of(link)
    if diagnosis is not None and diagnosis.span is not None:
        span = diagnosis.span
    write(out, f"error[{code}] {name}: ", "bold red", end="")
    write(out, headline(claim), "bold")
    write(out, f"  --> {claim.spec}:{span.line}:{span.column} ({link.id if link else claim.claim.id})")
    if claim.place is not None:
        write(out, f"  --> {claim.place.source.name}:{claim.place.line}:{claim.place.column}")
    block(out, excerpt(span))
    if code == "GC006":
        quote = cut(one_line(printed(claim.claim) or ""), 80)
        write(out, f"   = not found in {claim.operator.document.document}: {quote}")
        write(out, "   = help: quote the formula as it stands there now, and judge that")
    if link is not None and link.verdict != "holds":
        write(out, f"   = {link_message(link)}")
    if link is not None and len(claim.links) > 1:
        chain(out, claim, page, "   = ")
    if link is not None and link.verdict not in {"holds", "shape-mismatch"}:
        values(out, link)
    if link is not None and link.special:
        write(out, f"   = it would hold where {' or '.join(link.special)}, which many wrong formulas do")
    for remark in claim.remarks:
        write(out, f"   = {remark}")
    if diagnosis is not None:
        slip(out, diagnosis, "   = ", suggestions=0 if _has_correction(claim) else 1)
    _advice(out, claim)
    out.append("\n")


def values(out: RichText, link: LinkResult) -> None:
    """The element with the largest error, and how sure its truth is."""
    for line in figures(link):
        write(out, f"   = {line}")


def slip(out: RichText, diagnosis: DiagnosisResult, indent: str, *, suggestions: int | None = None) -> None:
    """The kind of slip, and the formulas near by that hold; all of them, or the first few."""
    if diagnosis.code is not None:
        where = f", in {diagnosis.where}" if diagnosis.where else ""
        write(out, f"{indent}likely slip {diagnosis.code}, {diagnosis.title}{where}")
    for known in diagnosis.known:
        write(out, f"{indent}{known}")
    for suggestion in diagnosis.suggestions[:suggestions]:
        changed = "; ".join(suggestion.edits)
        verified = f"   (verified at {count(suggestion.draws, 'fresh draw')}: {changed})"
        write(out, f"{indent}help: {suggestion.latex or suggestion.text}{verified}", "green")
        if suggestion.latex:
            write(out, f"{indent}in plain text: {suggestion.text}", "green")


def _has_correction(claim: ClaimResult) -> bool:
    return claim.correction is not None and claim.correction.verdict == "holds"


def _advice(out: RichText, claim: ClaimResult) -> None:
    if claim.code == "GC006":
        return
    if claim.code == "GC004":
        expected = ", ".join(claim.claim.expect)
        write(
            out, f"   = help: remove `expect: {expected}`, or check that the claim is still the one meant", ""
        )
    elif claim.correction is not None and claim.correction.verdict == "holds":
        _right(out, claim.correction)
    elif claim.correction is not None:
        reason = f": {claim.correction.reason}" if claim.correction.reason else ""
        write(out, f"   = the correction is {claim.correction.verdict}{reason}")
    shown = claim.first_unexpected or claim.links[0]
    command = shlex.join(("gradcheck", "explain", shown.id, claim.spec))
    write(out, f"   = seed {claim.seed}; more: {command}", "dim")


def _right(out: RichText, correction: CorrectionResult) -> None:
    """The formula to copy: into the writeup what was written in LaTeX, into the spec plain text."""
    verified = "   (the spec's correction, verified)"
    if correction.latex is None:
        write(out, f"   = help: {correction.text}{verified}", "green")
        return
    write(out, f"   = help: {correction.latex}{verified}", "green")
    write(out, f"   = in plain text: {correction.text}", "green")
