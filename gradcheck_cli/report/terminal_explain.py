"""One claim in depth: the forward, the derivation, and what each draw showed of every link."""

from __future__ import annotations

from rich.text import Text as RichText

from gradcheck_cli.report.certificates import certificate_lines
from gradcheck_cli.report.result import ClaimResult, LinkResult
from gradcheck_cli.report.terminal_chain import chain
from gradcheck_cli.report.terminal_finding import slip, values
from gradcheck_cli.report.terminal_pen import MARK, STYLE, Page, block, one_line, write
from gradcheck_cli.report.trust import trust_lines
from gradcheck_cli.report.words import link_message, sizes, spread
from gradcheck_cli.text.snippet import excerpt


def explain_claim(out: RichText, claim: ClaimResult, page: Page) -> None:
    """The whole of it."""
    text = claim.claim.formula.text
    write(out, f"{claim.claim.id}", "bold", end="")
    write(out, f"  {claim.claim.kind} claim about {claim.operator.name}")
    write(out, f"  --> {claim.spec}:{text.all.line}:{text.all.column}", "dim")
    if claim.operator.document.document:
        section = claim.operator.document.section
        write(
            out, f"  source: {claim.operator.document.document}" + (f", {section}" if section else ""), "dim"
        )
    out.append("\n")
    for name, definition in (
        *((i.name, "input") for i in claim.operator.inputs),
        *((d.name, one_line(d.text.value)) for d in claim.operator.forward),
    ):
        write(out, f"  {name}: {definition}" if definition == "input" else f"  {name} = {definition}")
    for when in claim.claim.when:
        write(out, f"  assuming {when.name} = {one_line(when.text.value)}", "cyan")
    if claim.claim.fixed:
        write(out, f"  held constant: {', '.join(n.id for n in claim.claim.fixed)}", "cyan")
    for remark in claim.remarks:
        write(out, f"  {remark}", "cyan")
    if len(claim.links) > 1:
        out.append("\n")
        chain(out, claim, page, "  ", whole=True)
    for link in claim.links:
        _one_link(out, claim, link, page)
    right = claim.correction
    if right is not None:
        out.append("\n")
        _verdict(out, right.verdict)
        shown = right.whole(unicode=page.unicode)
        write(out, f" correction: {shown}", "bold")
        _in_other_words(out, shown, right.text, "in plain text")
        if right.latex is not None:
            write(out, f"  in LaTeX: {right.latex}")
    for sentence in claim.advice:
        write(out, f"\n  cost: {sentence}")
    if claim.claim.note:
        write(out, f"\n  note: {one_line(claim.claim.note)}", "dim")
    write(out, f"\n  seed {claim.seed}; the same seed gives the same data (`--seed {claim.seed}`)", "dim")


def _one_link(out: RichText, claim: ClaimResult, link: LinkResult, page: Page) -> None:
    """A link: its verdict, what every draw showed, and the slip if it is false."""
    out.append("\n")
    _verdict(out, link.verdict)
    shown = page.equation(link)
    write(out, f" {shown}", "bold")
    read = f"{link.left} {link.relation} {link.right}"
    _in_other_words(out, shown, read, "in LaTeX" if link.verbatim else "in plain text")
    if link.judgement.sights and link.judgement.condition is not None:
        write(out, f"  {link_message(link)}", "yellow")
    if link.judgement.sights and link.judgement.contradicted:
        write(out, f"  {link.judgement.reason}", "yellow")
    if link.judgement.sights and link.judgement.basis:
        write(out, f"  {link.judgement.basis}")
    _draws(out, link)
    for line in trust_lines(claim, link):
        write(out, f"  {line}")
    for line in certificate_lines(link.judgement):
        write(out, f"  {line}")
    diagnosis = claim.diagnosis_of(link)
    if diagnosis is not None:
        if diagnosis.span is not None:
            block(out, excerpt(diagnosis.span))
        slip(out, diagnosis, "  ")
    told = spread(claim, link)
    if told:
        write(out, f"  {told}")


def _draws(out: RichText, link: LinkResult) -> None:
    if not link.judgement.sights:
        told = link_message(link) or link.judgement.basis
        if told:
            write(out, f"  {told}")
        if link.verdict != "holds" and link.span is not None:
            block(out, excerpt(link.span))
        return
    write(out, "  draw  sizes                     error     would be seen from  verdict", "dim")
    for number, sight in enumerate(link.judgement.sights):
        row = f"  {number + 1:>4}  {sizes(sight) or '-':<24}  {sight.error:<8.1e}  {sight.floor:<18.1e}  "
        write(out, row, "", end="")
        write(out, sight.verdict + (f": {sight.reason}" if sight.reason else ""), STYLE[sight.verdict])
    worst = link.judgement.worst
    if worst is not None and worst.place is not None and link.verdict != "holds":
        values(out, link)
    seen = {a.what: a for s in link.judgement.sights for a in s.agreements}
    for what, a in seen.items():
        style = "" if a.ok else "yellow"
        said = "confirm" if a.ok else f"do not confirm ({a.reason})"
        bar = f"{a.differences:.12g} ± {a.error:.1g}"
        write(out, f"  differences {said} autograd for {what}: {a.autograd:.12g}, {bar}", style)


def _in_other_words(out: RichText, shown: str, text: str, how: str) -> None:
    """What was read, letter by letter, where something else is shown."""
    if shown != text:
        write(out, f"  {how}: {text}")


def _verdict(out: RichText, verdict: str) -> None:
    out.append(f"{MARK[verdict]} {verdict}", style=STYLE[verdict])
