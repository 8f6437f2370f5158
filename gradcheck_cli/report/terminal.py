"""The report for a person at a terminal: what is wrong first, the summary last.

Every text that comes from a spec goes through `plain` and into Rich as `Text`,
so that neither markup, emoji codes nor control characters are interpreted.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from rich.cells import cell_len
from rich.text import Text as RichText

from gradcheck_cli.report.result import RULES, ClaimResult, Crash, LinkResult, RunResult
from gradcheck_cli.report.words import count, element, link_message, names_truth, percent, sizes
from gradcheck_cli.spec.model import VERDICTS
from gradcheck_cli.text import Problem, draw, plain
from gradcheck_cli.text.snippet import excerpt
from gradcheck_cli.writeups.locate import printed

_STYLE = {
    "holds": "green",
    "wrong": "red",
    "shape-mismatch": "red",
    "undecided": "yellow",
}
_MARK = {"holds": "✓", "wrong": "✗", "shape-mismatch": "✗", "undecided": "?"}

WIDTH = 100
"""Formulas in one-line lists are cut to the width, this one where there is no terminal."""


def render(result: RunResult, *, verbosity: int = 0, width: int = WIDTH) -> RichText:
    """The whole report. `verbosity`: -1 only what needs action, 0 the usual, 1 every claim."""
    out = RichText()
    for crash in result.crashes:
        _crash(out, crash, verbosity)
    for problem in result.problems:
        _problem(out, problem)
    for claim in result.unexpected:
        _finding(out, claim)
    if verbosity >= 1:
        _every(out, result, width)
    if verbosity >= 0:
        _known(out, result.known_errors, width)
        _table(out, result)
    if verbosity >= 0 or result.status:
        _summary(out, result)
    return out


def explain(claim: ClaimResult) -> RichText:
    """One claim in depth: the forward, every link, and what each draw showed."""
    out = RichText()
    text = claim.claim.formula.text
    _line(out, f"{claim.claim.id}", "bold", end="")
    _line(out, f"  {claim.claim.kind} claim about {claim.operator.name}", "")
    _line(out, f"  --> {claim.spec}:{text.all.line}:{text.all.column}", "dim")
    if claim.operator.document.document:
        section = claim.operator.document.section
        _line(
            out, f"  source: {claim.operator.document.document}" + (f", {section}" if section else ""), "dim"
        )
    out.append("\n")
    for name, definition in (
        *((i.name, "input") for i in claim.operator.inputs),
        *((d.name, _one_line(d.text.value)) for d in claim.operator.forward),
    ):
        _line(out, f"  {name}: {definition}" if definition == "input" else f"  {name} = {definition}", "")
    for when in claim.claim.when:
        _line(out, f"  assuming {when.name} = {_one_line(when.text.value)}", "cyan")
    if claim.claim.fixed:
        _line(out, f"  held constant: {', '.join(n.id for n in claim.claim.fixed)}", "cyan")
    for remark in claim.remarks:
        _line(out, f"  {remark}", "cyan")
    for number, link in enumerate(claim.links):
        out.append("\n")
        _verdict(out, link.verdict)
        _line(out, f" {link.left} = {link.right}", "bold")
        _draws(out, link)
        if claim.first_error is link and number + 1 < len(claim.links):
            _line(out, "  this is the first step that does not hold", "red")
    if claim.correction is not None:
        out.append("\n")
        _verdict(out, claim.correction.verdict)
        _line(out, f" correction: {claim.correction.text}", "bold")
    if claim.claim.note:
        _line(out, f"\n  note: {_one_line(claim.claim.note)}", "dim")
    _line(out, f"\n  seed {claim.seed}; the same seed gives the same data (`--seed {claim.seed}`)", "dim")
    return out


def _one_line(text: str) -> str:
    """A text that may be a block of several lines in the spec."""
    return " ".join(text.split())


def _draws(out: RichText, link: LinkResult) -> None:
    if link.verdict == "shape-mismatch":
        _line(out, f"  {link.judgement.reason}", "")
        if link.span is not None:
            _block(out, excerpt(link.span))
        return
    _line(out, "  draw  sizes                     error     would be seen from  verdict", "dim")
    for number, sight in enumerate(link.judgement.sights):
        row = f"  {number + 1:>4}  {sizes(sight) or '-':<24}  {sight.error:<8.1e}  {sight.floor:<18.1e}  "
        _line(out, row, "", end="")
        _line(out, sight.verdict + (f": {sight.reason}" if sight.reason else ""), _STYLE[sight.verdict])
    worst = link.judgement.worst
    if worst is not None and worst.place is not None and link.verdict != "holds":
        _values(out, link)
    seen = {a.what: a for s in link.judgement.sights for a in s.agreements}
    for what, a in seen.items():
        style = "" if a.ok else "yellow"
        said = "confirm" if a.ok else f"do not confirm ({a.reason})"
        bar = f"{a.differences:.12g} ± {a.error:.1g}"
        _line(out, f"  differences {said} autograd for {what}: {a.autograd:.12g}, {bar}", style)


def _line(out: RichText, text: str, style: str, end: str = "\n") -> None:
    head = "\n" if text.startswith("\n") else ""
    out.append(head + plain(text[len(head) :]), style=style)
    out.append(end)


def _block(out: RichText, text: str) -> None:
    for line in text.split("\n"):
        _line(out, line, "")


def _verdict(out: RichText, verdict: str) -> None:
    out.append(f"{_MARK[verdict]} {verdict}", style=_STYLE[verdict])


def _problem(out: RichText, problem: Problem) -> None:
    head, _, rest = draw(problem).partition("\n")
    out.append(head.removesuffix("\n"), style="bold red")
    out.append("\n" + rest + "\n\n" if rest else "\n\n")


def _crash(out: RichText, crash: Crash, verbosity: int) -> None:
    _line(out, f"internal error: {crash.error}", "bold magenta")
    _line(out, f"  --> {crash.spec}:{crash.span.line}:{crash.span.column} ({crash.id})", "")
    _line(out, "   = this is a fault of gradcheck, not of the claim; please report it", "")
    if verbosity >= 1:
        for row in crash.traceback.splitlines():
            _line(out, f"   | {row}", "dim")
    out.append("\n")


def _finding(out: RichText, claim: ClaimResult) -> None:
    """One claim that needs somebody: headline, caret, numbers, what to do."""
    code = claim.code
    assert code is not None
    name, description = RULES[code]
    link = claim.first_unexpected
    span = link.span if link is not None and link.span is not None else claim.claim.formula.text.all
    if code == "GC005" and claim.claim.correction is not None:
        span = claim.claim.correction.text.all
    if link is not None and link.verdict == "shape-mismatch" and link.judgement.span is not None:
        span = link.judgement.span
    headline = f"{description}"
    _line(out, f"error[{code}] {name}: ", "bold red", end="")
    _line(out, headline, "bold")
    _line(out, f"  --> {claim.spec}:{span.line}:{span.column} ({link.id if link else claim.claim.id})", "")
    if claim.place is not None:
        _line(out, f"  --> {claim.place.source.name}:{claim.place.line}:{claim.place.column}", "")
    _block(out, excerpt(span))
    if code == "GC006":
        quote = _cut(_one_line(printed(claim.claim) or ""), 80)
        _line(out, f"   = not found in {claim.operator.document.document}: {quote}", "")
        _line(out, "   = help: quote the formula as it stands there now, and judge that", "")
    if link is not None and link.verdict in {"shape-mismatch", "undecided"}:
        _line(out, f"   = {link.judgement.reason}", "")
    if link is not None and link.verdict == "wrong":
        _line(out, f"   = {link_message(link)}", "")
    if link is not None and len(claim.links) > 1:
        steps = " ".join(f"{_MARK[x.verdict]} {x.id}" for x in claim.links)
        _line(out, f"   = steps of the chain: {steps}", "")
    if link is not None and link.verdict not in {"holds", "shape-mismatch"}:
        _values(out, link)
    for remark in claim.remarks:
        _line(out, f"   = {remark}", "")
    _advice(out, claim)
    out.append("\n")


def _values(out: RichText, link: LinkResult) -> None:
    worst = link.judgement.worst
    if worst is None or worst.place is None:
        return
    place, at = worst.place, sizes(worst)
    said, found = ("true", "claimed") if names_truth(link) else ("the left side is", "the right side")
    shown = f"   = at {element(link, place)}: {said} {place.left:.10g}, {found} {place.right:.10g}"
    _line(out, shown + (f" (with {at})" if at else ""), "")
    confirmed = [a for a in worst.agreements if a.ok]
    if confirmed:
        names = ", ".join(f"`{a.what}`" for a in confirmed[:3])
        bar = max(a.error / (abs(a.differences) or 1) for a in confirmed)
        precision = f" to {bar:.0e}" if bar < 0.01 else " within their error"
        _line(out, f"   = {names} by autograd, confirmed by differences{precision}", "")
    if worst.floor:
        _line(out, f"   = an error of {percent(worst.floor)} in one element would have been seen", "")


def _advice(out: RichText, claim: ClaimResult) -> None:
    if claim.code == "GC006":
        return
    if claim.code == "GC004":
        expected = ", ".join(claim.claim.expect)
        _line(
            out, f"   = help: remove `expect: {expected}`, or check that the claim is still the one meant", ""
        )
    elif claim.correction is not None and claim.correction.verdict == "holds":
        _line(out, f"   = help: {claim.correction.text}   (the spec's correction, verified)", "green")
    elif claim.correction is not None:
        reason = f": {claim.correction.reason}" if claim.correction.reason else ""
        _line(out, f"   = the correction is {claim.correction.verdict}{reason}", "")
    shown = claim.first_unexpected or claim.links[0]
    command = shlex.join(("gradcheck", "explain", shown.id, claim.spec))
    _line(out, f"   = seed {claim.seed}; more: {command}", "dim")


def _cut(text: str, width: int) -> str:
    text, width = plain(text), max(width, 8)
    while cell_len(text) > width:
        text = text[: max(0, len(text) - max(2, (cell_len(text) - width) // 2))].rstrip() + "…"
    return text


def _known(out: RichText, claims: Iterable[ClaimResult], width: int) -> None:
    """The errors that the specs know of: what was said and what is right, in the order of the files."""
    claims = list(claims)
    if not claims:
        return
    _line(out, f"{count(len(claims), 'known error')} found again, as the specs expect:", "bold")
    document = None
    for claim in claims:
        here = claim.operator.document.document or claim.spec
        if here != document:
            document = here
            _line(out, f"\n{here}", "cyan")
        link = claim.first_error
        assert link is not None
        id_ = _cut(link.id, 40) + (f" (line {claim.place.line})" if claim.place else "")
        column = max(14, cell_len(id_)) + 4
        out.append(_MARK[link.verdict] + " ", style=_STYLE[link.verdict])
        _line(out, id_ + " " * (column - 2 - cell_len(id_)), "bold", end="")
        _line(out, _cut(f"{link.left} = {link.right}", width - column), "")
        if claim.correction is not None:
            _line(out, f"{'right':>{column - 2}}  ", "green", end="")
            _line(out, _cut(claim.correction.for_link(claim.links.index(link)), width - column), "")
    out.append("\n")


def _every(out: RichText, result: RunResult, width: int) -> None:
    """All claims, one line each."""
    spec = None
    for claim in result.claims:
        if claim.spec != spec:
            spec = claim.spec
            _line(out, spec, "cyan")
        for link in claim.links:
            out.append("  ")
            out.append(_MARK[link.verdict], style=_STYLE[link.verdict])
            _line(out, f" {link.id}  ", "bold", end="")
            floor = link.judgement.floor
            seen = f"  (errors from {floor:.0e} would be seen)" if floor else ""
            room = width - 5 - cell_len(link.id) - len(seen)
            _line(out, _cut(f"{link.left} = {link.right}", max(24, room)), "", end="")
            _line(out, seen, "dim")
    out.append("\n")


def _table(out: RichText, result: RunResult) -> None:
    """One row a source: how many claims, and the verdicts."""
    rows: dict[str, list[ClaimResult]] = {}
    for claim in result.claims:
        rows.setdefault(claim.operator.document.document or claim.spec, []).append(claim)
    if len(rows) < 2:
        return
    first = max(len("source"), *(cell_len(_cut(name, 48)) for name in rows))
    used = [v for v in VERDICTS if any(c.verdict == v for c in result.claims)]
    header = (
        f"{'source':<{first}}  claims" + "".join(f"  {v:>{max(6, len(v))}}" for v in used) + "  unexpected"
    )
    _line(out, header, "bold")
    for name, claims in rows.items():
        shown = _cut(name, 48)
        _line(out, shown + " " * (first - cell_len(shown)) + f"  {len(claims):>6}", "", end="")
        for verdict in used:
            n = sum(c.verdict == verdict for c in claims)
            _line(out, f"  {n or '·':>{max(6, len(verdict))}}", _STYLE[verdict] if n else "dim", end="")
        bad = sum(not c.ok for c in claims)
        _line(out, f"  {bad or '·':>10}", "bold red" if bad else "dim")
    out.append("\n")


def _summary(out: RichText, result: RunResult) -> None:
    """The last lines: one sentence that says it all."""
    if result.unmatched is not None:
        _line(out, f"error: no claim matches `-k {result.unmatched}`", "bold red")
        return
    if result.bundled:
        _line(out, "There are no specs here: these are the audited sources that come with gradcheck.", "cyan")
    bad = len(result.unexpected)
    n = len(result.claims)
    parts = []
    if bad:
        parts.append(f"{count(bad, 'claim')} of {n:,} not as expected")
    elif n:
        found = [(sum(c.verdict == v for c in result.claims), v) for v in VERDICTS]
        told = ", ".join(f"{k:,} {'hold' if v == 'holds' and k != 1 else v}" for k, v in found if k)
        errors = n - sum(c.verdict == "holds" for c in result.claims)
        parts.append(f"{count(n, 'claim')}: {told}" + (", each as its spec expects" if errors else ""))
    elif not result.problems and not result.crashes:
        parts.append("nothing to check")
    if result.problems:
        parts.append(count(len(result.problems), "problem") + " in the specs")
    if result.crashes:
        parts.append(count(len(result.crashes), "internal error"))
    if result.interrupted:
        parts.append(f"interrupted: {count(result.interrupted, 'claim')} not judged")
    mark, style = ("✓", "bold green") if result.status == 0 else ("✗", "bold red")
    _line(out, f"{mark} {'; '.join(parts)}", style)
