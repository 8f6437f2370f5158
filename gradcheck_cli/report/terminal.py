"""The report for a person at a terminal: what is wrong first, the summary last.

Every text that comes from a spec goes through `plain` and into Rich as `Text`,
so that neither markup, emoji codes nor control characters are interpreted.
A claim written in plain text stays plain, so that it can be copied; one written
in LaTeX is shown as mathematics, `∂L/∂X = …`, where stdout can carry it.
"""

from __future__ import annotations

from collections.abc import Iterable

from rich.cells import cell_len
from rich.text import Text as RichText

from gradcheck_cli.report.findings import skips, summary
from gradcheck_cli.report.result import ClaimResult, Crash, LinkResult, RunResult
from gradcheck_cli.report.terminal_explain import explain_claim
from gradcheck_cli.report.terminal_finding import finding
from gradcheck_cli.report.terminal_pen import MARK, STYLE, Page, cut, shows_mathematics, write
from gradcheck_cli.report.trust import power_summary, trust_lines, weak_summary
from gradcheck_cli.report.words import count, only
from gradcheck_cli.spec.model import VERDICTS
from gradcheck_cli.text import Problem, draw

WIDTH = 100
"""Formulas in one-line lists are cut to the width, this one where there is no terminal."""

MOST_GONE = 10
"""So many findings that no longer occur are listed."""


def render(
    result: RunResult, *, verbosity: int = 0, width: int = WIDTH, unicode: bool | None = None
) -> RichText:
    """The whole report. `verbosity`: -1 only what needs action, 0 the usual, 1 every claim.

    `unicode` says whether claims in LaTeX are shown as mathematics; None asks stdout.
    """
    out = RichText()
    page = _page(width, unicode)
    for crash in result.crashes:
        _crash(out, crash, verbosity)
    for problem in result.problems:
        _problem(out, problem)
    for claim in result.unexpected:
        finding(out, claim, page)
    if verbosity >= 1:
        _every(out, result, page)
    if verbosity >= 0:
        for line in power_summary(result):
            write(out, line, "" if line.startswith(" ") else "bold")
        for line in weak_summary(result) if verbosity == 0 else ():
            write(out, line, "yellow")
        _known(out, result.known_errors, page)
        _table(out, result)
    if verbosity >= 0 or result.status:
        _summary(out, result)
    return out


def explain(claim: ClaimResult, *, unicode: bool | None = None) -> RichText:
    """One claim in depth: the forward, every link, and what each draw showed."""
    out = RichText()
    explain_claim(out, claim, _page(WIDTH, unicode))
    return out


def _page(width: int, unicode: bool | None) -> Page:
    return Page(width, shows_mathematics() if unicode is None else unicode)


def _problem(out: RichText, problem: Problem) -> None:
    head, _, rest = draw(problem).partition("\n")
    out.append(head.removesuffix("\n"), style="bold red")
    out.append("\n" + rest + "\n\n" if rest else "\n\n")


def _crash(out: RichText, crash: Crash, verbosity: int) -> None:
    write(out, f"internal error: {crash.error}", "bold magenta")
    write(out, f"  --> {crash.spec}:{crash.span.line}:{crash.span.column} ({crash.id})")
    write(out, "   = this is a fault of gradcheck, not of the claim; please report it")
    if verbosity >= 1:
        for row in crash.traceback.splitlines():
            write(out, f"   | {row}", "dim")
    out.append("\n")


def _known(out: RichText, claims: Iterable[ClaimResult], page: Page) -> None:
    """The errors that the specs know of: what was said and what is right, in the order of the files."""
    claims = list(claims)
    if not claims:
        return
    write(out, f"{count(len(claims), 'known error')} found again, as the specs expect:", "bold")
    document = None
    for claim in claims:
        here = claim.operator.document.document or claim.spec
        if here != document:
            document = here
            write(out, f"\n{here}", "cyan")
        link = claim.first_error
        assert link is not None
        id_ = cut(link.id, 40) + (f" (line {claim.place.line})" if claim.place else "")
        column = max(14, cell_len(id_)) + 4
        out.append(MARK[link.verdict] + " ", style=STYLE[link.verdict])
        write(out, id_ + " " * (column - 2 - cell_len(id_)), "bold", end="")
        write(out, cut(page.equation(link), page.width - column))
        if link.judgement.condition is not None:
            words = only(link.judgement.condition)
            head = "only when" if words.startswith("only when") else "only"
            write(out, f"{head:>{column - 2}}  ", "yellow", end="")
            write(out, cut(words.removeprefix(head).strip(), page.width - column))
        if claim.correction is not None:
            step = claim.correction.for_link(claim.links.index(link), unicode=page.unicode)
            write(out, f"{'right':>{column - 2}}  ", "green", end="")
            write(out, cut(step, page.width - column))
    out.append("\n")


def _seen(link: LinkResult) -> str:
    """How much a verdict has seen: to how many digits the sides are equal, or which errors would show."""
    certificate, floor = link.judgement.certificate, link.judgement.floor
    if certificate is not None and certificate.outcome == "holds":
        return f"  (equal to {certificate.digits} digits)"
    return f"  (errors from {floor:.0e} would be seen)" if floor else ""


def _every(out: RichText, result: RunResult, page: Page) -> None:
    """All claims, one line each."""
    spec = None
    for claim in result.claims:
        if claim.spec != spec:
            spec = claim.spec
            write(out, spec, "cyan")
        for link in claim.links:
            out.append("  ")
            out.append(MARK[link.verdict], style=STYLE[link.verdict])
            write(out, f" {link.id}  ", "bold", end="")
            seen = _seen(link)
            room = page.width - 5 - cell_len(link.id) - len(seen)
            write(out, cut(page.equation(link), max(24, room)), end="")
            write(out, seen, "dim")
            if link.judgement.condition is not None:
                write(out, f"      {only(link.judgement.condition)}", "yellow")
            for line in trust_lines(claim, link):
                write(out, f"      {line}", "dim")
        for sentence in claim.advice:
            write(out, f"      cost: {sentence}", "dim")
    out.append("\n")


def _table(out: RichText, result: RunResult) -> None:
    """One row a source: how many claims, and the verdicts."""
    rows: dict[str, list[ClaimResult]] = {}
    for claim in result.claims:
        rows.setdefault(claim.operator.document.document or claim.spec, []).append(claim)
    if len(rows) < 2:
        return
    first = max(len("source"), *(cell_len(cut(name, 48)) for name in rows))
    used = [v for v in VERDICTS if any(c.verdict == v for c in result.claims)]
    header = (
        f"{'source':<{first}}  claims" + "".join(f"  {v:>{max(6, len(v))}}" for v in used) + "  unexpected"
    )
    write(out, header, "bold")
    for name, claims in rows.items():
        shown = cut(name, 48)
        write(out, shown + " " * (first - cell_len(shown)) + f"  {len(claims):>6}", "", end="")
        for verdict in used:
            n = sum(c.verdict == verdict for c in claims)
            write(out, f"  {n or '·':>{max(6, len(verdict))}}", STYLE[verdict] if n else "dim", end="")
        bad = sum(c.counts for c in claims)
        write(out, f"  {bad or '·':>10}", "bold red" if bad else "dim")
    out.append("\n")


def _gone(out: RichText, gone: tuple[str, ...]) -> None:
    """What of the baseline is no longer so: good news, and no failure."""
    occur = count(
        len(gone), "finding of the baseline no longer occurs", "findings of the baseline no longer occur"
    )
    write(out, f"{occur}:", "yellow")
    for line in gone[:MOST_GONE]:
        write(out, f"  {cut(line, WIDTH)}")
    if len(gone) > MOST_GONE:
        write(out, f"  … and {len(gone) - MOST_GONE:,} more")
    write(out, "  `gradcheck check --update-baseline` strikes out what is gone", "dim")


def _summary(out: RichText, result: RunResult) -> None:
    """The last lines: one sentence that says it all."""
    if result.unmatched is not None:
        write(out, f"error: no claim matches `-k {result.unmatched}`", "bold red")
        return
    if result.bundled:
        write(out, "There are no specs here: these are the audited sources that come with gradcheck.", "cyan")
    for sentence in skips(result):
        write(out, sentence, "yellow")
    if result.gone:
        _gone(out, result.gone)
    write(out, summary(result), "bold red" if result.status else "bold green")
