"""An audit for a person at a terminal: the errors first, then how much of each writeup is covered."""

from __future__ import annotations

from rich.cells import cell_len
from rich.text import Text as RichText

from gradcheck_cli.report.audit import Audit, AuditedDocument, AuditedFormula, percentage
from gradcheck_cli.report.findings import one_line, right, summary, troubles
from gradcheck_cli.report.result import ClaimResult
from gradcheck_cli.report.terminal_finding import finding
from gradcheck_cli.report.terminal_pen import MARK, STYLE, Page, block, cut, shows_mathematics, write
from gradcheck_cli.report.words import count, only
from gradcheck_cli.text import draw

WIDTH = 100


def render(audit: Audit, *, verbosity: int = 0, width: int = WIDTH, unicode: bool | None = None) -> RichText:
    """The whole report. `verbosity`: -1 only what needs action, 0 the usual, 1 what is not covered too."""
    out = RichText()
    page = Page(width, shows_mathematics() if unicode is None else unicode)
    for crash in audit.result.crashes:
        write(out, f"internal error: {crash.error}", "bold magenta")
        write(out, f"  --> {crash.spec}:{crash.span.line}:{crash.span.column} ({crash.id})")
        write(out, "   = this is a fault of gradcheck, not of the claim; please report it")
        out.append("\n")
    for problem in troubles(audit.result):
        block(out, draw(problem) + "\n")
    for claim in audit.result.unexpected:
        finding(out, claim, page)
    if verbosity >= 0:
        for document in audit.documents:
            _known(out, document, page)
        if verbosity >= 1:
            for document in audit.documents:
                _uncovered(out, document, page)
        _table(out, audit)
    if verbosity >= 0 or audit.status:
        write(out, summary(audit.result), "bold red" if audit.status else "bold green")
    return out


def _known(out: RichText, document: AuditedDocument, page: Page) -> None:
    """What is not true in a writeup, in the order of its lines, as the specs know."""
    known = [c for c in document.claims if c.ok and c.verdict not in {"holds", "skipped"}]
    if not known:
        return
    write(out, f"{document.file}: {count(len(known), 'known error')}", "bold")
    for claim in sorted(known, key=lambda c: c.place.start if c.place else -1):
        _error(out, document, claim, page)
    out.append("\n")


def _error(out: RichText, document: AuditedDocument, claim: ClaimResult, page: Page) -> None:
    link = claim.first_error
    assert link is not None
    where = f"{document.file}:{claim.place.line}" if claim.place else claim.spec
    out.append("  " + MARK[link.verdict] + " ", style=STYLE[link.verdict])
    write(out, f"{where}  ", "", end="")
    write(out, f"{link.id}  {link.verdict}", "dim")
    write(out, f"      {cut(page.equation(link), page.width - 6)}")
    if link.judgement.condition is not None:
        write(out, f"      {cut(only(link.judgement.condition), page.width - 6)}", "yellow")
    better = right(claim)
    if better is not None:
        write(out, f"      right: {cut(better, page.width - 13)}", "green")


def _uncovered(out: RichText, document: AuditedDocument, page: Page) -> None:
    """The formulas that state something no spec judges."""
    left = [f for f in document.formulas if f.state == "uncovered"]
    if not left:
        return
    write(out, f"{document.file}: {count(len(left), 'formula')} not covered", "bold")
    for formula in left:
        write(out, f"  {_place(document, formula)}  ", "dim", end="")
        write(out, cut(one_line(formula.found.text.value), max(20, page.width - 30)))
    out.append("\n")


def _place(document: AuditedDocument, formula: AuditedFormula) -> str:
    shown = formula.found.shown
    cell = f":cell {formula.found.cell}" if formula.found.cell is not None else ""
    return f"{document.file}{cell}:{shown.line}:{shown.column}"


_COLUMNS = ("formulas", "claims", "not true", "definitions", "not covered", "not judgeable", "coverage")


def _table(out: RichText, audit: Audit) -> None:
    """One row a writeup."""
    rows = [(cut(d.file, 48), *_figures(d)) for d in audit.documents]
    if not rows:
        return
    if len(rows) > 1:
        sums = [sum(int(row[n]) for row in rows) for n in range(1, len(_COLUMNS))]
        rows.append(("all", *map(str, sums), percentage(audit.covered, audit.judgeable)))
    first = max(len("writeup"), *(cell_len(row[0]) for row in rows))
    write(out, "writeup".ljust(first) + "".join(f"  {name}" for name in _COLUMNS), "dim")
    for row in rows:
        write(out, row[0] + " " * (first - cell_len(row[0])), "", end="")
        write(out, "".join(f"  {cell:>{len(name)}}" for cell, name in zip(row[1:], _COLUMNS, strict=True)))
    out.append("\n")


def _figures(d: AuditedDocument) -> tuple[str, ...]:
    numbers = (
        len(d.formulas),
        d.count("claim"),
        len(d.wrong),
        d.count("definition"),
        d.count("uncovered"),
        d.count("unjudged"),
    )
    return (*map(str, numbers), percentage(d.covered, d.judgeable))
