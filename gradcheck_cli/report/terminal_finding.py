"""One claim that needs somebody: headline, caret, what was measured, what to do."""

from __future__ import annotations

import shlex

from rich.text import Text as RichText

from gradcheck_cli.report.findings import figures
from gradcheck_cli.report.result import ClaimResult, DiagnosisResult, LinkResult
from gradcheck_cli.report.rules import RULES
from gradcheck_cli.report.terminal_chain import chain
from gradcheck_cli.report.terminal_pen import Page, cut, one_line, write
from gradcheck_cli.report.words import count, headline, link_message, spread
from gradcheck_cli.text.snippet import excerpt
from gradcheck_cli.writeups.locate import printed

_SHORT = 100
"""Changes that take more words than this are not told one by one."""


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
    told = link_message(link) if link is not None and link.verdict != "holds" else ""
    write(out, told or headline(claim), "bold")
    # a claim may refer to a formula of another file; a notebook's spec is named with its cell
    file = claim.spec if span.source is claim.claim.span.source else span.source.name
    write(out, f"  --> {file}:{span.line}:{span.column} ({link.id if link else claim.claim.id})")
    if claim.place is not None:
        write(out, f"  --> {claim.place.source.name}:{claim.place.line}:{claim.place.column}")
    line, carets = excerpt(span).split("\n")
    write(out, line)
    gutter = carets.index("|") + 1
    write(out, carets[:gutter], end="")
    write(out, carets[gutter:], "red")
    if code == "GC006":
        quote = cut(one_line(printed(claim.claim) or ""), 80)
        write(out, f"   = not found in {claim.operator.document.document}: {quote}")
        write(out, "   = help: quote the formula as it stands there now, and judge that")
    if diagnosis is not None:
        slip(out, diagnosis, "   = ", suggestions=0 if _has_correction(claim) else 1)
    _right(out, claim)
    if link is not None and len(claim.links) > 1:
        chain(out, claim, page, "   = ")
    if link is not None and link.verdict not in {"holds", "shape-mismatch"}:
        values(out, link)
    mended = _has_correction(claim) or (diagnosis is not None and diagnosis.suggestions)
    if link is not None and link.special and not mended:
        write(out, f"   = it would hold where {' or '.join(link.special)}, which many wrong formulas do")
    for remark in claim.remarks:
        write(out, f"   = {remark}")
    followed = spread(claim, link)
    if followed:
        write(out, f"   = {followed}")
    _advice(out, claim)
    out.append("\n")


def values(out: RichText, link: LinkResult) -> None:
    """The element with the largest error, and how sure its truth is."""
    for line in figures(link):
        write(out, f"   = {line}")


def slip(out: RichText, diagnosis: DiagnosisResult, indent: str, *, suggestions: int | None = None) -> None:
    """The kind of slip, and the formulas near by that hold; all of them, or the first few."""
    if diagnosis.code is not None:
        where = f" (in {diagnosis.where})" if diagnosis.where not in {"", "every element"} else ""
        write(out, f"{indent}likely slip {diagnosis.code}: {diagnosis.title}{where}")
    for known in diagnosis.known:
        write(out, f"{indent}{known}")
    for suggestion in diagnosis.suggestions[:suggestions]:
        write(out, f"{indent}help: {suggestion.latex or suggestion.text}", "green")
        more = " " * len(f"{indent}help: ")
        if suggestion.latex:
            write(out, f"{more}in plain text: {suggestion.text}", "green")
        changed = "; ".join(suggestion.edits)
        changed = f"{changed}; " if len(changed) <= _SHORT else ""  # else the formula itself says it
        write(out, f"{more}{changed}verified at {count(suggestion.draws, 'fresh draw')}", "dim")


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
    elif claim.correction is not None and claim.correction.verdict != "holds":
        reason = f": {claim.correction.reason}" if claim.correction.reason else ""
        write(out, f"   = the correction is {claim.correction.verdict}{reason}")
    shown = claim.first_unexpected or claim.links[0]
    command = shlex.join(("gradcheck", "explain", shown.id, claim.spec))
    write(out, f"   = seed {claim.seed}; more: {command}", "dim")


def _right(out: RichText, claim: ClaimResult) -> None:
    """The formula to copy: into the writeup what was written in LaTeX, into the spec plain text."""
    correction = claim.correction
    if correction is None or correction.verdict != "holds" or claim.code in {"GC004", "GC006"}:
        return
    verified = "   (the spec's correction, verified)"
    if correction.latex is None:
        write(out, f"   = help: {correction.text}{verified}", "green")
        return
    write(out, f"   = help: {correction.latex}{verified}", "green")
    write(out, f"           in plain text: {correction.text}", "green")
